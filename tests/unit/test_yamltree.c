/* core/yamltree: the values of YAML 1.2's core schema, anchors, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/yamltree.h"

static void gives(const char *yaml, const char *json)
{
    struct err e = {0};
    json_t *tree = yamltree_read(yaml, strlen(yaml), &e);
    if (!tree)
        fail_msg("%s: %s", yaml, e.text);
    char *got = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(got, json);
    free(got);
    json_decref(tree);
}

static void fails(const char *yaml, enum err_kind kind, const char *part)
{
    struct err e = {0};
    assert_null(yamltree_read(yaml, strlen(yaml), &e));
    assert_int_equal(e.kind, kind);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" lacks \"%s\"", e.text, part);
}

static void test_scalars(void **state)
{
    (void)state;
    gives("[a, 'a b', \"1\", '', no, 2026-12-01, 1.2.3, -, 0x, 1e]",
          "[\"a\",\"a b\",\"1\",\"\",\"no\",\"2026-12-01\",\"1.2.3\",\"-\",\"0x\","
          "\"1e\"]");
    gives("[1, -2, +3, 0x1f, 0o17, 1.5, -.5, 2e3, 9223372036854775807]",
          "[1,-2,3,31,15,1.5,-0.5,2000.0,9223372036854775807]");
    gives("[true, False, null, ~, Null, nul]", "[true,false,null,null,null,\"nul\"]");
    gives("a:\nb: |\n  x\n  y\n", "{\"a\":null,\"b\":\"x\\ny\\n\"}");
    gives("# a comment\n--- {200: {a: 1}}\n...\n", "{\"200\":{\"a\":1}}");
}

static void test_anchors(void **state)
{
    (void)state;
    gives("{a: &x {b: 1}, c: *x}", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}");
    gives("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n",
          "{\"a\":{\"b\":1,\"c\":2},\"d\":{\"b\":1,\"c\":3}}");
    gives("[&x {b: 1}, &y {c: 2}, {<<: [*x, *y]}]",
          "[{\"b\":1},{\"c\":2},{\"b\":1,\"c\":2}]");
}

static void test_refusals(void **state)
{
    (void)state;
    fails("", ERR_INVALID, "line 1, column 1: it is empty");
    fails("a: [1\nb: 2", ERR_INVALID, "line 2");
    fails("a: *b", ERR_INVALID, "undefined alias");
    fails("{[a]: 1}", ERR_INVALID, "a member's name is not a text");
    fails("a: &a [*a]", ERR_LIMIT, "an alias that holds itself");
    fails("a: \xff", ERR_INVALID, "line ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scalars),
                                       cmocka_unit_test(test_anchors),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
