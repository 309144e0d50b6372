/* presence: that a process lives, held by a kernel lock and not by time.
 *
 * It owns state/owners/: one file per living process, named by the presence's id, under
 * an OFD write lock (fcntl(2)). The kernel drops the lock with the last descriptor, also
 * after kill -9, so that whoever sees the id in a claim can ask whether its holder is
 * alive. Ids are never used twice. It knows nothing of what is claimed. */
#ifndef FOYER_PRESENCE_H
#define FOYER_PRESENCE_H

#include "base/err.h"

enum { PRESENCE_ID_SIZE = 32 }; /* with the NUL */

struct presence;

/* Made by who needs a claim, when it needs one: it costs three system calls and a file.
 * Removes what dead processes left, a few files at a time. A child made by fork without
 * exec shares the lock: such a child keeps the presence alive. */
struct presence *presence_open(const char *workspace_dir, struct err *e);
/* "4711-9f86d081884c7d65"; lives as long as P. */
const char *presence_id(const struct presence *p);
/* Removes the file and drops the lock: its claims are free from now on. NULL is fine. */
void presence_close(struct presence *p);

/* 1: the process with ID lives; 0: it does not, and what it left is removed; -1: cannot
 * tell (ERR_STORE). A missing file or a malformed ID is a dead one. */
int presence_is_alive(const char *workspace_dir, const char *id, struct err *e);

#endif
