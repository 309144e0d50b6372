/* secret_usage: the day on which each version of a secret was last opened, so that a
 * person knows which versions can be removed. It is kept in state/live.db and written at
 * most once a day. */
#ifndef FOYER_SECRET_USAGE_H
#define FOYER_SECRET_USAGE_H

#include "store/live.h"

/* Records that version VERSION of the secret NAME is used at NOW_MS (Unix). */
int secret_usage_note(struct live *live, const char *name, int64_t version,
                      int64_t now_ms, struct err *e);
/* Returns the start (Unix ms) of the UTC day of the last use; 0 when none is known; -1 on
 * error. */
int64_t secret_usage_last(struct live *live, const char *name, int64_t version,
                          struct err *e);

#endif
