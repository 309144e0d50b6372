/* snapshot: the files that a workspace's directory has now, as one candidate for a
 * release: foyer.lua, lua/, recipes/, templates/, and of each client client.lua, ids.lua
 * and the same three directories. foyer.local.lua and state/ belong to the machine. */
#ifndef FOYER_SNAPSHOT_H
#define FOYER_SNAPSHOT_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "core/manifest.h"

struct db; /* store_db */
struct snapshot;

/* Reads all of DIR, once, as the layers read it. What no layer can read (too large, no
 * text, a link that leads out) is left out; a client without client.lua, too. NULL when
 * foyer.lua cannot be read. */
struct snapshot *snapshot_take(const char *dir, struct err *e);
/* Reads of DIR what the server itself uses: foyer.lua and lua/APP/connector.lua. The
 * other lines are those of BASE. */
struct snapshot *snapshot_take_server(const char *dir, const struct manifest *base,
                                      struct err *e);
void snapshot_free(struct snapshot *s); /* NULL is fine */
/* Returns the settings, scripts and templates that were left out, as an object of reasons
 * by path, borrowed. */
const json_t *snapshot_unread(const struct snapshot *s);
/* Copies the text of HASH (hex), which the directory had, as a new block with a NUL
 * behind it. ERR_STORE when it had none. */
int snapshot_text(const struct snapshot *s, const char *hash, char **text, size_t *len,
                  struct err *e);
/* The paths and hashes, which the caller may change: to leave a client out, or to take a
 * file of an older release instead. */
struct manifest *snapshot_files(struct snapshot *s);
/* Keeps in the store the texts that snapshot_files names and that the directory had, for
 * release_add in the same transaction. */
int snapshot_keep(const struct snapshot *s, struct db *db, struct err *e);

#endif
