/* mode: whether the writes of a client are sent. For the loop's thread. */
#ifndef FOYER_MODE_H
#define FOYER_MODE_H

#include "workspace/workspace.h"

enum mode { MODE_LIVE, MODE_DRY_CLIENT, MODE_DRY_WORKSPACE, MODE_DRY_COPY };

/* Returns the mode of CLIENT (NULL: of the workspace). *WHY is a sentence for a person,
 * static; NULL for MODE_LIVE. A store that cannot be opened has no mode: what needs it
 * fails by itself. */
enum mode work_mode(struct workspace *w, const char *client, const char **why);

#endif
