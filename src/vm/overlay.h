/* overlay: finds a file of lua/, recipes/ or templates/ in three layers: the client's,
 * the workspace's, the built-in one. It reads and hashes text, and runs nothing.
 *
 * Files are cached for the life of the overlay, so that a process sees one version of a
 * file. FOYER_LUA_DIR, a directory with lua/ and recipes/, replaces the built-in layer.
 */
#ifndef FOYER_OVERLAY_H
#define FOYER_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/manifest.h"

enum overlay_layer { OVERLAY_CLIENT, OVERLAY_WORKSPACE, OVERLAY_BUILTIN, OVERLAY_LAYERS };

struct overlay;

struct overlay_file { /* owned by the overlay */
    enum overlay_layer layer;
    char *path; /* for messages: "clients/acme/recipes/x.lua", "built-in:recipes/x.lua" */
    const char *text;
    size_t len;
    char hash[65];    /* see overlay_hash */
    const char *code; /* bytecode, built in or by overlay_keep_code; NULL: none */
    size_t code_len;
    char *own_text, *own_code; /* owned; NULL: text and code are built in */
    int is_sound;              /* 1: lua/std has checked the definition that it makes */
};

/* What the client's and the workspace's layer are read from instead of the directory: for
 * each client the release that it runs. */
struct overlay_releases {
    void *arg;
    /* Sets *FILES, borrowed for the overlay's life, and returns the release's number; 0
     * when CLIENT (NULL: the server itself) has none; -1 with E. AT: a release that
     * CLIENT ran before, instead of its live one, if it is still there; 0: none. */
    int64_t (*release)(void *arg, const char *client, int64_t at,
                       const struct manifest **files, struct err *e);
    /* Reads the text of HASH as a new block with a NUL behind it. */
    int (*text)(void *arg, const char *hash, char **text, size_t *len, struct err *e);
};

/* WORKSPACE is its directory, or NULL: the built-in layer alone. */
struct overlay *overlay_new(const char *workspace);
/* Before the first file is asked for. Two clients get the same overlay_file for a path
 * whose text is the same in both of their releases. */
void overlay_use_releases(struct overlay *o, const struct overlay_releases *releases);
void overlay_free(struct overlay *o);
/* Finds NAME ("recipes/digest.lua", "lua/front/actions/x.lua", "templates/x.txt") for
 * CLIENT (NULL: none) in the first layer that has it, from FROM on. NULL with
 * ERR_NOT_FOUND, ERR_FORBIDDEN when it leads out of its layer, ERR_LIMIT when it is too
 * large. */
struct overlay_file *overlay_find(struct overlay *o, const char *client, const char *name,
                                  enum overlay_layer from, struct err *e);
/* The same in the release AT, which CLIENT ran before; 0: overlay_find. */
struct overlay_file *overlay_find_at(struct overlay *o, int64_t at, const char *client,
                                     const char *name, enum overlay_layer from,
                                     struct err *e);
/* Returns 1, with E of ERR_NOT_FOUND that says so, when NAME is on the disk and not in
 * the release that CLIENT runs; 0 without releases. */
int overlay_is_only_on_disk(struct overlay *o, const char *client, const char *name,
                            enum overlay_layer from, struct err *e);
/* A version that a run has pinned and that is not the layer's now. overlay_kept returns
 * it, or NULL when this process has not read it yet; overlay_keep adds it, with a copy of
 * TEXT. */
struct overlay_file *overlay_kept(struct overlay *o, const char *path, const char *hash);
struct overlay_file *overlay_keep(struct overlay *o, enum overlay_layer layer,
                                  const char *path, const char *text, size_t len);
/* Sets FILE's bytecode, and takes CODE, which malloc made. */
void overlay_keep_code(struct overlay_file *file, char *code, size_t len);
/* The SHA-256 of its text in hex. */
const char *overlay_hash(struct overlay_file *file);
/* Calls FN once for each entry name of directory DIR ("recipes", "lua",
 * "lua/front/actions") in any layer of CLIENT, in byte order. */
void overlay_each(struct overlay *o, const char *client, const char *dir,
                  void (*fn)(void *arg, const char *name), void *arg);
/* Reads all files of CLIENT's layer, or of the workspace's when CLIENT is NULL. From now
 * on the layer stays as it is, also when its files change. A file that cannot be read is
 * an error when it is asked for. With releases, reads the workspace's layer of CLIENT's
 * release too, and returns -1 with E when a text cannot be read. */
int overlay_preload(struct overlay *o, const char *client, struct err *e);
const char *
overlay_layer_name(enum overlay_layer layer); /* "client", "workspace", "built-in" */

#endif
