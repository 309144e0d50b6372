/* control: what a person may do to runs and deliveries: retry, resolve and cancel runs,
 * replay deliveries, or see first what a retry would send. Prints nothing: rows of JSON
 * go in and out. */
#ifndef FOYER_CONTROL_H
#define FOYER_CONTROL_H

#include <jansson.h>

#include "ops/report.h"
#include "ops/selection.h"
#include "work/session.h"
#include "base/err.h"

enum control_verb { CONTROL_RETRY, CONTROL_RESOLVE, CONTROL_CANCEL, CONTROL_REPLAY };

struct control { /* texts are borrowed */
    enum control_verb verb;
    int new_code;       /* CONTROL_RETRY: 1: with today's scripts and templates */
    int happened;       /* CONTROL_RESOLVE: 1: the uncertain write was done, or the
                           customer has the message by now */
    const char *result; /* CONTROL_RESOLVE: JSON, the body of its answer; NULL: {} */
    const char *reason; /* CONTROL_CANCEL: NULL: none */
};

/* Returns a new array with a row {id, client, recipe, state, word} for each run of WHICH,
 * and `changed`, an array of paths, where a retry goes on with older scripts than
 * today's. When WHICH names no ids, runs in a state that the verb is not meant for are
 * left out. NULL with E. */
json_t *control_select_runs(struct report *r, const struct selection *which,
                            const struct control *control, struct err *e);
/* Returns a new array with a row of ops/report.h for each delivery of WHICH, with `hint`
 * where no client is connected to its company. When WHICH names no ids, deliveries that
 * wait for a worker, and those of channels, which were answered at once, are left out.
 * NULL with E. */
json_t *control_select_deliveries(struct report *r, const struct selection *which,
                                  struct err *e);
/* Changes the runs or deliveries of ROWS in one transaction. Each row gets `now` (its new
 * state) or `error` (why it was not changed). *FAILED becomes the kind of the first such
 * error, or ERR_NONE. Returns -1 with E, and changes nothing, when the store fails. No
 * activation fires twice by CONTROL_REPLAY. */
int control_apply(struct report *r, const struct control *control, json_t *rows,
                  enum err_kind *failed, struct err *e);
/* Sets on each row what a retry would do, as in ops/rehearsal.h, or `error`. Stores
 * nothing. Stops early when S is interrupted. */
void control_rehearse(struct report *r, struct session *s, int new_code, json_t *rows,
                      enum err_kind *failed);

#endif
