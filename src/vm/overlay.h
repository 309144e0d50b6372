/* overlay: the three layers of lua/, recipes/ and templates/, nearest first: the
 * client's, the workspace's, the built-in one. It reads text and hashes it; it runs
 * nothing.
 *
 * Files are cached for the life of the overlay: a process sees one version of a file.
 * FOYER_LUA_DIR, a directory with lua/ and recipes/, replaces the built-in layer. */
#ifndef FOYER_OVERLAY_H
#define FOYER_OVERLAY_H

#include <stddef.h>

#include "base/err.h"

enum overlay_layer { OVERLAY_CLIENT, OVERLAY_WORKSPACE, OVERLAY_BUILTIN, OVERLAY_LAYERS };

struct overlay;

struct overlay_file { /* owned by the overlay */
    enum overlay_layer layer;
    char *path; /* as shown to people: "clients/acme/recipes/x.lua",
                   "built-in:recipes/x.lua" */
    const char *text;
    size_t len;
    char hash[65];    /* overlay_hash's */
    const char *code; /* bytecode: the built-in file's own, or what src/vm has kept */
    size_t code_len;
    char *own_text, *own_code; /* NULL: they are the program's */
    int is_sound; /* lua/std: as the outermost file of a definition, it passed the check
                   */
};

/* WORKSPACE is its directory, or NULL: the built-in layer alone. */
struct overlay *overlay_new(const char *workspace);
void overlay_free(struct overlay *o);
/* The nearest NAME ("recipes/digest.lua", "lua/front/actions/x.lua", "templates/x.txt")
 * for CLIENT (NULL: none) at layer FROM or farther. NULL with ERR_NOT_FOUND when no layer
 * has it, ERR_FORBIDDEN when it leads out of its layer, ERR_LIMIT when it is too large.
 */
struct overlay_file *overlay_find(struct overlay *o, const char *client, const char *name,
                                  enum overlay_layer from, struct err *e);
/* A version of a file that is no longer, or not yet, the layer's: what a run has pinned.
 * The second is for the first time; TEXT is copied. */
struct overlay_file *overlay_kept(struct overlay *o, const char *path, const char *hash);
struct overlay_file *overlay_keep(struct overlay *o, enum overlay_layer layer,
                                  const char *path, const char *text, size_t len);
/* Takes CODE, malloc'ed bytecode of its text. */
void overlay_keep_code(struct overlay_file *file, char *code, size_t len);
/* The SHA-256 of its text in hex, made when it is first asked for. */
const char *overlay_hash(struct overlay_file *file);
/* Calls FN once for each entry name of directory DIR ("recipes", "lua",
 * "lua/front/actions") in any layer of CLIENT, in byte order. */
void overlay_each(struct overlay *o, const char *client, const char *dir,
                  void (*fn)(void *arg, const char *name), void *arg);
/* Reads all files of CLIENT's layer, or of the workspace's when it is NULL: from now on
 * that layer is what it is now, whatever becomes of its files. What cannot be read stays
 * as it is: an error when it is asked for. */
void overlay_preload(struct overlay *o, const char *client);
const char *
overlay_layer_name(enum overlay_layer layer); /* "client", "workspace", "built-in" */

#endif
