/* supervisor: the worker processes of `foyer serve`. It starts `foyer work`, wakes it by
 * a byte on a socketpair, restarts it when it dies, and ends it. Workers have a lower
 * priority than the server, so that acknowledgements go first. */
#ifndef FOYER_SUPERVISOR_H
#define FOYER_SUPERVISOR_H

#include "base/err.h"
#include "io/loop.h"

struct supervisor;

/* For WORKERS processes, or none, over the workspace DIR, which count into STATS_FD; with
 * DEV 1 they use its files. Starts none yet. */
struct supervisor *supervisor_new(struct loop *loop, const char *dir, int workers,
                                  int dev, int stats_fd);
/* Starts the workers. One that cannot be started is tried again, as one that died. */
void supervisor_start(struct supervisor *s);
/* Tells the workers that there is work. Never blocks. */
void supervisor_wake(struct supervisor *s);
/* Starts new workers, and asks the old ones to finish what they have begun. */
void supervisor_replace(struct supervisor *s);
/* Asks all workers to end, kills those that live 35 s later, and starts none any more.
 * Calls ENDED when none is left, at once when there is none. */
void supervisor_stop(struct supervisor *s, loop_fn *ended, void *arg);
/* The number of live workers, including those that were asked to end. */
int supervisor_alive(const struct supervisor *s);
/* Kills the live workers. NULL is fine. */
void supervisor_free(struct supervisor *s);

#endif
