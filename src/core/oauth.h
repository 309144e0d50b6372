/* oauth: the authorization-code grant as data: addresses, request bodies, answers, and
 * when a token is due. What differs between APIs is in the connector's `oauth`. It sends
 * nothing. */
#ifndef FOYER_OAUTH_H
#define FOYER_OAUTH_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct oauth_token { /* owned; oauth_token_fini wipes and frees it */
    char *access;
    char *refresh;      /* NULL: the answer had none */
    int64_t expires_ms; /* unix; 0: the answer does not say */
};

void oauth_token_fini(struct oauth_token *t);

/* The connector's endpoint "authorize" or "token", on OAUTH_URL's scheme and host when
 * that is not NULL. The caller frees it; NULL with ERR_SETTINGS. */
char *oauth_endpoint(const json_t *connector, const char *which, const char *oauth_url,
                     struct err *e);
/* Where a person consents; no scope parameter, Front knows none (FACTS 5). Freed by the
 * caller. */
char *oauth_authorize_url(const char *endpoint, const char *client_id,
                          const char *redirect_url, const char *state);
/* Form bodies of the two token requests; to be wiped and freed by the caller. */
char *oauth_code_body(const char *code, const char *redirect_url);
char *oauth_refresh_body(const char *refresh);
/* "Authorization: Basic …"; to be wiped and freed by the caller. */
char *oauth_basic_header(const char *client_id, const char *client_secret);

/* 0 when TOKEN is what a header can hold: printable ASCII (VSCHAR of RFC 6749, appendix
 * A). Else ERR_INVALID: a reason, without the token. */
int oauth_check_token(const char *token, size_t len, struct err *e);
/* Reads the token endpoint's answer: JSON or form; expires_at as seconds, a number or a
 * numeric string, or expires_in relative to NOW_MS. ERR_AUTH for {"error":
 * "invalid_grant"} and other 4xx but 408 and 429, else unavailable, with what the
 * endpoint says, also when a token is none that a header can hold; never with a token. */
int oauth_parse_answer(int status, const char *type, const char *body, size_t len,
                       int64_t now_ms, struct oauth_token *out, struct err *e);
/* 1 when the endpoint said that the grant itself is gone (invalid_grant). */
int oauth_is_gone(int status, const char *body, size_t len);
/* 1 when it said that it does not know the app, or not by that secret (invalid_client).
 */
int oauth_is_unknown(int status, const char *body, size_t len);

/* When a token obtained at OBTAINED_MS should be refreshed: some minutes before it
 * expires (a quarter of its life when that is less), spread over a minute by SALT (the
 * company's id), so that many companies do not refresh at once; never for expires_ms 0.
 */
int64_t oauth_due_ms(int64_t expires_ms, int64_t obtained_ms, const char *salt);

#endif
