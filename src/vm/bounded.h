/* bounded: Lua's own library functions, made deterministic, so that a replay sees what
 * the first attempt saw, and finite: texts show no addresses, pairs goes in the order of
 * the keys, and no C loop runs long, because no hook can stop it. */
#ifndef FOYER_BOUNDED_H
#define FOYER_BOUNDED_H

#include <lua.h>

/* Pushes the text of the value at IDX, as tostring shows it to scripts. */
const char *bounded_push_text(lua_State *L, int idx);
/* Sets the base functions into the table on the top of the stack. */
void bounded_set_base(lua_State *L);
/* Push the library tables. table.sort is Lua: lua/std/sort.lua. */
int bounded_open_string(lua_State *L);
int bounded_open_table(lua_State *L);

#endif
