#include "vm/overlay.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"
#include "base/textfile.h"
#include "vm/builtin.h"
#include "core/limits.h"
#include "base/crypto.h"

enum { BUCKETS = 256, DIRS_DEEP = 8 };

struct entry {
    struct entry *next;
    char *key;                 /* overlay_file's path, or kept_key's text */
    struct overlay_file *file; /* NULL: the layer has no such file */
};

struct names {
    char **list;
    size_t n;
};

struct snapshot { /* a layer that was preloaded: the files it has */
    char *client; /* "": the workspace's; first, for str_compare */
    struct names names;
};

struct overlay {
    char *workspace;   /* NULL: none */
    char *builtin_dir; /* FOYER_LUA_DIR, or NULL */
    struct entry *buckets[BUCKETS];
    struct snapshot *snapshots; /* by client */
    size_t nsnapshots;
    struct overlay_releases releases; /* release NULL: the directory */
    int64_t *preloaded;               /* releases whose workspace's layer is read */
    size_t npreloaded;
};

static const char *const layer_names[OVERLAY_LAYERS] = {"client", "workspace",
                                                        "built-in"};

const char *overlay_layer_name(enum overlay_layer layer)
{
    return layer_names[layer];
}

struct overlay *overlay_new(const char *workspace)
{
    struct overlay *o = xcalloc(1, sizeof *o);
    const char *dir = getenv("FOYER_LUA_DIR");
    o->workspace = xstrdup_null(workspace);
    o->builtin_dir = dir && *dir ? xstrdup(dir) : NULL;
    return o;
}

void overlay_use_releases(struct overlay *o, const struct overlay_releases *releases)
{
    o->releases = *releases;
}

static void file_free(struct overlay_file *file)
{
    if (!file)
        return;
    free(file->path);
    free(file->own_text);
    free(file->own_code);
    free(file);
}

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->list[i]);
    free(names->list);
}

void overlay_free(struct overlay *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->nsnapshots; i++) {
        free(o->snapshots[i].client);
        names_free(&o->snapshots[i].names);
    }
    free(o->snapshots);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *entry = o->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            file_free(entry->file);
            free(entry->key);
            free(entry);
        }
    free(o->preloaded);
    free(o->workspace);
    free(o->builtin_dir);
    free(o);
}

