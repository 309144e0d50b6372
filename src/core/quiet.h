/* quiet: hours of the day in which alerts wait, "20:00-08:00" in some time zone. */
#ifndef FOYER_QUIET_H
#define FOYER_QUIET_H

#include <stdint.h>

#include "base/zone.h"

struct quiet { /* minutes of the day; FROM may be above UNTIL, over midnight */
    int from, until;
};

/* Reads "20:00-08:00". Returns 0, or -1 for another text, or when both times are the
 * same. */
int quiet_parse(const char *text, struct quiet *q);
/* Returns 1 when the moment (Unix milliseconds) is in the quiet hours of Z. */
int quiet_is_now(const struct quiet *q, const struct zone *z, int64_t now_ms);

#endif
