/* stats: counters of `foyer serve` and its workers since it started, in memory that they
 * share. GET /metrics shows them. Any thread and any process may count. One-shot commands
 * have no region, and counting does nothing. This file names the metrics. Values that the
 * store can answer are not counters. */
#ifndef FOYER_STATS_H
#define FOYER_STATS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum stats_counter {
    STAT_DELIVERY_ACCEPTED, /* committed and acknowledged: a worker will take it */
    STAT_DELIVERY_UNROUTED,
    STAT_DELIVERY_STALE,
    STAT_DELIVERY_CHANNEL, /* answered at once, no worker is needed */
    STAT_REJECTED_400,     /* counted by stats_rejected */
    STAT_REJECTED_401,
    STAT_REJECTED_404,
    STAT_REJECTED_413,
    STAT_REJECTED_503,
    STAT_REJECTED_OTHER,
    STAT_ACTIVATIONS,
    STAT_RUN_DONE,
    STAT_RUN_SKIPPED,
    STAT_RUN_PARKED,
    STAT_RUN_DEAD,
    STAT_RUN_CANCELLED,
    STAT_ATTEMPTS, /* attempts begun, replays included */
    STAT_REPLAYS,  /* of these, attempts that replay recorded steps */
    STAT_STEPS,    /* steps that ended for the first time, not replayed ones */
    STAT_HTTP_1XX, /* counted by stats_answer */
    STAT_HTTP_2XX,
    STAT_HTTP_3XX,
    STAT_HTTP_4XX, /* without 429 */
    STAT_HTTP_429,
    STAT_HTTP_5XX,
    STAT_HTTP_NONE, /* no answer: network error or timeout */
    STAT_COMMITTED, /* writes in all commits; one commit may have many */
    STAT_WORKER_STARTS,
    STAT_WORKER_CRASHES,
    STATS
};

/* Makes the region, all zero, and counts in it from now on. Returns its descriptor, or
 * -1. It is close-on-exec: clear that flag for a child that counts too. */
int stats_create(struct err *e);
/* Counts in the region of FD, which a parent of the same version made. FD stays open. */
int stats_attach(int fd, struct err *e);

void stats_add(enum stats_counter counter, uint64_t n);
/* Counts a request to /hooks/ that was refused with STATUS. */
void stats_rejected(int status);
/* Counts an API's answer to a request of a run. STATUS 0: there was no answer. */
void stats_answer(int status);

/* Counts a commit, with the wait for the disk; it is the writer_watch of io/writer.h. */
void stats_commit(int64_t us, uint64_t jobs);

/* Appends everything in Prometheus' text format, version 0.0.4. Returns -1 past OUT's
 * maximum. */
int stats_write(struct buf *out);
/* Appends the lines before a metric's samples. TYPE is "counter", "gauge" or "histogram".
 */
int stats_head(struct buf *out, const char *name, const char *help, const char *type);

#endif
