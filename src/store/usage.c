#include "store/usage.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "store/store_row.h"

static const int64_t hour_ms = 60 * 60 * 1000, day_ms = 24 * 60 * 60 * 1000;

enum { SPAN_DAYS = 7, SAMPLE_ROWS = 500 };

/* The kinds, each with its table between spaces; the last one has all other tables, which
 * hardly grow. The rows of TIMES with their COLUMN say how many came when: what belongs
 * to runs is counted by runs. */
static const struct {
    const char *name, *tables;
    const char *times, *column;
} kinds[USAGE_KINDS] = {
    {"deliveries", " delivery ", "delivery", "at_ms"},
    {"bodies", " delivery_body ", "delivery", "at_ms"},
    {"events", " activation ", "activation", "at_ms"},
    {"event keys", " seen ", "seen", "at_ms"},
    {"runs", " run ", "run", "created_ms"},
    {"history", " entry ", "run", "created_ms"},
    {"exchanges", " exchange ", "run", "created_ms"},
    {"made ids", " effect ", "run", "created_ms"},
    {"other", "", NULL, NULL},
};
enum { OTHER = USAGE_KINDS - 1 };

static int kind_of(const char *table)
{
    char word[80];
    snprintf(word, sizeof word, " %s ", table);
    for (int i = 0; i < OTHER; i++)
        if (strstr(kinds[i].tables, word))
            return i;
    return OTHER;
}

/* ---- how large it is ---- */

/* Adds up the pages of each table and of its indexes. */
static int read_pages(struct db *db, struct usage *out, struct err *e)
{
    struct db_row *row = db_select(
        db,
        "SELECT coalesce(m.tbl_name, s.name), s.pgsize FROM dbstat s"
        " LEFT JOIN sqlite_schema m ON m.name = s.name WHERE s.aggregate = TRUE",
        DB_NONE, e);
    if (!row)
        return -1;
    while (db_step(row, e) == 1)
        out->kinds[kind_of(db_row_text(row, 0))].bytes += db_row_int(row, 1);
    return db_finish(row);
}

static int has_dbstat(struct db *db)
{
    int64_t n = 0;
    return db_select_int(db,
                         "SELECT count(*) FROM pragma_module_list WHERE name = 'dbstat'",
                         DB_NONE, &n, NULL) == 0 &&
           n > 0;
}

/* Divides the pages that are in use by the number and the length of the tables' rows. */
static int sample(struct db *db, struct usage *out, struct err *e)
{
    static const char *const columns[OTHER] = {
        "60 + 2 * length(coalesce(conversation, '')) + length(coalesce(event, ''))"
        " + length(coalesce(type, '')) + length(coalesce(company, ''))"
        " + length(coalesce(note, ''))",
        "length(body)",
        "60 + length(key) + length(event) + length(coalesce(packed, ''))",
        "55",
        "180 + length(args) + length(policy) + length(coalesce(result, ''))",
        "25 + length(name) + length(coalesce(input, '')) + length(coalesce(result, ''))",
        "length(body)",
        "80 + length(ref)"};
    int64_t total = 0;
    for (int i = 0; i < OTHER; i++) {
        char table[40], sql[600];
        int64_t bytes = 0;
        snprintf(table, sizeof table, "%.*s", (int)strlen(kinds[i].tables) - 2,
                 kinds[i].tables + 1);
        /* newest first; effect has no ids that grow */
        const char *order = str_eq(table, "exchange") ? "ORDER BY run DESC"
                            : str_eq(table, "effect") ? ""
                                                      : "ORDER BY id DESC";
        snprintf(sql, sizeof sql,
                 "SELECT coalesce((SELECT count(*) FROM %s) * (SELECT avg(n) + 10 FROM"
                 " (SELECT %s AS n FROM %s %s LIMIT %d)), 0)",
                 table, columns[i], table, order, SAMPLE_ROWS);
        if (db_select_int(db, sql, DB_NONE, &bytes, e) != 0)
            return -1;
        out->kinds[i].bytes = bytes;
        total += bytes;
    }
    for (int i = 0; total > 0 && i < OTHER; i++)
        out->kinds[i].bytes = (int64_t)((double)(out->bytes - out->free_bytes) *
                                        (double)out->kinds[i].bytes / (double)total);
    return 0;
}

