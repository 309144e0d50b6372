/* reclaim: frees the runs and deliveries that dead processes had claimed, or processes
 * that stand still have, and finds out whether a script ended such a process. For the
 * loop's thread. */
#ifndef FOYER_RECLAIM_H
#define FOYER_RECLAIM_H

#include "work/alert.h"
#include "workspace/workspace.h"
#include "store/presence.h"
#include "io/writer.h"

struct claims; /* store/claims.h */
struct reclaim;

/* All are borrowed; ALERT may be NULL. FREED is called, from the loop, when a claim was
 * freed. */
struct reclaim *reclaim_new(struct workspace *w, struct db *db, struct writer *writer,
                            struct presence *p, struct alert *alert,
                            void (*freed)(void *arg), void *arg);
/* Frees deliveries as well, in CLAIMS, which is borrowed. */
void reclaim_share_claims(struct reclaim *r, struct claims *claims);
/* Checks each owner of a claim now, unless its claims are being freed already. */
void reclaim_poll(struct reclaim *r);
/* Returns 1 when the last poll found a process that stands still, unless it only seems
 * so: poll again soon. */
int reclaim_is_watching(const struct reclaim *r);
/* What is submitted to the writer is still done. NULL is fine. */
void reclaim_free(struct reclaim *r);

#endif
