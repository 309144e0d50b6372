/* import: writes the connector and the actions of an OpenAPI document into a workspace.
 * All files are written beside their place before the first is renamed, so that no file
 * is ever half. */
#ifndef FOYER_IMPORT_H
#define FOYER_IMPORT_H

#include <jansson.h>

#include "base/err.h"
#include "core/openapi.h"
#include "workspace/workspace.h"

/* Reads FILE and makes lua/APP of it. Without FORCE no file that is there is replaced.
 * Returns what openapi_read returns, where each file has, instead of its text, "state":
 * "new", "same", "differs" or "replaced", and "diff" where it differs; "path" is that
 * below the workspace; and with "gone": [path], actions of an earlier import that the
 * document lacks, which stay. The caller frees it. NULL with E, and nothing is written.
 */
json_t *import_file(struct workspace *w, const char *file, const char *app, int force,
                    const struct openapi_options *options, struct err *e);

#endif
