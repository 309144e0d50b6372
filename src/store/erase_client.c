#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "core/manifest.h"
#include "io/compress.h"
#include "store/erase.h"
#include "store/erase_name.h"
#include "store/inbox.h"
#include "store/ledger_row.h"
#include "store/release.h"
#include "store/rollup.h"
#include "store/store_row.h"
#include "io/db.h"

enum { UNPACKED_MAX = 64 << 20 };

/* ---- what is a client's ---- */

#define RUNS_OF "run IN (SELECT id FROM run WHERE client = ?1)"
/* The company of the row is one of the client's, and no other client's. */
#define ONLY_OF(app, id)                                                                 \
    "EXISTS (SELECT 1 FROM client_connection c WHERE c.app = " app " AND c.id = " id     \
    " AND c.client = ?1) AND NOT EXISTS (SELECT 1 FROM client_connection c WHERE"        \
    " c.app = " app " AND c.id = " id " AND c.client <> ?1)"
#define DELIVERY_OF                                                                      \
    "(client = ?1 OR (client IS NULL AND " ONLY_OF("delivery.app",                       \
                                                   "delivery.company") "))"
/* A secret's name begins with the client's and a dot, and with no longer client's. */
#define SECRET_OF                                                                        \
    "substr(name, 1, length(?1) + 1) = ?1 || '.' AND NOT EXISTS (SELECT 1 FROM (SELECT"  \
    " client FROM client_connection UNION SELECT client FROM live) o WHERE"              \
    " length(o.client) > length(?1) AND substr(name, 1, length(o.client) + 1) ="         \
    " o.client || '.')"

/* Rows that name others come before these: each condition still finds what it asks for.
 */
const struct erase_table erase_tables[] = {
    {"entry",
     "id IN (SELECT e.id FROM run r JOIN entry e ON e.id >= r.id << 24 AND"
     " e.id < (r.id + 1) << 24 WHERE r.client = ?1)",
     NULL},
    {"exchange", RUNS_OF, NULL},
    {"sent", RUNS_OF, NULL},
    {"line", RUNS_OF, NULL},
    {"rollup_open", RUNS_OF, NULL},
    {"rollup_due", RUNS_OF, NULL},
    {"wait", "client = ?1", NULL},
    {"receipt", "client = ?1", NULL},
    {"reply", "client = ?1", NULL},
    {"effect", ONLY_OF("effect.app", "company"), "ids that messages have at the API"},
    {"crash", "client = ?1", NULL},
    {"pause", "client = ?1", NULL},
    {"schedule", "client = ?1", NULL},
    {"value", "client = ?1", NULL},
    {"value_total", "client = ?1", NULL},
    {"mark",
     "(kind = 'poll' AND whose = ?1) OR (kind = 'heal' AND " ONLY_OF("mark.app",
                                                                     "whose") ")",
     NULL},
    {"run", "client = ?1", NULL},
    {"activation", "client = ?1", NULL},
    {"delivery_body", "id IN (SELECT id FROM delivery WHERE " DELIVERY_OF ")", NULL},
    {"delivery", DELIVERY_OF, "of a shared company: the note loses the client"},
    {"rejection",
     "client = ?1 OR substr(route, 1, length(?1) + 8) = '/hooks/' || ?1 || '/'", NULL},
    {"rollup", "client = ?1", "its sums of all hours go to no client"},
    {"consent", "client = ?1", NULL},
    {"secret_version", SECRET_OF, NULL},
    {"incident",
     "client = ?1 OR (kind = 'company' AND EXISTS (SELECT 1 FROM client_connection o "
     "WHERE"
     " o.app || '/' || o.id = key AND o.client = ?1) AND NOT EXISTS (SELECT 1 FROM"
     " client_connection o WHERE o.app || '/' || o.id = key AND o.client <> ?1))",
     NULL},
    {"live", "client = ?1", NULL},
    {"release_move", "client = ?1", NULL},
    {"connection", ONLY_OF("connection.app", "connection.id"), "after client_connection"},
    {"client_connection", "client = ?1", NULL},
    {"oauth_app", NULL, "sealed; those that no connection was made with go"},
    {"release", NULL, "the manifests lose the client's files"},
    {"code", NULL, "texts that no pins and no release name go"},
    {"pins", NULL, "those that no run needs go"},
    {"refused_deploy", NULL, "goes when it names the client"},
    {"serving", NULL, "its error goes when it names the client"},
    {"seen", NULL, "hashes without a name"},
    {"forgotten", NULL, "hashes without a name"},
    {"rollup_mark", NULL, "ids"},
    {"timer", NULL, "when timers last fired"},
    {"sealing", NULL, "the key's id"},
    {"home", NULL, "the machine and the file"},
    {NULL, NULL, NULL},
};

