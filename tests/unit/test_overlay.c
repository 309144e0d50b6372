/* overlay: a layer that was preloaded is what it was, whatever becomes of its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "base/str.h"
#include "vm/builtin.h"
#include "vm/overlay.h"
#include "workdir.h"

static char *dir;
static struct overlay *o;
static struct err e;

static void put(const char *name, const char *text)
{
    char *path = path_join(dir, name), *parent = xstrdup(path);
    *strrchr(parent, '/') = '\0';
    assert_int_equal(path_make_dirs(parent, 0700, &e), 0);
    assert_int_equal(path_write(path, text, strlen(text), 0600, &e), 0);
    free(parent);
    free(path);
}

static void drop(const char *name)
{
    char *path = path_join(dir, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    put("recipes/one.lua", "workspace");
    put("lua/front/actions/deep.lua", "deep");
    put("clients/acme/recipes/one.lua", "acme");
    put("clients/zed/recipes/zed.lua", "zed");
    o = overlay_new(dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    overlay_free(o);
    workdir_remove(dir);
    return 0;
}

static const char *text_of(const char *client, const char *name)
{
    const struct overlay_file *file = overlay_find(o, client, name, OVERLAY_CLIENT, &e);
    if (file)
        return file->text;
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    return "none";
}

static void add_name(void *arg, const char *name)
{
    struct buf *names = arg;
    assert_int_equal(buf_addf(names, "%s ", name), 0);
}

static const char *list(const char *client, const char *in)
{
    static struct buf names;
    buf_free(&names);
    buf_init(&names, 64 * 1024);
    overlay_each(o, client, in, add_name, &names);
    return buf_str(&names);
}

static void test_edits_do_not_reach_it(void **state)
{
    (void)state;
    overlay_preload(o, NULL, NULL);
    overlay_preload(o, "zed", NULL);
    overlay_preload(o, "acme", NULL);
    overlay_preload(o, "acme", NULL);
    put("recipes/one.lua", "edited");
    put("recipes/two.lua", "new");
    put("clients/acme/recipes/two.lua", "new");
    drop("lua/front/actions/deep.lua");
    drop("clients/acme/recipes/one.lua");
    assert_string_equal(text_of(NULL, "recipes/one.lua"), "workspace");
    assert_string_equal(text_of("acme", "recipes/one.lua"), "acme");
    assert_string_equal(text_of("zed", "recipes/one.lua"), "workspace");
    assert_string_equal(text_of("zed", "recipes/zed.lua"), "zed");
    assert_string_equal(text_of(NULL, "lua/front/actions/deep.lua"), "deep");
    assert_string_equal(text_of("acme", "recipes/two.lua"), "none");
    assert_non_null(strstr(list("acme", "recipes"), "one.lua "));
    assert_null(strstr(list("acme", "recipes"), "two.lua"));
    assert_non_null(strstr(list(NULL, "lua"), "front "));
    assert_non_null(strstr(list("acme", "lua/front/actions"), "deep.lua "));
    /* the built-in layer is below as ever */
    assert_non_null(strstr(list("acme", "recipes"), "digest.lua "));
    assert_string_not_equal(text_of("acme", "recipes/digest.lua"), "none");
}

static void test_others_are_read_from_the_disk(void **state)
{
    (void)state;
    overlay_preload(o, "acme", NULL);
    put("recipes/two.lua", "new");
    put("clients/zed/recipes/two.lua", "zed's");
    assert_string_equal(text_of("acme", "recipes/two.lua"), "new");
    assert_string_equal(text_of("zed", "recipes/two.lua"), "zed's");
    assert_non_null(strstr(list("acme", "recipes"), "two.lua "));
}

static void test_without_a_workspace(void **state)
{
    (void)state;
    overlay_free(o);
    o = overlay_new(NULL);
    overlay_preload(o, NULL, NULL);
    overlay_preload(o, "acme", NULL);
    assert_string_equal(text_of(NULL, "recipes/one.lua"), "none");
    assert_string_not_equal(text_of(NULL, "recipes/digest.lua"), "none");
}

/* Each built-in file is found, and its name is among those of its directory, once. */
static void test_built_in_names(void **state)
{
    (void)state;
    overlay_free(o);
    o = overlay_new(NULL);
    for (size_t i = 0; i < builtin_count; i++) {
        const char *path = builtin_files[i].path;
        assert_true(i == 0 || strcmp(builtin_files[i - 1].path, path) < 0);
        assert_string_equal(text_of(NULL, path), builtin_files[i].text);
        for (const char *slash = strchr(path, '/'); slash;
             slash = strchr(slash + 1, '/')) {
            char *in = xmemdup0(path, (size_t)(slash - path));
            char *name = xmemdup0(slash + 1, strcspn(slash + 1, "/"));
            char *entry = xasprintf(" %s ", name),
                 *all = xasprintf(" %s", list(NULL, in));
            char *found = strstr(all, entry);
            assert_non_null(found);
            assert_null(strstr(found + 1, entry));
            free(all);
            free(entry);
            free(name);
            free(in);
        }
    }
    assert_string_equal(text_of(NULL, "lua/front/actions/zzz.lua"), "none");
    assert_string_equal(list(NULL, "lua/zzz"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_edits_do_not_reach_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others_are_read_from_the_disk, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_without_a_workspace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_built_in_names, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
