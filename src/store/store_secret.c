#include "store/store_secret.h"

#include <stdlib.h>

#include "base/str.h"
#include "store/store_row.h"
#include "io/db.h"

void store_secret_fini(struct store_secret *secret)
{
    free(secret->name);
    free(secret->value.data);
    *secret = (struct store_secret){0};
}

/* Returns the row's secret, which the caller owns. */
static struct store_secret read_secret(const struct db_row *row)
{
    return (struct store_secret){.name = xstrdup(db_row_text(row, 0)),
                                 .value = store_row_sealed(row, 1, 2),
                                 .created_ms = db_row_int(row, 3)};
}

int64_t store_secret_version(struct store *s, const char *name, struct err *e)
{
    int64_t version = 0;
    if (db_select_int(
            store_db(s),
            "SELECT coalesce(max(version), 0) FROM secret_version WHERE name = ?",
            DB_ARGS(db_text(name)), &version, e) != 0)
        return -1;
    return version;
}

struct put_secret {
    struct store *store;
    const struct store_secret *secret;
    int keep_older;
};

static int put_secret(struct db *db, void *arg, struct err *e)
{
    const struct put_secret *put = arg;
    const struct store_secret *secret = put->secret;
    int64_t version = store_secret_version(put->store, secret->name, e);
    if (version < 0)
        return -1;
    if (secret->value.version != version + 1)
        return err_set(e, ERR_CONFLICT,
                       "cannot store the secret \"%s\": it was changed meanwhile; try "
                       "again",
                       secret->name);
    if (store_row_check_sealed(db, &secret->value, "secret", e) != 0)
        return -1;
    if (!put->keep_older && db_change(db, "DELETE FROM secret_version WHERE name = ?",
                                      DB_ARGS(db_text(secret->name)), NULL, e) != 0)
        return -1;
    return db_change(db,
                     "INSERT INTO secret_version (name, version, value, created_ms) "
                     "VALUES (?, ?, ?, ?)",
                     DB_ARGS(db_text(secret->name), db_int(secret->value.version),
                             db_blob(secret->value.data, secret->value.len),
                             db_int(store_row_time(secret->created_ms))),
                     NULL, e);
}

int store_secret_put(struct store *s, const struct store_secret *secret, int keep_older,
                     struct err *e)
{
    struct put_secret put = {s, secret, keep_older};
    return db_transaction(store_db(s), put_secret, &put, e);
}

static int no_secret(const char *name, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND,
                   "cannot find the secret \"%s\": run `foyer secret set %s`", name,
                   name);
}

int store_secret_get(struct store *s, const char *name, struct store_secret *out,
                     struct err *e)
{
    *out = (struct store_secret){0};
    struct db_row *row =
        db_select(store_db(s),
                  "SELECT name, version, value, created_ms FROM secret_version "
                  "WHERE name = ? ORDER BY version DESC LIMIT 1",
                  DB_ARGS(db_text(name)), e);
    if (db_step(row, e) == 1)
        *out = read_secret(row);
    if (db_finish(row) != 0)
        return -1;
    return out->name ? 0 : no_secret(name, e);
}

int store_secret_each(struct store *s, store_secret_fn *fn, void *arg, struct err *e)
{
    struct db_row *row =
        db_select(store_db(s),
                  "SELECT name, version, value, created_ms FROM secret_version "
                  "ORDER BY name, version DESC",
                  DB_NONE, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct store_secret secret = read_secret(row);
        stop = fn(arg, &secret);
        store_secret_fini(&secret);
    }
    return db_finish(row);
}

int store_secret_remove(struct store *s, const char *name, int64_t version, struct err *e)
{
    int changed;
    if (db_change(
            store_db(s),
            "DELETE FROM secret_version WHERE name = ?1 AND (?2 = 0 OR version = ?2)",
            DB_ARGS(db_text(name), db_int(version)), &changed, e) != 0)
        return -1;
    if (changed)
        return 0;
    if (version)
        return err_set(e, ERR_NOT_FOUND,
                       "cannot remove version %lld of the secret \"%s\": there is none; "
                       "`foyer secret list` shows its versions",
                       (long long)version, name);
    return no_secret(name, e);
}
