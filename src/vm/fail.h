/* fail: a struct err as a Lua error, the table {kind, message, status?, …} with a
 * __tostring, and back. */
#ifndef FOYER_FAIL_H
#define FOYER_FAIL_H

#include <lua.h>

#include "base/err.h"

/* Raises E as an error table. Never returns. */
int fail_raise(lua_State *L, const struct err *e);
/* Pushes it without raising. */
void fail_push(lua_State *L, const struct err *e);
/* Raises kind + printf text. Never returns. */
int fail_text(lua_State *L, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Pops the error value on top of L, of any type, into E. Runs no metamethod and never
 * raises. */
void fail_read_top(lua_State *L, struct err *e);

#endif
