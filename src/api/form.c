#include "api/form.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "api/api.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"

enum { PARTS_MAX = 500, DEPTH_MAX = 8 };

static struct httpc_part *add_part(lua_State *L, struct exchange *x, const char *name)
{
    if (x->nparts >= PARTS_MAX)
        fail_text(L, ERR_LIMIT, "cannot send the form: more than %d fields", PARTS_MAX);
    array_grow(x->parts, x->nparts);
    struct httpc_part *part = &x->parts[x->nparts++];
    *part = (struct httpc_part){.name = xstrdup(name)};
    return part;
}

static void add_scalar(lua_State *L, int idx, struct exchange *x, const char *name)
{
    const char *filename;
    int id = handles_to_file(L, idx, &filename);
    if (id >= 0) {
        size_t size;
        const char *data = api_file_bytes(L, id, &size);
        struct httpc_part *part = add_part(L, x, name);
        part->filename = xstrdup(filename);
        part->type = "application/octet-stream";
        part->data = data;
        part->len = size;
        return;
    }
    int type = lua_type(L, idx);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
        fail_text(L, ERR_SCRIPT, "cannot send the form: field %s is a %s", name,
                  luaL_typename(L, idx));
    size_t len;
    const char *text = luaL_tolstring(L, idx, &len);
    struct httpc_part *part = add_part(L, x, name);
    part->data = xmemdup0(text, len);
    part->len = len;
    lua_pop(L, 1);
}

static void flatten(lua_State *L, int idx, struct exchange *x, const char *prefix,
                    int depth);

static void add_value(lua_State *L, struct exchange *x, const char *name, int depth)
{
    int idx = lua_gettop(L);
    if (depth > DEPTH_MAX) /* a list may hold itself */
        fail_text(L, ERR_LIMIT, "cannot send the form: it is nested too deeply");
    luaL_checkstack(L, 8, NULL);
    if (!lua_istable(L, idx)) {
        if (!handles_is_null(L, idx))
            add_scalar(L, idx, x, name);
    } else if (conv_is_array(L, idx)) {
        for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, idx); i <= n; i++) {
            lua_rawgeti(L, idx, i);
            /* with `handles[]`, each field of a table would begin another element */
            const char *item = lua_istable(L, -1)
                                   ? lua_pushfstring(L, "%s[%I]", name, i - 1)
                                   : lua_pushfstring(L, "%s[]", name);
            lua_insert(L, -2);
            add_value(L, x, item, depth + 1);
            lua_pop(L, 2);
        }
    } else {
        flatten(L, idx, x, name, depth + 1);
    }
}

static void flatten(lua_State *L, int idx, struct exchange *x, const char *prefix,
                    int depth)
{
    luaL_checkstack(L, 8, NULL);
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            fail_text(L, ERR_SCRIPT, "cannot send the form: a key is not a string");
        n++;
    }
    const char **keys = lua_newuserdatauv(L, (n + 1) * sizeof *keys, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
        keys[i++] = lua_tostring(L, -2); /* anchored by the table */
    qsort(keys, n, sizeof *keys, str_compare);
    for (i = 0; i < n; i++) {
        const char *name = prefix ? lua_pushfstring(L, "%s[%s]", prefix, keys[i])
                                  : lua_pushstring(L, keys[i]);
        lua_getfield(L, idx, keys[i]);
        add_value(L, x, name, depth);
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

/* A file as its name and size; a string that is not UTF-8 as its size. */
static json_t *shown_scalar(lua_State *L, int idx, const struct exchange *x)
{
    const char *filename;
    int id = handles_to_file(L, idx, &filename);
    size_t len = 0;
    if (id >= 0) {
        run_file(x->run, id, &len);
        return json_pack("{s:s, s:I}", "file", filename, "size", (json_int_t)len);
    }
    if (lua_type(L, idx) == LUA_TBOOLEAN)
        return json_boolean(lua_toboolean(L, idx));
    if (lua_isinteger(L, idx))
        return json_integer(lua_tointeger(L, idx));
    if (lua_type(L, idx) == LUA_TNUMBER)
        return json_real(lua_tonumber(L, idx));
    if (lua_type(L, idx) != LUA_TSTRING)
        return json_null();
    const char *text = lua_tolstring(L, idx, &len);
    json_t *shown = json_stringn(text, len);
    return shown ? shown : json_pack("{s:I}", "size", (json_int_t)len);
}

static json_t *shown_value(lua_State *L, int idx, const struct exchange *x);

static json_t *shown_list(lua_State *L, int idx, const struct exchange *x)
{
    json_t *out = json_array();
    for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, idx); i <= n; i++) {
        lua_rawgeti(L, idx, i);
        json_array_append_new(out, shown_value(L, lua_gettop(L), x));
        lua_pop(L, 1);
    }
    return out;
}

/* The tree of a value that was flattened before, and so is not too deep. Raises nothing:
 * form_flatten made room on the stack. */
static json_t *shown_value(lua_State *L, int idx, const struct exchange *x)
{
    if (!lua_istable(L, idx))
        return shown_scalar(L, idx, x);
    if (conv_is_array(L, idx))
        return shown_list(L, idx, x);
    json_t *out = json_object();
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
        json_object_set_new(out, lua_tostring(L, -2), shown_value(L, lua_gettop(L), x));
    return out;
}

void form_flatten(lua_State *L, int idx, struct exchange *x)
{
    idx = lua_absindex(L, idx);
    flatten(L, idx, x, NULL, 0);
    luaL_checkstack(L, 3 * (DEPTH_MAX + 2) + 2 * LUA_MINSTACK, NULL);
    json_decref(x->form);
    x->form = shown_value(L, idx, x);
}
