#include "vm/bounded.h"
#include "vm/handles.h"
#include "vm/parts.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "vm/vm.h"

/* The memory of an attempt holds no table longer than LENGTH_MAX. */
enum { LOOP_MAX = 1000 * 1000, LENGTH_MAX = 4 * LOOP_MAX, REP_MAX = 16 * 1024 * 1024 };

/* ---- base ---- */

/* As Lua's tostring, but without the address of a table, function or userdata: addresses
 * differ between processes, and a replay must see the same text. */
const char *bounded_push_text(lua_State *L, int idx)
{
    int type = lua_type(L, idx);
    if (type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER ||
        type == LUA_TSTRING)
        return luaL_tolstring(L, idx, NULL);
    if (luaL_getmetafield(L, idx, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        return luaL_tolstring(L, idx, NULL);
    }
    if (type == LUA_TLIGHTUSERDATA)
        return lua_pushstring(L, lua_touserdata(L, idx) ? "userdata" : "null");
    return lua_pushstring(L, lua_typename(L, type));
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    bounded_push_text(L, 1);
    return 1;
}

struct key {
    struct str_key text; /* anchored by the array of keys */
    int type;
    int index; /* in the array of keys */
    lua_Number number;
    lua_Integer integer;
    int is_integer;
};

/* numbers, then strings, then booleans */
static int type_rank(int type)
{
    return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : 2;
}

static int compare_keys(const void *pa, const void *pb)
{
    const struct key *a = pa, *b = pb;
    if (a->type != b->type)
        return type_rank(a->type) - type_rank(b->type);
    if (a->type == LUA_TNUMBER) {
        if (a->is_integer && b->is_integer)
            return a->integer < b->integer ? -1 : a->integer > b->integer;
        return a->number < b->number ? -1 : a->number > b->number;
    }
    if (a->type == LUA_TSTRING)
        return str_compare_keys(a, b);
    return (int)(a->integer - b->integer);
}

static void read_key(lua_State *L, int idx, struct key *key)
{
    *key = (struct key){.type = lua_type(L, idx)};
    switch (key->type) {
    case LUA_TNUMBER:
        key->is_integer = lua_isinteger(L, idx);
        key->integer = lua_tointeger(L, idx);
        key->number = lua_tonumber(L, idx);
        break;
    case LUA_TSTRING:
        key->text.s = lua_tolstring(L, idx, &key->text.len);
        break;
    case LUA_TBOOLEAN:
        key->integer = lua_toboolean(L, idx);
        break;
    default:
        luaL_error(L,
                   "cannot walk a table that has a %s as a key: use strings or numbers",
                   luaL_typename(L, idx));
    }
}

/* A plain sequence, the common case, needs neither a list of keys nor sorting. */
static int is_sequence(lua_State *L, int idx, lua_Integer *n)
{
    lua_Integer len = (lua_Integer)lua_rawlen(L, idx), count = 0;
    lua_pushnil(L);
    while (lua_next(L, idx)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 ||
            lua_tointeger(L, -1) > len) {
            lua_pop(L, 1);
            return 0;
        }
        count++;
    }
    *n = len;
    return count == len;
}

/* upvalues: keys (nil for a sequence), position, length */
static int pairs_step(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE); /* a script may call the iterator itself */
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
    lua_Integer n = lua_tointeger(L, lua_upvalueindex(3));
    int sequence = lua_isnil(L, lua_upvalueindex(1));
    while (i < n) {
        i++;
        if (sequence)
            lua_pushinteger(L, i);
        else
            lua_rawgeti(L, lua_upvalueindex(1), i);
        lua_pushvalue(L, -1);
        lua_rawget(L, 1);
        if (lua_isnil(L, -1)) { /* removed during the walk */
            lua_pop(L, 2);
            continue;
        }
        lua_pushinteger(L, i);
        lua_replace(L, lua_upvalueindex(2));
        return 2;
    }
    lua_pushnil(L);
    return 1;
}

