/* httpc: the HTTP client, libcurl's multi interface on the loop, HTTP/1.1.
 *
 * At most max_active requests are live; the others wait their turn in order. It follows
 * no redirect, always verifies TLS, and uses a proxy only when the configuration names
 * one. It asks for compressed answers and decodes them. It knows nothing of Lua, tokens
 * or Front. */
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
    int max_active;     /* live easy handles; 0: 64 */
    int64_t connect_ms; /* to an open connection, names and TLS included; 0: 5 s */
    int64_t total_ms;   /* from admission, or from httpc_go, to the answer's last byte;
                           0: 30 s */
    size_t answer_max;  /* bytes of an answer's body, decoded; 0: 16 MiB */
    const char *proxy;  /* NULL: none, whatever the environment says. Loopback addresses
                           are never asked for through it */
    const char *ca_dir; /* a hashed directory of trusted certificates, or one PEM file;
                           NULL: /etc/ssl/certs where it is such a directory */
};

struct httpc_part { /* one multipart/form-data field; all borrowed until the callback */
    const char *name;
    const char *filename; /* NULL: a plain field */
    const char *type;     /* NULL: none */
    const void *data;
    size_t len;
};

struct httpc_request {
    const char *method;         /* "GET", "DELETE", ...; all but HEAD may have a body */
    const char *url;            /* absolute http:// or https:// */
    const char *shown;          /* what errors call it; NULL: the URL without its query */
    const char *const *headers; /* "Name: value"; not those that frame a message */
    size_t nheaders;
    const void *body; /* borrowed until the callback; NULL: none */
    size_t body_len;
    const struct httpc_part *parts; /* instead of body */
    size_t nparts;
    int64_t total_ms;  /* 0: the configuration's */
    size_t answer_max; /* 0: the configuration's */
    int fresh; /* never on a reused connection: libcurl repeats a request, POST too,
                  when a reused connection dies before the first byte. So are all but GET
                  and HEAD, asked or not */
    void (*on_slot)(void *arg); /* when set: called from the loop once the request has its
                                   slot, with the ARG of DONE; then it waits, holding the
                                   slot but no connection, for httpc_go or httpc_cancel.
                                   A held request does not keep loop_run going */
    void (*on_leave)(void *arg); /* when set: called, with the ARG of DONE, on a
                                    connection that is open, right before the first byte
                                    of the request can be written; perhaps more than once.
                                    It is inside libcurl: it starts and cancels nothing */
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
                       status; else network, timeout, limit (answer too large),
                       unavailable (it cannot be decoded), forbidden (address), invalid
                       (URL) or settings (ca_dir is unreadable) */
    int sent;    /* request bytes may have reached the server: with an error, a write is
                    uncertain. 0: certainly nothing left */
    long status; /* 0 when none arrived; with an error, headers and body are empty */
    /* without Content-Encoding and Content-Length when the body was decoded */
    const struct httpc_header *headers;
    size_t nheaders;
    const char *body; /* decoded; never NULL; a NUL follows it */
    size_t body_len;
    int64_t total_us; /* since admission or httpc_go */
};

typedef void httpc_done(void *arg, const struct httpc_answer *answer);

struct httpc *httpc_new(struct loop *loop, const struct httpc_config *config,
                        struct err *e);
/* Cancels what is in flight, without callbacks. Not from inside a callback. */
void httpc_free(struct httpc *c);
/* Copies the request except its body and parts. Never calls DONE before it returns; DONE
 * runs on the loop and may start and cancel requests. NULL when the request is malformed
 * (ERR_INVALID) or asks a proxy for a literal private address (ERR_FORBIDDEN). */
struct httpc_call *httpc_start(struct httpc *c, const struct httpc_request *request,
                               httpc_done *done, void *arg, struct err *e);
/* Lets a request go for which on_slot was called; inside it, or later. */
void httpc_go(struct httpc_call *call);
/* Forgets a request; its callback will not run. Inside its own callback: nothing. */
void httpc_cancel(struct httpc_call *call);
/* The first header NAME without regard to case, or NULL. */
const char *httpc_header(const struct httpc_answer *answer, const char *name);

/* The library's version, at run time. */
const char *httpc_version(void);

#endif
