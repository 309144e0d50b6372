/* ledger_wait: begins and ends waits, for the other files behind store/ledger.h. */
#ifndef FOYER_LEDGER_WAIT_H
#define FOYER_LEDGER_WAIT_H

#include "store/ledger_row.h"

/* Stores the run's wait as CHANGE says. When a matching activation with an id above
 * HEAD->since is there already, ends the step instead and returns 1: the caller queues
 * the run. Returns 0, or -1 on error. */
int ledger_wait_begin(struct db *db, const struct ledger_head *head,
                      const struct ledger_change *change, struct err *e);
/* Ends the run's wait, if it has one, as timed out: its step ends with null. */
int ledger_wait_end(struct db *db, int64_t run, int64_t now_ms, struct err *e);
/* Removes the wait of a run that no longer waits. */
int ledger_wait_drop(struct db *db, int64_t run, struct err *e);

#endif