static int base_pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_Integer n = 0;
    if (is_sequence(L, 1, &n)) {
        lua_pushnil(L);
    } else {
        n = 0;
        lua_newtable(L); // t keys
        for (lua_pushnil(L); lua_next(L, 1);) {
            lua_pop(L, 1);
            lua_pushvalue(L, -1);
            lua_rawseti(L, 2, ++n);
        }
        struct key *keys =
            lua_newuserdatauv(L, (size_t)n * sizeof *keys, 0); // t keys sort
        for (lua_Integer i = 0; i < n; i++) {
            lua_rawgeti(L, 2, i + 1);
            read_key(L, -1, &keys[i]);
            keys[i].index = (int)i + 1;
            lua_pop(L, 1);
        }
        qsort(keys, (size_t)n, sizeof *keys, compare_keys);
        lua_createtable(L, (int)n, 0); // t keys sort sorted
        for (lua_Integer i = 0; i < n; i++) {
            lua_rawgeti(L, 2, keys[i].index);
            lua_rawseti(L, 4, i + 1);
        }
    }
    lua_pushinteger(L, 0);
    lua_pushinteger(L, n);
    lua_pushcclosure(L, pairs_step, 3);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static int base_next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2))
        return luaL_error(L, "next(t, key) is not part of foyer: use pairs");
    lua_settop(L, 1);
    struct key best, key;
    int found = 0;
    for (lua_pushnil(L); lua_next(L, 1);) { // t best? key value
        lua_pop(L, 1);
        read_key(L, -1, &key);
        if (!found || compare_keys(&key, &best) < 0) {
            best = key;
            lua_pushvalue(L, -1);
            if (found)
                lua_replace(L, 2);
            else
                lua_insert(L, 2);
            found = 1;
        }
    }
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    lua_rawget(L, 1);
    return 2;
}

static int base_setmetatable(lua_State *L)
{
    static const char *const refused[] = {"__gc", "__mode", "__pairs"};
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    lua_settop(L, 2);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (lua_istable(L, 2)) {
        /* a copy, so that no field such as __mode can be added to it later */
        lua_newtable(L);
        handles_copy_fields(L, 2);
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
            lua_pushstring(L, refused[i]);
            lua_rawget(L, 3);
            if (!lua_isnil(L, -1))
                return luaL_error(L, "a metatable cannot have %s here", refused[i]);
            lua_pop(L, 1);
        }
    }
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

/* getmetatable returns a copy too: the metatable in use must not change. */
static int base_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (!lua_getmetatable(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return 1;
    lua_newtable(L); // v meta copy
    handles_copy_fields(L, -2);
    return 1;
}

void bounded_set_base(lua_State *L)
{
    static const char *const kept[] = {"assert",   "error",  "ipairs", "pcall",
                                       "rawequal", "rawget", "rawlen", "select",
                                       "tonumber", "type"};
    static const luaL_Reg ours[] = {{"tostring", base_tostring},
                                    {"pairs", base_pairs},
                                    {"next", base_next},
                                    {"setmetatable", base_setmetatable},
                                    {"getmetatable", base_getmetatable},
                                    {NULL, NULL}};
    int globals = lua_gettop(L);
    /* luaopen_base fills the state's own table of globals, which no script can reach */
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        lua_getfield(L, -1, kept[i]);
        lua_setfield(L, globals, kept[i]);
    }
    lua_pop(L, 1);
    luaL_setfuncs(L, ours, 0);
    lua_pushliteral(L, LUA_VERSION);
    lua_setfield(L, globals, "_VERSION");
}

/* Calls the wrapped function, the upvalue, with all arguments. Its errors know neither
 * its name nor the script's line, because C calls it: they are added. */
static int call_original(lua_State *L, const char *name)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0) == LUA_OK)
        return lua_gettop(L);
    if (lua_type(L, -1) == LUA_TSTRING) {
        const char *message = lua_tostring(L, -1);
        if (str_starts(message, "bad argument") || str_starts(message, "invalid")) {
            luaL_where(L, 1);
            luaL_gsub(L, message, "'?'", name);
            lua_concat(L, 2);
        }
    }
    return lua_error(L);
}

/* ---- string ---- */

static int string_rep(lua_State *L)
{
    size_t len, sep_len;
    luaL_checklstring(L, 1, &len);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &sep_len);
    if (n <= 0 || len + sep_len == 0) { /* Lua would count to n even for empty strings */
        lua_pushliteral(L, "");
        return 1;
    }
    if (n > REP_MAX || (lua_Integer)(len + sep_len) > REP_MAX / n)
        return luaL_error(L, "string.rep makes more than %d bytes", REP_MAX);
    return call_original(L, "'rep'");
}

