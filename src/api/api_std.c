#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/textfile.h"
#include "io/url_parse.h"
#include "core/connection.h"
#include "core/cron.h"
#include "core/settings.h"
#include "core/settings_value.h"
#include "api/api.h"
#include "vm/env.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "api/mock.h"
#include "api/pinned.h"
#include "vm/pins.h"
#include "vm/run.h"
#include "api/sandbox.h"
#include "vm/lua_lines.h"
#include "vm/memo.h"
#include "vm/parts.h"

/* The std table: the primitives that each part of lua/std gets as its argument. Scripts
 * do not see it. lua/std/README.md lists the functions; `functions` below has them all.
 */

/* ---- code and layers ---- */

/* The file's name within its layer is at index 1. */
static void push_file_info(lua_State *L, struct overlay_file *file)
{
    lua_createtable(L, 0, 8); /* lua/std/script.lua adds two fields */
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "file");
    handles_set_text(L, "path", file->path);
    handles_set_text(L, "layer", overlay_layer_name(file->layer));
    handles_set_text(L, "hash", overlay_hash(file));
    handles_set_integer(L, "index", file->layer + 1);
    lua_pushboolean(L, file->is_sound);
    /* "is_sound" is how older sources of lua/std ask: they check, and so complete, each
     * definition */
    lua_setfield(L, -2, "is_checked");
}

static struct overlay_file *find_file(lua_State *L, struct err *e)
{
    const char *name = luaL_checkstring(L, 1);
    lua_Integer from = luaL_optinteger(L, 2, 1);
    const char *client = run_client(run_of(L));
    if (lua_type(L, 3) == LUA_TSTRING)
        client = lua_tostring(L, 3);
    if (from < 1 || from > OVERLAY_LAYERS) {
        err_set(e, ERR_NOT_FOUND, "cannot find %s: there is no layer below", name);
        return NULL;
    }
    return parts_find(L, client, name, (enum overlay_layer)(from - 1), e);
}

/* Pushes nil for a file that no layer has; raises any other E. */
static int not_found(lua_State *L, const struct err *e)
{
    if (e->kind != ERR_NOT_FOUND)
        return fail_raise(L, e);
    lua_pushnil(L);
    return 1;
}

/* std.part(name) -> the value of that part of lua/std */
static int api_std_part(lua_State *L)
{
    parts_push(L, luaL_checkstring(L, 1));
    return 1;
}

/* As not_found; pushes a sentence behind nil when the file is on the disk and not in the
 * release that runs. */
static int not_loaded(lua_State *L, struct err *e)
{
    const char *client =
        lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : run_client(run_of(L));
    lua_Integer from = luaL_optinteger(L, 2, 1);
    int n = not_found(L, e);
    if (from < 1 || from > OVERLAY_LAYERS ||
        !overlay_is_only_on_disk(vm_overlay(run_vm(run_of(L))), client,
                                 luaL_checkstring(L, 1), (enum overlay_layer)(from - 1),
                                 e))
        return n;
    lua_pushstring(L, e->text);
    return n + 1;
}

/* std.load(file, from, client, names) -> chunk, info; nil when no layer from FROM (1: the
 * client's) on has it, and a sentence when it is only on the disk. The chunk sees NAMES
 * ({super = …}) besides the globals. */
static int api_std_load(lua_State *L)
{
    struct err e;
    lua_settop(L, 4);
    struct overlay_file *file = find_file(L, &e);
    if (!file)
        return not_loaded(L, &e);
    env_push(L);
    if (lua_istable(L, 4))
        handles_copy_fields(L, 4);
    parts_load(L, file);
    push_file_info(L, file);
    return 2;
}

/* std.mark_sound(file, from, client): from now on the file's info has is_checked, in this
 * process. The files that it extends stay the same, because they are cached. */
static int api_std_mark_sound(lua_State *L)
{
    struct err e;
    struct overlay_file *file = find_file(L, &e);
    if (file)
        file->is_sound = 1;
    return 0;
}

