/* running: which foyer processes are up, since when, and when cron ran last.
 *
 * It owns state/running/: a file of JSON for each process, "serve-4711", under an OFD
 * write lock that the kernel drops with the process, also after kill -9. cron has one
 * file, "cron", that stays: its time is that of the last one. Nothing depends on these
 * files; claims are those of store/presence.h. */
#ifndef FOYER_RUNNING_H
#define FOYER_RUNNING_H

#include <jansson.h>

#include "base/err.h"

struct running;

/* Makes and locks this process's file for ROLE ("serve", "work", "cron"). ADDRESS (NULL:
 * none) is where it listens; DEV 1: it follows the files instead of the live releases.
 * Returns NULL when it cannot, which changes nothing for the process. */
struct running *running_open(const char *workspace_dir, const char *role,
                             const char *address, int dev);
void running_close(struct running *r); /* NULL is fine */

/* Returns a new array of {role, pid, since_at, version, address?, dev, alive}, serve
 * first. Of processes that are gone only a cron's row is there, with `alive` false, and
 * since_at is when it began. Removes files of dead processes. */
json_t *running_list(const char *workspace_dir);

#endif
