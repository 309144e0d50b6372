/* cron: expressions of five fields (minute, hour, day of month, month, day of week) with
 * lists, ranges, steps and English names, as in crontab(5), and the times that they name.
 *
 * A slot is the start of a minute, in Unix milliseconds, and a time of the zone's clocks.
 * When clocks change, cron(8)'s rules hold. Times with "*" in the minute or the hour
 * follow the clocks, also through an hour that comes twice. A fixed time comes once: the
 * first time in an hour that comes twice, and in the first minute after an hour that is
 * skipped. Several slots of a skipped hour become one. */
#ifndef FOYER_CRON_H
#define FOYER_CRON_H

#include <stdint.h>

#include "base/err.h"

/* Returns 0 when S is such an expression, else -1 with ERR_INVALID and a sentence that
 * names the field. */
int cron_check(const char *s, struct err *e);

/* A change of the clocks by at least this is a correction, as in cron(8). */
enum { CRON_CORRECTION_S = 3 * 3600 };
/* Returns 1 when S names fixed times: neither its minute nor its hour begins with "*". */
int cron_is_fixed(const char *s);

/* Sets *SLOT_MS to the first slot after AFTER_MS, and returns 0. Returns -1 with
 * ERR_INVALID for a malformed expression, or one without any day ("0 0 31 2 *"), or with
 * ERR_NOT_FOUND for an unknown zone. */
int cron_next(const char *expr, const char *zone, int64_t after_ms, int64_t *slot_ms,
              struct err *e);

#endif
