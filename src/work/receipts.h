/* receipts: whether what an API accepted has come to be. "Done" means accepted; a message
 * that is not there ten minutes later, or of which an event says that it failed, makes
 * its run undelivered. The connector's `receipt` says how to look. */
#ifndef FOYER_RECEIPTS_H
#define FOYER_RECEIPTS_H

#include <jansson.h>

#include "work/alert.h"
#include "work/session.h"
#include "io/writer.h"

struct receipts;

/* All borrowed; ALERT may be NULL. IDLE is called, from the loop, when nothing is under
 * way any more. */
struct receipts *receipts_new(struct session *s, struct db *db, struct writer *writer,
                              struct alert *alert, void (*idle)(void *arg), void *arg);
/* Looks for some that are due, unless it is at it. */
void receipts_look(struct receipts *r);
int receipts_is_idle(const struct receipts *r);
/* No further look; what is under way is dropped. */
void receipts_stop(struct receipts *r);
/* NULL is fine; what is submitted is done all the same. */
void receipts_free(struct receipts *r);

/* An event, JSON, came in for CLIENT: when it says that the customer did not get a
 * message, the run that made it hears of it. */
void receipts_hear(struct receipts *r, const char *app, const char *client,
                   const char *body, size_t len);
/* The message that an event of CONNECTOR's app says has failed: its ref, borrowed from
 * EVENT ({type, payload} or a rule's bare event), or NULL. *TYPE is the event's. */
const char *receipts_failed(const json_t *connector, const json_t *event,
                            const char **type);

#endif
