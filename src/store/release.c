#include "store/release.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/store_row.h"

/* ---- texts ---- */

int release_keep_text(struct db *db, const unsigned char hash[CRYPTO_SHA256_SIZE],
                      const char *text, size_t len, struct err *e)
{
    return db_change(
        db, "INSERT OR IGNORE INTO code (hash, text) VALUES (?, ?)",
        DB_ARGS(db_blob(hash, CRYPTO_SHA256_SIZE), db_blob(text ? text : "", len)), NULL,
        e);
}

/* Begins a query for WHAT of the text of HASH. */
static struct db_row *select_text(struct db *db, const char *sql, const char *hash,
                                  unsigned char bytes[CRYPTO_SHA256_SIZE], struct err *e)
{
    if (strlen(hash) == 2 * CRYPTO_SHA256_SIZE &&
        str_unhex(hash, 2 * CRYPTO_SHA256_SIZE, bytes) == 0)
        return db_select(db, sql, DB_ARGS(db_blob(bytes, CRYPTO_SHA256_SIZE)), e);
    err_set(e, ERR_STORE, "cannot read a file of a release: \"%.80s\" is no hash", hash);
    return NULL;
}

static int is_missing(const char *hash, struct err *e)
{
    return err_set(e, ERR_STORE,
                   "cannot read a file of a release: the store has no text %.16s", hash);
}

int release_text(struct db *db, const char *hash, char **text, size_t *len, struct err *e)
{
    unsigned char bytes[CRYPTO_SHA256_SIZE];
    struct db_row *row =
        select_text(db, "SELECT text FROM code WHERE hash = ?", hash, bytes, e);
    if (store_row_blob(row, text, len, e) != 0)
        return -1;
    return *text ? 0 : is_missing(hash, e);
}

int release_has_text(struct db *db, const char *hash, struct err *e)
{
    unsigned char bytes[CRYPTO_SHA256_SIZE];
    struct db_row *row =
        select_text(db, "SELECT 1 FROM code WHERE hash = ?", hash, bytes, e);
    int found = db_step(row, e) == 1;
    if (db_finish(row) != 0)
        return -1;
    return found ? 0 : is_missing(hash, e);
}

/* ---- releases ---- */

int64_t release_add(struct db *db, const struct release *r, const char *manifest,
                    struct err *e)
{
    if (db_change(db,
                  "INSERT INTO release (at_ms, by, revision, note, manifest, bases)"
                  " VALUES (?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_int(store_row_time(r->at_ms)), db_text(r->by ? r->by : ""),
                          db_text(r->revision), db_text(r->note), db_text(manifest),
                          db_text(r->bases ? r->bases : "")),
                  NULL, e) != 0)
        return -1;
    return db_last_id(db);
}

static int undo(struct db *db, void *arg, struct err *e)
{
    const int64_t *id = arg;
    int64_t n = 0;
    if (db_select_int(db, "SELECT count(*) FROM release WHERE id <> ?",
                      DB_ARGS(db_int(*id)), &n, e) != 0 ||
        n != 0)
        return n ? 0 : -1;
    return db_exec(db, "DELETE FROM live; DELETE FROM release_move; DELETE FROM release;",
                   e);
}

int release_undo_first(struct db *db, int64_t id, struct err *e)
{
    return db_transaction(db, undo, &id, e);
}

#define COLUMNS "SELECT id, at_ms, by, revision, note, bases FROM release"

static int each(struct db_row *row, release_fn *fn, void *arg, struct err *e)
{
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct release r = {.id = db_row_int(row, 0),
                            .at_ms = db_row_int(row, 1),
                            .by = db_row_text(row, 2),
                            .revision = db_row_text(row, 3),
                            .note = db_row_text(row, 4),
                            .bases = db_row_text(row, 5)};
        stop = fn(arg, &r);
    }
    return db_finish(row);
}

int release_get(struct db *db, int64_t id, release_fn *fn, void *arg, struct err *e)
{
    return each(db_select(db, COLUMNS " WHERE id = ?", DB_ARGS(db_int(id)), e), fn, arg,
                e);
}

int release_each(struct db *db, release_fn *fn, void *arg, struct err *e)
{
    return each(db_select(db, COLUMNS " ORDER BY id DESC", DB_NONE, e), fn, arg, e);
}

int64_t release_newest(struct db *db, struct err *e)
{
    int64_t id = 0;
    return db_select_int(db, "SELECT coalesce(max(id), 0) FROM release", DB_NONE, &id,
                         e) == 0
               ? id
               : -1;
}

char *release_manifest(struct db *db, int64_t id, struct err *e)
{
    char *text;
    size_t len;
    if (store_row_blob(db_select(db, "SELECT manifest FROM release WHERE id = ?",
                                 DB_ARGS(db_int(id)), e),
                       &text, &len, e) != 0)
        return NULL;
    if (!text)
        err_set(e, ERR_NOT_FOUND, "there is no release %lld; `foyer releases` lists them",
                (long long)id);
    return text;
}

/* ---- what is live ---- */

int release_live(struct db *db, const char *client, int64_t *id, struct err *e)
{
    *id = 0;
    return db_select_int(db, "SELECT release FROM live WHERE client = ?",
                         DB_ARGS(db_text(client)), id, e);
}

int release_each_live(struct db *db, release_live_fn *fn, void *arg, struct err *e)
{
    struct db_row *row =
        db_select(db, "SELECT client, release FROM live ORDER BY client", DB_NONE, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1)
        stop = fn(arg, db_row_text(row, 0), db_row_int(row, 1));
    return db_finish(row);
}

