#include "api/api.h"

#include <lauxlib.h>

#include "core/limits.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"

/* json.decode(text) -> value */
static int api_json_decode(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    return conv_push(L, text, len, CONV_PLAIN);
}

/* json.encode(value) -> text */
static int api_json_encode(lua_State *L)
{
    struct err e;
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    struct buf *out = handles_push_buf(L, limits_default.vm_bytes); // value buf
    if (conv_encode(L, 1, out, CONV_PLAIN, &e) != 0)
        return fail_raise(L, &e);
    return handles_push_text(L, out);
}

/* json.array([table]) -> the table, marked: it is [] in JSON when it is empty */
static int api_json_array(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!conv_is_array(L, 1) && luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_argerror(L, 1, "a table with a protected metatable");
    handles_mark_array(L, 1);
    return 1;
}

/* json.is_array(value) -> boolean */
static int api_json_is_array(lua_State *L)
{
    lua_pushboolean(L, conv_is_array(L, 1));
    return 1;
}

int api_json_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"decode", api_json_decode},
        {"encode", api_json_encode},
        {"array", api_json_array},
        {"is_array", api_json_is_array},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    handles_push_null(L);
    lua_setfield(L, -2, "null");
    return 1;
}
