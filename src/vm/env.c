#include "vm/env.h"

#include <lauxlib.h>

static const char strict_key; /* registry: the metatable of every environment */

static int refuse_global(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    return luaL_error(L, "cannot set the global \"%s\": write \"local %s\"", name, name);
}

static int refuse_write(lua_State *L)
{
    return luaL_error(L, "cannot change \"%s\": it is read-only",
                      lua_tostring(L, lua_upvalueindex(1)));
}

void env_push_readonly(lua_State *L, const char *what)
{
    static const luaL_Reg readonly[] = {
        {"__newindex", refuse_write}, {"__metatable", NULL}, {NULL, NULL}};
    luaL_checkstack(L, 5, NULL);
    lua_newtable(L);               // t proxy
    luaL_newlibtable(L, readonly); // t proxy meta
    lua_pushstring(L, what);
    luaL_setfuncs(L, readonly, 1);
    lua_rotate(L, -3, -1); // proxy meta t
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2); // proxy
}

void env_push(lua_State *L)
{
    lua_newtable(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &strict_key);
    lua_setmetatable(L, -2);
}

void env_open(lua_State *L)
{
    static const luaL_Reg strict[] = {
        {"__newindex", refuse_global}, {"__metatable", NULL}, {NULL, NULL}};
    luaL_newlib(L, strict); // globals strict
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &strict_key); // globals
}
