/* html: extracts the text of HTML, tokenized as the HTML Standard says (13.2.5). For
 * previews: the text is never trusted.
 *
 * No tree is built. A tree as the standard builds it costs quadratic time and memory:
 * gumbo 0.10.1 takes 3.3 GB for 40 KB of unclosed <b> and <p>, and more than a minute for
 * 1 MB of <div>. */
#ifndef FOYER_HTML_H
#define FOYER_HTML_H

#include <stddef.h>

/* The most bytes that html_text writes for LEN bytes of HTML. */
#define HTML_TEXT_MAX(len) ((len) + (len) / 5)

/* Writes the text of HTML to OUT, which has HTML_TEXT_MAX(LEN) bytes, and returns its
 * length. Tags, comments, scripts, styles and the title are dropped, and character
 * references decoded. A run of white space becomes one space, and so does the border of a
 * block; none is at the start or end. Bytes that are not UTF-8 stay. Allocates nothing
 * and takes linear time. */
size_t html_text(const char *html, size_t len, char *out);

#endif