/* std.read(file, from, client) -> text, info; nil when there is none */
static int api_std_read(lua_State *L)
{
    struct err e;
    struct overlay_file *file = find_file(L, &e);
    if (!file)
        return not_found(L, &e);
    lua_pushlstring(L, file->text, file->len);
    push_file_info(L, file);
    return 2;
}

/* std.rendered(name): the template NAME was rendered; what it was sent in names it */
static int api_std_rendered(lua_State *L)
{
    run_rendered(run_of(L), luaL_checkstring(L, 1));
    return 0;
}

/* Appends NAME with its NUL to the buffer ARG. */
static void collect(void *arg, const char *name)
{
    buf_add(arg, name, strlen(name) + 1);
}

/* Pushes the list of the collected NAMES and frees them. */
static int push_name_list(lua_State *L, struct buf *names)
{
    const char *name = buf_str(names), *end = name + names->len;
    lua_newtable(L);
    for (lua_Integer i = 1; name < end; i++, name += strlen(name) + 1) {
        lua_pushstring(L, name);
        lua_rawseti(L, -2, i);
    }
    handles_mark_array(L, -1);
    buf_free(names);
    return 1;
}

/* std.list(dir, client) -> the names in that directory of all layers, sorted */
static int api_std_list(lua_State *L)
{
    const char *dir = luaL_checkstring(L, 1);
    const char *client = luaL_optstring(L, 2, run_client(run_of(L)));
    struct buf *names = handles_push_buf(L, limits_default.vm_bytes);
    overlay_each(vm_overlay(run_vm(run_of(L))), client, dir, collect, names);
    return push_name_list(L, names);
}

/* Pushes the memo's key for the argument KEY, of the run's client when OF_CLIENT. */
static const char *push_memo_key(lua_State *L, const char *key, int of_client)
{
    const char *client = of_client ? run_client(run_of(L)) : NULL;
    return lua_pushfstring(L, "%s/%s", client ? client : "", key);
}

/* std.recall(key, of_client) -> the text that std.remember kept, or nil */
static int api_std_recall(lua_State *L)
{
    size_t len;
    const char *key = push_memo_key(L, luaL_checkstring(L, 1), lua_toboolean(L, 2));
    const char *text = memo_get(vm_memo(run_vm(run_of(L))), key, &len);
    if (!text)
        return 0;
    lua_pushlstring(L, text, len);
    return 1;
}

/* std.remember(key, text, of_client): keeps it for the rest of the process */
static int api_std_remember(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 2, &len);
    const char *key = push_memo_key(L, luaL_checkstring(L, 1), lua_toboolean(L, 3));
    memo_set(vm_memo(run_vm(run_of(L))), key, text, len);
    return 0;
}

/* std.line(text, field) -> the line of a field such as "input.limit.max" */
static int api_std_line(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_pushinteger(L, lua_lines_line(text, len, luaL_checkstring(L, 2)));
    return 1;
}

struct tokens {
    lua_State *L;
    lua_Integer n;
};

static void on_token(void *arg, enum lua_lines_kind kind, const char *s, size_t len,
                     int line)
{
    static const char *const kinds[] = {"name", "string", "number", "mark"};
    struct tokens *tokens = arg;
    lua_State *L = tokens->L;
    lua_Integer i = ++tokens->n; // … kinds texts lines
    lua_pushstring(L, kinds[kind]);
    lua_rawseti(L, -4, i);
    lua_pushlstring(L, s, len);
    lua_rawseti(L, -3, i);
    lua_pushinteger(L, line);
    lua_rawseti(L, -2, i);
}

/* std.tokens(text) -> three lists: kinds ("name", "string", "number", "mark"), texts,
 * lines
 */
static int api_std_tokens(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct tokens tokens = {L, 0};
    lua_newtable(L);
    lua_newtable(L);
    lua_newtable(L);
    lua_lines_tokens(text, len, on_token, &tokens);
    return 3;
}

/* std.host(url, hosts) -> its host as `hosts` would name it, whether one of HOSTS covers
 * it
 */
