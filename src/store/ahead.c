#include "store/ahead.h"

#include <stdio.h>

#include "store/ledger_row.h"

static const int64_t MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS;
static const int64_t SLEEP_MS = AHEAD_SLEEP_DAYS * 24 * HOUR_MS;

/* More than the longest delay before a retry, which is an hour and up to a second of
 * jitter. A Retry-After header counts as an hour at most. */
static const int64_t RETRY_MS = 2 * HOUR_MS;

int ahead_is_sleep(int64_t until_ms, int64_t now_ms)
{
    return until_ms > now_ms + SLEEP_MS;
}

/* Makes due at once what a clock that was ahead put off. ?1 is now, ?2 is now + RETRY_MS,
 * ?3 is now + SLEEP_MS. */
static const struct {
    const char *sql;
    size_t values;
} repairs[] = {
    {"UPDATE delivery SET due_ms = ?1 WHERE state = " SQL_DELIVERY_WAITING
     " AND due_ms > ?1 AND (at_ms > ?1 OR due_ms > ?2)",
     2},
    {"UPDATE run SET due_ms = ?1 WHERE " LEDGER_MAY_START " AND due_ms > ?1"
     " AND ((state = " SQL_QUEUED " AND (attempts = 0 OR due_ms > ?2))"
     " OR ((state = " SQL_QUEUED " OR state = " SQL_CONFIRMING ") AND created_ms > ?1)"
     " OR due_ms > ?3)",
     3},
    {"UPDATE run SET held_ms = ?1 WHERE place IS NOT NULL"
     " AND " LEDGER_IN_ORDER " AND held_ms > ?1",
     1},
    {"UPDATE receipt SET due_ms = ?1 WHERE due_ms > ?2", 2},
};

int ahead_repair(struct db *db, int64_t now_ms, int *repaired, struct err *e)
{
    const struct db_value values[] = {db_int(now_ms), db_int(now_ms + RETRY_MS),
                                      db_int(now_ms + SLEEP_MS)};
    *repaired = 0;
    for (size_t i = 0; i < sizeof repairs / sizeof *repairs; i++) {
        int changed;
        if (db_change(db, repairs[i].sql, values, repairs[i].values, &changed, e) != 0)
            return -1;
        *repaired += changed;
    }
    return 0;
}

int ahead_each(struct db *db, int64_t now_ms, ahead_fn *fn, void *arg, struct err *e)
{
    static const struct {
        const char *what, *table, *column;
    } kinds[] = {
        {"deliveries", "delivery", "at_ms"},
        {"refused requests", "rejection", "at_ms"},
        {"activations", "activation", "at_ms"},
        {"activation keys", "seen", "at_ms"},
        {"runs", "run", "created_ms"},
        {"times of cron", "schedule", "slot_ms"},
        {"crashes", "crash", "at_ms"},
        {"replies", "reply", "at_ms"},
        {"tokens", "connection", "max(created_ms, refreshed_ms)"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int64_t n = 0, latest_ms = 0;
        char sql[160];
        snprintf(sql, sizeof sql, "SELECT count(*), max(%s) FROM %s WHERE %s > ?",
                 kinds[i].column, kinds[i].table, kinds[i].column);
        struct db_row *row = db_select(db, sql, DB_ARGS(db_int(now_ms + MINUTE_MS)), e);
        if (db_step(row, e) == 1) {
            n = db_row_int(row, 0);
            latest_ms = db_row_int(row, 1);
        }
        if (db_finish(row) != 0)
            return -1;
        if (n)
            fn(arg, kinds[i].what, n, latest_ms);
    }
    return 0;
}
