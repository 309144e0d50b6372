/* look_check: says for `foyer doctor` when apps were last looked at for what they do not
 * send: each client's polled triggers, each company's events. */
#ifndef FOYER_LOOK_CHECK_H
#define FOYER_LOOK_CHECK_H

#include "ops/diagnosis.h"
#include "workspace/workspace.h"

/* Adds a finding of the check "looks" for each mark. Adds none when the store cannot be
 * opened. */
void look_check(struct workspace *w, struct diagnosis *found);

#endif
