/* credential: how a connection's token is added to a request, as `auth` of the app's
 * connector says. The token is a key; or "user:password" of auth = "basic"; or an access
 * token of OAuth. Sends nothing. */
#ifndef FOYER_CREDENTIAL_H
#define FOYER_CREDENTIAL_H

#include <jansson.h>

#include "core/mask.h"

enum credential_need { /* what a person gives when a client is connected */
                       CREDENTIAL_NONE,   /* auth = "none" */
                       CREDENTIAL_KEY,    /* one text: a token or a key */
                       CREDENTIAL_PAIR,   /* "user:password" */
                       CREDENTIAL_CLIENT, /* "client_id:client_secret", for tokens without
                                             a consent */
                       CREDENTIAL_CONSENT /* an administrator's consent; or a token, as
                                             CREDENTIAL_KEY */
};

enum credential_need credential_need(const json_t *connector);
/* Returns how CONNECTOR's auth is called in messages, "an API key in the header X-Key",
 * as a new string. */
char *credential_describe(const json_t *connector);

/* Returns the header "Name: value" that takes TOKEN along, a new string that the caller
 * wipes and frees; NULL when it is not a header that does. */
char *credential_header(const json_t *connector, const char *token);
/* Returns the name of that header, borrowed; NULL when there is none. */
const char *credential_header_name(const json_t *connector);
/* Returns URL with TOKEN as its query's parameter, instead of one of this name that URL
 * has; a new string that the caller wipes and frees. NULL when no parameter takes it. */
char *credential_url(const json_t *connector, const char *token, const char *url);
/* Adds what a request shows of TOKEN to M. */
void credential_mask(const json_t *connector, const char *token, struct mask *m);

#endif
