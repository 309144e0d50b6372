/* data: settings and connectors: Lua files that return one table of plain data, evaluated
 * in a throw-away state with an empty environment (`secret` and `env` only; about 10 ms,
 * 1 MB) and handed out as a tree. A secret is {"$secret": NAME}: its value is never seen
 * here. */
#ifndef FOYER_DATA_H
#define FOYER_DATA_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "vm/overlay.h"

/* The table that TEXT returns, as a new reference. NAME ("clients/acme/client.lua") is
 * for messages. NULL with ERR_SETTINGS: syntax, a value that is no data, too much time or
 * memory. */
json_t *data_load(const char *text, size_t len, const char *name, struct err *e);
/* The same of a file, by its bytecode when it is built in. */
json_t *data_load_file(const struct overlay_file *file, struct err *e);
/* Writes TREE (objects of objects of strings) as a Lua file that data_load reads: the
 * generated ids.lua. The caller frees it. */
char *data_format(const json_t *tree, const char *comment);

#endif
