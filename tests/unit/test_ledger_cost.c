#include "ledgertest.h"

#include <sqlite3.h>

#include "store/activity.h"
#include "store/inbox.h"
#include "store/rollup.h"
#include "store/usage.h"

/* What the queries of a worker cost among a hundred thousand runs: in steps of SQLite's
 * machine, which are the same each time, and by the plans that it makes. */

enum { MANY = 100000 };

static int64_t steps;
static sqlite3 *watched;
static char *ran[1000]; /* statements */
static size_t nran;

static int on_profile(unsigned what, void *arg, void *statement, void *ns)
{
    (void)what, (void)arg, (void)ns;
    steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    if (nran < sizeof ran / sizeof *ran)
        ran[nran++] = xstrdup(sqlite3_sql(statement));
    return 0;
}

static int on_open(sqlite3 *sqlite, const char **error, const void *api)
{
    (void)error, (void)api;
    watched = sqlite;
    return sqlite3_trace_v2(sqlite, SQLITE_TRACE_PROFILE, on_profile, sqlite);
}

static int setup_watched(void **state)
{
    sqlite3_auto_extension((void (*)(void))on_open);
    return setup(state);
}

static void forget_statements(void)
{
    while (nran)
        free(ran[--nran]);
}

static int teardown_watched(void **state)
{
    forget_statements();
    return teardown(state);
}

