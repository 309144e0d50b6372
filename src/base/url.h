/* url: percent-encoding (RFC 3986), and the parts of a URL. */
#ifndef FOYER_URL_H
#define FOYER_URL_H

#include <stddef.h>

#include "base/buf.h"

/* Appends S, a path segment or a part of a query, with all but A-Z a-z 0-9 - . _ ~
 * encoded. Returns -1 past OUT's maximum. */
int url_add_escaped(struct buf *out, const char *s, size_t len);
/* Decodes S into OUT, which has LEN bytes, and returns the length. Keeps '+'. Returns -1
 * when a '%' is not followed by two hexadecimal digits. */
long url_unescape(const char *s, size_t len, char *out);

/* The parts of an absolute http or https URL, made by io/url_parse. */
struct url_parts {
    char *scheme, *host; /* owned, lower case; an IPv6 address in brackets */
    int port;            /* the scheme's default when the URL names none */
    int port_given;
    const char *rest; /* "", or path, query and fragment; borrowed from the URL */
};
void url_parts_fini(struct url_parts *u);

#endif
