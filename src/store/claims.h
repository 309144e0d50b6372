/* claims: which process asks the triggers of which delivery.
 *
 * A table in state/claims, which all processes of a workspace map, so that a claim writes
 * nothing to the store. It keeps two processes from doing the same work, no more: the
 * result of a delivery is taken once (inbox_end), whichever process holds the claim, and
 * its activations have keys. So the file may be lost at any time, and what a dead process
 * held is free as soon as another process calls claims_free_owner.
 *
 * A claimed delivery has the slot of its id modulo CLAIMS_SLOTS; another delivery of that
 * slot waits meanwhile. Safe on several threads. */
#ifndef FOYER_CLAIMS_H
#define FOYER_CLAIMS_H

#include <stdint.h>

#include "base/err.h"

enum { CLAIMS_SLOTS = 4096 };

struct claims;

/* Opens the table, and makes it where there is none. OWNER is a presence's id; NULL: only
 * for asking. */
struct claims *claims_open(const char *workspace_dir, const char *owner, struct err *e);
/* Its claims stay. NULL is fine. */
void claims_close(struct claims *c);

/* Returns 1 when the delivery ID is OWNER's now, 0 when a process holds its slot, this
 * one included. */
int claims_take(struct claims *c, int64_t id);
/* Does nothing when another process holds ID. */
void claims_drop(struct claims *c, int64_t id);
/* Returns 1 when a process holds the slot of ID. */
int claims_is_taken(const struct claims *c, int64_t id);

/* Frees ID of OWNER, a dead process. Returns 1 to one caller, 0 when OWNER does not hold
 * it. */
int claims_take_from(struct claims *c, int64_t id, const char *owner);
/* Frees all claims of OWNER, a dead or fenced process. */
void claims_free_owner(struct claims *c, const char *owner);
/* Finds the holders of claims besides C's own. Calls IS_KNOWN for each of their marks; a
 * mark for which it returns 0 is of a process that left no trace: its claims are freed,
 * and so are slots without a mark, which a damaged file has. Returns how many were freed.
 */
int claims_each_holder(struct claims *c, int (*is_known)(void *arg, uint32_t mark),
                       void *arg);
/* Returns the mark that stands in the table for the presence OWNER. */
uint32_t claims_mark(const char *owner);

#endif