static int select_int(struct db *db, const char *sql, const char *client, int64_t *n,
                      struct err *e)
{
    return db_select_int(db, sql, DB_ARGS(db_text(client)), n, e);
}

static int change(struct db *db, const char *sql, const char *client, int *changed,
                  struct err *e)
{
    return db_change(db, sql, DB_ARGS(db_text(client)), changed, e);
}

int erase_client_rows(struct store *s, const char *client, int64_t *rows, struct err *e)
{
    *rows = 0;
    for (const struct erase_table *t = erase_tables; t->name; t++) {
        int64_t n = 0;
        if (!t->where)
            continue;
        char *sql = xasprintf("SELECT count(*) FROM %s WHERE %s", t->name, t->where);
        int rc = select_int(store_db(s), sql, client, &n, e);
        free(sql);
        if (rc != 0)
            return -1;
        *rows += n;
    }
    return 0;
}

/* ---- export ---- */

static json_t *text_or_hex(const char *data, size_t len)
{
    json_t *text = json_stringn(data, len);
    if (text || !len)
        return text;
    char *hex = xmalloc(2 * len + 1);
    str_hex((const unsigned char *)data, len, hex);
    text = json_pack("{s:s}", "hex", hex);
    free(hex);
    return text;
}

static json_t *unpacked(const char *data, size_t len, const char *prefix,
                        size_t prefix_len)
{
    size_t n;
    char *text = compress_undo(data, len, prefix, prefix_len, UNPACKED_MAX, &n, NULL);
    json_t *value = text ? text_or_hex(text, n) : text_or_hex(data, len);
    free(text);
    return value;
}

/* Reads the body of the activation's delivery, with which its event is packed. */
static json_t *event_of(struct db *db, int64_t activation)
{
    struct db_row *row =
        db_select(db, "SELECT packed, delivery FROM activation WHERE id = ?",
                  DB_ARGS(db_int(activation)), NULL);
    json_t *event = NULL;
    if (db_step(row, NULL) == 1) {
        size_t len, body_len = 0;
        char *body = NULL;
        const void *packed = db_row_blob(row, 0, &len);
        inbox_body(db, db_row_int(row, 1), &body, &body_len, NULL);
        event = packed ? unpacked(packed, len, body, body_len) : NULL;
        free(body);
    }
    db_finish(row);
    return event;
}

static json_t *value_of(const struct db_row *row, int i)
{
    size_t len;
    const char *data;
    switch (db_row_type(row, i)) {
    case DB_IS_INT:
        return json_integer((json_int_t)db_row_int(row, i));
    case DB_IS_NULL:
        return json_null();
    default:
        data = db_row_blob(row, i, &len);
        return compress_is_done(data, len) ? unpacked(data, len, NULL, 0)
                                           : text_or_hex(data, len);
    }
}

static int is_sealed(const char *table, const char *column)
{
    return (str_eq(table, "connection") &&
            (str_eq(column, "token") || str_eq(column, "refresh"))) ||
           (str_eq(table, "secret_version") && str_eq(column, "value"));
}

