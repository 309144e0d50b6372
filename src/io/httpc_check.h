/* httpc_check: what a request must look like before libcurl sees it, and how its URL is
 * written in sentences. Pure functions of httpc. */
#ifndef FOYER_HTTPC_CHECK_H
#define FOYER_HTTPC_CHECK_H

#include "base/err.h"
#include "io/httpc.h"

/* "https://host:8080/path": without user, query and fragment, which may hold customers'
 * data, and at most 300 bytes of it. The caller frees it. */
char *httpc_check_shown(const char *url);
/* "host" or "[::1]", without user and port; the caller frees it. */
char *httpc_check_host(const char *url);
/* ERR_INVALID when method, URL or a header is malformed or httpc's own business. */
int httpc_check_request(const struct httpc_request *r, const char *shown, struct err *e);
/* 1 for localhost and literal loopback addresses, which no proxy is asked for. */
int httpc_check_is_loopback(const char *host);
/* 1 when the URL's host is a literal private address, in any spelling that libcurl
 * understands ("0x7f.1"). */
int httpc_check_is_private(const char *url);
/* 1 when DIR holds names like 4a6481c9.0, as `openssl rehash` makes them. */
int httpc_check_is_hashed_dir(const char *dir);

#endif
