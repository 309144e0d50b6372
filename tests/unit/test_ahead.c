/* ahead: times that were stored while the clock was ahead. */
#include "store/ahead.h"
#include "store/inbox.h"
#include "ledgertest.h"

static const int64_t YEARS = 4 * 365 * (int64_t)DAY;

static int mend(void)
{
    int mended = -1;
    OK(ahead_repair(db, now, &mended, &e));
    return mended;
}

/* Adds a run in STATE, made at CREATED with ATTEMPTS. Returns when it is due, from now,
 * after ahead_repair. */
static int64_t due_of(int state, int attempts, int64_t created_ms, int64_t due_ms)
{
    char sql[300];
    snprintf(sql, sizeof sql,
             "DELETE FROM run; INSERT INTO run (client, recipe, origin, args, policy, "
             "state, due_ms, attempts, created_ms) VALUES ('acme', 'x', 'cron', '', '', "
             "%d, %lld, %d, %lld)",
             state, (long long)(now + due_ms), attempts, (long long)(now + created_ms));
    OK(db_exec(db, sql, &e));
    mend();
    return number("SELECT due_ms FROM run") - now;
}

static void runs_are_due(void **state)
{
    (void)state;
    static const int64_t steps[] = {HOUR, 4 * 365 * (int64_t)DAY};
    for (int i = 0; i < 2; i++) { /* never begun: at once */
        assert_int_equal(due_of(LEDGER_QUEUED, 0, steps[i], steps[i]), 0);
        assert_int_equal(due_of(LEDGER_QUEUED, 1, steps[i], steps[i] + MINUTE), 0);
        assert_int_equal(due_of(LEDGER_CONFIRMING, 1, steps[i], steps[i] + MINUTE), 0);
    }
    /* no retry and no sleep is longer */
    assert_int_equal(due_of(LEDGER_QUEUED, 1, -HOUR, 2 * HOUR), 2 * HOUR);
    assert_int_equal(due_of(LEDGER_QUEUED, 1, -HOUR, 2 * HOUR + 1), 0);
    assert_int_equal(due_of(LEDGER_SLEEPING, 1, -HOUR, 90 * (int64_t)DAY),
                     90 * (int64_t)DAY);
    assert_int_equal(due_of(LEDGER_SLEEPING, 1, HOUR, 2 * (int64_t)DAY),
                     2 * (int64_t)DAY);
    assert_int_equal(due_of(LEDGER_SLEEPING, 1, -HOUR, 90 * (int64_t)DAY + 1), 0);
    assert_int_equal(due_of(LEDGER_WAITING, 1, YEARS, YEARS + DAY), 0);
    /* times in the past stay as they are, and so does a running run */
    assert_int_equal(due_of(LEDGER_QUEUED, 0, -YEARS, -YEARS), -YEARS);
    assert_int_equal(due_of(LEDGER_RUNNING, 1, YEARS, YEARS), YEARS);
    assert_int_equal(mend(), 0);
    assert_true(ahead_is_sleep(now + 90 * (int64_t)DAY + 1, now));
    assert_false(ahead_is_sleep(now + 90 * (int64_t)DAY, now));
}

static int64_t add_delivery(int64_t at_ms, int64_t due_ms)
{
    struct delivery d = {.at_ms = now + at_ms,
                         .due_ms = now + due_ms,
                         .app = "front",
                         .scheme = "application"};
    int64_t id = 0;
    OK(inbox_add(db, &d, "{}", 2, &id, &e));
    return id;
}

static void deliveries_are_due(void **state)
{
    (void)state;
    add_delivery(HOUR, HOUR);
    add_delivery(YEARS, YEARS);
    add_delivery(-HOUR, 2 * HOUR + 1);
    add_delivery(-HOUR, MINUTE); /* a retry */
    assert_int_equal(mend(), 3);
    assert_int_equal(number("SELECT count(*) FROM delivery WHERE due_ms = 1700000000000"),
                     3);
}

static void order_keys_and_receipts(void **state)
{
    (void)state;
    OK(db_exec(db,
               "INSERT INTO run (client, recipe, origin, args, policy, state, due_ms, "
               "attempts, created_ms, place, held_ms) VALUES ('acme', 'x', "
               "'cron', '', "
               "'', 0, 0, 1, 0, 'acme/x/cnv_1', 1900000000000);"
               "INSERT INTO receipt (client, app, ref, run, due_ms) VALUES ('acme', "
               "'front', 'r', 1, 1900000000000)",
               &e));
    assert_int_equal(mend(), 2);
    assert_int_equal(number("SELECT held_ms FROM run"), now);
    assert_int_equal(number("SELECT due_ms FROM receipt"), now);
}

static void tell(void *arg, const char *what, int64_t n, int64_t latest_ms)
{
    buf_addf(arg, "%lld %s %lld;", (long long)n, what, (long long)(latest_ms - now));
}

static void they_are_named(void **state)
{
    (void)state;
    struct buf told;
    buf_init(&told, 1000);
    add_delivery(MINUTE, MINUTE);
    OK(ahead_each(db, now, tell, &told, &e));
    assert_string_equal(buf_str(&told), "");
    add_delivery(HOUR, HOUR);
    add_delivery(DAY, DAY);
    OK(ledger_slot_put(db, "acme", "x", 0, now + HOUR, &e) == 1 ? 0 : -1);
    OK(ahead_each(db, now, tell, &told, &e));
    assert_string_equal(buf_str(&told), "2 deliveries 86400000;1 times of cron 3600000;");
    buf_free(&told);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(runs_are_due),
        T(deliveries_are_due),
        T(order_keys_and_receipts),
        T(they_are_named),
    };
    return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
