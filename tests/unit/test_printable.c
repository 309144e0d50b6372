#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/printable.h"

static void expect(const char *in, size_t len, int lines, const char *out)
{
    char *s = printable_copy(in, len, lines);
    assert_string_equal(s, out);
    free(s);
}

static void test_plain(void **state)
{
    (void)state;
    expect("", 0, 0, "");
    expect("Grüße, 東京 🎉", strlen("Grüße, 東京 🎉"), 0, "Grüße, 東京 🎉");
}

static void test_json(void **state)
{
    (void)state;
    static const char in[] = "\"Gr\xc3\xbc\xc3\x9f"
                             "e\xc2\x85\xe2\x80\xa8\xe2\x80\xae\x7f\xff\\n\"";
    char *s = printable_json(in, sizeof in - 1);
    assert_string_equal(s, "\"Gr\xc3\xbc\xc3\x9f"
                           "e\\u0085\\u2028\\u202e\\u007f\xff\\n\"");
    free(s);
}

static void test_controls(void **state)
{
    (void)state;
    expect("a\x1b[2Jb\r\x7f", 8, 0, "a [2Jb  ");
    expect("a\0b", 3, 0, "a b");
    expect("a\nb\tc\rd", 7, 0, "a b c d");
    expect("a\nb\tc\rd", 7, 1, "a\nb\tc d");
    /* C1: U+009B is CSI on some terminals; U+2028 a line's end */
    expect("a\xc2\x9b"
           "2Jb\xe2\x80\xa8"
           "c",
           10, 0, "a 2Jb c");
}

static void test_directions(void **state)
{
    (void)state;
    expect("a\xe2\x80\xae"
           "fdp.exe\xe2\x81\xa6",
           14, 0, "afdp.exe");
    /* a joiner stays: emoji and Indic scripts need it */
    expect("\xe2\x80\x8d", 3, 0, "\xe2\x80\x8d");
}

static void test_malformed(void **state)
{
    (void)state;
    expect("a\xff"
           "b",
           3, 0,
           "a\xef\xbf\xbd"
           "b");
    expect("\xc3", 1, 0, "\xef\xbf\xbd");                                 /* cut in two */
    expect("\xc0\xaf", 2, 0, "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    expect("\xed\xa0\x80", 3, 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
    expect("\xf4\x90\x80\x80", 4, 0,
           "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* past U+10FFFF */
}

static void test_maximum(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 3);
    assert_int_equal(printable_add(&out, "abc", 3, 0), 0);
    assert_int_equal(printable_add(&out, "d", 1, 0), -1);
    assert_string_equal(buf_str(&out), "abc");
    buf_free(&out);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(printable_width("abc"), 3);
    assert_int_equal(printable_width("é"), 1);
    assert_int_equal(printable_width("東京"), 4);
    assert_int_equal(printable_width("e\xcc\x81"), 1); /* a combining accent */
}

static void cut(const char *in, size_t width, const char *out)
{
    char s[64];
    strcpy(s, in);
    printable_cut(s, width);
    assert_string_equal(s, out);
}

static void test_cut(void **state)
{
    (void)state;
    cut("abc", 3, "abc");
    cut("abcd", 3, "ab…");
    cut("東京都", 6, "東京都");
    cut("東京都", 5, "東京…");
    cut("東京都", 4, "東…"); /* half of a wide character does not fit */
    cut("abc", 1, "…");
}

int main(void)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),      cmocka_unit_test(test_plain),
        cmocka_unit_test(test_controls),  cmocka_unit_test(test_directions),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_width),     cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
