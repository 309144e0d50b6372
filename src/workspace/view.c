#include "workspace/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/loopguard.h"
#include "base/str.h"
#include "store/release.h"
#include "workspace/snapshot.h"

struct opened { /* a release that was asked for */
    int64_t id;
    struct manifest *files;
};

struct view {
    struct db *db;             /* NULL: of SNAPSHOT */
    struct snapshot *snapshot; /* view_of_snapshot's, or NULL */
    json_t *releases;          /* client -> number */
    int64_t generation;
    struct opened *opened;
    size_t nopened;
};

static int add_live(void *arg, const char *client, int64_t id)
{
    json_object_set_new(arg, client, json_integer(id));
    return 0;
}

struct view *view_open(struct db *db, struct err *e)
{
    struct view *v = xcalloc(1, sizeof *v);
    v->db = db;
    v->releases = json_object();
    err_clear(e);
    if (release_generation(db, &v->generation, e) != 0 ||
        release_each_live(db, add_live, v->releases, e) != 0 ||
        json_object_size(v->releases) == 0) {
        view_free(v);
        return NULL;
    }
    return v;
}

/* Returns the client whose client.lua PATH is, as a new string, or NULL. */
static char *client_of(const char *path)
{
    static const char before[] = "clients/", behind[] = "/client.lua";
    size_t n = strlen(path), cut = sizeof before - 1 + sizeof behind - 1;
    if (!str_starts(path, before) || !str_ends(path, behind) || n <= cut)
        return NULL;
    char *name = xmemdup0(path + sizeof before - 1, n - cut);
    if (strchr(name, '/')) {
        free(name);
        return NULL;
    }
    return name;
}

struct view *view_of_snapshot(struct snapshot *s)
{
    struct view *v = xcalloc(1, sizeof *v);
    const struct manifest *files = snapshot_files(s);
    v->snapshot = s;
    v->releases = json_object();
    json_object_set_new(v->releases, "", json_integer(1));
    for (size_t i = manifest_from(files, "clients/"); i < manifest_count(files); i++) {
        char *client = client_of(manifest_line(files, i)->path);
        if (client)
            json_object_set_new(v->releases, client, json_integer(1));
        free(client);
    }
    return v;
}

void view_free(struct view *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->nopened; i++)
        manifest_free(v->opened[i].files);
    free(v->opened);
    json_decref(v->releases);
    free(v);
}

/* Returns NULL with E. What is read once stays: a worker reads all when it begins. */
static const struct manifest *open_release(struct view *v, int64_t id, struct err *e)
{
    for (size_t i = 0; i < v->nopened; i++)
        if (v->opened[i].id == id)
            return v->opened[i].files;
    loopguard_lift("opening: a release");
    char *text = release_manifest(v->db, id, e);
    loopguard_restore();
    struct manifest *files = text ? manifest_read(text, e) : NULL;
    free(text);
    if (!files) {
        err_prefix(e, "cannot open release %" PRId64, id);
        return NULL;
    }
    array_grow(v->opened, v->nopened);
    v->opened[v->nopened++] = (struct opened){id, files};
    return files;
}

static int check_release(struct view *v, int64_t id, struct err *e)
{
    const struct manifest *files = open_release(v, id, e);
    int rc = files ? 0 : -1;
    loopguard_lift("opening: a release");
    for (size_t i = 0; rc == 0 && i < manifest_count(files); i++)
        if (release_has_text(v->db, manifest_line(files, i)->hash, e) != 0)
            rc = err_prefix(e, "%s of release %" PRId64, manifest_line(files, i)->path,
                            id);
    loopguard_restore();
    return rc;
}

static int is_among(const json_t *releases, const json_t *id)
{
    const char *client;
    json_t *one;
    json_object_foreach((json_t *)releases, client, one)
    {
        if (json_equal(one, id))
            return 1;
    }
    return 0;
}

int view_check(struct view *v, const json_t *known, struct err *e)
{
    const char *client;
    json_t *id, *checked = json_object();
    int rc = 0;
    json_object_foreach(v->releases, client, id)
    {
        char key[24];
        snprintf(key, sizeof key, "%" PRId64, (int64_t)json_integer_value(id));
        if (rc != 0 || json_object_get(checked, key) || is_among(known, id))
            continue;
        rc = check_release(v, json_integer_value(id), e);
        json_object_set_new(checked, key, json_true());
    }
    json_decref(checked);
    return rc;
}

int64_t view_release(struct view *v, const char *client, const struct manifest **files,
                     struct err *e)
{
    int64_t id = json_integer_value(json_object_get(v->releases, client ? client : ""));
    if (v->snapshot) {
        *files = id ? snapshot_files(v->snapshot) : NULL;
        return id;
    }
    *files = id ? open_release(v, id, e) : NULL;
    return id && !*files ? -1 : id;
}

static int read_text(void *arg, const char *hash, char **text, size_t *len, struct err *e)
{
    struct view *v = arg;
    if (v->snapshot)
        return snapshot_text(v->snapshot, hash, text, len, e);
    loopguard_lift("opening: a release");
    int rc = release_text(v->db, hash, text, len, e);
    loopguard_restore();
    return rc;
}

static int64_t overlay_release(void *arg, const char *client, int64_t at,
                               const struct manifest **files, struct err *e)
{
    struct view *v = arg;
    struct err why = {0};
    if (!at || v->snapshot)
        return view_release(v, client, files, e);
    *files = open_release(v, at, &why);
    if (*files)
        return at;
    if (why.kind == ERR_NOT_FOUND)
        return view_release(v, client, files, e);
    if (e)
        *e = why;
    return -1;
}

struct overlay_releases view_for_overlay(struct view *v)
{
    return (struct overlay_releases){v, overlay_release, read_text};
}

int view_read(struct view *v, const char *client, const char *path, struct buf *out,
              struct err *e)
{
    const struct manifest *files;
    char *text;
    size_t len;
    int64_t id = view_release(v, client, &files, e);
    if (id < 0)
        return -1;
    const char *hash = files ? manifest_hash(files, path) : NULL;
    if (!hash)
        return err_set(e, ERR_NOT_FOUND, "release %" PRId64 " has no %s", id, path);
    if (read_text(v, hash, &text, &len, e) != 0)
        return err_prefix(e, "cannot read %s of release %" PRId64, path, id);
    int rc = buf_add(out, text, len);
    free(text);
    return rc == 0 ? 0 : err_set(e, ERR_LIMIT, "cannot read %s: it is too large", path);
}

void view_each_client(const struct view *v, void (*fn)(void *arg, const char *client),
                      void *arg)
{
    const char *client;
    json_t *id;
    json_object_foreach(v->releases, client, id) /* in the order of release_each_live */
    {
        if (*client)
            fn(arg, client);
    }
}

int64_t view_generation(const struct view *v)
{
    return v->generation;
}

const json_t *view_releases(const struct view *v)
{
    return v->releases;
}
