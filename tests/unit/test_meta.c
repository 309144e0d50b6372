#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/limits.h"
#include "vm/overlay.h"
#include "api/api.h"
#include "vm/conv.h"
#include "vm/data.h"
#include "vm/env.h"
#include "vm/handles.h"
#include "vm/parts.h"
#include "api/sandbox.h"
#include "vm/vm.h"

/* What scripts can reach in a real state, against what lua/meta documents: the same
 * names, both ways. Run from the repository's top. */

enum { NAMES_MAX = 400 };

struct names {
    char *list[NAMES_MAX];
    size_t n;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(struct names *names, const char *name, size_t len)
{
    assert_true(names->n < NAMES_MAX);
    names->list[names->n++] = xmemdup0(name, len);
}

static int has(const struct names *names, const char *name)
{
    return bsearch(&name, names->list, names->n, sizeof *names->list, by_text) != NULL;
}

static void names_fini(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->list[i]);
}

/* ---- documented ---- */

static void read_line(struct names *names, const char *line)
{
    const char *p = line;
    if (strncmp(p, "--= ", 4) == 0) {
        for (p += 4; *p; p += strspn(p, " \n")) {
            size_t n = strcspn(p, " \n");
            add(names, p, n);
            p += n;
        }
        return;
    }
    int function = strncmp(p, "function ", 9) == 0;
    p += function ? 9 : 0;
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    if (n && (function ? p[n] == '(' : strncmp(p + n, " = ", 3) == 0))
        add(names, p, n);
}

/* Each file must also be Lua that refuses to run. */
static void read_documented(struct names *names)
{
    DIR *dir = opendir("lua/meta");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!str_ends(entry->d_name, ".lua"))
            continue;
        char path[512], line[1024];
        snprintf(path, sizeof path, "lua/meta/%s", entry->d_name);
        lua_State *L = luaL_newstate();
        assert_int_equal(luaL_loadfilex(L, path, "t"), LUA_OK);
        luaL_requiref(L, "_G", luaopen_base, 1);
        lua_pop(L, 1);
        assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_ERRRUN);
        assert_non_null(strstr(lua_tostring(L, -1), "definition file: do not run"));
        lua_close(L);
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        while (fgets(line, sizeof line, f))
            read_line(names, line);
        fclose(f);
    }
    closedir(dir);
    qsort(names->list, names->n, sizeof *names->list, by_text);
}

/* ---- bound ---- */

static int std_part(lua_State *L)
{
    parts_push(L, luaL_checkstring(L, 1));
    return 1;
}

static int std_client(lua_State *L)
{
    lua_newtable(L);
    return 1;
}

static int is_empty(lua_State *L)
{
    lua_pushnil(L);
    if (!lua_next(L, -2))
        return 1;
    lua_pop(L, 2);
    return 0;
}

/* The fields of the table at the top, which is popped; those that are tables with
 * something in them are walked as well. */
static void add_fields(lua_State *L, struct names *names, const char *prefix)
{
    if (is_empty(L) && luaL_getmetafield(L, -1, "__index") != LUA_TNIL)
        lua_replace(L, -2); /* read-only for scripts */
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        char name[128];
        assert_int_equal(lua_type(L, -2), LUA_TSTRING);
        snprintf(name, sizeof name, "%s%s", prefix, lua_tostring(L, -2));
        add(names, name, strlen(name));
        if (!lua_istable(L, -1))
            continue;
        size_t n = strlen(name);
        snprintf(name + n, sizeof name - n, ".");
        lua_pushvalue(L, -1);
        add_fields(L, names, name);
    }
    lua_pop(L, 1);
}

/* Replaces the value at the top by what its metatable's __index says. */
static void behind(lua_State *L)
{
    assert_true(lua_getmetatable(L, -1));
    lua_pushliteral(L, "__index");
    lua_rawget(L, -2);
    lua_remove(L, -2);
    lua_remove(L, -2);
    assert_true(lua_istable(L, -1));
}

