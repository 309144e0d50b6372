#include "vm/conv.h"

#include <lauxlib.h>
#include <lua5.4/lua-cjson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsontext.h"
#include "base/str.h"
#include "core/limits.h"
#include "base/crypto.h"
#include "vm/cpu.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "vm/vm.h"

static const char cjson_key; /* registry: lua-cjson's decode */

/* Lets the state pass its memory limit: lua-cjson's own buffers leak when Lua runs out of
 * memory during a call. */
static void begin_codec(lua_State *L)
{
    vm_state_of(L)->allowance = limits_default.codec_bytes;
    cpu_grace(1);
}

/* Returns -1 when the state exceeds its own limit. */
static int end_codec(lua_State *L)
{
    struct vm_state *state = vm_state_of(L);
    state->allowance = 0;
    cpu_grace(0);
    return state->used > state->max ? -1 : 0;
}

/* ---- decoding -------------------------------------------------------------------- */

enum { MARK_BYTES = 32 };

struct decode {
    const char *text;
    size_t len;
    int flags;
    struct err *e;
    int depth; /* the text's */
    int failed;
};

/* The scan puts this before what lua-cjson would lose, as a string: random in each
 * process, so that no text from outside contains it. */
static const char *mark(void)
{
    static char hex[MARK_BYTES + 1];
    if (!hex[0]) {
        unsigned char random[MARK_BYTES / 2];
        crypto_random(random, sizeof random);
        str_hex(random, sizeof random, hex);
    }
    return hex;
}

/* NUMBER is one that the scan marked, because a double does not hold it exactly. */
static void push_number(lua_State *L, const char *number)
{
    int64_t i;
    if (!strpbrk(number, ".eE") && str_parse_int(number, &i) == 0)
        lua_pushinteger(L, i);
    else
        lua_pushnumber(L, strtod(number, NULL));
}

static int repair(lua_State *L, struct decode *d);

static int repair_array(lua_State *L, struct decode *d)
{
    lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i); // array value
        int changed = repair(L, d);
        if (changed < 0)
            return -1;
        if (changed)
            lua_rawseti(L, -2, i); // array
        else
            lua_pop(L, 1); // array
    }
    handles_mark_array(L, -1);
    return 0;
}

/* Returns the text at INDEX of the list at LIST when it may stand around a secret, and
 * leaves it on the stack; else NULL. A missing one is "". */
static const char *text_around(lua_State *L, int list, int index)
{
    size_t len;
    if (lua_rawgeti(L, list, index) == LUA_TNIL)
        return "";
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
    return text && handles_is_around(text, len) ? text : NULL;
}

/* Pushes the secret and returns 1 when the value on top is [NAME, BEFORE] or [NAME,
 * BEFORE, BEHIND]; else 0. */
static int repair_secret_within(lua_State *L)
{
    int list = lua_gettop(L);
    if (!lua_istable(L, list) || lua_rawlen(L, list) < 2 || lua_rawlen(L, list) > 3)
        return 0;
    const char *before = text_around(L, list, 2), *behind = text_around(L, list, 3);
    lua_rawgeti(L, list, 1); // list before behind name
    int is_one = before && behind && lua_type(L, -1) == LUA_TSTRING &&
                 str_is_name(lua_tostring(L, -1));
    if (is_one) {
        handles_push_secret(L, lua_tostring(L, -1), before, behind);
        lua_replace(L, list + 1);
    }
    lua_settop(L, list + is_one);
    return is_one;
}

/* Replaces {"$secret":…} or {"$file":[ID,NAME]} on top by its handle and returns 1; else
 * 0.
 */
static int repair_handle(lua_State *L)
{
    int table = lua_gettop(L);
    lua_pushnil(L);
    lua_next(L, table); // table key value
    const char *key = lua_tostring(L, -2);
    if (strcmp(key, "$secret") == 0 && lua_type(L, -1) == LUA_TSTRING &&
        str_is_name(lua_tostring(L, -1))) {
        handles_push_secret(L, lua_tostring(L, -1), "", ""); // table key value handle
    } else if (strcmp(key, "$secret") == 0 && repair_secret_within(L)) {
        ; // table key value handle
    } else if (strcmp(key, "$file") == 0 && lua_istable(L, -1) &&
               lua_rawlen(L, -1) == 2) {
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2); // table key value id name
        if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 0 ||
            lua_tointeger(L, -2) > INT32_MAX || lua_type(L, -1) != LUA_TSTRING) {
            lua_settop(L, table);
            return 0;
        }
        handles_push_file(L, (int)lua_tointeger(L, -2), lua_tostring(L, -1));
    } else {
        lua_settop(L, table);
        return 0;
    }
    lua_replace(L, table);
    lua_settop(L, table); // handle
    return 1;
}

/* Repairs the object on top, which has N keys, some of which begin with '$'. */
static int repair_dollars(lua_State *L, struct decode *d, int n)
{
    if (n == 1 && repair_handle(L))
        return 1;
    int table = lua_gettop(L);
    lua_createtable(L, 0, n);                   // table copy
    for (lua_pushnil(L); lua_next(L, table);) { // table copy key value
        size_t len;
        const char *key = lua_tolstring(L, -2, &len);
        if (key[0] == '$' && key[1] != '$')
            return err_set(
                d->e, ERR_INVALID,
                "cannot decode JSON: \"%.64s\" is not a handle that foyer knows", key);
        lua_pushlstring(L, key + (key[0] == '$'), len - (key[0] == '$'));
        lua_insert(L, -2);
        lua_rawset(L, table + 1); // table copy key
    }
    lua_replace(L, table); // copy
    return 1;
}

