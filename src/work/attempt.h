/* attempt: one attempt of a claimed run, from the run's rows in the store to the commit
 * of the state it ends in. A run with a write of unknown fate does not run its script:
 * what became of the write is found out first (work/confirm.h). For the loop's thread. */
#ifndef FOYER_ATTEMPT_H
#define FOYER_ATTEMPT_H

#include "store/inbox.h"
#include "work/attempt_end.h"

/* Starts an attempt of the run ID, claimed with EPOCH. DONE is called once, from the
 * loop, when the state is stored; the caller then frees the attempt. Its CLIENT is NULL
 * when the run could not be read. */
struct attempt *attempt_start(struct attempt_env *env, int64_t id, int64_t epoch,
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

/* For inbox_activation: adds the event, as its trigger made it, to the arguments of
 * lua/std/recipe.lua. ARG is a char **, the JSON that is replaced. */
int attempt_add_event(void *arg, const struct activation *activation);

#endif
