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
    luaL_checkstack(L, 5, NULL);
    lua_newtable(L);          // t proxy
    lua_createtable(L, 0, 3); // t proxy meta
    lua_rotate(L, -3, -1);    // proxy meta t
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, what);
    lua_pushcclosure(L, refuse_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
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
    lua_createtable(L, 0, 3); // globals strict
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &strict_key); // globals
}
