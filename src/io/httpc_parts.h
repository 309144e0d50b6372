/* httpc_parts: a multipart/form-data body that libcurl reads from the caller's memory.
 * Only for httpc. */
#ifndef FOYER_HTTPC_PARTS_H
#define FOYER_HTTPC_PARTS_H

#include <curl/curl.h>

#include "io/httpc.h"

/* Returns the value for CURLOPT_MIMEPOST. Borrows the data of PARTS until curl_mime_free,
 * which must come before the end of EASY. */
curl_mime *httpc_parts_new(CURL *easy, const struct httpc_part *parts, size_t n);

#endif