static struct entry **bucket_of(struct overlay *o, const char *key)
{
    uint32_t h = 2166136261u;
    for (const char *p = key; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return &o->buckets[h % BUCKETS];
}

/* The built-in layer has its templates under lua/. */
static char *builtin_name(const char *name)
{
    return str_starts(name, "templates") ? xasprintf("lua/%s", name) : xstrdup(name);
}

/* Returns the first built-in file that is not before NAME in byte order, or the end. */
static const struct builtin_file *builtin_from(const char *name)
{
    size_t low = 0, high = builtin_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(builtin_files[middle].path, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return &builtin_files[low];
}

static const struct builtin_file *builtin_find(const char *name)
{
    const struct builtin_file *f = builtin_from(name);
    return f->path && strcmp(f->path, name) == 0 ? f : NULL;
}

static char *layer_dir(const struct overlay *o, enum overlay_layer layer,
                       const char *client)
{
    if (layer == OVERLAY_CLIENT)
        return o->workspace && client ? xasprintf("%s/clients/%s", o->workspace, client)
                                      : NULL;
    if (layer == OVERLAY_WORKSPACE)
        return xstrdup_null(o->workspace);
    return xstrdup_null(o->builtin_dir);
}

static char *shown_path(enum overlay_layer layer, const char *client, const char *name)
{
    if (layer == OVERLAY_CLIENT)
        return xasprintf("clients/%s/%s", client ? client : "", name);
    if (layer == OVERLAY_WORKSPACE)
        return xstrdup(name);
    char *real_name = builtin_name(name);
    char *shown = xasprintf("built-in:%s", real_name);
    free(real_name);
    return shown;
}

/* NULL: the layer is not preloaded, and is read from the disk. */
static const struct snapshot *find_snapshot(const struct overlay *o,
                                            enum overlay_layer layer, const char *client)
{
    if (o->nsnapshots == 0 || layer == OVERLAY_BUILTIN)
        return NULL;
    const char *name = layer == OVERLAY_CLIENT ? client : "";
    return bsearch(&name, o->snapshots, o->nsnapshots, sizeof *o->snapshots, str_compare);
}

static int names_has(const struct names *names, const char *name)
{
    return names->n && bsearch(&name, names->list, names->n, sizeof *names->list,
                               str_compare) != NULL;
}

static struct entry *entry_find(struct overlay *o, const char *key)
{
    for (struct entry *entry = *bucket_of(o, key); entry; entry = entry->next)
        if (strcmp(entry->key, key) == 0)
            return entry;
    return NULL;
}

/* Takes KEY and FILE. */
static void entry_add(struct overlay *o, char *key, struct overlay_file *file)
{
    struct entry **bucket = bucket_of(o, key);
    struct entry *entry = xcalloc(1, sizeof *entry);
    *entry = (struct entry){.next = *bucket, .key = key, .file = file};
    *bucket = entry;
}

static struct overlay_file *file_new(enum overlay_layer layer, const char *path,
                                     const char *text, size_t len)
{
    struct overlay_file *file = xcalloc(1, sizeof *file);
    file->layer = layer;
    file->path = xstrdup(path);
    file->text = text;
    file->len = len;
    return file;
}

void overlay_keep_code(struct overlay_file *file, char *code, size_t len)
{
    free(file->own_code);
    file->code = file->own_code = code;
    file->code_len = len;
}

const char *overlay_hash(struct overlay_file *file)
{
    unsigned char digest[CRYPTO_SHA256_SIZE];
    if (!file->hash[0]) {
        crypto_sha256(file->text, file->len, digest);
        str_hex(digest, sizeof digest, file->hash);
    }
    return file->hash;
}

/* No path contains "//", so that this key is no file's path. */
static char *kept_key(const char *path, const char *hash)
{
    return xasprintf("%s//%s", path, hash);
}

struct overlay_file *overlay_kept(struct overlay *o, const char *path, const char *hash)
{
    char *key = kept_key(path, hash);
    struct entry *entry = entry_find(o, key);
    free(key);
    return entry ? entry->file : NULL;
}

struct overlay_file *overlay_keep(struct overlay *o, enum overlay_layer layer,
                                  const char *path, const char *text, size_t len)
{
    char *copy = xmemdup0(text, len);
    struct overlay_file *file = file_new(layer, path, copy, len);
    file->own_text = copy;
    entry_add(o, kept_key(path, overlay_hash(file)), file);
    return file;
}

/* NULL when there is none. */
static struct overlay_file *read_builtin(const char *name, const char *path)
{
    char *real_name = builtin_name(name);
    const struct builtin_file *f = builtin_find(real_name);
    free(real_name);
    if (!f)
        return NULL;
    struct overlay_file *file = file_new(OVERLAY_BUILTIN, path, f->text, f->len);
    file->code = f->code;
    file->code_len = f->code_len;
    return file;
}

/* Reads NAME below DIR. 0 with *FILE unchanged when there is none. */
static int read_below(const char *dir, enum overlay_layer layer, const char *name,
                      const char *path, struct overlay_file **file, struct err *e)
{
    char *real_name = layer == OVERLAY_BUILTIN ? builtin_name(name) : xstrdup(name);
    struct buf text;
    struct err why;
    buf_init(&text, limits_default.script_bytes);
    int rc = textfile_read_below(dir, real_name, path, &text, &why);
    free(real_name);
    if (rc == 0) {
        size_t len;
        char *bytes = buf_take(&text, &len);
        *file = file_new(layer, path, bytes, len);
        (*file)->own_text = bytes;
    }
    buf_free(&text);
    if (rc == 0 || why.kind == ERR_NOT_FOUND)
        return 0;
    if (e)
        *e = why;
    return -1;
}

/* ---- releases ---- */

static int has_releases(const struct overlay *o, enum overlay_layer layer)
{
    return o->releases.release && layer != OVERLAY_BUILTIN;
}

/* Returns PATH's text HASH, which is read when it is not kept yet. */
static struct overlay_file *release_file(struct overlay *o, enum overlay_layer layer,
                                         const char *path, const char *hash,
                                         struct err *e)
{
    char *text;
    size_t len;
    struct overlay_file *file = overlay_kept(o, path, hash);
    if (file)
        return file;
    if (o->releases.text(o->releases.arg, hash, &text, &len, e) != 0) {
        err_prefix(e, "%s", path);
        return NULL;
    }
    file = overlay_keep(o, layer, path, text, len);
    free(text);
    return file;
}

/* As layer_find. */
static int release_find(struct overlay *o, enum overlay_layer layer, int64_t at,
                        const char *client, const char *name, struct overlay_file **out,
                        struct err *e)
{
    const struct manifest *files;
    int64_t id = o->releases.release(o->releases.arg, client, at, &files, e);
    if (id <= 0)
        return (int)id;
    char *path = shown_path(layer, client, name);
    const char *hash = manifest_hash(files, path);
    *out = hash ? release_file(o, layer, path, hash, e) : NULL;
    free(path);
    return !hash ? 0 : *out ? 1 : -1;
}

int overlay_is_only_on_disk(struct overlay *o, const char *client, const char *name,
                            enum overlay_layer from, struct err *e)
{
    const struct manifest *files;
    for (int layer = from; o->releases.release && layer < OVERLAY_BUILTIN; layer++) {
        char *dir = layer_dir(o, (enum overlay_layer)layer, client);
        char *path = dir ? path_join(dir, name) : NULL;
        int found = path && path_exists(path);
        free(path);
        free(dir);
        if (!found)
            continue;
        path = shown_path((enum overlay_layer)layer, client, name);
        int64_t id = o->releases.release(o->releases.arg, client, 0, &files, NULL);
        err_set(e, ERR_NOT_FOUND,
                "cannot find %s in release %lld, which %s runs: it is only on the disk; "
                "`foyer deploy` makes a release of it, --dev uses the files",
                path, (long long)id, client ? client : "the server");
        free(path);
        return 1;
    }
    return 0;
}

/* ---- looking up ---- */

/* 1: found; 0: the layer has no such file; -1: an error. */
static int layer_find(struct overlay *o, enum overlay_layer layer, int64_t at,
                      const char *client, const char *name, struct overlay_file **out,
                      struct err *e)
{
    if (has_releases(o, layer))
        return release_find(o, layer, at, client, name, out, e);
    char *key = shown_path(layer, client, name);
    struct entry *entry = entry_find(o, key);
    if (entry) {
        free(key);
        *out = entry->file;
        return entry->file != NULL;
    }
    const struct snapshot *snapshot = find_snapshot(o, layer, client);
    if (snapshot && !names_has(&snapshot->names, name)) {
        free(key);
        return 0;
    }
    struct overlay_file *file = NULL;
    char *dir = layer_dir(o, layer, client);
    int rc = dir ? read_below(dir, layer, name, key, &file, e) : 0;
    if (!dir && layer == OVERLAY_BUILTIN)
        file = read_builtin(name, key);
    free(dir);
    if (rc != 0) {
        free(key);
        return -1;
    }
    entry_add(o, key, file);
    *out = file;
    return file != NULL;
}

struct overlay_file *overlay_find(struct overlay *o, const char *client, const char *name,
                                  enum overlay_layer from, struct err *e)
{
    return overlay_find_at(o, 0, client, name, from, e);
}

struct overlay_file *overlay_find_at(struct overlay *o, int64_t at, const char *client,
                                     const char *name, enum overlay_layer from,
                                     struct err *e)
{
    if (name[0] == '/' || strstr(name, "..")) {
        err_set(e, ERR_FORBIDDEN, "cannot read %s: it leads out of its layer", name);
        return NULL;
    }
    for (int layer = from; layer < OVERLAY_LAYERS; layer++) {
        struct overlay_file *file;
        if (layer == OVERLAY_CLIENT && !client)
            continue;
        int rc = layer_find(o, (enum overlay_layer)layer, at, client, name, &file, e);
        if (rc != 0)
            return rc > 0 ? file : NULL;
    }
    if (!e || !overlay_is_only_on_disk(o, client, name, from, e))
        err_set(e, ERR_NOT_FOUND, "cannot find %s in any layer", name);
    return NULL;
}

static int names_add(void *arg, const char *name)
{
    struct names *names = arg;
    array_grow(names->list, names->n);
    names->list[names->n++] = xstrdup(name);
    return 0;
}

/* Adds the part of PATH that follows DIR, if PATH is below it. */
static void add_below(struct names *names, const char *path, const char *dir)
{
    size_t n = strlen(dir);
    if (strncmp(path, dir, n) != 0 || path[n] != '/')
        return;
    char *part = xmemdup0(path + n + 1, strcspn(path + n + 1, "/"));
    names_add(names, part);
    free(part);
}

/* Adds the names in the built-in directory DIR, without a look at what is below them. */
static void add_builtin(struct names *names, const char *dir)
{
    char *below = xasprintf("%s/", dir);
    size_t n = strlen(below);
    const struct builtin_file *f = builtin_from(below);
    while (f->path && strncmp(f->path, below, n) == 0) {
        char *name = xmemdup0(f->path + n, strcspn(f->path + n, "/"));
        char *next = xasprintf("%s%s/", below, name);
        names_add(names, name);
        f++;
        if (f->path && strncmp(f->path, next, strlen(next)) == 0) {
            next[strlen(next) - 1] = '/' + 1; /* the name of what comes after */
            f = builtin_from(next);
        }
        free(next);
        free(name);
    }
    free(below);
}

/* Adds the names in DIR of a layer's release. */
static void add_released(struct overlay *o, enum overlay_layer layer, const char *client,
                         const char *dir, struct names *names)
{
    const struct manifest *files;
    if (o->releases.release(o->releases.arg, client, 0, &files, NULL) <= 0)
        return;
    char *path = shown_path(layer, client, dir), *below = xasprintf("%s/", path);
    for (size_t i = manifest_from(files, below); i < manifest_count(files); i++) {
        const char *file = manifest_line(files, i)->path;
        if (!str_starts(file, below))
            break;
        add_below(names, file, path);
    }
    free(below);
    free(path);
}

void overlay_each(struct overlay *o, const char *client, const char *dir,
                  void (*fn)(void *arg, const char *name), void *arg)
{
    struct names names = {0};
    for (int layer = OVERLAY_CLIENT; layer < OVERLAY_LAYERS; layer++) {
        if (has_releases(o, (enum overlay_layer)layer)) {
            if (layer != OVERLAY_CLIENT || client)
                add_released(o, (enum overlay_layer)layer, client, dir, &names);
            continue;
        }
        char *real_name = layer == OVERLAY_BUILTIN ? builtin_name(dir) : xstrdup(dir);
        char *base = layer_dir(o, (enum overlay_layer)layer, client);
        const struct snapshot *snapshot =
            base ? find_snapshot(o, (enum overlay_layer)layer, client) : NULL;
        if (snapshot) {
            for (size_t i = 0; i < snapshot->names.n; i++)
                add_below(&names, snapshot->names.list[i], real_name);
        } else if (base) {
            char *path = path_join(base, real_name);
            path_each(path, names_add, &names);
            free(path);
        } else if (layer == OVERLAY_BUILTIN) {
            add_builtin(&names, real_name);
        }
        free(base);
        free(real_name);
    }
    if (names.n) /* qsort takes no NULL */
        qsort(names.list, names.n, sizeof *names.list, str_compare);
    for (size_t i = 0; i < names.n; i++) {
        if (i == 0 || strcmp(names.list[i], names.list[i - 1]) != 0)
            fn(arg, names.list[i]);
    }
    names_free(&names);
}

/* ---- preloading ---- */

struct reading {
    const char *base, *dir; /* DIR below BASE */
    struct names *names;
    int deep;
};

static int read_entry(void *arg, const char *entry)
{
    const struct reading *r = arg;
    char *name = path_join(r->dir, entry), *path = path_join(r->base, name);
    if (!path_is_dir(path)) {
        names_add(r->names, name);
    } else if (r->deep < DIRS_DEEP) {
        struct reading below = {r->base, name, r->names, r->deep + 1};
        path_each(path, read_entry, &below);
    }
    free(path);
    free(name);
    return 0;
}

static const char *const dirs[] = {"lua", "recipes", "templates"};

/* Reads the files of LAYER in FILES. */
static int preload_layer(struct overlay *o, const struct manifest *files,
                         enum overlay_layer layer, const char *client, struct err *e)
{
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char *dir = shown_path(layer, client, dirs[i]), *below = xasprintf("%s/", dir);
        int rc = 0;
        for (size_t k = manifest_from(files, below); rc == 0 && k < manifest_count(files);
             k++) {
            const struct manifest_line *line = manifest_line(files, k);
            if (!str_starts(line->path, below))
                break;
            rc = release_file(o, layer, line->path, line->hash, e) ? 0 : -1;
        }
        free(below);
        free(dir);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int preload_release(struct overlay *o, const char *client, struct err *e)
{
    const struct manifest *files;
    int64_t id = o->releases.release(o->releases.arg, client, 0, &files, e);
    if (id <= 0)
        return (int)id;
    if (client && preload_layer(o, files, OVERLAY_CLIENT, client, e) != 0)
        return -1;
    for (size_t i = 0; i < o->npreloaded; i++)
        if (o->preloaded[i] == id)
            return 0;
    array_grow(o->preloaded, o->npreloaded);
    o->preloaded[o->npreloaded++] = id;
    return preload_layer(o, files, OVERLAY_WORKSPACE, NULL, e);
}

int overlay_preload(struct overlay *o, const char *client, struct err *e)
{
    if (o->releases.release)
        return preload_release(o, client, e);
    enum overlay_layer layer = client ? OVERLAY_CLIENT : OVERLAY_WORKSPACE;
    char *base = layer_dir(o, layer, client);
    struct names names = {0};
    if (!base || find_snapshot(o, layer, client)) {
        free(base);
        return 0;
    }
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char *dir = path_join(base, dirs[i]);
        struct reading r = {base, dirs[i], &names, 0};
        path_each(dir, read_entry, &r);
        free(dir);
    }
    free(base);
    if (names.n)
        qsort(names.list, names.n, sizeof *names.list, str_compare);
    for (size_t i = 0; i < names.n; i++) {
        struct overlay_file *file;
        layer_find(o, layer, 0, client, names.list[i], &file, NULL);
    }
    size_t at = o->nsnapshots++;
    o->snapshots = xrealloc(o->snapshots, o->nsnapshots * sizeof *o->snapshots);
    for (; at > 0 && strcmp(o->snapshots[at - 1].client, client ? client : "") > 0; at--)
        o->snapshots[at] = o->snapshots[at - 1];
    o->snapshots[at] = (struct snapshot){xstrdup(client ? client : ""), names};
    return 0;
}
