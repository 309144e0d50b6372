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
struct memo; /* vm/memo.h */
struct pins; /* vm/pins.h */

/* One state's memory; part of the state's owner, and outlives the state. */
struct vm_state {
    struct vm *vm;
    void *owner;
    size_t used, max;  /* bytes; more than max is refused */
    size_t allowance;  /* added to max while the codec runs */
    struct pins *pins; /* the code that the run has pinned; NULL: none */
    struct arena arena;
};

/* LIMITS and OVERLAY are borrowed for the vm's life. */
struct vm *vm_new(const struct limits *limits, struct overlay *overlay);
void vm_free(struct vm *vm);
const struct limits *vm_limits(const struct vm *vm);
struct overlay *vm_overlay(const struct vm *vm);
struct memo *vm_memo(const struct vm *vm); /* borrowed for the vm's life */

/* Makes a bare state whose allocations count into STATE. NULL: it does not fit into MAX.
 * VM and OWNER, which vm_state_of hands out, may be NULL. */
lua_State *vm_new_state(struct vm *vm, struct vm_state *state, size_t max, void *owner);
/* The memory of L's state; L may be a coroutine. */
struct vm_state *vm_state_of(lua_State *L);

/* Lua's release at run time, "5.4.4"; lua.h has the one that foyer was built with. */
const char *vm_version(void);

#endif
