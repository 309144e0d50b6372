/* vm: makes Lua states with a memory cap. It knows no runs and no sockets. */
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

/* Lua's release at run time, "5.4.4": lua.h only tells what foyer was built with. */
const char *vm_version(void);

#endif
