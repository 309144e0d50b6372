/* httpd: the HTTP/1.1 server: http1's strict reader on libevent's sockets, with limits.
 * It does not route. It answers only what it refuses: a malformed, ambiguous, too large
 * or too slow request never reaches the handler. */
#ifndef FOYER_HTTPD_H
#define FOYER_HTTPD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/loop.h"

struct httpd;
struct httpd_request; /* valid until httpd_reply or httpd_drop */

struct httpd_limits {    /* none may be 0 */
    size_t body_max;     /* bytes; for more, the answer is 413 */
    size_t headers_max;  /* bytes, with the request line; for more, the answer is 431, or
                            414 for a long target */
    int connections_max; /* for one more, the connection that was idle longest is closed;
                            when none is idle, new ones wait in the kernel */
    int64_t request_ms;  /* the time for a connection's first byte, for a request's head,
                            and for its body; then 408 and the end */
    int64_t idle_ms; /* the time between two requests, and while a client reads nothing of
                        an answer; then the end */
};

struct httpd_tls {    /* PEM files */
    const char *cert; /* the certificate, then those of its issuers */
    const char *key;  /* its private key, without a passphrase */
};

struct httpd_header {
    const char *name, *value;
};

typedef void httpd_handler(void *arg, struct httpd_request *r);

/* Listens on "127.0.0.1:8080", "[::1]:0" or "localhost:0"; port 0 is any free port.
 * Methods: GET HEAD POST PUT PATCH DELETE OPTIONS; the answer to others is 501. */
struct httpd *httpd_open(struct loop *loop, const char *listen,
                         const struct httpd_limits *limits, httpd_handler *handler,
                         void *arg, struct err *e);
/* Does the same on FD, a listening TCP socket, and takes it over. If other processes have
 * the socket too, connections may wait in it until one of them accepts. */
struct httpd *httpd_open_fd(struct loop *loop, int fd, const struct httpd_limits *limits,
                            httpd_handler *handler, void *arg, struct err *e);
/* Makes new connections speak TLS 1.2 or later with these files, which are read at once.
 * Called after httpd_open, before the loop runs, and again when the files were renewed;
 * open connections keep the old ones. On failure (ERR_SETTINGS: unreadable, or not a
 * pair) nothing changes. */
int httpd_set_tls(struct httpd *d, const struct httpd_tls *files, struct err *e);
/* Begins a graceful end: accepts the connections that wait, then closes the listening
 * socket and idle connections. Requests that have begun are read and answered, each the
 * last one of its connection. A client that has connected but sent nothing gets one more
 * second. When httpd_busy is 0, call httpd_close. */
void httpd_stop_accepting(struct httpd *d);
/* Counts the requests that have begun, or are with the handler, and whose answers are not
 * completely written, also when the client has closed the connection. After
 * httpd_stop_accepting it also counts connections without a byte. */
int httpd_busy(const struct httpd *d);
/* Closes everything. Drops unanswered requests. */
void httpd_close(struct httpd *d);
/* Returns the address where it listens: "127.0.0.1:34567". */
const char *httpd_address(const struct httpd *d);

const char *httpd_method(const struct httpd_request *r);
/* Returns the target without its query, percent-encoded as it was sent. */
const char *httpd_path(const struct httpd_request *r);
/* Returns the query as it was sent, without '?', or "". */
const char *httpd_query(const struct httpd_request *r);
const char *httpd_header_get(const struct httpd_request *r, const char *name);
void httpd_each_header(const struct httpd_request *r,
                       void (*fn)(void *arg, const char *name, const char *value),
                       void *arg);
/* Returns 1 when the client has a loopback address: a person on this machine, or a proxy
 * here that forwards for others. */
int httpd_is_local(const struct httpd_request *r);
/* Returns LEN bytes, without a NUL after them. */
const char *httpd_body(const struct httpd_request *r, size_t *len);

/* Both end R, at once or later, on the loop's thread. Until then nothing more is read
 * from its connection. If the client has closed it, they only free R. Headers and body
 * are copied. Content-Length is added, and Date if HEADERS have none. */
void httpd_reply(struct httpd_request *r, int status, const struct httpd_header *headers,
                 size_t nheaders, const void *body, size_t len);
/* Closes the connection without an answer. */
void httpd_drop(struct httpd_request *r);

#endif
