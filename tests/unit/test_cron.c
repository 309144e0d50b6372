/* Wraps zone_find by the linker (WRAP_test_cron), to name zones that the table makes
 * up. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/zone.h"
#include "core/cron.h"
#include "cron_table.h"

static void good(const char *s)
{
    struct err e = {0};
    if (cron_check(s, &e) != 0)
        fail_msg("refused: %s", e.text);
}

static void bad(const char *s, const char *part)
{
    struct err e = {0};
    if (cron_check(s, &e) == 0)
        fail_msg("accepted \"%s\"", s);
    assert_int_equal(e.kind, ERR_INVALID);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" lacks \"%s\"", e.text, part);
}

static void test_good_ones(void **state)
{
    (void)state;
    good("* * * * *");
    good("30 7 * * 1-5");
    good("0,15,30-45/5 */2 1,31 1-12/3 0-7");
    good("  0\t0  1 jan,Mar-DEC Sun  ");
    good("59 23 31 12 7");
    good("*/59 * * * mon-fri/2");
}

static void test_bad_ones_name_the_field(void **state)
{
    (void)state;
    bad("", "not 0");
    bad("* * * *", "not 4");
    bad("* * * * * *", "not 6");
    bad("@daily", "the minute \"@daily\"");
    bad("60 * * * *", "the minute \"60\" is out of range");
    bad("* 24 * * *", "the hour \"24\"");
    bad("* * 0 * *", "the day of the month \"0\"");
    bad("* * * 13 *", "the month \"13\"");
    bad("* * * * 8", "the day of the week \"8\"");
    bad("99999999999999999999 * * * *", "out of range");
    bad("* * * * fri-mon", "backwards");
    bad("30-10 * * * *", "backwards");
    bad("5/10 * * * *", "step without a range");
    bad("*/0 * * * *", "step");
    bad("*/ * * * *", "step");
    bad("*/60 * * * *", "step");
    bad("1,,2 * * * *", "is not a number");
    bad("1, * * * *", "is not a number");
    bad("1- * * * *", "is not a number");
    bad("-1 * * * *", "is not a number");
    bad("1x * * * *", "does not belong");
    bad("* * * january *", "is not a number");
    bad("* jan * * *", "the hour \"jan\"");
    bad("7:30 * * * *", "does not belong");
}

/* ---- times ---- */

/* A TZif file of version 2 that has nothing but one offset and FOOTER. */
static size_t write_zone(unsigned char *out, const char *footer)
{
    static const char block[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* to byte 20 */
                                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                "\0\0\0\0\0\0UTC"; /* and a NUL */
    memcpy(out, block, sizeof block);
    memcpy(out + sizeof block, block, sizeof block);
    return 2 * sizeof block +
           (size_t)sprintf((char *)out + 2 * sizeof block, "\n%s\n", footer);
}

/* the linker's --wrap: "=name" is one of the zones that the table makes up */
const struct zone *__wrap_zone_find(const char *name, struct err *e);
const struct zone *__real_zone_find(const char *name, struct err *e);

enum { ZONES = sizeof cron_zones / sizeof cron_zones[0] };
static struct zone *made_up[ZONES];

const struct zone *__wrap_zone_find(const char *name, struct err *e)
{
    for (size_t i = 0; *name == '=' && i < ZONES; i++) {
        unsigned char file[300];
        if (strcmp(cron_zones[i].name, name) != 0)
            continue;
        if (!made_up[i])
            made_up[i] = zone_parse(file, write_zone(file, cron_zones[i].footer), e);
        return made_up[i];
    }
    return __real_zone_find(name, e);
}

static int forget_zones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++)
        zone_free(made_up[i]);
    return 0;
}

/* Each case from its beginning, slot by slot. */
static void test_slots_are_the_tables(void **state)
{
    (void)state;
    struct err e = {0};
    for (size_t i = 0; i < sizeof cron_cases / sizeof cron_cases[0]; i++) {
        const char *expr = cron_cases[i].expr, *zone = cron_cases[i].zone;
        int64_t at = cron_cases[i].after * 1000 + 999, slot = -1;
        for (const int64_t *want = cron_cases[i].slots; *want; want++) {
            if (cron_next(expr, zone, at, &slot, &e) != 0)
                fail_msg("\"%s\" %s: %s", expr, zone, e.text);
            if (slot != *want * 1000)
                fail_msg("\"%s\" %s after %lld: %lld, not %lld000", expr, zone,
                         (long long)at, (long long)slot, (long long)*want);
            assert_int_equal(cron_next(expr, zone, slot - 1, &at, &e), 0);
            assert_int_equal(at, slot);
            at = slot;
        }
    }
}

