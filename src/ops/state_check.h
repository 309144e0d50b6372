/* state_check: whose the files below state/ are, and who else may read or write them. */
#ifndef FOYER_STATE_CHECK_H
#define FOYER_STATE_CHECK_H

#include "ops/diagnosis.h"

/* Adds findings of the check "files". */
void state_check(const char *workspace_dir, struct diagnosis *found);

#endif
