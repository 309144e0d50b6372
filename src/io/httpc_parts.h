/* httpc_parts: a multipart/form-data body that libcurl reads from the caller's memory.
 * Only for httpc. */
#ifndef FOYER_HTTPC_PARTS_H
#define FOYER_HTTPC_PARTS_H

#include <curl/curl.h>

#include "io/httpc.h"

struct httpc_parts;

/* Borrows the data of PARTS until httpc_parts_free, which must come before the end of
 * EASY. Returns NULL without memory. */
struct httpc_parts *httpc_parts_new(CURL *easy, const struct httpc_part *parts, size_t n);
void httpc_parts_free(struct httpc_parts *p); /* NULL is fine */
/* Returns the value for CURLOPT_MIMEPOST. */
curl_mime *httpc_parts_mime(struct httpc_parts *p);

#endif
