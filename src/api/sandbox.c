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

static const luaL_Reg libraries[] = {{"string", bounded_open_string},
                                     {"table", bounded_open_table},
                                     {"math", open_math},
                                     {"utf8", luaopen_utf8},
                                     {"json", api_json_open},
                                     {"text", api_text_open},
                                     {"url", api_url_open},
                                     {"hmac", api_hmac_open},
                                     {NULL, NULL}};

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
    for (const luaL_Reg *library = libraries; library->name; library++) {
        if (strcmp(name, library->name) != 0)
            continue;
        lua_rawgetp(L, LUA_REGISTRYINDEX, &globals_key); // globals
        library->func(L);                                // globals lib
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
    static const luaL_Reg meta[] = {
        {"__index", string_index}, {"__metatable", NULL}, {NULL, NULL}};
    lua_pushliteral(L, "");
    luaL_newlib(L, meta);
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void sandbox_open(lua_State *L, const char *seed, size_t len)
{
    static const luaL_Reg meta[] = {{"__index", unknown_global}, {NULL, NULL}};
    lua_pushlstring(L, seed, len);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &seed_key);
    lua_createtable(L, 0, 32); // globals
    bounded_set_base(L);
    luaL_newlib(L, meta);
    lua_setmetatable(L, -2);
    env_open(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &globals_key);
    open_string_metatable(L);
}
