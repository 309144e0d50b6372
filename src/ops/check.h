/* check: finds each mistake in a workspace's settings, connectors, scripts and templates,
 * without network, store or key: for `foyer check` and `foyer deploy`. Prints nothing. */
#ifndef FOYER_CHECK_H
#define FOYER_CHECK_H

#include <jansson.h>
#include <stddef.h>

#include "work/session.h"
#include "base/err.h"

/* Checks what all clients share, and N CLIENTS, which exist; with N 0 all, and
 * directories that should be a client's. S is of session_open_offline, of a workspace
 * after workspace_be_lenient.
 *
 * Returns a new {mistakes, notes, files, clients, unread}: the first two are arrays of
 * {path, line, sentence, clients?} in order of file and line, the next two count. With
 * `unread` foyer.lua could not be read: it is the only file that was checked. A mistake
 * without `clients` is one of all clients that see the file. A note says what cannot be
 * decided, and is no mistake. NULL with E; with ERR_NONE when S was interrupted. */
json_t *check_run(struct session *s, const char *const *clients, size_t n, struct err *e);

#endif
