/* code_change: which of the scripts and templates that a run began with have changed
 * since. */
#ifndef FOYER_CODE_CHANGE_H
#define FOYER_CODE_CHANGE_H

#include <jansson.h>
#include <stdint.h>

#include "workspace/workspace.h"
#include "base/err.h"

struct db;

/* Returns a new array of their paths, empty for a run that has not begun. NULL with E;
 * ERR_NOT_FOUND when there is no such run. */
json_t *code_changes(struct workspace *w, struct db *db, int64_t run, struct err *e);

#endif
