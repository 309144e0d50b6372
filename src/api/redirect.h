/* redirect: the address that the Location of an HTTP answer leads to. Pure functions. */
#ifndef FOYER_REDIRECT_H
#define FOYER_REDIRECT_H

/* Returns the address that LOCATION, in an answer to URL, leads to, as a new string.
 * Front answers 301 for a merged conversation, on its path and on those below it (its
 * OpenAPI description; what the Location looks like is not documented). So where URL and
 * LOCATION both have an id that begins with PREFIX ("cnv_"; NULL: none), the result is
 * URL with the id of LOCATION. */
char *redirect_url(const char *url, const char *location, const char *prefix);
/* 1 when two absolute addresses have the same scheme, host and port, as written. */
int redirect_is_same_place(const char *a, const char *b);
/* LOCATION for messages, as a new string: printable, without its query, and with HIDDEN 1
 * without its path. */
char *redirect_shown(const char *location, int hidden);

#endif
