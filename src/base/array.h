/* array: arrays that grow. */
#ifndef FOYER_ARRAY_H
#define FOYER_ARRAY_H

#include <stddef.h>

#include "base/str.h"

/* Makes room in LIST (NULL at first) for item N, while the items 0 to N - 1 are in use.
 * The capacity is not stored: it follows from N, 8 at first and doubled at each power of
 * two. The caller frees LIST. */
#define array_grow(list, n) ((list) = array_room((list), (size_t)(n), sizeof *(list)))

static inline void *array_room(void *list, size_t n, size_t size)
{
    int is_full = n == 0 ? !list : n >= 8 && (n & (n - 1)) == 0;
    return is_full ? xrealloc(list, (n ? 2 * n : 8) * size) : list;
}

#endif
