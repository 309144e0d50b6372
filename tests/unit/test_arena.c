/* What Lua relies on: contents survive a resize, blocks do not overlap, sizes of every
 * class come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vm/arena.h"

enum { BLOCKS = 300, STEPS = 20000, SIZE_MAX_TRIED = 2000 };

struct block {
    unsigned char *data, fill;
    size_t size;
};

static void check(const struct block *b)
{
    for (size_t i = 0; i < b->size; i++)
        assert_int_equal(b->data[i], b->fill);
}

static void blocks_keep_what_they_hold(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct block blocks[BLOCKS] = {0};
    unsigned short seed[3] = {1, 2, 3};
    for (int step = 0; step < STEPS; step++) {
        struct block *b = &blocks[nrand48(seed) % BLOCKS];
        check(b);
        size_t size = (size_t)nrand48(seed) % SIZE_MAX_TRIED;
        if (size == 0 || nrand48(seed) % 4 == 0) {
            arena_release(&arena, b->data, b->size);
            *b = (struct block){0};
            continue;
        }
        unsigned char *moved = arena_resize(&arena, b->data, b->size, size);
        assert_non_null(moved);
        assert_int_equal((uintptr_t)moved % ARENA_UNIT, 0);
        for (size_t i = 0; i < size && i < b->size; i++)
            assert_int_equal(moved[i], b->fill);
        *b = (struct block){moved, (unsigned char)step, size};
        memset(moved, b->fill, size);
    }
    for (int i = 0; i < BLOCKS; i++) {
        check(&blocks[i]);
        arena_release(&arena, blocks[i].data, blocks[i].size);
    }
    arena_fini(&arena);
}

static void a_freed_block_is_used_again(void **state)
{
    (void)state;
#ifndef __SANITIZE_ADDRESS__
    struct arena arena = {0};
    void *a = arena_resize(&arena, NULL, 0, 100);
    arena_release(&arena, a, 100);
    assert_ptr_equal(arena_resize(&arena, NULL, 0, 104), a);
    arena_fini(&arena);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks_keep_what_they_hold),
                                       cmocka_unit_test(a_freed_block_is_used_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