/* As an attempt has it, without the run that it belongs to. */
static void open_vm(lua_State *L)
{
    sandbox_open(L, "seed", 4);
    handles_open(L);
    lua_newtable(L);
    lua_pushcfunction(L, std_part);
    lua_setfield(L, -2, "part");
    lua_pushcfunction(L, std_client);
    lua_setfield(L, -2, "client");
    api_http_open(L);
    lua_setfield(L, -2, "http");
    api_ctx_open(L);
    lua_setfield(L, -2, "ctx");
    parts_set_std(L);
}

static const char *const libraries[] = {"string", "table", "math", "utf8", "json",
                                        "text",   "url",   "hmac", NULL};

static int collect(lua_State *L)
{
    struct names *names = lua_touserdata(L, 1);
    open_vm(L);
    env_push(L);
    behind(L); // globals, to which naming a library adds it
    for (size_t i = 0; libraries[i]; i++) {
        lua_getfield(L, -1, libraries[i]);
        behind(L);
        char prefix[64];
        snprintf(prefix, sizeof prefix, "%s.", libraries[i]);
        add_fields(L, names, prefix);
    }
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        const char *name = lua_tostring(L, -2);
        int library = 0;
        for (size_t i = 0; libraries[i]; i++)
            library |= strcmp(name, libraries[i]) == 0;
        if (!library)
            add(names, name, strlen(name));
    }
    parts_push(L, "call");
    lua_getfield(L, -1, "context");
    lua_call(L, 0, 1);
    add_fields(L, names, "ctx.");
    return 0;
}

/* FN(names, word) in a state of its own. */
static void in_state(lua_CFunction fn, struct names *names, const char *word)
{
    struct overlay *overlay = overlay_new(NULL);
    struct vm *vm = vm_new(&limits_default, overlay);
    struct vm_state state;
    lua_State *L = vm_new_state(vm, &state, limits_default.vm_bytes, NULL);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, names);
    lua_pushstring(L, word);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK)
        fail_msg("%s", luaL_tolstring(L, -1, NULL));
    lua_close(L);
    vm_free(vm);
    overlay_free(overlay);
}

static void read_bound(struct names *names)
{
    in_state(collect, names, NULL);
    /* what no table holds: a settings file's names, and super */
    struct err e;
    static const char settings[] = "return { a = secret \"a.b\", b = env \"PATH\" }";
    json_t *tree = data_load(settings, sizeof settings - 1, "settings", &e);
    assert_non_null(tree);
    json_decref(tree);
    add(names, "secret", 6);
    add(names, "env", 3);
    add(names, "super", 5);
    qsort(names->list, names->n, sizeof *names->list, by_text);
}

/* Lua's own libraries and the tables that only hold others. */
static int is_holder(const char *name)
{
    static const char *const holders[] = {"json", "text", "url",
                                          "hmac", "ctx",  "ctx.store"};
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
        if (strcmp(name, holders[i]) == 0)
            return 1;
    return 0;
}

static void test_same_names(void **unused)
{
    (void)unused;
    struct names documented = {.n = 0}, bound = {.n = 0};
    int wrong = 0;
    read_documented(&documented);
    read_bound(&bound);
    assert_true(has(&bound, "ctx.http.get") && has(&bound, "json.null"));
    assert_true(has(&bound, "pairs") && has(&bound, "string.rep"));
    for (size_t i = 0; i < bound.n; i++)
        if (!has(&documented, bound.list[i]) && ++wrong)
            print_error("%s is bound, but lua/meta does not document it\n",
                        bound.list[i]);
    for (size_t i = 0; i < documented.n; i++)
        if (!is_holder(documented.list[i]) && !has(&bound, documented.list[i]) && ++wrong)
            print_error("%s is documented in lua/meta, but not bound\n",
                        documented.list[i]);
    for (size_t i = 1; i < documented.n; i++)
        if (strcmp(documented.list[i - 1], documented.list[i]) == 0 && ++wrong)
            print_error("%s is documented twice\n", documented.list[i]);
    names_fini(&documented);
    names_fini(&bound);
    assert_int_equal(wrong, 0);
}

