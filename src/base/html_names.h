/* html_names: the named character references of HTML. */
#ifndef FOYER_HTML_NAMES_H
#define FOYER_HTML_NAMES_H

#include <stddef.h>

/* Finds the longest name that S, the text behind an "&", begins with. Returns its bytes,
 * with the semicolon that may end it, and sets *TEXT to what it stands for: UTF-8, at
 * most 1.2 times as long as the reference. 0: no name. */
size_t html_name(const char *s, size_t len, const char **text);

#endif