static int api_std_host(lua_State *L)
{
    struct err e;
    struct url_parts u;
    const char *url = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    if (url_parse(url, &u, &e) != 0)
        return fail_raise(L, &e);
    char host[300];
    snprintf(host, sizeof host, u.port_given ? "%s:%d" : "%s", u.host, u.port);
    int covered = 0;
    for (lua_Integer i = 1; !covered && lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
        covered = host_matches(lua_tostring(L, -1), &u);
        lua_pop(L, 1);
    }
    url_parts_fini(&u);
    lua_pushstring(L, host);
    lua_pushboolean(L, covered);
    return 2;
}

/* std.cron(text) -> nil, or what is wrong with it */
static int api_std_cron(lua_State *L)
{
    struct err e;
    if (cron_check(luaL_checkstring(L, 1), &e) == 0)
        return 0;
    lua_pushstring(L, e.text);
    return 1;
}

/* ---- settings ---- */

static void push_tree(lua_State *L, const json_t *tree);

static void push_object(lua_State *L, const json_t *tree)
{
    const char *key;
    json_t *value;
    lua_createtable(L, 0, (int)json_object_size(tree));
    json_object_foreach((json_t *)tree, key, value)
    {
        lua_pushstring(L, key);
        push_tree(L, value);
        lua_rawset(L, -3);
    }
}

static void push_array(lua_State *L, const json_t *tree)
{
    size_t i;
    json_t *value;
    lua_createtable(L, (int)json_array_size(tree), 0);
    json_array_foreach(tree, i, value)
    {
        push_tree(L, value);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    handles_mark_array(L, -1);
}

/* Pushes settings as Lua values, with a handle for each secret. */
static void push_tree(lua_State *L, const json_t *tree)
{
    luaL_checkstack(L, 5, NULL);
    const char *before, *behind;
    const char *secret = settings_secret_within(tree, &before, &behind);
    if (secret) {
        handles_push_secret(L, secret, before, behind);
        return;
    }
    switch (json_typeof(tree)) {
    case JSON_OBJECT:
        push_object(L, tree);
        break;
    case JSON_ARRAY:
        push_array(L, tree);
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(tree), json_string_length(tree));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(tree));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(tree));
        break;
    case JSON_NULL:
        handles_push_null(L);
        break;
    default:
        lua_pushboolean(L, json_is_true(tree));
    }
}

/* Pushes TREE, or raises E when it is NULL. Returns 1. */
static int push_settings(lua_State *L, const json_t *tree, const struct err *e)
{
    if (!tree)
        return fail_raise(L, e);
    push_tree(L, tree);
    return 1;
}

/* std.client(name?) -> client.lua's settings */
static int api_std_client(lua_State *L)
{
    const char *client = luaL_optstring(L, 1, run_client(run_of(L)));
    struct err e;
    if (!client) {
        lua_newtable(L);
        return 1;
    }
    return push_settings(L, pinned_client(L, client, &e), &e);
}

/* std.clients() -> the names of all clients, sorted */
static int api_std_clients(lua_State *L)
{
    const struct run_host *host = run_host(run_of(L));
    struct buf *names = handles_push_buf(L, limits_default.vm_bytes);
    host->each_client(host->arg, collect, names);
    return push_name_list(L, names);
}

/* std.workspace() -> foyer.lua's settings */
static int api_std_workspace(lua_State *L)
{
    struct err e;
    return push_settings(L, pinned_workspace(L, run_client(run_of(L)), &e), &e);
}

/* std.connector(app) -> the connector of the app */
static int api_std_connector(lua_State *L)
{
    const struct run_host *host = run_host(run_of(L));
    struct err e;
    const char *app = luaL_checkstring(L, 1);
    char name[100];
    snprintf(name, sizeof name, "connector %.80s", app);
    const json_t *today = host->connector(host->arg, app, &e);
    return push_settings(L, pinned_tree(L, name, today), &e);
}

/* A userdata that owns a tree, because push_tree may raise when memory runs out. */
static int tree_gc(lua_State *L)
{
    json_t **box = lua_touserdata(L, 1);
    json_decref(*box);
    *box = NULL;
    return 0;
}

/* std.options(recipe, client) -> the recipe's settings from foyer.lua and client.lua,
 * without the reserved keys */
