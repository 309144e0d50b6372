/* snapshot: the files that a workspace's directory has now, as one candidate for a
 * release: foyer.lua, lua/, recipes/, templates/, and of each client client.lua, ids.lua
 * and the same three directories. foyer.local.lua and state/ belong to the machine. */
#ifndef FOYER_SNAPSHOT_H
#define FOYER_SNAPSHOT_H

#include "base/err.h"
#include "core/manifest.h"

struct db; /* store_db */
struct snapshot;

/* Reads all of DIR as the layers read it. A script or template that no layer can read
 * (too large, no text, a link that leads out) is left out, and the log says so;
 * foyer.lua, client.lua and ids.lua must be readable. */
struct snapshot *snapshot_take(const char *dir, struct err *e);
void snapshot_free(struct snapshot *s); /* NULL is fine */
/* The paths and hashes, which the caller may change: to leave a client out, or to take a
 * file of an older release instead. */
struct manifest *snapshot_files(struct snapshot *s);
/* Keeps in the store the texts that snapshot_files names and that the directory had, for
 * release_add in the same transaction. */
int snapshot_keep(const struct snapshot *s, struct db *db, struct err *e);

#endif
