/* worker: one process's share of a workspace's work: deliveries, cron slots, runs, and
 * what is old, joined on one loop. Any number of workers share the store; each thing is
 * done by who claims it first. */
#ifndef FOYER_WORKER_H
#define FOYER_WORKER_H

#include "work/runner.h"
#include "workspace/workspace.h"
#include "base/err.h"

struct worker;

/* ENDED (may be NULL) is told of each attempt's end. */
struct worker *worker_open(struct workspace *w, attempt_done *ended, void *arg,
                           struct err *e);
/* Works until SIGTERM or SIGINT, or until WAKE_FD (-1: none) is at its end; a byte on it
 * says that there is work. Then it takes nothing more, waits for the writes that have
 * left, and frees what it held. The files of all layers are those of its start. */
int worker_serve(struct worker *w, int wake_fd, struct err *e);
/* Does what is due now, and what follows from it, and returns. 130: a signal ended it;
 * -1 with ERR_UNAVAILABLE: the store did not take a write, and the errand has ended
 * before its end, after 45 seconds at most. */
int worker_errand(struct worker *w, struct err *e);
void worker_close(struct worker *w); /* NULL is fine */

#endif
