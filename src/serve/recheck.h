/* recheck: runs `foyer check` as a child process, before `serve --dev` takes up files
 * that were edited, or `foyer reload`, when a signal asks for one. What it says goes to
 * the log. */
#ifndef FOYER_RECHECK_H
#define FOYER_RECHECK_H

#include <jansson.h>

#include "base/err.h"
#include "io/loop.h"

struct recheck;

/* GOOD: 1: no mistakes; 0: some, or the check itself failed, and the log says which. May
 * free the recheck. */
typedef void recheck_done(void *arg, int good);

/* CLIENTS: the names of those to check; NULL: the whole workspace DIR. */
struct recheck *recheck_start(struct loop *loop, const char *dir, const json_t *clients,
                              recheck_done *done, void *arg, struct err *e);
/* Runs `foyer reload`, which moves the server to a release with DIR's foyer.lua. GOOD: 1:
 * it is stored; 0: the log says why not. */
struct recheck *recheck_reload(struct loop *loop, const char *dir, recheck_done *done,
                               void *arg, struct err *e);
/* Ends the child when it runs still. NULL is fine. */
void recheck_free(struct recheck *r);

#endif
