/* receipts: delivery receipts: was a message that the API accepted really delivered? A
 * run is "done" when the API accepts. A message that does not exist ten minutes later, or
 * whose failure an event reports, makes its run undelivered. The connector's `receipt`
 * says how to check. For the loop's thread. */
#ifndef FOYER_RECEIPTS_H
#define FOYER_RECEIPTS_H

#include <jansson.h>

#include "work/alert.h"
#include "work/session.h"
#include "io/writer.h"

struct receipts;

/* All are borrowed; ALERT may be NULL. IDLE is called, from the loop, when nothing is
 * under way any more. */
struct receipts *receipts_new(struct session *s, struct db *db, struct writer *writer,
                              struct alert *alert, void (*idle)(void *arg), void *arg);
/* Starts checks of messages that are due, up to a limit. */
void receipts_poll(struct receipts *r);
int receipts_is_idle(const struct receipts *r);
/* Starts no more checks and drops those under way. */
void receipts_stop(struct receipts *r);
/* What is submitted to the writer is still done. NULL is fine. */
void receipts_free(struct receipts *r);

/* Reads an event that came in for CLIENT: when it says that a message did not reach the
 * customer, the run that sent the message is marked undelivered. */
void receipts_hear(struct receipts *r, const char *app, const char *client,
                   const json_t *event);
/* The ref of the message that EVENT ({type, payload}, or a rule's bare event) of
 * CONNECTOR's app reports as failed, borrowed from EVENT, or NULL. *TYPE is the event's.
 */
const char *receipts_failed(const json_t *connector, const json_t *event,
                            const char **type);

#endif
