/* httpc: the HTTP/1.1 client: libcurl's multi interface on the loop.
 *
 * At most max_active requests are sent at the same time; the others wait in order. It
 * does not follow redirects, always verifies TLS, and uses only a proxy that the
 * configuration names. It asks for compressed answers and decodes them. It knows nothing
 * of Lua, tokens or Front. */
#ifndef FOYER_HTTPC_H
#define FOYER_HTTPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/loop.h"

struct httpc;
struct httpc_call; /* owned by httpc until its callback returns */

struct httpc_config {
    int max_active;     /* requests at the same time; 0: 64 */
    int64_t connect_ms; /* to connect, with name lookup and TLS; 0: 5 s */
    int64_t total_ms;   /* from its start, or from httpc_go, to the answer's last byte; 0:
                           30 s */
    size_t answer_max;  /* bytes of an answer's decoded body; 0: 16 MiB */
    const char *proxy;  /* NULL: none, even if the environment names one. Never used for
                           loopback addresses */
    const char *ca_dir; /* a hashed directory of trusted certificates, or one PEM file;
                           NULL: /etc/ssl/certs if it is such a directory */
};

struct httpc_part { /* one field of multipart/form-data; everything is borrowed until the
                       callback */
    const char *name;
    const char *filename; /* NULL: a plain field */
    const char *type;     /* NULL: none */
    const void *data;
    size_t len;
};

struct httpc_piece { /* of an answer's body, decoded; borrowed */
    long status;
    const char *type; /* the Content-Type, or "" */
    int64_t total;    /* bytes of the whole body; -1: not known, or it was encoded */
    int is_first;     /* 1: of its body */
    const char *data;
    size_t len;
};

struct httpc_request {
    const char *method;         /* "GET", "DELETE", ...; all but HEAD may have a body */
    const char *url;            /* absolute http:// or https:// */
    const char *shown;          /* its name in errors; NULL: the URL without its query */
    const char *const *headers; /* "Name: value"; not those that frame a message */
    size_t nheaders;
    const void *body; /* borrowed until the callback; NULL: none */
    size_t body_len;
    const struct httpc_part *parts; /* instead of body */
    size_t nparts;
    int64_t total_ms;  /* 0: the configuration's */
    size_t answer_max; /* 0: the configuration's */
    int fresh; /* never on a reused connection, because libcurl sends a request again,
                  even a POST, when a reused connection ends before the first byte of the
                  answer. Always so for methods other than GET and HEAD */
    void (*on_slot)(
        void *arg); /* if set: called from the loop, with the ARG of DONE, when the
                       request gets its slot. The request then keeps the slot, without a
                       connection, until httpc_go or httpc_cancel. Meanwhile it does not
                       keep loop_run running */
    /* if set: called, with the ARG of DONE, on an open connection right before the first
     * byte of the request may be written, perhaps more than once. Returns 0; or not, and
     * the request is not sent (ERR_CONFLICT). Runs inside of libcurl: must not start or
     * cancel requests */
    int (*on_sending)(void *arg);
    /* if set: called, with the ARG of DONE, for each piece of the body, instead of
     * keeping it. What it returns for the first piece holds for all: 1 takes the body,
     * which then has no limit of size or time, but may not stand still for total_ms; 0
     * leaves it to be kept. -1: the request fails (ERR_NETWORK). Runs inside of libcurl:
     * must not start or cancel requests */
    int (*on_piece)(void *arg, const struct httpc_piece *piece);
    int allow_private; /* allows loopback, private and link-local addresses; else they are
                          refused at connect, whatever name led to them */
};

struct httpc_header {
    const char *name, *value; /* as received; the server chooses the name's case */
};

/* The result of a request, valid until the callback returns. */
struct httpc_answer {
    struct err err; /* ERR_NONE for a complete HTTP answer with any status. Else network,
                       timeout, limit (answer too large), unavailable (undecodable),
                       forbidden (address), conflict (on_sending), invalid (URL) or
                       settings (ca_dir is unreadable) */
    int sent;    /* 1: bytes of the request may have reached the server, so that a failed
                    write is uncertain. 0: certainly none */
    long status; /* 0 without an answer; on an error there are no headers and no body */
    /* without Content-Encoding and Content-Length when the body was decoded */
    const struct httpc_header *headers;
    size_t nheaders;
    const char *body; /* decoded; never NULL; a NUL follows it */
    size_t body_len;
    int is_taken;     /* 1: on_piece has the body */
    int64_t total_us; /* since its start or httpc_go */
};

typedef void httpc_done(void *arg, const struct httpc_answer *answer);

struct httpc *httpc_new(struct loop *loop, const struct httpc_config *config,
                        struct err *e);
/* Cancels all requests, without callbacks. Not from inside of a callback. */
void httpc_free(struct httpc *c);
/* Starts a request. Copies it, except for its body and parts. DONE runs on the loop,
 * never before this returns, and may start and cancel requests. Returns NULL when the
 * request is malformed (ERR_INVALID), or asks a proxy for a literal private address
 * (ERR_FORBIDDEN). */
struct httpc_call *httpc_start(struct httpc *c, const struct httpc_request *request,
                               httpc_done *done, void *arg, struct err *e);
/* Continues a request whose on_slot was called, from inside of it or later. */
void httpc_go(struct httpc_call *call);
/* Cancels a request; its callback will not run. Does nothing inside of its own callback.
 */
void httpc_cancel(struct httpc_call *call);
/* Drops the answer to the next request with METHOD (a literal): it fails as though the
 * connection had broken before the answer came. For a test of what follows. */
void httpc_lose_next(struct httpc *c, const char *method);
/* Returns the value of the first header NAME, in any case, or NULL. */
const char *httpc_header(const struct httpc_answer *answer, const char *name);

/* Returns the version of the libcurl that this process has loaded. */
const char *httpc_version(void);

#endif
