/* report: what happened to deliveries and runs, as JSON for `foyer trace`, `runs` and
 * `events`. It reads the store and changes nothing; cli/timeline.h prints the trees.
 *
 * Times are Unix seconds with a fraction, in members that end in "at". */
#ifndef FOYER_REPORT_H
#define FOYER_REPORT_H

#include <jansson.h>
#include <stddef.h>

#include "ops/choice.h"
#include "workspace/workspace.h"
#include "base/err.h"
#include "store/inbox.h"
#include "store/ledger.h"

struct report;

/* Opens a report on W, borrowed, and reads which client is connected to which company. */
struct report *report_open(struct workspace *w, struct err *e);
void report_close(struct report *s); /* NULL is fine */
struct db *report_db(const struct report *s);
struct workspace *report_workspace(const struct report *s);
/* Returns CLIENT's companies as inbox_filter takes them: N pairs of app and id. Borrowed
 * until the next call. */
const char *const *report_companies(struct report *s, const char *client, size_t *n);

/* Returns 1 when D is for one of CLIENTS: by its route, or as it is connected to D's
 * company. */
int report_is_for(const struct report *s, const struct delivery *d,
                  const struct choice *clients);

/* 1: ID has the prefix of an app's conversations. *URL becomes its address in the app, a
 * new string, or NULL. */
int report_is_conversation(const struct report *s, const char *id, char **url);

/* The state's name as the user sees it: a queued run that has failed is "retrying". */
const char *report_run_state(const struct ledger_run *run);
/* The word for it that a person reads (core/words.h): also WORD_PAUSED while a pause
 * holds the run, and WORD_NEEDS_YOU when its customer did not get the message. */
const char *report_run_word(const struct report *s, const struct ledger_run *run);
/* Sets KEY to TEXT, repaired when it is not UTF-8; does nothing when TEXT is NULL. */
void report_set_text(json_t *tree, const char *key, const char *text);
/* Sets KEY to the time MS (Unix milliseconds); does nothing when MS is 0. */
void report_set_time(json_t *tree, const char *key, int64_t ms);

/* All of these return new references, or NULL with E. */

/* `state` is the precise one, `word` what a person reads. */
json_t *report_run_row(const struct report *s, const struct ledger_run *run);
/* The row with `history`; `write` {method, path, body, at} when a write is uncertain;
 * `paused` [{client, recipe, by, reason, paused_at}], the pauses that hold the run;
 * `commands` that a person may use on it; `link` to its conversation. When it sent
 * requests: `exchanges` [of core/exchanged.h, with `answer` as JSON where it is], oldest
 * first; `templates` [{name, file, layer, hash, release}]; `exchanges_left_out`
 * {requests, bytes}. */
json_t *report_run(struct report *s, int64_t id, struct err *e);
/* `clients` has the names of the clients that are connected to its company now; `word` is
 * what a person reads of its state. */
json_t *report_delivery_row(const struct report *s, const struct delivery *d);
/* The delivery with `clients`, all or CLIENT alone, as [{client, triggers, others,
 * error, broken}]. A trigger that fired has its `runs`, as report_run with HISTORY 1,
 * else as report_run_row. */
json_t *report_delivery(struct report *s, const struct delivery *d, const char *client,
                        int history, struct err *e);

#endif
