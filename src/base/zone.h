/* zone: the offsets of a time zone, read from the system's tzdata (TZif, RFC 8536).
 *
 * Not by TZ and localtime: foyer has threads, another one may be in getenv while setenv
 * moves the environment, and glibc has no tzalloc. A zone is read once in a process and
 * lives as long as it; any thread may ask. */
#ifndef FOYER_ZONE_H
#define FOYER_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ZONE_DIR "/usr/share/zoneinfo"

struct zone;

/* A stretch of time with one offset: FROM <= t < UNTIL, all in seconds. */
struct zone_span {
    int64_t from, until; /* Unix; INT64_MIN and INT64_MAX: no end */
    int32_t east;        /* local time is UTC plus this */
};

/* The zone NAME ("Europe/Zurich"; "UTC" needs no tzdata), or NULL: ERR_NOT_FOUND when
 * there is none, ERR_INVALID when its file cannot be understood. */
const struct zone *zone_find(const char *name, struct err *e);
/* The stretch that T is in, T within +-1e12. */
void zone_span(const struct zone *z, int64_t t, struct zone_span *span);

/* A zone from a file's bytes, for zone_find and tests. */
struct zone *zone_parse(const void *data, size_t len, struct err *e);
void zone_free(struct zone *z); /* NULL is fine */

/* A / B, rounded down; B > 0. */
int64_t zone_floor_div(int64_t a, int64_t b);
/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. MONTH 1..12. */
int64_t zone_days(int64_t year, int month, int day);
void zone_date(int64_t days, int64_t *year, int *month, int *day);

#endif
