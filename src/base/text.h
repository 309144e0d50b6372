/* text: escapes and cuts text that people will read. */
#ifndef FOYER_TEXT_H
#define FOYER_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* Appends S with & < > " and ' escaped. Returns -1 past OUT's maximum. */
int text_add_html(struct buf *out, const char *s, size_t len);
/* Appends plain text as HTML: <p>...</p> between blank lines, <br> at other line ends.
 * Returns -1 past OUT's maximum. */
int text_add_paragraphs(struct buf *out, const char *s, size_t len);
/* Returns the length of the first N characters of UTF-8. *CUT becomes 1 when S is longer.
 */
size_t text_prefix(const char *s, size_t len, size_t n, int *cut);
/* Moves *S and *LEN past ASCII white space at both ends. */
void text_trim(const char **s, size_t *len);

#endif
