/* letters: what customers wrote to a company in a time, and what of it has no answer, as
 * the company's API lists it: the events of the connector's `sweep` and `talk`. A reply
 * by foyer and one by a person are the same here. It reads the API in the lowest lane of
 * the company's budget, and stores nothing. */
#ifndef FOYER_LETTERS_H
#define FOYER_LETTERS_H

#include <jansson.h>
#include <stdint.h>

#include "work/session.h"
#include "base/err.h"

struct letters_ask {
    const char *app, *company; /* the company's id */
    const char *client;        /* whose connection is used */
    int64_t since_ms, until_ms;
    /* Called after each page with the events so far; may be NULL. */
    void (*progress)(void *arg, int64_t listed);
    void *arg;
};

/* Returns a new tree, or NULL with E:
 *   {oldest_at (Unix seconds: where the API's list of events begins; missing: it is
 *    empty), listed (events), messages (of customers, in the time), conversations (of
 *    them), binned (conversations without an answer that are in the bin),
 *    triggers (all names of the app), open: [{conversation, subject, customer,
 *    undelivered (true: an answer was sent and did not arrive), letters: [{event, at,
 *    type, body, webhook}, oldest first]}]}
 * A letter is open when no answer follows it, up to now. A conversation that was merged
 * stands under the id of the one that took it in. */
json_t *letters_read(struct session *s, const struct letters_ask *ask, struct err *e);

#endif
