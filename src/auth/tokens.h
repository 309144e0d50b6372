/* tokens: refreshes each connection's access token before it expires and when the API
 * refuses it. One process refreshes for all, under a claim in state/live.db; the database
 * is not locked during the HTTP call. A new token is stored before it is used. For the
 * loop's thread. */
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
void tokens_drop(struct tokens_wait *wait);
/* 1: an answer of a token endpoint is awaited or not stored yet. Without it the grant may
 * be lost. */
int tokens_are_asked(const struct tokens *t);

#endif
