#include "ops/rollback.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/manifest.h"
#include "ops/person.h"
#include "ops/release_diff.h"
#include "ops/report.h"
#include "store/release.h"
#include "store/store.h"

static const char rolled_back[] = "rollback";

int rollback_id(const char *word, int64_t *id, struct err *e)
{
    static const char noun[] = "release ";
    const char *digits = str_starts(word, noun) ? word + sizeof noun - 1 : word;
    if (*digits >= '0' && *digits <= '9' && str_parse_int(digits, id) == 0 && *id > 0)
        return 0;
    return err_set(e, ERR_USAGE,
                   "\"%.60s\" is not a release's number: `foyer releases` lists them",
                   word);
}

/* ---- which clients ---- */

struct rolling {
    const struct rollback *r;
    struct manifest *files; /* of r->release */
    json_t *rows;
    int64_t
        newest; /* of those that clients run: a reload may have moved the server since */
    int64_t servers; /* what the server runs */
    int in_row;      /* 1: a rollback took some of them to NEWEST */
    char *by, *why;
};

static int add_live(void *arg, const char *client, int64_t id)
{
    struct rolling *k = arg;
    const struct choice *clients = k->r->clients;
    int is_asked =
        *client ? choice_has(clients, client) : !clients || !choice_is_given(clients);
    if (!is_asked)
        return 0;
    json_array_append_new(
        k->rows, json_pack("{s:s, s:I}", "client", client, "old", (json_int_t)id));
    if (*client && id > k->newest)
        k->newest = id;
    if (!*client)
        k->servers = id;
    return 0;
}

static int add_name(void *arg, const char *client, int64_t id)
{
    (void)id;
    if (*client)
        json_object_set_new(arg, client, json_true());
    return 0;
}

