#include "vm/parts.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "vm/env.h"
#include "vm/fail.h"
#include "vm/pins.h"
#include "vm/vm.h"

/* Registry keys: the parts that this state has loaded, by name; the std table. */
static const char parts_key, std_key;

struct overlay_file *parts_find(lua_State *L, const char *client, const char *name,
                                enum overlay_layer from, struct err *e)
{
    struct vm_state *state = vm_state_of(L);
    return state->pins ? pins_find(state->pins, client, name, from, e)
                       : overlay_find(vm_overlay(state->vm), client, name, from, e);
}

static int add_code(lua_State *L, const void *data, size_t len, void *arg)
{
    (void)L;
    return buf_add(arg, data, len);
}

/* Keeps the bytecode of the chunk on top in FILE, with debug information, so that
 * messages have line numbers. */
static void keep_code(lua_State *L, struct overlay_file *file)
{
    struct buf code;
    size_t len;
    buf_init(&code, 16 * limits_default.script_bytes);
    if (lua_dump(L, add_code, &code, 0) == 0) {
        char *bytes = buf_take(&code, &len);
        overlay_keep_code(file, bytes, len);
    }
    buf_free(&code);
}

/* Lua shows only the end of a long PATH, as "...end:3: what". Returns the part from ":3:"
 * on, or NULL for another message. */
static const char *after_short_path(const char *message, const char *path)
{
    if (!str_starts(message, "..."))
        return NULL;
    size_t len = strlen(path);
    for (const char *p = strchr(message, ':'); p; p = strchr(p + 1, ':')) {
        size_t n = (size_t)(p - message) - 3;
        if (n <= len && memcmp(message + 3, path + len - n, n) == 0)
            return p;
    }
    return NULL;
}

void parts_load(lua_State *L, struct overlay_file *file)
{
    luaL_checkstack(L, 4, NULL);
    char name[512];
    snprintf(name, sizeof name, "@%s", file->path);
    int rc;
    if (file->code_len) {
        rc = luaL_loadbufferx(L, file->code, file->code_len, name, "b");
    } else {
        rc = luaL_loadbufferx(L, file->text, file->len, name, "t");
        if (rc == LUA_OK)
            keep_code(L, file);
    }
    if (rc == LUA_ERRMEM)
        lua_error(L);
    if (rc != LUA_OK) { // env message
        const char *message = lua_tostring(L, -1);
        if (str_starts(message, file->path))
            fail_text(L, ERR_SCRIPT, "%s", message);
        const char *place = after_short_path(message, file->path);
        if (place)
            fail_text(L, ERR_SCRIPT, "%s%s", file->path, place);
        fail_text(L, ERR_SCRIPT, "cannot load %s: %s", file->path, message);
    }
    lua_rotate(L, -2, 1);     // chunk env
    lua_setupvalue(L, -2, 1); // chunk
}

void parts_set_std(lua_State *L)
{
    lua_rawsetp(L, LUA_REGISTRYINDEX, &std_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &parts_key);
}

/* Finds the source of a part and pushes its path. A run continues with the sources that
 * it began with, so one of them may ask for a part by a name that it no longer has:
 * lua/std/older/ keeps these names. */
static struct overlay_file *find_part(lua_State *L, const char *name)
{
    struct err e, ignored;
    size_t size = strlen(name) + sizeof "lua/std/older/.lua";
    char *path = lua_newuserdatauv(L, size, 0);
    snprintf(path, size, "lua/std/%s.lua", name);
    struct overlay_file *file = parts_find(L, NULL, path, OVERLAY_BUILTIN, &e);
    if (!file && e.kind == ERR_NOT_FOUND) {
        snprintf(path, size, "lua/std/older/%s.lua", name);
        file = parts_find(L, NULL, path, OVERLAY_BUILTIN, &ignored);
    }
    if (!file)
        fail_raise(L, &e);
    return file;
}

void parts_push(lua_State *L, const char *name)
{
    luaL_checkstack(L, 6, NULL);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &parts_key); // parts
    if (lua_getfield(L, -1, name) != LUA_TNIL) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 1);
    struct overlay_file *file = find_part(L, name); // parts path
    env_push(L);
    parts_load(L, file); // parts path chunk
    lua_rawgetp(L, LUA_REGISTRYINDEX, &std_key);
    lua_call(L, 1, 1); // parts path part
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, name);
    lua_replace(L, -3);
    lua_pop(L, 1); // part
}
