#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vm/memo.h"

static void test_a_text_is_kept(void **state)
{
    (void)state;
    struct memo *memo = memo_new();
    size_t len = 7;
    assert_null(memo_get(memo, "k", &len));
    assert_int_equal(len, 0);
    memo_set(memo, "k", "a\0b", 3);
    memo_set(memo, "", "", 0);
    assert_memory_equal(memo_get(memo, "k", &len), "a\0b", 4);
    assert_int_equal(len, 3);
    assert_string_equal(memo_get(memo, "", &len), "");
    assert_int_equal(len, 0);
    memo_set(memo, "k", "other", 5);
    assert_string_equal(memo_get(memo, "k", &len), "other");
    memo_free(memo);
    memo_free(NULL);
}

static void test_many(void **state)
{
    (void)state;
    struct memo *memo = memo_new();
    char key[16];
    size_t len;
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        memo_set(memo, key, key, (size_t)i % 4);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        assert_non_null(memo_get(memo, key, &len));
        assert_int_equal(len, i % 4);
    }
    memo_free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_is_kept),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("memo", tests, NULL, NULL);
}
