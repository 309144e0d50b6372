#include "vm/vm.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "vm/conv.h"
#include "vm/cpu.h"
#include "vm/fail.h"
#include "vm/pins.h"
#include "api/sandbox.h"

#if LUA_VERSION_RELEASE_NUM < 50404
#error "foyer needs Lua 5.4.4 or newer"
#endif

struct vm {
    const struct limits *limits;
    struct overlay *overlay;
};

static const char parts_key, std_key; /* registry */

static void codec_begin(lua_State *L)
{
    struct vm_state *state = vm_state_of(L);
    state->allowance = limits_default.codec_bytes;
    cpu_grace(1);
}

static int codec_end(lua_State *L)
{
    struct vm_state *state = vm_state_of(L);
    state->allowance = 0;
    cpu_grace(0);
    return state->used > state->max ? -1 : 0;
}

struct vm *vm_new(const struct limits *limits, struct overlay *overlay)
{
    struct vm *vm = xcalloc(1, sizeof *vm);
    vm->limits = limits;
    vm->overlay = overlay;
    conv_set_allowance(codec_begin, codec_end);
    return vm;
}

void vm_free(struct vm *vm)
{
    free(vm);
}

const struct limits *vm_limits(const struct vm *vm)
{
    return vm->limits;
}

struct overlay *vm_overlay(const struct vm *vm)
{
    return vm->overlay;
}

/* Lua gives a type, not a size, as osize when ptr is NULL (manual, lua_Alloc); to shrink
 * never fails, as the collector relies on. The state itself is the last block that
 * lua_close frees (lstate.c). */
static void *allocate(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct vm_state *state = ud;
    if (!ptr)
        osize = 0;
    if (nsize == 0) {
        state->used -= osize;
        arena_release(&state->arena, ptr, osize);
        if (state->used == 0)
            arena_fini(&state->arena);
        return NULL;
    }
    if (nsize > osize && state->used + (nsize - osize) > state->max + state->allowance)
        return NULL;
    void *fresh = arena_resize(&state->arena, ptr, osize, nsize);
    if (!fresh)
        return NULL;
    state->used = state->used - osize + nsize;
    if (state->used > state->peak)
        state->peak = state->used;
    return fresh;
}

/* Reached only by an error outside every protected call: a bug of ours, not a path. */
static int on_panic(lua_State *L)
{
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
    log_line(LOG_ERROR, "panic in Lua: %s", message);
    return 0; /* Lua aborts */
}

void vm_collect_late(lua_State *L)
{
    lua_gc(L, LUA_GCINC, 1000, 0, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_gc(L, LUA_GCINC, 150, 0, 0);
}

lua_State *vm_new_state(struct vm *vm, struct vm_state *state, size_t max, void *owner)
{
    *state = (struct vm_state){.vm = vm, .owner = owner, .max = max};
    lua_State *L = lua_newstate(allocate, state);
    if (!L)
        return NULL;
    lua_atpanic(L, on_panic);
    /* lua_newthread copies the main thread's extra space (lstate.c) */
    *(struct vm_state **)lua_getextraspace(L) = state;
    vm_collect_late(L);
    return L;
}

struct vm_state *vm_state_of(lua_State *L)
{
    return *(struct vm_state **)lua_getextraspace(L);
}

struct overlay_file *vm_find(lua_State *L, const char *client, const char *name,
                             enum overlay_layer from, struct err *e)
{
    struct vm_state *state = vm_state_of(L);
    return state->pins ? pins_find(state->pins, client, name, from, e)
                       : overlay_find(state->vm->overlay, client, name, from, e);
}

static int add_code(lua_State *L, const void *data, size_t len, void *arg)
{
    (void)L;
    return buf_add(arg, data, len);
}

/* Of the chunk on top, with debug information, so that messages keep their lines. */
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

/* Lua shows the end of a long path only, as "...end:3: what"; the part from ":3:" on. */
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

void vm_load(lua_State *L, struct overlay_file *file)
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

void vm_set_std(lua_State *L)
{
    lua_rawsetp(L, LUA_REGISTRYINDEX, &std_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &parts_key);
}

void vm_push_part(lua_State *L, const char *name)
{
    luaL_checkstack(L, 6, NULL);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &parts_key); // parts
    if (lua_getfield(L, -1, name) != LUA_TNIL) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 1);
    struct err e;
    size_t size = strlen(name) + sizeof "lua/std/.lua";
    char *path = lua_newuserdatauv(L, size, 0); // parts path
    snprintf(path, size, "lua/std/%s.lua", name);
    struct overlay_file *file = vm_find(L, NULL, path, LAYER_BUILTIN, &e);
    if (!file)
        fail_raise(L, &e);
    sandbox_push_env(L);
    vm_load(L, file); // parts path chunk
    lua_rawgetp(L, LUA_REGISTRYINDEX, &std_key);
    lua_call(L, 1, 1); // parts path part
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, name);
    lua_replace(L, -3);
    lua_pop(L, 1); // part
}

void vm_rest(lua_State *L)
{
    static const char *const spare[] = {"template", "mustache", "model"};
    lua_rawgetp(L, LUA_REGISTRYINDEX, &parts_key);
    for (size_t i = 0; i < sizeof spare / sizeof *spare; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, spare[i]);
    }
    lua_pop(L, 1);
    lua_gc(L, LUA_GCCOLLECT);
}

const char *vm_version(void)
{
    /* "$LuaVersion: Lua 5.4.4  Copyright (C) …": lapi.c */
    static char release[16];
    static const char head[] = "$LuaVersion: Lua ";
    if (str_starts(lua_ident, head))
        snprintf(release, sizeof release, "%.*s",
                 (int)strspn(lua_ident + sizeof head - 1, ".0123456789"),
                 lua_ident + sizeof head - 1);
    return *release ? release
                    : LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE;
}
