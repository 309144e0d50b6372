/* explain: what became of a customer's messages, in sentences that a client can read:
 * what the customer wrote, what decided, what was sent, whether a person answered too.
 * Made of what the store knows (ops/trace.h) and, where the client is connected, of the
 * messages that the app has now. It prints nothing and changes nothing. */
#ifndef FOYER_EXPLAIN_H
#define FOYER_EXPLAIN_H

#include <jansson.h>
#include <stddef.h>

#include "ops/report.h"
#include "work/session.h"
#include "base/err.h"

struct explain_ask {  /* borrowed */
    const char *what; /* a conversation, an event, a run, or a customer's address */
    const char *client;
    /* Called while stored texts are searched; may be NULL. */
    void (*progress)(size_t done, size_t all);
};

/* Returns a new tree, or NULL with E (ERR_NOT_FOUND: neither the store nor the app knows
 * it):
 *   {what, client, name (the client's), conversations: [{conversation?, link?, subject?,
 *    customer?, read ("now": the messages are the app's; "store"), note? (why "store"),
 *    summary: [sentences], items: [{at (Unix seconds), kind, text, quote? (plain text),
 *    run?, recipe?, release?, body_hash?, templates?: [{name, layer, hash,
 * release?}]}]}], more? (true: older conversations are left out)} Items are in order of
 * time; their kind is wrote, unheard, decided, sent, did, person, other (an automatic
 * answer that is not foyer's), wait, problem. A sentence names no time of day: that is
 * `at`. */
json_t *explain_find(struct report *r, struct session *s, const struct explain_ask *ask,
                     struct err *e);

#endif
