/* ahead: repairs rows that were stored while this machine's clock was ahead.
 *
 * A machine without a battery clock, or one that wakes up, writes times in the future
 * until its clock is set right. Work that is due at once must not wait for such a time: a
 * delivery or a run without an attempt is due whatever its row says, and a time further
 * ahead than the longest possible delay counts as now. */
#ifndef FOYER_AHEAD_H
#define FOYER_AHEAD_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

enum { AHEAD_SLEEP_DAYS = 90 }; /* the longest sleep or wait, as in lua/std/wait.lua */

/* Returns 1 when UNTIL_MS is further ahead than a script may ask to sleep at NOW_MS. */
int ahead_is_sleep(int64_t until_ms, int64_t now_ms);

/* Makes such deliveries, runs and receipts due at NOW_MS, inside the caller's
 * transaction. *REPAIRED counts them. */
int ahead_repair(struct db *db, int64_t now_ms, int *repaired, struct err *e);

/* Calls FN for each kind of row ("deliveries") of which N were stored with a time more
 * than a minute after NOW_MS. LATEST_MS is the latest of these times. Reads whole tables.
 */
typedef void ahead_fn(void *arg, const char *what, int64_t n, int64_t latest_ms);
int ahead_each(struct db *db, int64_t now_ms, ahead_fn *fn, void *arg, struct err *e);

#endif