static int unknown_client(const json_t *live, const char *client, struct err *e)
{
    const char **names = NULL, *name;
    size_t n = 0;
    json_t *one;
    json_object_foreach((json_t *)live, name, one)
    {
        array_grow(names, n);
        names[n++] = name;
    }
    const char *near = str_nearest(client, names, n);
    err_set(e, ERR_NOT_FOUND,
            "there is no client \"%.64s\" that runs a release%s%s%s; nothing was changed",
            client, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    free(names);
    return -1;
}

/* Refuses the whole command for a client that was asked for and runs no release. It asks
 * the store: a release that cannot be opened does not say which clients it has. */
static int check_names(const struct rolling *k, struct db *db, struct err *e)
{
    const struct choice *clients = k->r->clients;
    json_t *live = json_object();
    int rc = release_each_live(db, add_name, live, e);
    for (size_t i = 0; rc == 0 && clients && i < clients->n; i++)
        if (json_object_size(live) && !json_object_get(live, clients->clients[i]))
            rc = unknown_client(live, clients->clients[i], e);
    json_decref(live);
    return rc;
}

/* ---- which release ---- */

struct search {
    int64_t now, old;
    int found;
};

/* Finds what the client ran before its release was deployed; a rollback to it does not
 * count. */
static int find_before(void *arg, const struct release_move *m)
{
    struct search *s = arg;
    if (m->new != s->now || m->old == m->new ||
        (m->why && str_starts(m->why, rolled_back)))
        return 0;
    s->old = m->old;
    s->found = 1;
    return 1;
}

static int find_last(void *arg, const struct release_move *m)
{
    json_t *row = arg;
    if (m->old == m->new) /* servers were asked to read again */
        return 0;
    if (!m->why || !str_starts(m->why, rolled_back) || m->old <= m->new)
        return 1;
    json_t *again = json_pack("{s:I, s:s, s:s}", "release", (json_int_t)m->old, "by",
                              m->by, "why", m->why);
    report_set_time(again, "at", m->at_ms);
    json_object_set_new(row, "again", again);
    return 1;
}

/* Sets `again` on the rows that a rollback took to the newest release. */
static int find_again(struct rolling *k, struct db *db, struct err *e)
{
    size_t i;
    json_t *row;
    json_array_foreach(k->rows, i, row)
    {
        if (json_int(row, "old") == k->newest &&
            release_each_move(db, json_text(row, "client"), find_last, row, e) != 0)
            return -1;
        k->in_row |= json_object_get(row, "again") != NULL;
    }
    return 0;
}

static void leave(json_t *row, char *why)
{
    json_object_set(row, "new", json_object_get(row, "old"));
    json_object_set_new(row, "why", json_string(why));
    free(why);
}

static int choose_before(struct rolling *k, struct db *db, json_t *row, struct err *e)
{
    struct search s = {.now = json_int(row, "old")};
    if (s.now == 0) {
        leave(row, xstrdup("no release runs"));
        return 0;
    }
    if (s.now != k->newest) {
        leave(row, xasprintf("release %" PRId64 " does not run", k->newest));
        return 0;
    }
    if (k->in_row && !json_object_get(row, "again")) {
        leave(row, xstrdup("the rollback before did not move it"));
        return 0;
    }
    if (release_each_move(db, json_text(row, "client"), find_before, &s, e) != 0)
        return -1;
    if (s.old)
        json_object_set_new(row, "new", json_integer(s.old));
    else
        leave(row, xasprintf("release %" PRId64 " is the first one", s.now));
    return 0;
}

static void choose_named(struct rolling *k, json_t *row)
{
    const char *client = json_text(row, "client");
    int64_t id = k->r->release;
    char *path =
        *client ? xasprintf("clients/%s/client.lua", client) : xstrdup("foyer.lua");
    if (!manifest_hash(k->files, path))
        leave(row, xasprintf("release %" PRId64 " does not have it", id));
    else if (json_int(row, "old") == id)
        leave(row, xasprintf("release %" PRId64 " runs already", id));
    else
        json_object_set_new(row, "new", json_integer(id));
    free(path);
}

/* For store_transaction. */
static int roll(struct db *db, void *arg, struct err *e)
{
    struct rolling *k = arg;
    size_t i;
    json_t *row;
    if (check_names(k, db, e) != 0 || release_each_live(db, add_live, k, e) != 0)
        return -1;
    if (!k->newest)
        k->newest = k->servers;
    if (!k->files && find_again(k, db, e) != 0)
        return -1;
    json_array_foreach(k->rows, i, row)
    {
        if (k->files)
            choose_named(k, row);
        else if (choose_before(k, db, row, e) != 0)
            return -1;
        if (!json_object_get(row, "why") &&
            release_set_live(db, json_text(row, "client"), json_int(row, "new"), k->by,
                             k->why, e) != 0)
            return -1;
    }
    return 0;
}

static struct manifest *read_manifest(struct db *db, int64_t id, struct err *e)
{
    char *text = release_manifest(db, id, e);
    struct manifest *files = text ? manifest_read(text, e) : NULL;
    free(text);
    return files;
}

json_t *rollback_run(struct db *db, const struct rollback *r, struct err *e)
{
    struct rolling k = {.r = r, .rows = json_array()};
    int rc = 0;
    k.by = r->by ? xstrdup(r->by) : person_name();
    k.why =
        r->reason ? xasprintf("%s: %s", rolled_back, r->reason) : xstrdup(rolled_back);
    if (r->release && !(k.files = read_manifest(db, r->release, e)))
        rc = -1;
    if (rc == 0)
        rc = store_transaction(db, roll, &k, e);
    if (rc == 0 && json_array_size(k.rows) == 0)
        rc = err_set(e, ERR_NOT_FOUND,
                     "there is no release yet: `foyer deploy` makes one");
    manifest_free(k.files);
    free(k.by);
    free(k.why);
    if (rc == 0)
        return k.rows;
    json_decref(k.rows);
    return NULL;
}

/* ---- what runs afterwards ---- */

static json_t *row_of(json_t *list, long long release)
{
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        if (json_int(row, "release") == release)
            return row;
    }
    return NULL;
}

static int set_note(void *arg, const struct release *r)
{
    report_set_text(arg, "note", r->note);
    return 0;
}

/* Adds a client to the row of RELEASE, which may be new. */
static int count_in(struct db *db, json_t *list, int64_t release, struct err *e)
{
    json_t *row = row_of(list, release);
    if (row) {
        json_object_set_new(row, "clients", json_integer(json_int(row, "clients") + 1));
        return 0;
    }
    size_t at = 0;
    while (at < json_array_size(list) &&
           json_int(json_array_get(list, at), "release") > release)
        at++;
    row = json_pack("{s:I, s:i}", "release", (json_int_t)release, "clients", 1);
    json_array_insert_new(list, at, row);
    return release_get(db, release, set_note, row, e);
}

static int add_client(void *arg, const char *client, int64_t id)
{
    if (*client)
        json_array_append_new(arg, json_integer(id));
    return 0;
}

