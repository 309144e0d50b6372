/* outbox: requests that the script of `foyer mock` sends by mock.send. It gets the
 * outcome of each from mock.accept, in the order of the answers; until then the outbox
 * owns it. */
#ifndef FOYER_OUTBOX_H
#define FOYER_OUTBOX_H

#include <lua.h>

struct outbox;

/* TOLD is called from the loop when there is a new outcome. */
struct outbox *outbox_new(void (*told)(void *arg), void *arg);
/* After httpc_free, which ends the pending requests. */
void outbox_free(struct outbox *box);
/* Sends {method, url, headers, body, timeout = seconds}, at index 1, and pushes the
 * request's number. */
int outbox_send(lua_State *L, struct outbox *box);
/* Pushes the oldest outcome, {sent = number, status, headers, body, seconds} or {sent =
 * number, kind, error, seconds}, and returns 1; pushes nothing and returns 0 when there
 * is none. */
int outbox_push(lua_State *L, struct outbox *box);

#endif
