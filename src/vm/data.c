#include "vm/data.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/limits.h"
#include "vm/handles.h"
#include "vm/vm.h"

enum { DEPTH_MAX = 16 };

struct data {
    const char *text, *name;
    size_t len;
    int is_code; /* the text is bytecode of foyer's own */
    json_t *tree;
    size_t values; /* so far */
};

static void out_of_time(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    luaL_error(L, "a settings file is data, but this one computes for too long");
}

static int secret_concat(lua_State *L)
{
    return luaL_error(L,
                      "cannot join a secret with text: write it within the text, as in "
                      "\"Bearer ${secret:NAME}\"");
}

static int secret_index(lua_State *L)
{
    return luaL_error(L, "cannot index a secret; with text around it, write \"Bearer "
                         "${secret:NAME}\"");
}

static const luaL_Reg secret_meta[] = {
    {"__concat", secret_concat}, {"__index", secret_index}, {NULL, NULL}};

/* Replaces the name on top by {["$secret"] = name}. */
static void push_secret(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "$secret");
    if (luaL_newmetatable(L, "foyer.secret"))
        luaL_setfuncs(L, secret_meta, 0);
    lua_setmetatable(L, -2);
}

static int data_secret(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    if (!str_is_name(name))
        return luaL_error(
            L, "secret \"%s\": a name has letters, digits, '-', '_' and '.'", name);
    lua_pushvalue(L, 1);
    push_secret(L);
    return 1;
}

static int data_env(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *value = getenv(name);
    if (!value)
        return luaL_error(L, "env \"%s\": the environment has no such variable", name);
    lua_pushstring(L, value);
    return 1;
}

static int is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* Returns 1 when the text has NAME with a '{' behind it, which Lua takes for a call. */
static int is_called(const struct data *data, const char *name)
{
    const char *at = data->text, *end = data->text + data->len;
    size_t n = strlen(name);
    while (!data->is_code && (at = memmem(at, (size_t)(end - at), name, n))) {
        int is_whole = at == data->text || !is_word(at[-1]);
        at += n;
        const char *next = at;
        while (next < end && (*next == ' ' || *next == '\t'))
            next++;
        if (is_whole && next < end && *next == '{')
            return 1;
    }
    return 0;
}

static int data_unknown(lua_State *L)
{
    const struct data *data = lua_touserdata(L, lua_upvalueindex(1));
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    if (is_called(data, name))
        return luaL_error(L, "unknown name \"%s\": is a = missing, as in %s = { … }?",
                          name, name);
    return luaL_error(L,
                      "unknown name \"%s\": a settings file knows only secret \"…\" and "
                      "env \"…\"; is a quote missing?",
                      name);
}

struct place { /* a value's path from the root, for messages */
    const struct place *above;
    const char *key; /* NULL: it is item INDEX of a list */
    lua_Integer index;
};

static void push_place(lua_State *L, const struct place *at)
{
    if (!at->above) {
        lua_pushliteral(L, "");
        return;
    }
    push_place(L, at->above);
    if (!at->key)
        lua_pushfstring(L, "%s[%I]", lua_tostring(L, -1), at->index);
    else
        lua_pushfstring(L, *lua_tostring(L, -1) ? "%s.%s" : "%s%s", lua_tostring(L, -1),
                        at->key);
}

/* For messages: "recipes.digest.cron". */
static const char *shown(lua_State *L, const struct place *at)
{
    luaL_checkstack(L, 2 * DEPTH_MAX + 10, NULL);
    push_place(L, at);
    return at->above ? lua_tostring(L, -1) : "the table";
}

static const char opening[] = "${secret:";

/* The secret in the text S, "Bearer ${secret:NAME}", as a new node; NULL when S has none.
 * Raises for more than one. */
