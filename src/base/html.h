/* html: the text of HTML, read as the tokenizer of the HTML Standard does (13.2.5).
 *
 * No tree is built. Building one as the standard says costs quadratic time and memory: 40
 * KB of unclosed <b> and <p> take gumbo 0.10.1 3.3 GB, and 1 MB of <div> more than a
 * minute. */
#ifndef FOYER_HTML_H
#define FOYER_HTML_H

#include <stddef.h>

/* The bytes that html_text writes at most for LEN bytes of HTML. */
#define HTML_TEXT_MAX(len) ((len) + (len) / 5)

/* Writes the text of HTML to OUT: tags, comments, scripts, styles and the title left out,
 * character references decoded, each run of white space as one space, none at the ends.
 * The border of a block counts as white space. Bytes that are no UTF-8 stay. Returns the
 * bytes written; OUT holds HTML_TEXT_MAX(LEN). Needs no other memory, and time linear in
 * LEN. */
size_t html_text(const char *html, size_t len, char *out);

#endif
