/* manifest: the files of a release: for each path below the workspace the SHA-256 of its
 * text in hex. As text it is a line "PATH TAB HASH" for each, in byte order of PATH. */
#ifndef FOYER_MANIFEST_H
#define FOYER_MANIFEST_H

#include <stddef.h>

#include "base/err.h"

struct manifest;

struct manifest_line { /* owned by the manifest */
    char *path, *hash;
};

struct manifest *manifest_new(void);
/* Reads a manifest's text. NULL with ERR_STORE for another text. */
struct manifest *manifest_read(const char *text, struct err *e);
void manifest_free(struct manifest *m); /* NULL is fine */
/* Sets PATH's hash, or takes PATH out when HASH is NULL. */
void manifest_set(struct manifest *m, const char *path, const char *hash);
/* Returns the text; the caller frees it. */
char *manifest_text(const struct manifest *m);

/* Returns the hash of PATH, borrowed, or NULL. */
const char *manifest_hash(const struct manifest *m, const char *path);
size_t manifest_count(const struct manifest *m);
/* Returns line I, from 0 on in byte order of the paths. */
const struct manifest_line *manifest_line(const struct manifest *m, size_t i);
/* Returns the index of the first line whose path is not before PATH: with "recipes/",
 * where the lines below that directory begin. */
size_t manifest_from(const struct manifest *m, const char *path);

#endif
