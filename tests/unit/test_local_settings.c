#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/jsontree.h"
#include "workspace/local_settings.h"

static void assert_merged(const char *settings, const char *local, const char *want)
{
    json_t *tree = jsontree_reads(settings, NULL), *below = jsontree_reads(local, NULL);
    tree = local_settings_merge(tree, below);
    char *got = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(got, want);
    free(got);
    json_decref(tree);
    json_decref(below);
}

static void test_merge(void **state)
{
    (void)state;
    assert_merged("{\"a\":1}", "{}", "{\"a\":1}");
    assert_merged("{\"mode\":\"live\",\"b\":[1,2]}", "{\"mode\":\"dry\",\"b\":[3]}",
                  "{\"b\":[3],\"mode\":\"dry\"}");
    assert_merged("{\"apps\":{\"front\":{\"client_id\":\"a\",\"client_secret\":\"b\"}}}",
                  "{\"apps\":{\"front\":{\"client_id\":\"c\"},\"shop\":{}}}",
                  "{\"apps\":{\"front\":{\"client_id\":\"c\",\"client_secret\":\"b\"},"
                  "\"shop\":{}}}");
    /* a secret is a value */
    assert_merged("{\"alert\":{\"$secret\":\"a\"}}", "{\"alert\":{\"$secret\":\"b\"}}",
                  "{\"alert\":{\"$secret\":\"b\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merge)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
