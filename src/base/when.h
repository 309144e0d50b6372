/* when: moments in UTC and durations, as people write them. */
#ifndef FOYER_WHEN_H
#define FOYER_WHEN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Reads "2026-11-22" or RFC 3339 as "2026-11-22T10:00:00Z", with a fraction, an offset
 * such as "+01:00", or a space for the T. Sets Unix seconds, and nanoseconds in
 * 0..999999999. A leap second equals the second after it. Returns -1 with ERR_INVALID. */
int when_parse(const char *s, int64_t *seconds, int32_t *ns, struct err *e);
/* Reads a date of HTTP (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday,
 * 06-Nov-94 08:49:37 GMT" or "Sun Nov 6 08:49:37 1994". Sets Unix seconds. A year of two
 * digits is at most 50 years after NOW_S. Returns -1 for anything else. */
int when_parse_http(const char *s, int64_t now_s, int64_t *seconds);
/* Appends the moment in UTC by a strftime format. Only conversions that do not depend on
 * the machine are allowed: %a %A %b %B %d %e %F %H %I %j %m %M %p %S %T %R %u %V %G %w %y
 * %Y %%. Returns -1 with E for another one, for years outside of 1..9999, and past OUT's
 * maximum. */
int when_format(struct buf *out, const char *format, int64_t seconds, struct err *e);
/* Writes the two largest units: "45 s", "5 min", "2 h 5 min", "3 d 4 h". SECONDS within
 * +-1e15. */
void when_format_duration(double seconds, char out[64]);

#endif
