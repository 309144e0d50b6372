/* workspace: the agency's directory: its settings, clients, connections and secrets, read
 * when first asked for and kept for the life of the process. It is what runs ask of the
 * world (struct run_host). */
#ifndef FOYER_WORKSPACE_H
#define FOYER_WORKSPACE_H

#include <jansson.h>

#include "base/err.h"
#include "core/limits.h"
#include "store/live.h"
#include "core/settings_check.h"
#include "vm/overlay.h"
#include "store/store.h"
#include "store/vault.h"

struct workspace;

/* DIR, or the nearest parent of the current directory with foyer.lua when it is NULL.
 * With OPTIONAL a missing workspace is no error: the built-in layer alone. */
struct workspace *workspace_open(const char *dir, int optional, struct err *e);
void workspace_close(struct workspace *w);
const char *workspace_dir(const struct workspace *w); /* NULL: none */
struct overlay *workspace_overlay(struct workspace *w);

/* All of these are borrowed. Errors name file, line and field. */
const json_t *workspace_settings(struct workspace *w, struct err *e);
/* limits_default with what foyer.lua says of them now. Borrowed, W's. */
const struct limits *workspace_limits(struct workspace *w);
const json_t *workspace_client(struct workspace *w, const char *client, struct err *e);
const json_t *workspace_connector(struct workspace *w, const char *app, struct err *e);
/* The apps that have a connector, for core/settings_check.h. -1 when a connector cannot
 * be read. */
int workspace_apps(struct workspace *w, const struct settings_app **apps, size_t *n,
                   struct err *e);
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

/* From now on settings with mistakes are handed out all the same, and {} for those that
 * cannot be read: `foyer check` looks at everything. */
void workspace_be_lenient(struct workspace *w);

#endif
