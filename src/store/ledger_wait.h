/* ledger_wait: how waits begin and end, for the other files behind store/ledger.h. */
#ifndef FOYER_LEDGER_WAIT_H
#define FOYER_LEDGER_WAIT_H

#include "store/ledger_row.h"

/* The run begins to wait as CHANGE says, for what came after HEAD->since. Answers 1 when
 * such an activation is there already: the step is ended, and the run must be queued. */
int ledger_wait_begin(struct db *db, const struct ledger_head *head,
                      const struct ledger_change *change, struct err *e);
/* Forgets the wait of a run that no longer waits. */
int ledger_wait_drop(struct db *db, int64_t run, struct err *e);

#endif
