#include "store/sealing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/str.h"
#include "base/testhook.h"
#include "io/db.h"
#include "store/store_row.h"

enum { SEALED_MAX = 64 * 1024 };

int sealing_key(struct store *s, char id[VAULT_ID_SIZE], struct err *e)
{
    return store_row_key(store_db(s), id, e);
}

/* ---- one value ---- */

int sealing_by_vault(void *arg, const struct sealing_place *at,
                     const struct store_sealed *old, struct buf *new, struct err *e)
{
    struct vault *vault = arg;
    struct buf plain;
    char *owner = at->app ? xasprintf("%s/%s", at->app, at->id) : xstrdup("");
    struct vault_place place = {at->app ? "token" : "secret", owner, at->name,
                                at->version};
    buf_init(&plain, SEALED_MAX);
    int rc = vault_unseal(vault, &place, old->data, old->len, &plain, e);
    if (rc == 0 && new)
        rc = vault_seal(vault, &place, plain.data, plain.len, new, e);
    if (rc != 0 && at->app && strcmp(at->name, "client") == 0)
        err_prefix(e, "the app of grants (%s)", at->app);
    else if (rc != 0 && at->app)
        err_prefix(e, "the connection to %s (%s)", at->id, at->app);
    else if (rc != 0)
        err_prefix(e, "version %lld", (long long)at->version);
    vault_wipe(&plain);
    free(owner);
    return rc;
}

/* ---- all values ---- */

struct value {
    STAILQ_ENTRY(value) next;
    char *app, *id, *name;
    struct store_sealed sealed;
};

STAILQ_HEAD(values, value);

static void values_fini(struct values *all)
{
    struct value *v;
    while ((v = STAILQ_FIRST(all))) {
        STAILQ_REMOVE_HEAD(all, next);
        free(v->app);
        free(v->id);
        free(v->name);
        free(v->sealed.data);
        free(v);
    }
}

static int values_read(struct db *db, struct values *all, struct err *e)
{
    STAILQ_INIT(all);
    struct db_row *row =
        db_select(db,
                  "SELECT app, id, 'access', token_version, token FROM connection "
                  "UNION ALL SELECT app, id, 'refresh', token_version, refresh FROM "
                  "connection WHERE refresh IS NOT NULL "
                  "UNION ALL SELECT app, mark, 'client', version, value FROM oauth_app "
                  "UNION ALL SELECT NULL, NULL, name, version, value FROM "
                  "secret_version ORDER BY 1, 2, 3, 4",
                  DB_NONE, e);
    while (db_step(row, e) == 1) {
        struct value *v = xcalloc(1, sizeof *v);
        v->app = xstrdup_null(db_row_text(row, 0));
        v->id = xstrdup_null(db_row_text(row, 1));
        v->name = xstrdup_null(db_row_text(row, 2));
        v->sealed = store_row_sealed(row, 3, 4);
        STAILQ_INSERT_TAIL(all, v, next);
    }
    return db_finish(row);
}

static int is_sealed_with(const struct value *v, const char *key)
{
    char id[VAULT_ID_SIZE];
    vault_sealed_id(v->sealed.data, v->sealed.len, id);
    return strcmp(id, key) == 0;
}

static struct sealing_place place_of(const struct value *v)
{
    return (struct sealing_place){v->app, v->id, v->name, v->sealed.version};
}

int sealing_each(struct store *s, const char *key, sealing_fn *fn, void *arg,
                 struct sealing_count *count, struct err *e)
{
    struct values all;
    const struct value *v;
    int rc = values_read(store_db(s), &all, e);
    *count = (struct sealing_count){0};
    STAILQ_FOREACH(v, &all, next)
    {
        if (rc != 0)
            break;
        struct sealing_place place = place_of(v);
        count->values++;
        count->other += !is_sealed_with(v, key);
        if (fn)
            rc = fn(arg, &place, &v->sealed, NULL, e);
    }
    values_fini(&all);
    return rc;
}

static int write_value(struct db *db, const struct value *v, const struct buf *sealed,
                       struct err *e)
{
    struct db_value data = db_blob(sealed->data, sealed->len);
    if (!v->app)
        return db_change(
            db, "UPDATE secret_version SET value = ? WHERE name = ? AND version = ?",
            DB_ARGS(data, db_text(v->name), db_int(v->sealed.version)), NULL, e);
    if (strcmp(v->name, "client") == 0)
        return db_change(db, "UPDATE oauth_app SET value = ? WHERE app = ? AND mark = ?",
                         DB_ARGS(data, db_text(v->app), db_text(v->id)), NULL, e);
    if (strcmp(v->name, "refresh") == 0)
        return db_change(db, "UPDATE connection SET refresh = ? WHERE app = ? AND id = ?",
                         DB_ARGS(data, db_text(v->app), db_text(v->id)), NULL, e);
    return db_change(db, "UPDATE connection SET token = ? WHERE app = ? AND id = ?",
                     DB_ARGS(data, db_text(v->app), db_text(v->id)), NULL, e);
}

struct renewal {
    const char *key;
    sealing_fn *fn;
    void *arg;
    struct sealing_count *count;
};

static int renew_one(struct db *db, const struct renewal *r, const struct value *v,
                     struct err *e)
{
    struct sealing_place place = place_of(v);
    struct buf sealed;
    buf_init(&sealed, SEALED_MAX);
    int rc = r->fn(r->arg, &place, &v->sealed, &sealed, e);
    if (rc == 0)
        rc = write_value(db, v, &sealed, e);
    buf_free(&sealed);
    return rc;
}

static int renew(struct db *db, void *arg, struct err *e)
{
    struct renewal *r = arg;
    struct values all;
    const struct value *v;
    int rc = values_read(db, &all, e);
    *r->count = (struct sealing_count){0};
    STAILQ_FOREACH(v, &all, next)
    {
        if (rc != 0)
            break;
        r->count->values++;
        if (is_sealed_with(v, r->key))
            continue;
        if (r->count->other++ == 1)
            testhook_stop("one value re-sealed");
        rc = renew_one(db, r, v, e);
    }
    if (rc == 0)
        rc = db_change(db,
                       "INSERT INTO sealing (one, key) VALUES (1, ?) ON CONFLICT (one) "
                       "DO UPDATE SET key = excluded.key",
                       DB_ARGS(db_text(r->key)), NULL, e);
    if (rc == 0)
        testhook_stop("before the commit");
    values_fini(&all);
    return rc;
}

int sealing_renew(struct store *s, const char *key, sealing_fn *fn, void *arg,
                  struct sealing_count *count, struct err *e)
{
    struct renewal r = {key, fn, arg, count};
    return db_transaction(store_db(s), renew, &r, e);
}
