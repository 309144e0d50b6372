/* connections: the clients' connections as this process uses them, their tokens opened.
 * The clients of one company share one connection, and so its token and its refresh.
 *
 * In a server that runs for weeks, a client may be disconnected or connected to another
 * company, and must then send nothing to the old one: what connections_known returns is
 * checked against the store before each request (work/access.h). A connection that was
 * handed out stays valid until connections_free. For the loop's thread. */
#ifndef FOYER_CONNECTIONS_H
#define FOYER_CONNECTIONS_H

#include "base/buf.h"
#include "base/err.h"
#include "core/connection.h"
#include "core/oauth.h"
#include "store/store.h"

struct workspace;
struct connections;

struct connections *connections_new(struct workspace *w); /* W is borrowed */
/* Wipes the tokens. NULL is fine. */
void connections_free(struct connections *all);
struct workspace *connections_workspace(struct connections *all);

/* CLIENT's connection to APP as it is stored now, borrowed; its token may be due.
 * ERR_AUTH when the client has none, ERR_SETTINGS when client.lua names another company.
 */
struct connection *connections_get(struct connections *all, const char *client,
                                   const char *app, struct err *e);
/* The connection to COMPANY, whichever client uses it, borrowed: to ask there about what
 * was sent before a client was connected to another company. ERR_AUTH when no client uses
 * it. */
struct connection *connections_company(struct connections *all, const char *app,
                                       const char *company, struct err *e);

/* CLIENT's connection to APP, or with COMPANY that company's, as this process knows it:
 * it reads the store only the first time. */
struct connection *connections_known(struct connections *all, const char *client,
                                     const char *app, const char *company, struct err *e);
/* Takes over ROW, which the store has now for CLIENT's connection to APP, or with CLIENT
 * NULL for a company's, and returns the connection, which connections_known returns from
 * then on. ROW's id NULL: there is none. Errors of connections_get. */
struct connection *connections_note(struct connections *all, const char *client,
                                    const char *app, const struct store_connection *row,
                                    struct err *e);

/* A connection with TOKEN that is not stored: to ask the API whose token it is. API_URL
 * (NULL: none) replaces the connector's address. Freed by connection_free. */
struct connection *connections_try(struct workspace *w, const char *app,
                                   const char *api_url, const char *token, struct err *e);

/* Seals TOKEN into ROW (token, refresh, expires_ms) as VERSION; the caller frees both
 * data, also after -1. */
int connections_seal_token(struct workspace *w, struct store_connection *row,
                           int64_t version, const struct oauth_token *token,
                           struct err *e);
/* Opens ROW's refresh token into OUT, which the caller wipes by vault_wipe. */
int connections_refresh_token(struct workspace *w, const struct store_connection *row,
                              struct buf *out, struct err *e);
/* Updates C from ROW: another process may have refreshed its token. */
int connections_adopt(struct workspace *w, struct connection *c,
                      const struct store_connection *row, struct err *e);

/* Moves C to the host of URL (connection_move). Returns 0 when URL is malformed or on
 * none of C's hosts. */
int connections_move(struct connection *c, const char *url);

#endif
