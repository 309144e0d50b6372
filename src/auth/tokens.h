/* tokens: refreshes each connection's access token before it expires and when the API
 * refuses it. One process refreshes for all, under a claim in state/live.db; the database
 * is not locked during the HTTP call. A new token is stored before it is used. When the
 * API refuses a client_secret of the settings, the one that it took last is used, if it
 * is another one. For the loop's thread. */
#ifndef FOYER_TOKENS_H
#define FOYER_TOKENS_H

#include "core/connection.h"
#include "workspace/workspace.h"
#include "io/httpc.h"
#include "io/loop.h"

struct tokens;
struct tokens_wait; /* one caller that waits for a refresh */

typedef void tokens_done(void *arg, const struct err *failed); /* NULL: it is usable */

struct tokens *tokens_new(struct workspace *w, struct loop *loop, struct httpc *httpc);
/* Drops the waits, without callbacks. */
void tokens_free(struct tokens *t);
/* Returns 0 when C's token can be used. 1: DONE is called from the loop, unless *WAIT is
 * dropped first; with ERR_AUTH when the client must be connected again. FORCE refreshes a
 * token that is not due as well. */
int tokens_need(struct tokens *t, struct connection *c, int force, tokens_done *done,
                void *arg, struct tokens_wait **wait);
/* Refreshes C's token now, to learn whether the API takes the client_secret that the
 * settings have, without recording a refusal: what it gives is stored as always. Returns
 * as tokens_need; before DONE is called, *VERDICT is set. No other refresh of C is under
 * way in this process. */
enum tokens_verdict {
    TOKENS_UNTRIED, /* DONE's error says why */
    TOKENS_TAKEN,   /* DONE's error, if any: the new token could not be stored */
    TOKENS_REFUSED, /* the app's credentials are refused */
    TOKENS_GONE     /* the grant is gone: that says nothing about them */
};
int tokens_try(struct tokens *t, struct connection *c, enum tokens_verdict *verdict,
               tokens_done *done, void *arg, struct tokens_wait **wait);
void tokens_drop(struct tokens_wait *wait);
/* 1: an answer of a token endpoint is awaited or not stored yet. Without it the grant may
 * be lost. */
int tokens_are_asked(const struct tokens *t);

#endif
