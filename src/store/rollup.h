/* rollup: counts of each hour and client, in state/foyer.db, so that what a month had is
 * read at the same cost whatever the number of runs.
 *
 * It owns the tables rollup, rollup_mark, rollup_open and rollup_due. Nothing is counted
 * while an event is handled: a sweep counts later, each thing exactly once, in the hour
 * in which it happened (by the clock of then). No clock decides what a sweep counts:
 *
 * - Ids grow in the order of commits. The sweep walks deliveries, activations and runs
 *   from the last ids that it has counted, rollup_mark. A run that it meets before its
 *   end is in rollup_open from then on, with the last line of its history that was
 *   counted.
 * - What ends an attempt, or has a reply accepted, calls rollup_touch: a run of
 *   rollup_open is then in rollup_due as well, for the next sweep. Most runs end before a
 *   sweep meets them, and cost nothing by that.
 *
 * Marks and counts are written in one transaction, so that a process that is killed, or
 * another sweep at the same time, counts nothing twice.
 *
 * A delivery counts once, when it came, however often it is replayed. Each end of a run
 * counts: one that is dead, is retried by hand and is done then has two. The time from
 * the webhook to the reply is that of a run's first reply, from its delivery. It is not
 * measured of a run without a delivery, of one whose delivery retention has removed, and
 * when a person said that the reply was sent. Counting begins when the store is made, or
 * is updated to this version.
 *
 * Functions that write take a handle inside a transaction, as in store/ledger.h. Errors
 * as in io/db.h. */
#ifndef FOYER_ROLLUP_H
#define FOYER_ROLLUP_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

enum rollup_count {
    ROLLUP_EVENTS,  /* deliveries; one of a shared company counts for each of its clients
                     */
    ROLLUP_FIRED,   /* triggers that fired */
    ROLLUP_REPLIES, /* accepted by an API */
    ROLLUP_WAITS,   /* of runs, for an event */
    ROLLUP_PARKED,  /* how often a run needed a person */
    ROLLUP_DONE,
    ROLLUP_SKIPPED,
    ROLLUP_DEAD,
    ROLLUP_CANCELLED,
    ROLLUP_FIRST_MS, /* the sum of the times from the webhook to the first reply */
    ROLLUP_WITHIN,   /* runs by that time: up to rollup_bounds_ms[i] at + i, longer at
                        + ROLLUP_BOUNDS */
    ROLLUP_BOUNDS = 8,
    ROLLUP_COUNTS = ROLLUP_WITHIN + ROLLUP_BOUNDS + 1
};
extern const int64_t rollup_bounds_ms[ROLLUP_BOUNDS]; /* rising */

struct rollup {
    int64_t hour;       /* Unix hours, UTC */
    const char *client; /* "": deliveries that no client was connected for */
    int64_t n[ROLLUP_COUNTS];
};

/* ---- counting ---- */

/* Counts, in a transaction or the caller's, what is not counted yet, at most LIMIT
 * deliveries, activations and runs. *SWEPT is less than LIMIT when nothing is left. Costs
 * a few reads when there is nothing. */
int rollup_sweep(struct db *db, int limit, int *swept, struct err *e);
/* Counts all that is not counted yet, in several transactions or the caller's one, which
 * a worker else does in time. */
int rollup_sweep_all(struct db *db, struct err *e);
/* Tells the next sweep that RUN has changed. */
int rollup_touch(struct db *db, int64_t run, struct err *e);
/* Counts what is not counted of RUN, which is over and is about to go on: call it before
 * its state changes. */
int rollup_reopen(struct db *db, int64_t run, struct err *e);
/* Removes at most LIMIT rows of hours before BEFORE_MS; their sums stay in rollup_total.
 * *REMOVED counts them. */
int rollup_prune(struct db *db, int64_t before_ms, int limit, int *removed,
                 struct err *e);
/* Adds the sums of CLIENT, whose rows are about to be removed, to those of no client: the
 * total does not fall. */
int rollup_leave(struct db *db, const char *client, struct err *e);

/* ---- reading ---- */

typedef int rollup_fn(void *arg, const struct rollup *r);
/* Calls FN for each hour and client (NULL: all) from the hour of SINCE_MS on, by hour,
 * then client. R is borrowed until FN returns; one that returns non-zero ends the walk.
 */
int rollup_each(struct db *db, const char *client, int64_t since_ms, rollup_fn *fn,
                void *arg, struct err *e);
/* Reads the sums of all hours and clients, of removed hours too: they never fall. */
int rollup_total(struct db *db, int64_t n[ROLLUP_COUNTS], struct err *e);

#endif
