/* credentials: the client_id and client_secret that OAuth needs: of the app of a client's
 * own, when its client.lua has one, else of the agency's in foyer.lua; and where consents
 * come back to.
 *
 * A grant can be refreshed only by the app that it was given to, and clients with
 * different apps may share a company: so each grant is stored with a mark of its app, by
 * which the credentials are found again wherever they stand now; the files are read again
 * before they are said to be nowhere, for a connection may be newer than what a server
 * has loaded. The mark is made of the client_id by a hash, for that may be a secret. */
#ifndef FOYER_CREDENTIALS_H
#define FOYER_CREDENTIALS_H

#include "workspace/workspace.h"
#include "base/buf.h"
#include "base/err.h"

enum { CREDENTIALS_MARK_SIZE = 33 }; /* hexadecimal, with the NUL */

struct credentials {
    struct buf id, secret;            /* opened; credentials_fini wipes them */
    char mark[CREDENTIALS_MARK_SIZE]; /* which app it is */
    char *where; /* "front.client_id and front.client_secret in clients/…" */
};

void credentials_fini(struct credentials *c);
/* What CLIENT connects by; CLIENT may be NULL: foyer.lua's. Errors name the file and the
 * field; OUT needs credentials_fini also then. */
int credentials_open(struct workspace *w, const char *app, const char *client,
                     struct credentials *out, struct err *e);
/* The same for a link that was made for the app MARK (NULL: not known): ERR_SETTINGS when
 * CLIENT connects by another one now. */
int credentials_open_as(struct workspace *w, const char *app, const char *client,
                        const char *mark, struct credentials *out, struct err *e);
/* Those of the app that the connection to COMPANY was made with. MARK NULL: not known, so
 * foyer.lua's. ERR_SETTINGS when they are nowhere any more. */
int credentials_find(struct workspace *w, const char *app, const char *company,
                     const char *mark, struct credentials *out, struct err *e);
/* 1 when CLIENT's client.lua has an app of the client's own. */
int credentials_are_own(struct workspace *w, const char *app, const char *client);
/* Where consents of CLIENT (NULL: of any without one of its own) come back to:
 * client.lua's redirect_url, else foyer.lua's, else the default. */
const char *credentials_redirect_url(struct workspace *w, const char *app,
                                     const char *client);
/* 1: URL, as credentials_redirect_url gave it, stands in no file: the default. */
int credentials_is_default(const char *url);
/* The path of a redirect_url, without a query; freed by the caller. */
char *credentials_redirect_path(const char *url);

#endif
