/* app_check: whether the apps in the settings, the agency's and those of clients' own,
 * have what OAuth needs, and each grant the app that it was given to. For `foyer doctor`;
 * it asks nobody. */
#ifndef FOYER_APP_CHECK_H
#define FOYER_APP_CHECK_H

#include "ops/diagnosis.h"
#include "ops/probe.h"
#include "workspace/workspace.h"

/* W has its sealing key. */
void app_check(struct workspace *w, const struct probe_connection *ties,
               struct diagnosis *found);

#endif
