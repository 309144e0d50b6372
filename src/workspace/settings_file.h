/* settings_file: reads one of foyer.lua, client.lua and ids.lua. It keeps nothing: the
 * workspace does. */
#ifndef FOYER_SETTINGS_FILE_H
#define FOYER_SETTINGS_FILE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

/* Evaluates the file NAME below the workspace's directory DIR and returns a new
 * reference. NULL with E: ERR_NOT_FOUND when there is no such file, else ERR_SETTINGS.
 * TEXT gets the source, in which lines are found. The caller frees it, also after an
 * error. */
json_t *settings_file_read(const char *dir, const char *name, struct buf *text,
                           struct err *e);

#endif
