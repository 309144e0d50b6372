/* rehearsal: what a run's next attempt would send, without sending it: its journal is
 * replayed as it is stored, and the first write that follows is shown. Reads reach the
 * API; nothing is stored. */
#ifndef FOYER_REHEARSAL_H
#define FOYER_REHEARSAL_H

#include <jansson.h>
#include <stdint.h>

#include "app/session.h"
#include "base/err.h"

struct db;

/* ERR_CONFLICT when its state allows no retry. A new object with one of: would_send
 * {method, to, body}; would_look_for {method, path, body}: its fate is unknown;
 * would_skip, would_fail: why; would_wait_until (Unix seconds); would_end: its result, no
 * write being left. NEW_CODE 1: with today's files.
 */
json_t *rehearsal_run(struct session *s, struct db *db, int64_t run, int new_code,
                      struct err *e);

#endif
