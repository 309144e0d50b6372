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

/* Marks the table at IDX by a metatable as an array: it is [] when it is empty. */
void handles_mark_array(lua_State *L, int idx);
int handles_is_marked(lua_State *L, int idx);
const void *handles_array_metatable(lua_State *L); /* its lua_topointer */

/* A secret is only a name: no state holds its value. BEFORE and BEHIND ("" for none) are
 * texts around the value where it is sent, such as "Bearer ": `..` joins them. */
void handles_push_secret(lua_State *L, const char *name, const char *before,
                         const char *behind);
/* The secret's name, or NULL for any other value; its BEFORE; its BEHIND. All live as
 * long as the userdata. */
const char *handles_to_secret(lua_State *L, int idx);
const char *handles_secret_before(lua_State *L, int idx);
const char *handles_secret_behind(lua_State *L, int idx);
/* 1 for text that may stand around a secret: UTF-8 without control characters, of 1 KiB
 * at most. */
int handles_is_around(const char *s, size_t len);

/* A file is the run's index of it; the run owns the bytes. */
void handles_push_file(lua_State *L, int id, const char *name);
/* The file's index, and its name where NAME is not NULL; -1 for any other value. */
int handles_to_file(lua_State *L, int idx, const char **name);

/* Set a field of the table on top. */
void handles_set_text(lua_State *L, const char *field, const char *text);
void handles_set_integer(lua_State *L, const char *field, lua_Integer n);
/* Sets all fields of the table at FROM into the table on top, without metamethods. */
void handles_copy_fields(lua_State *L, int from);

/* Pushes a zeroed userdata of SIZE bytes with the finalizer GC. NAME is its metatable's.
 */
void *handles_push_owned(lua_State *L, size_t size, const char *name, lua_CFunction gc);
/* Pushes a userdata that owns a growing buffer, so that an error raised by Lua does not
 * leak it. */
struct buf *handles_push_buf(lua_State *L, size_t max);
/* Pushes B's bytes as a string and frees B. Returns 1, for `return`. */
int handles_push_text(lua_State *L, struct buf *b);

#endif