static json_t *secret_node(lua_State *L, const char *s, const struct place *at)
{
    const char *begin = strstr(s, opening);
    if (!begin)
        return NULL;
    const char *name = begin + strlen(opening), *end = strchr(name, '}');
    if (!end)
        luaL_error(L, "%s: \"%s\" is not closed by a brace", shown(L, at), begin);
    lua_pushlstring(L, s, (size_t)(begin - s));
    lua_pushlstring(L, name, (size_t)(end - name));
    const char *before = lua_tostring(L, -2), *behind = end + 1;
    name = lua_tostring(L, -1); // before name
    if (!str_is_name(name))
        luaL_error(L, "%s: ${secret:%s}: a name has letters, digits, '-', '_' and '.'",
                   shown(L, at), name);
    if (strstr(behind, opening))
        luaL_error(L, "%s: a text has one secret, and this one names two", shown(L, at));
    if (!handles_is_around(before, strlen(before)) ||
        !handles_is_around(behind, strlen(behind)))
        luaL_error(L,
                   "%s: the text around a secret must be short UTF-8 without control "
                   "characters",
                   shown(L, at));
    json_t *node = !*before && !*behind ? json_pack("{s:s}", "$secret", name)
                                        : json_pack(*behind ? "{s:[s,s,s]}" : "{s:[s,s]}",
                                                    "$secret", name, before, behind);
    lua_pop(L, 2);
    return node;
}

/* The value at IDX as a new node; a table as an empty one. Raises for a value that is not
 * data. */
static json_t *new_node(lua_State *L, int idx, const struct place *at)
{
    json_t *node = NULL;
    size_t len;
    const char *s;
    switch (lua_type(L, idx)) {
    case LUA_TSTRING:
        s = lua_tolstring(L, idx, &len);
        node = secret_node(L, s, at);
        if (!node)
            node = json_stringn(s, len);
        if (!node)
            luaL_error(L, "a text is not valid UTF-8");
        break;
    case LUA_TNUMBER:
        node = lua_isinteger(L, idx) ? json_integer(lua_tointeger(L, idx))
                                     : json_real(lua_tonumber(L, idx));
        if (!node)
            luaL_error(L, "%s: not a finite number", shown(L, at));
        break;
    case LUA_TBOOLEAN:
        node = json_boolean(lua_toboolean(L, idx));
        break;
    case LUA_TTABLE:
        node = lua_rawlen(L, idx) ? json_array() : json_object();
        break;
    default:
        luaL_error(L, "%s: a %s is not data", shown(L, at), luaL_typename(L, idx));
    }
    return node;
}

/* Sets the tree of the value on top into PARENT (an object by KEY, or an array). A node
 * is put into its parent before its own values are read, so that an error leaks nothing.
 */
static void convert(lua_State *L, struct data *data, json_t *parent, const char *key,
                    const struct place *at, int depth)
{
    int idx = lua_gettop(L);
    luaL_checkstack(L, 10, NULL);
    /* counted, because one table can be in many places */
    if (data->values++ > limits_default.script_bytes)
        luaL_error(L, "%s: more values than a settings file can hold", shown(L, at));
    if (depth > DEPTH_MAX)
        luaL_error(L, "%s: nested too deeply", shown(L, at));
    json_t *node = new_node(L, idx, at);
    if (key ? json_object_set_new(parent, key, node) != 0
            : json_array_append_new(parent, node) != 0)
        luaL_error(L, "%s: the key is not valid UTF-8", shown(L, at));
    if (!lua_istable(L, idx))
        return;
    lua_Integer n = (lua_Integer)lua_rawlen(L, idx);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, idx, i);
        convert(L, data, node, NULL, &(struct place){at, NULL, i}, depth + 1);
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
        if (n && lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
            lua_tointeger(L, -2) <= n)
            continue;
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s: a key is a %s, not a text", shown(L, at),
                       luaL_typename(L, -2));
        if (n)
            luaL_error(L, "%s: a table is either a list or has keys, not both (%s)",
                       shown(L, at), lua_tostring(L, -2));
        size_t len;
        const char *name = lua_tolstring(L, -2, &len);
        if (strlen(name) != len)
            luaL_error(L, "%s: a key holds a NUL byte", shown(L, at));
        convert(L, data, node, name, &(struct place){at, name, 0}, depth + 1);
    }
}

