#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/mask.h"

/* TEXT, masked by M, is WANT. */
static void shows(const struct mask *m, const char *text, const char *want)
{
    char *copy = xstrdup(text);
    mask_apply(m, copy, strlen(copy));
    assert_string_equal(copy, want);
    free(copy);
}

static void values(void **state)
{
    (void)state;
    struct mask m = {0};
    shows(&m, "12345678", "12345678");
    mask_add(&m, "12345678", 8);
    mask_add(&m, "12345678", 8);
    assert_int_equal(m.n, 1);
    shows(&m, "a 12345678, b 12345678 1234567", "a ********, b ******** 1234567");
    mask_add(&m, "1234567", 7); /* too short: it would garble what is not its */
    assert_int_equal(m.n, 1);
    mask_fini(&m);
    assert_int_equal(m.n, 0);
}

/* As it is, in a query, and as three writers of JSON write it. */
static void forms(void **state)
{
    (void)state;
    struct mask m = {0};
    mask_add(&m, "a/b\"c \xc3\xa9~", 9);
    shows(&m, "a/b\"c \xc3\xa9~", "*********");
    shows(&m, "q=a%2Fb%22c%20%C3%A9~", "q=*******************");
    shows(&m, "{\"k\":\"a/b\\\"c \xc3\xa9~\"}", "{\"k\":\"**********\"}");
    shows(&m, "{\"k\":\"a/b\\\"c \\u00e9~\"}", "{\"k\":\"**************\"}");
    shows(&m, "{\"k\":\"a/b\\\"c \\u00E9~\"}", "{\"k\":\"**************\"}");
    shows(&m, "{\"k\":\"a\\/b\\\"c \xc3\xa9~\"}", "{\"k\":\"***********\"}");
    mask_fini(&m);
    mask_add(&m, "\xff\xfe 12345", 8); /* no UTF-8 */
    shows(&m, "\xff\xfe 12345", "********");
    mask_fini(&m);
}

static void addresses(void **state)
{
    (void)state;
    struct mask m = {0};
    mask_add_url(
        &m, "https://chat.example/services/T0/abcdefghijklmnop?key=0123456789abcdef");
    shows(&m, "to https://chat.example/services/T0/abcdefghijklmnop?key=0123456789abcdef",
          "to **********************************************************************");
    shows(&m, "GET /services/T0/abcdefghijklmnop?key=0123456789abcdef HTTP/1.1",
          "GET ************************************************** HTTP/1.1");
    shows(&m, "no key 0123456789abcdef for abcdefghijklmnop",
          "no key **************** for ****************");
    shows(&m, "the services of chat.example", "the services of chat.example");
    mask_fini(&m);
    mask_add_url(&m, "https://chat.example"); /* no path */
    shows(&m, "/", "/");
    mask_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(forms),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
