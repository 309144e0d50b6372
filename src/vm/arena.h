/* arena: one Lua state's memory. Small blocks come from chunks that belong to the state
 * alone, by size class, so that they cost a few instructions, carry no header, and are
 * all given back at once at its end; large ones are malloc's. The sizes are the
 * caller's to keep, as Lua does. It knows no limit: vm counts. */
#ifndef FOYER_ARENA_H
#define FOYER_ARENA_H

#include <stddef.h>

enum { ARENA_UNIT = 8, ARENA_SMALL_MAX = 512, ARENA_CHUNK = 2 * 1024 - 16 };

struct arena { /* zeroed is empty */
    struct arena_chunk *chunks;
    char *at, *end;                            /* the newest chunk's free part */
    void *spare[ARENA_SMALL_MAX / ARENA_UNIT]; /* freed blocks, by class */
};

/* Makes PTR (NULL when OSIZE is 0) as large as NSIZE, not 0; may move it. NULL only for
 * a large block that malloc refuses to make or to enlarge: then PTR is as it was. */
void *arena_resize(struct arena *a, void *ptr, size_t osize, size_t nsize);
void arena_release(struct arena *a, void *ptr, size_t size);
/* Frees the chunks; large blocks have to be released one by one. */
void arena_fini(struct arena *a);

#endif
