/* code_change: which of the scripts and templates that a run began with are different
 * today. */
#ifndef FOYER_CODE_CHANGE_H
#define FOYER_CODE_CHANGE_H

#include <jansson.h>
#include <stdint.h>

#include "workspace/workspace.h"
#include "base/err.h"

struct db;

/* The paths of those, a new array; empty for a run that has not begun. NULL with E when
 * the store cannot be read, or for ERR_NOT_FOUND. */
json_t *code_changes(struct workspace *w, struct db *db, int64_t run, struct err *e);

#endif
