/* vm: a process's Lua factory: states with a memory cap, and code from the layers,
 * compiled once and kept as bytecode in memory. It knows no runs and no sockets. */
#ifndef FOYER_VM_H
#define FOYER_VM_H

#include <lua.h>
#include <stddef.h>

#include "base/err.h"
#include "core/limits.h"
#include "vm/overlay.h"
#include "vm/arena.h"

struct vm;
struct pins; /* vm/pins.h */

/* One state's accounts, embedded in whoever owns the state and outliving it. */
struct vm_state {
    struct vm *vm;
    void *owner;
    size_t used, peak, max; /* bytes; past max Lua's allocator is refused */
    size_t allowance;       /* the codec may pass max by this while it runs */
    struct pins *pins;      /* what the state's code comes from first; NULL: today's */
    struct arena arena;
};

/* LIMITS and OVERLAY are borrowed for the vm's life. */
struct vm *vm_new(const struct limits *limits, struct overlay *overlay);
void vm_free(struct vm *vm);
const struct limits *vm_limits(const struct vm *vm);
struct overlay *vm_overlay(const struct vm *vm);

/* For a new state: the next cycle of the collector begins at ten times what is alive now,
 * those after it at one and a half times. Of what is loaded first nothing would be freed.
 */
void vm_collect_late(lua_State *L);
/* A bare state whose allocations count into STATE; NULL when even that does not fit. */
lua_State *vm_new_state(struct vm *vm, struct vm_state *state, size_t max, void *owner);
/* The accounts of L's state; for coroutines too. */
struct vm_state *vm_state_of(lua_State *L);

/* overlay_find for L's state: what its run has pinned goes first. */
struct overlay_file *vm_find(lua_State *L, const char *client, const char *name,
                             enum overlay_layer from, struct err *e);
/* Pushes FILE's chunk as a function with environment at the top of the stack as its _ENV
 * (popped). Text only; a syntax error raises kind script with file and line. */
void vm_load(lua_State *L, struct overlay_file *file);
/* Pushes the value of the std part NAME (lua/std/NAME.lua), loading it at its first use
 * in this state. */
void vm_push_part(lua_State *L, const char *name);
/* Before a wait that may be long: lets go of garbage, and of the larger parts, which are
 * loaded again when they are used. 50 us for what a reply's run holds. */
void vm_rest(lua_State *L);
/* The std table that parts get as their argument: set once by src/api/api_std.c. */
void vm_set_std(lua_State *L); // pops it

/* Lua's release at run time, "5.4.4": lua.h only tells what foyer was built with. */
const char *vm_version(void);

#endif
