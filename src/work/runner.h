/* runner: takes the runs that are due, tries each, and records what came of it.
 *
 * An attempt is: a claim for this process's presence, the run's journal and code from the
 * store, the script, one commit with what it did and the state it leaves the run in
 * (core/policy.h decides which). While it lasts, keeper commits its steps. It knows
 * nothing of deliveries, triggers or cron: who adds a run wakes it. One a process. */
#ifndef FOYER_RUNNER_H
#define FOYER_RUNNER_H

#include <stdint.h>

#include "work/attempt.h"
#include "base/err.h"
#include "store/ledger.h"
#include "store/presence.h"

struct runner;
struct writer;   /* io/writer.h */
struct alert;    /* work/alert.h */
struct receipts; /* work/receipts.h */

/* All are borrowed and outlive the runner, the workspace of S too. It takes nothing up
 * before the first runner_wake. P may be NULL for one that only starts new runs: it is
 * opened when one of them must be claimed. */
struct runner *runner_new(struct session *s, struct writer *writer, struct presence *p,
                          struct err *e);
/* `foyer run`: requests wait in line, through a 429 as well, and `file` inputs may be
 * read. */
void runner_be_by_hand(struct runner *r);
/* Looks for due runs now, as often as it is asked in one turn of the loop; from then on
 * also whenever one is due, and for what dead processes held every two seconds. */
void runner_wake(struct runner *r);
/* The same at once: its claim goes into the commit of what was just submitted. */
void runner_wake_now(struct runner *r);
/* Starts an attempt of a run that the caller has added as RUNNING for this presence
 * (epoch 1) or has claimed. DONE (may be NULL) is called once, from the loop, when this
 * attempt has ended and that is stored. */
void runner_start(struct runner *r, int64_t id, int64_t epoch, attempt_done *done,
                  void *arg);
/* The same of one that is not in the store: ROW, copied, says all but its seed. It is
 * added with what it has to keep first (a write, ctx.store, its end); until then it is
 * nobody's but this process's. */
void runner_start_new(struct runner *r, const struct ledger_run *row, attempt_done *done,
                      void *arg);
/* The ARG of each attempt that has not ended, with its run, or 0 when that is not in the
 * store. */
void runner_each(const struct runner *r, void (*fn)(void *arg, int64_t id));
/* 1: nothing is in flight and nothing was due when it last looked. Meant for who ends
 * when all is done: ON_IDLE is called, from the loop, each time it becomes so. */
int runner_is_idle(const struct runner *r);
void runner_on_idle(struct runner *r, void (*fn)(void *arg), void *arg);
/* FN (may be NULL) hears of each attempt's end, also of those that runner_start began. */
void runner_on_end(struct runner *r, attempt_done *fn, void *arg);
/* When the next run is due (Unix ms), INT64_MAX: none that is known of. */
int64_t runner_next_due(struct runner *r);
/* The process also runs triggers: DELIVERY_OF says which delivery an attempt with that
 * label is of, 0: none, for whom to blame when it ends the process. */
void runner_blame_deliveries(struct runner *r, int64_t (*delivery_of)(const char *label));
/* Of the process; they live as long as R. */
struct alert *runner_alert(struct runner *r);
struct receipts *runner_receipts(struct runner *r);
/* SIGTERM: no new attempts, no new writes. What has left is waited for, by the caller's
 * loop; the rest is released: QUEUED, due at once, without a failure counted. Idle when
 * that is done. */
void runner_stop(struct runner *r);
/* Kills what is left: its claims are free when the presence is closed. NULL is fine. */
void runner_free(struct runner *r);

#endif
