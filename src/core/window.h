/* window: the arithmetic of one company's window of requests. It is plain data and pure
 * functions: no database, no clock; store/budget.c stores it and shares it. */
#ifndef FOYER_WINDOW_H
#define FOYER_WINDOW_H

#include <stdint.h>

/* Who gets the next request of a company: the first lane that waits. Within a lane, the
 * first that asked. */
enum window_lane { LANE_REPLY, LANE_ACTIVATION, LANE_BULK, LANES };

enum {
    WINDOW_DEFAULT_LIMIT = 50, /* requests, until a header says; Front's smallest plan */
    WINDOW_MS = 60000,         /* its length, until a header says when it ends */
    WINDOW_BURST = 5,          /* requests to one resource in WINDOW_BURST_MS */
    WINDOW_BURST_MS = 1100,    /* a second, and what the network may shorten it by */
    WINDOW_WAIT_MAX_MS = 2000, /* an earlier answer may free room: ask again after it */
    WINDOW_NO_LIMIT = 1000000  /* window_said.limit of an API that names none */
};

/* What an answer's headers said; -1 for what they did not. */
struct window_said {
    int64_t limit;     /* requests allowed in a window; WINDOW_NO_LIMIT, which a limit
                        * that was heard before outlives: no bursts are counted either */
    int64_t remaining; /* left in it */
    int64_t reset_ms;  /* its end, Unix time, by this machine's clock: the caller
                        * corrects it when the answer's Date differs */
};

struct window {
    int64_t quota;   /* requests in a window */
    int64_t learned; /* 1: a header said so */
    int64_t number;  /* counts up; permits of an earlier one are worth nothing */
    int64_t ends_ms;
    int64_t told; /* 1: a header said when it ends; 0: a guess */
    int64_t used; /* permits handed out, and what others were seen to use */
    int64_t searches;
    int64_t blocked_until_ms; /* by a 429 */
    /* Until an answer says how things stand, requests leave one by one, counted in
     * `probes` since then; 0: it has said so. */
    int64_t probe_from_ms, probes;
    int64_t pathless_until_ms; /* by a burst's 429 for a path without an id */
    /* Somebody of this lane waits, and is gone when he has not come back by then. */
    int64_t waiting_until_ms[LANE_BULK];
};

/* A company nothing is known of. */
struct window window_first(int64_t now_ms);
/* Begins the next one when this one is over. 1: it did. */
int window_roll(struct window *w, int64_t now_ms);
/* Hands out 1 to WANT permits, or 0 with the time to come back at: always 0 while a
 * higher lane waits. Call window_roll before. */
int64_t window_grant(struct window *w, enum window_lane lane, int search, int64_t want,
                     int64_t now_ms, int64_t *back_ms);
/* Who was denied waits, and comes back within WAIT_MS. Returns until when that counts. */
int64_t window_wait(struct window *w, enum window_lane lane, int64_t wait_ms,
                    int64_t now_ms);
/* Who waited until UNTIL_MS does not any more. 1: it changed. */
int window_stop_waiting(struct window *w, enum window_lane lane, int64_t until_ms);
/* Permits that were not used, of the window NUMBER. 1: it changed. */
int window_give_back(struct window *w, int64_t number, int64_t permits);
/* UNSPENT: permits of this window that the caller has surely not used. 1: it changed. */
int window_learn(struct window *w, const struct window_said *said, int64_t unspent,
                 int64_t now_ms);
void window_refuse(struct window *w, int64_t retry_after_ms, int64_t now_ms);
/* The largest block that one process may hold. */
int64_t window_block(const struct window *w);
/* What LANE may still take. */
int64_t window_left(const struct window *w, enum window_lane lane);

#endif
