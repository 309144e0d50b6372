/* replay: goes once more through what runs that are not over have recorded, and finds
 * those that would ask for something else now. Nothing is sent and nothing is stored. */
#ifndef FOYER_REPLAY_H
#define FOYER_REPLAY_H

#include <stdint.h>

#include "base/err.h"
#include "store/ledger.h"
#include "work/session.h"

/* Called for each run that cannot go on as it began; WHY is a sentence. Both are borrowed
 * for the call. */
typedef void replay_fn(void *arg, const struct ledger_run *run, const char *why);

/* Replays each run in the store DB that is not over, with the code that it began with, or
 * with NEW_CODE 1 with the code of S's workspace. *N becomes their number. -1 with E when
 * the store cannot be read or S was interrupted. */
int replay_all(struct session *s, struct db *db, int new_code, replay_fn *fn, void *arg,
               int *n, struct err *e);

#endif
