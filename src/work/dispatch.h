/* dispatch: takes waiting deliveries, asks the triggers of each client that a delivery is
 * for, and stores what came of it (work/delivery_result.h).
 *
 * Deliveries of one conversation become activations in the order of their commit
 * (store/delivery_order.h). What may pass is tried again for two hours; a client whose
 * script fails has a note and stops nobody else's. A claim is held for this process's
 * presence. It knows nothing of runs but that they are due then. */
#ifndef FOYER_DISPATCH_H
#define FOYER_DISPATCH_H

#include "work/session.h"
#include "base/err.h"
#include "store/presence.h"
#include "io/writer.h"

enum {
    DISPATCH_IN_FLIGHT = 16, /* deliveries at a time */
    DISPATCH_ATTEMPTS = 16,  /* failed ones in a row: more than fit into */
    DISPATCH_GIVE_UP_MS = 2 * 60 * 60 * 1000
};

struct dispatch;
struct alert; /* work/alert.h */

/* All are borrowed and outlive it. CHANGED is called, from the loop, when runs may be due
 * that were not before, or will be with the writer's next job; IDLE each time that
 * nothing is left to do. */
struct dispatch *dispatch_new(struct session *s, struct workspace *w,
                              struct writer *writer, struct presence *p,
                              struct alert *alert, void (*changed)(void *arg),
                              void (*idle)(void *arg), void *arg, struct err *e);
/* FN hears of each delivery's body, JSON, once for each client that it is for. */
typedef void dispatch_heard(void *arg, const char *app, const char *client,
                            const char *body, size_t len);
void dispatch_on_delivery(struct dispatch *d, dispatch_heard *fn, void *arg);
/* Looks for waiting deliveries now, as often as it is asked in one turn of the loop. */
void dispatch_wake(struct dispatch *d);
/* 1: nothing is in flight, and nothing was to be had when it last looked. */
int dispatch_is_idle(const struct dispatch *d);
/* Takes nothing more; what is under way is given up, and free for others when the writer
 * has done what is submitted now. */
void dispatch_stop(struct dispatch *d);
/* After writer_close. NULL is fine. */
void dispatch_free(struct dispatch *d);

/* The label of its attempts is "delivery ID": the id in LABEL, 0: it is no delivery's. */
int64_t dispatch_label_id(const char *label);

#endif
