/* names_check: looks whether what settings, recipes and templates name is there at the
 * apps, for `foyer doctor --daily`: a finding for each thing that is not, and alerts
 * about it as a worker's daily look has them. */
#ifndef FOYER_NAMES_CHECK_H
#define FOYER_NAMES_CHECK_H

#include "ops/diagnosis.h"
#include "work/session.h"

void names_check(struct session *s, struct diagnosis *found);

#endif
