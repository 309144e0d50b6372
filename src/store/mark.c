#include "store/mark.h"

#include "io/db.h"

#define COLUMNS                                                                          \
    "kind, app, whose, name, at_ms, began_ms, looked_ms, found, known, error, owner, "   \
    "epoch"
#define IS_KEY "kind = ?1 AND app = ?2 AND whose = ?3 AND name = ?4"

static struct mark borrow(const struct db_row *row)
{
    return (struct mark){.key = {.kind = db_row_text(row, 0),
                                 .app = db_row_text(row, 1),
                                 .whose = db_row_text(row, 2),
                                 .name = db_row_text(row, 3)},
                         .at_ms = db_row_int(row, 4),
                         .began_ms = db_row_int(row, 5),
                         .looked_ms = db_row_int(row, 6),
                         .found = db_row_int(row, 7),
                         .known = db_row_text(row, 8),
                         .error = db_row_text(row, 9),
                         .owner = db_row_text(row, 10),
                         .epoch = db_row_int(row, 11)};
}

static int each(struct db_row *row, mark_fn *fn, void *arg, struct err *e)
{
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct mark m = borrow(row);
        stop = fn(arg, &m);
    }
    return db_finish(row);
}

int mark_read(struct db *db, const struct mark_key *key, mark_fn *fn, void *arg,
              struct err *e)
{
    return each(db_select(db, "SELECT " COLUMNS " FROM mark WHERE " IS_KEY,
                          DB_ARGS(db_text(key->kind), db_text(key->app),
                                  db_text(key->whose), db_text(key->name)),
                          e),
                fn, arg, e);
}

int mark_each(struct db *db, mark_fn *fn, void *arg, struct err *e)
{
    return each(db_select(db,
                          "SELECT " COLUMNS " FROM mark ORDER BY kind, app, whose, name",
                          DB_NONE, e),
                fn, arg, e);
}

int mark_add(struct db *db, const struct mark_key *key, int64_t at_ms, const char *known,
             struct err *e)
{
    int changed;
    if (db_change(db,
                  "INSERT INTO mark (kind, app, whose, name, at_ms, known, began_ms) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                  DB_ARGS(db_text(key->kind), db_text(key->app), db_text(key->whose),
                          db_text(key->name), db_int(at_ms), db_text(known),
                          db_int(at_ms)),
                  &changed, e) != 0)
        return -1;
    return changed;
}

int64_t mark_claim(struct db *db, const struct mark *m, const char *owner, struct err *e)
{
    int changed;
    if (db_change(db,
                  "UPDATE mark SET owner = ?5, epoch = epoch + 1 WHERE " IS_KEY
                  " AND epoch = ?6 AND owner IS ?7",
                  DB_ARGS(db_text(m->key.kind), db_text(m->key.app),
                          db_text(m->key.whose), db_text(m->key.name), db_text(owner),
                          db_int(m->epoch), db_text(m->owner)),
                  &changed, e) != 0)
        return -1;
    return changed ? m->epoch + 1 : 0;
}

int mark_move(struct db *db, const struct mark_key *key, int64_t epoch, int64_t at_ms,
              int64_t found, struct err *e)
{
    int changed;
    if (db_change(db,
                  "UPDATE mark SET at_ms = max(at_ms, ?5), found = found + ?6"
                  " WHERE " IS_KEY " AND epoch = ?7",
                  DB_ARGS(db_text(key->kind), db_text(key->app), db_text(key->whose),
                          db_text(key->name), db_int(at_ms), db_int(found),
                          db_int(epoch)),
                  &changed, e) != 0)
        return -1;
    if (!changed)
        return err_set(e, ERR_CONFLICT, "another process looks for the same");
    return 0;
}

int mark_end(struct db *db, const struct mark_key *key, int64_t epoch, const char *known,
             const char *error, int64_t now_ms, struct err *e)
{
    return db_change(db,
                     "UPDATE mark SET owner = NULL, known = coalesce(?5, known),"
                     " error = ?6, looked_ms = iif(?6 IS NULL, ?7, looked_ms)"
                     " WHERE " IS_KEY " AND epoch = ?8",
                     DB_ARGS(db_text(key->kind), db_text(key->app), db_text(key->whose),
                             db_text(key->name), db_text(known), db_text(error),
                             db_int(now_ms), db_int(epoch)),
                     NULL, e);
}
