/* departure: decides right before the first byte of a write whether it leaves, as another
 * process may have taken its run over meanwhile. For the loop's thread. */
#ifndef FOYER_DEPARTURE_H
#define FOYER_DEPARTURE_H

#include <stdint.h>
#include <sys/queue.h>

#include "io/loop.h"
#include "store/presence.h"
#include "vm/run.h"

struct departures; /* those of one loop */

struct departure { /* of one run's write; all zero at first */
    int64_t run;
    int64_t stored_us; /* monotonic: when its intent was stored */
    int is_leaving;
    LIST_ENTRY(departure) entry;
};

struct departures *departures_new(struct loop *loop);
void departures_free(struct departures *all); /* NULL is fine */

/* Asks inside of libcurl, right before the first byte. P is this process's presence, or
 * NULL: then no process can take the run over, because none sees that it is claimed.
 * IS_LARGE 1: the kernel does not take the whole request at once; then the caller calls
 * presence_left once there is an answer. */
enum run_send departure_ask(struct departures *all, struct departure *x,
                            struct presence *p, int is_large);
/* Forgets X, whose request is over. */
void departure_end(struct departure *x);

#endif
