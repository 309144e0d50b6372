/* revocation: asks an API to revoke the grant of a connection (RFC 7009), where its
 * connector says at which address. Prints nothing. */
#ifndef FOYER_REVOCATION_H
#define FOYER_REVOCATION_H

#include "store/store.h"
#include "work/session.h"
#include "base/err.h"

/* Returns 1 when there is an address for it: the connection is by a consent. */
int revocation_is_possible(struct workspace *w, const struct store_connection *c);
/* Revokes the refresh token of C, and waits for the answer. The connection stays as it is
 * stored. Returns 0, or -1 with E: the API's answer was not 200, or none came. */
int revocation_ask(struct session *s, const struct store_connection *c, struct err *e);

#endif
