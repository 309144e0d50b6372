/* jsontree: parses all JSON texts that RFC 8259 allows into jansson trees, and reads
 * trees.
 *
 * jansson alone refuses integers beyond 64 bits, NUL in the names of members, and halves
 * of surrogate pairs. APIs and scripts can produce these. Here such an integer becomes
 * the nearest real, as in a script, a name keeps its NUL, and half a pair becomes U+FFFD.
 * json_object_getn finds a name with a NUL, json_object_keylen_foreach sees all of it,
 * json_dumps writes it; json_deep_copy loses it. */
#ifndef FOYER_JSONTREE_H
#define FOYER_JSONTREE_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Returns a new reference to the value of TEXT, of any type. Returns NULL with
 * ERR_INVALID, or ERR_LIMIT when it is nested too deeply: "line 3, column 14: …", without
 * a file's name. TEXT may be NULL, which gives NULL. */
json_t *jsontree_read(const char *text, size_t len, struct err *e);
/* Does the same for a C string. */
json_t *jsontree_reads(const char *text, struct err *e);
/* Appends TREE with sorted names, without spaces, and with the shortest numbers that read
 * back the same: json_dumps makes 19.989999999999998 of 19.99. Returns -1 past OUT's
 * maximum. */
int jsontree_write(struct buf *out, const json_t *tree);

/* Returns the value at a dotted path such as "handles.1.handle" (lists count from 1),
 * borrowed, or NULL. */
json_t *json_at(const json_t *tree, const char *path);
/* Returns the string at PATH, borrowed, or NULL when it is missing or not a string. */
const char *json_text(const json_t *tree, const char *path);
/* Returns the integer at PATH, or 0. */
json_int_t json_int(const json_t *tree, const char *path);
/* Returns the string at PATH, or FALLBACK. */
const char *json_text_or(const json_t *tree, const char *path, const char *fallback);
/* Returns the strings of LIST as "a, b and 3 more", a new text: at most MOST of them (0:
 * all), and one more instead of "and 1 more". */
char *json_join(const json_t *list, size_t most);

#endif
