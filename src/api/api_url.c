#include "api/api.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsontext.h"
#include "base/str.h"
#include "base/url.h"
#include "io/url_parse.h"
#include "core/connection.h"
#include "core/limits.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"

/* url.segment(text) -> the text as one path segment */
static int api_url_segment(lua_State *L)
{
    return api_text_add_all(L, "a URL segment", url_add_escaped);
}

struct query {
    struct buf *out;
    char sep; /* before the next pair; '\0': none */
};

/* Puts the number on top into TEXT, as an API reads it: 100 / 2 is 50.0 in Lua, and 50
 * here. Its length, or 0 for one that no text stands for. */
static size_t number_text(lua_State *L, char text[48])
{
    if (lua_isinteger(L, -1))
        return (size_t)snprintf(text, 48, "%lld", (long long)lua_tointeger(L, -1));
    if (!isfinite(lua_tonumber(L, -1)))
        return 0;
    struct buf b;
    buf_init(&b, 47);
    jsontext_add_number(&b, lua_tonumber(L, -1));
    size_t len = b.len;
    memcpy(text, b.data, len);
    buf_free(&b);
    return len > 2 && memcmp(text + len - 2, ".0", 2) == 0 ? len - 2 : len;
}

/* Appends KEY=VALUE for the value on top. */
static int add_pair(lua_State *L, struct query *q, const struct str_key *key)
{
    const char *s = NULL;
    size_t len = 0;
    char number[48];
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING) {
        s = lua_tolstring(L, -1, &len);
    } else if (type == LUA_TBOOLEAN) {
        s = lua_toboolean(L, -1) ? "true" : "false";
        len = strlen(s);
    } else if (type == LUA_TNUMBER) {
        len = number_text(L, number);
        s = len ? number : NULL;
    }
    if (!s)
        fail_text(L, ERR_INVALID,
                  "cannot make a query: %.64s is %s, not text, a number or a boolean",
                  key->s, handles_is_null(L, -1) ? "json.null" : luaL_typename(L, -1));
    int rc = q->sep ? buf_addc(q->out, q->sep) : 0;
    q->sep = '&';
    rc |= url_add_escaped(q->out, key->s, key->len);
    rc |= buf_addc(q->out, '=');
    return rc | url_add_escaped(q->out, s, len);
}

/* The same for each item of a list. */
static int add_pairs(lua_State *L, struct query *q, const struct str_key *key)
{
    if (!conv_is_array(L, -1))
        return add_pair(L, q, key);
    int rc = 0;
    for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, -1); i <= n; i++) {
        lua_rawgeti(L, -1, i);
        rc |= add_pair(L, q, key);
        lua_pop(L, 1);
    }
    return rc;
}

int api_url_add_query(lua_State *L, int table, struct buf *out, char sep)
{
    struct query q = {out, sep};
    size_t n = 0, i = 0;
    int rc = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1), n++)
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "cannot make a query: every key must be a name");
    struct str_key *keys = lua_newuserdatauv(L, n * sizeof *keys, 0); // keys
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1), i++)
        keys[i].s = lua_tolstring(L, -2, &keys[i].len);
    qsort(keys, n, sizeof *keys, str_compare_keys);
    for (i = 0; i < n; i++) {
        lua_pushlstring(L, keys[i].s, keys[i].len);
        lua_rawget(L, table); // keys value
        rc |= add_pairs(L, &q, &keys[i]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return rc;
}

/* url.query(table) -> "a=1&b=2", sorted; a list repeats its key */
static int api_url_query(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct buf *out = handles_push_buf(L, limits_default.vm_bytes);
    if (api_url_add_query(L, 1, out, '\0') != 0)
        return fail_text(L, ERR_LIMIT, "cannot make a query: it is longer than %zu bytes",
                         out->max);
    return handles_push_text(L, out);
}

/* url.decode(text) -> the text without percent-encoding */
static int api_url_decode(lua_State *L)
{
    size_t len;
    luaL_Buffer b;
    const char *s = luaL_checklstring(L, 1, &len);
    char *out = luaL_buffinitsize(L, &b, len);
    long n = url_unescape(s, len, out);
    if (n < 0)
        return fail_text(L, ERR_INVALID,
                         "cannot decode \"%.64s\": a %% needs two hexadecimal digits", s);
    luaL_pushresultsize(&b, (size_t)n);
    return 1;
}

/* url.parse(url) -> {scheme, host, port, path, query} */
static int api_url_parse(lua_State *L)
{
    size_t len;
    struct err e;
    struct url_parts u;
    const char *s = luaL_checklstring(L, 1, &len);
    struct buf *host = handles_push_buf(L, len); // url buf
    if (strlen(s) != len)
        return fail_text(L, ERR_INVALID, "cannot use the URL %.200s: it holds a NUL", s);
    /* Nothing raises while the parts are ours. */
    if (url_parse(s, &u, &e) != 0)
        return fail_raise(L, &e);
    buf_adds(host, u.host);
    int port = u.port, https = strcmp(u.scheme, "https") == 0;
    const char *path = u.rest;
    url_parts_fini(&u);

    size_t path_len = strcspn(path, "?#");
    lua_createtable(L, 0, 5);
    handles_set_text(L, "scheme", https ? "https" : "http");
    lua_pushlstring(L, buf_str(host), host->len);
    lua_setfield(L, -2, "host");
    handles_set_integer(L, "port", port);
    lua_pushlstring(L, path_len ? path : "/", path_len ? path_len : 1);
    lua_setfield(L, -2, "path");
    if (path[path_len] == '?') {
        const char *query = path + path_len + 1;
        lua_pushlstring(L, query, strcspn(query, "#"));
        lua_setfield(L, -2, "query");
    }
    return 1;
}

int api_url_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"segment", api_url_segment},
        {"query", api_url_query},
        {"decode", api_url_decode},
        {"parse", api_url_parse},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
