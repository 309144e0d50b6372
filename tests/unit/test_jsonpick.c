#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/jsonpick.h"
#include "base/str.h"

static struct err e;

/* What PATH has in TEXT: its own text, or "-". */
static const char *pick(const char *text, const char *path)
{
    static char out[256];
    struct jsonpick p = {path, NULL, 0};
    if (jsonpick_find(text, strlen(text), &p, 1, &e) != 0)
        return "?";
    snprintf(out, sizeof out, "%.*s", p.start ? (int)p.len : 1, p.start ? p.start : "-");
    return out;
}

static void test_paths(void **state)
{
    (void)state;
    const char *text = " {\"a\": {\"b\": {\"c\" : [1, {\"d\": 2}] , \"e\":true}, \"b2\": "
                       "null},\"d\":-1.5e+3, \"a.b\": 7, \"\": {\"\": 8}} \n";
    assert_string_equal(pick(text, "a.b.c"), "[1, {\"d\": 2}]");
    assert_string_equal(pick(text, "a.b.e"), "true");
    assert_string_equal(pick(text, "a.b2"), "null");
    assert_string_equal(pick(text, "d"), "-1.5e+3");
    assert_string_equal(pick(text, "a.b.c.d"), "-");
    assert_string_equal(pick(text, "b"), "-");
    assert_string_equal(pick(text, "a.b.x"), "-");
    assert_string_equal(pick(text, "a.b2.x"), "-");
    assert_string_equal(pick("[1]", "a"), "-");
    assert_string_equal(pick("7", "a"), "-");
    /* a key may be escaped */
    assert_string_equal(pick("{\"p\\u0061y\":{\"\\/\":1}}", "pay./"), "1");
    assert_string_equal(pick("{\"\\ud83d\":1,\"a\":2}", "a"), "2");
    /* of equal keys the last counts, wherever it stands */
    assert_string_equal(pick("{\"a\":1,\"a\":2}", "a"), "2");
    assert_string_equal(pick("{\"a\":{\"b\":1},\"a\":{}}", "a.b"), "-");
    assert_string_equal(pick("{\"a\":{\"b\":1},\"a\":5}", "a.b"), "-");
    assert_string_equal(pick("{\"a\":5,\"a\":{\"b\":{\"c\":6}}}", "a.b.c"), "6");
}

static void test_many(void **state)
{
    (void)state;
    struct jsonpick p[JSONPICK_MAX];
    char paths[JSONPICK_MAX][8], text[1024] = "{";
    for (int i = 0; i < JSONPICK_MAX; i++) {
        snprintf(paths[i], sizeof paths[i], "k%d.v", i);
        p[i] = (struct jsonpick){paths[i], "stale", 5};
        size_t n = strlen(text);
        if (i != 7)
            snprintf(text + n, sizeof text - n, "\"k%d\":{\"v\":%d},", i, i);
    }
    snprintf(text + strlen(text) - 1, 2, "}");
    assert_int_equal(jsonpick_find(text, strlen(text), p, JSONPICK_MAX, &e), 0);
    for (int i = 0; i < JSONPICK_MAX; i++) {
        if (i == 7)
            assert_null(p[i].start);
        else
            assert_int_equal(strtol(p[i].start, NULL, 10), i);
    }
}

/* What S, a string's JSON, is as text; "?" when it is none. */
static const char *as_text(const char *s, size_t size)
{
    static char out[64];
    char *text = xasprintf("{\"s\":%s}", s);
    struct jsonpick p = {"s", NULL, 0};
    int rc = jsonpick_find(text, strlen(text), &p, 1, &e);
    if (rc == 0)
        rc = jsonpick_text(&p, out, size);
    free(text);
    return rc == 0 ? out : "?";
}

static void test_text(void **state)
{
    (void)state;
    assert_string_equal(as_text("\"\"", 64), "");
    assert_string_equal(as_text("\"evt_1\"", 64), "evt_1");
    assert_string_equal(as_text("\"evt_1\"", 6), "evt_1");
    assert_string_equal(as_text("\"evt_1\"", 5), "?");
    assert_string_equal(as_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 64), "\"\\/\b\f\n\r\t");
    assert_string_equal(as_text("\"\\u00e9\\u20AC\\uD83D\\uDE00 \xc3\xa9\"", 64),
                        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc3\xa9");
    assert_string_equal(as_text("\"a\\u0000\"", 64), "?");
    assert_string_equal(as_text("\"\\ud83d\"", 64), "?");
    assert_string_equal(as_text("\"\\ud83dx\"", 64), "?");
    assert_string_equal(as_text("\"\\ud83d\\u0041\"", 64), "?");
    assert_string_equal(as_text("\"\\ude00\"", 64), "?");
    assert_string_equal(as_text("7", 64), "?");
    assert_string_equal(as_text("{}", 64), "?");
}

