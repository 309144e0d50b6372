/* Wraps lua_resume by the linker (WRAP_test_lua_scripts), to set the collector that a
 * resume runs under. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "vmtest.h"

/* Runs tests/lua/NAME.lua in real attempts with the real std: twice, so that what one
 * leaves behind in the process is found, and once with the collector always at work. The
 * layers below tests/lua/layers are the workspace. From the root of the tree. */

static int collecting;

/* the linker's --wrap */
int __wrap_lua_resume(lua_State *L, lua_State *from, int nargs, int *nresults);
int __real_lua_resume(lua_State *L, lua_State *from, int nargs, int *nresults);

int __wrap_lua_resume(lua_State *L, lua_State *from, int nargs, int *nresults)
{
    if (collecting) /* no pause between cycles, a step at each allocation */
        lua_gc(L, LUA_GCINC, 1, 1000, 1);
    return __real_lua_resume(L, from, nargs, nresults);
}

static void copy(const char *what, const char *to)
{
    char *command = xasprintf("cp -r %s '%s'", what, to);
    if (system(command) != 0)
        fail_msg("%s", command);
    free(command);
}

static void check_file(const char *name)
{
    struct vmtest t;
    vmtest_init(&t, 1);
    t.limits.resume_cpu_ms = t.limits.attempt_cpu_ms = 300 * 1000;
    t.limits.watchdog_ms = 600 * 1000;
    t.builtin = workdir_make();
    copy("lua recipes", t.builtin);
    copy("tests/unit/luatest.lua", t.builtin);
    char *from = xasprintf("%s/luatest.lua", t.builtin);
    char *to = xasprintf("%s/lua/std/tools/luatest.lua", t.builtin);
    assert_int_equal(rename(from, to), 0);
    free(from);
    free(to);
    to = xasprintf("%s/tests", t.builtin);
    assert_int_equal(mkdir(to, 0700), 0);
    copy("tests/lua tests/data", to);
    free(to);
    copy("tests/lua/layers/.", t.dir);
    char *args = xasprintf("{\"file\":\"tests/lua/%s\"}", name);
    vmtest_run(&t, "luatest", args);
    free(args);
    char *builtin = t.builtin;
    t.builtin = NULL;
    unsetenv("FOYER_LUA_DIR");
    workdir_remove(builtin);
    if (t.outcome != RUN_DONE)
        fail_msg("%s: %s", name, t.err.text);
    json_t *result = json_loads(t.json, 0, NULL);
    json_t *failures = json_object_get(result, "failures");
    size_t i;
    json_t *failure;
    json_array_foreach(failures, i, failure)
        print_error("%s: %s\n", name, json_string_value(failure));
    json_int_t passed = json_integer_value(json_object_get(result, "passed"));
    size_t failed = json_array_size(failures);
    print_message("# %s: %d checks passed, %zu failed\n", name, (int)passed, failed);
    json_decref(result);
    vmtest_fini(&t);
    assert_int_equal(failed, 0);
    assert_true(passed > 1);
}

static void once(void **state)
{
    check_file(*state);
}

static void with_collector(void **state)
{
    collecting = 1;
    check_file(*state);
    collecting = 0;
}

static int add_name(void *arg, const char *name)
{
    char ***names = arg;
    if (strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".lua") == 0)
        *(*names)++ = xstrdup(name);
    return 0;
}

int main(int argc, char **argv)
{
    char *names[100] = {0}, **end = names;
    if (argc > 1)
        end = &names[1], names[0] = xstrdup(argv[1]);
    else
        path_each("tests/lua", add_name, &end);
    size_t n = (size_t)(end - names);
    if (n == 0) {
        fprintf(stderr, "tests/lua is not here: run this from the root of the tree\n");
        return 1;
    }
    struct CMUnitTest *tests = xcalloc(3 * n, sizeof *tests);
    for (size_t i = 0; i < n; i++) {
        static const char *const ways[] = {"", " again", " while collecting"};
        for (size_t k = 0; k < 3; k++)
            tests[3 * i + k] =
                (struct CMUnitTest){.name = xasprintf("%s%s", names[i], ways[k]),
                                    .test_func = k < 2 ? once : with_collector,
                                    .initial_state = names[i]};
    }
    int failed = _cmocka_run_group_tests("lua", tests, 3 * n, NULL, NULL);
    for (size_t i = 0; i < 3 * n; i++)
        free((char *)tests[i].name);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(tests);
    return failed;
}
