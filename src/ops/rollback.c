#include "ops/rollback.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Adds the clients that were asked for and run none. */
static void add_others(struct rolling *k)
{
    const struct choice *clients = k->r->clients;
    for (size_t i = 0; clients && i < clients->n; i++) {
        size_t at;
        json_t *row;
        int found = 0;
        json_array_foreach(k->rows, at, row)
        {
            found |= str_eq(json_text(row, "client"), clients->clients[i]);
        }
        if (!found)
            json_array_append_new(k->rows, json_pack("{s:s, s:i}", "client",
                                                     clients->clients[i], "old", 0));
    }
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
    if (release_each_live(db, add_live, k, e) != 0)
        return -1;
    add_others(k);
    if (!k->newest)
        k->newest = k->servers;
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
