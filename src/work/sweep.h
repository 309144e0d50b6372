/* sweep: keeps the counts of store/rollup.h up to date, in small steps, so that other
 * jobs of the writer hardly wait. For the loop's thread. */
#ifndef FOYER_SWEEP_H
#define FOYER_SWEEP_H

#include "io/loop.h"
#include "io/writer.h"

enum { SWEEP_ROWS = 2000 }; /* of one step */

struct sweep;

/* LOOP and WRITER are borrowed. */
struct sweep *sweep_new(struct loop *loop, struct writer *writer);
/* Counts what is not counted yet, unless that is under way. */
void sweep_start(struct sweep *s);
/* Begins no further step. */
void sweep_stop(struct sweep *s);
/* After writer_close. NULL is fine. */
void sweep_free(struct sweep *s);

#endif
