/* files: what a run was given from the command line, by handle. Read once; a run that is
 * kept notes the bytes, so that another process's replay has them too. */
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
/* The file at PATH as PINS (may be NULL) has noted it, else, where FROM_DISK is 1, as it
 * is now, MAX bytes at most. Its id, or -1; *NAME is borrowed. */
int files_add(struct files *files, const char *path, struct pins *pins, int from_disk,
              size_t max, const char **name, struct err *e);
/* NULL: there is no such file. */
const char *files_get(const struct files *files, int id, size_t *len);

#endif
