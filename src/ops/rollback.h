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
 * never to what the first one took out of force. The newest is that of the clients: what
 * a reload made of the server alone stays.
 *
 * Returns a new array of {client ("": the server itself), old, new, why?}: `why` says why
 * it is left as it is, and NEW is OLD then. NULL with E, and changes nothing;
 * ERR_NOT_FOUND when there is no such release. */
json_t *rollback_run(struct db *db, const struct rollback *r, struct err *e);

/* Sets `rolled_back` {release, by, why} on each of ROWS, of ops/release_diff.h, whose new
 * text is that of a release which a rollback took out of force: a deploy would bring it
 * back. */
int rollback_note(struct db *db, json_t *rows, struct err *e);

#endif