/* Counts the rows of kind I from SINCE_MS on, by ids, which have gaps only where older
 * rows were removed. */
static int count_since(struct db *db, int i, int64_t since_ms, int64_t *rows,
                       struct err *e)
{
    char sql[120];
    int64_t border;
    if (store_row_border(db, kinds[i].times, kinds[i].column, since_ms, &border, e) != 0)
        return -1;
    snprintf(sql, sizeof sql, "SELECT coalesce(max(id), 0) + 1 - ? FROM %s",
             kinds[i].times);
    if (db_select_int(db, sql, DB_ARGS(db_int(border)), rows, e) != 0)
        return -1;
    if (*rows < 0)
        *rows = 0;
    return 0;
}

static int64_t keep_of(int i, const struct settings_keep *keep)
{
    switch (i) {
    case 0:
        return keep->deliveries_ms;
    case 1:
        return keep->bodies_ms;
    case 3:
        return 400 * day_ms; /* work/retention.c */
    case 6:
        return keep->exchanges_ms;
    case 7:
        return 90 * day_ms; /* ledger_prune.c */
    default:                /* an activation stays as long as its runs */
        return keep->runs_ms > keep->deliveries_ms || i != 2 ? keep->runs_ms
                                                             : keep->deliveries_ms;
    }
}

/* The rows of the last days; of a store that is younger, those since its first one. */
static int read_rates(struct db *db, struct usage *out, struct err *e)
{
    int64_t first_ms = out->now_ms;
    if (db_select_int(db,
                      "SELECT min(at_ms) FROM (SELECT * FROM (SELECT at_ms FROM delivery"
                      " ORDER BY id LIMIT 1) UNION ALL SELECT * FROM (SELECT created_ms"
                      " FROM run ORDER BY id LIMIT 1)) WHERE at_ms IS NOT NULL"
                      " HAVING count(*) > 0",
                      DB_NONE, &first_ms, e) != 0)
        return -1;
    out->span_ms = out->now_ms - first_ms;
    if (out->span_ms > SPAN_DAYS * day_ms)
        out->span_ms = SPAN_DAYS * day_ms;
    if (out->span_ms < hour_ms)
        out->span_ms = 0;
    for (int i = 0; i < OTHER; i++) {
        struct usage_kind *kind = &out->kinds[i];
        int64_t kept_since =
            kind->keep_ms < out->now_ms ? out->now_ms - kind->keep_ms : 0;
        if (count_since(db, i, out->now_ms - out->span_ms, &kind->recent, e) != 0 ||
            count_since(db, i, kept_since, &kind->rows, e) != 0)
            return -1;
    }
    return 0;
}

static int read_size(struct db *db, int64_t *bytes, int64_t *free_bytes, struct err *e)
{
    if (db_select_int(db,
                      "SELECT page_count * page_size FROM pragma_page_count,"
                      " pragma_page_size",
                      DB_NONE, bytes, e) != 0)
        return -1;
    return db_select_int(db,
                         "SELECT freelist_count * page_size FROM pragma_freelist_count,"
                         " pragma_page_size",
                         DB_NONE, free_bytes, e);
}

/* Reads how many rows of kind I are kept, how many more came than went in the last days,
 * and in how long. */
