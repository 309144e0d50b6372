/* parts: Lua files as functions: the scripts of the layers, and the parts of lua/std. A
 * file is compiled once in a process, and its bytecode kept in the overlay. */
#ifndef FOYER_PARTS_H
#define FOYER_PARTS_H

#include <lua.h>

#include "base/err.h"
#include "vm/overlay.h"

/* overlay_find for L's state. A file that its run has pinned comes first. */
struct overlay_file *parts_find(lua_State *L, const char *client, const char *name,
                                enum overlay_layer from, struct err *e);
/* Pops an environment, and pushes FILE's chunk as a function with it as its _ENV. Raises
 * kind script with file and line for a syntax error. Bytecode is loaded only when foyer
 * made it. */
void parts_load(lua_State *L, struct overlay_file *file);
/* Pops the std table, which each part gets as its argument. Once in each state, before
 * parts_push. */
void parts_set_std(lua_State *L);
/* Pushes the value of the part NAME (lua/std/NAME.lua), which is loaded at its first use
 * in this state. */
void parts_push(lua_State *L, const char *name);

#endif
