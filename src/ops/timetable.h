/* timetable: the cron times of the clients' recipes: the next ones, the last run, and
 * those that no run was started for. Prints nothing. */
#ifndef FOYER_TIMETABLE_H
#define FOYER_TIMETABLE_H

#include <jansson.h>

#include "base/err.h"
#include "ops/choice.h"
#include "work/session.h"

enum { TIMETABLE_NEXT = 3, TIMETABLE_MISSED = 20 };

/* Returns a new array of {client, recipe, cron, timezone, next: [Unix seconds],
 * last?: {at, run?, state?}, missed: [Unix seconds], error?}, by client and recipe, of
 * the clients of CHOICE. `missed` has the latest times of the last seven days, the newest
 * last: later than the first that was handled, and without a run. NULL with E when the
 * store cannot be read or S was interrupted. */
json_t *timetable(struct session *s, struct db *db, const struct choice *choice,
                  struct err *e);

#endif
