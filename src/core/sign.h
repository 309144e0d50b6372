/* sign: verifies that the sender of a request has the key, by the schemes in a
 * connector's `webhooks.schemes`. It checks the raw bytes, before anything parses them.
 *
 * It knows neither HTTP nor the vault: headers come by a callback, keys by sign_keys_add.
 * MACs are compared by crypto_equal only. Belongs to one thread. */
#ifndef FOYER_SIGN_H
#define FOYER_SIGN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sign; /* the schemes of one connector */

struct sign_scheme { /* borrowed from struct sign */
    const char *name;
    const char *when;           /* the header with the time; NULL: none */
    const char *digest;         /* "sha256" or "sha1" */
    const char *over;           /* "{timestamp}:{body}" */
    const char *key;            /* the setting that contains the key */
    int64_t unit_ms, window_ms; /* of the time in the header WHEN; unused without it */
};

/* Makes the schemes of WEBHOOKS, a connector's checked `webhooks`. Never NULL; there may
 * be no scheme. */
struct sign *sign_new(const json_t *webhooks);
void sign_free(struct sign *s);
/* Schemes are tried in the order of their names. */
size_t sign_count(const struct sign *s);
const struct sign_scheme *sign_at(const struct sign *s, size_t i);

/* ---- the keys in force, each with the setting that holds it ---- */

struct sign_keys;
struct sign_keys *sign_keys_new(void);
void sign_keys_free(struct sign_keys *keys); /* wipes them; NULL is fine */
/* Adds a key. SECRET is the secret's name, or NULL for a key in the settings themselves.
 * Ignores an empty key. */
void sign_keys_add(struct sign_keys *keys, const char *setting, const char *secret,
                   int64_t version, const void *key, size_t len);
size_t sign_keys_count(const struct sign_keys *keys, const char *setting);

/* ---- a request ---- */

enum sign_verdict {
    SIGN_OK,
    SIGN_STALE,    /* correct, but its time is outside of the window */
    SIGN_WRONG,    /* no key matches */
    SIGN_UNSIGNED, /* no signature, or it is not base64 */
    SIGN_NO_KEY    /* no key for any scheme that could be tried */
};

struct sign_request {
    const char *signature; /* base64, as received; NULL: none */
    const char *(*header)(void *arg,
                          const char *name); /* returns NULL for a missing header */
    void *arg;
    const void *body;
    size_t len;
    int64_t now_ms;
};

struct sign_result {
    enum sign_verdict verdict;
    const struct sign_scheme
        *scheme;      /* the one that matched, else the one that was tried, or NULL */
    const char *name; /* of the matching secret, or NULL; borrowed from KEYS */
    int64_t version;
    size_t mac_len; /* of the decoded signature, 0: none; 20 is SHA-1 */
};

/* Verifies R. If the `when` header of a scheme is present, only that scheme is tried;
 * else only those without such a header. */
struct sign_result sign_verify(const struct sign *s, struct sign_keys *keys,
                               const struct sign_request *r);

#endif
