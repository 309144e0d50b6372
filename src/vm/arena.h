/* arena: the memory of one Lua state. Small blocks come from chunks of the state's own,
 * by size class, without a header; large ones from malloc. The caller passes each block's
 * size, as Lua does. There is no limit here: vm counts.
 *
 * With malloc instead, a thousand attempts of forty requests each take 14 % more CPU
 * time, an attempt's start 22 %, in the same memory (December 2026). `make bench` prints
 * what it saves for a bare state. */
#ifndef FOYER_ARENA_H
#define FOYER_ARENA_H

#include <stddef.h>

enum { ARENA_UNIT = 8, ARENA_SMALL_MAX = 512, ARENA_CHUNK = 2 * 1024 - 16 };

struct arena { /* zeroed: empty */
    struct arena_chunk *chunks;
    char *at, *end;                            /* the newest chunk's free part */
    void *spare[ARENA_SMALL_MAX / ARENA_UNIT]; /* freed blocks, by size class */
};

/* As realloc: PTR is NULL or has OSIZE bytes, and NSIZE is not 0. NULL when malloc
 * refuses a large block; then PTR is unchanged. */
void *arena_resize(struct arena *a, void *ptr, size_t osize, size_t nsize);
void arena_release(struct arena *a, void *ptr, size_t size);
/* Frees the chunks. Large blocks have to be released one by one. */
void arena_fini(struct arena *a);

#endif
