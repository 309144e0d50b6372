/* settings_check: checks foyer.lua, client.lua and ids.lua.
 *
 * Takes the plain trees that vm/data made of them. Knows no app: the caller passes the
 * apps and the form of their ids, from the connectors. */
#ifndef FOYER_SETTINGS_CHECK_H
#define FOYER_SETTINGS_CHECK_H

#include "core/settings_value.h"

/* The files; ids.lua has app blocks with names for ids, and nothing else. */
enum settings_kind { SETTINGS_WORKSPACE, SETTINGS_CLIENT, SETTINGS_IDS };

/* Reports every problem in TREE and returns their number; 0: it is valid. */
int settings_check(const json_t *tree, enum settings_kind kind,
                   const struct settings_app *apps, size_t napps,
                   settings_problem_fn *problem, void *arg);

/* Returns 1 for a key of a recipe's entry that is foyer's, not an option of the recipe:
 * cron, retry, catch_up, uncertain. */
int settings_is_reserved(const char *key);
/* Returns 1 for a key of client.lua that is foyer's, so that no app can have that name.
 */
int settings_is_client_key(const char *key);

#endif
