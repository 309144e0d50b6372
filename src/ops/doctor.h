/* doctor: checks, for `foyer doctor`, what a workspace needs to work: its key, store,
 * disk, settings, connections, clock and scopes. Prints nothing. */
#ifndef FOYER_DOCTOR_H
#define FOYER_DOCTOR_H

#include "ops/diagnosis.h"
#include "work/session.h"
#include "workspace/workspace.h"

/* Adds the findings to FOUND. W is lenient (workspace_be_lenient). S is NULL when WHY
 * kept a session from being opened: then no request is sent. */
void doctor_check(struct workspace *w, struct session *s, const struct err *why,
                  struct diagnosis *found);

#endif
