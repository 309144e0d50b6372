/* workspace: the agency's settings, clients and connectors, of its directory or of the
 * live releases; its store and secrets. Each is read when it is first asked for and kept
 * until workspace_close. What the functions return is borrowed. For one thread. */
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
/* From now on settings, scripts and templates come from the live releases of the store,
 * for each client from its own; before anything else is asked for. Does nothing, and
 * returns 0, while there is no release at all: then they come from the directory. */
int workspace_use_releases(struct workspace *w, struct err *e);
struct snapshot;
/* The same, from S, borrowed, as if it were a release that all run. */
void workspace_use_snapshot(struct workspace *w, struct snapshot *s);
/* Opens the workspace of W anew, from the releases that are live now if W is on releases,
 * else from the directory. */
struct workspace *workspace_reopen(const struct workspace *w, struct err *e);
/* Returns the release that CLIENT (NULL: the server itself) runs; 0: W is on the files of
 * the directory, or CLIENT has none. */
int64_t workspace_release(const struct workspace *w, const char *client);
/* Returns an object with each client's release by its name, and the server's by "",
 * borrowed; NULL: W is on the files of the directory. */
const json_t *workspace_releases(const struct workspace *w);
/* Returns 0 when the store has all files of the releases that W uses and BEFORE (may be
 * NULL), an older opening, did not. */
int workspace_check_releases(struct workspace *w, const struct workspace *before,
                             struct err *e);
/* The number of release_generation that W was opened at; 0: there was no release. */
int64_t workspace_generation(const struct workspace *w);
void workspace_close(struct workspace *w);
const char *workspace_dir(const struct workspace *w); /* NULL: none */
/* From now on the store and the claims are those below HOME/state, a copy of the
 * workspace's: what is done with them reaches no running foyer. Before the first use of
 * the store. */
void workspace_use_copy(struct workspace *w, const char *home);
struct overlay *workspace_overlay(struct workspace *w);

/* Settings and connectors are checked. Errors name file, line and field. */
const json_t *workspace_settings(struct workspace *w, struct err *e);
/* foyer.lua of the release that CLIENT runs; where there are no releases, as
 * workspace_settings. NULL as CLIENT: the server's. Whatever is about one client asks
 * this one. */
const json_t *workspace_settings_for(struct workspace *w, const char *client,
                                     struct err *e);
/* Reads the file NAME of CLIENT (NULL: of the server itself) as it is, without a check,
 * and sets TEXT, which the caller frees in any case. Returns a new tree, or NULL with E.
 */
json_t *workspace_read_file(struct workspace *w, const char *client, const char *name,
                            struct buf *text, struct err *e);
/* Returns 1 when CLIENT has scripts or templates of its own, or may have. */
int workspace_has_files(struct workspace *w, const char *client);
/* limits_default with the limits that foyer.lua sets. */
const struct limits *workspace_limits(struct workspace *w);
const json_t *workspace_client(struct workspace *w, const char *client, struct err *e);
/* The same without the names of ids.lua, read anew: a new reference, or NULL with E. */
json_t *workspace_client_file(struct workspace *w, const char *client, struct err *e);
const json_t *workspace_connector(struct workspace *w, const char *app, struct err *e);
/* The apps that have a connector, for core/settings_check.h. -1 when a connector cannot
 * be read. */
int workspace_apps(struct workspace *w, const struct settings_app **apps, size_t *n,
                   struct err *e);
int workspace_secret(struct workspace *w, const char *name, struct buf *out,
                     struct err *e);
/* From now on the secret NAME has VALUE in this process, whatever the store has: to try
 * it before it is stored. VALUE is borrowed until workspace_close; NULL ends that. */
void workspace_try_secret(struct workspace *w, const char *name, const struct buf *value);
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
