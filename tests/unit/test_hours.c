/* Business hours, over changes of the clocks as tzdata has them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/when.h"
#include "core/hours.h"

static struct hours *make(const char *settings, const char *zone)
{
    struct err e = {0};
    json_t *tree = json_loads(settings, 0, NULL);
    assert_non_null(tree);
    struct hours *h = hours_read(tree, zone, &e);
    if (!h)
        fail_msg("refused: %s", e.text);
    json_decref(tree);
    return h;
}

/* "2026-12-01 09:30" in UTC. */
static int64_t at(const char *text)
{
    struct err e;
    int64_t seconds;
    int32_t ns;
    char whole[40];
    snprintf(whole, sizeof whole, "%s:00Z", text);
    whole[10] = 'T';
    if (when_parse(whole, &seconds, &ns, &e) != 0)
        fail_msg("%s", e.text);
    return seconds;
}

static void is(int64_t got, const char *want)
{
    char shown[64];
    struct err e;
    struct buf out;
    if (got == at(want))
        return;
    buf_init(&out, 64);
    when_format(&out, "%F %H:%M:%S", got, &e);
    snprintf(shown, sizeof shown, "%s", buf_str(&out));
    buf_free(&out);
    fail_msg("got %s, want %s", shown, want);
}

static void test_a_week(void **state)
{
    (void)state;
    struct hours *h = make("{\"mon-fri\": \"09:00-12:00, 13:00-17:30\", \"sat\": "
                           "\"10:00-14:00\"}",
                           "UTC");
    assert_true(hours_is_open(h, at("2026-12-01 09:00"))); /* a Tuesday */
    assert_false(hours_is_open(h, at("2026-12-01 12:00")));
    assert_true(hours_is_open(h, at("2026-12-05 13:59")));
    assert_false(hours_is_open(h, at("2026-12-06 11:00")));
    is(hours_opens(h, at("2026-12-01 08:00")), "2026-12-01 09:00");
    is(hours_opens(h, at("2026-12-01 10:00")), "2026-12-01 10:00");
    is(hours_opens(h, at("2026-12-05 14:00")), "2026-12-07 09:00");
    is(hours_closes(h, at("2026-12-01 10:00")), "2026-12-01 12:00");
    is(hours_closes(h, at("2026-12-01 12:30")), "2026-12-01 12:30");
    assert_int_equal(hours_between(h, at("2026-12-01 11:00"), at("2026-12-02 10:00")),
                     3600 + (4 * 3600 + 1800) + 3600);
    assert_int_equal(hours_between(h, at("2026-12-02 10:00"), at("2026-12-01 11:00")), 0);
    is(hours_after(h, at("2026-12-04 17:00"), 3600), "2026-12-05 10:30");
    is(hours_after(h, at("2026-12-05 14:00"), 0), "2026-12-07 09:00");
    is(hours_after(h, at("2026-12-04 17:00"), 1800), "2026-12-04 17:30");
    hours_free(h);
}

static void test_holidays(void **state)
{
    (void)state;
    struct hours *h =
        make("{\"mon-sun\": \"09:00-17:00\", \"holidays\": [\"12-25\", "
             "\"2026-12-24 09:00-12:00\", \"12-30..01-02\", \"2027-02-01..2027-02-03\"]}",
             "UTC");
    assert_true(hours_is_open(h, at("2026-12-24 11:59")));
    assert_false(hours_is_open(h, at("2026-12-24 12:00")));
    assert_false(hours_is_open(h, at("2026-12-25 10:00")));
    assert_false(hours_is_open(h, at("2031-12-25 10:00")));
    assert_true(hours_is_open(h, at("2025-12-24 16:00")));
    is(hours_opens(h, at("2026-12-29 17:00")), "2027-01-03 09:00");
    is(hours_opens(h, at("2027-01-31 17:00")), "2027-02-04 09:00");
    hours_free(h);
}

static void test_a_night(void **state)
{
    (void)state;
    struct hours *h =
        make("{\"fri\": \"22:00-06:00\", \"holidays\": [\"2026-12-12\"]}", "UTC");
    assert_true(hours_is_open(h, at("2026-12-05 05:59")));
    assert_false(hours_is_open(h, at("2026-12-05 06:00")));
    /* the night before a holiday ends in it */
    assert_true(hours_is_open(h, at("2026-12-12 05:00")));
    assert_int_equal(hours_between(h, at("2026-12-01 00:00"), at("2026-12-08 00:00")),
                     8 * 3600);
    hours_free(h);
}

/* On 29 March 2026 the clocks of Zurich go from 02:00 to 03:00, at 01:00 UTC; on 25
 * October from 03:00 to 02:00, at 01:00 UTC. */
