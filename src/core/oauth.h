/* oauth: the authorization-code and client-credentials grants as data: addresses, request
 * bodies, answers, and when to refresh a token. The connector's `auth` describes how an
 * API differs. Sends nothing. */
#ifndef FOYER_OAUTH_H
#define FOYER_OAUTH_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct oauth_token { /* owned; oauth_token_fini wipes and frees it */
    char *access;
    char *refresh;      /* NULL: the answer had none */
    int64_t expires_ms; /* Unix; 0: the answer does not say */
};

void oauth_token_fini(struct oauth_token *t);

/* Returns the connector's endpoint "authorize", "token" or "revoke", on OAUTH_URL's
 * scheme and host when that is not NULL. The caller frees it. NULL with ERR_SETTINGS. */
char *oauth_endpoint(const json_t *connector, const char *which, const char *oauth_url,
                     struct err *e);
/* Returns the address where a person consents. SCOPE NULL: no such parameter, which Front
 * does not have. The caller frees it. */
char *oauth_authorize_url(const char *endpoint, const char *client_id,
                          const char *redirect_url, const char *state, const char *scope);
/* Return the form bodies of the three token requests. The caller wipes and frees them. */
char *oauth_code_body(const char *code, const char *redirect_url);
char *oauth_refresh_body(const char *refresh);
char *oauth_client_body(const char *scope); /* SCOPE NULL: none */
/* Returns the form body that revokes a refresh token, and its grant with it (RFC 7009).
 */
char *oauth_revoke_body(const char *refresh);
/* Returns BODY with the client's id and secret as fields of it, which the caller wipes
 * and frees. */
char *oauth_add_client(const char *body, const char *client_id,
                       const char *client_secret);
/* Returns "Authorization: Basic …". The caller wipes and frees it. */
char *oauth_basic_header(const char *client_id, const char *client_secret);

/* Returns 0 when TOKEN fits a header: printable ASCII (VSCHAR of RFC 6749, appendix A).
 * Else -1 with ERR_INVALID and a reason, without the token. */
int oauth_check_token(const char *token, size_t len, struct err *e);
/* Reads the token endpoint's answer, JSON or a form. It has expires_at in seconds, as a
 * number or a text, or expires_in relative to NOW_MS. ERR_AUTH for {"error":
 * "invalid_grant"} and for any other 4xx except 408 and 429. Otherwise retryable, also
 * when the token does not fit a header. The sentence quotes the endpoint, never a token.
 */
int oauth_parse_answer(int status, const char *type, const char *body, size_t len,
                       int64_t now_ms, struct oauth_token *out, struct err *e);
/* Returns 1 when the endpoint says that the grant is revoked (invalid_grant). */
int oauth_is_gone(int status, const char *body, size_t len);
/* Returns 1 when it does not know the app, or refuses its secret (invalid_client). */
int oauth_is_unknown(int status, const char *body, size_t len);

/* Returns when to refresh a token that was obtained at OBTAINED_MS: some minutes before
 * it expires, or after three quarters of a short life. SALT, the company's id, spreads
 * that over a minute, so that many companies do not refresh at once. Never for expires_ms
 * 0. */
int64_t oauth_due_ms(int64_t expires_ms, int64_t obtained_ms, const char *salt);

#endif
