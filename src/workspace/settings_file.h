/* settings_file: one of foyer.lua, client.lua and ids.lua, read and held against the apps
 * that the workspace has. It keeps nothing: workspace does. */
#ifndef FOYER_SETTINGS_FILE_H
#define FOYER_SETTINGS_FILE_H

#include <jansson.h>

#include "workspace/workspace.h"
#include "base/buf.h"
#include "core/settings_check.h"

enum settings_kind { OF_WORKSPACE, OF_CLIENT, OF_IDS };

/* Evaluates the file NAME below the workspace's directory: a new reference. TEXT is set
 * up here and freed by the caller in any case; it gets the source, for lines. */
json_t *settings_file_read(struct workspace *w, const char *name, struct buf *text,
                           struct err *e);
/* Reports every problem in TREE and answers their number; -1 with E when a connector,
 * which says what there may be, cannot be read. */
int settings_file_check(struct workspace *w, const json_t *tree, enum settings_kind kind,
                        settings_problem_fn *problem, void *arg, struct err *e);

#endif
