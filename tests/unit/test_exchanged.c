/* exchanged: what is kept of a write, what of it stays when the bodies go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/str.h"
#include "core/exchanged.h"
#include "core/intent.h"
#include "core/mask.h"
#include "core/packed.h"

/* Returns the item of a POST of BODY, answered with 202. */
static char *item_of(json_t *body, json_t *templates)
{
    struct exchanged all = {0};
    struct buf answer;
    const struct mask none = {0};
    struct intent is = {.app = "front",
                        .company = "cmp_1",
                        .method = "POST",
                        .path = "/conversations/cnv_1/messages",
                        .body = body,
                        .templates = templates};
    char *input = intent_text(&is);
    buf_init(&answer, 4096);
    packed_begin(&answer, 202);
    packed_end(&answer, "{\"message_uid\":\"u\"}", 19, &none);
    const struct journal_entry step = {.kind = "http",
                                       .name = "POST /conversations/cnv_1/messages",
                                       .is_done = 1,
                                       .is_intent = 1,
                                       .at_ms = 5,
                                       .input = input,
                                       .input_len = strlen(input),
                                       .result = answer.data,
                                       .len = answer.len};
    char *item = exchanged_item(&all, &step);
    assert_non_null(item);
    buf_free(&answer);
    free(input);
    return item;
}

static json_t *strip(const char *item, const char *rest)
{
    char *text = xasprintf("{\"items\":[%s]%s}", item, rest);
    char *left = exchanged_strip(text, strlen(text));
    json_t *tree = left ? json_loads(left, 0, NULL) : NULL;
    free(left);
    free(text);
    return tree;
}

static void hash_of(const char *text, char hex[65])
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    crypto_sha256(text, strlen(text), hash);
    str_hex(hash, sizeof hash, hex);
}

static void test_write(void **state)
{
    (void)state;
    char hex[65];
    json_t *body = json_pack("{s:s, s:i}", "z", "Dear Ana", "a", 1);
    json_t *templates = json_pack("[s, s]", "hello.md", "sign.txt");
    char *item = item_of(body, templates);
    json_t *tree = json_loads(item, 0, NULL);
    assert_true(json_equal(json_object_get(tree, "templates"), templates));
    assert_true(json_equal(json_object_get(tree, "body"), body));
    assert_null(json_object_get(tree, "body_hash"));
    json_decref(tree);
    tree = strip(item, ",\"templates\":[{\"file\":\"templates/hello.md\"}]");
    json_t *row = json_array_get(json_object_get(tree, "items"), 0);
    hash_of("{\"a\":1,\"z\":\"Dear Ana\"}", hex);
    assert_string_equal(json_string_value(json_object_get(row, "body_hash")), hex);
    assert_int_equal(json_integer_value(json_object_get(row, "status")), 202);
    assert_string_equal(json_string_value(json_object_get(row, "path")),
                        "/conversations/cnv_1/messages");
    assert_true(json_equal(json_object_get(row, "templates"), templates));
    assert_null(json_object_get(row, "body"));
    assert_null(json_object_get(row, "answer"));
    assert_int_equal(json_array_size(json_object_get(tree, "templates")), 1);
    json_decref(tree);
    json_decref(body);
    json_decref(templates);
    free(item);
}

static void test_large(void **state)
{
    (void)state;
    char hex[65];
    char *large = xmalloc(EXCHANGED_BODY_MAX + 1);
    memset(large, 'a', EXCHANGED_BODY_MAX);
    large[EXCHANGED_BODY_MAX] = '\0';
    char *quoted = xasprintf("\"%s\"", large);
    json_t *body = json_string(large);
    char *item = item_of(body, NULL);
    json_t *tree = json_loads(item, 0, NULL);
    hash_of(quoted, hex);
    assert_null(json_object_get(tree, "body"));
    assert_string_equal(json_string_value(json_object_get(tree, "body_hash")), hex);
    json_decref(tree);
    tree = strip(item, "");
    json_t *row = json_array_get(json_object_get(tree, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "body_hash")), hex);
    json_decref(tree);
    json_decref(body);
    free(item);
    free(quoted);
    free(large);
}

static void test_reads(void **state)
{
    (void)state;
    assert_null(strip("{\"method\":\"GET\",\"path\":\"/me\"}", ""));
    assert_null(exchanged_strip("no document", 11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