static int api_std_options(lua_State *L)
{
    const char *recipe = luaL_checkstring(L, 1);
    const char *client = luaL_optstring(L, 2, run_client(run_of(L)));
    struct err e;
    const json_t *workspace = pinned_workspace(L, client, &e);
    const json_t *tree = workspace && client ? pinned_client(L, client, &e) : NULL;
    if (!workspace || (client && !tree))
        return fail_raise(L, &e);
    json_t **box = handles_push_owned(L, sizeof *box, "foyer.tree", tree_gc);
    *box = client ? settings_options(workspace, tree, recipe) : json_object();
    push_tree(L, *box);
    json_decref(*box);
    *box = NULL;
    return 1;
}

/* std.fail(kind, message, more?) raises an error table */
static int api_std_fail(lua_State *L)
{
    struct err e;
    enum err_kind kind = err_kind_find(luaL_checkstring(L, 1));
    err_set(&e, kind ? kind : ERR_INTERNAL, "%s", luaL_checkstring(L, 2));
    fail_push(L, &e);
    if (lua_istable(L, 3))
        handles_copy_fields(L, 3);
    return lua_error(L);
}

/* ---- files of the command line ---- */

/* std.file(path) -> its handle */
static int api_std_file(lua_State *L)
{
    struct err e;
    const char *name;
    int id = run_add_file(run_of(L), luaL_checkstring(L, 1), &name, &e);
    if (id < 0)
        return fail_raise(L, &e);
    handles_push_file(L, id, name);
    return 1;
}

/* std.slurp(path) -> the file's text, for `key=@file` */
static int api_std_slurp(lua_State *L)
{
    struct err e;
    const char *name, *path = luaL_checkstring(L, 1);
    struct run *run = run_of(L);
    int id = run_add_file(run, path, &name, &e);
    if (id < 0)
        return fail_raise(L, &e);
    size_t len;
    const char *data = run_file(run, id, &len);
    struct buf *text = handles_push_buf(L, len);
    buf_add(text, data, len);
    if (textfile_clean(text, path, &e) != 0)
        return fail_raise(L, &e);
    return handles_push_text(L, text);
}

/* std.progress(text | nil): shows on a terminal how far long work is; nil clears it */
static int api_std_progress(lua_State *L)
{
    log_progress(luaL_optstring(L, 1, NULL));
    return 0;
}

/* std.emit(what, value): hands VALUE out, for the command line to print, before the run
 * has ended */
static int api_std_emit(lua_State *L)
{
    struct err e;
    const struct run_spec *spec = run_spec(run_of(L));
    const char *what = luaL_checkstring(L, 1);
    luaL_checkany(L, 2);
    if (!spec->emit)
        return 0;
    struct buf *json = handles_push_buf(L, limits_default.codec_bytes);
    if (conv_encode(L, 2, json, CONV_PLAIN, &e) != 0)
        return fail_raise(L, &e);
    spec->emit(spec->emit_arg, what, json->data, json->len);
    buf_free(json);
    return 0;
}

/* std.is_secret(value) -> boolean */
static int api_std_is_secret(lua_State *L)
{
    lua_pushboolean(L, handles_to_secret(L, 1) != NULL);
    return 1;
}

/* std.file_info(handle) -> {id, name, size}; nil for any other value */
static int api_std_file_info(lua_State *L)
{
    const char *name;
    size_t size;
    int id = handles_to_file(L, 1, &name);
    if (id < 0) {
        lua_pushnil(L);
        return 1;
    }
    api_file_bytes(L, id, &size);
    lua_createtable(L, 0, 3);
    handles_set_integer(L, "id", id);
    handles_set_text(L, "name", name);
    handles_set_integer(L, "size", (lua_Integer)size);
    return 1;
}

/* std.is_file(value) -> boolean */
static int api_std_is_file(lua_State *L)
{
    const char *name;
    lua_pushboolean(L, handles_to_file(L, 1, &name) >= 0);
    return 1;
}

