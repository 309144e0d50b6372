/* store_consent: the consents that somebody was asked for, in the store: each is single
 * use, with an end. It grants nothing and knows no URL's meaning. Errors as in
 * store/store.h. */
#ifndef FOYER_STORE_CONSENT_H
#define FOYER_STORE_CONSENT_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* The longest that a link may be valid. One that would be valid for longer was made while
 * the clock was ahead, and counts as expired. */
enum { STORE_CONSENT_MAX_MS = 7 * 24 * 3600 * 1000 };

struct store_consent { /* strings owned when read from the store */
    char *client, *app, *redirect_url, *api_url, *oauth_url; /* the URLs may be NULL */
    char *made_with; /* the mark of the app that is asked; NULL: not known */
    int replace;     /* what store_connection_put would refuse is welcome */
    int64_t expires_ms;
};

void store_consent_fini(struct store_consent *c);
/* STATE is the random word of the link; only its hash is kept. Those that ended a month
 * ago are forgotten. */
int store_consent_put(struct store *s, const char *state, const struct store_consent *c,
                      struct err *e);
/* Takes it, once: ERR_NOT_FOUND when there is none, ERR_CONFLICT when it was used,
 * ERR_INVALID when it has expired: each with its sentence. */
int store_consent_take(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e);
/* The same, and it stays: for an answer that grants nothing. */
int store_consent_find(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e);

#endif
