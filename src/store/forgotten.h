/* forgotten: hashes of deliveries that were erased (`foyer forget`), so that the same
 * webhook, when it comes again, is not stored again; and of conversations, so that what
 * was in one before is not found and stored again.
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
/* Remembers that the conversation of the company was erased at NOW_MS. */
int forgotten_add_conversation(struct db *db, const char *app, const char *company,
                               const char *conversation, int64_t now_ms, struct err *e);
/* Sets *AT_MS to when the conversation was erased last, Unix milliseconds; 0: never, or
 * CONVERSATION is NULL. What is in it since then is new. */
int forgotten_conversation(struct db *db, const char *app, const char *company,
                           const char *conversation, int64_t *at_ms, struct err *e);
/* Removes at most LIMIT hashes from before BEFORE_MS. *REMOVED counts them. */
int forgotten_prune(struct db *db, int64_t before_ms, int limit, int *removed,
                    struct err *e);

#endif
