/* report: what became of deliveries and runs, as JSON trees for `foyer trace`, `runs` and
 * `events`. It reads the store and changes nothing; cli/timeline.h prints the trees.
 *
 * Times are Unix seconds with a fraction, in members that end in "at". */
#ifndef FOYER_REPORT_H
#define FOYER_REPORT_H

#include <jansson.h>
#include <stddef.h>

#include "workspace/workspace.h"
#include "base/err.h"
#include "store/inbox.h"
#include "store/ledger.h"

struct report;

/* W is borrowed. Reads which client is connected to which company. */
struct report *report_open(struct workspace *w, struct err *e);
void report_close(struct report *s); /* NULL is fine */
struct db *report_db(const struct report *s);
/* CLIENT's companies as inbox_filter wants them: N pairs of app and id, lent. */
const char *const *report_companies(struct report *s, const char *client, size_t *n);

/* The state as people are told it: a queued run that has failed is "retrying". */
const char *report_run_state(const struct ledger_run *run);
/* Sets KEY to what may be NULL (left out) or no UTF-8 (mended). */
void report_set_text(json_t *tree, const char *key, const char *text);
void report_set_time(json_t *tree, const char *key, int64_t ms); /* 0: left out */

/* All of these are new references. */
json_t *report_run_row(const struct ledger_run *run);
/* With its history; `write` {method, path, body, at} when one is uncertain; `paused`
 * [{client, recipe, by, reason, paused_at}] by what it is held; `commands` that help,
 * when a person must; `link` to its conversation. */
json_t *report_run(struct report *s, int64_t id, struct err *e);
/* `clients`: the names that it is for, as connected now. */
json_t *report_delivery_row(const struct report *s, const struct delivery *d);
/* With `clients`, or CLIENT alone, as [{client, triggers, error, broken}], and in each
 * trigger that fired its `runs`: whole ones with HISTORY, else rows. */
json_t *report_delivery(struct report *s, const struct delivery *d, const char *client,
                        int history, struct err *e);

#endif
