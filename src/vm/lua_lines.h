/* lua_lines: finds the line of a field in a script's source, for messages. It reads Lua
 * as text (strings, comments, brackets, blocks) and runs nothing. Source that Lua would
 * refuse gives some line, not an error. */
#ifndef FOYER_LUA_LINES_H
#define FOYER_LUA_LINES_H

#include <stddef.h>

#include "base/buf.h"

/* Returns the line, from 1, of the field at PATH in the table that the source returns:
 * `return {...}`, `return super {...}` or `return super({...})`. A path is
 * "input.conversation_id.required", "recipes.first-reply.author", "hosts.2" or "hosts[2]"
 * (from 1), `a["b c"]`. Of a path that is there in part, the line of the last part that
 * is; of one that is not, the line of the `return`, or 1. */
int lua_lines_line(const char *src, size_t len, const char *path);

/* Says what becomes of the field PATH, "front.company" (parts joined by dots), whose
 * value is the LEN bytes at VALUE. NULL: it stays, and the fields of a table are asked
 * for too;
 * "": it is left out, with its comma; else the text, borrowed, that replaces the value.
 */
typedef const char *(*lua_lines_edit_fn)(void *arg, const char *path, const char *value,
                                         size_t len);
/* Appends SRC to OUT with what EDIT says about the fields of the table that it returns.
 * A line that a field has for itself goes with it, with the comment at its end. Returns
 * -1 when OUT is full. */
int lua_lines_edit(const char *src, size_t len, lua_lines_edit_fn edit, void *arg,
                   struct buf *out);

enum lua_lines_kind {
    LUA_LINES_NAME,
    LUA_LINES_STRING,
    LUA_LINES_NUMBER,
    LUA_LINES_MARK,
    LUA_LINES_END /* of the source; no token that is handed out */
};

/* One token. A string's text is the source between its quotes, with its escapes. A mark
 * is one character, or "==". */
typedef void (*lua_lines_token_fn)(void *arg, enum lua_lines_kind kind, const char *s,
                                   size_t len, int line);
/* Calls FN for each token of SRC, without comments and white space. */
void lua_lines_tokens(const char *src, size_t len, lua_lines_token_fn fn, void *arg);

#endif
