/* http1: reads HTTP/1.1 requests (RFC 9110, 9112) from memory, strictly.
 *
 * It uses neither sockets nor a clock. Bytes go in, in pieces of any size; a whole
 * request comes out, or a refusal. The result does not depend on how the bytes are cut.
 * It refuses what two readers could take for two different requests. */
#ifndef FOYER_HTTP1_H
#define FOYER_HTTP1_H

#include <stddef.h>

#include "base/buf.h"

struct http1_limits {
    size_t head_max; /* bytes of a head with its line ends; and as many again for the
                        extensions of the body's chunks and the trailer fields */
    size_t body_max; /* bytes of a body, without its framing */
};

enum http1_state {
    HTTP1_START,  /* no byte of the next request has come */
    HTTP1_HEAD,   /* the head is incomplete */
    HTTP1_BODY,   /* the head is complete, the body is not */
    HTTP1_WHOLE,  /* a request is ready */
    HTTP1_REFUSED /* nothing more can be read from this connection */
};

/* The reader of one connection. Its members belong to http1.c. */
struct http1 {
    struct http1_limits limits;
    struct buf head; /* method, path, query, then names and values: C strings */
    struct buf body;
    size_t line;                            /* offset in HEAD of the current line */
    size_t path, query, fields, fields_end; /* offsets in HEAD */
    size_t spent;                           /* bytes that count against head_max */
    size_t left; /* bytes of the body, or of the chunk, that are still to come */
    const char *why;
    int status, step, empty_lines;
    unsigned has_cr : 1, has_host : 1, has_length : 1, is_chunked : 1, is_old : 1,
        expects : 1, is_unmet : 1, says_close : 1, says_keep : 1;
};

/* H owns memory only from the first byte of a request until http1_free. */
void http1_init(struct http1 *h, const struct http1_limits *limits);
void http1_free(struct http1 *h);

/* Reads from DATA and returns how many bytes it used: all, unless the state is
 * HTTP1_WHOLE or HTTP1_REFUSED afterwards. */
size_t http1_read(struct http1 *h, const char *data, size_t len);
enum http1_state http1_state(const struct http1 *h);
/* Returns 1 when a byte of a request has come. Empty lines before it do not count. */
int http1_has_begun(const struct http1 *h);
/* Returns 1, once a request, when the client waits for "100 Continue": the head is valid,
 * and a body is announced of which no byte has come. */
int http1_take_continue(struct http1 *h);

/* After a refusal: the status to answer with (400, 413, 414, 417, 431, 501 or 505), and
 * the reason, a static text such as "it has two Host fields". */
int http1_status(const struct http1 *h);
const char *http1_why(const struct http1 *h);

/* The parts of a whole request. The strings live until http1_free. They
 * contain no control characters but tabs. */
const char *http1_method(const struct http1 *h);
/* Returns the target as it was sent, percent-encoded, without query and authority. It
 * begins with '/', or is "*". */
const char *http1_path(const struct http1 *h);
/* Returns the query without '?', or "". */
const char *http1_query(const struct http1 *h);
/* Returns the value of the first field NAME (in any case), or NULL. */
const char *http1_field(const struct http1 *h, const char *name);
/* Iterates over the fields in their order. PREVIOUS is NULL for the first one. Returns
 * the next name and sets its value, or returns NULL at the end. */
const char *http1_next_field(const struct http1 *h, const char *previous,
                             const char **value);
/* Returns 1 when the client keeps the connection open after this request. */
int http1_keeps_alive(const struct http1 *h);
/* Returns 1 for a HEAD request, also a refused one: its answer has no body. */
int http1_is_head(const struct http1 *h);
/* Returns 1 for HTTP/1.0, where only a header in the answer keeps the connection. */
int http1_is_old(const struct http1 *h);

/* Returns 1 when NAME and VALUE make a well-formed field. */
int http1_is_field(const char *name, const char *value);

#endif
