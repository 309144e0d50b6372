/* sign: does a request come from somebody who holds the key? By the schemes that a
 * connector names as data (webhooks.schemes), over the raw bytes and before anything of
 * them is parsed.
 *
 * It knows neither HTTP nor the vault: headers come by a callback, keys by
 * sign_keys_add. MACs are compared by crypto_equal alone. One thread. */
#ifndef FOYER_SIGN_H
#define FOYER_SIGN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sign; /* the schemes of one connector */

struct sign_scheme { /* lent by struct sign */
    const char *name;
    const char *when;           /* the header that carries the time; NULL: none */
    const char *digest;         /* "sha256" or "sha1" */
    const char *over;           /* "{timestamp}:{body}" */
    const char *key;            /* the setting that holds the key */
    int64_t unit_ms, window_ms; /* of the time; what is read of it when WHEN is set */
};

/* WEBHOOKS is a connector's checked `webhooks`. Never NULL; it may have no scheme. */
struct sign *sign_new(const json_t *webhooks);
void sign_free(struct sign *s);
/* In the order in which they are tried: that of their names. */
size_t sign_count(const struct sign *s);
const struct sign_scheme *sign_at(const struct sign *s, size_t i);

/* ---- the keys in force, each with the setting that holds it ---- */

struct sign_keys;
struct sign_keys *sign_keys_new(void);
void sign_keys_free(struct sign_keys *keys); /* wipes them; NULL is fine */
/* SECRET is the secret's name, NULL for a key that stands in the settings themselves. A
 * key without a byte is left out. */
void sign_keys_add(struct sign_keys *keys, const char *setting, const char *secret,
                   int64_t version, const void *key, size_t len);
size_t sign_keys_count(const struct sign_keys *keys, const char *setting);

/* ---- a request ---- */

enum sign_verdict {
    SIGN_OK,
    SIGN_STALE,    /* right, but its time is outside of the window */
    SIGN_WRONG,    /* no key fits */
    SIGN_UNSIGNED, /* no signature, or one that is no base64 */
    SIGN_NO_KEY    /* no scheme that could be tried has a key */
};

struct sign_request {
    const char *signature; /* base64 as received; NULL: none */
    const char *(*header)(void *arg, const char *name); /* NULL: there is none */
    void *arg;
    const void *body;
    size_t len;
    int64_t now_ms;
};

struct sign_result {
    enum sign_verdict verdict;
    const struct sign_scheme
        *scheme;      /* that fits; else the one that was tried, or NULL */
    const char *name; /* of the secret that fits, or NULL; lent by KEYS */
    int64_t version;
    size_t mac_len; /* of the decoded signature, 0: none. 20 is SHA-1 */
};

/* With a scheme's `when` header only that scheme is tried; without, those that have
 * none. */
struct sign_result sign_verify(const struct sign *s, struct sign_keys *keys,
                               const struct sign_request *r);

#endif
