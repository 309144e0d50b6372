/* size_check: says for `foyer doctor` how large the store is, by what, how large it
 * becomes, and when the disk is full. */
#ifndef FOYER_SIZE_CHECK_H
#define FOYER_SIZE_CHECK_H

#include "ops/diagnosis.h"
#include "workspace/workspace.h"

/* Adds a finding of the check "size". Adds none when the store cannot be opened. */
void size_check(struct workspace *w, struct diagnosis *found);

#endif
