/* secret_usage: when each version of a secret was last opened, so that a person can tell
 * which one may go. Kept in state/live.db, to the day: a read writes at most once a day.
 */
#ifndef FOYER_SECRET_USAGE_H
#define FOYER_SECRET_USAGE_H

#include "store/live.h"

/* Says that version VERSION of the secret NAME is used at NOW_MS (Unix). */
int secret_usage_note(struct live *live, const char *name, int64_t version,
                      int64_t now_ms, struct err *e);
/* The start of the day (UTC, Unix ms) of its last use; 0: none that is known; -1. */
int64_t secret_usage_last(struct live *live, const char *name, int64_t version,
                          struct err *e);

#endif
