/* pinned: the settings that a run goes by. They are those that its first attempt saw,
 * also when the files have changed since. */
#ifndef FOYER_PINNED_H
#define FOYER_PINNED_H

#include <jansson.h>
#include <lua.h>

#include "base/err.h"

/* Returns what the run's pins have under NAME ("connector front"); when they have
 * nothing, notes TODAY there, and returns it. NULL for NULL. Borrowed. */
const json_t *pinned_tree(lua_State *L, const char *name, const json_t *today);
/* Return the settings of CLIENT, and those of foyer.lua that are in force for it (NULL:
 * for none), borrowed; NULL with E. Only the run's own client is pinned. */
const json_t *pinned_client(lua_State *L, const char *client, struct err *e);
const json_t *pinned_workspace(lua_State *L, const char *client, struct err *e);

#endif
