/* live_files: which of a workspace's files are live. */
#ifndef FOYER_LIVE_FILES_H
#define FOYER_LIVE_FILES_H

#include <jansson.h>

#include "workspace/workspace.h"

/* Sets on each layer of MATCHES, which lua/std/tools/which.lua found, and that is not
 * built in, `release`: the one that CLIENT runs, or the server when CLIENT is NULL, and
 * `live`: "same" when it has this file with this text, "other" with another text, "none"
 * when it does not have the file. Does nothing where there is no release. */
void live_files_mark(struct workspace *w, const char *client, const json_t *matches);

#endif
