/* files: the files that the command line gives to a run, each read once, and those that
 * APIs answered with. A run with pins notes the bytes in them, for a replay in another
 * process. */
#ifndef FOYER_FILES_H
#define FOYER_FILES_H

#include <stddef.h>

#include "base/err.h"
#include "vm/pins.h"

struct files { /* zeroed: none */
    struct file *list;
    int n, given; /* of N, those of the command line */
    size_t answer_bytes;
};

void files_fini(struct files *files);
/* Adds the file at PATH: the bytes that PINS (may be NULL) has noted, else, with
 * FROM_DISK 1, those on the disk, MAX at most. Its id, or -1. *NAME is borrowed. */
int files_add(struct files *files, const char *path, struct pins *pins, int from_disk,
              size_t max, const char **name, struct err *e);
/* Adds the answer of the journal's step SEQ, a copy, and returns its id, which is the
 * same in each attempt. -1 with ERR_LIMIT when the answers take more than MAX. */
int files_add_answer(struct files *files, int seq, const char *data, size_t len,
                     struct pins *pins, size_t max, struct err *e);
/* The bytes of file ID, borrowed; NULL when there is none. PINS as above. */
const char *files_get(const struct files *files, struct pins *pins, int id, size_t *len);

#endif
