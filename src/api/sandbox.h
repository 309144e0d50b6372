/* sandbox: what a script can reach, built from an allow-list (design rules 8 and 9).
 *
 * Globals live in one table per state; libraries are opened when first named, each behind
 * a read-only proxy. A script's environment is an empty table over it: to write a global
 * or to read an unknown one is an error that says what to do instead. */
#ifndef FOYER_SANDBOX_H
#define FOYER_SANDBOX_H

#include <lua.h>
#include <stddef.h>

/* Prepares the state: base functions, lazy libraries, string metatable. SEED (any bytes,
 * the run's id) seeds math.random. Protected call required. */
void sandbox_open(lua_State *L, const char *seed, size_t len);
/* Names of all lazily opened libraries, ending with NULL: for the golden list. */
extern const char *const sandbox_libraries[];

#endif
