/* lua_text: writes JSON trees as the text of Lua tables, for files that people read and
 * change. */
#ifndef FOYER_LUA_TEXT_H
#define FOYER_LUA_TEXT_H

#include <jansson.h>

#include "base/buf.h"

/* The key of the member that is a table's first item: { "string", required = true }. */
#define LUA_TEXT_FIRST ""

/* Appends S as a quoted Lua text. */
void lua_text_quote(struct buf *out, const char *s);
/* Appends KEY as it stands before " = ": as a name, or as ["…"]. */
void lua_text_key(struct buf *out, const char *key);
/* Appends VALUE, which begins INDENT spaces from the left: in one line where it fits,
 * else one member a line. null is nil. */
void lua_text_value(struct buf *out, const json_t *value, int indent);
/* Appends the members of OBJECT, a line or more each, as "key = value,", aligned. */
void lua_text_members(struct buf *out, const json_t *object, int indent);

#endif
