/* text: what templates and recipes do to text meant for people: HTML in and out, cutting.
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
/* The text of HTML: tags, comments, scripts and styles gone, entities decoded, each run
 * of white space one space, none at the ends; a block's border counts as white space. OUT
 * holds LEN bytes; returns the length. Linear in LEN whatever the markup. */
size_t text_from_html(const char *html, size_t len, char *out);
/* The bytes of the first N characters of UTF-8; *CUT is 1 when that is not all. */
size_t text_prefix(const char *s, size_t len, size_t n, int *cut);
/* Moves *S and *LEN past ASCII white space at both ends. */
void text_trim(const char **s, size_t *len);

#endif
