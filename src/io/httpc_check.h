/* httpc_check: checks a request before libcurl sees it, and makes its URL fit for
 * sentences. Pure functions for httpc. */
#ifndef FOYER_HTTPC_CHECK_H
#define FOYER_HTTPC_CHECK_H

#include "base/err.h"
#include "io/httpc.h"

/* Returns "https://host:8080/path", at most 300 bytes, without user, query and fragment,
 * which may contain customers' data. The caller frees it. */
char *httpc_check_shown(const char *url);
/* Returns "host" or "[::1]", without user and port. The caller frees it. */
char *httpc_check_host(const char *url);
/* Returns -1 with ERR_INVALID when the method, URL or a header is malformed, or a header
 * is one that httpc sets itself. */
int httpc_check_request(const struct httpc_request *r, const char *shown, struct err *e);
/* Returns 1 for localhost and literal loopback addresses, which are never asked for
 * through a proxy. */
int httpc_check_is_loopback(const char *host);
/* Returns 1 when the URL's host is a literal private address, in any spelling that
 * libcurl accepts ("0x7f.1"). */
int httpc_check_is_private(const char *url);
/* Returns 1 when DIR has names like 4a6481c9.0, made by `openssl rehash`. */
int httpc_check_is_hashed_dir(const char *dir);

#endif
