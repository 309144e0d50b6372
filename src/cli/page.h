/* page: a tree of ops/explain.h as one HTML page to print. It needs no other file, and
 * loads and runs nothing. */
#ifndef FOYER_PAGE_H
#define FOYER_PAGE_H

#include <jansson.h>

#include "cli/timeline.h"
#include "base/err.h"

/* Writes the page to PATH, a new file that only this user can read. ERR_CONFLICT: PATH is
 * there. -1 with E. */
int page_write(const char *path, const json_t *tree, const struct timeline *t,
               struct err *e);

#endif
