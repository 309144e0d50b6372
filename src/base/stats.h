/* stats: what `foyer serve` and its workers have counted since it started, in memory that
 * they share: GET /metrics shows it. Any thread, any process; without a region (one-shot
 * commands) counting costs a test of a pointer. It knows how a metric is called and
 * nothing of what is counted; what can be asked of the store is no counter. */
#ifndef FOYER_STATS_H
#define FOYER_STATS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum stats_counter {
    STAT_DELIVERY_ACCEPTED, /* committed and acknowledged, for a worker */
    STAT_DELIVERY_UNROUTED,
    STAT_DELIVERY_STALE,
    STAT_DELIVERY_CHANNEL, /* answered on the spot */
    STAT_REJECTED_400,     /* these by stats_rejected */
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
    STAT_REPLAYS,  /* of these: with recorded steps to go through again */
    STAT_STEPS,    /* ended for the first time, not replayed */
    STAT_HTTP_1XX, /* these by stats_answer */
    STAT_HTTP_2XX,
    STAT_HTTP_3XX,
    STAT_HTTP_4XX, /* without 429 */
    STAT_HTTP_429,
    STAT_HTTP_5XX,
    STAT_HTTP_NONE, /* no answer: network, timeout */
    STAT_COMMITTED, /* writes of all commits: a commit holds many */
    STAT_WORKER_STARTS,
    STAT_WORKER_CRASHES,
    STATS
};

enum timing {
    STAT_TIME_COMMIT, /* one commit of the writer thread, the disk's wait included */
    STAT_TIMES
};

/* Makes the region, all zero, and counts in it. Answers its descriptor, which is closed
 * on exec (clear that in a child that shall count too); -1 on error. */
int stats_create(struct err *e);
/* Counts in the region behind FD, inherited from a parent of the same version. FD stays
 * open. */
int stats_attach(int fd, struct err *e);

void stats_add(enum stats_counter counter, uint64_t n);
/* One duration, in microseconds. */
void stats_time(enum timing timing, int64_t us);
/* A request to /hooks/ that was refused with STATUS. */
void stats_rejected(int status);
/* An API's answer to a request of a run; 0: there was none. */
void stats_answer(int status);

/* For writer_watch (io/writer.h). */
void stats_commit(int64_t us, uint64_t jobs);

uint64_t stats_get(enum stats_counter counter); /* 0 without a region */
/* Appends all of it in Prometheus' text format, version 0.0.4; -1 as the functions of
 * base/buf.h. */
int stats_write(struct buf *out);
/* The lines before a metric's samples; TYPE is "counter", "gauge" or "histogram". */
int stats_head(struct buf *out, const char *name, const char *help, const char *type);

#endif
