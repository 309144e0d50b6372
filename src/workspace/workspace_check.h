/* workspace_check: every mistake in a workspace's settings and connectors, with file and
 * line, offline: for `foyer check`. */
#ifndef FOYER_WORKSPACE_CHECK_H
#define FOYER_WORKSPACE_CHECK_H

#include "workspace/workspace.h"

/* FIELD is "" for the file as a whole. */
typedef void workspace_problem(void *arg, const char *path, int line, const char *field,
                               const char *sentence);

/* Each answers how many there are. foyer.lua: */
int workspace_check(struct workspace *w, workspace_problem *problem, void *arg);
/* client.lua and ids.lua */
int workspace_check_client(struct workspace *w, const char *client,
                           workspace_problem *problem, void *arg);
/* The connectors that lie in the workspace or are built in. */
int workspace_check_connectors(struct workspace *w, workspace_problem *problem,
                               void *arg);

#endif
