/* lua_lines: finds the line of a field in a script's source, for messages. It reads Lua
 * as text (strings, comments, brackets, blocks) and runs nothing. Source that Lua would
 * refuse gives some line, not an error. */
#ifndef FOYER_LUA_LINES_H
#define FOYER_LUA_LINES_H

#include <stddef.h>

/* Returns the line, from 1, of the field at PATH in the table that the source returns:
 * `return {...}`, `return super {...}` or `return super({...})`. A path is
 * "input.conversation_id.required", "recipes.first-reply.author", "hosts.2" or "hosts[2]"
 * (from 1), `a["b c"]`. Of a path that is there in part, the line of the last part that
 * is; of one that is not, the line of the `return`, or 1. */
int lua_lines_line(const char *src, size_t len, const char *path);

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
