#include "workspace/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"
#include "base/textfile.h"
#include "core/limits.h"
#include "store/release.h"

enum { DIRS_DEEP = 8 };

struct text {
    char *path, *data;
    size_t len;
    unsigned char hash[CRYPTO_SHA256_SIZE];
};

struct snapshot {
    struct manifest *files;
    struct text *texts;
    size_t n;
    size_t *by_hash; /* indexes of TEXTS, in order of hash */
    json_t *unread;  /* path -> why */
};

struct taking {
    struct snapshot *s;
    const char *dir; /* the workspace's */
    struct err *e;
};

struct level { /* one directory */
    struct taking *t;
    const char *name; /* below the workspace */
    int deep;
};

/* Returns 1 for what foyer would read: a picture beside the templates is not. */
static int is_source(const char *name)
{
    static const char *const ends[] = {".lua", ".html", ".txt", ".md"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (str_ends(name, ends[i]))
            return 1;
    return 0;
}

static int take_file(struct taking *t, const char *name)
{
    struct buf text;
    struct err why = {0};
    buf_init(&text, limits_default.script_bytes);
    int rc = textfile_read_below(t->dir, name, name, &text, &why);
    if (rc == 0 && strpbrk(name, "\t\n"))
        rc = err_set(&why, ERR_INVALID, "cannot read a file with a tab in its name");
    if (rc == 0) {
        char hex[2 * CRYPTO_SHA256_SIZE + 1];
        array_grow(t->s->texts, t->s->n);
        struct text *one = &t->s->texts[t->s->n++];
        *one = (struct text){.path = xstrdup(name)};
        one->data = buf_take(&text, &one->len);
        crypto_sha256(one->data ? one->data : "", one->len, one->hash);
        str_hex(one->hash, sizeof one->hash, hex);
        manifest_set(t->s->files, name, hex);
    }
    buf_free(&text);
    if (rc == 0 || why.kind == ERR_NOT_FOUND) /* it was removed meanwhile */
        return 0;
    if (strcmp(name, "foyer.lua") == 0) {
        *t->e = why;
        return -1;
    }
    if (is_source(name))
        json_object_set_new(t->s->unread, name, json_string(why.text));
    return 0;
}

static int take_entry(void *arg, const char *entry)
{
    const struct level *l = arg;
    char *name = path_join(l->name, entry), *path = path_join(l->t->dir, name);
    int rc = 0;
    if (!path_is_dir(path)) {
        rc = take_file(l->t, name);
    } else if (l->deep < DIRS_DEEP) {
        struct level below = {l->t, name, l->deep + 1};
        rc = path_each(path, take_entry, &below);
    }
    free(path);
    free(name);
    return rc;
}

/* Takes lua/, recipes/ and templates/ below PREFIX ("", "clients/acme/"). */
static int take_layer(struct taking *t, const char *prefix)
{
    static const char *const dirs[] = {"lua", "recipes", "templates"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof dirs / sizeof *dirs; i++) {
        char *name = xasprintf("%s%s", prefix, dirs[i]), *path = path_join(t->dir, name);
        struct level l = {t, name, 0};
        rc = path_each(path, take_entry, &l);
        free(path);
        free(name);
    }
    return rc;
}

static int take_client(void *arg, const char *client)
{
    struct taking *t = arg;
    if (!str_is_name(client))
        return 0;
    char *prefix = xasprintf("clients/%s/", client);
    char *settings = xasprintf("%sclient.lua", prefix),
         *ids = xasprintf("%sids.lua", prefix);
    int rc = take_file(t, settings);
    if (rc == 0 && manifest_hash(t->s->files, settings))
        rc = take_file(t, ids) == 0 && take_layer(t, prefix) == 0 ? 0 : -1;
    free(settings);
    free(ids);
    free(prefix);
    return rc;
}

/* Compares by their hashes; for qsort_r. */
static int compare(const void *a, const void *b, void *arg)
{
    const struct text *texts = arg;
    return memcmp(texts[*(const size_t *)a].hash, texts[*(const size_t *)b].hash,
                  CRYPTO_SHA256_SIZE);
}

static void sort_texts(struct snapshot *s)
{
    s->by_hash = xcalloc(s->n + 1, sizeof *s->by_hash);
    for (size_t i = 0; i < s->n; i++)
        s->by_hash[i] = i;
    qsort_r(s->by_hash, s->n, sizeof *s->by_hash, compare, s->texts);
}

struct snapshot *snapshot_take(const char *dir, struct err *e)
{
    struct snapshot *s = xcalloc(1, sizeof *s);
    struct taking t = {s, dir, e};
    char *clients = path_join(dir, "clients");
    s->files = manifest_new();
    s->unread = json_object();
    int rc = take_file(&t, "foyer.lua");
    if (rc == 0)
        rc = take_layer(&t, "");
    if (rc == 0)
        rc = path_each(clients, take_client, &t);
    free(clients);
    if (rc == 0) {
        sort_texts(s);
        return s;
    }
    snapshot_free(s);
    return NULL;
}

/* Returns 1 for foyer.lua and lua/APP/connector.lua. */
static int is_servers(const char *path)
{
    const char *slash = str_starts(path, "lua/") ? strchr(path + 4, '/') : NULL;
    return strcmp(path, "foyer.lua") == 0 ||
           (slash && strcmp(slash, "/connector.lua") == 0);
}

static int take_connector(void *arg, const char *app)
{
    char *name = xasprintf("lua/%s/connector.lua", app);
    int rc = take_file(arg, name);
    free(name);
    return rc;
}

struct snapshot *snapshot_take_server(const char *dir, const struct manifest *base,
                                      struct err *e)
{
    struct snapshot *s = xcalloc(1, sizeof *s);
    struct taking t = {s, dir, e};
    char *lua = path_join(dir, "lua");
    s->files = manifest_new();
    s->unread = json_object();
    for (size_t i = 0; i < manifest_count(base); i++)
        if (!is_servers(manifest_line(base, i)->path))
            manifest_set(s->files, manifest_line(base, i)->path,
                         manifest_line(base, i)->hash);
    int rc = take_file(&t, "foyer.lua");
    if (rc == 0)
        rc = path_each(lua, take_connector, &t);
    free(lua);
    if (rc == 0) {
        sort_texts(s);
        return s;
    }
    snapshot_free(s);
    return NULL;
}

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->texts[i].path);
        free(s->texts[i].data);
    }
    free(s->texts);
    free(s->by_hash);
    json_decref(s->unread);
    manifest_free(s->files);
    free(s);
}

struct manifest *snapshot_files(struct snapshot *s)
{
    return s->files;
}

const json_t *snapshot_unread(const struct snapshot *s)
{
    return s->unread;
}

int snapshot_text(const struct snapshot *s, const char *hash, char **text, size_t *len,
                  struct err *e)
{
    unsigned char wanted[CRYPTO_SHA256_SIZE];
    size_t low = 0, high = s->n;
    if (str_unhex(hash, strlen(hash), wanted) != 0)
        high = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct text *t = &s->texts[s->by_hash[middle]];
        int order = memcmp(t->hash, wanted, sizeof wanted);
        if (order == 0) {
            *text = xmemdup0(t->data ? t->data : "", t->len);
            *len = t->len;
            return 0;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return err_set(e, ERR_STORE, "cannot find the text %.12s", hash);
}

int snapshot_keep(const struct snapshot *s, struct db *db, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        const struct text *t = &s->texts[i];
        if (manifest_hash(s->files, t->path))
            rc = release_keep_text(db, t->hash, t->data, t->len, e);
    }
    return rc;
}
