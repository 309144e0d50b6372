/* exchange: one HTTP request of a script and its answer, from the checked arguments to
 * the bytes that the journal records. It decides where a request may go, adds
 * credentials, stores the intent of a write before it is sent, follows a 301, 307 or 308
 * with the same method and body, and sorts failures into retryable, final and uncertain.
 */
#ifndef FOYER_EXCHANGE_H
#define FOYER_EXCHANGE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/connection.h"
#include "core/mask.h"
#include "core/packed.h"
#include "api/merge.h"
#include "vm/run.h"

/* What the script gets: the body; {status, headers, body}; {results, next, total}; what
 * fits the body, for an action that only declares its request. */
enum exchange_mode { EXCHANGE_VERB, EXCHANGE_REQUEST, EXCHANGE_PAGE, EXCHANGE_DECLARED };

struct exchange { /* a userdata: exchange_fini is its __gc */
    struct run *run;
    enum exchange_mode mode;
    char *method, *url; /* owned */
    char *target, *app; /* owned: what url was made of */
    char *what;     /* owned: "GET /me" for errors and logs, without query or secret */
    char **headers; /* "Name: value", owned, without the credentials */
    size_t nheaders;
    struct buf body; /* as the journal has it: with handles instead of secrets */
    int has_body;
    int has_secrets;          /* 1: body is JSON of CONV_HANDLES, and `opened` is sent */
    char *opened;             /* owned, wiped; NULL: it was not sent yet */
    struct httpc_part *parts; /* names, filenames and plain values owned */
    size_t nparts;
    json_t *form;      /* what the parts were made of, for the journal; NULL: no parts */
    json_t *templates; /* names of what a write was made of; NULL: none */
    int reads;         /* 1: GET, HEAD, or a POST with reads = true; 0: a write */
    int raw;           /* 1: the answer is not decoded */
    int is_again;      /* 1: it may have been done before: that answer was lost */
    int is_file;       /* 1: the answer is a file, whatever its type */
    int secret_header; /* 1: a header or the body has a secret: no redirect to another
                          host */
    int secret;        /* 1: the URL's path is a secret, also after a redirect */
    struct mask sent;  /* the secret values that it sends, to be masked in the answer */

    const struct connection *connection; /* whose token is sent; NULL: none */
    const json_t *connector;             /* of that connection */
    int allow_private;

    struct httpc_call *call;
    void *pending;        /* the host's admit has not answered yet */
    void *committing;     /* the committer has not answered yet */
    struct err *refusal;  /* the last 429, or NULL */
    int redirects;        /* followed so far */
    int seq;              /* of its step; -1: none yet */
    int refused;          /* 401s so far */
    int late;             /* how often its intent was too old to be sent */
    enum run_send send;   /* what the committer answered last */
    int64_t began_us;     /* when it first asked to be sent, monotonic */
    int64_t version;      /* of the token that it was sent with */
    int64_t took_ms;      /* until its last answer; -1: it was not sent yet */
    int is_taken;         /* 1: the run's sink has the body */
    int64_t taken;        /* its bytes */
    struct err *untaken;  /* why the sink did not take it, or NULL */
    struct buf packed;    /* the outcome: see core/packed.h */
    struct merge *merge;  /* owned: what is read right before it is sent; NULL: nothing */
    struct exchange *get; /* owned: that read, the last one; NULL: none yet */
    struct exchange *owner; /* of such a read: its write; NULL: it is no such read */
};

void exchange_init(struct exchange *x, struct run *run);
void exchange_fini(struct exchange *x);
void exchange_add_header(struct exchange *x, const char *name, const char *value);
/* Sets url, what, connection, connector and allow_private from TARGET: a path of APP's
 * connection (APP "": none), or an absolute URL on a host of that connection or of the
 * client's settings. SECRET 1: TARGET is a secret, and no error shows its path.
 * ERR_FORBIDDEN names the host and the file that allows it. */
int exchange_resolve(struct exchange *x, const char *target, const char *app, int secret,
                     struct err *e);
/* Refuses new requests of a run whose client is connected to another company now: a run
 * stays in the company that it began in, where it can only replay. */
int exchange_check_company(const struct exchange *x, struct err *e);
/* Sends the request and makes the run wait. Later the run is resumed, with the step ended
 * and its outcome in `packed`, or it fails. -1: nothing was sent. */
int exchange_send(struct exchange *x, struct err *e);

/* Describes the write as core/intent.h does, so that a later look can recognize what it
 * made: a new text. */
char *exchange_describe(const struct exchange *x);
/* Makes `opened` of a body with secrets, and masks these in the answer. Does nothing when
 * it has none. */
int exchange_open_body(struct exchange *x, struct err *e);
/* For httpc's on_piece; ARG is an exchange: hands a piece of an answer that is a success
 * to the run's sink. */
int exchange_piece(void *arg, const struct httpc_piece *piece);
/* Ends the step with the outcome, or with an error when the outcome is too large. */
int exchange_end(struct exchange *x, struct err *e);

/* Returns the address that LOCATION, in an answer to URL, leads to, as a new string.
 * Front answers 301 for a merged conversation, on its path and on those below it (its
 * OpenAPI description; what the Location looks like is not documented). So where URL and
 * LOCATION both have an id that begins with PREFIX ("cnv_"; NULL: none), the result is
 * URL with the id of LOCATION. */
char *exchange_redirect(const char *url, const char *location, const char *prefix);
/* Returns 1 when two absolute addresses have the same scheme, host and port, as written.
 */
int exchange_is_same_place(const char *a, const char *b);
/* Returns LOCATION for messages, as a new string: printable, without its query, and with
 * HIDDEN 1 without its path. */
char *exchange_shown_location(const char *location, int hidden);

#endif
