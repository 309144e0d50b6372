#include "ops/release_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/manifest.h"
#include "ops/release_diff.h"
#include "ops/report.h"
#include "store/release.h"

/* ---- the moves ---- */

enum { TOGETHER_MS = 60 * 1000 }; /* one command's moves are stored within this time */

static int has_name(const json_t *names, const char *name)
{
    size_t i;
    const json_t *one;
    json_array_foreach(names, i, one)
    {
        if (str_eq(json_string_value(one), name))
            return 1;
    }
    return 0;
}

static int is_of(const json_t *group, const struct release_move *m)
{
    if (json_int(group, "old") != m->old || json_int(group, "new") != m->new ||
        !str_eq(json_text_or(group, "by", ""), m->by) ||
        !str_eq(json_text_or(group, "why", ""), m->why ? m->why : ""))
        return 0;
    return *m->client ? !has_name(json_object_get(group, "clients"), m->client)
                      : !json_is_true(json_object_get(group, "server"));
}

/* Returns the group that M belongs to: what one command did to several clients. */
static json_t *group_of(json_t *groups, const struct release_move *m)
{
    for (size_t i = json_array_size(groups); i > 0; i--) {
        json_t *group = json_array_get(groups, i - 1);
        if (json_int(group, "ms") - m->at_ms > TOGETHER_MS)
            break;
        if (is_of(group, m))
            return group;
    }
    json_t *group = json_pack(
        "{s:I, s:s, s:I, s:I, s:[], s:b}", "ms", (json_int_t)m->at_ms, "by", m->by, "old",
        (json_int_t)m->old, "new", (json_int_t)m->new, "clients", "server", 0);
    report_set_time(group, "at", m->at_ms);
    report_set_text(group, "why", m->why);
    json_array_append_new(groups, group);
    return group;
}

static int add_move(void *arg, const struct release_move *m)
{
    if (m->old == m->new) /* servers were asked to read again */
        return 0;
    json_t *group = group_of(arg, m);
    if (*m->client) /* they come by name, the last first */
        json_array_insert_new(json_object_get(group, "clients"), 0,
                              json_string(m->client));
    else
        json_object_set_new(group, "server", json_true());
    return 0;
}

/* Sets `moves` on each of ROWS. */
static int add_moves(struct db *db, json_t *rows, struct err *e)
{
    json_t *groups = json_array(), *group, *row;
    size_t i, k;
    int rc = release_each_move(db, NULL, add_move, groups, e);
    json_array_foreach(groups, i, group)
    {
        json_object_del(group, "ms");
    }
    json_array_foreach(rows, i, row)
    {
        long long id = json_int(row, "id");
        json_t *moves = json_array();
        json_array_foreach(groups, k, group)
        {
            if (json_int(group, "old") == id || json_int(group, "new") == id)
                json_array_append(moves, group);
        }
        json_object_set_new(row, "moves", moves);
    }
    json_decref(groups);
    return rc;
}

/* ---- the releases ---- */

struct listing {
    json_t *rows;
    json_t *live; /* release -> {clients, server} */
};

static int note_live(void *arg, const char *client, int64_t id)
{
    struct listing *l = arg;
    char key[24];
    snprintf(key, sizeof key, "%" PRId64, id);
    json_t *one = json_object_get(l->live, key);
    if (!one) {
        one = json_pack("{s:[], s:b}", "clients", "server", 0);
        json_object_set_new(l->live, key, one);
    }
    if (*client)
        json_array_append_new(json_object_get(one, "clients"), json_string(client));
    else
        json_object_set_new(one, "server", json_true());
    return 0;
}

static int add_release(void *arg, const struct release *r)
{
    struct listing *l = arg;
    char key[24];
    snprintf(key, sizeof key, "%" PRId64, r->id);
    json_t *row = json_pack("{s:I}", "id", (json_int_t)r->id), *one;
    report_set_time(row, "at", r->at_ms);
    report_set_text(row, "by", r->by);
    report_set_text(row, "revision", r->revision);
    report_set_text(row, "note", r->note);
    one = json_object_get(l->live, key);
    json_t *none = json_pack("{s:[], s:b}", "clients", "server", 0);
    json_object_update(row, one ? one : none);
    json_decref(none);
    json_array_append_new(l->rows, row);
    return 0;
}

static json_t *list(struct db *db, int64_t id, struct err *e)
{
    struct listing l = {json_array(), json_object()};
    int rc = release_each_live(db, note_live, &l, e);
    if (rc == 0)
        rc = id ? release_get(db, id, add_release, &l, e)
                : release_each(db, add_release, &l, e);
    json_decref(l.live);
    if (rc == 0)
        rc = add_moves(db, l.rows, e);
    if (rc == 0)
        return l.rows;
    json_decref(l.rows);
    return NULL;
}

