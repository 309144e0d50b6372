/* env: read-only tables, and the environment that each script gets: an empty table over
 * the state's globals. To write a global is an error. */
#ifndef FOYER_ENV_H
#define FOYER_ENV_H

#include <lua.h>

/* Makes the table on top of the stack, which stays there, the globals of L's state. */
void env_open(lua_State *L);
/* Pushes a new environment. */
void env_push(lua_State *L);
/* Pops a table and pushes a read-only proxy for it. WHAT names it in the error. */
void env_push_readonly(lua_State *L, const char *what);

#endif
