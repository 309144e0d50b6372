/* rehearsal: what a run's next attempt would send, without sending it: its journal is
 * replayed as it is stored, and the first write that follows is shown. The same for a run
 * that does not exist. Reads reach the API; nothing is stored. */
#ifndef FOYER_REHEARSAL_H
#define FOYER_REHEARSAL_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "work/session.h"
#include "base/err.h"

struct db;

/* ERR_CONFLICT when its state allows no retry. A new object with one of: would_send
 * {method, to, body}; would_look_for {method, path, body}: its fate is unknown;
 * would_skip, would_fail: why; would_wait_until (Unix seconds); would_end: its result, no
 * write being left. NEW_CODE 1: with today's files.
 */
json_t *rehearsal_run(struct session *s, struct db *db, int64_t run, int new_code,
                      struct err *e);

/* What a run of RECIPE by hand for CONVERSATION would send, as above; NULL with E when it
 * was interrupted. */
json_t *rehearsal_recipe(struct session *s, const char *client, const char *recipe,
                         const char *conversation, struct err *e);

/* Ends a line that names the run with what SAID, one of the objects above, tells; a body
 * stands below it, indented. Times are the client's. */
void rehearsal_print(FILE *to, struct workspace *w, const char *client,
                     const json_t *said);

#endif
