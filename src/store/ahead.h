/* ahead: what was stored while this machine's clock was ahead.
 *
 * A machine without a battery clock, or one that wakes up, writes times of the future
 * until its clock is set right. What is due at once must not wait for such a time: a
 * delivery or a run that was never looked at is due whatever its row says, and a time
 * further ahead than the longest delay there is counts as now. */
#ifndef FOYER_AHEAD_H
#define FOYER_AHEAD_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

enum { AHEAD_SLEEP_DAYS = 90 }; /* the longest sleep or wait, as in lua/std/wait.lua */

/* 1 when a sleep until UNTIL_MS cannot have been asked for at NOW_MS or before. */
int ahead_is_sleep(int64_t until_ms, int64_t now_ms);

/* Inside a write transaction: makes such deliveries, runs and receipts due at NOW_MS.
 * *MENDED counts them. */
int ahead_mend(struct db *db, int64_t now_ms, int *mended, struct err *e);

/* Calls FN for each kind of row that was stored with a time after NOW_MS, by more than a
 * minute: WHAT ("deliveries"), how many, and the latest of the times. Reads whole tables.
 */
typedef void ahead_fn(void *arg, const char *what, int64_t n, int64_t latest_ms);
int ahead_each(struct db *db, int64_t now_ms, ahead_fn *fn, void *arg, struct err *e);

#endif
