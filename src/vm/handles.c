#include "vm/handles.h"

#include <lauxlib.h>
#include <string.h>

#include "base/str.h"

enum { AROUND_MAX = 1024 };

/* Registry keys are the addresses of these. */
static const char array_key, secret_key, file_key, buf_key;

struct file_handle {
    int id;
    char name[];
};

static const void *metatable_of(lua_State *L, const char *key)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    const void *p = lua_topointer(L, -1);
    lua_pop(L, 1);
    return p;
}

static int has_metatable(lua_State *L, int idx, const char *key)
{
    if (!lua_getmetatable(L, idx))
        return 0;
    const void *mt = lua_topointer(L, -1);
    lua_pop(L, 1);
    return mt == metatable_of(L, key);
}

int handles_is_around(const char *s, size_t len)
{
    if (len > AROUND_MAX || !str_is_utf8(s, len))
        return 0;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return 0;
    return 1;
}

/* Returns the text at IDX, which is joined with a secret. Raises for any other value. */
static const char *joined_text(lua_State *L, int idx, const char *name)
{
    size_t len;
    const char *text = lua_tolstring(L, idx, &len);
    if (handles_to_secret(L, idx))
        luaL_error(L, "cannot join two secrets: a text has one");
    if (!text)
        luaL_error(L, "cannot join the secret %s with a %s", name, luaL_typename(L, idx));
    else if (strlen(text) != len)
        luaL_error(L, "cannot join the secret %s with a text that holds a NUL", name);
    return text;
}

/* text .. secret, secret .. text -> the same secret, with TEXT around its value */
static int secret_concat(lua_State *L)
{
    int first = handles_to_secret(L, 1) != NULL, idx = first ? 1 : 2;
    const char *name = handles_to_secret(L, idx), *before, *behind;
    const char *text = joined_text(L, first ? 2 : 1, name);
    before = behind = "";
    if (first)
        behind = lua_pushfstring(L, "%s%s", handles_secret_behind(L, idx), text);
    else
        before = lua_pushfstring(L, "%s%s", text, handles_secret_before(L, idx));
    if (!handles_is_around(before, strlen(before)) ||
        !handles_is_around(behind, strlen(behind)))
        return luaL_error(L,
                          "cannot put this text around a secret: it must be UTF-8 "
                          "without control characters, of at most %d bytes",
                          AROUND_MAX);
    handles_push_secret(L, name, first ? handles_secret_before(L, idx) : before,
                        first ? behind : handles_secret_behind(L, idx));
    return 1;
}

static int secret_index(lua_State *L)
{
    return luaL_error(L, "cannot index a secret; text is joined with it by `..`, as in "
                         "\"Bearer \" .. secret");
}

static int secret_tostring(lua_State *L)
{
    const char *name = handles_to_secret(L, 1);
    lua_pushfstring(L, "secret %s", name ? name : "?");
    return 1;
}

static int file_tostring(lua_State *L)
{
    const char *name = "?";
    handles_to_file(L, 1, &name);
    lua_pushfstring(L, "file %s", name);
    return 1;
}

static int buf_close(lua_State *L)
{
    struct buf *b = lua_touserdata(L, 1);
    if (b && has_metatable(L, 1, &buf_key))
        buf_free(b);
    return 0;
}

/* __metatable without a function is false (luaL_setfuncs): scripts can neither read nor
 * change these. */
static const luaL_Reg array_meta[] = {{"__metatable", NULL}, {NULL, NULL}};
static const luaL_Reg secret_meta[] = {{"__metatable", NULL},
                                       {"__tostring", secret_tostring},
                                       {"__index", secret_index},
                                       {"__concat", secret_concat},
                                       {NULL, NULL}};
static const luaL_Reg file_meta[] = {
    {"__metatable", NULL}, {"__tostring", file_tostring}, {NULL, NULL}};
static const luaL_Reg buf_meta[] = {
    {"__metatable", NULL}, {"__gc", buf_close}, {"__close", buf_close}, {NULL, NULL}};

