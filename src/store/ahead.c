#include "store/ahead.h"

#include <stdio.h>

#include "store/ledger_row.h"

static const int64_t MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS;
static const int64_t SLEEP_MS = AHEAD_SLEEP_DAYS * 24 * HOUR_MS;

/* The longest delay before a retry: an hour, or what Retry-After may say at most, which
 * is an hour too, and a second that spreads them. */
static const int64_t RETRY_MS = 2 * HOUR_MS;

int ahead_is_sleep(int64_t until_ms, int64_t now_ms)
{
    return until_ms > now_ms + SLEEP_MS;
}

/* ?1: now; ?2: now and the longest retry; ?3: now and the longest sleep. What came in the
 * future, and a run without an attempt, is due at once. */
static const struct {
    const char *sql;
    size_t values;
} mends[] = {
    {"UPDATE delivery SET due_ms = ?1 WHERE state = 0 AND due_ms > ?1"
     " AND owner IS NULL AND (at_ms > ?1 OR due_ms > ?2)",
     2},
    {"UPDATE run SET due_ms = ?1 WHERE " LEDGER_MAY_START " AND due_ms > ?1"
     " AND ((state = 0 AND (attempts = 0 OR due_ms > ?2))"
     " OR ((state = 0 OR state = 4) AND created_ms > ?1) OR due_ms > ?3)",
     3},
    {"UPDATE run SET held_ms = ?1 WHERE place IS NOT NULL AND " LEDGER_IN_PLACE
     " AND held_ms > ?1",
     1},
    {"UPDATE receipt SET due_ms = ?1 WHERE due_ms > ?2", 2},
};

int ahead_mend(struct db *db, int64_t now_ms, int *mended, struct err *e)
{
    const struct db_value values[] = {db_int(now_ms), db_int(now_ms + RETRY_MS),
                                      db_int(now_ms + SLEEP_MS)};
    *mended = 0;
    for (size_t i = 0; i < sizeof mends / sizeof *mends; i++) {
        int changed;
        if (db_change(db, mends[i].sql, values, mends[i].values, &changed, e) != 0)
            return -1;
        *mended += changed;
    }
    return 0;
}

struct found {
    int64_t n, latest_ms;
};

static int read_found(void *arg, const struct db_row *row)
{
    *(struct found *)arg = (struct found){db_row_int(row, 0), db_row_int(row, 1)};
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
        struct found found = {0};
        char sql[160];
        snprintf(sql, sizeof sql, "SELECT count(*), max(%s) FROM %s WHERE %s > ?",
                 kinds[i].column, kinds[i].table, kinds[i].column);
        if (db_query(db, sql, DB_ARGS(db_int(now_ms + MINUTE_MS)), read_found, &found,
                     e) != 0)
            return -1;
        if (found.n)
            fn(arg, kinds[i].what, found.n, found.latest_ms);
    }
    return 0;
}
