/* unsent: which writes, whose intents are stored or about to be, were not sent yet.
 *
 * The table lies in memory that is mapped from a file (MAP_SHARED), so that it outlives
 * kill -9. The process that reclaims a dead process's runs reads in it that a write was
 * never sent. It errs in one direction only: a write in the table was not sent; a write
 * that is not in it may have been sent. After a power cut the file may be older than what
 * the process did, so the table has the boot's id; a copy of the file is refused by its
 * inode. store/presence.h owns the file.
 *
 * A process that stands still may go on at any time, so that reading is not enough: the
 * process that takes its runs over takes each write out of its hands. One atomic exchange
 * of a slot's state decides which of the two sends it:
 *
 *     unsent -> leaving   by the owner, right before the first byte; then -> free, once
 *                         the request is handed to the kernel
 *     unsent -> taken     by the process that takes the run over and sends it instead
 *
 * A leaving write cannot be taken, and cannot be looked for either: it may leave at any
 * time, also after a search has shown that it was not done. Its run waits until the owner
 * goes on or dies. */
#ifndef FOYER_UNSENT_H
#define FOYER_UNSENT_H

#include <stdint.h>

enum { UNSENT_MAX = 64, UNSENT_BOOT_SIZE = 40 };

/* One write: the intent SEQ of RUN, stored under the claim EPOCH at AT_MS. */
struct unsent {
    int64_t run, epoch, seq, at_ms;
};

struct unsent_table { /* as in the file */
    char layout[8];
    char boot[UNSENT_BOOT_SIZE];
    uint64_t device, inode; /* of the file */
    struct unsent_slot {
        struct unsent is;
        uint64_t check;
        uint32_t state, unused; /* enum unsent_state */
    } slots[UNSENT_MAX];
};
enum unsent_state { UNSENT_FREE, UNSENT_HERE, UNSENT_LEAVING, UNSENT_TAKEN };

/* Makes an empty table for the file FD. Where the boot's id cannot be read the table
 * stays empty for ever, and the log says so. */
void unsent_init(struct unsent_table *t, int fd);
/* Records that WRITE was not sent, until unsent_remove. A run has one write at a time: an
 * older one of the same run is removed. Does nothing when the table is full. */
void unsent_add(struct unsent_table *t, const struct unsent *write);
/* Removes the write of RUN, unless it was taken. */
void unsent_remove(struct unsent_table *t, int64_t run);
/* Returns 1 when the write of RUN, recorded or not, may leave now; then unsent_left
 * follows. Returns 0 when another process has taken it. */
int unsent_leave(struct unsent_table *t, int64_t run);
/* Undoes unsent_leave: the write did not leave. */
void unsent_stay(struct unsent_table *t, int64_t run);
/* The kernel has the whole request of RUN's write. */
void unsent_left(struct unsent_table *t, int64_t run);
/* Returns 1 when T was made for the file FD since the machine's last start. */
int unsent_is_of(const struct unsent_table *t, int fd);
/* Fills OUT with the writes that were surely not sent and returns their number. T is of
 * the file FD, whose process is dead. */
int unsent_read(const struct unsent_table *t, int fd, struct unsent out[UNSENT_MAX]);
/* Takes all writes of the process of file FD that are not sent, so that it never sends
 * them; fills OUT with them and returns their number. Fills LEAVING with the runs whose
 * writes may leave at any time. */
int unsent_take(struct unsent_table *t, int fd, struct unsent out[UNSENT_MAX],
                int64_t leaving[UNSENT_MAX], int *nleaving);

#endif
