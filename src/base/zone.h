/* zone: the offsets of a time zone, from the system's tzdata (TZif, RFC 8536).
 *
 * Not by TZ and localtime: foyer has threads, and one of them may be in getenv while
 * setenv moves the environment; glibc has no tzalloc. A zone is read once and kept as
 * long as the process lives. Any thread may ask. */
#ifndef FOYER_ZONE_H
#define FOYER_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct zone;

/* A period with one offset: FROM <= t < UNTIL, in Unix seconds. */
struct zone_span {
    int64_t from, until; /* INT64_MIN and INT64_MAX: no end */
    int32_t east;        /* local time is UTC plus these seconds */
};

/* Returns the zone NAME ("Europe/Zurich"; "UTC" needs no tzdata), or NULL with
 * ERR_NOT_FOUND, or ERR_INVALID when its file is malformed. */
const struct zone *zone_find(const char *name, struct err *e);
/* Returns 1 when tzdata is installed. */
int zone_is_installed(void);
/* Sets SPAN to the period that contains T, which is within +-1e12. */
void zone_span(const struct zone *z, int64_t t, struct zone_span *span);

/* Parses a zone from the bytes of a file: for zone_find and tests. */
struct zone *zone_parse(const void *data, size_t len, struct err *e);
void zone_free(struct zone *z); /* NULL is fine */

/* Returns A / B, rounded down. B > 0. */
int64_t zone_floor_div(int64_t a, int64_t b);
/* Convert a date of the Gregorian calendar (MONTH 1..12) to days since 1970-01-01 and
 * back. */
int64_t zone_days(int64_t year, int month, int day);
void zone_date(int64_t days, int64_t *year, int *month, int *day);

#endif
