/* workspace: the agency's directory: its settings, clients, connections and secrets, read
 * when first asked for and kept for the life of the process. It is what runs ask of the
 * world (struct run_host). */
#ifndef FOYER_WORKSPACE_H
#define FOYER_WORKSPACE_H

#include <jansson.h>

#include "base/err.h"
#include "core/limits.h"
#include "store/live.h"
#include "core/oauth.h"
#include "vm/overlay.h"
#include "store/store.h"
#include "store/vault.h"
#include "vm/run.h"

struct workspace;

/* DIR, or the nearest parent of the current directory with foyer.lua when it is NULL.
 * With OPTIONAL a missing workspace is no error: the built-in layer alone. */
struct workspace *workspace_open(const char *dir, int optional, struct err *e);
void workspace_close(struct workspace *w);
const char *workspace_dir(const struct workspace *w); /* NULL: none */
struct overlay *workspace_overlay(struct workspace *w);
/* For runs_new. */
struct run_host workspace_host(struct workspace *w);

/* All of these are borrowed. Errors name file, line and field. */
const json_t *workspace_settings(struct workspace *w, struct err *e);
/* limits_default with what foyer.lua says of them now. Borrowed, W's. */
const struct limits *workspace_limits(struct workspace *w);
const json_t *workspace_client(struct workspace *w, const char *client, struct err *e);
const json_t *workspace_connector(struct workspace *w, const char *app, struct err *e);
const struct connection *workspace_connection(struct workspace *w, const char *client,
                                              const char *app, struct err *e);
/* The connection to COMPANY, whichever client uses it: ERR_AUTH when none does. */
const struct connection *workspace_company(struct workspace *w, const char *app,
                                           const char *company, struct err *e);
int workspace_secret(struct workspace *w, const char *name, struct buf *out,
                     struct err *e);
void workspace_each_client(struct workspace *w, void (*fn)(void *arg, const char *client),
                           void *arg);
int workspace_has_client(struct workspace *w, const char *client);
struct store *workspace_store(struct workspace *w, struct err *e);
struct vault *workspace_vault(struct workspace *w, struct err *e);
/* The vault with the key that the store wants values sealed with. Its answer may be out
 * of date when the value reaches the store, which then says ERR_CONFLICT: seal again,
 * once. */
struct vault *workspace_sealer(struct workspace *w, struct err *e);
/* state/live.db, with this process's presence: claims and the companies' budgets. */
struct live *workspace_live(struct workspace *w);
struct presence *workspace_presence(struct workspace *w, struct err *e);

/* Seals a token into ROW (token, refresh, expires_ms) as VERSION; the caller frees both
 * data, also after -1. */
int workspace_seal_token(struct workspace *w, struct store_connection *row,
                         int64_t version, const struct oauth_token *token, struct err *e);
/* Opens ROW's refresh token into OUT, to be wiped by vault_wipe. */
int workspace_refresh_token(struct workspace *w, const struct store_connection *row,
                            struct buf *out, struct err *e);
/* Makes C what ROW says now: another process may have refreshed it. */
int workspace_adopt(struct workspace *w, struct connection *c,
                    const struct store_connection *row, struct err *e);

/* From now on settings with mistakes are handed out all the same, and {} for those that
 * cannot be read: `foyer check` looks at everything. */
void workspace_be_lenient(struct workspace *w);
/* A connection that is not stored yet: to ask who a token belongs to. Freed by
 * connection_free. API_URL may be NULL. */
struct connection *workspace_try_connection(struct workspace *w, const char *app,
                                            const char *api_url, const char *token,
                                            struct err *e);

#endif
