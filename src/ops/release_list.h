/* release_list: which releases there are, which clients run them and how they came to it,
 * and what one of them changed. Prints nothing. */
#ifndef FOYER_RELEASE_LIST_H
#define FOYER_RELEASE_LIST_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

/* Returns a new array, the newest first, of
 *   id, at, by, revision, note
 *   clients   the names of those that run it
 *   server    whether the server does
 *   moves     [{at, by, why, old, new, clients, server}], the newest first: which clients
 *             a command moved to it, or away from it; OLD or NEW 0: no release */
json_t *release_list(struct db *db, struct err *e);
/* Returns the row of ID with `has`: the names of the clients that it has, and `files`:
 * the rows of ops/release_diff.h, against what each of its clients ran before, so that a
 * client that it leaves out has none. ERR_NOT_FOUND. */
json_t *release_list_one(struct db *db, int64_t id, struct err *e);

#endif
