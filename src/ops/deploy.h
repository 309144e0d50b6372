/* deploy: makes a release of the files that a workspace's directory has now, and lets
 * clients run it. What is checked is what is stored: each file is read once. Prints
 * nothing. */
#ifndef FOYER_DEPLOY_H
#define FOYER_DEPLOY_H

#include <jansson.h>

#include "ops/choice.h"
#include "workspace/workspace.h"
#include "base/err.h"

struct deploy {                   /* texts are borrowed */
    const struct choice *clients; /* read; NULL, or not given: all */
    int is_part;                  /* 1: the server itself keeps its release */
    int dry;                      /* 1: stores nothing */
    int diffs;                    /* 1: `files` have `diff` */
    const char *note;             /* for people; NULL: none */
    const char *by;               /* a person; NULL: as person_name says */
    const char *why;              /* of release_set_live; NULL: "deploy" */
};

/* Checks the files of W's directory as `foyer check` does and stores a release, which the
 * clients without a mistake run from now on. Others keep theirs, and the release does not
 * have them. A mistake that all clients share, or that is none of a client's, stops the
 * deploy: nothing changes. The store remembers what was refused, until a deploy refuses
 * nothing.
 *
 * Returns a new tree:
 *   release    its number; missing: none was made, as it is a dry run, nothing differs
 *              from what runs, or it was stopped
 *   differs    whether anything differs from what runs
 *   stopped    whether a mistake stopped it
 *   by, revision, note
 *   mistakes, notes   as of ops/check.h
 *   server     {old, new, files}; missing: it keeps its release
 *   clients    [{client, state, old, new, files, runs}]: what each client ran before and
 *              runs now (or would), the files of ops/release_diff.h that differ for it,
 *              and how many runs that are under way began with others and go on with
 *              those. `state` is "deployed", "same" (it is, and no file differs),
 *              "refused" (with `mistakes`, their number), "stopped", as all that is not
 *              refused then, or "gone": it runs, and its directory is not there
 *   files      [rows of ops/release_diff.h with `clients`]: of all that are deployed and
 *              ran a release before; with what ops/rollback.h notes
 * NULL with E, of kind ERR_SETTINGS when foyer.lua cannot be read, or ERR_NONE when
 * SIGINT interrupted it, or ERR_CONFLICT when what runs was changed by others while it
 * worked, each time that it began anew. */
json_t *deploy_run(struct workspace *w, const struct deploy *d, struct err *e);
/* Returns the same tree without check, release and runs: how the files differ from what
 * runs. ERR_NOT_FOUND when there is no release. */
json_t *deploy_difference(struct workspace *w, const struct deploy *d, struct err *e);

#endif
