/* redirect: where the Location of an HTTP answer leads. Pure functions over addresses. */
#ifndef FOYER_REDIRECT_H
#define FOYER_REDIRECT_H

/* The address that the answer LOCATION to URL leads to, as a new string. A merged
 * conversation answers 301 on its own path and on those below it: where LOCATION names an
 * id behind PREFIX (such as "cnv_"; NULL: none) as URL does, the id is exchanged and the
 * rest of URL kept. */
char *redirect_url(const char *url, const char *location, const char *prefix);
/* 1: two absolute addresses of the same scheme, host and port as they are written. */
int redirect_is_same_place(const char *a, const char *b);
/* LOCATION for a person, as a new string: without its query, printable; with HIDDEN 1
 * without its path. */
char *redirect_shown(const char *location, int hidden);

#endif
