#include "vm/conv.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsontext.h"
#include "base/str.h"
#include "core/limits.h"
#include "vm/handles.h"

/* All that is allocated besides OUT is Lua's, so that an error raised by Lua leaks
 * nothing.
 */
struct encode {
    struct buf *out;
    int handles;          /* 1: secrets and files are written, and '$' is escaped */
    const void *array_mt; /* see handles.h */
    int depth_max;
    struct err *e;
};

struct step { /* one part of the path from the root, for errors */
    const struct step *up;
    const char *key; /* NULL: INDEX */
    size_t len;
    lua_Integer index;
};

enum { FEW_KEYS = 32 };

static int is_word(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z') && s[i] != '_' &&
            !(i && s[i] >= '0' && s[i] <= '9'))
            return 0;
    return len > 0;
}

static int is_plain(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20)
            return 0;
    return str_is_utf8(s, len);
}

static void add_path(struct buf *out, const struct step *at)
{
    if (!at)
        return;
    add_path(out, at->up);
    if (!at->key)
        buf_addf(out, "[%lld]", (long long)at->index);
    else if (is_word(at->key, at->len))
        buf_addf(out, "%s%.*s", out->len ? "." : "", (int)(at->len < 64 ? at->len : 64),
                 at->key);
    else if (at->len < 64 && is_plain(at->key, at->len))
        buf_addf(out, "[\"%.*s\"]", (int)at->len, at->key);
    else
        buf_adds(out, "[?]");
}

static int cannot(struct encode *c, const struct step *at, enum err_kind kind,
                  const char *what)
{
    struct buf path;
    buf_init(&path, 400); /* a longer path is cut */
    add_path(&path, at);
    err_set(c->e, kind, "cannot encode JSON: %s%s%s", buf_str(&path), at ? ": " : "",
            what);
    buf_free(&path);
    return -1;
}

static int full(struct encode *c)
{
    return err_set(c->e, ERR_LIMIT, "cannot encode JSON: it is longer than %zu bytes",
                   c->out->max);
}

static int encode_value(lua_State *L, int idx, struct encode *c, const struct step *at,
                        int depth);

static int encode_string(lua_State *L, int idx, struct encode *c, const struct step *at)
{
    size_t len;
    const char *s = lua_tolstring(L, idx, &len);
    if (jsontext_add_string(c->out, s, len) == 0)
        return 0;
    if (str_is_utf8(s, len))
        return full(c);
    return cannot(c, at, ERR_INVALID, "a string that is not UTF-8");
}

static int encode_array(lua_State *L, int idx, struct encode *c, const struct step *at,
                        int depth, lua_Integer n)
{
    struct step step = {.up = at};
    if (buf_addc(c->out, '[') != 0)
        return full(c);
    for (lua_Integer i = 1; i <= n; i++) {
        step.index = i;
        if (i > 1 && buf_addc(c->out, ',') != 0)
            return full(c);
        lua_rawgeti(L, idx, i); // value
        if (encode_value(L, lua_gettop(L), c, &step, depth + 1) != 0)
            return -1;
        lua_pop(L, 1); //
    }
    return buf_addc(c->out, ']') == 0 ? 0 : full(c);
}

static int encode_object(lua_State *L, int idx, struct encode *c, const struct step *at,
                         int depth, size_t n)
{
    struct str_key few[FEW_KEYS], *keys = few;
    struct step step = {.up = at};
    if (n > FEW_KEYS) /* Lua's memory, so that an error leaks nothing */
        keys = lua_newuserdatauv(L, n * sizeof *keys, 0);
    else
        lua_pushnil(L);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
        keys[i].s = lua_tolstring(L, -2, &keys[i].len);
        i++;
    } // keys
    qsort(keys, n, sizeof *keys, str_compare_keys);
    if (buf_addc(c->out, '{') != 0)
        return full(c);
    for (i = 0; i < n; i++) {
        step.key = keys[i].s;
        step.len = keys[i].len;
        if (i && buf_addc(c->out, ',') != 0)
            return full(c);
        lua_pushlstring(L, keys[i].s, keys[i].len); // keys key
        size_t quote = c->out->len;
        if (encode_string(L, -1, c, &step) != 0)
            return -1;
        if (c->handles && keys[i].len && keys[i].s[0] == '$') {
            if (buf_addc(c->out, '"') != 0)
                return full(c);
            memmove(c->out->data + quote + 2, c->out->data + quote + 1,
                    c->out->len - quote - 2);
            c->out->data[quote + 1] = '$';
        }
        if (buf_addc(c->out, ':') != 0)
            return full(c);
        lua_rawget(L, idx); // keys value
        if (encode_value(L, lua_gettop(L), c, &step, depth + 1) != 0)
            return -1;
        lua_pop(L, 1); // keys
    }
    lua_pop(L, 1); //
    return buf_addc(c->out, '}') == 0 ? 0 : full(c);
}

