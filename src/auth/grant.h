/* grant: how a client comes by its connection: from a code of the authorization-code
 * grant, or from a static token. It asks the API whose token it is, refuses what does not
 * fit, and stores the connection whole before it says so. Used by connect, by --paste and
 * by serve's callback. Which app it is by is auth/credentials.h's. */
#ifndef FOYER_GRANT_H
#define FOYER_GRANT_H

#include "workspace/workspace.h"
#include "base/err.h"
#include "io/httpc.h"

struct grant_spec { /* copied */
    const char *client, *app;
    const char *api_url, *oauth_url; /* NULL: the connector's */
    const char *redirect_url;        /* for a code: the one that the link had */
    const char *made_with; /* the mark of the app that the link named, or NULL */
    int replace;           /* 1: what store_connection_put would refuse is welcome */
};

/* ID and NAME are the company's; NULL with E. Valid until the callback returns. */
typedef void grant_done(void *arg, const char *id, const char *name, const struct err *e);

/* Those under way. Freeing it ends them, with a callback that says so; before HTTPC, and
 * before what the callbacks use. NULL is fine. */
struct grants;
struct grants *grants_new(struct workspace *w, struct httpc *httpc);
void grants_free(struct grants *all);

/* DONE is called from the loop or from grants_free, once. */
void grant_from_code(struct grants *all, const struct grant_spec *spec, const char *code,
                     grant_done *done, void *arg);
void grant_from_token(struct grants *all, const struct grant_spec *spec,
                      const char *token, grant_done *done, void *arg);

/* POSTs BODY, a form, to the token endpoint; BODY is borrowed until DONE. CALL may be
 * NULL. */
int grant_post(struct httpc *httpc, const json_t *connector, const char *oauth_url,
               const char *credentials, const char *body, httpc_done *done, void *arg,
               struct httpc_call **call, struct err *e);

/* A link to consent by, valid until EXPIRES_MS and once; its state is kept in the store.
 * Freed by the caller; STATE, when not NULL, gets it too (freed by the caller). */
char *grant_link(struct workspace *w, const struct grant_spec *spec, int64_t expires_ms,
                 char **state, struct err *e);
/* The moment that the answer's Date header names less ours: how far our clock is behind,
 * in ms; 0 without a usable header or below two seconds. */
int64_t grant_skew_ms(const struct httpc_answer *a, int64_t now_ms);
/* The same for the header's text, which may be NULL. */
int64_t grant_date_skew_ms(const char *date, int64_t now_ms);

#endif