json_t *release_list(struct db *db, struct err *e)
{
    return list(db, 0, e);
}

/* Returns a new array of the clients that FILES have. */
static json_t *clients_of(const struct manifest *files)
{
    json_t *names = json_array();
    static const char before[] = "clients/", behind[] = "/client.lua";
    for (size_t i = manifest_from(files, before); i < manifest_count(files); i++) {
        const char *path = manifest_line(files, i)->path;
        const char *name = path + sizeof before - 1, *slash;
        if (!str_starts(path, before))
            break;
        slash = strchr(name, '/');
        if (slash && strcmp(slash, behind) == 0)
            json_array_append_new(names, json_stringn(name, (size_t)(slash - name)));
    }
    return names;
}

/* ---- what one of them changed ---- */

struct base { /* a release that a client ran before */
    int64_t id;
    struct manifest *files; /* NULL: it cannot be read */
};

struct comparing {
    struct db *db;
    int64_t id;
    struct base *bases;
    size_t nbases;
    int64_t old; /* of the client that is looked at; -1: it never came to ID */
};

static struct manifest *read_manifest(struct db *db, int64_t id, struct err *e)
{
    char *text = release_manifest(db, id, e);
    struct manifest *files = text ? manifest_read(text, e) : NULL;
    free(text);
    return files;
}

/* Finds what the client ran when the release was made: of the moves the first. */
static int find_old(void *arg, const struct release_move *m)
{
    struct comparing *c = arg;
    if (m->new == c->id && m->old != m->new)
        c->old = m->old;
    return 0;
}

/* Returns the files of release ID, borrowed, or NULL. */
static const struct manifest *base_files(struct comparing *c, int64_t id)
{
    for (size_t i = 0; i < c->nbases; i++)
        if (c->bases[i].id == id)
            return c->bases[i].files;
    array_grow(c->bases, c->nbases);
    c->bases[c->nbases] = (struct base){id, id ? read_manifest(c->db, id, NULL) : NULL};
    return c->bases[c->nbases++].files;
}

static int compare(struct comparing *c, const struct manifest *new, const char *client,
                   json_t *all, struct err *e)
{
    c->old = -1;
    if (release_each_move(c->db, client, find_old, c, e) != 0)
        return -1;
    if (c->old < 0)
        return 0;
    /* for a new client what all share is not new */
    const struct manifest *old = base_files(c, c->old ? c->old : c->id - 1);
    json_t *files = release_diff(old, new, client);
    release_diff_add(all, files, client);
    json_decref(files);
    return 0;
}

/* Keeps one row for each path. */
static void drop_doubles(json_t *rows)
{
    for (size_t i = json_array_size(rows); i > 0; i--) {
        json_t *row = json_array_get(rows, i - 1);
        json_object_del(row, "clients");
        if (i > 1 && str_eq(json_text(row, "path"),
                            json_text(json_array_get(rows, i - 2), "path")))
            json_array_remove(rows, i - 1);
    }
}

/* Returns the rows of all files that differ from what each client ran before. */
static json_t *files_of(struct db *db, int64_t id, const struct manifest *new,
                        const json_t *has, struct err *e)
{
    struct comparing c = {.db = db, .id = id};
    json_t *all = json_object(), *name;
    size_t i;
    int rc = 0;
    json_array_foreach(has, i, name)
    {
        if (rc == 0)
            rc = compare(&c, new, json_string_value(name), all, e);
    }
    if (rc == 0)
        rc = compare(&c, new, "", all, e);
    json_t *rows = rc == 0 ? release_diff_sort(all) : NULL;
    if (rows)
        drop_doubles(rows);
    for (i = 0; i < c.nbases; i++)
        manifest_free(c.bases[i].files);
    free(c.bases);
    json_decref(all);
    return rows;
}

json_t *release_list_one(struct db *db, int64_t id, struct err *e)
{
    struct manifest *files = read_manifest(db, id, e);
    json_t *rows = files ? list(db, id, e) : NULL,
           *has = files ? clients_of(files) : NULL;
    json_t *changed = rows ? files_of(db, id, files, has, e) : NULL;
    json_t *row = changed ? json_incref(json_array_get(rows, 0)) : NULL;
    if (row) {
        json_object_set(row, "has", has);
        json_object_set(row, "files", changed);
    }
    json_decref(has);
    json_decref(changed);
    json_decref(rows);
    manifest_free(files);
    return row;
}
