/* api_answer: an HTTP exchange's outcome as Lua values: the decoded body, a page of a
 * list, {status, headers, body}, or an error. */
#ifndef FOYER_API_ANSWER_H
#define FOYER_API_ANSWER_H

#include <lua.h>

#include "api/exchange.h"

/* Pushes the value for X's mode from the outcome PACKED (core/packed.h) and returns 1.
 * Raises for an outcome that is an error. Returns 0 when it has given up the attempt. The
 * caller keeps X and PACKED. */
int api_answer_push(lua_State *L, struct exchange *x, const char *packed, size_t len);

#endif
