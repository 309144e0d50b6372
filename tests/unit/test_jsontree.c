#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jsontree.h"

static void becomes(const char *text, const char *out)
{
    struct err e = {0};
    json_t *tree = jsontree_reads(text, &e);
    if (!tree)
        fail_msg("%s: %s", text, e.text);
    char *again = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(again, out);
    free(again);
    json_decref(tree);
}

static void is_kept(const char *text)
{
    becomes(text, text);
}

static void refused(const char *text, enum err_kind kind, const char *sentence)
{
    struct err e = {0};
    assert_null(jsontree_reads(text, &e));
    assert_int_equal(e.kind, kind);
    assert_string_equal(e.text, sentence);
    assert_null(jsontree_reads(text, NULL));
}

static void test_plain(void **state)
{
    (void)state;
    is_kept("{\"b\":[1,2.5,true,null],\"a\":\"\"}");
    is_kept("\"text\"");
    is_kept("[9223372036854775807,-9223372036854775808]");
    becomes(" [ ] ", "[]");
    assert_null(jsontree_read(NULL, 0, NULL));
}

static void test_numbers(void **state)
{
    (void)state;
    becomes("[12345678901234567890,1]", "[1.2345678901234567e19,1]");
    becomes("[-9223372036854775809]", "[-9.2233720368547758e18]");
    becomes("{\"n\": 100000000000000000000 ,\"t\":\"100000000000000000000\"}",
            "{\"n\":1e20,\"t\":\"100000000000000000000\"}");
    /* the others stay what they are */
    becomes("[18446744073709551616, 1234567890123456789, 1.0, -0.5, 2e3]",
            "[1.8446744073709552e19,1234567890123456789,1.0,-0.5,2000.0]");
}

static void test_names(void **state)
{
    (void)state;
    is_kept("{\"a\\u0000b\":\"x\\u0000y\"}");
    is_kept("{\"\\u0000\":1,\"\":2,\"\\u0001\":3,\"\\u0001\\u0002\":4}");
    is_kept("[{\"x\":{\"a\\u0000\":{\"\\u0000\\u0000\":[{\"q\\\"\\u0000\":1}]}}}]");
    becomes("{\"\\\\u0000\" : \"\\u0000\" , \"\\u0000\":1}",
            "{\"\\\\u0000\":\"\\u0000\",\"\\u0000\":1}");
    json_t *tree = jsontree_reads("{\"a\\u0000b\":1,\"a\":2}", NULL);
    assert_int_equal(json_integer_value(json_object_getn(tree, "a\0b", 3)), 1);
    assert_int_equal(json_integer_value(json_object_get(tree, "a")), 2);
    json_decref(tree);
}

static void test_halves(void **state)
{
    (void)state;
    becomes("[\"cut \\ud83d\"]", "[\"cut \xef\xbf\xbd\"]");
    becomes("{\"\\ude00\":\"\\ud83d\\ude00\"}", "{\"\xef\xbf\xbd\":\"😀\"}");
}

static void test_refused(void **state)
{
    (void)state;
    refused("", ERR_INVALID, "line 1, column 1: the text ends where a value is due");
    refused("{\"a\":\n  }", ERR_INVALID, "line 2, column 3: '}' where a value is due");
    refused("[1] x", ERR_INVALID,
            "line 1, column 5: 'x' where the end of the text is due");
    refused("[1e400]", ERR_INVALID, "line 1, column 2: a number beyond 1.8e308");
    char deep[5001];
    memset(deep, '[', 5000);
    deep[5000] = '\0';
    refused(deep, ERR_LIMIT, "line 1, column 2001: deeper than 2000 levels");
}

static void test_written(void **state)
{
    (void)state;
    static const char text[] =
        "{ \"b\" : [19.99, 1.10, 1e2, 9007199254740993, -0.5, true, false, null], "
        "\"a\\u0000\" : \"\\u00e9\\n\", \"a\" : { } , \"\" : [ ] }";
    static const char want[] =
        "{\"\":[],\"a\":{},\"a\\u0000\":\"é\\n\","
        "\"b\":[19.99,1.1,100.0,9007199254740993,-0.5,true,false,null]}";
    struct buf out;
    json_t *tree = jsontree_reads(text, NULL);
    buf_init(&out, 1000);
    assert_int_equal(jsontree_write(&out, tree), 0);
    assert_string_equal(buf_str(&out), want);
    buf_free(&out);
    buf_init(&out, sizeof want - 2);
    assert_int_equal(jsontree_write(&out, tree), -1);
    buf_free(&out);
    json_decref(tree);
}

static void joins(const char *list, size_t most, const char *want)
{
    json_t *tree = jsontree_reads(list, NULL);
    char *text = json_join(tree, most);
    assert_string_equal(text, want);
    free(text);
    json_decref(tree);
}

static void test_joined(void **state)
{
    (void)state;
    joins("[]", 2, "");
    joins("[\"a\",\"b\",\"c\"]", 0, "a, b, c");
    joins("[\"a\",\"b\",\"c\"]", 2, "a, b, c");
    joins("[\"a\",\"b\",\"c\",\"d\"]", 2, "a, b and 2 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),   cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_halves),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_written),
        cmocka_unit_test(test_joined)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