/* string.format without addresses: no %p, and %s of a table shows "table". */
static int string_format(lua_State *L)
{
    size_t len;
    const char *f = luaL_checklstring(L, 1, &len);
    int arg = 1, top = lua_gettop(L);
    for (const char *end = f + len; f < end; f++) {
        if (*f != '%')
            continue;
        if (*++f == '%')
            continue;
        f += strspn(f, "-+ #0123456789.");
        arg++;
        if (*f == 'p')
            return luaL_error(L, "string.format cannot show addresses (%%p)");
        if (*f == 's' && arg <= top) {
            bounded_push_text(L, arg);
            lua_replace(L, arg);
        }
    }
    return call_original(L, "'format'");
}

static void wrap(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, fn, 1);
    lua_setfield(L, -2, name);
}

int bounded_open_string(lua_State *L)
{
    /* luaopen_string also sets the metatable of strings: put ours back */
    lua_pushliteral(L, "");
    int had = lua_getmetatable(L, -1); // "" meta?
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1); // "" meta? string
    if (had) {
        lua_rotate(L, -3, 1); // string "" meta
        lua_setmetatable(L, -2);
    } else {
        lua_insert(L, -2);
    }
    lua_pop(L, 1); // string
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    wrap(L, "rep", string_rep);
    wrap(L, "format", string_format);
    return 1;
}

/* ---- table ---- */

/* Calls __len once: it may return a huge length, or another one each time, and no hook
 * stops a C loop. */
static lua_Integer check_length(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 1);
    if (n < 0 || n > LENGTH_MAX)
        luaL_error(L, "the table's length is out of range");
    return n;
}

static int table_insert(lua_State *L)
{
    lua_Integer end = check_length(L) + 1, pos = end;
    if (lua_gettop(L) == 3) {
        pos = luaL_checkinteger(L, 2);
        luaL_argcheck(L, pos >= 1 && pos <= end, 2, "position out of bounds");
    } else if (lua_gettop(L) != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    for (lua_Integer i = end; i > pos; i--) {
        lua_geti(L, 1, i - 1);
        lua_seti(L, 1, i);
    }
    lua_seti(L, 1, pos);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer size = check_length(L), pos = luaL_optinteger(L, 2, size);
    if (pos != size)
        luaL_argcheck(L, pos >= 1 && pos <= size + 1, 2, "position out of bounds");
    lua_geti(L, 1, pos);
    for (; pos < size; pos++) {
        lua_geti(L, 1, pos + 1);
        lua_seti(L, 1, pos);
    }
    lua_pushnil(L);
    lua_seti(L, 1, pos);
    return 1;
}

static int table_concat(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t len;
    const char *sep = luaL_optlstring(L, 2, "", &len);
    lua_Integer i = luaL_optinteger(L, 3, 1);
    lua_Integer j = lua_isnoneornil(L, 4) ? check_length(L) : luaL_checkinteger(L, 4);
    if (j >= i && (lua_Unsigned)j - (lua_Unsigned)i >= (lua_Unsigned)LOOP_MAX)
        return luaL_error(L, "table.concat joins more than %d items", LOOP_MAX);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    lua_Integer n = j >= i ? j - i + 1 : 0;
    for (lua_Integer k = 0; k < n; k++) {
        if (k > 0)
            luaL_addlstring(&b, sep, len);
        if (lua_geti(L, 1, i + k) != LUA_TSTRING && !lua_isnumber(L, -1))
            return luaL_error(L, "invalid value (at index %I) in table for 'concat'",
                              (LUAI_UACINT)(i + k));
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return 1;
}

static int table_move(lua_State *L)
{
    lua_Integer f = luaL_checkinteger(L, 2), e = luaL_checkinteger(L, 3);
    if (e >= f && (lua_Unsigned)e - (lua_Unsigned)f >= (lua_Unsigned)LOOP_MAX)
        return luaL_error(L, "table.move moves more than %d items", LOOP_MAX);
    return call_original(L, "'move'");
}

int bounded_open_table(lua_State *L)
{
    lua_pushcfunction(L, luaopen_table);
    lua_call(L, 0, 1);
    static const luaL_Reg ours[] = {{"concat", table_concat},
                                    {"insert", table_insert},
                                    {"remove", table_remove},
                                    {NULL, NULL}};
    luaL_setfuncs(L, ours, 0);
    wrap(L, "move", table_move);
    parts_push(L, "sort");
    lua_setfield(L, -2, "sort");
    return 1;
}
