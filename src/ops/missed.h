/* missed: conversations in which a customer wrote and got no answer, by foyer or by a
 * person, and why: what the company's API lists (ops/letters.h) held against what the
 * store knows. It prints nothing.
 * Why is one of ops/cause.h. */
#ifndef FOYER_MISSED_H
#define FOYER_MISSED_H

#include <jansson.h>
#include <stdint.h>

#include "ops/report.h"
#include "work/session.h"
#include "base/err.h"

struct missed;

struct missed_ask {
    const json_t *clients; /* names */
    int64_t since_ms, until_ms;
    void (*progress)(void *arg, const char *client, int64_t listed); /* may be NULL */
    void *arg;
};

/* Looks for all of ASK. R and S are borrowed. Returns NULL with E when the store fails,
 * or it was interrupted. */
struct missed *missed_find(struct report *r, struct session *s,
                           const struct missed_ask *ask, struct err *e);
void missed_free(struct missed *m); /* NULL is fine */

/* Both borrowed.
 * By client: {client, app, company, oldest_at, messages, conversations, binned, open,
 * error? (why it cannot be said of this client)}. */
const json_t *missed_clients(const struct missed *m);
/* By time: {client, app, conversation, link, customer, subject, wrote_at (of the first
 * letter without an answer), letters, why, sentence, run?, recipe?, recipes?,
 * delivery?, command?
 * (for a person), starts? ("webhook", "replay": what missed_start does)}. */
const json_t *missed_rows(const struct missed *m);
/* The kind of the first client's error, or ERR_NONE. */
enum err_kind missed_failed(const struct missed *m);

/* Starts what has `starts`: takes the events whose webhooks did not come as deliveries,
 * as `foyer heal` does, and lets triggers be asked again about the others. Nothing fires
 * twice: activation keys are remembered. Each such row gets `started`, or `error`.
 * *STARTED counts deliveries. */
int missed_start(struct missed *m, int *started, struct err *e);

#endif
