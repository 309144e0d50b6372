/* recheck: `foyer check` as a process beside the server, before it takes up scripts that
 * were edited. What the check says goes to the log. */
#ifndef FOYER_RECHECK_H
#define FOYER_RECHECK_H

#include "base/err.h"
#include "io/loop.h"

struct recheck;

/* GOOD: 1: no mistakes; 0: some, or the check itself failed, and the log says which. It
 * may free the recheck. */
typedef void recheck_done(void *arg, int good);

struct recheck *recheck_start(struct loop *loop, const char *dir, recheck_done *done,
                              void *arg, struct err *e);
/* Ends one that has not ended. NULL is fine. */
void recheck_free(struct recheck *r);

#endif
