/* mock: requests to `foyer mock` on their way into its script, which takes them one by
 * one by mock.accept and answers them in any order by mock.reply; and its own requests,
 * by mock.send. */
#ifndef FOYER_MOCK_H
#define FOYER_MOCK_H

#include <lua.h>

#include "base/err.h"
#include "io/loop.h"

struct mock;

/* Listens at once; requests wait until the script accepts them. */
struct mock *mock_open(struct loop *loop, const char *listen, struct err *e);
void mock_close(struct mock *m);
/* "127.0.0.1:34567" */
const char *mock_address(const struct mock *m);
/* Pushes {accept, reply, send, now, clock, log, address}. */
void mock_push(lua_State *L, struct mock *m);

#endif
