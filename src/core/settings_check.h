/* settings_check: what foyer.lua, client.lua and ids.lua may say (design 7).
 *
 * It takes the plain trees that vm/data made of them. It knows no app: which app blocks
 * exist and what ids look like is handed in from the connectors. */
#ifndef FOYER_SETTINGS_CHECK_H
#define FOYER_SETTINGS_CHECK_H

#include "core/settings_value.h"

/* Each reports every problem it finds and answers their number; 0: the tree is valid. */
int settings_check_workspace(const json_t *workspace, const struct settings_app *apps,
                             size_t napps, settings_problem_fn *problem, void *arg);
int settings_check_client(const json_t *client, const struct settings_app *apps,
                          size_t napps, settings_problem_fn *problem, void *arg);
/* ids.lua holds app blocks with nothing but names for ids. */
int settings_check_ids(const json_t *ids, const struct settings_app *apps, size_t napps,
                       settings_problem_fn *problem, void *arg);

/* The keys of a recipe's entry that are foyer's, not the recipe's own options: cron,
 * retry, catch_up and uncertain. */
int settings_is_reserved(const char *key);

#endif
