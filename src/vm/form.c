#include "vm/form.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "vm/conv.h"
#include "vm/fail.h"

enum { PARTS_MAX = 500, DEPTH_MAX = 8 };

static struct httpc_part *add_part(lua_State *L, struct exchange *x, const char *name)
{
    if (x->nparts >= PARTS_MAX)
        fail_text(L, ERR_LIMIT, "cannot send the form: more than %d fields", PARTS_MAX);
    x->parts = xrealloc(x->parts, (x->nparts + 1) * sizeof *x->parts);
    struct httpc_part *part = &x->parts[x->nparts++];
    *part = (struct httpc_part){.name = xstrdup(name)};
    return part;
}

static void add_scalar(lua_State *L, int idx, struct exchange *x, const char *name)
{
    const char *filename;
    int id = conv_to_file(L, idx, &filename);
    if (id >= 0) {
        struct httpc_part *part = add_part(L, x, name);
        part->filename = xstrdup(filename);
        part->type = "application/octet-stream";
        part->data = run_file(x->run, id, &part->len);
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
        if (!conv_is_null(L, idx))
            add_scalar(L, idx, x, name);
    } else if (conv_is_array(L, idx)) {
        for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, idx); i <= n; i++) {
            lua_rawgeti(L, idx, i);
            /* a repeated `handles[]` would start a new element with each of its members
             */
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

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void flatten(lua_State *L, int idx, struct exchange *x, const char *prefix,
                    int depth)
{
    luaL_checkstack(L, 8, NULL);
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            fail_text(L, ERR_SCRIPT, "cannot send the form: a key is no string");
        n++;
    }
    const char **keys = lua_newuserdatauv(L, (n + 1) * sizeof *keys, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
        keys[i++] = lua_tostring(L, -2); /* anchored by the table */
    qsort(keys, n, sizeof *keys, by_bytes);
    for (i = 0; i < n; i++) {
        const char *name = prefix ? lua_pushfstring(L, "%s[%s]", prefix, keys[i])
                                  : lua_pushstring(L, keys[i]);
        lua_getfield(L, idx, keys[i]);
        add_value(L, x, name, depth);
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

void form_flatten(lua_State *L, int idx, struct exchange *x)
{
    flatten(L, lua_absindex(L, idx), x, NULL, 0);
}
