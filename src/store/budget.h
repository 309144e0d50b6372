/* budget: leave to ask a company's API, shared by all processes of a workspace.
 *
 * A company (key "app/company") has one window of requests, learned from its answers'
 * headers; permits are rows in live.db, taken in blocks that are kept in memory for at
 * most a second. Nothing waits in here: a denied ask is told when to come back, and time
 * comes in as now_ms (Unix, this machine's clock). The module knows no header's name, no
 * URL scheme and no event loop.
 *
 * Lanes: reply before activation before bulk, across processes; bulk never takes the last
 * tenth of a window, activation not the last twentieth. Searches get 40 % of it. A
 * resource (an id in the path) gets 5 requests a second. */
#ifndef FOYER_BUDGET_H
#define FOYER_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/window.h"
#include "store/live.h"

enum {
    BUDGET_RESOURCE_SIZE = 128 /* with the NUL */
};

struct budget;

/* LIVE is borrowed and outlives it. Touches no file. */
struct budget *budget_new(struct live *live);
/* Gives back what is unused; NULL is fine. */
void budget_free(struct budget *b);

struct budget_ask { /* borrowed for the call */
    const char *company;
    enum window_lane lane;
    const char *resource; /* from budget_resource; NULL: no id in the path */
    int search;           /* 1: a search, which has a share of its own */
};

/* 1: one request may leave now. 0: denied; as things stand there is something for it in
 * *WAIT_MS (1 or more). Things change: ask again in that time or WINDOW_WAIT_MAX_MS,
 * whichever is less, plus up to a second of jitter. Who gives up just does not come back.
 * -1: live.db cannot be used. */
int budget_take(struct budget *b, const struct budget_ask *ask, int64_t now_ms,
                int64_t *wait_ms, struct err *e);

/* For each answer with such headers, a 429 too (before budget_refused). Cheap: it reads,
 * and writes only what is new. Others use the company's limit as well: a remaining lower
 * than our own count lowers ours. */
int budget_learn(struct budget *b, const char *company, const struct window_said *said,
                 int64_t now_ms, struct err *e);
/* For each 429. BURST 0: the company's limit is used up (remaining was 0 or absent): all
 * of its requests, of every process, wait for RETRY_AFTER_MS. BURST 1 (remaining was more
 * than 0): those of RESOURCE alone (NULL: those without an id in the path).
 * RETRY_AFTER_MS is clamped to 1 s .. 10 min, for bursts to 100 ms .. 10 min; -1: the
 * header was absent (a minute's rest, or a second's). */
int budget_refused(struct budget *b, const char *company, const char *resource,
                   int64_t retry_after_ms, int burst, int64_t now_ms, struct err *e);
/* Gives back permits that were taken in a block and are past their second. Call it when
 * idle, or once in a while; budget_take does it for its own company. */
int budget_give_back(struct budget *b, int64_t now_ms, struct err *e);

struct budget_state {
    int64_t limit;
    int64_t left;             /* in this window, by our own count */
    int learned;              /* 0: the limit is the default, nothing was heard yet */
    int64_t ends_ms;          /* the window's end; 0: none has begun */
    int64_t blocked_until_ms; /* by a 429; 0: not blocked */
};

/* Fills OUT; a company never asked has the defaults. */
int budget_state(struct budget *b, const char *company, int64_t now_ms,
                 struct budget_state *out, struct err *e);

/* The id in a URL's path (or in a path alone) that a burst is counted by: the first
 * segment that looks like one: "cnv_55c8c149", "alt:ref:x", "1234". Writes it, cut to
 * SIZE, and returns 1; else 0 with "". */
int budget_resource(const char *url, char *out, size_t size);

#endif
