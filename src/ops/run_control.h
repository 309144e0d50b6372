/* run_control: what a person may do to runs: retry, resolve and cancel them, or see first
 * what a retry would send. Prints nothing: rows of JSON go in and out.
 *
 * A row is {id, client, recipe, state}. run_control_select also sets `changed`, an array
 * of paths, on a run whose retry goes on with older scripts than today's. */
#ifndef FOYER_RUN_CONTROL_H
#define FOYER_RUN_CONTROL_H

#include <jansson.h>

#include "ops/report.h"
#include "ops/selection.h"
#include "work/session.h"
#include "base/err.h"

enum run_control_verb { RUN_CONTROL_RETRY, RUN_CONTROL_RESOLVE, RUN_CONTROL_CANCEL };

struct run_control { /* texts are borrowed */
    enum run_control_verb verb;
    int new_code;       /* RUN_CONTROL_RETRY: 1: with today's scripts and templates */
    int happened;       /* RUN_CONTROL_RESOLVE: 1: the uncertain write was done */
    const char *result; /* RUN_CONTROL_RESOLVE: JSON, the body of its answer; NULL: {} */
    const char *reason; /* RUN_CONTROL_CANCEL: NULL: none */
};

/* Returns a new array with a row for each run of WHICH. When WHICH names no ids, runs in
 * a state that the verb is not meant for are left out. NULL with E. */
json_t *run_control_select(struct report *r, const struct selection *which,
                           const struct run_control *control, struct err *e);
/* Changes the runs of ROWS in one transaction. Each row gets `now` (its new state) or
 * `error` (why this run was not changed). *FAILED becomes the kind of the first such
 * error, or ERR_NONE. Returns -1 with E, and changes nothing, when the store fails. */
int run_control_apply(struct report *r, const struct run_control *control, json_t *rows,
                      enum err_kind *failed, struct err *e);
/* Sets on each row what a retry would do, as in ops/rehearsal.h, or `error`. Stores
 * nothing. Stops early when S is interrupted. */
void run_control_rehearse(struct report *r, struct session *s, int new_code, json_t *rows,
                          enum err_kind *failed);

#endif
