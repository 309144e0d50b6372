/* exchange: one HTTP request of a script and its answer, from the checked arguments to
 * the bytes that the journal records. It decides where a request may go, adds
 * credentials, follows a 301 with method and body kept, and tells retryable from final
 * from uncertain. */
#ifndef FOYER_EXCHANGE_H
#define FOYER_EXCHANGE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/connection.h"
#include "core/mask.h"
#include "vm/packed.h"
#include "vm/run.h"

enum exchange_mode { EXCHANGE_VERB, EXCHANGE_REQUEST, EXCHANGE_PAGE };

struct exchange { /* a userdata: exchange_fini is its __gc */
    struct run *run;
    enum exchange_mode mode;
    char *method, *url, *what; /* owned; WHAT is for errors: no query, no secret */
    char **headers;            /* "Name: value", owned, without the credentials */
    size_t nheaders;
    struct buf body;
    int has_body;
    struct httpc_part *parts; /* names, filenames and plain values owned */
    size_t nparts;
    json_t *form;      /* the table that the parts were made of; NULL: it has none */
    int reads;         /* 1: GET, HEAD, or a request declared so */
    int raw;           /* 1: never decode */
    int secret_header; /* 1: a header's value is a secret: no redirect to another host */
    int secret;        /* 1: the URL's path is a secret, a redirected one's too */
    struct mask sent;  /* the secret values that it sends: no answer shows them */

    const struct connection *connection; /* whose token goes along; NULL: none */
    const json_t *connector;             /* of that connection */
    int allow_private;

    struct httpc_call *call;
    void *pending;       /* waits for the host's leave */
    void *committing;    /* waits for the keeper */
    struct err *refusal; /* what ends it when it may not be sent again; NULL: none */
    int redirects, seq;
    int refused;       /* 401s so far: one is asked again */
    int64_t began_us;  /* when it first asked for leave */
    int64_t version;   /* of the token that it was sent with */
    struct buf packed; /* the outcome: see vm/packed.h */
};

void exchange_init(struct exchange *x, struct run *run);
void exchange_fini(struct exchange *x);
void exchange_add_header(struct exchange *x, const char *name, const char *value);
/* Sets url, what, connection and allow_private from TARGET: a path of APP's connection
 * (APP "" : none), or an absolute URL on one of its hosts or the client's. FORBIDDEN
 * names the host and where to allow it. */
int exchange_resolve(struct exchange *x, const char *target, const char *app, int secret,
                     struct err *e);
/* Sends; then the run is made ready with `packed` filled and the step ended, or failed.
 */
int exchange_send(struct exchange *x, struct err *e);

/* Makes E the outcome in place of an answer. */
void exchange_pack_error(struct exchange *x, const struct err *e);
/* Ends the step with the outcome, or with the reason why that is too large. */
int exchange_end(struct exchange *x, struct err *e);

#endif
