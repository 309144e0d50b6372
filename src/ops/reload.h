/* reload: makes foyer.lua and the connectors, as they are on the disk, those of the
 * server, and waits until the running servers use them. Scripts, templates and the
 * clients' settings stay as they are: `foyer deploy` is for them. It prints nothing. */
#ifndef FOYER_RELOAD_H
#define FOYER_RELOAD_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "workspace/workspace.h"

/* Checks them, and moves the server to a release with them; when nothing has changed,
 * asks the servers to read foyer.local.lua and certificates again. Returns a new object
 * {release, generation, changed: [path, ...]}. ERR_SETTINGS with a line for each mistake;
 * ERR_CONFLICT while there is no release. W is open on the files, and lenient. */
json_t *reload_store(struct workspace *w, struct err *e);
/* Waits until each running server has opened GENERATION, and returns a new array of {pid,
 * error?}: with an error, it goes on with what it had. A server that takes longer than 60
 * seconds has an error that says so. */
json_t *reload_wait(struct workspace *w, int64_t generation, struct err *e);

#endif
