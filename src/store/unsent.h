/* unsent: which writes, whose intents are stored or about to be, have not left yet.
 *
 * A table in memory that is mapped from a file and shared, so that it outlives kill -9
 * and tells whoever frees the dead process's runs that a write was never sent. It may
 * only err in one direction: a write that is in it has not left; one that is not in it
 * may have. What it holds is worth nothing after a power cut, hence the boot's id, nor in
 * a copy of the file. It knows nothing of who owns the file. */
#ifndef FOYER_UNSENT_H
#define FOYER_UNSENT_H

#include <stdint.h>

enum { UNSENT_MAX = 64, UNSENT_BOOT_SIZE = 40 };

/* One write: the intent SEQ of RUN as the claim EPOCH has stored it, with its at_ms. */
struct unsent {
    int64_t run, epoch, seq, at_ms;
};

struct unsent_table { /* as it is in the file */
    char layout[8];
    char boot[UNSENT_BOOT_SIZE];
    uint64_t device, inode; /* of the file */
    struct unsent_slot {
        struct unsent is;
        uint64_t check;
        uint32_t is_held, unused;
    } slots[UNSENT_MAX];
};

/* An empty table for the file FD; one that holds nothing, as the log tells, where the
 * boot has no id. */
void unsent_init(struct unsent_table *t, int fd);
/* WRITE has not left, until unsent_remove. A run has one write at a time: an older one of
 * the same run is forgotten. Nothing when the table is full. */
void unsent_add(struct unsent_table *t, const struct unsent *write);
/* What RUN writes may leave after this. Async-signal-safe. */
void unsent_remove(struct unsent_table *t, int64_t run);
/* 1: T was made for the file FD since the machine's last start. */
int unsent_is_of(const struct unsent_table *t, int fd);
/* The writes in T, which is the file FD's and whose process is dead, that have surely not
 * left; how many of OUT. */
int unsent_read(const struct unsent_table *t, int fd, struct unsent out[UNSENT_MAX]);

#endif
