#include "api/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "api/api.h"
#include "vm/bounded.h"
#include "vm/env.h"

static const char globals_key; /* registry: the table of globals */
static const char seed_key;    /* registry: the seed of math.random */

/* ---- libraries, opened when first named ---- */

/* Copies the functions by name: Debian's Lua still has those that 5.3 removed, such as
 * math.pow. */
static int open_math(lua_State *L)
{
    static const char *const kept[] = {
        "abs",        "acos", "asin", "atan",  "ceil",  "cos",  "deg",
        "exp",        "fmod", "huge", "log",   "max",   "min",  "maxinteger",
        "mininteger", "modf", "pi",   "rad",   "sin",   "sqrt", "tan",
        "tointeger",  "type", "ult",  "floor", "random"};
    enum { KEPT = sizeof kept / sizeof *kept };
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 0);
    lua_getfield(L, -1, "randomseed"); // math randomseed
    lua_rawgetp(L, LUA_REGISTRYINDEX, &seed_key);
    size_t len;
    const char *seed = lua_tolstring(L, -1, &len);
    unsigned char digest[CRYPTO_SHA256_SIZE];
    crypto_sha256(seed ? seed : "", seed ? len : 0, digest);
    lua_Integer n[2];
    memcpy(n, digest, sizeof n);
    lua_pop(L, 1);
    lua_pushinteger(L, n[0]);
    lua_pushinteger(L, n[1]);
    lua_call(L, 2, 0);           // math
    lua_createtable(L, 0, KEPT); // math kept
    for (size_t i = 0; i < KEPT; i++) {
        lua_getfield(L, -2, kept[i]);
        lua_setfield(L, -2, kept[i]);
    }
    lua_remove(L, -2);
    return 1;
}

static int open_string(lua_State *L)
{
    return bounded_open_string(L);
}

static int open_utf8(lua_State *L)
{
    luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 0);
    return 1;
}

const char *const sandbox_libraries[] = {"string", "table", "math", "utf8", "json",
                                         "text",   "url",   "hmac", NULL};
static const lua_CFunction openers[] = {open_string,  bounded_open_table, open_math,
                                        open_utf8,    api_json_open,      api_text_open,
                                        api_url_open, api_hmac_open};

static const struct {
    const char *name, *hint;
} hints[] = {
    {"print", "use ctx.log(\"warn\", …)"},
    {"console", "use ctx.log(\"warn\", …)"},
    {"require", "a script stands alone; call an action with ctx.call(…)"},
    {"os", "the clock is ctx.now(), text.time(…) formats it"},
    {"io", "a file comes in as an input of type \"file\""},
    {"load", "scripts cannot load code"},
    {"loadstring", "scripts cannot load code"},
    {"dofile", "scripts cannot load code"},
    {"loadfile", "scripts cannot load code"},
    {"xpcall", "use pcall"},
    {"coroutine", "ctx.http and ctx.call wait by themselves"},
    {"debug", "it is not part of foyer"},
    {"package", "it is not part of foyer"},
    {"collectgarbage", "memory is freed at the end of the attempt"},
    {"rawset", "use t[key] = value"},
    {"unpack", "use table.unpack"},
    {"null", "use json.null, or nil"},
    {"undefined", "use nil"},
    {"JSON", "use json"},
    {"http", "use ctx.http"},
    {"self", "a script has none"},
    {"super", "it exists only in a script that extends another one"},
};

static int unknown_global(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    for (size_t i = 0; sandbox_libraries[i]; i++) {
        if (strcmp(name, sandbox_libraries[i]) != 0)
            continue;
        lua_rawgetp(L, LUA_REGISTRYINDEX, &globals_key); // globals
        openers[i](L);                                   // globals lib
        env_push_readonly(L, name);                      // globals proxy
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
        return 1;
    }
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strcmp(name, hints[i].name) == 0)
            return luaL_error(L, "unknown name \"%s\": %s", name, hints[i].hint);
    return luaL_error(L, "unknown name \"%s\": a misspelling, or a missing \"local\"?",
                      name);
}

/* Opens the library for ("x"):upper() in a script that does not name `string`. */
static int string_index(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &globals_key);
    lua_getfield(L, -1, "string"); // s key globals string
    lua_pushvalue(L, 2);
    lua_gettable(L, -2);
    return 1;
}

static void open_string_metatable(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, string_index);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void sandbox_open(lua_State *L, const char *seed, size_t len)
{
    lua_pushlstring(L, seed, len);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &seed_key);
    lua_createtable(L, 0, 32); // globals
    bounded_set_base(L);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, unknown_global);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    env_open(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &globals_key);
    open_string_metatable(L);
}
