#include "store/rollup.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "store/ledger_row.h"

const int64_t rollup_bounds_ms[ROLLUP_BOUNDS] = {
    100, 500, 1000, 5000, 30 * 1000, 2 * 60 * 1000, 10 * 60 * 1000, 60 * 60 * 1000};

static const int64_t hour_ms = 60 * 60 * 1000;

enum { TOTAL = -1 }; /* the hour of a client's sums of all hours */

/* The columns after the first one, in the order of enum rollup_count. */
/* clang-format off */
#define OTHERS(X)                                                                        \
    X(fired) X(replies) X(waits) X(parked) X(done) X(skipped) X(dead) X(cancelled)       \
    X(first_ms) X(within_100ms) X(within_500ms) X(within_1s) X(within_5s) X(within_30s)  \
    X(within_2m) X(within_10m) X(within_1h) X(later)
/* clang-format on */
#define NAME(column) ", " #column
#define MARK(column) ", ?"
#define ADD(column)  ", " #column " = " #column " + excluded." #column
#define SUM(column)  ", coalesce(sum(" #column "), 0)"
#define ONE(column)  +1
_Static_assert(1 OTHERS(ONE) == ROLLUP_COUNTS, "a column for each count");

/* ---- the counts of a sweep, in memory ---- */

struct tally {
    struct cell {
        int64_t hour;
        char *client;
        int64_t n[ROLLUP_COUNTS];
    } * cells;
    size_t n, last; /* last: the cell that was used last */
};

static int is_cell(const struct cell *cell, int64_t hour, const char *client)
{
    return cell->hour == hour && strcmp(cell->client, client) == 0;
}

static void add(struct tally *t, int64_t at_ms, const char *client, int count, int64_t n)
{
    int64_t hour = at_ms > 0 ? at_ms / hour_ms : 0;
    size_t i = t->last;
    if (i >= t->n || !is_cell(&t->cells[i], hour, client))
        for (i = 0; i < t->n && !is_cell(&t->cells[i], hour, client); i++)
            ;
    if (i == t->n) {
        array_grow(t->cells, t->n);
        t->cells[t->n++] = (struct cell){.hour = hour, .client = xstrdup(client)};
    }
    t->cells[i].n[count] += n;
    t->last = i;
}

/* clang-format off */
static const char add_cell[] =
    "INSERT INTO rollup (hour, client, events" OTHERS(NAME) ")"
    " VALUES (?, ?, ?" OTHERS(MARK) ") ON CONFLICT (hour, client)"
    " DO UPDATE SET events = events + excluded.events" OTHERS(ADD);
static const char move_total[] =
    "INSERT INTO rollup (hour, client, events" OTHERS(NAME) ")"
    " SELECT hour, '', events" OTHERS(NAME) " FROM rollup WHERE hour = ? AND client = ?"
    " ON CONFLICT (hour, client) DO UPDATE SET events = events + excluded.events"
    OTHERS(ADD);
static const char select_hours[] =
    "SELECT hour, client, events" OTHERS(NAME) " FROM rollup"
    " WHERE hour >= ?1 AND (?2 IS NULL OR client = ?2) ORDER BY hour, client";
static const char select_total[] =
    "SELECT coalesce(sum(events), 0)" OTHERS(SUM) " FROM rollup WHERE hour = ?";
/* clang-format on */

static int write_cell(struct db *db, int64_t hour, const struct cell *cell, struct err *e)
{
    struct db_value values[2 + ROLLUP_COUNTS] = {db_int(hour), db_text(cell->client)};
    for (int i = 0; i < ROLLUP_COUNTS; i++)
        values[2 + i] = db_int(cell->n[i]);
    return db_change(db, add_cell, values, 2 + ROLLUP_COUNTS, NULL, e);
}

/* Adds the counts to the table. Frees T's. */
static int tally_end(struct tally *t, struct db *db, int rc, struct err *e)
{
    for (size_t i = 0; i < t->n; i++) {
        if (rc == 0)
            rc = write_cell(db, t->cells[i].hour, &t->cells[i], e);
        if (rc == 0)
            rc = write_cell(db, TOTAL, &t->cells[i], e);
        free(t->cells[i].client);
    }
    free(t->cells);
    return rc;
}

/* ---- deliveries and activations ---- */

