/* yamltree: reads YAML texts into jansson trees, by libyaml. Plain words are null, true,
 * false and numbers as YAML 1.2's core schema has them; all else is text. */
#ifndef FOYER_YAMLTREE_H
#define FOYER_YAMLTREE_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/* Returns a new reference to the first document of TEXT. Names of members are text, also
 * 200. An alias is a copy of its anchor; `<<` merges. NULL with ERR_INVALID, or ERR_LIMIT
 * when it is nested too deeply or its aliases make it too large: "line 3, column 14: …",
 * without a file's name. */
json_t *yamltree_read(const char *text, size_t len, struct err *e);
/* Returns the version of libyaml. */
const char *yamltree_version(void);

#endif
