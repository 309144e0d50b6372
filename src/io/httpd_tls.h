/* httpd_tls: a server's certificate and key, and connections that speak TLS with it. Only
 * for httpd. */
#ifndef FOYER_HTTPD_TLS_H
#define FOYER_HTTPD_TLS_H

#include <openssl/ssl.h>

#include "base/err.h"
#include "io/httpd.h"

struct bufferevent;
struct event_base;

/* Reads both files. ERR_SETTINGS when one is unreadable, holds nothing of use, or they
 * do not belong together. */
SSL_CTX *httpd_tls_load(const struct httpd_tls *files, struct err *e);
/* Speaks TLS on FD, which it takes over. */
struct bufferevent *httpd_tls_accept(SSL_CTX *tls, struct event_base *base, int fd);
/* Says that nothing more follows, so that the other end knows an answer from a part. */
void httpd_tls_end(struct bufferevent *bev);

#endif
