#include "vm/fail.h"

#include <lauxlib.h>
#include <stdarg.h>

#include "vm/handles.h"

/* Pushes t[name] without metamethods, and returns its type. */
static int push_field(lua_State *L, int t, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, t);
}

static int error_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (push_field(L, 1, "message") != LUA_TSTRING)
        lua_pushliteral(L, "error");
    return 1;
}

void fail_push(lua_State *L, const struct err *e)
{
    static const luaL_Reg meta[] = {
        {"__tostring", error_tostring}, {"__metatable", NULL}, {NULL, NULL}};
    luaL_checkstack(L, 6, NULL);
    lua_createtable(L, 0, 4);
    handles_set_text(L, "kind", err_kind_name(e->kind));
    handles_set_text(L, "message", e->text);
    if (e->status)
        handles_set_integer(L, "status", e->status);
    if (err_kind_is_retryable(e->kind)) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "retryable");
    }
    if (e->retry_after_ms >= 0) {
        lua_pushnumber(L, (lua_Number)e->retry_after_ms / 1000);
        lua_setfield(L, -2, "retry_after");
    }
    if (luaL_newmetatable(L, "foyer.error"))
        luaL_setfuncs(L, meta, 0);
    lua_setmetatable(L, -2);
}

int fail_raise(lua_State *L, const struct err *e)
{
    fail_push(L, e);
    return lua_error(L);
}

int fail_text(lua_State *L, enum err_kind kind, const char *fmt, ...)
{
    struct err e;
    va_list ap;
    va_start(ap, fmt);
    err_vset(&e, kind, fmt, ap);
    va_end(ap);
    return fail_raise(L, &e);
}

static void read_table(lua_State *L, int idx, struct err *e)
{
    enum err_kind kind = ERR_SCRIPT;
    const char *message = "an error table without a message";
    if (push_field(L, idx, "kind") == LUA_TSTRING && err_kind_find(lua_tostring(L, -1)))
        kind = err_kind_find(lua_tostring(L, -1));
    lua_pop(L, 1);
    if (push_field(L, idx, "message") == LUA_TSTRING)
        message = lua_tostring(L, -1);
    err_set(e, kind, "%s", message);
    lua_pop(L, 1);
    push_field(L, idx, "status");
    if (lua_isinteger(L, -1))
        e->status = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    int type = push_field(L, idx, "retry_after");
    lua_Number seconds = type == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if (seconds >= 0 && seconds < 1e9)
        e->retry_after_ms = (int64_t)(seconds * 1000);
    lua_pop(L, 1);
}

static void read_value(lua_State *L, int idx, struct err *e)
{
    luaL_checkstack(L, 4, NULL);
    switch (lua_type(L, idx)) {
    case LUA_TTABLE:
        read_table(L, idx, e);
        break;
    case LUA_TSTRING:
        err_set(e, ERR_SCRIPT, "%s", lua_tostring(L, idx));
        break;
    default:
        err_set(e, ERR_SCRIPT, "a script raised a %s instead of a text",
                lua_typename(L, lua_type(L, idx)));
    }
}

/* Called by lua_pcall, because reading an error can need memory. */
static int read_error(lua_State *L)
{
    read_value(L, 1, lua_touserdata(L, 2));
    return 0;
}

/* Raises nothing: a light C function and a light userdata need no memory, and the stack
 * has room for them. */
void fail_read_top(lua_State *L, struct err *e)
{
    struct err read;
    lua_pushcfunction(L, read_error);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, &read);
    if (lua_pcall(L, 2, 0, 0) == LUA_OK)
        *e = read;
    else
        err_set(e, ERR_LIMIT, "cannot go on: the script's memory is used up");
}
