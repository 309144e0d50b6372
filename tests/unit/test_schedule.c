/* schedule: which slots of cron get a run, after whatever was missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "work/schedule.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
static const int64_t DAY = 24 * (int64_t)HOUR;
static const int64_t NOON =
    INT64_C(1750075200) * 1000; /* 2025-06-16 12:00 UTC, a Monday */

static int64_t slots[SCHEDULE_ALL_MAX];
static int64_t newest;

static int ask(const char *cron, const char *catch_up, int64_t last, int64_t now)
{
    struct err e;
    int n = -1;
    assert_int_equal(
        schedule_slots(cron, "UTC", catch_up, last, now, slots, &n, &newest, &e), 0);
    return n;
}

static void test_latest(void **state)
{
    (void)state;
    assert_int_equal(ask("0 * * * *", "latest", NOON - 5 * HOUR, NOON), 1);
    assert_int_equal(slots[0], NOON);
    assert_int_equal(newest, NOON);
    assert_int_equal(ask("0 * * * *", "latest", NOON - 5 * HOUR, NOON - 1), 1);
    assert_int_equal(slots[0], NOON - HOUR);
    assert_int_equal(ask("0 * * * *", "latest", NOON, NOON + HOUR - 1), 0);
    assert_int_equal(newest, 0);
}

static void test_all(void **state)
{
    (void)state;
    assert_int_equal(ask("0 * * * *", "all", NOON - 5 * HOUR, NOON), 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(slots[i], NOON - (4 - i) * (int64_t)HOUR);
    /* no more than a hundred, the latest */
    assert_int_equal(ask("* * * * *", "all", NOON - 400 * DAY, NOON), SCHEDULE_ALL_MAX);
    assert_int_equal(slots[0], NOON - 99 * (int64_t)MINUTE);
    assert_int_equal(slots[99], NOON);
    /* the stride that has a hundred decides, not the first one that has any */
    assert_int_equal(ask("0 * * * *", "all", NOON - 30 * DAY, NOON), SCHEDULE_ALL_MAX);
    assert_int_equal(slots[0], NOON - 99 * (int64_t)HOUR);
    assert_int_equal(ask("0 12 * * 1", "all", NOON - 21 * DAY, NOON), 3);
    assert_int_equal(slots[0], NOON - 14 * DAY);
}

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(ask("0 * * * *", "none", NOON - 5 * HOUR, NOON), 1);
    assert_int_equal(slots[0], NOON);
    assert_int_equal(ask("0 * * * *", "none", NOON - 5 * HOUR, NOON + MINUTE - 1), 1);
    /* missed: nothing runs, and it is dealt with */
    assert_int_equal(ask("0 * * * *", "none", NOON - 5 * HOUR, NOON + MINUTE), 0);
    assert_int_equal(newest, NOON);
}

static void test_far_back(void **state)
{
    (void)state;
    assert_int_equal(ask("0 12 16 6 *", "latest", NOON - 1000 * DAY, NOON), 1);
    assert_int_equal(slots[0], NOON);
    assert_int_equal(ask("0 12 16 6 *", "latest", NOON - 1000 * DAY, NOON - 1), 1);
    assert_int_equal(slots[0], NOON - 365 * DAY);
    assert_int_equal(ask("0 12 16 6 *", "all", NOON - 800 * DAY, NOON), 3);
}

static void test_zone(void **state)
{
    (void)state;
    struct err e;
    int n;
    assert_int_equal(schedule_slots("30 7 * * 1-5", "America/New_York", "latest",
                                    NOON - DAY, NOON, slots, &n, &newest, &e),
                     0);
    assert_int_equal(n, 1);
    assert_int_equal(slots[0], NOON - 30 * (int64_t)MINUTE);
    assert_int_equal(schedule_slots("* * * * *", "Nowhere/Land", "latest", NOON - DAY,
                                    NOON, slots, &n, &newest, &e),
                     -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latest), cmocka_unit_test(test_all),
        cmocka_unit_test(test_none),   cmocka_unit_test(test_far_back),
        cmocka_unit_test(test_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
