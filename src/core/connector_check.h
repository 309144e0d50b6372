/* connector_check: checks lua/<app>/connector.lua, the parts that foyer's C code reads.
 * Takes the plain tree that vm/data made of the file. */
#ifndef FOYER_CONNECTOR_CHECK_H
#define FOYER_CONNECTOR_CHECK_H

#include <jansson.h>

#include "core/settings_value.h"

/* Reports every problem, as settings_check does, and returns their number. */
int connector_check(const json_t *connector, settings_problem_fn *problem, void *arg);

#endif
