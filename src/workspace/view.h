/* view: which release each client runs, and the files in it, as the store says when the
 * view is opened. It does not change afterwards: a running process opens a new one.
 * Manifests and texts are read when they are first asked for. For one thread. */
#ifndef FOYER_VIEW_H
#define FOYER_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/manifest.h"
#include "vm/overlay.h"

struct db; /* store_db; borrowed for the view's life */
struct snapshot;
struct view;

/* Opens the live releases. NULL with E of kind ERR_NONE when there is no release yet. */
struct view *view_open(struct db *db, struct err *e);
/* Opens a view in which each client of S, borrowed, runs what S has, as release 1: to see
 * what a release would be. */
struct view *view_of_snapshot(struct snapshot *s);
void view_free(struct view *v); /* NULL is fine */

/* Returns 0 when the store has each file of each live release that is not among those of
 * KNOWN (view_releases of an earlier view; NULL: none). */
int view_check(struct view *v, const json_t *known, struct err *e);
/* Sets *FILES, borrowed, to those of CLIENT's release (NULL or "": the server's), and
 * returns its number; 0 when CLIENT has none; -1 with E. */
int64_t view_release(struct view *v, const char *client, const struct manifest **files,
                     struct err *e);
/* Returns what an overlay reads of V, which outlives the overlay. */
struct overlay_releases view_for_overlay(struct view *v);
/* Appends the text of PATH in CLIENT's release. ERR_NOT_FOUND when it is not in it. */
int view_read(struct view *v, const char *client, const char *path, struct buf *out,
              struct err *e);
/* Calls FN for each client that runs a release, by name. */
void view_each_client(const struct view *v, void (*fn)(void *arg, const char *client),
                      void *arg);
/* Returns the number that grows with each change of what is live, as it was at opening.
 */
int64_t view_generation(const struct view *v);
/* Returns an object with each client's release by its name, and the server's by "",
 * borrowed. */
const json_t *view_releases(const struct view *v);

#endif