void handles_open(lua_State *L)
{
    luaL_checkstack(L, 4, NULL);
    luaL_newlib(L, array_meta);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &array_key);
    luaL_newlib(L, secret_meta);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &secret_key);
    luaL_newlib(L, file_meta);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &file_key);
    luaL_newlib(L, buf_meta);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &buf_key);
}

void handles_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL); /* what lua-cjson decodes null to */
}

int handles_is_null(lua_State *L, int idx)
{
    return lua_islightuserdata(L, idx) && lua_touserdata(L, idx) == NULL;
}

void handles_mark_array(lua_State *L, int idx)
{
    idx = lua_absindex(L, idx);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    lua_setmetatable(L, idx);
}

int handles_is_marked(lua_State *L, int idx)
{
    return has_metatable(L, idx, &array_key);
}

/* The userdata is NAME, BEFORE and BEHIND, each with its NUL. */
void handles_push_secret(lua_State *L, const char *name, const char *before,
                         const char *behind)
{
    size_t size = strlen(name) + 1, more = strlen(before) + 1, last = strlen(behind) + 1;
    char *handle = lua_newuserdatauv(L, size + more + last, 0);
    memcpy(handle, name, size);
    memcpy(handle + size, before, more);
    memcpy(handle + size + more, behind, last);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &secret_key);
    lua_setmetatable(L, -2);
}

const char *handles_to_secret(lua_State *L, int idx)
{
    if (lua_type(L, idx) != LUA_TUSERDATA || !has_metatable(L, idx, &secret_key))
        return NULL;
    return lua_touserdata(L, idx);
}

const char *handles_secret_before(lua_State *L, int idx)
{
    const char *name = handles_to_secret(L, idx);
    return name ? name + strlen(name) + 1 : NULL;
}

const char *handles_secret_behind(lua_State *L, int idx)
{
    const char *before = handles_secret_before(L, idx);
    return before ? before + strlen(before) + 1 : NULL;
}

void handles_push_file(lua_State *L, int id, const char *name)
{
    size_t size = strlen(name) + 1;
    struct file_handle *f = lua_newuserdatauv(L, sizeof *f + size, 0);
    f->id = id;
    memcpy(f->name, name, size);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &file_key);
    lua_setmetatable(L, -2);
}

int handles_to_file(lua_State *L, int idx, const char **name)
{
    if (lua_type(L, idx) != LUA_TUSERDATA || !has_metatable(L, idx, &file_key))
        return -1;
    const struct file_handle *f = lua_touserdata(L, idx);
    if (name)
        *name = f->name;
    return f->id;
}

void handles_set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

void handles_set_integer(lua_State *L, const char *field, lua_Integer n)
{
    lua_pushinteger(L, n);
    lua_setfield(L, -2, field);
}

void handles_copy_fields(lua_State *L, int from)
{
    from = lua_absindex(L, from);
    for (lua_pushnil(L); lua_next(L, from);) { // to key value
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4); // to key
    }
}

void *handles_push_owned(lua_State *L, size_t size, const char *name, lua_CFunction gc)
{
    const luaL_Reg meta[] = {{"__gc", gc}, {NULL, NULL}};
    void *owned = memset(lua_newuserdatauv(L, size, 0), 0, size);
    if (luaL_newmetatable(L, name))
        luaL_setfuncs(L, meta, 0);
    lua_setmetatable(L, -2);
    return owned;
}

struct buf *handles_push_buf(lua_State *L, size_t max)
{
    struct buf *b = lua_newuserdatauv(L, sizeof *b, 0);
    buf_init(b, max);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &buf_key);
    lua_setmetatable(L, -2);
    return b;
}

const void *handles_array_metatable(lua_State *L)
{
    return metatable_of(L, &array_key);
}

int handles_push_text(lua_State *L, struct buf *b)
{
    lua_pushlstring(L, buf_str(b), b->len);
    buf_free(b);
    return 1;
}