static int read_growth(struct db *db, int i, int64_t keep_ms, int64_t now_ms,
                       int64_t *rows, int64_t *more, int64_t *span_ms, struct err *e)
{
    char sql[200];
    int64_t first_ms = now_ms, came, old, older;
    /* in one SELECT both would read all rows */
    snprintf(
        sql, sizeof sql,
        "SELECT coalesce((SELECT max(id) FROM %s) - (SELECT min(id) FROM %s) + 1, 0)",
        kinds[i].times, kinds[i].times);
    if (db_select_int(db, sql, DB_NONE, rows, e) != 0)
        return -1;
    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id = (SELECT min(id) FROM %s)",
             kinds[i].column, kinds[i].times, kinds[i].times);
    if (db_select_int(db, sql, DB_NONE, &first_ms, e) != 0)
        return -1;
    *span_ms = now_ms - first_ms;
    if (*span_ms > SPAN_DAYS * day_ms)
        *span_ms = SPAN_DAYS * day_ms;
    if (*span_ms > keep_ms)
        *span_ms = keep_ms;
    if (count_since(db, i, now_ms - *span_ms, &came, e) != 0 ||
        count_since(db, i, now_ms - keep_ms, &old, e) != 0 ||
        count_since(db, i, now_ms - keep_ms + *span_ms, &older, e) != 0)
        return -1;
    *more = came - (old - older);
    return 0;
}

int usage_rough(struct db *db, const struct settings_keep *keep, int64_t now_ms,
                struct usage_rough *out, struct err *e)
{
    enum { DELIVERIES = 0, RUNS = 4 };
    int64_t deliveries, runs, more[2], span_ms[2];
    *out = (struct usage_rough){0};
    if (read_size(db, &out->bytes, &out->free_bytes, e) != 0 ||
        read_growth(db, DELIVERIES, keep->deliveries_ms, now_ms, &deliveries, &more[0],
                    &span_ms[0], e) != 0 ||
        read_growth(db, RUNS, keep->runs_ms, now_ms, &runs, &more[1], &span_ms[1], e) !=
            0)
        return -1;
    int is_runs = runs > deliveries;
    int64_t rows = is_runs ? runs : deliveries;
    if (rows == 0 || span_ms[is_runs] < hour_ms || more[is_runs] <= 0)
        return 0;
    out->bytes_a_day =
        (int64_t)((double)(out->bytes - out->free_bytes) / (double)rows *
                  (double)more[is_runs] * (double)day_ms / (double)span_ms[is_runs]);
    return 0;
}

int usage_read(struct db *db, const struct settings_keep *keep, int64_t now_ms,
               int sampled, struct usage *out, struct err *e)
{
    *out = (struct usage){.now_ms = now_ms};
    for (int i = 0; i < USAGE_KINDS; i++)
        out->kinds[i] = (struct usage_kind){.name = kinds[i].name,
                                            .keep_ms = i == OTHER ? 0 : keep_of(i, keep)};
    if (read_size(db, &out->bytes, &out->free_bytes, e) != 0)
        return -1;
    int rc = sampled || !has_dbstat(db) ? sample(db, out, e) : read_pages(db, out, e);
    return rc == 0 ? read_rates(db, out, e) : -1;
}

/* ---- how large it becomes ---- */

int usage_foretell(struct db *db, const struct usage *u, int64_t in_ms, int64_t *bytes,
                   struct err *e)
{
    double total = (double)u->kinds[OTHER].bytes;
    for (int i = 0; i < OTHER; i++) {
        const struct usage_kind *kind = &u->kinds[i];
        int64_t old = 0, come_ms = in_ms < kind->keep_ms ? in_ms : kind->keep_ms;
        double each = kind->rows ? (double)kind->bytes / (double)kind->rows : 0;
        if (in_ms < kind->keep_ms &&
            count_since(db, i, u->now_ms + in_ms - kind->keep_ms, &old, e) != 0)
            return -1;
        if (u->span_ms)
            old += (int64_t)((double)kind->recent * (double)come_ms / (double)u->span_ms);
        total += each * (double)old;
    }
    *bytes = total > (double)u->bytes ? (int64_t)total : u->bytes;
    return 0;
}
