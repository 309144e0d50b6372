#include "store/store_app.h"

#include "base/clock.h"
#include "io/db.h"
#include "store/store_row.h"

int store_app_get(struct store *s, const char *app, const char *mark,
                  struct store_sealed *out, struct err *e)
{
    *out = (struct store_sealed){0};
    struct db_row *row = db_select(
        store_db(s), "SELECT version, value FROM oauth_app WHERE app = ? AND mark = ?",
        DB_ARGS(db_text(app), db_text(mark)), e);
    if (db_step(row, e) == 1)
        *out = store_row_sealed(row, 0, 1);
    return db_finish(row);
}

struct put_app {
    const char *app, *mark;
    const struct store_sealed *value;
};

static int put_app(struct db *db, void *arg, struct err *e)
{
    const struct put_app *put = arg;
    int changed;
    if (store_row_check_sealed(db, put->value, "app", e) != 0 ||
        db_change(
            db,
            "INSERT INTO oauth_app (app, mark, version, value, at_ms)"
            " SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?3 = 1 OR EXISTS (SELECT 1 FROM"
            " oauth_app WHERE app = ?1 AND mark = ?2)"
            " ON CONFLICT (app, mark) DO UPDATE SET version = excluded.version,"
            " value = excluded.value, at_ms = excluded.at_ms"
            " WHERE version = excluded.version - 1",
            DB_ARGS(db_text(put->app), db_text(put->mark), db_int(put->value->version),
                    db_blob(put->value->data, put->value->len), db_int(clock_wall_ms())),
            &changed, e) != 0)
        return -1;
    if (!changed)
        return err_set(e, ERR_CONFLICT,
                       "cannot keep the app of a grant: another process was first");
    return 0;
}

int store_app_put(struct store *s, const char *app, const char *mark,
                  const struct store_sealed *value, struct err *e)
{
    struct put_app put = {app, mark, value};
    return db_transaction(store_db(s), put_app, &put, e);
}
