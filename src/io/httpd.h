/* httpd: the HTTP/1.1 server: http1's strict reader on libevent's sockets, with limits.
 * It routes nothing and answers nothing of its own but what it refuses: a request that is
 * malformed, ambiguous, too large or too slow never reaches the handler. */
#ifndef FOYER_HTTPD_H
#define FOYER_HTTPD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/loop.h"

struct httpd;
struct httpd_request; /* from the handler until httpd_reply or httpd_drop */

struct httpd_limits {    /* none may be 0 */
    size_t body_max;     /* bytes; past it the answer is 413 */
    size_t headers_max;  /* bytes, the request line too; past it the answer is 431, or 414
                            for a target that is too long */
    int connections_max; /* past it the one that has been idle longest is closed; when
                            all are at work, new ones wait in the kernel */
    int64_t request_ms; /* for each of: a connection's first byte, a request's whole head,
                           its whole body. Later: 408 and the end */
    int64_t idle_ms;    /* between two requests, or while a client takes no more of an
                           answer. Later: the end */
};

struct httpd_tls {    /* PEM files */
    const char *cert; /* the certificate, then those that lead to its issuer */
    const char *key;  /* its private key, without a passphrase */
};

struct httpd_header {
    const char *name, *value;
};

typedef void httpd_handler(void *arg, struct httpd_request *r);

/* LISTEN is "127.0.0.1:8080", "[::1]:0" or "localhost:0"; port 0 takes a free one.
 * Methods: GET HEAD POST PUT PATCH DELETE OPTIONS; others are answered with 501. */
struct httpd *httpd_open(struct loop *loop, const char *listen,
                         const struct httpd_limits *limits, httpd_handler *handler,
                         void *arg, struct err *e);
/* The same on FD, a TCP socket that listens, which is taken over. What others who hold it
 * do with it is theirs: connections wait in it while nobody here accepts them. */
struct httpd *httpd_open_fd(struct loop *loop, int fd, const struct httpd_limits *limits,
                            httpd_handler *handler, void *arg, struct err *e);
/* From now on accepted connections speak TLS (1.2 or later) with these files, which are
 * read at once: right after httpd_open, before the loop runs, and again when they were
 * renewed; those that are open go on with what they have. On failure (ERR_SETTINGS:
 * unreadable, or not belonging together) everything stays as it was. */
int httpd_set_tls(struct httpd *d, const struct httpd_tls *files, struct err *e);
/* The first half of a graceful end: takes what waits to be accepted, closes the listening
 * socket and the connections that wait for a next request. What has begun is read and
 * answered, the last answer of its connection; who has connected and not said a word has
 * a second more. Then, when httpd_busy is 0, httpd_close. */
void httpd_stop_accepting(struct httpd *d);
/* Requests begun, or handed out, whose answers have not been written to the end; a client
 * that has gone meanwhile makes no difference until its request is answered. At the end
 * also what may still begin: connections that have not said a word yet. */
int httpd_busy(const struct httpd *d);
/* Drops what is unanswered. */
void httpd_close(struct httpd *d);
/* "127.0.0.1:34567": where it really listens. */
const char *httpd_address(const struct httpd *d);

const char *httpd_method(const struct httpd_request *r);
/* The raw request target without its query: still percent-encoded. */
const char *httpd_path(const struct httpd_request *r);
/* The raw query without '?', "" when there is none. */
const char *httpd_query(const struct httpd_request *r);
const char *httpd_header_get(const struct httpd_request *r, const char *name);
void httpd_each_header(const struct httpd_request *r,
                       void (*fn)(void *arg, const char *name, const char *value),
                       void *arg);
/* 1 when the other end is this machine, by a loopback address: a person here, or a proxy
 * that runs here and speaks for anybody. */
int httpd_is_local(const struct httpd_request *r);
/* LEN bytes, without a NUL behind them. */
const char *httpd_body(const struct httpd_request *r, size_t *len);

/* Both end R, at once or at any later time, on the loop's thread. Until then nothing more
 * is read from its connection; if the client has gone meanwhile, they only free R.
 * Headers and body are copied; Content-Length is added, and Date where HEADERS
 * have none. */
void httpd_reply(struct httpd_request *r, int status, const struct httpd_header *headers,
                 size_t nheaders, const void *body, size_t len);
/* Closes the connection without an answer. */
void httpd_drop(struct httpd_request *r);

#endif