static int takes(const char *text, size_t len)
{
    struct jsonpick p[2] = {{"a.b", NULL, 0}, {"a", NULL, 0}};
    return jsonpick_find(text, len, p, 2, &e) == 0;
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "[1,]",
                                      "[1 2]",
                                      "01",
                                      "-",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "00",
                                      "0x1",
                                      "nul",
                                      "nulll",
                                      "True",
                                      "NaN",
                                      "Infinity",
                                      "'a'",
                                      "\"a",
                                      "\"\\x\"",
                                      "\"\\u12g4\"",
                                      "\"\\u12\"",
                                      "\"\t\"",
                                      "{a:1}",
                                      "{} {}",
                                      "[1]]",
                                      "\"\xff\"",
                                      "\"\xc0\x80\"",
                                      "\"\xed\xa0\x80\"",
                                      "{,}",
                                      "[,]",
                                      "{\"a\":1 \"b\":2}",
                                      "1694046470930:{\"type\":\"sync\"}",
                                      "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (takes(bad[i], strlen(bad[i])))
            fail_msg("it takes %s", bad[i]);
    assert_int_equal(e.kind, ERR_INVALID);
    assert_false(takes("{}\0", 3));
    assert_false(takes("\"\0\"", 3));
    static const char *const good[] = {
        "0",  "-0",   "-0.0e-0",     "1E5",         "[]",
        "{}", "[[]]", "\"\\ud83d\"", " [ 1 , 2 ] ", "12345678901234567890"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!takes(good[i], strlen(good[i])))
            fail_msg("it refuses %s", good[i]);
}

static void test_depth(void **state)
{
    (void)state;
    char deep[2 * (JSONPICK_DEPTH + 2) + 1];
    for (int depth = JSONPICK_DEPTH; depth <= JSONPICK_DEPTH + 2; depth++) {
        memset(deep, '[', (size_t)depth);
        memset(deep + depth, ']', (size_t)depth);
        assert_int_equal(takes(deep, 2 * (size_t)depth), depth <= JSONPICK_DEPTH + 1);
    }
    char *bomb = xmalloc(1000000);
    memset(bomb, '[', 1000000);
    assert_false(takes(bomb, 1000000));
    free(bomb);
}

/* Against another parser, on what is nearly JSON. */
static void test_oracle(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "{\"a\":{\"b\":\"x\\n\\u00e9\",\"c\":[1,2.5e3,-0]},\"d\":null,\"e\":true}",
        "[{\"a\":[{},[],\"\",false]},\"\\\\\",1e5,0.25, {\"a\" : {\"b\" : 1}} ]",
        "{\"type\":\"sync\",\"authorization\":{\"id\":\"cmp_1\"}}"};
    static const char alphabet[] = "{}[]\",:0159.eE+-\\u tfn\xc3\xa9\x01";
    uint32_t x = 7;
    int same = 0, taken = 0;
    for (int round = 0; round < 60000; round++) {
        char text[128];
        size_t len = (size_t)snprintf(text, sizeof text, "%s", seeds[round % 3]);
        for (int edits = 0; edits < 1 + round % 3; edits++) {
            x = x * 1664525 + 1013904223;
            size_t at = (x >> 8) % len;
            char c = alphabet[(x >> 20) % (sizeof alphabet - 1)];
            if (x >> 30 == 0) {
                memmove(text + at, text + at + 1, len - at);
                len--;
            } else if (x >> 30 == 1 && len + 2 < sizeof text) {
                memmove(text + at + 1, text + at, len - at + 1);
                text[at] = c;
                len++;
            } else {
                text[at] = c;
            }
        }
        json_error_t why;
        json_t *tree = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
        int ours = takes(text, len);
        /* that one knows neither lone surrogates nor huge numbers */
        if (!tree && (strstr(why.text, "Unicode") || strstr(why.text, "overflow") ||
                      strstr(why.text, "too big")))
            continue;
        if (ours != (tree != NULL))
            fail_msg("%s: %d, but %s", text, ours, tree ? "it is JSON" : why.text);
        same++;
        taken += ours;
        struct jsonpick p = {"a.b", NULL, 0};
        if (tree && jsonpick_find(text, len, &p, 1, &e) == 0) {
            const json_t *b = json_object_get(json_object_get(tree, "a"), "b");
            if ((b != NULL) != (p.start != NULL))
                fail_msg("%s: a.b", text);
        }
        json_decref(tree);
    }
    assert_true(same > 50000);
    assert_true(taken > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths), cmocka_unit_test(test_many),
        cmocka_unit_test(test_text),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth), cmocka_unit_test(test_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
