/* first_release: release 1 of a workspace, which the first `foyer serve` makes of its
 * files. It prints nothing. */
#ifndef FOYER_FIRST_RELEASE_H
#define FOYER_FIRST_RELEASE_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "workspace/workspace.h"

/* Checks the files of W, an open workspace, and makes them live; does nothing when there
 * is a release already: *ID is 0 then. A client with a mistake is left out: *LEFT_OUT, a
 * new object, has the line of its first mistake by the client's name. ERR_SETTINGS, with
 * a line for each mistake, when foyer.lua, a connector or a shared script has one. */
int first_release(struct workspace *w, int64_t *id, json_t **left_out, struct err *e);
/* Takes the release ID of first_release back: what it was made for did not begin, and its
 * files shall not outlive their correction. Errors go to the log. */
void first_release_undo(const char *dir, int64_t id);

#endif
