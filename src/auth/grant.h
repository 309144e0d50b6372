/* grant: connects a client: from a code of the authorization-code grant (RFC 6749, 4.1),
 * from a client id and secret (4.4), or from a static token. It asks the API whose token
 * it is, where the connector has an `identity`, refuses a company that does not fit the
 * client, and stores the connection before it reports success. Without an `identity` the
 * company's id is `company` of the client's settings, or the client's name. Which app is
 * used is decided by auth/credentials.h. For the loop's thread. */
#ifndef FOYER_GRANT_H
#define FOYER_GRANT_H

#include "auth/credentials.h"
#include "workspace/workspace.h"
#include "base/err.h"
#include "core/oauth.h"
#include "io/httpc.h"

struct grant_spec { /* copied */
    const char *client, *app;
    const char *api_url, *oauth_url; /* NULL: the connector's */
    const char *redirect_url;        /* for a code: the one in the link */
    const char *made_with; /* the mark of the app that the link named, or NULL */
    int replace;           /* as for store_connection_put */
};

/* ID and NAME are the company's; NULL with E. Valid until the callback returns. */
typedef void grant_done(void *arg, const char *id, const char *name, const struct err *e);

/* The grants under way. grants_free ends them, each with a callback and an error; it is
 * called before HTTPC and before what the callbacks use are freed. NULL is fine. */
struct grants;
struct grants *grants_new(struct workspace *w, struct httpc *httpc);
void grants_free(struct grants *all);

/* DONE is called from the loop or from grants_free, once. */
void grant_from_code(struct grants *all, const struct grant_spec *spec, const char *code,
                     grant_done *done, void *arg);
void grant_from_token(struct grants *all, const struct grant_spec *spec,
                      const char *token, grant_done *done, void *arg);
/* PAIR is "client_id:client_secret", which is stored in place of a refresh token. */
void grant_from_client(struct grants *all, const struct grant_spec *spec,
                       const char *pair, grant_done *done, void *arg);

/* POSTs *BODY, a form, to the endpoint WHICH ("token", "revoke") as the app BY. *BODY is
 * the caller's, stays until DONE, and is replaced where the id and the secret go into the
 * form. ON_SENDING may be NULL, and gets ARG (httpc_request). Returns the call, or NULL
 * with E. */
struct httpc_call *grant_post(struct httpc *httpc, const json_t *connector,
                              const char *which, const char *oauth_url,
                              const struct credentials *by, char **body,
                              int (*on_sending)(void *arg), httpc_done *done, void *arg,
                              struct err *e);
/* Reads the answer to it as oauth_parse_answer does, with the times by our own clock. */
int grant_read_token(const struct httpc_answer *a, int64_t now_ms,
                     struct oauth_token *token, struct err *e);

/* A consent link, valid once and until EXPIRES_MS (Unix); its state is kept in the store.
 * *STATE (STATE may be NULL) gets the state. The caller frees both. */
char *grant_link(struct workspace *w, const struct grant_spec *spec, int64_t expires_ms,
                 char **state, struct err *e);
/* The time in the answer's Date header minus NOW_MS: how far our clock is behind, in ms.
 * 0 without a usable header, or below two seconds. */
int64_t grant_skew_ms(const struct httpc_answer *a, int64_t now_ms);
/* The same for the header's text; DATE may be NULL. */
int64_t grant_date_skew_ms(const char *date, int64_t now_ms);

#endif
