/* runner: claims the runs that are due and starts an attempt of each.
 *
 * An attempt is: a claim for this process's presence, the run's journal and code from the
 * store, the script, and one commit with its steps and the run's next state (decided by
 * core/policy.h). During the attempt work/committer.h commits its steps. The runner knows
 * nothing of deliveries, triggers or cron: the code that adds a run wakes it. One in a
 * process; for the loop's thread. */
#ifndef FOYER_RUNNER_H
#define FOYER_RUNNER_H

#include <stdint.h>

#include "work/attempt.h"
#include "base/err.h"
#include "store/ledger.h"
#include "store/presence.h"

struct claims; /* store/claims.h */
struct runner;
struct writer;   /* io/writer.h */
struct alert;    /* work/alert.h */
struct receipts; /* work/receipts.h */

/* All are borrowed and outlive the runner, the workspace of S too. Nothing is claimed
 * before the first runner_wake. P may be NULL for a runner that only starts new runs: the
 * presence is opened when one of them must be claimed. */
struct runner *runner_new(struct session *s, struct writer *writer, struct presence *p,
                          struct err *e);
/* For `foyer run`: requests wait for the budget, also through a 429, `file` inputs may be
 * read, and no alerts are sent. */
void runner_be_by_hand(struct runner *r);
/* For the runs of this process: what std.emit hands out goes to FN. */
void runner_on_emit(struct runner *r, run_emit *fn, void *arg);
/* Polls for due runs after the callbacks of this turn of the loop, once however often it
 * is called. From the first call on, it also polls when a run is due, and every two
 * seconds for the claims of dead processes. */
void runner_wake(struct runner *r);
/* Polls at once: the claim shares the commit of what was just submitted. */
void runner_wake_now(struct runner *r);
/* Keeps a place for a run of CLIENT that the caller adds as running for this process's
 * presence (ledger_add_started). NULL: there is none, neither for this process nor for
 * that client. */
struct runner_slot *runner_reserve(struct runner *r, const char *client);
/* Starts RUN, which was added under epoch 1, in that place, and takes it over. */
void runner_start_reserved(struct runner_slot *slot, struct stored_run *run);
void runner_unreserve(struct runner_slot *slot);
/* Starts an attempt of a run that is not in the store: ROW, copied, describes it; its
 * seed may be NULL. The first commit (a write, ctx.store, its end) adds it; until then
 * only this process knows of it. DONE is called once, from the loop, when the attempt has
 * ended and its end is stored. */
void runner_start_new(struct runner *r, const struct ledger_run *row, attempt_done *done,
                      void *arg);
/* Starts an attempt of RUN, which the caller has claimed for this process's presence, and
 * takes it over. DONE as for runner_start_new. */
void runner_start_claimed(struct runner *r, struct stored_run *run, attempt_done *done,
                          void *arg);
/* Frees what dead processes had claimed, for a runner that claims nothing itself. */
void runner_reclaim(struct runner *r);
/* Calls FN with the ARG of each attempt that has not ended and has one, and with its
 * run's id, 0 when the run is not in the store. */
void runner_each(const struct runner *r, void (*fn)(void *arg, int64_t id));
/* 1: nothing is in flight, and the last poll found nothing. ON_IDLE is called, from the
 * loop, each time this becomes true, for a process that ends when all is done. */
int runner_is_idle(const struct runner *r);
void runner_on_idle(struct runner *r, void (*fn)(void *arg), void *arg);
/* Calls FN (may be NULL) at each attempt's end, also of those that were claimed. */
void runner_on_end(struct runner *r, attempt_done *fn, void *arg);
/* For a process that also runs triggers: frees the deliveries that dead processes held in
 * CLAIMS, which outlives R. */
void runner_share_claims(struct runner *r, struct claims *claims);
/* The same: DELIVERY_OF returns the delivery of an attempt
 * with that label, or 0. When an attempt ends the process, its delivery is blamed. */
void runner_blame_deliveries(struct runner *r, int64_t (*delivery_of)(const char *label));
/* The process's; borrowed, valid as long as R. */
struct alert *runner_alert(struct runner *r);
struct receipts *runner_receipts(struct runner *r);
/* Starts no more attempts and sends no more writes. The runs are released: queued, due at
 * once, without a counted failure. A run whose write was sent goes on until the answer is
 * stored. The runner is idle when that is done. */
void runner_stop(struct runner *r);
/* Ends the attempts that are left; their claims are free when the presence is closed.
 * NULL is fine. */
void runner_free(struct runner *r);

#endif
