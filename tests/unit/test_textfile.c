#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/textfile.h"

#define BYTES(text) text, sizeof(text) - 1

/* OUT NULL: it is refused with a sentence that holds WHY. */
static void expect(int (*clean)(struct buf *, const char *, struct err *), const char *in,
                   size_t len, const char *out, const char *why)
{
    struct buf text;
    struct err e = {0};
    buf_init(&text, 4096);
    buf_add(&text, in, len);
    int rc = clean(&text, "a.txt", &e);
    if (out) {
        assert_int_equal(rc, 0);
        assert_string_equal(buf_str(&text), out);
        assert_int_equal(text.len, strlen(out));
    } else {
        assert_int_equal(rc, -1);
        assert_int_equal(e.kind, ERR_INVALID);
        assert_non_null(strstr(e.text, why));
        assert_non_null(strstr(e.text, "save the file as"));
    }
    buf_free(&text);
}

static void becomes(const char *in, size_t len, const char *out)
{
    expect(textfile_clean, in, len, out, NULL);
}

static void refused(const char *in, size_t len, const char *why)
{
    expect(textfile_clean, in, len, NULL, why);
}

static void test_marks(void **state)
{
    (void)state;
    becomes(BYTES(""), "");
    becomes(BYTES("\xef\xbb\xbf"), "");
    becomes(BYTES("\xef\xbb\xbfgr\xc3\xbc\xc3\x9f"), "grüß");
    /* in the middle, the same three bytes are a character */
    becomes(BYTES("a\xef\xbb\xbf"), "a\xef\xbb\xbf");
    refused(BYTES("\xff\xfeh\0i\0"), "cannot read a.txt: it is UTF-16;");
    refused(BYTES("\xfe\xff\0h\0i"), "it is UTF-16;");
    refused(BYTES("\xff\xfe\0\0h\0\0\0"), "it is UTF-32;");
    refused(BYTES("\0\0\xfe\xff\0\0\0h"), "it is UTF-32;");
    refused(BYTES("h\0i\0"), "it is UTF-16;");
    refused(BYTES("\0h\0i"), "it is UTF-16;");
}

static void test_line_ends(void **state)
{
    (void)state;
    becomes(BYTES("a\r\nb\rc\nd\n\re\r\r\nf\r"), "a\nb\nc\nd\n\ne\n\nf\n");
    becomes(BYTES("\r"), "\n");
    becomes(BYTES("\xef\xbb\xbf\r\n\r\n"), "\n\n");
    becomes(BYTES("no end"), "no end");
}

static void test_encoding(void **state)
{
    (void)state;
    refused(BYTES("one\rtw\xf6\rthree"), "a.txt:2: it is not UTF-8 (byte 0xf6)");
    refused(BYTES("\r\n\r\nx\xe4"), "a.txt:3: ");
    refused(BYTES("\xc3"), "a.txt:1: it is not UTF-8 (byte 0xc3)");
    refused(BYTES("\xed\xa0\x80"), "a.txt:1: ");
    refused(BYTES("abc\n\nd\0e"), "a.txt:3: it holds a NUL byte");
    expect(textfile_clean_lines, BYTES("a\r\xf6\r"), "a\n\xf6\n", NULL);
    expect(textfile_clean_lines, BYTES("abc\0"), NULL, "a.txt:1: it holds a NUL byte");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_marks),
                                       cmocka_unit_test(test_line_ends),
                                       cmocka_unit_test(test_encoding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
