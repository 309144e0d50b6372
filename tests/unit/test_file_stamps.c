/* Which files change a workspace's stamps. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/path.h"
#include "base/str.h"
#include "workspace/file_stamps.h"

static char dir[] = "/tmp/foyer-stamps-XXXXXX";

static void put(const char *name, const char *text)
{
    struct err e;
    char *path = path_join(dir, name), *slash;
    char *parent = xstrdup(path);
    slash = strrchr(parent, '/');
    *slash = '\0';
    if (path_make_dirs(parent, 0700, &e) != 0 ||
        path_write(path, text, strlen(text), 0600, &e) != 0)
        fail_msg("%s", e.text);
    free(parent);
    free(path);
}

/* Returns which stamps differ once NAME is written: "" for the shared one, "acme". */
static char *changed_by(const char *name)
{
    char *text = xstrdup("-");
    const char *key;
    json_t *stamp, *before = file_stamps(dir);
    put(name, name);
    json_t *after = file_stamps(dir);
    json_object_foreach(after, key, stamp)
    {
        if (!json_equal(stamp, json_object_get(before, key))) {
            free(text);
            text = xasprintf("=%s", key);
        }
    }
    json_decref(before);
    json_decref(after);
    return text;
}

static void check(const char *name, const char *want)
{
    char *got = changed_by(name);
    assert_string_equal(got, want);
    free(got);
}

static void test_what_counts(void **state)
{
    (void)state;
    put("foyer.lua", "return {}");
    put("clients/acme/client.lua", "return {}");
    check("foyer.lua", "=");
    check("foyer.local.lua", "=");
    check("lua/front/actions/x.lua", "=");
    check("recipes/x.lua", "=");
    check("templates/x.txt", "=");
    check("clients/acme/templates/x.txt", "=acme");
    check("clients/globex/client.lua", "=globex");
    /* what foyer does not read: such as the log of a serve that is started here */
    check("serve.log", "-");
    check("state/foyer.db", "-");
    check("notes/todo.txt", "-");
}

static int make(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    char *command = xasprintf("rm -rf %s", dir);
    int rc = system(command);
    free(command);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_counts)};
    return cmocka_run_group_tests(tests, make, clear);
}
