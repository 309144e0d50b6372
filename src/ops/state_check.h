/* state_check: checks for `foyer doctor` the owners and modes of the files below state/.
 */
#ifndef FOYER_STATE_CHECK_H
#define FOYER_STATE_CHECK_H

#include "ops/diagnosis.h"

/* Adds findings of the check "files". */
void state_check(const char *workspace_dir, struct diagnosis *found);

#endif
