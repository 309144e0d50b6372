/* http1: reads HTTP/1.1 requests (RFC 9110, 9112) out of memory, strictly.
 *
 * It knows no socket and no clock: bytes go in, in pieces of any size, and a request
 * comes out whole, or a refusal. The same bytes give the same result however they are
 * cut. What two readers could take for two different requests is refused. */
#ifndef FOYER_HTTP1_H
#define FOYER_HTTP1_H

#include <stddef.h>

#include "base/buf.h"

struct http1_limits {
    size_t head_max; /* bytes of a head, line ends included; as many again may its chunks'
                        extensions and its trailer fields have */
    size_t body_max; /* bytes of a body without its framing */
};

enum http1_state {
    HTTP1_START,  /* no byte of the next request has come */
    HTTP1_HEAD,   /* the head is incomplete */
    HTTP1_BODY,   /* the head is good, the body is incomplete */
    HTTP1_WHOLE,  /* a request is ready */
    HTTP1_REFUSED /* nothing more can be read from this connection */
};

/* The reader of one connection. Only http1.c looks inside. */
struct http1 {
    struct http1_limits limits;
    struct buf head; /* method, path, query, then names and values: C strings in a row */
    struct buf body;
    size_t line; /* offset in head of the line that is being read */
    size_t path, query, fields, fields_end; /* offsets in head */
    size_t spent;                           /* bytes that count against head_max */
    size_t left; /* bytes still due of the body, or of the chunk */
    const char *why;
    int status, step, empty_lines;
    unsigned has_cr : 1, has_host : 1, has_length : 1, is_chunked : 1, is_old : 1,
        expects : 1, is_unmet : 1, says_close : 1, says_keep : 1;
};

/* H owns memory only from the first byte of a request to http1_next or http1_free. */
void http1_init(struct http1 *h, const struct http1_limits *limits);
void http1_free(struct http1 *h);
/* Forgets the request that is whole and expects the next one. */
void http1_next(struct http1 *h);

/* Reads from DATA and returns how many bytes it used: all of them, unless the state is
 * HTTP1_WHOLE or HTTP1_REFUSED then. */
size_t http1_read(struct http1 *h, const char *data, size_t len);
enum http1_state http1_state(const struct http1 *h);
/* Returns 1 when a byte of a request has come: empty lines before it do not count. */
int http1_has_begun(const struct http1 *h);
/* Returns 1, once a request, when the client waits for "100 Continue": its head is good,
 * a body is due and no byte of it has come. */
int http1_take_continue(struct http1 *h);

/* When it is refused: the status to answer with (400, 413, 414, 417, 431, 501 or 505),
 * and the reason, a static text such as "it has two Host fields". */
int http1_status(const struct http1 *h);
const char *http1_why(const struct http1 *h);

/* Of a request that is whole. The strings live until http1_next or http1_free; none holds
 * a control character but tab. */
const char *http1_method(const struct http1 *h);
/* The target as it was sent, still percent-encoded, without query and authority: begins
 * with '/', or is "*". */
const char *http1_path(const struct http1 *h);
/* Without '?'; "" when there is none. */
const char *http1_query(const struct http1 *h);
/* Returns the value of the first field NAME (in any case), or NULL. */
const char *http1_field(const struct http1 *h, const char *name);
/* Walks over the fields in their order: NULL for PREVIOUS begins; returns the next name
 * and its value, or NULL at the end. */
const char *http1_next_field(const struct http1 *h, const char *previous,
                             const char **value);
/* Returns 1 when the client does not close after this request. */
int http1_keeps_alive(const struct http1 *h);
/* Returns 1 for a HEAD request, also when it is refused: its answer has no body. */
int http1_is_head(const struct http1 *h);
/* Returns 1 for HTTP/1.0, which keeps a connection only when the answer says so too. */
int http1_is_old(const struct http1 *h);

/* Returns 1 when NAME and VALUE make a well-formed field. */
int http1_is_field(const char *name, const char *value);

#endif
