/* workspace: the agency's directory: its settings, clients, connectors, store and
 * secrets. Each is read when it is first asked for and kept until workspace_close. What
 * the functions return is borrowed. For one thread. */
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

/* Opens DIR, or, when DIR is NULL, the nearest directory with a foyer.lua, from the
 * current one upwards. With OPTIONAL 1 a missing workspace is not an error: only the
 * built-in files are then available. */
struct workspace *workspace_open(const char *dir, int optional, struct err *e);
void workspace_close(struct workspace *w);
const char *workspace_dir(const struct workspace *w); /* NULL: none */
/* From now on the store and the claims are those below HOME/state, a copy of the
 * workspace's: what is done with them reaches no running foyer. Before the first use of
 * the store. */
void workspace_use_copy(struct workspace *w, const char *home);
struct overlay *workspace_overlay(struct workspace *w);

/* Settings and connectors are checked. Errors name file, line and field. */
const json_t *workspace_settings(struct workspace *w, struct err *e);
/* limits_default with the limits that foyer.lua sets. */
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
/* Takes over the settings of CLIENT that FROM has read, if any: for a client whose files,
 * and whose connectors, are still the same. */
void workspace_take_client(struct workspace *w, const struct workspace *from,
                           const char *client);
int workspace_has_client(struct workspace *w, const char *client);
struct store *workspace_store(struct workspace *w, struct err *e);
struct vault *workspace_vault(struct workspace *w, struct err *e);
/* The vault with the key that the store wants values sealed with. When another process
 * renews the key in between, the store refuses the value with ERR_CONFLICT: seal again,
 * once. */
struct vault *workspace_sealer(struct workspace *w, struct err *e);
/* state/live.db: claims and the companies' budgets. It is opened at its first use. */
struct live *workspace_live(struct workspace *w);
/* This process's presence, in whose name claims are held. */
struct presence *workspace_presence(struct workspace *w, struct err *e);

/* From now on settings with mistakes are returned as they are, and those that cannot be
 * read as {}: `foyer check` checks everything. */
void workspace_be_lenient(struct workspace *w);

#endif
