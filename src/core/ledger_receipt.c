#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/ledger_row.h"

/* What steps made in the world, and whether it came to be. */

struct lend_ref {
    int (*fn)(void *arg, const char *ref);
    void *arg;
};

static int lend_ref(void *arg, const struct db_row *row)
{
    struct lend_ref *lend = arg;
    return lend->fn(lend->arg, db_row_text(row, 0));
}

int ledger_refs(struct db *db, const char *client, int64_t since_ms,
                int (*fn)(void *arg, const char *ref), void *arg, struct err *e)
{
    struct lend_ref lend = {fn, arg};
    return db_query(db,
                    "SELECT ref FROM effect WHERE client = ? AND at_ms >= ?"
                    " ORDER BY at_ms, ref",
                    DB_ARGS(db_text(client), db_int(since_ms)), lend_ref, &lend, e);
}

struct lend_receipt {
    int (*fn)(void *arg, const struct ledger_receipt *r);
    void *arg;
};

static int lend_receipt(void *arg, const struct db_row *row)
{
    struct lend_receipt *lend = arg;
    struct ledger_receipt r = {db_row_text(row, 0), db_row_text(row, 1),
                               db_row_text(row, 2), db_row_int(row, 3)};
    return lend->fn(lend->arg, &r);
}

int ledger_receipts(struct db *db, int64_t now_ms, int limit,
                    int (*fn)(void *arg, const struct ledger_receipt *r), void *arg,
                    struct err *e)
{
    struct lend_receipt lend = {fn, arg};
    return db_query(db,
                    "SELECT client, app, ref, run FROM receipt WHERE due_ms <= ?"
                    " ORDER BY due_ms LIMIT ?",
                    DB_ARGS(db_int(now_ms), db_int(limit)), lend_receipt, &lend, e);
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
    /* by the receipt, else by whose step claimed the id */
    if (db_query(db,
                 "SELECT coalesce("
                 "(SELECT run FROM receipt WHERE client = ?1 AND app = ?2 AND ref = ?3),"
                 "(SELECT run FROM effect WHERE client = ?1 AND ref = ?3), 0)",
                 DB_ARGS(db_text(client), db_text(app), db_text(ref)), db_read_int, run,
                 e) != 0)
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
    /* told twice, it is noted once */
    if (!changed && !(was_due && !why))
        return 0;
    return ledger_row_note(db, *run, now_ms, why ? "undelivered" : "delivered",
                           why ? why : ref, e);
}
