/* mock: the HTTP server of `foyer mock`. Its script takes requests one by one by
 * mock.accept, answers them in any order by mock.reply, and sends requests of its own by
 * mock.send. */
#ifndef FOYER_MOCK_H
#define FOYER_MOCK_H

#include <lua.h>

#include "base/err.h"
#include "io/loop.h"

struct mock;

/* Listens on LISTEN ("127.0.0.1:0"). Requests wait until the script accepts them. */
struct mock *mock_open(struct loop *loop, const char *listen, struct err *e);
void mock_close(struct mock *m);
/* "127.0.0.1:34567" */
const char *mock_address(const struct mock *m);
/* Pushes {accept, reply, send, now, clock, log, address}. */
void mock_push(lua_State *L, struct mock *m);

#endif
