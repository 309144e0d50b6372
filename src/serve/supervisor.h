/* supervisor: the worker processes of `foyer serve`: it starts `foyer work`, wakes it by
 * a byte on a socketpair, starts it anew when it dies, and ends it. Workers live a little
 * less nicely than the server, so that acknowledgements go first. It knows nothing of
 * what they work at. */
#ifndef FOYER_SUPERVISOR_H
#define FOYER_SUPERVISOR_H

#include "base/err.h"
#include "io/loop.h"

struct supervisor;

/* WORKERS (0: none are wanted) over the workspace DIR, counting into STATS_FD. Starts
 * none yet. */
struct supervisor *supervisor_new(struct loop *loop, const char *dir, int workers,
                                  int stats_fd);
/* Those that cannot be started now are tried again, as those that died. */
void supervisor_start(struct supervisor *s);
/* There is work. Cheap and never blocks. */
void supervisor_wake(struct supervisor *s);
/* New workers take over; the old ones end what they have begun. */
void supervisor_replace(struct supervisor *s);
/* No worker is started any more, and those that live are asked to end; after 35 s they
 * are killed. ENDED runs when none is left, at once when there is none. */
void supervisor_stop(struct supervisor *s, loop_fn *ended, void *arg);
/* How many live, those that are about to end included. */
int supervisor_alive(const struct supervisor *s);
/* Kills what lives. NULL is fine. */
void supervisor_free(struct supervisor *s);

#endif
