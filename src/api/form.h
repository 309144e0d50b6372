/* form: a Lua table as multipart/form-data fields, as Front reads them: a list is `to[]`,
 * a list of tables `handles[0][source]`, a nested table `options[archive]`. (Front's
 * documentation of attachments.) */
#ifndef FOYER_FORM_H
#define FOYER_FORM_H

#include <lua.h>

#include "api/exchange.h"

/* Appends the fields of the table at IDX to X's parts, in the order of the keys, and sets
 * X's form to a tree of the table. Raises for values that a form cannot contain. */
void form_flatten(lua_State *L, int idx, struct exchange *x);

#endif
