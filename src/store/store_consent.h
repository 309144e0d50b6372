/* store_consent: the links by which a client's administrator is asked for consent. Each
 * link works once and expires. This module grants nothing and does not interpret the
 * URLs. Errors as in store/store.h. */
#ifndef FOYER_STORE_CONSENT_H
#define FOYER_STORE_CONSENT_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* The longest that a link may be valid. A link that has longer to go was made while this
 * machine's clock was ahead, and counts as expired. */
enum { STORE_CONSENT_MAX_MS = 7 * 24 * 3600 * 1000 };

struct store_consent { /* one that was read from the store owns its strings */
    char *client, *app, *redirect_url, *api_url, *oauth_url; /* the URLs may be NULL */
    char *made_with; /* as in struct store_connection: of the OAuth app that asks */
    int replace;     /* for store_connection_put */
    int64_t expires_ms;
};

void store_consent_fini(struct store_consent *c);
/* Stores C under STATE, the random word of the link, of which only the hash is stored.
 * Removes links that expired a month ago. */
int store_consent_put(struct store *s, const char *state, const struct store_consent *c,
                      struct err *e);
/* Fills OUT and marks the link as used. ERR_NOT_FOUND when there is no such link,
 * ERR_CONFLICT when it was used already, ERR_INVALID when it has expired. */
int store_consent_take(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e);
/* The same without marking the link as used: for an answer that grants nothing. */
int store_consent_find(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e);
/* Calls FN for the newest link of each client and app, by client, until FN returns
 * non-zero; USED is 1 when the link was followed to its end. */
typedef int store_consent_fn(void *arg, const struct store_consent *c, int used);
int store_consent_each(struct store *s, store_consent_fn *fn, void *arg, struct err *e);

#endif
