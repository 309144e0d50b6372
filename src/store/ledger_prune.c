#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "store/ledger_row.h"

/* Retention. Each statement removes at most LIMIT rows, which it finds by an index or
 * from the table's beginning on. */

static const int64_t hour_ms = 60 * 60 * 1000, day_ms = 24 * 60 * 60 * 1000;

static int remove_run(struct db *db, int64_t id, struct err *e)
{
    static const char *const statements[] = {
        "DELETE FROM wait WHERE run = ?", "DELETE FROM exchange WHERE run = ?",
        "DELETE FROM sent WHERE run = ?", "DELETE FROM line WHERE run = ?",
        "DELETE FROM run WHERE id = ?",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (db_change(db, statements[i], DB_ARGS(db_int(id)), NULL, e) != 0)
            return -1;
    return db_change(db, "DELETE FROM entry WHERE id >= ? AND id < ?",
                     DB_ARGS(ledger_step_id(id, 0), ledger_step_id(id + 1, 0)), NULL, e);
}

static int remove_runs(struct db *db, int64_t before_ms, int limit, int *removed,
                       struct err *e)
{
    int64_t *ids = NULL;
    int n = 0;
    /* >= is what the index run_over says, IN makes SQLite search it by state and time */
    struct db_row *row =
        db_select(db,
                  "SELECT id FROM run WHERE state >= " SQL_DONE " AND state IN (" SQL_DONE
                  ", " SQL_SKIPPED ", " SQL_DEAD ", " SQL_CANCELLED ") AND ended_ms < ?"
                  " AND id < (SELECT max(id) FROM run) LIMIT ?",
                  DB_ARGS(db_int(before_ms), db_int(limit)), e);
    while (db_step(row, e) == 1) {
        array_grow(ids, n);
        ids[n++] = db_row_int(row, 0);
    }
    int rc = db_finish(row);
    for (int i = 0; rc == 0 && i < n; i++)
        rc = remove_run(db, ids[i], e);
    *removed += rc == 0 ? n : 0;
    free(ids);
    return rc;
}

/* ---- code ---- */

struct hashes {
    unsigned char (*items)[CRYPTO_SHA256_SIZE];
    size_t n;
};

static void add_hash(struct hashes *hashes, const unsigned char *hash)
{
    array_grow(hashes->items, hashes->n);
    memcpy(hashes->items[hashes->n++], hash, CRYPTO_SHA256_SIZE);
}

/* Adds every word of 64 hex digits in a set's list. */
static int add_hashes(void *arg, const char *list)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[CRYPTO_SHA256_SIZE];
    while (*list) {
        size_t len = strspn(list, digits);
        if (len == 2 * sizeof hash && str_unhex(list, len, hash) == 0)
            add_hash(arg, hash);
        list += len ? len : 1;
    }
    return 0;
}

static int read_hashes(struct db *db, struct hashes *all, struct err *e)
{
    struct db_row *row = db_select(db, "SELECT hash FROM code", DB_NONE, e);
    while (db_step(row, e) == 1) {
        size_t len;
        const void *hash = db_row_blob(row, 0, &len);
        if (hash && len == CRYPTO_SHA256_SIZE)
            add_hash(all, hash);
    }
    return db_finish(row);
}

static int compare_hashes(const void *a, const void *b)
{
    return memcmp(a, b, CRYPTO_SHA256_SIZE);
}

/* Removes the sources that no set and no release names. Called when sets were removed:
 * there are only as many as versions of the agency's scripts. */
static int remove_code(struct db *db, struct err *e)
{
    struct hashes used = {0}, all = {0};
    int rc = store_row_texts(db_select(db, "SELECT list FROM pins", DB_NONE, e),
                             add_hashes, &used, e);
    if (rc == 0)
        rc = store_row_texts(db_select(db, "SELECT manifest FROM release", DB_NONE, e),
                             add_hashes, &used, e);
    if (rc == 0)
        rc = read_hashes(db, &all, e);
    if (used.n)
        qsort(used.items, used.n, sizeof *used.items, compare_hashes);
    for (size_t i = 0; rc == 0 && i < all.n; i++)
        if (!used.n || !bsearch(all.items[i], used.items, used.n, sizeof *used.items,
                                compare_hashes))
            rc = db_change(db, "DELETE FROM code WHERE hash = ?",
                           DB_ARGS(db_blob(all.items[i], CRYPTO_SHA256_SIZE)), NULL, e);
    free(used.items);
    free(all.items);
    return rc;
}

static int remove_pins(struct db *db, int limit, int *removed, struct err *e)
{
    return db_change(db,
                     "DELETE FROM pins WHERE hash IN (SELECT hash FROM pins EXCEPT"
                     " SELECT pins FROM run WHERE state < " SQL_DONE " EXCEPT"
                     " SELECT pins FROM run WHERE " LEDGER_IS_DEAD " LIMIT ?)",
                     DB_ARGS(db_int(limit)), removed, e);
}

int ledger_prune(struct db *db, int64_t before_ms, int64_t exchanges_ms, int64_t now_ms,
                 int limit, int *removed, struct err *e)
{
    /* ?1: remove rows from before it, ?2: this many at most */
    const struct {
        const char *sql;
        int64_t before_ms;
    } parts[] = {
        {"DELETE FROM effect WHERE (app, company, ref) IN (SELECT app, company, ref"
         " FROM effect WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
         now_ms - 90 * day_ms},
        {"DELETE FROM reply WHERE (client, conversation, run, seq) IN (SELECT client,"
         " conversation, run, seq FROM reply WHERE at_ms < ?1 LIMIT ?2)",
         now_ms - 2 * hour_ms},
        {"DELETE FROM crash WHERE at_ms < ?1"
         " AND rowid IN (SELECT rowid FROM crash ORDER BY rowid LIMIT ?2)",
         now_ms - day_ms},
    };
    *removed = 0;
    if (remove_runs(db, before_ms, limit, removed, e) != 0 ||
        ledger_exchange_prune(db, exchanges_ms, limit - *removed, removed, e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && *removed < limit; i++) {
        int n;
        if (db_change(db, parts[i].sql,
                      DB_ARGS(db_int(parts[i].before_ms), db_int(limit - *removed)), &n,
                      e) != 0)
            return -1;
        *removed += n;
    }
    int sets = 0;
    if (*removed < limit && remove_pins(db, limit - *removed, &sets, e) != 0)
        return -1;
    *removed += sets;
    return sets > 0 ? remove_code(db, e) : 0;
}

int ledger_prune_code(struct db *db, struct err *e)
{
    int sets;
    return remove_pins(db, INT_MAX, &sets, e) == 0 ? remove_code(db, e) : -1;
}
