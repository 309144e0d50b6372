/* settings_file: reads one of foyer.lua, client.lua and ids.lua, and checks it against
 * the apps that the workspace has. It keeps nothing: the workspace does. */
#ifndef FOYER_SETTINGS_FILE_H
#define FOYER_SETTINGS_FILE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/settings_check.h"

enum settings_kind { SETTINGS_WORKSPACE, SETTINGS_CLIENT, SETTINGS_IDS };

/* Evaluates the file NAME below the workspace's directory DIR and returns a new
 * reference. NULL with E: ERR_NOT_FOUND when there is no such file, else ERR_SETTINGS.
 * TEXT gets the source, in which lines are found. The caller frees it, also after an
 * error. */
json_t *settings_file_read(const char *dir, const char *name, struct buf *text,
                           struct err *e);
/* Reports each problem in TREE and returns their number. */
int settings_file_check(const struct settings_app *apps, size_t napps, const json_t *tree,
                        enum settings_kind kind, settings_problem_fn *problem, void *arg);

#endif