static json_t *row_tree(struct db *db, const struct db_row *row, const char *table)
{
    json_t *tree = json_object();
    for (int i = 0; db_row_column(row, i); i++) {
        const char *column = db_row_column(row, i);
        if (is_sealed(table, column))
            continue;
        int is_event = str_eq(table, "activation") && str_eq(column, "packed");
        json_t *value = is_event ? event_of(db, db_row_int(row, 0)) : value_of(row, i);
        json_object_set_new(tree, is_event ? "event" : column,
                            value ? value : json_null());
    }
    return tree;
}

static int export_table(struct db *db, const struct erase_table *t, const char *client,
                        erase_row_fn *fn, void *arg, struct err *e)
{
    char *sql = xasprintf("SELECT * FROM %s WHERE %s", t->name, t->where);
    struct db_row *row = db_select(db, sql, DB_ARGS(db_text(client)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        json_t *line =
            json_pack("{s:s, s:o}", "table", t->name, "row", row_tree(db, row, t->name));
        char *text = json_dumps(line, JSON_COMPACT);
        stop = fn(arg, text ? text : "{}");
        free(text);
        json_decref(line);
    }
    int rc = db_finish(row);
    free(sql);
    return rc == 0 ? stop : rc;
}

int erase_client_export(struct store *s, const char *client, erase_row_fn *fn, void *arg,
                        struct err *e)
{
    int rc = 0;
    for (const struct erase_table *t = erase_tables; rc == 0 && t->name; t++)
        if (t->where)
            rc = export_table(store_db(s), t, client, fn, arg, e);
    return rc;
}

/* ---- its runs ---- */

int erase_client_pause(struct store *s, const char *client, int64_t now_ms, int *added,
                       struct err *e)
{
    return db_change(store_db(s),
                     "INSERT OR IGNORE INTO pause (client, recipe, at_ms, by, reason)"
                     " VALUES (?, '', ?, 'hand', 'foyer client remove')",
                     DB_ARGS(db_text(client), db_int(now_ms)), added, e);
}

int erase_client_unpause(struct store *s, const char *client, struct err *e)
{
    return change(store_db(s), "DELETE FROM pause WHERE client = ? AND recipe = ''",
                  client, NULL, e);
}

int erase_client_each_open(struct store *s, const char *client, erase_open_fn *fn,
                           void *arg, struct err *e)
{
    struct db_row *row = db_select(
        store_db(s),
        "SELECT r.id, r.recipe, r.state, e.name, e.at_ms, r.owner FROM run r LEFT JOIN"
        " entry e ON e.id = (SELECT max(o.id) FROM entry o WHERE"
        " o.id >= r.id << 24 AND o.id < (r.id << 24) + 8388608"
        " AND o." LEDGER_IS_UNCERTAIN ") WHERE r.client = ? AND"
        " r.state < " SQL_DONE " ORDER BY r.id",
        DB_ARGS(db_text(client)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        const struct erase_open open = {.run = db_row_int(row, 0),
                                        .recipe = db_row_text(row, 1),
                                        .state = (enum ledger_state)db_row_int(row, 2),
                                        .write = db_row_text(row, 3),
                                        .written_ms = db_row_int(row, 4),
                                        .owner = db_row_text(row, 5)};
        stop = fn(arg, &open);
    }
    return db_finish(row);
}

struct client_erasure {
    const char *workspace_dir, *client;
    int64_t now_ms;
    erase_left_fn *fn;
    void *arg;
    enum erase_end end;
};

static int cancel_runs(struct db *db, const struct client_erasure *l, struct err *e)
{
    int64_t *ids = NULL;
    size_t n = 0;
    struct db_row *row =
        db_select(db, "SELECT id FROM run WHERE client = ? AND state < " SQL_DONE,
                  DB_ARGS(db_text(l->client)), e);
    while (db_step(row, e) == 1) {
        array_grow(ids, n);
        ids[n++] = db_row_int(row, 0);
    }
    int rc = db_finish(row);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = ledger_cancel(db, ids[i], "foyer client remove", l->now_ms, e);
    free(ids);
    return rc;
}

/* ---- what is not simply deleted ---- */

/* The newest rows of these tables stay, without anything in them, so that no id is used
 * twice. */
static const struct {
    const char *table, *sql;
} blanks[] = {
    {"run",
     "UPDATE run SET client = '', recipe = '', origin = 'hand', activation = NULL,"
     " slot_ms = NULL, conversation = NULL, args = '{}', seed = NULL, place = NULL,"
     " policy = '{}', state = " SQL_CANCELLED ", kind = NULL, reason = 'its client was"
     " removed', result = NULL, pins = NULL, undelivered = NULL"
     " WHERE id = (SELECT max(id) FROM run) AND client = ?1"},
    {"activation",
     "UPDATE activation SET client = '', trigger = '', key = '', delivery = NULL,"
     " conversation = NULL, note = NULL, event = '{}', packed = NULL"
     " WHERE id = (SELECT max(id) FROM activation) AND client = ?1"},
    {"delivery",
     "UPDATE delivery SET client = NULL, trigger = NULL, company = NULL, type = NULL,"
     " event = NULL, conversation = NULL, note = NULL, state = " SQL_DELIVERY_DONE
     " WHERE id = (SELECT max(id) FROM delivery) AND " DELIVERY_OF},
};

static int blank(struct db *db, const char *table, const char *client, int *n,
                 struct err *e)
{
    *n = 0;
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        if (str_eq(blanks[i].table, table))
            return change(db, blanks[i].sql, client, n, e);
    return 0;
}

static const char *const changes[] = {
    "UPDATE delivery SET note = json_remove(note, '$.\"' || ?1 || '\"') WHERE note IS NOT"
    " NULL AND json_valid(note) AND json_type(note, '$.\"' || ?1 || '\"') IS NOT NULL",
    /* sentences of the agency's own that name it */
    "DELETE FROM refused_deploy WHERE names_client(text, ?1)",
    "UPDATE serving SET error = 'it named a client that was removed' WHERE "
    "names_client(error, ?1)",
    "UPDATE release SET note = NULL WHERE names_client(note, ?1)",
    "UPDATE release_move SET why = NULL WHERE names_client(why, ?1)",
    "UPDATE connection SET last_error = NULL WHERE names_client(last_error, ?1)",
    "UPDATE pause SET reason = '' WHERE client = '' AND names_client(reason, ?1)",
    "DELETE FROM incident WHERE client = '' AND names_client(text, ?1)",
    "DELETE FROM rejection WHERE names_client(sentence, ?1)",
};

static int add_release(void *arg, const struct release *r)
{
    struct {
        int64_t *list;
        size_t n;
    } *ids = arg;
    array_grow(ids->list, ids->n);
    ids->list[ids->n++] = r->id;
    return 0;
}

/* Takes the client's files out of the release ID. */
static int strip_release(struct db *db, int64_t id, const char *client, struct err *e)
{
    char *text = release_manifest(db, id, e);
    struct manifest *m = text ? manifest_read(text, e) : NULL;
    free(text);
    if (!m)
        return -1;
    char *below = xasprintf("clients/%s/", client);
    size_t at = manifest_from(m, below);
    int changed = 0, rc = 0;
    while (at < manifest_count(m) && str_starts(manifest_line(m, at)->path, below)) {
        char *path = xstrdup(manifest_line(m, at)->path);
        manifest_set(m, path, NULL);
        free(path);
        changed = 1;
    }
    if (changed) {
        char *left = manifest_text(m);
        rc = db_change(db, "UPDATE release SET manifest = ? WHERE id = ?",
                       DB_ARGS(db_text(left), db_int(id)), NULL, e);
        free(left);
    }
    free(below);
    manifest_free(m);
    return rc;
}

static int strip_releases(struct db *db, const char *client, struct err *e)
{
    struct {
        int64_t *list;
        size_t n;
    } ids = {0};
    int rc = release_each(db, add_release, &ids, e);
    for (size_t i = 0; rc == 0 && i < ids.n; i++)
        rc = strip_release(db, ids.list[i], client, e);
    free(ids.list);
    return rc;
}

/* Moves the generation of what is live on, without the client's name, so that a running
 * server notices that it is gone. */
static int move_on(struct db *db, int64_t generation, int64_t now_ms, struct err *e)
{
    return db_change(
        db,
        "INSERT INTO release_move (id, at_ms, by, client, old, new, why)"
        " SELECT ?1 + 1, ?2, '', '', release, release, 'a client was removed'"
        " FROM (SELECT coalesce((SELECT release FROM live WHERE client = ''),"
        " 0) AS release) WHERE ?1 > 0",
        DB_ARGS(db_int(generation), db_int(now_ms)), NULL, e);
}

/* ---- the client ---- */

static int delete_rows(struct db *db, const struct client_erasure *l, struct err *e)
{
    for (const struct erase_table *t = erase_tables; t->name; t++) {
        int n = 0, blanked = 0;
        if (!t->where)
            continue;
        char *sql = xasprintf("DELETE FROM %s WHERE %s", t->name, t->where);
        int rc = blank(db, t->name, l->client, &blanked, e);
        if (rc == 0)
            rc = change(db, sql, l->client, &n, e);
        free(sql);
        if (rc != 0)
            return -1;
        if (n + blanked)
            l->fn(l->arg, t->name, n + blanked);
    }
    return 0;
}

/* names_client(text, client) */
static int names_client(void *arg, const struct db_value *values, int n)
{
    (void)arg;
    return n == 2 && values[0].type == DB_IS_TEXT && values[1].type == DB_IS_TEXT &&
           erase_names_client(values[0].data, values[0].len, values[1].data);
}

static int leave(struct db *db, void *arg, struct err *e)
{
    struct client_erasure *l = arg;
    int64_t generation;
    int running;
    if (erase_count_running(db, l->workspace_dir,
                            "SELECT coalesce(owner, '') FROM run WHERE client = ?1"
                            " AND " LEDGER_IS_RUNNING,
                            l->client, &running, e) != 0)
        return -1;
    if (running) {
        l->end = ERASE_BUSY;
        return -1;
    }
    /* client_connection refers to connection, which is asked for by it */
    if (db_exec(db, "PRAGMA defer_foreign_keys = ON", e) != 0 ||
        release_generation(db, &generation, e) != 0 || cancel_runs(db, l, e) != 0 ||
        rollup_sweep_all(db, e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (change(db, changes[i], l->client, NULL, e) != 0)
            return -1;
    if (rollup_leave(db, l->client, e) != 0 || delete_rows(db, l, e) != 0 ||
        db_exec(db,
                "DELETE FROM oauth_app WHERE NOT EXISTS (SELECT 1 FROM connection c WHERE"
                " c.app = oauth_app.app AND c.made_with = oauth_app.mark)",
                e) != 0 ||
        strip_releases(db, l->client, e) != 0 ||
        move_on(db, generation, l->now_ms, e) != 0)
        return -1;
    return ledger_prune_code(db, e);
}

int erase_client(struct store *s, const char *workspace_dir, const char *client,
                 int64_t now_ms, erase_left_fn *fn, void *arg, struct err *e)
{
    struct client_erasure l = {workspace_dir, client, now_ms, fn, arg, ERASE_DONE};
    struct err why = {0};
    if (rollup_sweep_all(store_db(s), e) != 0 ||
        db_add_test(store_db(s), "names_client", names_client, NULL, e) != 0)
        return -1;
    if (db_transaction(store_db(s), leave, &l, &why) == 0 || l.end != ERASE_DONE)
        return (int)l.end;
    *e = why;
    return -1;
}
