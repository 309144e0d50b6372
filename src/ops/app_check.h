/* app_check: checks for `foyer doctor` that the OAuth apps in the settings, the agency's
 * and clients' own, have a client_id and a client_secret, and that the app of each grant
 * is still there. Sends no request. */
#ifndef FOYER_APP_CHECK_H
#define FOYER_APP_CHECK_H

#include "ops/diagnosis.h"
#include "ops/probe.h"
#include "workspace/workspace.h"

/* Adds findings of the check "app". W's sealing key can be read. */
void app_check(struct workspace *w, const struct probe_connection *connections,
               struct diagnosis *found);

#endif
