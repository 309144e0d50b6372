/* where: lines in a script's source, for messages that name file, line and field.
 *
 * It reads Lua as text (strings, comments, brackets, blocks) and runs nothing; source
 * that Lua would refuse gives some line, never an error. */
#ifndef FOYER_WHERE_H
#define FOYER_WHERE_H

#include <stddef.h>

/* The line, from 1, of the field at PATH in the table that the source returns:
 * `return {...}`, `return super {...}` or `return super({...})`. A path is
 * "input.conversation_id.required", "recipes.first-reply.author", "hosts.2" or "hosts[2]"
 * (from 1), `a["b c"]`. The line of the deepest part that is there; else that of the
 * `return`; else 1. */
int where_line(const char *src, size_t len, const char *path);

/* NAME, LEN: the literal between its quotes, in SRC; escapes are left as they are. */
typedef void (*where_fn)(void *arg, int line, const char *name, size_t len);
/* Calls FN for each call of CALLEE ("ctx.call", "ctx.template") whose first argument is
 * one literal string: ctx.call("NAME", ...) or ctx.call "NAME". */
void where_calls(const char *src, size_t len, const char *callee, where_fn fn, void *arg);

#endif
