/* connector_check: what lua/<app>/connector.lua may say (design 8): the parts that the
 * core reads. It takes the plain tree that vm/data made of it. */
#ifndef FOYER_CONNECTOR_CHECK_H
#define FOYER_CONNECTOR_CHECK_H

#include <jansson.h>

#include "core/settings_value.h"

/* Reports every problem that it finds, as settings_check does, and answers their number.
 */
int connector_check(const json_t *connector, settings_problem_fn *problem, void *arg);

#endif