static void test_clocks_change(void **state)
{
    (void)state;
    struct hours *h = make("{\"sun\": \"01:00-05:00\"}", "Europe/Zurich");
    is(hours_opens(h, at("2026-03-28 12:00")), "2026-03-29 00:00");
    is(hours_closes(h, at("2026-03-29 00:00")), "2026-03-29 03:00");
    assert_int_equal(hours_between(h, at("2026-03-28 12:00"), at("2026-03-30 00:00")),
                     3 * 3600);
    is(hours_after(h, at("2026-03-28 12:00"), 2 * 3600), "2026-03-29 02:00");
    is(hours_opens(h, at("2026-10-24 12:00")), "2026-10-24 23:00");
    is(hours_closes(h, at("2026-10-24 23:00")), "2026-10-25 04:00");
    assert_int_equal(hours_between(h, at("2026-10-24 12:00"), at("2026-10-26 00:00")),
                     5 * 3600);
    hours_free(h);

    /* times in the hour that is skipped, and in the one that comes twice */
    h = make("{\"sun\": \"02:15-02:45\"}", "Europe/Zurich");
    assert_int_equal(hours_between(h, at("2026-03-28 12:00"), at("2026-03-30 00:00")), 0);
    is(hours_opens(h, at("2026-03-28 12:00")), "2026-04-05 00:15");
    assert_int_equal(hours_between(h, at("2026-10-24 12:00"), at("2026-10-26 00:00")),
                     3600);
    is(hours_opens(h, at("2026-10-25 00:45")), "2026-10-25 01:15");
    hours_free(h);

    /* 09:00 stays 09:00 of the clocks */
    h = make("{\"mon-sun\": \"09:00-17:00\"}", "America/New_York");
    is(hours_opens(h, at("2026-03-07 23:00")), "2026-03-08 13:00");
    is(hours_opens(h, at("2026-03-06 23:00")), "2026-03-07 14:00");
    is(hours_opens(h, at("2026-10-31 23:00")), "2026-11-01 14:00");
    hours_free(h);
}

static void test_always_and_never(void **state)
{
    (void)state;
    struct hours *h = make("{\"holidays\": [\"2026-12-25\"]}", "UTC");
    assert_true(hours_is_open(h, at("2026-12-06 03:00")));
    is(hours_closes(h, at("2026-12-06 03:00")), "2026-12-25 00:00");
    hours_free(h);
    h = make("{\"mon-sun\": \"closed\"}", "UTC");
    assert_int_equal(hours_opens(h, at("2026-12-06 03:00")), HOURS_NEVER);
    assert_int_equal(hours_after(h, at("2026-12-06 03:00"), 60), HOURS_NEVER);
    hours_free(h);
    struct err e;
    h = hours_read(NULL, "UTC", &e);
    assert_int_equal(hours_closes(h, at("2026-12-06 03:00")), HOURS_NEVER);
    hours_free(h);
}

static void test_away(void **state)
{
    (void)state;
    struct hours *h = make("{\"away\": {\"leela\": \"2026-12-20..2027-01-03\", \"fry\": "
                           "[\"2026-12-01\", \"08-14\"]}}",
                           "Pacific/Auckland");
    assert_true(hours_is_away(h, "leela", at("2027-01-03 10:59")));
    assert_false(hours_is_away(h, "leela", at("2027-01-03 11:00"))); /* midnight there */
    assert_true(hours_is_away(h, "fry", at("2026-12-01 10:00")));
    assert_true(hours_is_away(h, "fry", at("2030-08-13 13:00")));
    assert_false(hours_is_away(h, "bender", at("2026-12-01 10:00")));
    hours_free(h);
}

static void refused(const char *settings, const char *part)
{
    struct err e = {0};
    json_t *tree = json_loads(settings, 0, NULL);
    assert_null(hours_read(tree, "UTC", &e));
    json_decref(tree);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" lacks \"%s\"", e.text, part);
}

static void test_mistakes(void **state)
{
    (void)state;
    refused("{\"montag\": \"09:00-17:00\"}", "\"montag\" is no day");
    refused("{\"mon-\": \"09:00-17:00\"}", "\"mon-\" is no day");
    refused("{\"mon\": \"9-17\"}", "\"9-17\" are no times of a day");
    refused("{\"mon\": \"09:00-24:30\"}", "are no times");
    refused("{\"mon\": \"09:00-17:00,\"}", "are no times");
    refused("{\"mon\": \"09:00-09:00\"}", "are no times");
    refused("{\"mon\": 9}", "are no times");
    refused("{\"holidays\": [\"2026-02-30\"]}", "\"2026-02-30\" are no dates");
    refused("{\"holidays\": [\"25.12.\"]}", "are no dates");
    refused("{\"holidays\": [\"2026-12-25..2026-12-24\"]}", "are no dates");
    refused("{\"holidays\": [\"2026-12-25..12-28\"]}", "are no dates");
    refused("{\"away\": {\"leela\": \"soon\"}}", "hours.away.leela: \"soon\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_week),           cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_a_night),          cmocka_unit_test(test_clocks_change),
        cmocka_unit_test(test_always_and_never), cmocka_unit_test(test_away),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
