/* data: reads settings and connectors: Lua files that return one table of plain data.
 * Each is evaluated in a state of its own that knows only `secret` and `env`, and that
 * has a limit of instructions and memory (core/limits.h). The result is a JSON tree, in
 * which a secret is {"$secret": NAME}: its value is never read here. */
#ifndef FOYER_DATA_H
#define FOYER_DATA_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "vm/overlay.h"

/* The table that TEXT returns, as a new reference. NAME ("clients/acme/client.lua") is
 * for messages. NULL with ERR_SETTINGS for a syntax error, a value that is not data, and
 * too much time or memory. */
json_t *data_load(const char *text, size_t len, const char *name, struct err *e);
/* The same for a file; a built-in one is loaded from its bytecode. */
json_t *data_load_file(const struct overlay_file *file, struct err *e);
/* Returns the text of a Lua file that data_load reads as TREE, which is objects of
 * objects of strings: the generated ids.lua. The caller frees it. */
char *data_format(const json_t *tree, const char *comment);

#endif
