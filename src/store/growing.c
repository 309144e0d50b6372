#include "store/growing.h"

#include <stddef.h>

static struct growing *slot_of(struct growing_table *t, int64_t run)
{
    for (int i = 0; i < GROWING_MAX; i++)
        if (t->slots[i].run == run)
            return &t->slots[i];
    return NULL;
}

/* The process may end between any two stores to memory: a slot with a run and no bytes
 * does not count. */
void growing_set(struct growing_table *t, int64_t run, int64_t bytes)
{
    struct growing *slot = run > 0 ? slot_of(t, run) : NULL;
    if (!slot && run > 0 && bytes > 0 && (slot = slot_of(t, 0)))
        __atomic_store_n(&slot->run, run, __ATOMIC_SEQ_CST);
    if (!slot)
        return;
    __atomic_store_n(&slot->bytes, bytes, __ATOMIC_SEQ_CST);
    if (bytes <= 0)
        __atomic_store_n(&slot->run, 0, __ATOMIC_SEQ_CST);
}

int growing_most(const struct growing_table *t, struct growing *out)
{
    *out = (struct growing){0};
    for (int i = 0; i < GROWING_MAX; i++)
        if (t->slots[i].run > 0 && t->slots[i].bytes > out->bytes)
            *out = t->slots[i];
    return out->bytes > 0;
}
