#include "ops/live_files.h"

#include <stdlib.h>

#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/store.h"
#include "vm/overlay.h"
#include "workspace/view.h"

/* Returns the live releases, or NULL: there are none, or they cannot be read. */
static struct view *open_live(struct workspace *w)
{
    struct err ignored;
    char *path = workspace_dir(w) ? store_path(workspace_dir(w)) : NULL;
    struct store *store = path && path_exists(path) ? workspace_store(w, &ignored) : NULL;
    free(path);
    return store ? view_open(store_db(store), &ignored) : NULL;
}

static void mark(json_t *layer, int64_t release, const struct manifest *files)
{
    const char *path = json_text(layer, "path");
    if (!path || str_eq(json_text(layer, "layer"), overlay_layer_name(OVERLAY_BUILTIN)))
        return;
    const char *hash = manifest_hash(files, path);
    const char *live = !hash                                      ? "none"
                       : str_eq(hash, json_text(layer, "sha256")) ? "same"
                                                                  : "other";
    json_object_set_new(layer, "release", json_integer(release));
    json_object_set_new(layer, "live", json_string(live));
}

void live_files_mark(struct workspace *w, const char *client, const json_t *matches)
{
    const struct manifest *files;
    struct view *live = open_live(w);
    int64_t release = live ? view_release(live, client, &files, NULL) : 0;
    size_t i, k;
    json_t *match, *layer;
    json_array_foreach(release > 0 ? matches : NULL, i, match)
    {
        json_array_foreach(json_object_get(match, "layers"), k, layer)
        {
            mark(layer, release, files);
        }
    }
    view_free(live);
}
