/* release_diff: which files of two snapshots differ, as a client sees them, and how. */
#ifndef FOYER_RELEASE_DIFF_H
#define FOYER_RELEASE_DIFF_H

#include <jansson.h>

#include "base/err.h"
#include "core/manifest.h"

/* Returns a new array of {path, change ("added", "changed", "removed"), old?, new? (the
 * hashes)} in order of path: of CLIENT's files and those that all clients share; for ""
 * of the server's own (foyer.lua and the connectors). OLD may be NULL: it has no file. */
json_t *release_diff(const struct manifest *old, const struct manifest *new,
                     const char *client);
/* Adds the rows of FILES, from release_diff for CLIENT, to ALL, in which each has
 * `clients`, an array of names. For "", the server itself, it adds only those that no
 * client has. */
void release_diff_add(json_t *all, const json_t *files, const char *client);
/* Returns a new array of the same rows in order of path. */
json_t *release_diff_sort(const json_t *all);

/* Reads the text of HASH as a new block. */
typedef int release_diff_text_fn(void *arg, const char *hash, char **text, size_t *len,
                                 struct err *e);
struct release_diff_side {
    const char *label; /* "release 3", "the files" */
    release_diff_text_fn *text;
    void *arg;
};
/* Sets `diff` on each of ROWS: how its texts differ, in diff's unified form; null when
 * that is not UTF-8. */
int release_diff_texts(json_t *rows, const struct release_diff_side *old,
                       const struct release_diff_side *new, struct err *e);

#endif
