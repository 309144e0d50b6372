/* bounded: Lua's own library functions, made deterministic and finite (design rules 8,
 * 9): no addresses in texts, pairs in key order, no C loop that a hook cannot reach. */
#ifndef FOYER_BOUNDED_H
#define FOYER_BOUNDED_H

#include <lua.h>

/* Pushes the value at IDX as tostring shows it to scripts. */
const char *bounded_push_text(lua_State *L, int idx);
/* Sets the base functions into the table on the top of the stack. */
void bounded_set_base(lua_State *L);
/* Push the library tables. table.sort is Lua: lua/std/sort.lua, loaded when first used.
 */
int bounded_open_string(lua_State *L);
int bounded_open_table(lua_State *L);

#endif
