/* removal: takes a client out of the workspace: its runs, grants, secrets, rows, scripts
 * in the releases, and its directory. Prints nothing. */
#ifndef FOYER_REMOVAL_H
#define FOYER_REMOVAL_H

#include <jansson.h>

#include "ops/report.h"
#include "work/session.h"
#include "base/err.h"

struct removal { /* texts are borrowed */
    const char *client;
    const char *export; /* a file that does not exist yet, for its rows; NULL: none */
    int files;          /* 1: its directory is removed, too */
    int copies;         /* 1: removes the copies of the store that upgrades left */
    /* Opened when a grant can be revoked; NULL with E. Borrowed. */
    struct session *(*session)(void *arg, struct err *e);
    /* Called once when a run that is being worked on is waited for. May be NULL. */
    void (*waiting)(void *arg);
    void *arg;
};

/* Returns what would be removed: {client, rows, directory (1: there is one), open: [{run,
 * recipe, state, write?, written_at?}], grants: [{app, company, name, shared_with:
 * [client], static}]}. ERR_NOT_FOUND when there is no such client, in the files or in the
 * store. NULL with E. */
json_t *removal_look(struct report *r, const char *client, struct err *e);
/* Removes the client. Returns the same tree with removed: {table: rows}, exported?: rows,
 * log_lines, directory_removed, copies: [{path, removed}]. ERR_CONFLICT, and nothing is
 * changed but the export, when a run is still being worked on after half a minute. NULL
 * with E. */
json_t *removal_remove(struct report *r, const struct removal *how, struct err *e);

#endif
