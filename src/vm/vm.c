#include "vm/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "vm/memo.h"

#if LUA_VERSION_RELEASE_NUM < 50404
#error "foyer needs Lua 5.4.4 or newer"
#endif

struct vm {
    const struct limits *limits;
    struct overlay *overlay;
    struct memo *memo;
};

struct vm *vm_new(const struct limits *limits, struct overlay *overlay)
{
    struct vm *vm = xcalloc(1, sizeof *vm);
    vm->limits = limits;
    vm->overlay = overlay;
    vm->memo = memo_new();
    return vm;
}

void vm_free(struct vm *vm)
{
    if (!vm)
        return;
    memo_free(vm->memo);
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

struct memo *vm_memo(const struct vm *vm)
{
    return vm->memo;
}

/* Without a PTR, Lua passes a type as OSIZE instead of a size. Shrinking must not fail:
 * Lua's collector relies on it (manual, lua_Alloc). The last block that lua_close frees
 * is the state itself (lstate.c). */
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
    return fresh;
}

/* Lua calls it for an error outside of every protected call: a bug of foyer. */
static int on_panic(lua_State *L)
{
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
    log_line(LOG_ERROR, "panic in Lua: %s", message);
    return 0; /* Lua aborts */
}

/* Delays the first cycle of a new state's collector until ten times the present memory is
 * in use, because it would free nothing of the code that is loaded first; later cycles
 * begin at one and a half times. It saves 15 % of the CPU time of an attempt with forty
 * requests (December 2026). */
static void collect_late(lua_State *L)
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
    collect_late(L);
    return L;
}

struct vm_state *vm_state_of(lua_State *L)
{
    return *(struct vm_state **)lua_getextraspace(L);
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
