/* new_client: makes the directory of a client that comes: a client.lua whose comments
 * teach, or a copy of another client's files without what belongs to that client alone:
 * its ids, its company, its app and its secrets. Prints nothing. */
#ifndef FOYER_NEW_CLIENT_H
#define FOYER_NEW_CLIENT_H

#include <jansson.h>

#include "base/err.h"
#include "workspace/workspace.h"

struct new_client {
    const char *client, *app;
    const char *name;   /* that customers read; NULL: the same as `client` */
    const char *from;   /* the client to copy; NULL: none */
    const char *groups; /* "retail,vip"; NULL: none, or those of FROM */
};

/* Makes the files and returns {made: [path below the workspace], left_out: [field of
 * FROM's client.lua], copied: [its fields that may be FROM's own: vars, hosts, …]}.
 * ERR_CONFLICT when the client is there, ERR_NOT_FOUND without FROM, ERR_USAGE for a name
 * that cannot be one. NULL with E: nothing was made. */
json_t *new_client_make(struct workspace *w, const struct new_client *as, struct err *e);
/* Removes the files of MADE, and the directories that are empty then. */
void new_client_undo(struct workspace *w, const char *client, const json_t *made);

#endif
