/* growing: which runs of a process hold much memory, and how much.
 *
 * A table in memory that is mapped from a file and shared, so that it outlives kill -9: a
 * process that was killed for its memory names no cause. It knows nothing of who owns the
 * file. */
#ifndef FOYER_GROWING_H
#define FOYER_GROWING_H

#include <stdint.h>

enum { GROWING_MAX = 64 };

struct growing {
    int64_t run, bytes;
};

struct growing_table { /* as it is in the file; all zero: empty */
    struct growing slots[GROWING_MAX];
};

/* RUN holds BYTES now; 0: it is forgotten. Nothing when the table is full. */
void growing_set(struct growing_table *t, int64_t run, int64_t bytes);
/* The run that holds most: 1, or 0 when none is there. */
int growing_most(const struct growing_table *t, struct growing *out);

#endif