/* std.nearest(word, words) -> the one of WORDS that is like WORD, or nil */
static int api_std_nearest(lua_State *L)
{
    size_t n = 0, most;
    luaL_checktype(L, 2, LUA_TTABLE);
    most = lua_rawlen(L, 2);
    const char **names = lua_newuserdatauv(L, (most + 1) * sizeof *names, 0);
    for (lua_Integer i = 1; n < most && lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
        names[n++] = lua_tostring(L, -1); /* anchored by the table */
        lua_pop(L, 1);
    }
    lua_pushstring(L, str_nearest(luaL_checkstring(L, 1), names, n));
    return 1;
}

static void push_limits(lua_State *L)
{
    const struct limits *limits = vm_limits(run_vm(run_of(L)));
    const struct {
        const char *name;
        lua_Integer value;
    } all[] = {{"vm_bytes", (lua_Integer)limits->vm_bytes},
               {"each_state_bytes", (lua_Integer)limits->each_state_bytes},
               {"each_pages", limits->each_pages},
               {"each_items", limits->each_items},
               {"each_unique", limits->each_unique}};
    lua_newtable(L);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        handles_set_integer(L, all[i].name, all[i].value);
    }
}

static const luaL_Reg functions[] = {
    /* code and layers */
    {"part", api_std_part},
    {"load", api_std_load},
    {"mark_sound", api_std_mark_sound},
    {"send", api_http_send},
    {"read", api_std_read},
    {"rendered", api_std_rendered},
    {"list", api_std_list},
    {"recall", api_std_recall},
    {"remember", api_std_remember},
    {"line", api_std_line},
    {"tokens", api_std_tokens},
    {"host", api_std_host},
    {"cron", api_std_cron},
    {"nearest", api_std_nearest},
    /* settings */
    {"client", api_std_client},
    {"clients", api_std_clients},
    {"workspace", api_std_workspace},
    {"hours", api_std_hours},
    {"connector", api_std_connector},
    {"options", api_std_options},
    /* scopes */
    {"enter", api_std_enter},
    {"leave", api_std_leave},
    {"enter_each", api_std_enter_each},
    {"page", api_std_page},
    {"leave_each", api_std_leave_each},
    /* waiting, ctx.store */
    {"sleep", api_std_sleep},
    {"wait", api_std_wait},
    {"park", api_std_park},
    {"load_value", api_std_load_value},
    {"save_value", api_std_save_value},
    {"dry", api_std_dry},
    {"dry_answer", api_std_dry_answer},
    /* values */
    {"copy", api_std_copy},
    {"clone", api_std_clone},
    {"fingerprint", api_std_fingerprint},
    {"is_secret", api_std_is_secret},
    {"is_file", api_std_is_file},
    /* the rest */
    {"file", api_std_file},
    {"file_info", api_std_file_info},
    {"slurp", api_std_slurp},
    {"fail", api_std_fail},
    {"finish", api_std_finish},
    {"refuse", api_std_refuse},
    {"emit", api_std_emit},
    {"progress", api_std_progress},
    {NULL, NULL},
};

/* An attempt calls few of them, so each is set at its first use. */
static int find_function(lua_State *L)
{
    const char *name = luaL_checkstring(L, 2);
    for (const luaL_Reg *function = functions; function->name; function++) {
        if (strcmp(name, function->name) != 0)
            continue;
        lua_pushcfunction(L, function->func);
        lua_pushvalue(L, -1);
        lua_setfield(L, 1, name);
        return 1;
    }
    return 0;
}

static void push_std(lua_State *L)
{
    lua_createtable(L, 0, 16);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, find_function);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

void api_open(lua_State *L)
{
    const char *id = run_spec(run_of(L))->id;
    sandbox_open(L, id, strlen(id));
    push_std(L);
    api_http_open(L);
    lua_setfield(L, -2, "http");
    api_ctx_open(L);
    lua_setfield(L, -2, "ctx");
    push_limits(L);
    lua_setfield(L, -2, "limits");
    handles_push_null(L);
    lua_setfield(L, -2, "null");
    if (run_spec(run_of(L))->mock) {
        mock_push(L, run_spec(run_of(L))->mock);
        lua_setfield(L, -2, "mock");
    }
    parts_set_std(L);
}
