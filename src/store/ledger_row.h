/* ledger_row: what the files behind store/ledger.h share: a run's row, what changes with
 * its state, and the lines of its history. Only they include it. */
#ifndef FOYER_LEDGER_ROW_H
#define FOYER_LEDGER_ROW_H

#include "io/db.h"
#include "store/ledger.h"

/* As stored in step.flags. */
enum { STEP_IS_DONE = 1, STEP_IS_SCOPE = 2, STEP_IS_INTENT = 4 };

/* States that may start when they are due: queued, sleeping, waiting, confirming. The
 * indexes run_due and run_turn are used only where a statement says it in these words. */
#define LEDGER_MAY_START "state < 5 AND state <> 1 AND behind = 0"
/* States that a place is about: queued, running, confirming; of the innermost run, in the
 * words of the index run_in_place. */
#define LEDGER_IN_PLACE "(state < 2 OR state = 4)"

/* Of a step s: a write that left and has no outcome, in the words of the index step_open.
 */
#define LEDGER_IS_UNCERTAIN "s.flags & 7 = 4 AND s.at_ms > 0"

/* A condition on a run r: another of its place goes first. Parameters: ?1 now minus
 * LEDGER_PLACE_MS. Who holds the place is running, confirming, or between attempts since
 * no longer than that; of two such the older one goes. Among those that have not begun
 * the older one goes, too. What is behind never comes first. */
#define LEDGER_PLACE_IS_TAKEN                                                            \
    "(r.place IS NOT NULL AND EXISTS (SELECT 1 FROM run o WHERE o.place = r.place"       \
    " AND o.behind = 0 AND " LEDGER_IN_PLACE " AND o.id <> r.id AND (o.state = 1"        \
    " OR ((o.state = 4 OR (o.attempts > 0 AND o.held_ms > ?1)) AND (o.id < r.id"         \
    " OR NOT (r.state = 4 OR (r.state = 0 AND r.attempts > 0 AND r.held_ms > ?1))))"     \
    " OR (o.state = 0 AND o.attempts = 0 AND r.state = 0 AND r.attempts = 0"             \
    " AND o.id < r.id))))"

/* What decides and what is named when a run changes: owned texts. */
struct ledger_head {
    int64_t id;
    char *client, *recipe, *place;
    enum ledger_state state;
    int64_t epoch, since;
    int attempts, failures;
};
int ledger_head_read(struct db *db, int64_t id, struct ledger_head *head, struct err *e);
void ledger_head_fini(struct ledger_head *head);

/* Appends a line to the history. */
int ledger_row_note(struct db *db, int64_t run, int64_t at_ms, const char *what,
                    const char *text, struct err *e);
/* A run of PLACE (NULL: none) began, ended or stepped back: the oldest one that is behind
 * may be next. */
int ledger_row_advance(struct db *db, const char *place, struct err *e);
/* Ends step SEQ with RESULT; STEP_IS_* as they are. */
int ledger_row_end_step(struct db *db, int64_t run, int64_t seq, const void *result,
                        size_t len, struct err *e);
/* Removes a run's steps from SEQ on. */
int ledger_row_drop_steps(struct db *db, int64_t run, int64_t seq, struct err *e);

#endif