static int repair_object(lua_State *L, struct decode *d)
{
    int n = 0, dollars = 0;
    for (lua_pushnil(L); lua_next(L, -2); n++) { // object key value
        if (d->flags & CONV_HANDLES && lua_tostring(L, -2)[0] == '$')
            dollars = 1;
        int changed = repair(L, d);
        if (changed < 0)
            return -1;
        if (changed) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4); // object key: an existing field, so the walk stays valid
        } else {
            lua_pop(L, 1); // object key
        }
    }
    return dollars ? repair_dollars(L, d, n) : 0;
}

/* Repairs the value on top, as lua-cjson made it. 1: it is another value now; 0: it is
 * the same one; -1: an error. */
static int repair(lua_State *L, struct decode *d)
{
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER: {
        lua_Number v = lua_tonumber(L, -1);
        if (v !=
            (lua_Number)(lua_Integer)v) /* never out of range: the scan marks those */
            return 0;
        lua_pop(L, 1);
        lua_pushinteger(L, (lua_Integer)v);
        return 1;
    }
    case LUA_TSTRING: {
        size_t len;
        const char *s = lua_tolstring(L, -1, &len);
        if (len < MARK_BYTES || memcmp(s, mark(), MARK_BYTES) != 0)
            return 0;
        if (len == MARK_BYTES) {
            lua_createtable(L, 0, 0);
            handles_mark_array(L, -1);
        } else {
            push_number(L, s + MARK_BYTES);
        }
        lua_remove(L, -2);
        return 1;
    }
    case LUA_TTABLE:
        /* The scan marks an empty array, so that an empty table is an object. */
        return lua_rawlen(L, -1) > 0 ? repair_array(L, d) : repair_object(L, d);
    default:
        return 0;
    }
}

static int decode_protected(lua_State *L)
{
    struct decode *d = lua_touserdata(L, 1);
    lua_settop(L, 0);
    luaL_checkstack(L, 6 * d->depth + LUA_MINSTACK, NULL);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &cjson_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushcfunction(L, luaopen_cjson);
        lua_call(L, 0, 1);                         // cjson
        lua_getfield(L, -1, "encode_keep_buffer"); /* 1 KB that is not used */
        lua_pushboolean(L, 0);
        lua_call(L, 1, 0);
        lua_getfield(L, -1, "decode");
        lua_replace(L, 1);
        lua_pushvalue(L, 1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &cjson_key);
    } // decode
    lua_pushlstring(L, d->text, d->len);
    lua_call(L, 1, 1); // value
    d->failed = repair(L, d) < 0;
    return d->failed ? 0 : 1;
}

int conv_call(lua_State *L, int nargs, int nresults)
{
    begin_codec(L);
    int status = lua_pcall(L, nargs, nresults, 0);
    if (end_codec(L) == 0)
        return status;
    begin_codec(L); /* without its garbage, it may be within the limit */
    lua_gc(L, LUA_GCCOLLECT, 0);
    if (end_codec(L) == 0)
        return status;
    lua_pop(L, status == LUA_OK ? nresults : 1);
    lua_pushnil(L);
    lua_gc(L, LUA_GCCOLLECT, 0);
    return LUA_ERRMEM;
}

static int too_big(struct err *e, size_t len)
{
    return err_set(e, ERR_LIMIT,
                   "cannot decode JSON: its values take more memory than a script may "
                   "have (text of %zu bytes); ask for less at a time",
                   len);
}

int conv_decode(lua_State *L, const char *data, size_t len, int flags, struct err *e)
{
    struct buf rewritten;
    struct jsontext_scan scan = {.mark = mark(),
                                 .depth_max = limits_default.json_depth,
                                 .values_max = limits_default.json_values,
                                 .out = &rewritten};
    struct decode d = {.flags = flags, .e = e};
    luaL_checkstack(L, LUA_MINSTACK, NULL);

    /* From here on nothing raises: the two values that are pushed allocate nothing. */
    buf_init(&rewritten, SIZE_MAX / 4);
    if (jsontext_check(&scan, data, len, e) != 0) {
        buf_free(&rewritten);
        return -1;
    }
    if (scan.lua_bytes > limits_default.codec_bytes) {
        buf_free(&rewritten);
        return too_big(e, len);
    }
    d.depth = scan.depth;
    d.text = rewritten.len ? rewritten.data : data;
    d.len = rewritten.len ? rewritten.len : len;
    lua_pushcfunction(L, decode_protected);
    lua_pushlightuserdata(L, &d);
    int status = conv_call(L, 1, 1); // value or error
    buf_free(&rewritten);
    if (status == LUA_OK && !d.failed)
        return 0;
    if (status == LUA_ERRMEM)
        too_big(e, len);
    else if (status != LUA_OK)
        err_set(e, ERR_INTERNAL, "cannot decode JSON: %s",
                lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "no reason given");
    lua_pop(L, 1);
    return -1;
}

int conv_push(lua_State *L, const char *data, size_t len, int flags)
{
    struct err e;
    return conv_decode(L, data, len, flags, &e) == 0 ? 1 : fail_raise(L, &e);
}
