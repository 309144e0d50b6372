/* lua_lines: lines in a script's source, for messages that name file, line and field.
 *
 * It reads Lua as text (strings, comments, brackets, blocks) and runs nothing; source
 * that Lua would refuse gives some line, never an error. */
#ifndef FOYER_LUA_LINES_H
#define FOYER_LUA_LINES_H

#include <stddef.h>

/* The line, from 1, of the field at PATH in the table that the source returns:
 * `return {...}`, `return super {...}` or `return super({...})`. A path is
 * "input.conversation_id.required", "recipes.first-reply.author", "hosts.2" or "hosts[2]"
 * (from 1), `a["b c"]`. The line of the deepest part that is there; else that of the
 * `return`; else 1. */
int lua_lines_line(const char *src, size_t len, const char *path);

enum lua_lines_kind {
    LUA_LINES_NAME,
    LUA_LINES_STRING,
    LUA_LINES_NUMBER,
    LUA_LINES_MARK
};

/* One token: a string's text is what stands between its quotes, escapes as they are; a
 * mark is one character, but "==". */
typedef void (*lua_lines_token_fn)(void *arg, enum lua_lines_kind kind, const char *s,
                                   size_t len, int line);
/* Calls FN for each token of SRC; comments and white space are left out. */
void lua_lines_tokens(const char *src, size_t len, lua_lines_token_fn fn, void *arg);

#endif