/* Returns 1 for an array and 0 for an object, of N items; -1 for neither, with WHY. */
static int classify(lua_State *L, int idx, const void *array_mt, lua_Integer *n,
                    const char **why)
{
    int marked = 0;
    lua_Integer numbers = 0, strings = 0, others = 0, largest = 0;
    if (lua_getmetatable(L, idx)) {
        marked = lua_topointer(L, -1) == array_mt;
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) { // key value
        if (lua_type(L, -2) == LUA_TSTRING) {
            strings++;
        } else if (lua_isinteger(L, -2) && lua_tointeger(L, -2) > 0) {
            numbers++;
            if (lua_tointeger(L, -2) > largest)
                largest = lua_tointeger(L, -2);
        } else {
            others++;
        }
    }
    *why = NULL;
    if (others)
        *why = "a table with a key that is neither text nor a position";
    else if (numbers && strings)
        *why = "a table with both positions and names";
    else if (marked && strings)
        *why = "an array with named fields";
    else if (largest != numbers)
        *why = "a list with holes (use json.null)";
    *n = numbers ? numbers : strings;
    return *why ? -1 : marked || numbers;
}

static int encode_table(lua_State *L, int idx, struct encode *c, const struct step *at,
                        int depth)
{
    lua_Integer n;
    const char *why;
    if (depth >= c->depth_max)
        return cannot(c, at, ERR_LIMIT, "too many levels: does a table hold itself?");
    luaL_checkstack(L, 8, NULL);
    int is_array = classify(L, idx, c->array_mt, &n, &why);
    if (is_array < 0)
        return cannot(c, at, ERR_INVALID, why);
    return is_array ? encode_array(L, idx, c, at, depth, n)
                    : encode_object(L, idx, c, at, depth, (size_t)n);
}

static int encode_handle(lua_State *L, int idx, struct encode *c, const struct step *at)
{
    const char *name = handles_to_secret(L, idx);
    int id = name ? -1 : handles_to_file(L, idx, &name);
    if (!name)
        return cannot(c, at, ERR_INVALID, "a userdata");
    if (!(c->handles))
        return cannot(c, at, ERR_INVALID,
                      id < 0 ? "a secret cannot be encoded: pass it as a URL or a header "
                               "value"
                             : "a file cannot be encoded: pass it as an attachment");
    const char *before = id < 0 ? handles_secret_before(L, idx) : "";
    const char *behind = id < 0 ? handles_secret_behind(L, idx) : "";
    int is_plain = id < 0 && !*before && !*behind;
    int failed = id < 0 ? buf_adds(c->out, is_plain ? "{\"$secret\":" : "{\"$secret\":[")
                        : buf_addf(c->out, "{\"$file\":[%d,", id);
    failed |= jsontext_add_string(c->out, name, strlen(name));
    if (id < 0 && !is_plain) {
        failed |= buf_addc(c->out, ',');
        failed |= jsontext_add_string(c->out, before, strlen(before));
    }
    if (*behind) {
        failed |= buf_addc(c->out, ',');
        failed |= jsontext_add_string(c->out, behind, strlen(behind));
    }
    failed |= buf_adds(c->out, is_plain ? "}" : "]}");
    if (failed && !str_is_utf8(name, strlen(name)))
        return cannot(c, at, ERR_INVALID, "a file name that is not UTF-8");
    return failed ? full(c) : 0;
}

static int encode_value(lua_State *L, int idx, struct encode *c, const struct step *at,
                        int depth)
{
    int failed;
    switch (lua_type(L, idx)) {
    case LUA_TBOOLEAN:
        failed = buf_adds(c->out, lua_toboolean(L, idx) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, idx)) {
            failed = buf_addf(c->out, "%lld", (long long)lua_tointeger(L, idx));
        } else {
            if (!isfinite(lua_tonumber(L, idx)))
                return cannot(c, at, ERR_INVALID,
                              isnan(lua_tonumber(L, idx)) ? "not a number (0/0)"
                                                          : "an infinite number");
            failed = jsontext_add_number(c->out, lua_tonumber(L, idx));
        }
        break;
    case LUA_TSTRING:
        return encode_string(L, idx, c, at);
    case LUA_TTABLE:
        return encode_table(L, idx, c, at, depth);
    case LUA_TUSERDATA:
        return encode_handle(L, idx, c, at);
    case LUA_TLIGHTUSERDATA:
        if (!handles_is_null(L, idx))
            return cannot(c, at, ERR_INVALID, "a userdata");
        failed = buf_adds(c->out, "null");
        break;
    case LUA_TNIL:
    case LUA_TNONE:
        return cannot(c, at, ERR_INVALID, "nil (use json.null)");
    default:
        return cannot(c, at, ERR_INVALID,
                      lua_type(L, idx) == LUA_TFUNCTION ? "a function" : "a coroutine");
    }
    return failed ? full(c) : 0;
}

int conv_encode(lua_State *L, int idx, struct buf *out, int flags, struct err *e)
{
    int top = lua_gettop(L);
    size_t start = out->len;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    struct encode c = {.out = out,
                       .handles = flags & CONV_HANDLES,
                       .array_mt = handles_array_metatable(L),
                       .depth_max = limits_default.json_depth,
                       .e = e};
    int failed = encode_value(L, lua_absindex(L, idx), &c, NULL, 0);
    lua_settop(L, top);
    if (failed && out->data) {
        out->len = start;
        out->data[start] = '\0';
    }
    return failed;
}

int conv_is_array(lua_State *L, int idx)
{
    if (!lua_istable(L, idx))
        return 0;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (handles_is_marked(L, idx))
        return 1;
    lua_Integer n;
    const char *why;
    return classify(L, lua_absindex(L, idx), handles_array_metatable(L), &n, &why) > 0;
}
