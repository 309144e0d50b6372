#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cron.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ones),
        cmocka_unit_test(test_bad_ones_name_the_field),
    };
    return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
