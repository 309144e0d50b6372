/* worker: one process's share of a workspace's work: deliveries, cron times, runs and
 * retention, on one loop. Any number of workers share the store; each delivery or run is
 * done by the worker that claims it first. */
#ifndef FOYER_WORKER_H
#define FOYER_WORKER_H

#include "work/runner.h"
#include "workspace/workspace.h"
#include "base/err.h"

struct worker;

/* W is borrowed. ENDED (may be NULL) is called at each attempt's end. */
struct worker *worker_open(struct workspace *w, attempt_done *ended, void *arg,
                           struct err *e);
/* Looks once a second whether what is live has changed, and calls MOVED then, on the
 * loop's thread: 1: worker_serve ends, as after SIGTERM, and worker_is_moving is 1; 0: it
 * goes on. */
void worker_follow(struct worker *w, int (*moved)(void *arg), void *arg);
int worker_is_moving(const struct worker *w);
/* Works until SIGTERM or SIGINT, or until WAKE_FD (-1: none) is closed at its other end;
 * a byte on it says that there is work. Then the worker claims nothing more, waits for
 * the writes that were sent, and frees its claims. Scripts and settings are read once, at
 * the start. */
int worker_serve(struct worker *w, int wake_fd, struct err *e);
/* Does what is due now, and what becomes due by it, and returns: for `foyer cron`. 130: a
 * signal ended it. -1 with ERR_UNAVAILABLE: the store refused a write, so that not all
 * was done; at the latest 45 seconds after that. */
int worker_errand(struct worker *w, struct err *e);
void worker_close(struct worker *w); /* NULL is fine */

#endif
