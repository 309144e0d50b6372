/* url: percent-encoding (RFC 3986). */
#ifndef FOYER_URL_H
#define FOYER_URL_H

#include <stddef.h>

#include "base/buf.h"

/* Appends S as one path segment, or one part of a query: all but A-Z a-z 0-9 - . _ ~ is
 * encoded. -1 past OUT's maximum. */
int url_add_escaped(struct buf *out, const char *s, size_t len);
/* Decodes into OUT, which holds LEN bytes, and returns the length; '+' stays. -1 when a
 * '%' has no two hexadecimal digits behind it. */
long url_unescape(const char *s, size_t len, char *out);

#endif
