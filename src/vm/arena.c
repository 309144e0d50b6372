#include "vm/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct arena_chunk {
    struct arena_chunk *next;
    char blocks[];
};

/* Under ASan every block is malloc's, so that ASan sees each use of it. */
#ifdef __SANITIZE_ADDRESS__
enum { SMALL_MAX = 0 };
#else
enum { SMALL_MAX = ARENA_SMALL_MAX };
#endif

static size_t class_of(size_t size)
{
    return (size - 1) / ARENA_UNIT;
}

static void add_chunk(struct arena *a)
{
    if (a->end > a->at) /* the rest of the chunk becomes one free block */
        arena_release(a, a->at, (size_t)(a->end - a->at));
    struct arena_chunk *chunk = xmalloc(ARENA_CHUNK);
    chunk->next = a->chunks;
    a->chunks = chunk;
    a->at = chunk->blocks;
    a->end = (char *)chunk + ARENA_CHUNK;
}

static void *take(struct arena *a, size_t size)
{
    if (size > SMALL_MAX)
        return malloc(size);
    size_t class = class_of(size), rounded = (class + 1) * ARENA_UNIT;
    void *block = a->spare[class];
    if (block) {
        memcpy(&a->spare[class], block, sizeof block);
        return block;
    }
    if ((size_t)(a->end - a->at) < rounded)
        add_chunk(a);
    block = a->at;
    a->at += rounded;
    return block;
}

void arena_release(struct arena *a, void *ptr, size_t size)
{
    if (!ptr || size == 0)
        return;
    if (size > SMALL_MAX) {
        free(ptr);
        return;
    }
    size_t class = class_of(size);
    memcpy(ptr, &a->spare[class], sizeof ptr);
    a->spare[class] = ptr;
}

void *arena_resize(struct arena *a, void *ptr, size_t osize, size_t nsize)
{
    if (!ptr || osize == 0)
        return take(a, nsize);
    if (osize > SMALL_MAX && nsize > SMALL_MAX) {
        void *moved = realloc(ptr, nsize);
        return moved || nsize > osize ? moved : ptr;
    }
    if (osize <= SMALL_MAX && nsize <= SMALL_MAX && class_of(osize) == class_of(nsize))
        return ptr;
    void *moved = take(a, nsize);
    if (moved) {
        memcpy(moved, ptr, osize < nsize ? osize : nsize);
        arena_release(a, ptr, osize);
    }
    return moved;
}

void arena_fini(struct arena *a)
{
    for (struct arena_chunk *chunk = a->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    *a = (struct arena){0};
}
