#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/ledger_row.h"

/* What steps made at an API, and whether it was delivered. */

int ledger_refs(struct db *db, const char *app, const char *company, int64_t since_ms,
                int (*fn)(void *arg, const char *ref), void *arg, struct err *e)
{
    /* By the index on at_ms (a + keeps SQLite from the other one): a company has many
     * ids, most of them old. */
    return store_row_texts(
        db_select(db,
                  "SELECT ref FROM effect WHERE at_ms >= ?3 AND +app = ?1"
                  " AND +company = ?2 ORDER BY at_ms, ref",
                  DB_ARGS(db_text(app), db_text(company), db_int(since_ms)), e),
        fn, arg, e);
}

int ledger_others(struct db *db, int64_t run, const struct intent *sought,
                  int (*fn)(void *arg, const struct ledger_write *write), void *arg,
                  struct err *e)
{
    /* a process that claimed the run after the write was sent only searches for it */
    struct db_row *row =
        db_select(db,
                  "SELECT r.id, s.at_ms, r.state = " SQL_RUNNING
                  " AND r.epoch = s.epoch, s.input FROM"
                  " (SELECT id, state, epoch FROM run WHERE state < " SQL_DONE
                  "    AND attempts > 0 UNION ALL"
                  "  SELECT id, state, epoch FROM run WHERE " LEDGER_IS_DEAD ") r"
                  " CROSS JOIN entry s ON s.id >= r.id << ?2 AND s.id < (r.id << ?2) + ?3"
                  " WHERE " LEDGER_IS_UNCERTAIN " AND r.id <> ?1",
                  DB_ARGS(db_int(run), db_int(LEDGER_ID_BITS), db_int(LEDGER_LINES)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct intent is;
        size_t len;
        const char *input = db_row_blob(row, 3, &len);
        intent_read(&is, input, len);
        struct ledger_write write = {.run = db_row_int(row, 0),
                                     .at_ms = db_row_int(row, 1),
                                     .is_under_way = db_row_int(row, 2) != 0,
                                     .is = &is};
        stop = intent_same_place(&is, sought) ? fn(arg, &write) : 0;
        intent_fini(&is);
    }
    return db_finish(row);
}

int ledger_receipts(struct db *db, int64_t now_ms, int limit,
                    int (*fn)(void *arg, const struct ledger_receipt *r), void *arg,
                    struct err *e)
{
    struct db_row *row =
        db_select(db,
                  "SELECT client, app, ref, run,"
                  " (SELECT c.id FROM connection c CROSS JOIN effect e"
                  "   ON e.app = c.app AND e.company = c.id AND e.ref = receipt.ref"
                  "   WHERE c.app = receipt.app AND e.run = receipt.run LIMIT 1)"
                  " FROM receipt WHERE due_ms <= ? ORDER BY due_ms LIMIT ?",
                  DB_ARGS(db_int(now_ms), db_int(limit)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct ledger_receipt r = {db_row_text(row, 0), db_row_text(row, 1),
                                   db_row_text(row, 2), db_row_int(row, 3),
                                   db_row_text(row, 4)};
        stop = fn(arg, &r);
    }
    return db_finish(row);
}

int ledger_maker(struct db *db, const char *app, const char *company, const char *ref,
                 int64_t *run, struct err *e)
{
    return db_select_int(db,
                         "SELECT coalesce((SELECT run FROM effect WHERE app = ?"
                         " AND company = ? AND ref = ?), 0)",
                         DB_ARGS(db_text(app), db_text(company), db_text(ref)), run, e);
}

int ledger_receipt_again(struct db *db, const struct ledger_receipt *r, int64_t due_ms,
                         struct err *e)
{
    return db_change(
        db, "UPDATE receipt SET due_ms = ? WHERE client = ? AND app = ? AND ref = ?",
        DB_ARGS(db_int(due_ms), db_text(r->client), db_text(r->app), db_text(r->ref)),
        NULL, e);
}

int ledger_delivered(struct db *db, const char *client, const char *app, const char *ref,
                     const char *why, int64_t now_ms, int64_t *run, struct err *e)
{
    int was_due, changed;
    *run = 0;
    /* by the receipt, else by the run that has claimed the id */
    if (db_select_int(
            db,
            "SELECT coalesce("
            "(SELECT run FROM receipt WHERE client = ?1 AND app = ?2 AND ref = ?3),"
            "(SELECT e.run FROM client_connection l"
            " JOIN effect e ON e.app = l.app AND e.company = l.id AND e.ref = ?3"
            " JOIN run r ON r.id = e.run AND r.client = ?1"
            " WHERE l.client = ?1 AND l.app = ?2), 0)",
            DB_ARGS(db_text(client), db_text(app), db_text(ref)), run, e) != 0)
        return -1;
    if (*run == 0)
        return 0;
    if (db_change(db, "DELETE FROM receipt WHERE client = ? AND app = ? AND ref = ?",
                  DB_ARGS(db_text(client), db_text(app), db_text(ref)), &was_due, e) != 0)
        return -1;
    if (db_change(db,
                  "UPDATE run SET undelivered = ?1 WHERE id = ?2"
                  " AND undelivered IS NOT ?1",
                  DB_ARGS(db_text(why), db_int(*run)), &changed, e) != 0)
        return -1;
    /* the same news a second time is not noted */
    if (!changed && !(was_due && !why))
        return 0;
    return ledger_row_note(db, *run, now_ms, why ? "undelivered" : "delivered",
                           why ? why : ref, e);
}
