/* printable: text as a terminal shows it: what of it may be printed, how wide it is.
 *
 * Names and messages come from remote companies and their customers' mails: none of it
 * may move the cursor, turn the line's direction or forge a line. Widths are those of
 * wcwidth in UTF-8: the process's LC_CTYPE is set for it when the first character that
 * is not ASCII is measured. */
#ifndef FOYER_PRINTABLE_H
#define FOYER_PRINTABLE_H

#include <stddef.h>

#include "base/buf.h"

/* Appends S as well-formed UTF-8: control characters become a space, what turns the
 * direction of writing is left out, malformed bytes become U+FFFD. With LINES newlines
 * and tabs stay. -1 past OUT's maximum. */
int printable_add(struct buf *out, const char *s, size_t len, int lines);
/* The same as a new string, without a maximum but LEN's; the caller frees it. */
char *printable_copy(const char *s, size_t len, int lines);
/* A JSON text in which such characters are escaped, as in "\u202e": it means the same.
 * The caller frees it. */
char *printable_json(const char *s, size_t len);
/* Columns that S takes. */
size_t printable_width(const char *s);
/* Cuts S in place to WIDTH columns (at least 1), the last one "…"; S has room for three
 * bytes more. */
void printable_cut(char *s, size_t width);

#endif
