#include "ops/bases.h"

#include <string.h>

#include "base/str.h"

/* Returns the name within its layer of PATH, "recipes/x.lua" of
 * clients/acme/recipes/x.lua; NULL: it can override nothing. */
static const char *layer_name(const char *path)
{
    if (str_starts(path, "clients/")) {
        path = strchr(path + strlen("clients/"), '/');
        path = path ? path + 1 : "";
    }
    int is_layered = str_starts(path, "lua/") || str_starts(path, "recipes/") ||
                     str_starts(path, "templates/");
    return is_layered ? path : NULL;
}

/* Returns the hash of the built-in file NAME, borrowed; NULL: there is none. */
static const char *builtin_hash(struct workspace *w, const char *name)
{
    struct overlay_file *file =
        overlay_find(workspace_overlay(w), NULL, name, OVERLAY_BUILTIN, NULL);
    return file ? overlay_hash(file) : NULL;
}

char *bases_text(struct workspace *w, const struct manifest *files)
{
    struct manifest *bases = manifest_new();
    for (size_t i = 0; i < manifest_count(files); i++) {
        const char *name = layer_name(manifest_line(files, i)->path);
        const char *hash = name ? builtin_hash(w, name) : NULL;
        if (hash)
            manifest_set(bases, name, hash);
    }
    char *text = manifest_text(bases);
    manifest_free(bases);
    return text;
}

void bases_each_changed(struct workspace *w, const struct manifest *files,
                        const struct manifest *was, bases_fn *fn, void *arg)
{
    for (size_t i = 0; i < manifest_count(files); i++) {
        const char *path = manifest_line(files, i)->path, *name = layer_name(path);
        const char *old = name ? manifest_hash(was, name) : NULL;
        const char *new = old ? builtin_hash(w, name) : NULL;
        if (old && !str_eq(old, new))
            fn(arg, path, new == NULL);
    }
}
