/* upgrade: what this program would find in a workspace that an older foyer serves now. It
 * works on a copy of the store and changes nothing of the workspace's. Prints nothing. */
#ifndef FOYER_UPGRADE_H
#define FOYER_UPGRADE_H

#include "ops/diagnosis.h"
#include "workspace/workspace.h"

struct upgrade; /* a copy of a workspace's store */

/* Copies the store of W to a new directory below TMPDIR, or /tmp, brings the copy to this
 * program's version, and from now on W works with it. Adds the findings "store" (which
 * versions, how large) and "migration" (how long it took). NULL with E when there is no
 * room, or the store cannot be read. Before the first use of W's store, and W belongs to
 * the upgrade from then on, also when it fails. */
struct upgrade *upgrade_begin(struct workspace *w, struct diagnosis *found,
                              struct err *e);
/* Adds the findings "check": what this program's `foyer check` says of what runs, the
 * live releases or, where there are none, the files; and "overrides": the files below
 * which this program has another built-in file than the one that deployed them. */
int upgrade_check_files(struct upgrade *u, struct diagnosis *found, struct err *e);
/* Adds the findings "runs": the runs that are not over, and those of them that would ask
 * for other steps under this program than they have recorded. */
int upgrade_check_runs(struct upgrade *u, struct diagnosis *found, struct err *e);
/* Closes W and removes the copy. NULL is fine. */
void upgrade_end(struct upgrade *u);

#endif
