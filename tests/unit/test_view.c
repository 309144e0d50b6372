/* A workspace on live releases: each client sees its own one, equal files are shared, and
 * the directory does not count any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/release.h"
#include "workdir.h"
#include "workspace/snapshot.h"
#include "workspace/workspace.h"

#define OK(call) assert_int_equal((call), 0)

static char *dir;
static struct err e;

static void put(const char *name, const char *text)
{
    char *path = path_join(dir, name), *slash = strrchr(path, '/');
    *slash = '\0';
    OK(path_make_dirs(path, 0700, &e));
    *slash = '/';
    OK(path_write(path, text, strlen(text), 0600, &e));
    free(path);
}

/* Makes a release of the directory and returns its number. */
static int64_t release(void)
{
    struct store *store = store_open(dir, &e);
    struct snapshot *s = snapshot_take(dir, &e);
    assert_non_null(store);
    assert_non_null(s);
    char *manifest = manifest_text(snapshot_files(s));
    OK(snapshot_keep(s, store_db(store), &e));
    int64_t id =
        release_add(store_db(store), &(struct release){.by = "ana"}, manifest, &e);
    free(manifest);
    snapshot_free(s);
    store_close(store);
    return id;
}

static void live(const char *client, int64_t id)
{
    struct store *store = store_open(dir, &e);
    OK(release_set_live(store_db(store), client, id, "ana", NULL, &e));
    store_close(store);
}

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    put("foyer.lua", "return { timezone = \"Europe/Paris\" }");
    put("recipes/x.lua", "return 1");
    put("recipes/same.lua", "return 0");
    put("templates/deep/t.txt", "Hello");
    put("clients/acme/client.lua", "return { name = \"Acme\" }");
    put("clients/acme/recipes/own.lua", "return \"acme\"");
    put("clients/zed/client.lua", "return { name = \"Zed\" }");
    put("clients/stray/notes.txt", "no client");
    put("foyer.local.lua", "return {}");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    workdir_remove(dir);
    return 0;
}

static struct workspace *open_live(void)
{
    struct workspace *w = workspace_open(dir, 0, &e);
    assert_non_null(w);
    OK(workspace_use_releases(w, &e));
    return w;
}

static const char *text_of(struct workspace *w, const char *client, const char *name)
{
    struct overlay_file *file =
        overlay_find(workspace_overlay(w), client, name, OVERLAY_CLIENT, &e);
    return file ? file->text : NULL;
}

static char names[200];

static void add_name(void *arg, const char *name)
{
    (void)arg;
    strcat(strcat(names, name), " ");
}

static void without_a_release(void **state)
{
    (void)state;
    struct workspace *w = open_live();
    assert_null(workspace_releases(w));
    assert_int_equal(workspace_release(w, "acme"), 0);
    assert_string_equal(text_of(w, "acme", "recipes/x.lua"), "return 1");
    assert_true(workspace_has_client(w, "acme"));
    workspace_close(w);
}

static void the_directory_does_not_count(void **state)
{
    (void)state;
    int64_t one = release();
    live("", one);
    live("acme", one);
    put("recipes/x.lua", "return 2");
    put("recipes/new.lua", "return 2");
    put("clients/acme/client.lua", "return {");
    put("foyer.lua", "return {");
    struct workspace *w = open_live();
    assert_int_equal(workspace_release(w, "acme"), one);
    assert_string_equal(text_of(w, "acme", "recipes/x.lua"), "return 1");
    assert_string_equal(text_of(w, "acme", "recipes/own.lua"), "return \"acme\"");
    assert_string_equal(text_of(w, "acme", "templates/deep/t.txt"), "Hello");
    assert_null(text_of(w, "acme", "recipes/new.lua"));
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "only on the disk"));
    assert_non_null(strstr(e.text, "recipes/new.lua in release 1, which acme runs"));
    assert_null(text_of(w, "acme", "recipes/none.lua"));
    assert_string_equal(e.text, "cannot find recipes/none.lua in any layer");
    assert_string_equal(json_text(workspace_settings(w, &e), "timezone"), "Europe/Paris");
    assert_string_equal(json_text(workspace_client(w, "acme", &e), "name"), "Acme");
    names[0] = '\0';
    overlay_each(workspace_overlay(w), "acme", "templates", add_name, NULL);
    assert_non_null(strstr(names, "deep "));
    /* zed has no live release */
    assert_false(workspace_has_client(w, "zed"));
    assert_null(workspace_client(w, "zed", &e));
    assert_non_null(strstr(e.text, "in no release yet"));
    assert_null(workspace_client(w, "acne", &e));
    assert_non_null(strstr(e.text, "did you mean \"acme\""));
    names[0] = '\0';
    workspace_each_client(w, add_name, NULL);
    assert_string_equal(names, "acme ");
    workspace_close(w);
}

