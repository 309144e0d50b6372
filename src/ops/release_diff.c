#include "ops/release_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/text_diff.h"

/* ---- which files ---- */

/* Returns 1 for foyer.lua and lua/APP/connector.lua. */
static int is_of_server(const char *path)
{
    if (!str_starts(path, "lua/"))
        return strcmp(path, "foyer.lua") == 0;
    const char *slash = strchr(path + 4, '/');
    return slash && strcmp(slash, "/connector.lua") == 0;
}

/* Returns 1 when CLIENT's release is about PATH. */
static int is_seen(const char *path, const char *client)
{
    static const char clients[] = "clients/";
    size_t n = strlen(client);
    if (!*client)
        return is_of_server(path);
    if (!str_starts(path, clients))
        return 1;
    path += sizeof clients - 1;
    return strncmp(path, client, n) == 0 && path[n] == '/';
}

static void add(json_t *list, const char *path, const char *old, const char *new)
{
    const char *change = !old ? "added" : !new ? "removed" : "changed";
    if (!old || !new || strcmp(old, new) != 0)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s*, s:s*}", "path", path,
                                              "change", change, "old", old, "new", new));
}

static const struct manifest_line *line_at(const struct manifest *m, size_t i)
{
    return m && i < manifest_count(m) ? manifest_line(m, i) : NULL;
}

json_t *release_diff(const struct manifest *old, const struct manifest *new,
                     const char *client)
{
    json_t *list = json_array();
    size_t i = 0, k = 0;
    const struct manifest_line *a, *b;
    while ((a = line_at(old, i), b = line_at(new, k), a || b)) {
        int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);
        const char *path = order <= 0 ? a->path : b->path;
        i += order <= 0;
        k += order >= 0;
        if (is_seen(path, client))
            add(list, path, order <= 0 ? a->hash : NULL, order >= 0 ? b->hash : NULL);
    }
    return list;
}

/* ---- of all clients ---- */

static char *key_of(const json_t *row)
{
    return xasprintf("%s\n%s\n%s", json_text_or(row, "path", ""),
                     json_text_or(row, "old", ""), json_text_or(row, "new", ""));
}

void release_diff_add(json_t *all, const json_t *files, const char *client)
{
    size_t i;
    json_t *row;
    json_array_foreach(files, i, row)
    {
        char *key = key_of(row);
        json_t *sum = json_object_get(all, key);
        int is_known = sum && !*client;
        if (!sum) {
            sum = json_copy(row);
            json_object_set_new(sum, "clients", json_array());
            json_object_set_new(all, key, sum);
        }
        if (!is_known)
            json_array_append_new(json_object_get(sum, "clients"), json_string(client));
        free(key);
    }
}

json_t *release_diff_sort(const json_t *all)
{
    const char **keys = NULL, *key;
    json_t *row, *list = json_array();
    size_t n = 0;
    json_object_foreach((json_t *)all, key, row)
    {
        array_grow(keys, n);
        keys[n++] = key;
    }
    if (n)
        qsort(keys, n, sizeof *keys, str_compare);
    for (size_t i = 0; i < n; i++)
        json_array_append(list, json_object_get(all, keys[i]));
    free(keys);
    return list;
}

/* ---- how they differ ---- */

static int read_side(const struct release_diff_side *side, const char *hash, char **text,
                     size_t *len, struct err *e)
{
    *len = 0;
    *text = NULL;
    return hash ? side->text(side->arg, hash, text, len, e) : 0;
}

static int compare(json_t *row, const struct release_diff_side *old,
                   const struct release_diff_side *new, struct err *e)
{
    char *before = NULL, *after = NULL;
    const char *path = json_text_or(row, "path", "?");
    char *labels[2] = {xasprintf("%s (%s)", path, old->label),
                       xasprintf("%s (%s)", path, new->label)};
    size_t nbefore = 0, nafter = 0;
    struct buf out;
    buf_init(&out, TEXT_DIFF_MAX);
    int rc = -1;
    if (read_side(old, json_text(row, "old"), &before, &nbefore, e) == 0 &&
        read_side(new, json_text(row, "new"), &after, &nafter, e) == 0) {
        struct text_diff_side a = {labels[0], before ? before : "", nbefore};
        struct text_diff_side b = {labels[1], after ? after : "", nafter};
        rc = text_diff(&a, &b, &out, e);
    }
    json_t *text = rc < 0 ? NULL : json_stringn(buf_str(&out), out.len);
    if (rc >= 0)
        json_object_set_new(row, "diff", text ? text : json_null());
    buf_free(&out);
    free(before);
    free(after);
    free(labels[0]);
    free(labels[1]);
    return rc < 0 ? -1 : 0;
}

int release_diff_texts(json_t *rows, const struct release_diff_side *old,
                       const struct release_diff_side *new, struct err *e)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (compare(row, old, new, e) != 0)
            return -1;
    }
    return 0;
}