static void test_what_cannot_be_found(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t slot = 5;
    assert_int_equal(cron_next("0 0 31 2 *", "Europe/Zurich", 0, &slot, &e), -1);
    assert_int_equal(e.kind, ERR_INVALID);
    assert_non_null(strstr(e.text, "no month has such a day"));
    assert_int_equal(cron_next("0 0 30 2,4 *", "Europe/Zurich", 0, &slot, &e), 0);
    assert_int_equal(cron_next("x", "UTC", 0, &slot, &e), -1);
    assert_int_equal(e.kind, ERR_INVALID);
    static const char *const zones[] = {"",        "Europe/Nowhere", "../etc/passwd",
                                        "Europe",  "/etc/localtime", "tzdata.zi",
                                        "zone.tab"};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        assert_int_equal(cron_next("* * * * *", zones[i], 0, &slot, &e), -1);
        assert_int_equal(e.kind, ERR_NOT_FOUND);
    }
}

/* A leap day on a Saturday: 28 years, and 40 across 2100. */
static void test_the_rarest_day(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t slot;
    assert_int_equal(
        cron_next("0 0 */28 2 */6", "UTC", INT64_C(1709337600000), &slot, &e), 0);
    assert_int_equal(
        cron_next("0 0 */28 2 6", "UTC", zone_days(2072, 3, 1) * 86400000, &slot, &e), 0);
}

/* ---- zone files ---- */

static void test_dates(void **state)
{
    (void)state;
    int64_t year = 0, expected = zone_days(1600, 1, 1);
    int month = 0, day = 0;
    assert_int_equal(zone_days(1970, 1, 1), 0);
    assert_int_equal(zone_days(2000, 3, 1), 11017);
    assert_int_equal(zone_days(1582, 10, 15), -141427);
    for (int64_t y = 1600; y < 2400; y++)
        for (int m = 1; m <= 12; m++) {
            static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
            int leap = m == 2 && (y % 400 == 0 || (y % 4 == 0 && y % 100 != 0));
            for (int d = 1; d <= lengths[m - 1] + leap; d++, expected++) {
                assert_int_equal(zone_days(y, m, d), expected);
                zone_date(expected, &year, &month, &day);
                assert_true(year == y && month == m && day == d);
            }
        }
}

static void test_spoilt_files(void **state)
{
    (void)state;
    struct err e = {0};
    static const char *const footers[] = {"", "CET-1", "<+01>-1",
                                          "CET-1CEST,M3.5.0,M10.5.0"};
    static const char *const wrong[] = {"CE-1",
                                        "CET",
                                        "CET-1CEST",
                                        "CET-1CEST,M3.5.0",
                                        "CET-200",
                                        "CET-1:60",
                                        "CET-1CEST,M13.5.0,M10.5.0",
                                        "CET-1CEST,M3.6.0,M10.5.0",
                                        "<+01-1",
                                        "CET-1CEST,J0,J1",
                                        "CET-1CEST,M3.5.7,M10.5.0",
                                        "CET-1CEST,366,1",
                                        "CET-1CEST,M3.5.0,M10.5.0x",
                                        "CET-1CEST,M3.5.0,M10.5.0/",
                                        "CET-30"};
    unsigned char file[300];
    for (size_t i = 0; i < sizeof footers / sizeof footers[0]; i++) {
        size_t len = write_zone(file, footers[i]);
        struct zone *z = zone_parse(file, len, &e);
        assert_non_null(z);
        zone_free(z);
        for (size_t n = 0; n < len;
             n++) { /* cut short: in a block of its own, for ASan */
            char *cut = xmemdup0(file, n);
            assert_null(zone_parse(cut, n, &e));
            free(cut);
        }
        for (size_t n = 0; n < len; n++) { /* one byte spoilt: anything but a crash */
            file[n] ^= 0xff;
            struct zone_span span;
            z = zone_parse(file, len, &e);
            if (z)
                zone_span(z, 1700000000, &span);
            zone_free(z);
            file[n] ^= 0xff;
        }
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (zone_parse(file, write_zone(file, wrong[i]), &e))
            fail_msg("accepted the footer \"%s\"", wrong[i]);
        assert_int_equal(e.kind, ERR_INVALID);
    }
}

static void test_spans_meet(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "UTC",           "Europe/Zurich", "America/New_York", "Africa/Casablanca",
        "Europe/Dublin", "=always",       "Pacific/Apia"};
    struct err e = {0};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        const struct zone *z = __wrap_zone_find(zones[i], &e);
        struct zone_span span, next;
        assert_non_null(z);
        assert_ptr_equal(z, __wrap_zone_find(zones[i], &e));
        zone_span(z, INT64_C(-10000000000), &span);
        for (int n = 0; n < 1000 && span.until != INT64_MAX; n++, span = next) {
            zone_span(z, span.until - 1, &next);
            assert_true(next.from == span.from && next.east == span.east);
            zone_span(z, span.until, &next);
            assert_int_equal(next.from, span.until);
            assert_true(next.until > next.from);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ones),
        cmocka_unit_test(test_bad_ones_name_the_field),
        cmocka_unit_test(test_slots_are_the_tables),
        cmocka_unit_test(test_what_cannot_be_found),
        cmocka_unit_test(test_the_rarest_day),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_spoilt_files),
        cmocka_unit_test(test_spans_meet),
    };
    return cmocka_run_group_tests_name("cron", tests, NULL, forget_zones);
}
