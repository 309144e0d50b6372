/* httpc: the HTTP client, libcurl's multi interface on the loop, HTTP/1.1.
 *
 * At most max_active requests are live; the others wait their turn in order. It follows
 * no redirect, always verifies TLS, and uses a proxy only when the configuration names
 * one. It knows nothing of Lua, tokens or Front. */
#ifndef FOYER_HTTPC_H
#define FOYER_HTTPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/loop.h"

struct httpc;
struct httpc_call; /* one request in flight, owned by httpc until its callback returns */

struct httpc_config {
    int max_active;    /* live easy handles; 0 means 64 */
    const char *proxy; /* borrowed; NULL: no proxy, whatever the environment says */
    const char
        *ca_dir; /* borrowed; NULL: /etc/ssl/certs where it is a hashed directory */
};

struct httpc_part { /* one multipart/form-data field; all borrowed until the callback */
    const char *name;
    const char *filename; /* NULL: a plain field */
    const char *type;     /* NULL: none */
    const void *data;
    size_t len;
};

struct httpc_request {
    const char *method;         /* "GET", "DELETE", ...; any method may have a body */
    const char *url;            /* absolute http:// or https:// */
    const char *const *headers; /* "Name: value"; copied */
    size_t nheaders;
    const void *body; /* borrowed until the callback; NULL: none */
    size_t body_len;
    const struct httpc_part *parts; /* instead of body */
    size_t nparts;
    int fresh; /* never on a reused connection: libcurl repeats a request, POST too,
                  when a reused connection dies before the first byte */
    int allow_private; /* loopback, private and link-local addresses are allowed; else
                          such an address is refused at connect, whatever name led there
                        */
};

struct httpc_header {
    const char *name, *value; /* as received; the name's case is the server's */
};

/* What came of it. Everything in it is valid until the callback returns. */
struct httpc_answer {
    struct err err; /* kind ERR_NONE when a complete HTTP answer arrived, whatever its
                       status; else network, timeout, limit (answer too large), forbidden
                       (address) or invalid (URL) */
    int sent; /* request bytes may have reached the server: with an error, a write is
                 uncertain. 0: certainly nothing left (no connection was opened) */
    long status;
    const struct httpc_header *headers;
    size_t nheaders;
    const char *body;
    size_t body_len;
    int64_t total_us;
};

typedef void httpc_done(void *arg, const struct httpc_answer *answer);

struct httpc *httpc_new(struct loop *loop, const struct httpc_config *config,
                        struct err *e);
/* Cancels what is in flight, without callbacks. */
void httpc_free(struct httpc *c);
/* Never calls DONE before it returns. NULL when the request is malformed. */
struct httpc_call *httpc_start(struct httpc *c, const struct httpc_request *request,
                               httpc_done *done, void *arg, struct err *e);
/* Forgets a request; its callback will not run. */
void httpc_cancel(struct httpc_call *call);
/* The first header NAME without regard to case, or NULL. */
const char *httpc_header(const struct httpc_answer *answer, const char *name);

#endif
