/* settings_check: checks foyer.lua, client.lua and ids.lua.
 *
 * Takes the plain trees that vm/data made of them. Knows no app: the caller passes the
 * apps and the form of their ids, from the connectors. */
#ifndef FOYER_SETTINGS_CHECK_H
#define FOYER_SETTINGS_CHECK_H

#include "core/settings_value.h"

/* Each reports every problem and returns their number; 0: the tree is valid. */
int settings_check_workspace(const json_t *workspace, const struct settings_app *apps,
                             size_t napps, settings_problem_fn *problem, void *arg);
int settings_check_client(const json_t *client, const struct settings_app *apps,
                          size_t napps, settings_problem_fn *problem, void *arg);
/* Of ids.lua: app blocks with names for ids, and nothing else. */
int settings_check_ids(const json_t *ids, const struct settings_app *apps, size_t napps,
                       settings_problem_fn *problem, void *arg);

/* Returns 1 for a key of a recipe's entry that is foyer's, not an option of the recipe:
 * cron, retry, catch_up, uncertain. */
int settings_is_reserved(const char *key);

#endif
