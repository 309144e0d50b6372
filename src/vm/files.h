/* files: the files that the command line gives to a run. Each is read once. A run with
 * pins notes the bytes in them, for a replay in another process. */
#ifndef FOYER_FILES_H
#define FOYER_FILES_H

#include <stddef.h>

#include "base/err.h"
#include "vm/pins.h"

struct files { /* zeroed: none */
    struct file *list;
    int n;
};

void files_fini(struct files *files);
/* Adds the file at PATH: the bytes that PINS (may be NULL) has noted, else, with
 * FROM_DISK 1, those on the disk, MAX at most. Its id, or -1. *NAME is borrowed. */
int files_add(struct files *files, const char *path, struct pins *pins, int from_disk,
              size_t max, const char **name, struct err *e);
/* The bytes of file ID, borrowed; NULL when there is none. */
const char *files_get(const struct files *files, int id, size_t *len);

#endif
