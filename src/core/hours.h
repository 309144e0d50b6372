/* hours: when a client's people are there: times of each weekday, holidays, and who is
 * away, as `hours` of client.lua has them.
 *
 * A moment is open when the zone's clocks show a time within them. So in an hour that
 * comes twice both are open, and one that is skipped is not. What is counted is real
 * time: a shift over a change of the clocks is an hour longer or shorter. Times are Unix
 * seconds, within +-1e11. */
#ifndef FOYER_HOURS_H
#define FOYER_HOURS_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

struct hours;

enum { HOURS_NEVER = -1 }; /* for hours_opens: not within the next 400 days */

/* Reads SETTINGS, `hours` of client.lua or foyer.lua, in ZONE ("Europe/Zurich"), as a new
 * struct. SETTINGS NULL, or without a weekday: always open but for holidays. NULL with
 * ERR_SETTINGS or ERR_NOT_FOUND. */
struct hours *hours_read(const json_t *settings, const char *zone, struct err *e);
void hours_free(struct hours *h); /* NULL is fine */

int hours_is_open(const struct hours *h, int64_t t);
/* Returns T when it is open then, else the next time that it opens, or HOURS_NEVER. */
int64_t hours_opens(const struct hours *h, int64_t t);
/* Returns the first time after T that is not open; T when it is not open then; or
 * HOURS_NEVER. */
int64_t hours_closes(const struct hours *h, int64_t t);
/* Returns how many seconds are open from FROM to TO; 0 when TO is earlier. */
int64_t hours_between(const struct hours *h, int64_t from, int64_t to);
/* Returns the time at which SECONDS (0 or more) have been open since FROM, or
 * HOURS_NEVER. With 0, as hours_opens. */
int64_t hours_after(const struct hours *h, int64_t from, int64_t seconds);
/* Returns 1 when NAME, a teammate as `hours.away` names them, is away at T. */
int hours_is_away(const struct hours *h, const char *name, int64_t t);

/* The parts of the settings, for their check. Each returns 0, or -1 with ERR_INVALID and
 * what it must be. DAYS: "mon", "mon-fri", "sat,sun"; SPANS: "09:00-12:00, 13:00-17:30",
 * "22:00-06:00" (until the next morning), "closed"; DATES: "2026-12-25", "12-25" (each
 * year), "2026-12-24..2027-01-02"; a holiday: dates, and the spans of these days behind a
 * space. */
int hours_check_days(const char *days, struct err *e);
int hours_check_spans(const char *spans, struct err *e);
int hours_check_dates(const char *dates, struct err *e);
int hours_check_holiday(const char *holiday, struct err *e);

#endif