static int load(lua_State *L)
{
    static const luaL_Reg names[] = {
        {"secret", data_secret}, {"env", data_env}, {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__index", data_unknown}, {NULL, NULL}};
    struct data *data = lua_touserdata(L, 1);
    char chunk[512];
    snprintf(chunk, sizeof chunk, "@%s", data->name);
    lua_sethook(L, out_of_time, LUA_MASKCOUNT, (int)limits_default.settings_instructions);
    if (luaL_loadbufferx(L, data->text, data->len, chunk, data->is_code ? "b" : "t") !=
        LUA_OK)
        return lua_error(L);
    luaL_newlib(L, names);
    luaL_newlibtable(L, meta);
    lua_pushlightuserdata(L, data);
    luaL_setfuncs(L, meta, 1);
    lua_setmetatable(L, -2);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1))
        return luaL_error(L,
                          "%s: returns a %s: a settings file returns one table, as in "
                          "return { name = \"…\" }",
                          data->name, luaL_typename(L, -1));
    convert(L, data, data->tree, "root", &(struct place){NULL, NULL, 0}, 0);
    return 0;
}

static json_t *load_tree(struct data data, struct err *e)
{
    const char *name = data.name;
    data.tree = json_object();
    struct vm_state memory;
    lua_State *L = vm_new_state(NULL, &memory, limits_default.settings_bytes, NULL);
    json_t *root = NULL;
    if (!L) {
        err_set(e, ERR_INTERNAL, "cannot read %s: no memory", name);
    } else {
        lua_pushcfunction(L, load);
        lua_pushlightuserdata(L, &data);
        int rc = lua_pcall(L, 1, 0, 0);
        if (rc == LUA_OK)
            root = json_incref(json_object_get(data.tree, "root"));
        else if (rc == LUA_ERRMEM)
            err_set(e, ERR_SETTINGS,
                    "cannot read %s: it needs more than %zu KiB of memory", name,
                    limits_default.settings_bytes >> 10);
        else if (lua_type(L, -1) == LUA_TSTRING)
            err_set(e, ERR_SETTINGS, "cannot read %s: %s", name, lua_tostring(L, -1));
        else
            err_set(e, ERR_SETTINGS, "cannot read %s: it raised an error", name);
        lua_close(L);
    }
    json_decref(data.tree);
    return root;
}

json_t *data_load(const char *text, size_t len, const char *name, struct err *e)
{
    return load_tree((struct data){.text = text, .len = len, .name = name}, e);
}

json_t *data_load_file(const struct overlay_file *file, struct err *e)
{
    int is_code = file->layer == OVERLAY_BUILTIN && file->code_len > 0;
    return load_tree((struct data){.text = is_code ? file->code : file->text,
                                   .len = is_code ? file->code_len : file->len,
                                   .name = file->path,
                                   .is_code = is_code},
                     e);
}

static void format(struct buf *out, const json_t *tree, int depth)
{
    const char *key;
    json_t *value;
    buf_adds(out, "{\n");
    json_object_foreach((json_t *)tree, key, value)
    {
        json_t *name = json_string(key);
        char *quoted = json_dumps(name, JSON_ENCODE_ANY);
        json_decref(name);
        buf_addf(out, "%*s[%s] = ", 2 * depth + 2, "", quoted);
        free(quoted);
        if (json_is_object(value)) {
            format(out, value, depth + 1);
        } else {
            char *text = json_dumps(value, JSON_ENCODE_ANY);
            buf_adds(out, text);
            free(text);
        }
        buf_adds(out, ",\n");
    }
    buf_addf(out, "%*s}", 2 * depth, "");
}

char *data_format(const json_t *tree, const char *comment)
{
    struct buf out;
    buf_init(&out, 16 * 1024 * 1024);
    buf_addf(&out, "-- %s\nreturn ", comment);
    format(&out, tree, 0);
    buf_addc(&out, '\n');
    return buf_take(&out, NULL);
}
