/* credentials: the client_id and client_secret of OAuth, and the address that consents
 * return to. They belong to the client's own app when its client.lua has one, else to the
 * agency's app in foyer.lua.
 *
 * A grant can be refreshed only by the app that it was given to, and clients with
 * different apps may share a company. So each grant is stored with a mark of its app, a
 * hash of the client_id, which may be a secret. By the mark the credentials are found
 * again in whichever file has them now. Before they are looked for elsewhere, the files
 * are read again: a connection may be newer than what a server has loaded. When no file
 * has them any more, those that the API took last are used (auth/kept_app.h): a client
 * goes on by its former app until its consent by the new one. */
#ifndef FOYER_CREDENTIALS_H
#define FOYER_CREDENTIALS_H

#include "workspace/workspace.h"
#include "base/buf.h"
#include "base/err.h"

enum { CREDENTIALS_MARK_SIZE = 33 }; /* hexadecimal, with the NUL */

struct credentials {
    struct buf id, secret;            /* opened; credentials_fini wipes them */
    char mark[CREDENTIALS_MARK_SIZE]; /* of the app */
    char *where; /* "front.client_id and front.client_secret in clients/…" */
    int is_kept; /* 1: no file has them any more */
};

void credentials_fini(struct credentials *c);
/* Opens the credentials that CLIENT (NULL: foyer.lua's) connects by. Errors name the file
 * and the field; the caller calls credentials_fini in any case. */
int credentials_open(struct workspace *w, const char *app, const char *client,
                     struct credentials *out, struct err *e);
/* The same for a consent link that was made for the app MARK (NULL: not known).
 * ERR_SETTINGS when CLIENT connects by another app now. */
int credentials_open_as(struct workspace *w, const char *app, const char *client,
                        const char *mark, struct credentials *out, struct err *e);
/* Opens those of the app MARK, which the connection to COMPANY was made with. MARK NULL:
 * not known, so foyer.lua's. ERR_SETTINGS when neither a file nor the store has them. */
int credentials_find(struct workspace *w, const char *app, const char *company,
                     const char *mark, struct credentials *out, struct err *e);
/* Opens those of the app MARK that the API took last: 1; 0: none are kept; -1 with E. */
int credentials_open_kept(struct workspace *w, const char *app, const char *mark,
                          struct credentials *out, struct err *e);
/* Keeps BY, which the API has just taken, for the grants of its app. */
void credentials_keep(struct workspace *w, const char *app, const struct credentials *by);
/* Returns 1 when A and B are the same client_id and client_secret. */
int credentials_are_same(const struct credentials *a, const struct credentials *b);
/* Returns 1 when the client_secret of the app MARK, by which COMPANY was connected, is
 * the secret NAME, in whichever file has that app. */
int credentials_use_secret(struct workspace *w, const char *app, const char *company,
                           const char *mark, const char *name);
/* Takes those of auth = { oauth = "client_credentials" } apart: PAIR is "id:secret".
 * ERR_INVALID without a colon. */
int credentials_split(const char *pair, struct credentials *out, struct err *e);
/* Sets MARK to that of the app by which CLIENT connects, without its secret. Errors of
 * credentials_open. */
int credentials_mark(struct workspace *w, const char *app, const char *client,
                     char mark[CREDENTIALS_MARK_SIZE], struct err *e);
/* 1 when CLIENT's client.lua has an app of the client's own. */
int credentials_are_own(struct workspace *w, const char *app, const char *client);
/* The redirect_url of CLIENT's client.lua (CLIENT may be NULL), else of foyer.lua, else
 * the default. Borrowed. */
const char *credentials_redirect_url(struct workspace *w, const char *app,
                                     const char *client);
/* 1 when URL, from credentials_redirect_url, is the default: no file has one. */
int credentials_is_default(const char *url);
/* The path of a redirect_url, without a query; freed by the caller. */
char *credentials_redirect_path(const char *url);

#endif
