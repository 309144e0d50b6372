/* printable: makes text safe for a terminal and measures its width.
 *
 * Names and messages come from other companies and their customers. Printed, such a text
 * must not move the cursor, change the writing direction or forge a line. Widths are
 * those of wcwidth in UTF-8: LC_CTYPE of the process is set when the first character
 * outside of ASCII is measured. */
#ifndef FOYER_PRINTABLE_H
#define FOYER_PRINTABLE_H

#include <stddef.h>

#include "base/buf.h"

/* Appends S as well-formed UTF-8. Control characters become a space, direction marks are
 * dropped, malformed bytes become U+FFFD. LINES keeps newlines and tabs. Returns -1 past
 * OUT's maximum. */
int printable_add(struct buf *out, const char *s, size_t len, int lines);
/* Does the same into a new string, which the caller frees. */
char *printable_copy(const char *s, size_t len, int lines);
/* Returns the JSON text with such characters escaped ("\u202e"), which does not change
 * its meaning. The caller frees it. */
char *printable_json(const char *s, size_t len);
/* Returns the columns that S takes. */
size_t printable_width(const char *s);
/* Cuts S in place to WIDTH columns (at least 1), with "…" as the last one. S needs room
 * for three more bytes. */
void printable_cut(char *s, size_t width);

#endif
