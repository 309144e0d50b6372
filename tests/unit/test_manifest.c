/* manifest: paths in order, set and taken out; another text is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/manifest.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void set_and_found(void **state)
{
    (void)state;
    struct manifest *m = manifest_new();
    manifest_set(m, "recipes/b.lua", A64);
    manifest_set(m, "foyer.lua", A64);
    manifest_set(m, "recipes/a.lua", A64);
    manifest_set(m, "recipes/b.lua", B64);
    manifest_set(m, "gone", NULL);
    assert_int_equal(manifest_count(m), 3);
    assert_string_equal(manifest_hash(m, "recipes/b.lua"), B64);
    assert_null(manifest_hash(m, "recipes"));
    assert_int_equal(manifest_from(m, "recipes/"), 1);
    assert_string_equal(manifest_line(m, 1)->path, "recipes/a.lua");
    char *text = manifest_text(m);
    assert_string_equal(text, "foyer.lua\t" A64 "\nrecipes/a.lua\t" A64
                              "\nrecipes/b.lua\t" B64 "\n");
    struct err e;
    struct manifest *again = manifest_read(text, &e);
    assert_non_null(again);
    manifest_set(again, "foyer.lua", NULL);
    assert_int_equal(manifest_count(again), 2);
    assert_null(manifest_hash(again, "foyer.lua"));
    manifest_free(again);
    free(text);
    manifest_free(m);
}

static void of_another_text(void **state)
{
    (void)state;
    const char *const texts[] = {"x", "x\tabc", "\t" A64, "x\t" A64 "0", "x\t" A64 "\ny"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err e = {0};
        assert_null(manifest_read(texts[i], &e));
        assert_int_equal(e.kind, ERR_STORE);
    }
    struct err e;
    struct manifest *none = manifest_read("", &e);
    assert_int_equal(manifest_count(none), 0);
    char *text = manifest_text(none);
    assert_string_equal(text, "");
    free(text);
    manifest_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(set_and_found),
                                       cmocka_unit_test(of_another_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