static int count_deliveries(struct db *db, struct tally *t, int64_t *mark, int *left,
                            struct err *e)
{
    struct db_row *row = db_select(
        db,
        "SELECT d.id, d.at_ms, d.state, coalesce(d.client, c.client, '') FROM"
        " (SELECT id, at_ms, state, client, app, company FROM delivery WHERE id > ?"
        "  ORDER BY id LIMIT ?) d"
        " LEFT JOIN client_connection c ON d.client IS NULL AND c.app = d.app"
        " AND c.id = d.company ORDER BY d.id",
        DB_ARGS(db_int(*mark), db_int(*left)), e);
    while (db_step(row, e) == 1) {
        int64_t state = db_row_int(row, 2);
        *left -= db_row_int(row, 0) != *mark;
        *mark = db_row_int(row, 0);
        if (state != DELIVERY_STALE && state != DELIVERY_CHANNEL)
            add(t, db_row_int(row, 1), db_row_text(row, 3), ROLLUP_EVENTS, 1);
    }
    return db_finish(row);
}

static int count_activations(struct db *db, struct tally *t, int64_t *mark, int *left,
                             struct err *e)
{
    struct db_row *row = db_select(
        db, "SELECT id, at_ms, client FROM activation WHERE id > ? ORDER BY id LIMIT ?",
        DB_ARGS(db_int(*mark), db_int(*left)), e);
    while (db_step(row, e) == 1) {
        *left -= 1;
        *mark = db_row_int(row, 0);
        add(t, db_row_int(row, 1), db_row_text(row, 2), ROLLUP_FIRED, 1);
    }
    return db_finish(row);
}

/* ---- runs ---- */

struct counted {
    int64_t id, line;    /* the last line that was counted */
    int is_open, is_due; /* it is in rollup_open, in rollup_due */
    char *client;        /* owned */
    enum ledger_state state;
    int64_t ended_ms, activation;
};

struct counted_runs {
    struct counted *items;
    size_t n;
};

static void free_runs(struct counted_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++)
        free(runs->items[i].client);
    free(runs->items);
}

#define RUN_COLUMNS                                                                      \
    "r.id, o.line, d.run IS NOT NULL, r.client, r.state, r.ended_ms, r.activation"
#define RUN_TABLES                                                                       \
    " LEFT JOIN rollup_open o ON o.run = r.id LEFT JOIN rollup_due d ON d.run = r.id"

/* Reads the runs of a query for RUN_COLUMNS. Ends ROW. */
static int read_runs(struct db_row *row, struct counted_runs *runs, struct err *e)
{
    while (db_step(row, e) == 1) {
        array_grow(runs->items, runs->n);
        runs->items[runs->n++] = (struct counted){
            .id = db_row_int(row, 0),
            .is_open = db_row_text(row, 1) != NULL,
            .line = db_row_int(row, 1),
            .is_due = db_row_int(row, 2) != 0,
            .client = xstrdup(db_row_text(row, 3)),
            .state = (enum ledger_state)db_row_int(row, 4),
            .ended_ms = db_row_int(row, 5),
            .activation = db_row_int(row, 6),
        };
    }
    return db_finish(row);
}

/* Counts the time until the run's first reply at AT_MS. */
static int count_first(struct db *db, struct tally *t, const struct counted *run,
                       int64_t at_ms, struct err *e)
{
    int64_t came_ms = -1;
    if (db_select_int(db,
                      "SELECT d.at_ms FROM activation a JOIN delivery d"
                      " ON d.id = a.delivery WHERE a.id = ?",
                      DB_ARGS(db_int(run->activation)), &came_ms, e) != 0)
        return -1;
    if (came_ms < 0)
        return 0;
    int64_t took = at_ms > came_ms ? at_ms - came_ms : 0; /* the clock was set back */
    int i = 0;
    while (i < ROLLUP_BOUNDS && took > rollup_bounds_ms[i])
        i++;
    add(t, at_ms, run->client, ROLLUP_FIRST_MS, took);
    add(t, at_ms, run->client, ROLLUP_WITHIN + i, 1);
    return 0;
}

/* Reads whether a line up to LINE has a reply. */
static int has_reply(struct db *db, int64_t run, int64_t line, int64_t *has,
                     struct err *e)
{
    *has = 0;
    return line ? db_select_int(db,
                                "SELECT EXISTS (SELECT 1 FROM entry WHERE id > ? AND id"
                                " <= ? AND flags & ?)",
                                DB_ARGS(ledger_line_id(run, 0), ledger_line_id(run, line),
                                        db_int(LINE_HAS_REPLY)),
                                has, e)
                : 0;
}

