/* bases: the built-in files that a workspace's own files override. A newer foyer may have
 * others below the same overrides: `foyer upgrade --check` names those. Prints nothing.
 */
#ifndef FOYER_BASES_H
#define FOYER_BASES_H

#include "core/manifest.h"
#include "workspace/workspace.h"

/* Returns a manifest's text of the built-in files that FILES, a release's, override, as
 * this program has them; the caller frees it. */
char *bases_text(struct workspace *w, const struct manifest *files);

/* Calls FN for each of FILES, whose bases were WAS, below which this program has another
 * built-in file, or none any more (IS_GONE 1). PATH is of FILES; borrowed. */
typedef void bases_fn(void *arg, const char *path, int is_gone);
void bases_each_changed(struct workspace *w, const struct manifest *files,
                        const struct manifest *was, bases_fn *fn, void *arg);

#endif