/* EXPRESSION took at most MOST steps, and no table was read as a whole. */
#define COSTS(expression, most)                                                          \
    do {                                                                                 \
        steps = 0;                                                                       \
        forget_statements();                                                             \
        OK(expression);                                                                  \
        if (steps > (most) || steps == 0)                                                \
            fail_msg("%s: %lld steps", #expression, (long long)steps);                   \
        assert_no_scan(#expression);                                                     \
    } while (0)

/* Fails when a row of what EXPLAIN says of a statement that ran has one of NAMES in
 * COLUMN. */
static void assert_lacks(const char *explain, int column, const char *const *names,
                         const char *expression)
{
    sqlite3_trace_v2(watched, 0, NULL, NULL);
    for (size_t i = 0; i < nran; i++) {
        sqlite3_stmt *statement = NULL;
        char *sql = xasprintf("%s %s", explain, ran[i]);
        if (sqlite3_prepare_v2(watched, sql, -1, &statement, NULL) != SQLITE_OK)
            fail_msg("%s", sqlite3_errmsg(watched));
        while (sqlite3_step(statement) == SQLITE_ROW)
            for (const char *const *name = names; *name; name++)
                if (strcmp((const char *)sqlite3_column_text(statement, column), *name) ==
                    0)
                    fail_msg("%s: %s: %s", expression, *name, ran[i]);
        sqlite3_finalize(statement);
        free(sql);
    }
    sqlite3_trace_v2(watched, SQLITE_TRACE_PROFILE, on_profile, watched);
}

/* No plan reads all runs. */
static void assert_no_scan(const char *expression)
{
    static const char *const names[] = {"SCAN run", "SCAN r", "SCAN o", "SCAN f", NULL};
    assert_lacks("EXPLAIN QUERY PLAN", 3, names, expression);
}

/* No statement made a temporary table, of a list or of rows: each is a B-tree with a
 * cache of pages. */
static void assert_no_table_made(void)
{
    static const char *const names[] = {"OpenEphemeral", NULL};
    assert_lacks("EXPLAIN", 1, names, "what is written");
}

/* Adds MANY runs of client "big", with VALUES in COLUMNS. */
static void add_many(const char *columns, const char *values)
{
    char *sql = xasprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                          " WHERE i < %d) INSERT INTO run (client, recipe, origin, args,"
                          " policy, due_ms, created_ms, %s)"
                          " SELECT 'big', 'x', 'activation', '{}', '{}', %lld + i / 1000,"
                          " 0, %s FROM n",
                          MANY, columns, (long long)now - 1000, values);
    OK(db_exec(db, sql, &e));
    free(sql);
}

static int collect(void *arg, const struct ledger_run *run)
{
    buf_addf(arg, "%s:%lld ", run->client, (long long)run->id);
    return 0;
}

static struct buf got;

static int due(struct err *e)
{
    struct ledger_turns t = {.now_ms = now, .limit = 64, .client_limit = 2};
    buf_init(&got, 10000);
    return ledger_due(db, &t, collect, &got, e);
}

static void assert_got(const char *expected)
{
    assert_string_equal(buf_str(&got), expected);
    buf_free(&got);
}

static struct ledger_run by_hand(const char *client, const char *order_key)
{
    return (struct ledger_run){.client = client,
                               .recipe = "x",
                               .origin = "hand",
                               .args = "{}",
                               .policy = "{}",
                               .order_key = order_key,
                               .due_ms = now,
                               .created_ms = now};
}

/* One run is added, found, claimed and ended. */
static void assert_one_run_is_cheap(const char *order_key)
{
    int64_t next, epoch;
    int64_t id = number("SELECT max(id) + 1 FROM run");
    struct ledger_run run = by_hand("acme", order_key);
    COSTS(ledger_add(db, &run, NULL, &id, &e), 1000);
    COSTS(ledger_next_due(db, &next, &e), 2000);
    COSTS(due(&e), 20000);
    buf_free(&got);
    COSTS(ledger_claim(db, id, "me", 0, now, &epoch, &e) - 1, 1000);
    COSTS(ledger_commit(db, CHANGE(id, epoch, .state = LEDGER_DONE, .due_ms = now), &e),
          1000);
}

static void what_is_written_makes_no_table(void **state)
{
    (void)state;
    int64_t id, epoch;
    struct ledger_run run = by_hand("acme", "p");
    forget_statements();
    OK(ledger_add(db, &run, NULL, &id, &e));
    OK(ledger_claim(db, id, "me", 0, now, &epoch, &e) - 1);
    const struct ledger_note note = {"code", "recipes/x.lua"};
    OK(ledger_commit(db,
                     CHANGE(id, epoch, .state = LEDGER_SLEEPING, .due_ms = now,
                            .notes = &note, .nnotes = 1),
                     &e));
    OK(ledger_claim(db, id, "me", 0, now, &epoch, &e) - 1);
    OK(ledger_commit(db, CHANGE(id, epoch, .state = LEDGER_DONE, .due_ms = now), &e));
    const struct delivery d = {.at_ms = now, .app = "front", .scheme = "application"};
    OK(inbox_add(db, &d, "{}", 2, &id, &e));
    const struct activation a = {
        .at_ms = now, .client = "acme", .trigger = "t", .key = "k", .event = "{}"};
    OK(inbox_activate(db, &a, &id, &e) - 1);
    assert_true(nran > 12);
    assert_no_table_made();
}

static void a_backlog_of_one_client(void **state)
{
    (void)state;
    add_many("state", "0");
    ADD(.client = "acme");
    ADD(.client = "cord", .recipe = "y");
    COSTS(due(&e), 20000);
    assert_got("acme:100001 big:1 cord:100002 big:2 ");
    assert_one_run_is_cheap("p");
}

static void a_backlog_of_one_order_key(void **state)
{
    int64_t epoch;
    (void)state;
    add_many("state, place, behind", "0, 'p', i > 1");
    ADD(.client = "acme");
    COSTS(due(&e), 20000);
    assert_got("acme:100001 big:1 ");
    COSTS(ledger_claim(db, 1, "me", 0, now, &epoch, &e) - 1, 1000);
    COSTS(due(&e), 20000);
    assert_got("acme:100001 ");
    COSTS(ledger_commit(db, CHANGE(1, epoch, .state = LEDGER_DONE), &e), 1000);
    COSTS(due(&e), 20000);
    assert_got("acme:100001 big:2 ");
    COSTS(ledger_cancel(db, 2, NULL, now, &e), 1000);
    COSTS(due(&e), 20000);
    assert_got("acme:100001 big:3 ");
    struct ledger_run run = by_hand("big", "p");
    COSTS(ledger_add(db, &run, NULL, &epoch, &e), 1000);
    assert_int_equal(number("SELECT behind FROM run ORDER BY id DESC LIMIT 1"), 1);
}

static void a_backlog_that_is_paused(void **state)
{
    int64_t next;
    (void)state;
    add_many("state", "0");
    ADD(.client = "big", .recipe = "y", .due_ms = now + 5);
    ADD(.client = "big", .recipe = "z");
    OK(ledger_pause(db, &(struct ledger_pause){"big", "x", now, "hand", ""}, &e));
    COSTS(due(&e), 20000);
    assert_got("big:100002 ");
    COSTS(ledger_next_due(db, &next, &e), 2000);
    assert_int_equal(next, now);
    assert_one_run_is_cheap(NULL);
}

static void many_that_sleep(void **state)
{
    (void)state;
    add_many("state", "2");
    OK(db_exec(db, "UPDATE run SET due_ms = due_ms + 100000000", &e));
    ADD(.client = "acme");
    COSTS(due(&e), 20000);
    assert_got("acme:100001 ");
    assert_one_run_is_cheap("p");
}

static void sweep_all(void)
{
    int swept;
    do {
        OK(rollup_sweep(db, 2000, &swept, &e));
    } while (swept == 2000);
}

/* Counting nothing, and one run of many, costs the same as in an empty store. */
static void many_that_were_counted(void **state)
{
    int swept;
    int64_t epoch;
    (void)state;
    add_many("state, ended_ms", "CASE i % 2 WHEN 0 THEN 7 ELSE 2 END, i");
    sweep_all();
    assert_int_equal(number("SELECT count(*) FROM rollup_open"), MANY / 2);
    assert_int_equal(number("SELECT sum(done) FROM rollup WHERE hour >= 0"), MANY / 2);
    COSTS(rollup_sweep(db, 2000, &swept, &e), 200);
    assert_int_equal(swept, 0);
    COSTS(rollup_touch(db, 2, &e), 50);
    COSTS(ledger_claim(db, 1, "me", 0, now, &epoch, &e) - 1, 1000);
    COSTS(ledger_commit(db, CHANGE(1, epoch, .state = LEDGER_DONE), &e), 1000);
    COSTS(rollup_sweep(db, 2000, &swept, &e), 600);
    assert_int_equal(swept, 1);
}

static void many_clients(void **state)
{
    (void)state;
    add_many("state", "0");
    OK(db_exec(db, "UPDATE run SET client = 'c' || (id % 300)", &e));
    COSTS(due(&e), 100000);
    assert_true(str_starts(buf_str(&got), "c0:300 c1:1 c10:10 c100:100 "));
    buf_free(&got);
}

static int see_owner(void *arg, const char *owner)
{
    (void)owner;
    (*(int *)arg)++;
    return 0;
}

static int see_receipt(void *arg, const struct ledger_receipt *r)
{
    (void)r;
    (*(int *)arg)++;
    return 0;
}

static int see_activity(void *arg, const struct activity *a)
{
    *(int *)arg = (int)a->undelivered;
    return 0;
}

static int see_run(void *arg, const struct ledger_run *run)
{
    (void)run;
    ++*(int *)arg;
    return 0;
}

static void many_that_are_over(void **state)
{
    int n = 0, removed;
    (void)state;
    add_many("state, ended_ms, pins", "7, i, zeroblob(32)");
    OK(db_exec(db, "INSERT INTO pins VALUES (zeroblob(32), '')", &e));
    add_full(&(struct ledger_run){.client = "acme"}, "dead");
    COSTS(ledger_owners(db, see_owner, &n, &e), 100);
    assert_int_equal(n, 1);
    struct ledger_reclaimed out;
    COSTS(ledger_reclaim(db, "dead", NULL, 0, NULL, now, &out, &e), 1000);
    assert_int_equal(out.freed, 1);
    COSTS(ledger_receipts(db, now, 10, see_receipt, &n, &e), 100);
    /* removing few, removing none */
    COSTS(ledger_prune(db, 11, 11, now, 100, &removed, &e), 2000);
    assert_int_equal(removed, 10 + 1); /* and the code, which no run needs that is over */
    COSTS(ledger_prune(db, 11, 11, now, 100, &removed, &e), 1000);
    assert_int_equal(removed, 0);
    int64_t undelivered;
    struct usage_rough rough;
    const struct settings_keep keep = {.deliveries_ms = DAY, .runs_ms = DAY};
    OK(db_exec(db, "UPDATE run SET undelivered = 'it bounced' WHERE id IN (500, 50000)",
               &e));
    COSTS(ledger_count_undelivered(db, &undelivered, &e), 100);
    assert_int_equal(undelivered, 2);
    COSTS(activity_each(db, see_activity, &n, &e), 2000);
    assert_int_equal(n, 2); /* of client big */
    COSTS(usage_rough(db, &keep, now, &rough, &e), 5000);
    struct ledger_filter needy = {
        .states = (const int[]){LEDGER_PARKED}, .nstates = 1, .undelivered = 1};
    n = 0;
    COSTS(ledger_each(db, &needy, see_run, &n, &e), 1000);
    assert_int_equal(n, 2);
    needy.undelivered = 0;
    COSTS(ledger_each(db, &needy, see_run, &n, &e), 100);
    int released;
    COSTS(ledger_release(db, "acme", now, &released, &e), 1000);
    assert_one_run_is_cheap("p");
    assert_one_run_is_cheap(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_watched, teardown_watched)
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_makes_no_table),
        TEST(a_backlog_of_one_client),
        TEST(a_backlog_of_one_order_key),
        TEST(a_backlog_that_is_paused),
        TEST(many_that_sleep),
        TEST(many_that_were_counted),
        TEST(many_clients),
        TEST(many_that_are_over),
    };
    return cmocka_run_group_tests_name("ledger_cost", tests, NULL, NULL);
}
