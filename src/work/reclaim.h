/* reclaim: frees what dead processes held, runs and deliveries, and finds out whether a
 * script of theirs ended them. */
#ifndef FOYER_RECLAIM_H
#define FOYER_RECLAIM_H

#include "work/alert.h"
#include "workspace/workspace.h"
#include "store/presence.h"
#include "io/writer.h"

struct reclaim;

/* All borrowed; ALERT may be NULL. FREED is called, from the loop, when something was. */
struct reclaim *reclaim_new(struct workspace *w, struct db *db, struct writer *writer,
                            struct presence *p, struct alert *alert,
                            void (*freed)(void *arg), void *arg);
/* Looks at each owner of a claim now, unless it is at it. */
void reclaim_look(struct reclaim *r);
/* NULL is fine; what is submitted is done all the same. */
void reclaim_free(struct reclaim *r);

#endif
