#include "ops/live_files.h"

#include <stdlib.h>

#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/store.h"
#include "ops/release_diff.h"
#include "vm/overlay.h"
#include "workspace/snapshot.h"
#include "workspace/view.h"

/* Returns the live releases. NULL with E of kind ERR_NONE when there are none. */
static struct view *open_live(struct workspace *w, struct err *e)
{
    char *path = workspace_dir(w) ? store_path(workspace_dir(w)) : NULL;
    int is_there = path && path_exists(path);
    free(path);
    err_clear(e);
    struct store *store = is_there ? workspace_store(w, e) : NULL;
    return store ? view_open(store_db(store), e) : NULL;
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
    struct err ignored;
    struct view *live = open_live(w, &ignored);
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

/* ---- how many differ ---- */

struct comparing {
    struct view *live;
    struct snapshot *files;
    json_t *all; /* release_diff_add's */
    struct live_files_count *out;
    struct err *e;
    int failed;
};

static void compare(void *arg, const char *client)
{
    struct comparing *c = arg;
    const struct manifest *old;
    int64_t release = view_release(c->live, client, &old, c->e);
    if (release < 0)
        c->failed = 1;
    if (release > c->out->release)
        c->out->release = release;
    json_t *files = release_diff(old, snapshot_files(c->files), client);
    release_diff_add(c->all, files, client);
    c->out->clients += *client && json_array_size(files);
    json_decref(files);
}

/* Compares a client of the directory that runs no release. */
static void compare_new(void *arg, const char *client)
{
    struct comparing *c = arg;
    if (!json_object_get(view_releases(c->live), client))
        compare(c, client);
}

static int compare_all(struct workspace *w, const char *client, struct comparing *c)
{
    c->files = snapshot_take(workspace_dir(w), c->e);
    if (!c->files)
        return -1;
    if (client) {
        compare(c, client);
    } else {
        struct view *now = view_of_snapshot(c->files);
        view_each_client(c->live, compare, c);
        view_each_client(now, compare_new, c);
        compare(c, "");
        view_free(now);
    }
    c->out->files = json_object_size(c->all);
    return c->failed ? -1 : 0;
}

int live_files_compare(struct workspace *w, const char *client,
                       struct live_files_count *out, struct err *e)
{
    struct err why;
    struct comparing c = {
        .live = open_live(w, &why), .all = json_object(), .out = out, .e = &why};
    *out = (struct live_files_count){0};
    int rc = c.live ? compare_all(w, client, &c) : why.kind == ERR_NONE ? 0 : -1;
    if (rc != 0 && e)
        *e = why;
    snapshot_free(c.files);
    view_free(c.live);
    json_decref(c.all);
    return rc;
}
