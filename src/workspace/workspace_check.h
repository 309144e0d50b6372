/* workspace_check: finds each mistake in a workspace's settings and connectors, with file
 * and line, without a network: for `foyer check`. */
#ifndef FOYER_WORKSPACE_CHECK_H
#define FOYER_WORKSPACE_CHECK_H

#include "workspace/workspace.h"

/* PATH is below the workspace; LINE counts from 1; FIELD is "" for the file as a whole.
 * All are borrowed. */
typedef void workspace_problem(void *arg, const char *path, int line, const char *field,
                               const char *sentence);

/* Each calls PROBLEM for every mistake and returns their number. Checks foyer.lua: */
int workspace_check(struct workspace *w, workspace_problem *problem, void *arg);
/* client.lua and ids.lua of CLIENT; with GROUPS also whether foyer.lua has its groups,
 * which says something only when foyer.lua has no mistake. */
int workspace_check_client(struct workspace *w, const char *client, int groups,
                           workspace_problem *problem, void *arg);
/* The connectors of the workspace and the built-in ones. */
int workspace_check_connectors(struct workspace *w, workspace_problem *problem,
                               void *arg);

#endif
