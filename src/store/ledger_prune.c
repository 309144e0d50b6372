#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/ledger_row.h"

/* Retention. Each statement touches at most LIMIT rows, found by an index or from the
 * table's beginning. */

static const int64_t hour_ms = 60 * 60 * 1000, day_ms = 24 * 60 * 60 * 1000;

struct ids {
    int64_t *items;
    int n;
};

static int add_id(void *arg, const struct db_row *row)
{
    struct ids *ids = arg;
    ids->items[ids->n++] = db_row_int(row, 0);
    return 0;
}

static int remove_run(struct db *db, int64_t id, struct err *e)
{
    static const char *const statements[] = {
        "DELETE FROM step WHERE run = ?",
        "DELETE FROM history WHERE run = ?",
        "DELETE FROM wait WHERE run = ?",
        "DELETE FROM run WHERE id = ?",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (db_change(db, statements[i], DB_ARGS(db_int(id)), NULL, e) != 0)
            return -1;
    return 0;
}

static int remove_runs(struct db *db, int64_t before_ms, int limit, int *removed,
                       struct err *e)
{
    struct ids ids = {xcalloc((size_t)limit, sizeof *ids.items), 0};
    int rc = db_query(db,
                      "SELECT id FROM run WHERE state IN (7, 8, 9, 10) AND state >= 7"
                      " AND ended_ms < ? LIMIT ?",
                      DB_ARGS(db_int(before_ms), db_int(limit)), add_id, &ids, e);
    for (int i = 0; rc == 0 && i < ids.n; i++)
        rc = remove_run(db, ids.items[i], e);
    *removed += rc == 0 ? ids.n : 0;
    free(ids.items);
    return rc;
}

/* ---- code ---- */

struct hashes {
    unsigned char (*items)[CRYPTO_SHA256_SIZE];
    size_t n, cap;
};

static void add_hash(struct hashes *hashes, const unsigned char *hash)
{
    if (hashes->n == hashes->cap) {
        hashes->cap = hashes->cap ? 2 * hashes->cap : 64;
        hashes->items = xrealloc(hashes->items, hashes->cap * sizeof *hashes->items);
    }
    memcpy(hashes->items[hashes->n++], hash, CRYPTO_SHA256_SIZE);
}

/* Every word of 64 hex digits in a set's list. */
static int add_hashes(void *arg, const struct db_row *row)
{
    static const char digits[] = "0123456789abcdef";
    const char *p = db_row_text(row, 0);
    unsigned char hash[CRYPTO_SHA256_SIZE];
    while (*p) {
        size_t len = strspn(p, digits);
        if (len == 2 * sizeof hash && str_unhex(p, len, hash) == 0)
            add_hash(arg, hash);
        p += len ? len : 1;
    }
    return 0;
}

static int add_row_hash(void *arg, const struct db_row *row)
{
    size_t len;
    const void *hash = db_row_blob(row, 0, &len);
    if (hash && len == CRYPTO_SHA256_SIZE)
        add_hash(arg, hash);
    return 0;
}

static int compare_hashes(const void *a, const void *b)
{
    return memcmp(a, b, CRYPTO_SHA256_SIZE);
}

/* Only when sets have gone; there are as many as versions of the agency's scripts. */
static int remove_code(struct db *db, struct err *e)
{
    struct hashes used = {0}, all = {0};
    int rc = db_query(db, "SELECT list FROM pins", DB_NONE, add_hashes, &used, e);
    if (rc == 0)
        rc = db_query(db, "SELECT hash FROM code", DB_NONE, add_row_hash, &all, e);
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

int ledger_prune(struct db *db, int64_t before_ms, int64_t now_ms, int limit,
                 int *removed, struct err *e)
{
    /* ?1: rows from before it go, ?2: how many at most */
    const struct {
        const char *sql;
        int64_t before_ms;
    } parts[] = {
        {"DELETE FROM effect WHERE (app, company, ref) IN (SELECT app, company, ref"
         " FROM effect WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
         now_ms - 90 * day_ms},
        {"DELETE FROM reply WHERE at_ms < ?1"
         " AND rowid IN (SELECT rowid FROM reply ORDER BY rowid LIMIT ?2)",
         now_ms - 2 * hour_ms},
        {"DELETE FROM crash WHERE at_ms < ?1"
         " AND rowid IN (SELECT rowid FROM crash ORDER BY rowid LIMIT ?2)",
         now_ms - day_ms},
    };
    *removed = 0;
    if (remove_runs(db, before_ms, limit, removed, e) != 0)
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
    if (*removed < limit &&
        db_change(db,
                  "DELETE FROM pins WHERE hash IN (SELECT p.hash FROM pins p WHERE NOT"
                  " EXISTS (SELECT 1 FROM run WHERE run.pins = p.hash) LIMIT ?)",
                  DB_ARGS(db_int(limit - *removed)), &sets, e) != 0)
        return -1;
    *removed += sets;
    return sets > 0 ? remove_code(db, e) : 0;
}
