/* forgotten: hashes of deliveries that were erased (`foyer forget`), so that the same
 * webhook, when it comes again, is not stored again.
 *
 * It owns the table forgotten. A hash is of the delivery's app, company, route and event,
 * or of its body where it names no event. It is kept for 400 days, as activation keys
 * are. Errors as in io/db.h. */
#ifndef FOYER_FORGOTTEN_H
#define FOYER_FORGOTTEN_H

#include <stddef.h>
#include <stdint.h>

#include "store/inbox.h"
#include "base/err.h"

struct db; /* store_db */

/* Remembers the delivery. Of D it takes app, company, client and event; BODY is needed
 * where it has no event. */
int forgotten_add(struct db *db, const struct delivery *d, const void *body, size_t len,
                  int64_t now_ms, struct err *e);
/* Returns 1 when the delivery was erased once; 0; -1 with E. */
int forgotten_has(struct db *db, const struct delivery *d, const void *body, size_t len,
                  struct err *e);
/* Removes at most LIMIT hashes from before BEFORE_MS. *REMOVED counts them. */
int forgotten_prune(struct db *db, int64_t before_ms, int limit, int *removed,
                    struct err *e);

#endif
