/* handles: the values of a script that plain Lua lacks: json.null, marked arrays, secrets
 * and files. A secret and a file are opaque userdata; tostring shows "secret NAME" or
 * "file NAME". */
#ifndef FOYER_HANDLES_H
#define FOYER_HANDLES_H

#include <lua.h>
#include <stddef.h>

#include "base/buf.h"

/* Makes the metatables, once in each state. */
void handles_open(lua_State *L);

void handles_push_null(lua_State *L); /* json.null */
int handles_is_null(lua_State *L, int idx);
void handles_mark_array(lua_State *L,
                        int idx); /* sets the array metatable: encodes as [] when empty */
int handles_is_marked(lua_State *L, int idx);
const void *handles_array_metatable(lua_State *L); /* its lua_topointer */

/* Handles: opaque userdata; tostring shows "secret NAME" or "file NAME". A secret's value
 * never enters the VM. BEFORE ("" for none) is text that stands before the value where it
 * is used, such as "Bearer ". */
void handles_push_secret(lua_State *L, const char *name, const char *before);
/* Its name, or NULL; and what stands before it. Both live as long as the value. */
const char *handles_to_secret(lua_State *L, int idx);
const char *handles_secret_before(lua_State *L, int idx);
/* What may stand before a secret: text without control characters, of 1 KiB at most. */
int handles_is_before(const char *s, size_t len);
/* A file's bytes are the caller's (the run's); ID is the run's index of it. */
void handles_push_file(lua_State *L, int id, const char *name);
int handles_to_file(lua_State *L, int idx, const char **name); /* its id, or -1 */

/* A growing buffer owned by a userdata that is pushed on the stack: survives longjmp. */
struct buf *handles_push_buf(lua_State *L, size_t max);

#endif
