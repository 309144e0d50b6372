/* html_names: the named character references of HTML. */
#ifndef FOYER_HTML_NAMES_H
#define FOYER_HTML_NAMES_H

#include <stddef.h>

/* Finds the longest name at the start of S, the text after an "&". Returns its bytes,
 * with an optional semicolon, or 0. *TEXT becomes its characters in UTF-8, at most 1.2
 * times as long as the reference. */
size_t html_name(const char *s, size_t len, const char **text);

#endif
