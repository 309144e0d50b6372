/* rollback: which releases there are, and letting clients run an older one again. It
 * takes nothing from the workspace's directory. Prints nothing. */
#ifndef FOYER_ROLLBACK_H
#define FOYER_ROLLBACK_H

#include <jansson.h>
#include <stdint.h>

#include "ops/choice.h"
#include "base/err.h"

struct db; /* store_db */

struct rollback {                 /* borrowed */
    const struct choice *clients; /* read; NULL, or not given: all, and the server */
    int64_t release;              /* 0: the one before */
    const char *by, *reason;      /* BY NULL: as person_name says; REASON NULL: none */
};

/* Reads "12" or "release 12". ERR_USAGE. */
int rollback_id(const char *word, int64_t *id, struct err *e);

/* Lets clients run the release; without one, those that run the newest live release go
 * back to what each ran before it was deployed: a second rollback goes back further, and
 * never to what the first one took out of force, and moves no client that the first one
 * did not move. The newest is that of the clients: what a reload made of the server alone
 * stays.
 *
 * Returns a new array of {client ("": the server itself), old, new, why?, again?}: `why`
 * says why it is left as it is, and NEW is OLD then; `again` {release, at, by, why} is of
 * the rollback that brought it to OLD, when this one takes OLD away as well. NULL with E,
 * and changes nothing; ERR_NOT_FOUND when there is no such release, or a client that was
 * asked for runs none.
 */
json_t *rollback_run(struct db *db, const struct rollback *r, struct err *e);

/* Says how things stand after rollback_run without a release, which returned ROWS:
 * {live, next, still}, each a list of {release, note, clients: their number, to?}, the
 * newest first. LIVE has what clients run. NEXT has what another rollback would take from
 * those that were moved. STILL has the releases with which this one left more clients
 * than it moved, as the deploy that it took back was a narrower one: `to` is what those
 * ran before, when that is the same for all. NULL with E. */
json_t *rollback_after(struct db *db, const json_t *rows, struct err *e);

/* Sets `rolled_back` {release, by, why} on each of ROWS, of ops/release_diff.h, whose new
 * text is that of a release which a rollback took out of force: a deploy would bring it
 * back. */
int rollback_note(struct db *db, json_t *rows, struct err *e);

#endif
