/* url_parse: which host a URL names, read by libcurl's URL API (libcurl-url(3)), the same
 * parser that the request is sent with. What decides where a token may go uses this. */
#ifndef FOYER_URL_PARSE_H
#define FOYER_URL_PARSE_H

#include "base/err.h"
#include "base/url.h"

/* Reads an http or https URL into OUT, which url_parts_fini frees. Returns -1 with
 * ERR_INVALID, and leaves OUT empty, for a URL that libcurl refuses, that holds a user or
 * password, or whose host is spelled in another way than libcurl reads it ("0x7f.1",
 * "%61.example"). */
int url_parse(const char *url, struct url_parts *out, struct err *e);
/* Returns 1 when S has neither spaces nor control characters. */
int url_is_clean(const char *s);
/* Returns the host that libcurl connects to for URL, in its own spelling ("127.0.0.1" for
 * "0x7f.1"), also beside a user or password; "" when it refuses the URL. The caller frees
 * it. */
char *url_host(const char *url);

#endif