static void each_client_has_its_own(void **state)
{
    (void)state;
    int64_t one = release();
    put("foyer.lua", "return { timezone = \"Asia/Tokyo\" }");
    put("recipes/x.lua", "return 2");
    int64_t two = release();
    live("", one);
    live("acme", one);
    live("zed", two);
    struct workspace *w = open_live();
    OK(overlay_preload(workspace_overlay(w), NULL, &e));
    OK(overlay_preload(workspace_overlay(w), "acme", &e));
    OK(overlay_preload(workspace_overlay(w), "zed", &e));
    assert_string_equal(text_of(w, "acme", "recipes/x.lua"), "return 1");
    assert_string_equal(text_of(w, "zed", "recipes/x.lua"), "return 2");
    assert_string_equal(text_of(w, NULL, "recipes/x.lua"), "return 1");
    assert_ptr_equal(text_of(w, "acme", "recipes/same.lua"),
                     text_of(w, "zed", "recipes/same.lua"));
    assert_null(text_of(w, "zed", "recipes/own.lua"));
    assert_string_equal(json_text(workspace_settings_for(w, "acme", &e), "timezone"),
                        "Europe/Paris");
    assert_string_equal(json_text(workspace_settings_for(w, "zed", &e), "timezone"),
                        "Asia/Tokyo");
    /* what is live moves under it: it stays as it was, a new one sees it */
    int64_t before = workspace_generation(w);
    live("acme", two);
    assert_int_equal(workspace_release(w, "acme"), one);
    struct workspace *now = workspace_reopen(w, &e);
    assert_int_equal(workspace_release(now, "acme"), two);
    assert_true(workspace_generation(now) > before);
    workspace_close(now);
    workspace_close(w);
}

static void what_a_snapshot_has(void **state)
{
    (void)state;
    put("templates/logo.png", "\x89PNG\xff");
    put("templates/.hidden.txt", "x");
    struct snapshot *s = snapshot_take(dir, &e);
    char *text = manifest_text(snapshot_files(s));
    assert_int_equal(manifest_count(snapshot_files(s)), 7);
    assert_true(str_starts(text, "clients/acme/client.lua\t"));
    assert_null(strstr(text, "local"));
    assert_null(strstr(text, "notes"));
    assert_null(strstr(text, "logo"));
    free(text);
    snapshot_free(s);
    put("clients/zed/client.lua", "\xff"); /* one client's is no fault of the others' */
    s = snapshot_take(dir, &e);
    assert_null(manifest_hash(snapshot_files(s), "clients/zed/client.lua"));
    assert_non_null(json_object_get(snapshot_unread(s), "clients/zed/client.lua"));
    assert_int_equal(json_object_size(snapshot_unread(s)), 1);
    snapshot_free(s);
    put("foyer.lua", "\xff");
    assert_null(snapshot_take(dir, &e));
    assert_non_null(strstr(e.text, "foyer.lua"));
    put("foyer.lua", "return {}");
    put("clients/zed/client.lua", "return {}");
}

static void a_text_that_is_gone(void **state)
{
    (void)state;
    int64_t one = release();
    live("", one);
    struct store *store = store_open(dir, &e);
    struct release r = {.by = "ana"};
    int64_t two =
        release_add(store_db(store), &r,
                    "clients/acme/client.lua\t"
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                    "aaaa\nrecipes/x.lua\t"
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                    "aaaa\n",
                    &e);
    int64_t bad = release_add(store_db(store), &r, "nonsense", &e);
    store_close(store);
    live("acme", two);
    live("zed", bad);
    struct workspace *w = open_live();
    assert_int_equal(overlay_preload(workspace_overlay(w), "acme", &e), -1);
    assert_non_null(strstr(e.text, "recipes/x.lua"));
    assert_null(workspace_client(w, "acme", &e));
    assert_null(workspace_client(w, "zed", &e));
    assert_non_null(strstr(e.text, "cannot open release 3"));
    assert_null(text_of(w, "zed", "recipes/x.lua"));
    assert_string_equal(text_of(w, NULL, "recipes/x.lua"), "return 1");
    workspace_close(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_release), TEST(the_directory_does_not_count),
        TEST(each_client_has_its_own), TEST(what_a_snapshot_has),
        TEST(a_text_that_is_gone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
