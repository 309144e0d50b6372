/* tokens: keeps each connection's access token fresh: before it expires, and when the API
 * refuses it; once, however many runs and processes want it, by a claim of a living
 * process in state/live.db that is never held as a lock across the HTTP call. What comes
 * back is stored whole before it is used. */
#ifndef FOYER_TOKENS_H
#define FOYER_TOKENS_H

#include "core/connection.h"
#include "workspace/workspace.h"
#include "io/httpc.h"
#include "io/loop.h"

struct tokens;
struct tokens_wait; /* one that waits for a refresh */

typedef void tokens_done(void *arg, const struct err *failed); /* NULL: the token holds */

struct tokens *tokens_new(struct workspace *w, struct loop *loop, struct httpc *httpc);
/* Drops what waits, without callbacks. */
void tokens_free(struct tokens *t);
/* 0: C's token can be used; 1: DONE will be called from the loop unless *WAIT is dropped,
 * with ERR_AUTH when somebody must connect again. FORCE refreshes also what is not due.
 */
int tokens_need(struct tokens *t, struct connection *c, int force, tokens_done *done,
                void *arg, struct tokens_wait **wait);
void tokens_drop(struct tokens_wait *wait);
/* 1: a token endpoint was asked and has not answered: what it will say must be stored,
 * or the grant may be lost. */
int tokens_are_asked(const struct tokens *t);

#endif
