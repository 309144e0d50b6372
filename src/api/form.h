/* form: a Lua table as multipart/form-data fields, as Front reads them: lists as `to[]`,
 * lists of tables as `handles[0][source]`, nested tables as `options[archive]`, files as
 * files (FACTS 7.4). */
#ifndef FOYER_FORM_H
#define FOYER_FORM_H

#include <lua.h>

#include "api/exchange.h"

/* Appends the fields of the table at IDX to X's parts, in key order, and keeps what the
 * table says in X's form. Raises on what a form cannot hold. */
void form_flatten(lua_State *L, int idx, struct exchange *x);

#endif
