/* cron: expressions of five fields (minute, hour, day of month, month, day of week), with
 * lists, ranges, steps and English names, as in crontab(5), and the times they name.
 *
 * A slot is the start of a minute, Unix milliseconds, and a time of the zone's clocks.
 * When clocks are changed, the rules are cron(8)'s: times with "*" in the minute or the
 * hour follow the clocks, also through an hour that comes twice. A fixed time comes once:
 * in an hour that comes twice, the first time; in one that is left out, the first minute
 * after it, where several such slots are one. */
#ifndef FOYER_CRON_H
#define FOYER_CRON_H

#include <stdint.h>

#include "base/err.h"

/* 0 when S is such an expression; else -1 and ERR_INVALID with a sentence that names the
 * field. */
int cron_check(const char *s, struct err *e);

/* A change of the clock by this or more is a correction, as in cron(8). */
enum { CRON_CORRECTION_S = 3 * 3600 };
/* 1 when S names fixed times: neither its minute nor its hour begins with "*". */
int cron_is_fixed(const char *s);

/* The first slot after AFTER_MS (never the same moment): 0, or -1: ERR_INVALID for an
 * expression that names no day of the calendar either ("0 0 31 2 *"), ERR_NOT_FOUND for
 * an unknown zone. */
int cron_next(const char *expr, const char *zone, int64_t after_ms, int64_t *slot_ms,
              struct err *e);
/* The last slot with FROM_MS < slot <= TO_MS: 1, or 0 when there is none; -1 as above. */
int cron_last(const char *expr, const char *zone, int64_t from_ms, int64_t to_ms,
              int64_t *slot_ms, struct err *e);

#endif