static json_t *count_live(struct db *db, struct err *e)
{
    json_t *ids = json_array(), *list = json_array(), *id;
    size_t i;
    int rc = release_each_live(db, add_client, ids, e);
    json_array_foreach(ids, i, id)
    {
        if (rc == 0)
            rc = count_in(db, list, json_integer_value(id), e);
    }
    json_decref(ids);
    if (rc == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* Counts those of ROWS that run something before the release that they run now: of the
 * ones that were moved, or of the ones that were left. Sets `to` where it is one and the
 * same for all of them. */
static json_t *count_before(struct db *db, const json_t *rows, int is_moved,
                            struct err *e)
{
    json_t *list = json_array(), *row;
    size_t i;
    int rc = 0;
    json_array_foreach(rows, i, row)
    {
        struct search s = {.now = json_int(row, "new")};
        const char *client = json_text_or(row, "client", "");
        int was_moved = !json_object_get(row, "why");
        if (rc != 0 || !*client || !s.now || was_moved != is_moved)
            continue;
        rc = release_each_move(db, client, find_before, &s, e);
        if (rc != 0 || !s.old)
            continue;
        json_t *one = row_of(list, s.now);
        if (one && json_int(one, "to") != s.old)
            json_object_del(one, "to");
        rc = count_in(db, list, s.now, e);
        if (rc == 0 && !one)
            json_object_set_new(row_of(list, s.now), "to", json_integer(s.old));
    }
    if (rc == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* Returns the rows of STILL for releases that more clients were left with than were
 * moved, and that are not older than what those run now. */
static json_t *narrower(const json_t *still, const json_t *rows, const json_t *live)
{
    json_t *list = json_array(), *row;
    size_t i, moved = 0;
    long long oldest = 0;
    json_array_foreach(rows, i, row)
    {
        long long now = json_int(row, "new");
        if (json_object_get(row, "why") || !*json_text_or(row, "client", ""))
            continue;
        moved++;
        oldest = !oldest || now < oldest ? now : oldest;
    }
    json_array_foreach(still, i, row)
    {
        long long release = json_int(row, "release");
        if (!moved || json_int(row, "clients") < (long long)moved || release < oldest)
            continue;
        json_object_set(row, "clients",
                        json_object_get(row_of((json_t *)live, release), "clients"));
        json_array_append(list, row);
    }
    return list;
}

json_t *rollback_after(struct db *db, const json_t *rows, struct err *e)
{
    json_t *live = count_live(db, e);
    json_t *next = live ? count_before(db, rows, 1, e) : NULL;
    json_t *left = next ? count_before(db, rows, 0, e) : NULL;
    json_t *tree = NULL;
    if (left)
        tree = json_pack("{s:O, s:O, s:o}", "live", live, "next", next, "still",
                         narrower(left, rows, live));
    json_decref(live);
    json_decref(next);
    json_decref(left);
    return tree;
}

/* ---- what a deploy would bring back ---- */

enum { REMEMBERED = 20 }; /* rollbacks, the newest */

struct remembered { /* a release that was rolled back */
    int64_t id;
    char *by, *why;
    struct manifest *files; /* NULL: it cannot be read */
};

struct remembering {
    struct remembered list[REMEMBERED];
    size_t n;
};

static int remember(void *arg, const struct release_move *m)
{
    struct remembering *r = arg;
    if (!m->why || !str_starts(m->why, rolled_back) || m->old <= m->new)
        return 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->list[i].id == m->old)
            return 0;
    r->list[r->n++] =
        (struct remembered){.id = m->old, .by = xstrdup(m->by), .why = xstrdup(m->why)};
    return r->n == REMEMBERED;
}

static void note_row(const struct remembering *r, json_t *row)
{
    const char *path = json_text(row, "path"), *new = json_text(row, "new");
    for (size_t i = 0; new &&i < r->n; i++) {
        const struct remembered *one = &r->list[i];
        if (one->files && str_eq(manifest_hash(one->files, path), new)) {
            json_object_set_new(row, "rolled_back",
                                json_pack("{s:I, s:s, s:s}", "release",
                                          (json_int_t)one->id, "by", one->by, "why",
                                          one->why));
            return;
        }
    }
}

int rollback_note(struct db *db, json_t *rows, struct err *e)
{
    struct remembering r = {.n = 0};
    size_t i;
    json_t *row;
    int rc = release_each_move(db, NULL, remember, &r, e);
    for (i = 0; i < r.n; i++)
        r.list[i].files = read_manifest(db, r.list[i].id, NULL);
    json_array_foreach(rc == 0 ? rows : NULL, i, row)
    {
        note_row(&r, row);
    }
    for (i = 0; i < r.n; i++) {
        manifest_free(r.list[i].files);
        free(r.list[i].by);
        free(r.list[i].why);
    }
    return rc;
}
