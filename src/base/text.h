/* text: what templates and recipes do to text meant for people: making HTML of it,
 * cutting.
 */
#ifndef FOYER_TEXT_H
#define FOYER_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* Appends S with & < > " and ' escaped. -1 past OUT's maximum. */
int text_add_html(struct buf *out, const char *s, size_t len);
/* Appends plain text as HTML: blank lines separate <p>...</p>, other line ends become
 * <br>. -1 past OUT's maximum. */
int text_add_paragraphs(struct buf *out, const char *s, size_t len);
/* The bytes of the first N characters of UTF-8; *CUT is 1 when that is not all. */
size_t text_prefix(const char *s, size_t len, size_t n, int *cut);
/* Moves *S and *LEN past ASCII white space at both ends. */
void text_trim(const char **s, size_t *len);

#endif
