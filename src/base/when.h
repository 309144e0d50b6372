/* when: moments in UTC, and durations, as people write them. */
#ifndef FOYER_WHEN_H
#define FOYER_WHEN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* "2026-11-22", "2026-11-22T10:00:00Z", with a fraction of a second, "+01:00" for the Z
 * or a space for the T (RFC 3339). Unix seconds, and nanoseconds in 0..999999999. */
int when_parse(const char *s, int64_t *seconds, int32_t *ns, struct err *e);
/* Appends the moment in UTC by an strftime format without what depends on the machine:
 * %a %A %b %B %d %e %F %H %I %j %m %M %p %S %T %R %u %V %G %w %y %Y %%. -1 with E for
 * another one, for years outside 1..9999 and past OUT's maximum. */
int when_format(struct buf *out, const char *format, int64_t seconds, struct err *e);
/* The two largest units: "45 s", "5 min", "2 h 5 min", "3 d 4 h". SECONDS within
 * +-1e15. */
void when_format_duration(double seconds, char out[64]);

#endif
