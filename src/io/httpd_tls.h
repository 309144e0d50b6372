/* httpd_tls: a server's certificate and key, and its TLS connections. Only for httpd. */
#ifndef FOYER_HTTPD_TLS_H
#define FOYER_HTTPD_TLS_H

#include <openssl/ssl.h>

#include "base/err.h"
#include "io/httpd.h"

struct bufferevent;
struct event_base;

/* Reads both files. Returns NULL with ERR_SETTINGS when one is unreadable or unusable, or
 * they do not belong together. */
SSL_CTX *httpd_tls_load(const struct httpd_tls *files, struct err *e);
/* Speaks TLS on FD and takes it over. */
struct bufferevent *httpd_tls_accept(SSL_CTX *tls, struct event_base *base, int fd);
/* Sends TLS's end of data, so that the client can tell a whole answer from a part. */
void httpd_tls_end(struct bufferevent *bev);

#endif
