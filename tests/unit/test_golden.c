/* Wraps lua_yieldk by the linker (WRAP_test_golden), to read a script's state where it
 * yields. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lauxlib.h>

#include "api/mock.h"
#include "vmtest.h"

/* All that a script can reach, metatables included, against a list: what a new version of
 * Lua or a careless edit adds is seen. `test_golden write` makes the lists anew. */

static struct buf found;
static int with_mock, writing;

static const char *kind_of(lua_State *L, int idx)
{
    if (lua_iscfunction(L, idx))
        return "C function";
    return lua_typename(L, lua_type(L, idx));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void walk(lua_State *L, int seen, const char *path);

/* The fields of the table at the top, in order of their names. */
static void walk_table(lua_State *L, int seen, const char *path)
{
    char *keys[500];
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        assert_true(n < 500);
        if (lua_type(L, -2) == LUA_TSTRING)
            keys[n++] = xstrdup(lua_tostring(L, -2));
        else
            buf_addf(&found, "%s[%s]: %s\n", path, kind_of(L, -2), kind_of(L, -1));
    }
    qsort(keys, n, sizeof *keys, by_text);
    for (size_t i = 0; i < n; i++) {
        char *below = xasprintf("%s.%s", path, keys[i]);
        lua_getfield(L, -1, keys[i]);
        walk(L, seen, below);
        free(below);
        free(keys[i]);
    }
}

/* Pops the value at the top. SEEN is a table of what was walked, by value. */
static void walk(lua_State *L, int seen, const char *path)
{
    luaL_checkstack(L, 20, NULL);
    buf_addf(&found, "%s: %s", path, kind_of(L, -1));
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE || type == LUA_TUSERDATA) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, seen) != LUA_TNIL) {
            buf_addf(&found, " = %s\n", lua_tostring(L, -1));
            lua_pop(L, 2);
            return;
        }
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushstring(L, path);
        lua_rawset(L, seen);
    }
    buf_addc(&found, '\n');
    if (type != LUA_TLIGHTUSERDATA && lua_getmetatable(L, -1)) {
        /* raw: __index of a table means nothing for lua_getfield on a metatable */
        char *below = xasprintf("%s<meta>", path);
        walk(L, seen, below);
        free(below);
    }
    if (type == LUA_TTABLE) {
        int had = lua_getmetatable(L, -1);
        if (had) { /* so that lua_getfield is raw */
            lua_pushnil(L);
            lua_setmetatable(L, -3);
        }
        if (had)
            lua_insert(L, -2);
        walk_table(L, seen, path);
        if (had) {
            lua_insert(L, -2);
            lua_setmetatable(L, -2);
        }
    }
    lua_pop(L, 1);
}

/* The locals and the environment of the script's function that waits. */
static void walk_script(lua_State *L)
{
    lua_Debug ar;
    luaL_checkstack(L, 20, NULL);
    lua_newtable(L);
    int seen = lua_gettop(L);
    assert_int_equal(lua_getstack(L, 1, &ar), 1);
    lua_getinfo(L, "f", &ar);
    const char *name;
    for (int i = 1; (name = lua_getupvalue(L, -1, i)); i++) {
        if (strcmp(name, "_ENV") == 0)
            walk(L, seen, "_ENV");
        else
            lua_pop(L, 1);
    }
    for (int i = 1; (name = lua_getlocal(L, &ar, i)); i++) {
        if (name[0] != '(')
            walk(L, seen, name);
        else
            lua_pop(L, 1);
    }
    lua_settop(L, seen - 1);
}

/* the linker's --wrap */
int __wrap_lua_yieldk(lua_State *L, int nresults, lua_KContext ctx, lua_KFunction k);
int __real_lua_yieldk(lua_State *L, int nresults, lua_KContext ctx, lua_KFunction k);

int __wrap_lua_yieldk(lua_State *L, int nresults, lua_KContext ctx, lua_KFunction k)
{
    walk_script(L);
    if (with_mock)
        return luaL_error(L, "walked");
    return __real_lua_yieldk(L, nresults, ctx, k);
}

static void compare(const char *golden)
{
    struct err e;
    if (writing) {
        assert_int_equal(path_write(golden, found.data, found.len, 0644, &e), 0);
        return;
    }
    struct buf want;
    buf_init(&want, 1 << 20);
    if (path_read(golden, &want, &e) != 0)
        fail_msg("%s", e.text);
    int same = want.len == found.len && memcmp(want.data, found.data, want.len) == 0;
    buf_free(&want);
    if (same)
        return;
    char *dir = workdir_make(), *path = path_join(dir, "found");
    assert_int_equal(path_write(path, found.data, found.len, 0600, &e), 0);
    char *command = xasprintf("diff -u %s %s >&2", golden, path);
    (void)!system(command);
    free(command);
    free(path);
    workdir_remove(dir);
    fail_msg("what a script reaches is not what %s says", golden);
}

static void recipe(void **state)
{
    (void)state;
    struct vmtest t;
    vmtest_init(&t, 1);
    buf_init(&found, 1 << 20);
    char *body = xasprintf(
        "local _ = { string, table, math, utf8, json, text, url, hmac } _ = "
        "table.sort local list, null, secret, text_ = json.array(), json.null, "
        "ctx.options.key, \"\" local _, err = pcall(ctx.call, \"front/none\") local "
        "number, yes, fn = 1, true, pcall ctx.http.get(\"http://127.0.0.1:%d/x\") "
        "return list, null, secret, text_, err, number, yes, fn",
        vmtest_servers[1].port);
    vmtest_probe(&t, body);
    free(body);
    if (t.outcome != RUN_DONE)
        fail_msg("%s", t.err.text);
    vmtest_fini(&t);
    compare("tests/sandbox/golden.txt");
    buf_free(&found);
}

static void mock_script(void **state)
{
    (void)state;
    struct vmtest t;
    struct err e;
    vmtest_init(&t, 1);
    buf_init(&found, 1 << 20);
    with_mock = 1;
    static const char body[] =
        "local _ = { string, table, math, utf8, json, text, url, hmac } _ = table.sort "
        "_ = mock.part mock.accept()";
    vmtest_write(&t, "lua/mock/main.lua", body, sizeof body - 1);
    t.mock = mock_open(t.loop, "127.0.0.1:0", &e);
    if (!t.mock)
        fail_msg("%s", e.text);
    vmtest_run(&t, "mock", "{\"seed\":1}");
    assert_non_null(strstr(t.err.text, "walked"));
    mock_close(t.mock);
    vmtest_fini(&t);
    compare("tests/sandbox/golden-mock.txt");
    buf_free(&found);
}

int main(int argc, char **argv)
{
    writing = argc > 1 && strcmp(argv[1], "write") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipe),
        cmocka_unit_test(mock_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