struct change {
    const char *client, *by, *why;
    int64_t id;
};

static int set_live(struct db *db, void *arg, struct err *e)
{
    const struct change *c = arg;
    int64_t old, found = 0;
    if (release_live(db, c->client, &old, e) != 0 || old == c->id)
        return old == c->id ? 0 : -1;
    if (c->id && db_select_int(db, "SELECT id FROM release WHERE id = ?",
                               DB_ARGS(db_int(c->id)), &found, e) != 0)
        return -1;
    if (c->id && !found)
        return err_set(e, ERR_NOT_FOUND,
                       "there is no release %lld; `foyer releases` lists them",
                       (long long)c->id);
    if (c->id ? db_change(db,
                          "INSERT INTO live (client, release) VALUES (?1, ?2)"
                          " ON CONFLICT (client) DO UPDATE SET release = ?2",
                          DB_ARGS(db_text(c->client), db_int(c->id)), NULL, e) != 0
              : db_change(db, "DELETE FROM live WHERE client = ?",
                          DB_ARGS(db_text(c->client)), NULL, e) != 0)
        return -1;
    return db_change(db,
                     "INSERT INTO release_move (at_ms, by, client, old, new, why)"
                     " VALUES (?, ?, ?, ?, ?, ?)",
                     DB_ARGS(db_int(clock_wall_ms()), db_text(c->by ? c->by : ""),
                             db_text(c->client), db_int(old), db_int(c->id),
                             db_text(c->why)),
                     NULL, e);
}

int release_touch(struct db *db, const char *by, const char *why, struct err *e)
{
    return db_change(
        db,
        "INSERT INTO release_move (at_ms, by, client, old, new, why)"
        " SELECT ?, ?, client, release, release, ? FROM live"
        " WHERE client = ''",
        DB_ARGS(db_int(clock_wall_ms()), db_text(by ? by : ""), db_text(why)), NULL, e);
}

int release_set_live(struct db *db, const char *client, int64_t id, const char *by,
                     const char *why, struct err *e)
{
    struct change c = {client, by, why, id};
    return db_transaction(db, set_live, &c, e);
}

int release_each_move(struct db *db, const char *client, release_move_fn *fn, void *arg,
                      struct err *e)
{
    struct db_row *row = db_select(db,
                                   "SELECT id, at_ms, by, client, old, new, why"
                                   " FROM release_move WHERE ?1 IS NULL OR client = ?1"
                                   " ORDER BY id DESC",
                                   DB_ARGS(db_text(client)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct release_move m = {.id = db_row_int(row, 0),
                                 .at_ms = db_row_int(row, 1),
                                 .by = db_row_text(row, 2),
                                 .client = db_row_text(row, 3),
                                 .old = db_row_int(row, 4),
                                 .new = db_row_int(row, 5),
                                 .why = db_row_text(row, 6)};
        stop = fn(arg, &m);
    }
    return db_finish(row);
}

int release_generation(struct db *db, int64_t *generation, struct err *e)
{
    *generation = 0;
    return db_select_int(db, "SELECT coalesce(max(id), 0) FROM release_move", DB_NONE,
                         generation, e);
}

/* ---- servers ---- */

int release_serving_set(struct db *db, int64_t pid, int64_t generation, const char *error,
                        struct err *e)
{
    return db_change(
        db,
        "INSERT INTO serving (pid, at_ms, generation, error)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (pid) DO UPDATE"
        " SET at_ms = ?2, generation = ?3, error = ?4",
        DB_ARGS(db_int(pid), db_int(clock_wall_ms()), db_int(generation), db_text(error)),
        NULL, e);
}

int release_serving_forget(struct db *db, int64_t pid, struct err *e)
{
    return db_change(db, "DELETE FROM serving WHERE pid = ?", DB_ARGS(db_int(pid)), NULL,
                     e);
}

int release_each_serving(struct db *db, release_serving_fn *fn, void *arg, struct err *e)
{
    struct db_row *row = db_select(
        db, "SELECT pid, at_ms, generation, error FROM serving ORDER BY pid", DB_NONE, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1)
        stop = fn(arg, db_row_int(row, 0), db_row_int(row, 1), db_row_int(row, 2),
                  db_row_text(row, 3));
    return db_finish(row);
}

/* ---- refused deploys ---- */

int release_refused_set(struct db *db, const char *by, const char *text, struct err *e)
{
    return db_change(
        db,
        "INSERT INTO refused_deploy (one, at_ms, by, text)"
        " VALUES (1, ?1, ?2, ?3) ON CONFLICT (one) DO UPDATE"
        " SET at_ms = ?1, by = ?2, text = ?3",
        DB_ARGS(db_int(clock_wall_ms()), db_text(by ? by : ""), db_text(text)), NULL, e);
}

int release_refused_forget(struct db *db, struct err *e)
{
    return db_change(db, "DELETE FROM refused_deploy", DB_NONE, NULL, e);
}

int release_refused_get(struct db *db, release_refused_fn *fn, void *arg, struct err *e)
{
    struct db_row *row =
        db_select(db, "SELECT at_ms, by, text FROM refused_deploy", DB_NONE, e);
    if (db_step(row, e) == 1)
        fn(arg, db_row_int(row, 0), db_row_text(row, 1), db_row_text(row, 2));
    return db_finish(row);
}
