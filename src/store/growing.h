/* growing: which runs of a process use much memory, and how much.
 *
 * The table lies in memory that is mapped from a file (MAP_SHARED), so that it outlives
 * kill -9: a process that the kernel killed for its memory cannot name a cause itself.
 * store/presence.h owns the file. */
#ifndef FOYER_GROWING_H
#define FOYER_GROWING_H

#include <stdint.h>

enum { GROWING_MAX = 64 };

struct growing {
    int64_t run, bytes;
};

struct growing_table { /* as in the file; all zero: empty */
    struct growing slots[GROWING_MAX];
};

/* Records that RUN uses BYTES now; 0 removes the run. Does nothing when the table is
 * full. */
void growing_set(struct growing_table *t, int64_t run, int64_t bytes);
/* Fills OUT with the run that uses most and returns 1; 0 when the table is empty. */
int growing_most(const struct growing_table *t, struct growing *out);

#endif