/* ---- keys of tables ---- */

/* The ---@field names of CLASS in FILE. */
static void read_class(struct names *names, const char *file, const char *class)
{
    char line[1024], word[64];
    int inside = 0;
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "---@class %63[A-Za-z.]", word) == 1)
            inside = strcmp(word, class) == 0;
        else if (inside && sscanf(line, "---@field %63[a-z_]", word) == 1)
            add(names, word, strlen(word));
        else if (strncmp(line, "---@field", 9) != 0)
            inside = 0;
    }
    fclose(f);
    qsort(names->list, names->n, sizeof *names->list, by_text);
}

/* Pushes the upvalue NAME of the function at the top or of one that it calls. */
static int push_upvalue(lua_State *L, const char *name, int depth)
{
    const char *found;
    for (int i = 1; depth && (found = lua_getupvalue(L, -1, i)); i++) {
        if (strcmp(found, name) == 0 ||
            (lua_isfunction(L, -1) && !lua_iscfunction(L, -1) &&
             push_upvalue(L, name, depth - 1))) {
            lua_remove(L, -2);
            return 1;
        }
        lua_pop(L, 1);
    }
    return 0;
}

static int collect_keys(lua_State *L)
{
    const char *kind = lua_tostring(L, 2);
    struct names *names = lua_touserdata(L, 1);
    open_vm(L);
    parts_push(L, "definition");
    lua_getfield(L, -1, "check");
    assert_true(push_upvalue(L, kind ? "keys" : "field_keys", 4));
    if (kind)
        lua_getfield(L, -1, kind);
    add_fields(L, names, "");
    return 0;
}

/* The words of the list that follows FUNCTION in a C file. */
static void read_words(struct names *names, const char *file, const char *function)
{
    static char text[64 * 1024];
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    const char *p = strstr(text, function);
    assert_non_null(p);
    p = strchr(p, '{');
    p = strchr(p + 1, '{');
    for (const char *end = strchr(p, '}'); (p = strchr(p, '"')) && p < end;) {
        size_t n = strcspn(p + 1, "\"");
        add(names, p + 1, n);
        p += n + 2;
    }
    qsort(names->list, names->n, sizeof *names->list, by_text);
}

static void compare(const char *what, struct names *documented, struct names *known)
{
    int wrong = 0;
    assert_true(known->n > 3);
    for (size_t i = 0; i < known->n; i++)
        if (!has(documented, known->list[i]) && ++wrong)
            print_error("%s.%s is not documented\n", what, known->list[i]);
    for (size_t i = 0; i < documented->n; i++)
        if (!has(known, documented->list[i]) && ++wrong)
            print_error("%s.%s is documented, but unknown\n", what, documented->list[i]);
    names_fini(documented);
    names_fini(known);
    assert_int_equal(wrong, 0);
}

static void test_definitions(void **unused)
{
    (void)unused;
    static const char *const kinds[][2] = {{"foyer.Action", "action"},
                                           {"foyer.Trigger", "trigger"},
                                           {"foyer.Recipe", "recipe"},
                                           {"foyer.Field", NULL}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct names documented = {.n = 0}, known = {.n = 0};
        read_class(&documented, "lua/meta/script.lua", kinds[i][0]);
        in_state(collect_keys, &known, kinds[i][1]);
        qsort(known.list, known.n, sizeof *known.list, by_text);
        compare(kinds[i][0], &documented, &known);
    }
}

static void test_request_options(void **unused)
{
    (void)unused;
    struct names documented = {.n = 0}, known = {.n = 0};
    read_class(&documented, "lua/meta/http.lua", "foyer.HttpOptions");
    read_class(&documented, "lua/meta/http.lua", "foyer.HttpRequest");
    read_words(&known, "src/api/api_http.c", "check_options");
    compare("foyer.HttpRequest", &documented, &known);
}

int main(void)
{
    /* the parts in the binary have no names of upvalues, which collect_keys looks for */
    setenv("FOYER_LUA_DIR", ".", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_names),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_request_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
