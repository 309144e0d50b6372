/* attempt: one attempt of a claimed run, from what the store has of it to the commit
 * of the state it ends in. A run with a write of unknown fate does not run its script:
 * what became of the write is found out first (work/confirm.h). For the loop's thread. */
#ifndef FOYER_ATTEMPT_H
#define FOYER_ATTEMPT_H

#include "work/attempt_end.h"
#include "work/stored_run.h"

/* Starts an attempt of RUN, which it takes over and which was read when it was claimed.
 * DONE is called once, from the loop, when the state is stored; the caller then frees the
 * attempt. */
struct attempt *attempt_start(struct attempt_env *env, struct stored_run *run,
                              attempt_done *done, void *arg);
/* The same for a run that is not in the store: ROW, copied, describes it; its seed may be
 * NULL. The attempt's first commit adds the run: a write, ctx.store, or its end. */
struct attempt *attempt_start_new(struct attempt_env *env, const struct ledger_run *row,
                                  attempt_done *done, void *arg);
/* Ends the attempt and queues the run again as though the attempt had not been, unless a
 * write may be under way. DONE is called in any case. */
void attempt_release(struct attempt *a);
/* Frees A. Does not call DONE and stores nothing. NULL is fine. */
void attempt_free(struct attempt *a);

#endif
