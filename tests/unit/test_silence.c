/* core/silence and core/quiet: what the local clock says. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quiet.h"
#include "core/silence.h"

enum { HOUR_S = 3600, DAY_H = 24, HOUR_MS = 3600 * 1000 };

static const struct zone *zone(const char *name)
{
    const struct zone *z = zone_find(name, NULL);
    assert_non_null(z);
    return z;
}

/* Ten events in each hour from 8 to 18 of a weekday in Zurich. */
static int64_t office_hours(void *arg, int64_t hour)
{
    struct zone_span span;
    (void)arg;
    zone_span(zone("Europe/Zurich"), hour * HOUR_S, &span);
    int64_t local = hour + span.east / HOUR_S, day = zone_floor_div(local, DAY_H);
    int64_t of_day = local - day * DAY_H, weekday = (day + 3) % 7; /* 0: Monday */
    return weekday < 5 && of_day >= 8 && of_day < 18 ? 10 : 0;
}

/* How many events are missed at this hour of UTC when none came since LAST. */
static int64_t missed(int64_t last, int64_t now)
{
    return silence_missed(now * HOUR_MS, last, zone("Europe/Zurich"), 1000, office_hours,
                          NULL);
}

static int64_t utc(int year, int month, int day, int hour)
{
    return zone_days(year, month, day) * DAY_H + hour;
}

static void test_nights_and_weekends(void **state)
{
    (void)state;
    /* Friday, 17:00 to 18:00 in Zurich, had the last event */
    int64_t friday = utc(2026, 6, 12, 15);
    assert_int_equal(missed(friday, utc(2026, 6, 12, 23)), 0);
    assert_int_equal(missed(friday, utc(2026, 6, 14, 12)), 0);
    assert_int_equal(missed(friday, utc(2026, 6, 15, 6)), 0);
    assert_int_equal(missed(friday, utc(2026, 6, 15, 7)), 10);
    assert_int_equal(missed(friday, utc(2026, 6, 15, 9)), 30);
}

/* Nine in the morning is another hour of UTC after the clocks were changed. */
static void test_summer_time(void **state)
{
    (void)state;
    int64_t friday = utc(2026, 10, 23, 15);
    assert_int_equal(missed(friday, utc(2026, 10, 26, 7)), 0);
    assert_int_equal(missed(friday, utc(2026, 10, 26, 8)), 10);
    friday = utc(2026, 3, 27, 16);
    assert_int_equal(missed(friday, utc(2026, 3, 30, 6)), 0);
    assert_int_equal(missed(friday, utc(2026, 3, 30, 7)), 10);
}

static int64_t of_two_weeks(void *arg, int64_t hour)
{
    return hour >= *(int64_t *)arg ? 10 : 0;
}

static void test_a_short_history_does_not_alarm(void **state)
{
    (void)state;
    int64_t now = utc(2026, 6, 15, 12), since = now - 15 * DAY_H;
    assert_int_equal(
        silence_missed(now * HOUR_MS, now - 5, zone("UTC"), 10, of_two_weeks, &since), 0);
    since = now - 22 * DAY_H;
    assert_int_equal(
        silence_missed(now * HOUR_MS, now - 5, zone("UTC"), 10, of_two_weeks, &since),
        40);
}

static int is_quiet(const char *hours, const char *name, int hour, int minute)
{
    struct quiet q;
    assert_int_equal(quiet_parse(hours, &q), 0);
    int64_t day = zone_days(2026, 1, 15);
    return quiet_is_now(&q, zone(name), ((day * DAY_H + hour) * 60 + minute) * 60 * 1000);
}

static void test_quiet_hours(void **state)
{
    (void)state;
    struct quiet q;
    assert_true(is_quiet("20:00-08:00", "UTC", 20, 0));
    assert_true(is_quiet("20:00-08:00", "UTC", 7, 59));
    assert_false(is_quiet("20:00-08:00", "UTC", 8, 0));
    assert_false(is_quiet("20:00-08:00", "UTC", 19, 59));
    assert_true(is_quiet("12:00-13:30", "UTC", 13, 29));
    assert_false(is_quiet("12:00-13:30", "UTC", 13, 30));
    assert_true(is_quiet("18:00-24:00", "UTC", 23, 59));
    assert_true(is_quiet("20:00-08:00", "Asia/Tokyo", 12, 0));
    assert_false(is_quiet("20:00-08:00", "America/New_York", 20, 0));
    const char *const bad[] = {"",
                               "20:00",
                               "20:00-",
                               "20-08",
                               "25:00-08:00",
                               "20:00-08:60",
                               "08:00-08:00",
                               "20:00-08:00 ",
                               "2:00-8:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(quiet_parse(bad[i], &q), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nights_and_weekends),
        cmocka_unit_test(test_summer_time),
        cmocka_unit_test(test_a_short_history_does_not_alarm),
        cmocka_unit_test(test_quiet_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
