/* sandbox: the globals of scripts, from a list of what is allowed: nothing in it reads a
 * file, a clock or an address, so that a replay sees the same values.
 *
 * The globals are in one table for a state. A library is opened when a script first names
 * it, behind a read-only proxy. Reading an unknown global is an error that says what to
 * use instead. */
#ifndef FOYER_SANDBOX_H
#define FOYER_SANDBOX_H

#include <lua.h>
#include <stddef.h>

/* Sets the base functions, the libraries to be opened, and the metatable of strings. SEED
 * (any bytes; the run's id) seeds math.random. It may raise. */
void sandbox_open(lua_State *L, const char *seed, size_t len);

#endif
