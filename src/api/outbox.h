/* outbox: requests that `foyer mock` makes by itself. Its script queues them by mock.send
 * and finds what came of each in mock.accept, in the order in which the answers came.
 * Owns them until then; knows nothing of webhooks and their signatures. */
#ifndef FOYER_OUTBOX_H
#define FOYER_OUTBOX_H

#include <lua.h>

struct outbox;

/* TOLD is called from the loop when an outcome can be taken. */
struct outbox *outbox_new(void (*told)(void *arg), void *arg);
/* After the client that the requests went to. */
void outbox_free(struct outbox *box);
/* {method, url, headers, body, timeout = seconds} at 1; pushes the request's number. */
int outbox_send(lua_State *L, struct outbox *box);
/* Pushes {sent = number, status, headers, body, seconds} or {sent, kind, error, seconds}
 * of the oldest outcome; 0 and nothing when there is none. */
int outbox_push(lua_State *L, struct outbox *box);

#endif