/* Counts the lines of RUN's history after its line, which it moves. */
static int count_lines(struct db *db, struct tally *t, struct counted *run, struct err *e)
{
    int64_t first_ms = -1, had_reply, counted = run->line;
    struct db_row *row = db_select(
        db,
        "SELECT id - ?1, at_ms, kind, flags FROM entry WHERE id > ?1 + ?2 AND id < ?3"
        " ORDER BY id",
        DB_ARGS(ledger_line_id(run->id, 0), db_int(run->line),
                ledger_item_id(run->id, 0)),
        e);
    while (db_step(row, e) == 1) {
        const char *kind = db_row_text(row, 2);
        int64_t at_ms = db_row_int(row, 1), flags = db_row_int(row, 3);
        run->line = db_row_int(row, 0);
        if (str_eq(kind, "waiting"))
            add(t, at_ms, run->client, ROLLUP_WAITS, 1);
        if (str_eq(kind, "parked"))
            add(t, at_ms, run->client, ROLLUP_PARKED, 1);
        if (!(flags & LINE_HAS_REPLY))
            continue;
        add(t, at_ms, run->client, ROLLUP_REPLIES, 1);
        if (first_ms < 0)
            first_ms = flags & LINE_IS_BY_HAND ? 0 : at_ms;
    }
    if (db_finish(row) != 0)
        return -1;
    if (first_ms <= 0 || !run->activation)
        return 0;
    if (has_reply(db, run->id, counted, &had_reply, e) != 0)
        return -1;
    return had_reply ? 0 : count_first(db, t, run, first_ms, e);
}

static const int counts_of_ends[LEDGER_STATES] = {
    [LEDGER_DONE] = ROLLUP_DONE,
    [LEDGER_SKIPPED] = ROLLUP_SKIPPED,
    [LEDGER_DEAD] = ROLLUP_DEAD,
    [LEDGER_CANCELLED] = ROLLUP_CANCELLED,
};

static int forget(struct db *db, const struct counted *run, struct err *e)
{
    if (run->is_due && db_change(db, "DELETE FROM rollup_due WHERE run = ?",
                                 DB_ARGS(db_int(run->id)), NULL, e) != 0)
        return -1;
    return run->is_open ? db_change(db, "DELETE FROM rollup_open WHERE run = ?",
                                    DB_ARGS(db_int(run->id)), NULL, e)
                        : 0;
}

static int keep_open(struct db *db, const struct counted *run, struct err *e)
{
    return db_change(db, "INSERT OR REPLACE INTO rollup_open (run, line) VALUES (?, ?)",
                     DB_ARGS(db_int(run->id), db_int(run->line)), NULL, e);
}

/* Counts what is not counted of RUN, and its end when it is over. */
static int count_run(struct db *db, struct tally *t, struct counted *run, struct err *e)
{
    if (count_lines(db, t, run, e) != 0 || forget(db, run, e) != 0)
        return -1;
    if (!ledger_is_over(run->state))
        return keep_open(db, run, e);
    add(t, run->ended_ms, run->client, counts_of_ends[run->state], 1);
    return 0;
}

/* Counts the runs that a query for RUN_COLUMNS finds. Ends ROW. *MARK becomes the last
 * one's id. */
static int count_runs(struct db *db, struct db_row *row, struct tally *t, int64_t *mark,
                      int *left, struct err *e)
{
    struct counted_runs runs = {0};
    int rc = read_runs(row, &runs, e);
    for (size_t i = 0; rc == 0 && i < runs.n; i++) {
        rc = count_run(db, t, &runs.items[i], e);
        *mark = runs.items[i].id;
    }
    *left -= (int)runs.n;
    free_runs(&runs);
    return rc;
}

/* ---- the sweep ---- */

struct marks {
    int64_t delivery, activation, run;
};

static int read_marks(struct db *db, struct marks *out, struct err *e)
{
    *out = (struct marks){0};
    struct db_row *row =
        db_select(db, "SELECT delivery, activation, run FROM rollup_mark", DB_NONE, e);
    if (db_step(row, e) == 1)
        *out = (struct marks){db_row_int(row, 0), db_row_int(row, 1), db_row_int(row, 2)};
    return db_finish(row);
}

static int write_marks(struct db *db, const struct marks *marks, struct err *e)
{
    return db_change(
        db, "UPDATE rollup_mark SET delivery = ?, activation = ?, run = ?",
        DB_ARGS(db_int(marks->delivery), db_int(marks->activation), db_int(marks->run)),
        NULL, e);
}

/* New runs before due ones: when rows are left for these, the walk has met all runs, and
 * has taken what was due of them. */
static int count_all(struct db *db, struct tally *t, struct marks *marks, int *left,
                     struct err *e)
{
    int64_t ignored = 0;
    if (count_deliveries(db, t, &marks->delivery, left, e) != 0 ||
        count_activations(db, t, &marks->activation, left, e) != 0 ||
        count_runs(db,
                   db_select(db,
                             "SELECT " RUN_COLUMNS " FROM run r" RUN_TABLES
                             " WHERE r.id > ? ORDER BY r.id LIMIT ?",
                             DB_ARGS(db_int(marks->run), db_int(*left)), e),
                   t, &marks->run, left, e) != 0)
        return -1;
    return count_runs(db,
                      db_select(db,
                                "SELECT " RUN_COLUMNS " FROM rollup_due d"
                                " JOIN run r ON r.id = d.run"
                                " LEFT JOIN rollup_open o ON o.run = r.id"
                                " ORDER BY d.run LIMIT ?",
                                DB_ARGS(db_int(*left)), e),
                      t, &ignored, left, e);
}

