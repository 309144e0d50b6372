/* budget: permits to send requests to a company's API, shared by all processes of a
 * workspace.
 *
 * A company (key "app/company") has one window of requests (core/window.h), which is
 * learned from the headers of its answers and stored in live.db. A process takes permits
 * in blocks and keeps them in memory for at most a second. No function waits: one that
 * denies a permit returns when to ask again. Time comes in as now_ms (Unix, this
 * machine's clock). The module knows no header's name, no URL scheme and no event loop.
 *
 * The reply lane goes before activation, activation before bulk, across processes. Bulk
 * never takes the last tenth of a window, activation never the last twentieth. Searches
 * get 40 % of a window. A resource (an id in the path) gets 5 requests a second, as Front
 * allows. */
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

/* Opens no file. LIVE is borrowed and outlives the budget. */
struct budget *budget_new(struct live *live);
/* Gives back unused permits and frees B. NULL is fine. */
void budget_free(struct budget *b);

struct budget_ask { /* borrowed for the call */
    const char *company;
    enum window_lane lane;
    const char *resource; /* from budget_resource; NULL: no id in the path */
    int search;           /* 1: it counts towards the share of searches */
};

/* Returns 1 when one request may be sent now. Returns 0 when it is denied; *WAIT_MS (1 or
 * more) says when a permit is expected. Ask again after that time or WINDOW_WAIT_MAX_MS,
 * whichever is less, plus up to a second of jitter. A caller that gives up just does not
 * ask again. Returns -1 when live.db cannot be used. */
int budget_take(struct budget *b, const struct budget_ask *ask, int64_t now_ms,
                int64_t *wait_ms, struct err *e);

/* Takes over what an answer's headers say. Call it for each answer that has them, for a
 * 429 before budget_refused. It reads, and writes only when something is new. Other
 * programs use the company's limit too: a remaining number lower than our own count
 * replaces it. */
int budget_learn(struct budget *b, const char *company, const struct window_said *said,
                 int64_t now_ms, struct err *e);
/* Records a 429. BURST 0 (the answer's remaining was 0 or absent): the company's limit is
 * used up, and every process sends nothing to it for RETRY_AFTER_MS. BURST 1 (remaining
 * was more than 0): the same for RESOURCE alone, or with NULL for paths without an id.
 * RETRY_AFTER_MS is clamped to 1 s .. 10 min, for bursts to 100 ms .. 10 min; -1 means
 * that the header was absent, and counts as a minute or, for bursts, a second. */
int budget_refused(struct budget *b, const char *company, const char *resource,
                   int64_t retry_after_ms, int burst, int64_t now_ms, struct err *e);
/* Gives back permits that were taken in a block and are past their second. Call it now
 * and then; budget_take does it for its own company. */
int budget_give_back(struct budget *b, int64_t now_ms, struct err *e);

struct budget_state {
    int64_t limit;
    int64_t left;             /* in this window, by our own count */
    int learned;              /* 0: the limit is the default: no answer has named one */
    int64_t ends_ms;          /* the window's end; 0: none has begun */
    int64_t blocked_until_ms; /* by a 429; 0: not blocked */
};

/* Fills OUT; a company that never got a request has the defaults. */
int budget_state(struct budget *b, const char *company, int64_t now_ms,
                 struct budget_state *out, struct err *e);

/* Finds the id by which bursts are counted: the first segment of the URL's path, or of a
 * path alone, that looks like an id ("cnv_55c8c149", "alt:ref:x", "1234"). Writes it, cut
 * to SIZE, and returns 1; returns 0 with "" when there is none. */
int budget_resource(const char *url, char *out, size_t size);

#endif
