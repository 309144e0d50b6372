/* dispatch: claims waiting deliveries, runs the triggers of each client that a delivery
 * is for, and stores the result (work/delivery_result.h).
 *
 * Deliveries of one conversation become activations in the order of their commit
 * (store/delivery_order.h). A failure that may pass is tried again for two hours; a
 * client whose script fails gets a note and does not stop the others. A claim is a mark
 * in the table of store/claims.h. The runs that a delivery starts begin at once in this
 * process, as far as it has room; of the others it only knows that they may be due
 * afterwards. For the loop's thread. */
#ifndef FOYER_DISPATCH_H
#define FOYER_DISPATCH_H

#include <jansson.h>

#include "base/err.h"
#include "io/writer.h"
#include "store/presence.h"
#include "work/session.h"

enum {
    DISPATCH_IN_FLIGHT = 16, /* deliveries at a time */
    DISPATCH_ATTEMPTS = 16,  /* failures in a row; more than fit into the two hours */
    DISPATCH_GIVE_UP_MS = 2 * 60 * 60 * 1000
};

struct dispatch;
struct alert;  /* work/alert.h */
struct claims; /* store/claims.h */
struct runner; /* work/runner.h */

/* All are borrowed and outlive it. CHANGED is called, from the loop, when runs may be due
 * that were not before, or will be with the writer's next job; IDLE each time that
 * nothing is left to do. */
struct dispatch *dispatch_new(struct session *s, struct writer *writer,
                              struct presence *p, struct claims *claims,
                              struct runner *runner, void (*changed)(void *arg),
                              void (*idle)(void *arg), void *arg);
/* Calls FN with each delivery's body, once for each client that the delivery is for. */
typedef void dispatch_heard(void *arg, const char *app, const char *client,
                            const json_t *body);
void dispatch_on_delivery(struct dispatch *d, dispatch_heard *fn, void *arg);
/* Polls for waiting deliveries after the callbacks of this turn of the loop, once however
 * often it is called. */
void dispatch_wake(struct dispatch *d);
/* 1: nothing is in flight, and the last poll found nothing. */
int dispatch_is_idle(const struct dispatch *d);
/* Claims nothing more, and ends what is under way. Its claims are free when the writer
 * has done what is submitted by now. */
void dispatch_stop(struct dispatch *d);
/* After writer_close. NULL is fine. */
void dispatch_free(struct dispatch *d);

/* The id in an attempt's label "delivery ID"; 0 when LABEL is another one. */
int64_t dispatch_label_id(const char *label);

#endif