struct sweep {
    int limit, *swept;
};

static int sweep(struct db *db, void *arg, struct err *e)
{
    const struct sweep *s = arg;
    struct tally t = {0};
    struct marks marks;
    int left = s->limit;
    if (read_marks(db, &marks, e) != 0)
        return -1;
    int rc = count_all(db, &t, &marks, &left, e);
    if (rc == 0 && left < s->limit)
        rc = write_marks(db, &marks, e);
    *s->swept = s->limit - left;
    return tally_end(&t, db, rc, e);
}

int rollup_sweep(struct db *db, int limit, int *swept, struct err *e)
{
    struct sweep s = {limit, swept};
    *swept = 0;
    return db_transaction(db, sweep, &s, e);
}

int rollup_sweep_all(struct db *db, struct err *e)
{
    enum { ROWS = 2000 };
    int swept;
    do {
        if (rollup_sweep(db, ROWS, &swept, e) != 0)
            return -1;
    } while (swept >= ROWS);
    return 0;
}

int rollup_touch(struct db *db, int64_t run, struct err *e)
{
    return db_change(db,
                     "INSERT OR IGNORE INTO rollup_due SELECT run FROM rollup_open"
                     " WHERE run = ?",
                     DB_ARGS(db_int(run)), NULL, e);
}

/* Reads the last line of the history of RUN, which was counted to its end. */
static int read_last_line(struct db *db, struct counted *run, struct err *e)
{
    return db_select_int(db,
                         "SELECT coalesce(max(id) - ?1, 0) FROM entry"
                         " WHERE id > ?1 AND id < ?2",
                         DB_ARGS(ledger_line_id(run->id, 0), ledger_item_id(run->id, 0)),
                         &run->line, e);
}

int rollup_reopen(struct db *db, int64_t run, struct err *e)
{
    struct tally t = {0};
    struct counted_runs runs = {0};
    struct marks marks;
    int rc = read_marks(db, &marks, e);
    if (rc == 0)
        rc = read_runs(db_select(db,
                                 "SELECT " RUN_COLUMNS " FROM run r" RUN_TABLES
                                 " WHERE r.id = ?",
                                 DB_ARGS(db_int(run)), e),
                       &runs, e);
    if (rc == 0 && runs.n) {
        struct counted *it = &runs.items[0];
        /* else the walk has counted all of it */
        rc = it->is_open || run > marks.run ? count_run(db, &t, it, e)
                                            : read_last_line(db, it, e);
        if (rc == 0)
            rc = keep_open(db, it, e);
    }
    free_runs(&runs);
    return tally_end(&t, db, rc, e);
}

int rollup_prune(struct db *db, int64_t before_ms, int limit, int *removed, struct err *e)
{
    return db_change(db,
                     "DELETE FROM rollup WHERE (hour, client) IN (SELECT hour, client"
                     " FROM rollup WHERE hour >= 0 AND hour < ? LIMIT ?)",
                     DB_ARGS(db_int(before_ms / hour_ms), db_int(limit)), removed, e);
}

/* ---- reading ---- */

int rollup_each(struct db *db, const char *client, int64_t since_ms, rollup_fn *fn,
                void *arg, struct err *e)
{
    int64_t hour = since_ms > 0 ? since_ms / hour_ms : 0;
    struct db_row *row =
        db_select(db, select_hours, DB_ARGS(db_int(hour), db_text(client)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct rollup r = {.hour = db_row_int(row, 0), .client = db_row_text(row, 1)};
        for (int i = 0; i < ROLLUP_COUNTS; i++)
            r.n[i] = db_row_int(row, 2 + i);
        stop = fn(arg, &r);
    }
    return db_finish(row);
}

int rollup_total(struct db *db, int64_t n[ROLLUP_COUNTS], struct err *e)
{
    memset(n, 0, ROLLUP_COUNTS * sizeof *n);
    struct db_row *row = db_select(db, select_total, DB_ARGS(db_int(TOTAL)), e);
    if (db_step(row, e) == 1)
        for (int i = 0; i < ROLLUP_COUNTS; i++)
            n[i] = db_row_int(row, i);
    return db_finish(row);
}

int rollup_leave(struct db *db, const char *client, struct err *e)
{
    return db_change(db, move_total, DB_ARGS(db_int(TOTAL), db_text(client)), NULL, e);
}
