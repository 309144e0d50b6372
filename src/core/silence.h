/* silence: whether it is odd that no event comes.
 *
 * The hours since the last event are compared with the same hours, by the local clock, of
 * each of the three weeks before. What counts is the week with the fewest events in them:
 * nights, weekends and a quiet week do not alarm, and a client of less than three weeks
 * does not either. M events expected in a time without one is M times the usual gap. */
#ifndef FOYER_SILENCE_H
#define FOYER_SILENCE_H

#include <stdint.h>

#include "base/zone.h"

enum { SILENCE_WEEKS = 3, SILENCE_HOURS = 7 * 24 /* no more are looked at */ };

/* Returns the number of events of a Unix hour (UTC). */
typedef int64_t silence_events(void *arg, int64_t hour);
/* Returns how many events were missed at NOW_MS, rounded down, when the last one came in
 * LAST_HOUR (Unix hours). Asks EVENTS for no more than is needed to see that it is less
 * than LEAST. */
int64_t silence_missed(int64_t now_ms, int64_t last_hour, const struct zone *z,
                       int64_t least, silence_events *events, void *arg);

#endif
