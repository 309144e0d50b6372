/* httpd_listen: the listening socket of a server. Only for httpd. */
#ifndef FOYER_HTTPD_LISTEN_H
#define FOYER_HTTPD_LISTEN_H

#include <event2/listener.h>

#include "base/err.h"
#include "io/addr.h"

enum { HTTPD_ADDRESS_SIZE = ADDR_TEXT_SIZE + 10 };

/* Listens on WHERE: "127.0.0.1:8080", "[::1]:0" or "localhost:0". Returns NULL with
 * ERR_SETTINGS when it fails. */
struct evconnlistener *httpd_listen(struct event_base *base, const char *where,
                                    evconnlistener_cb accept, void *arg, struct err *e);
/* Does the same on FD, which listens already. Takes FD over, also on failure. */
struct evconnlistener *httpd_listen_fd(struct event_base *base, int fd,
                                       evconnlistener_cb accept, void *arg,
                                       struct err *e);
/* Writes the real address: "127.0.0.1:34567". */
void httpd_listen_address(struct evconnlistener *listener, char out[HTTPD_ADDRESS_SIZE]);

#endif
