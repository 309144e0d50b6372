/* api_answer: what a script gets from an HTTP exchange that has ended: the decoded body,
 * a page of a list, {status, headers, body}, or the error that it raises. */
#ifndef FOYER_API_ANSWER_H
#define FOYER_API_ANSWER_H

#include <lua.h>

#include "api/exchange.h"

/* Pushes what X's mode asks for from the outcome PACKED (vm/packed.h) and returns 1;
 * raises for an outcome that is an error; returns 0 when the attempt has been given up. X
 * and PACKED stay the caller's. */
int api_answer_push(lua_State *L, struct exchange *x, const char *packed, size_t len);

#endif
