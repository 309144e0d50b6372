/* rehearsal: finds out what a run's next attempt would send, without sending it. Replays
 * the stored journal and goes on dry: its writes get invented answers. It can also
 * rehearse a run that is not in the store. Reads reach the API; nothing is stored,
 * nothing is printed.
 *
 * The answer is a new object with one of these members:
 *   would_send        {method, to, body}: the request of the first write; `writes` has
 * all when there are more, and one of the members below is there too would_look_for
 * {method, path, body}: a write of unknown fate, which the run would look for first
 *   would_skip, would_fail   why, as text
 *   would_wait_until  Unix seconds
 *   would_end         the run's result: it writes nothing more */
#ifndef FOYER_REHEARSAL_H
#define FOYER_REHEARSAL_H

#include <jansson.h>
#include <stdint.h>

#include "work/session.h"
#include "base/err.h"

struct db;

/* Rehearses the stored run RUN; with NEW_CODE 1 with today's scripts and templates. NULL
 * with ERR_CONFLICT when its state allows no retry. */
json_t *rehearsal_run(struct session *s, struct db *db, int64_t run, int new_code,
                      struct err *e);

/* Rehearses a run of RECIPE by hand for CONVERSATION. NULL with E when S was interrupted.
 */
json_t *rehearsal_recipe(struct session *s, const char *client, const char *recipe,
                         const char *conversation, struct err *e);

#endif
