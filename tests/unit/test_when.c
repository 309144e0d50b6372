/* when: the three forms of a date in HTTP, RFC 9110, 5.6.7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/when.h"

enum { NOW = 784111777 }; /* 1994 */

static void test_http_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t now, seconds;
    } table[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", NOW, 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", NOW, 784111777},
        {"Sun Nov  6 08:49:37 1994", NOW, 784111777},
        {"Wed Nov 16 08:49:37 1994", NOW, 784975777},
        {"Sat, 31 Dec 2016 23:59:60 GMT", NOW, 1483228800},
        {"Thu, 29 Feb 2024 00:00:00 GMT", NOW, 1709164800},
        /* 50 years ahead is the future, 51 are the past */
        {"Sunday, 06-Nov-44 08:49:37 GMT", NOW, 2362034977},
        {"Monday, 06-Nov-45 08:49:37 GMT", NOW, -762189023},
        {"Tuesday, 01-Dec-26 00:00:00 GMT", 1796083200, 1796083200},
        {"Friday, 01-Jan-99 00:00:00 GMT", 1796083200, 915148800},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t seconds;
        assert_int_equal(when_parse_http(table[i].text, table[i].now, &seconds), 0);
        assert_int_equal(seconds, table[i].seconds);
    }
}

static void test_what_is_no_http_date(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "Sun",
        "Sun,",
        "06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday Nov  6 08:49:37 1994",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov 06 08:49:37 94",
        "sun, 06 nov 1994 08:49:37 gmt",
        "1994-11-06T08:49:37Z",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t seconds;
        assert_int_equal(when_parse_http(table[i], NOW, &seconds), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_dates),
        cmocka_unit_test(test_what_is_no_http_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
