/* window: the arithmetic of one company's rate limit window. Plain data and pure
 * functions, without a database or a clock; store/budget.c stores and shares it. Times
 * are Unix milliseconds. */
#ifndef FOYER_WINDOW_H
#define FOYER_WINDOW_H

#include <stdint.h>

/* Priority classes of requests: the first lane that waits gets the company's next
 * request. Within a lane the oldest one gets it. */
enum window_lane {
    WINDOW_LANE_REPLY,
    WINDOW_LANE_ACTIVATION,
    WINDOW_LANE_BULK,
    WINDOW_LANES
};

enum {
    WINDOW_DEFAULT_LIMIT =
        50, /* requests, until a header gives the limit; Front's smallest plan */
    WINDOW_MS = 60000,         /* its length, until a header gives its end */
    WINDOW_BURST = 5,          /* requests to one resource within WINDOW_BURST_MS */
    WINDOW_BURST_MS = 1100,    /* a second, and how much the network may shorten it */
    WINDOW_WAIT_MAX_MS = 2000, /* an earlier answer may free room: ask again after that */
    WINDOW_NO_LIMIT = 1000000  /* window_said.limit of an API that gives none */
};

/* The values in an answer's headers, -1 for missing ones. */
struct window_said {
    int64_t limit; /* requests allowed in a window, or WINDOW_NO_LIMIT. Does not overwrite
                      a limit learned earlier; bursts are not counted. */
    int64_t remaining; /* requests left in the window */
    int64_t reset_ms;  /* its end by this machine's clock: the caller corrects it when the
                          answer's Date differs */
};

struct window {
    int64_t quota;   /* requests allowed in a window */
    int64_t learned; /* 1: from a header */
    int64_t number;  /* counts up; permits of an earlier window are void */
    int64_t ends_ms;
    int64_t told; /* 1: a header gave the end; 0: a guess */
    int64_t used; /* permits handed out, and requests of others that the headers show */
    int64_t searches;
    int64_t blocked_until_ms; /* after a 429 */
    /* From then on requests are sent one by one, counted in `probes`, until an answer
     * gives the state of the window. 0: the state is known. */
    int64_t probe_from_ms, probes;
    int64_t pathless_until_ms; /* after a burst's 429 for a path without an id */
    /* A caller in this lane waits. It is assumed gone if it has not asked again by this
     * time. */
    int64_t waiting_until_ms[WINDOW_LANE_BULK];
};

/* Returns the window of a company about which nothing is known. */
struct window window_first(int64_t now_ms);
/* Begins the next window when this one is over, and returns 1. */
int window_roll(struct window *w, int64_t now_ms);
/* Hands out 1 to WANT permits. Returns 0, with the time to ask again in *BACK_MS, when
 * there are none, or while a higher lane waits. Call window_roll before. */
int64_t window_grant(struct window *w, enum window_lane lane, int search, int64_t want,
                     int64_t now_ms, int64_t *back_ms);
/* Notes that a denied caller waits and asks again within WAIT_MS. Returns until when that
 * counts. */
int64_t window_wait(struct window *w, enum window_lane lane, int64_t wait_ms,
                    int64_t now_ms);
/* Ends the wait that counts until UNTIL_MS. Returns 1 when the window changed. */
int window_stop_waiting(struct window *w, enum window_lane lane, int64_t until_ms);
/* Takes back unused PERMITS of the window NUMBER. Returns 1 when the window changed. */
int window_give_back(struct window *w, int64_t number, int64_t permits);
/* Learns from an answer's headers. UNSPENT are permits of this window that the caller has
 * certainly not used. Returns 1 when the window changed. */
int window_learn(struct window *w, const struct window_said *said, int64_t unspent,
                 int64_t now_ms);
void window_refuse(struct window *w, int64_t retry_after_ms, int64_t now_ms);
/* Returns the most permits that one process may keep. */
int64_t window_block(const struct window *w);
/* Returns how many permits LANE may still take. */
int64_t window_left(const struct window *w, enum window_lane lane);

#endif
