/* jsontree: JSON text as a jansson tree, whatever of RFC 8259 the text uses.
 *
 * jansson alone refuses integers beyond 64 bits, NUL in the names of members and halves
 * of surrogate pairs, which an API may send and a script may return. Here such an integer
 * becomes the nearest real, as it does in a script; a name keeps its NUL; half a pair
 * becomes U+FFFD. A name with a NUL is found by json_object_getn and seen whole by
 * json_object_keylen_foreach; json_dumps writes it as it was, json_deep_copy loses it. */
#ifndef FOYER_JSONTREE_H
#define FOYER_JSONTREE_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/* A new reference to the value that TEXT holds, of any type. NULL with E (ERR_INVALID, or
 * ERR_LIMIT where it is nested too deeply): "line 3, column 14: …", without a name. TEXT
 * may be NULL: NULL. */
json_t *jsontree_read(const char *text, size_t len, struct err *e);
/* The same of a C string. */
json_t *jsontree_reads(const char *text, struct err *e);

/* The value at a dotted path, "handles.1.handle" (a list counts from 1), borrowed, or
 * NULL. */
json_t *json_at(const json_t *tree, const char *path);
/* The string there, borrowed, or NULL when the value is missing or not a string. */
const char *json_text(const json_t *tree, const char *path);
/* The same, or FALLBACK instead of NULL. */
const char *json_text_or(const json_t *tree, const char *path, const char *fallback);

#endif
