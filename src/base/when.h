/* when: moments in UTC, and durations, as people write them. */
#ifndef FOYER_WHEN_H
#define FOYER_WHEN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Reads "2026-11-22", "2026-11-22T10:00:00Z", with a fraction of a second, "+01:00" for
 * the Z, a space for the T, or "t" and "z" (RFC 3339). Sets Unix seconds, and nanoseconds
 * in 0..999999999. A leap second is the same as the second behind it. ERR_INVALID. */
int when_parse(const char *s, int64_t *seconds, int32_t *ns, struct err *e);
/* Reads the three forms of a date in HTTP (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37
 * GMT", "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994". Sets Unix
 * seconds. A year of two digits is at most 50 years after NOW_S. -1: it is none of them.
 */
int when_parse_http(const char *s, int64_t now_s, int64_t *seconds);
/* Appends the moment in UTC by an strftime format without what depends on the machine:
 * %a %A %b %B %d %e %F %H %I %j %m %M %p %S %T %R %u %V %G %w %y %Y %%. -1 with E for
 * another one, for years outside 1..9999 and past OUT's maximum. */
int when_format(struct buf *out, const char *format, int64_t seconds, struct err *e);
/* The two largest units: "45 s", "5 min", "2 h 5 min", "3 d 4 h". SECONDS within
 * +-1e15. */
void when_format_duration(double seconds, char out[64]);

#endif
