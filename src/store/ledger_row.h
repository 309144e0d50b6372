/* ledger_row: what the files behind store/ledger.h share: the words of their SQL, and
 * small changes of a run's row, steps and history. Only they, ahead.c and rollup.c
 * include it.
 *
 * Three columns of run have older names than the C members: place is order_key, held_ms
 * is order_since_ms, behind = 1 is blocked. To rename them would break a worker of an
 * older foyer that has the file open. */
#ifndef FOYER_LEDGER_ROW_H
#define FOYER_LEDGER_ROW_H

#include "store/ledger.h"
#include "store/state_sql.h"
#include "store/store_row.h"

/* The table entry has the steps of all runs and the lines of their history, so that what
 * a run writes at one time stands together: an entry's id is the run's, shifted, plus the
 * step's seq, or LEDGER_LINES plus the line's number, or LEDGER_ITEMS plus an item's
 * number from 1. Items are of requests whose steps are gone, until the run is over; the
 * row 0 counts what was left out of them, as epoch (requests) and flags (bytes). */
enum { LEDGER_ID_BITS = 24, LEDGER_LINES = 1 << 23, LEDGER_ITEMS = 3 << 22 };
static inline struct db_value ledger_step_id(int64_t run, int64_t seq)
{
    return db_int(run << LEDGER_ID_BITS | seq);
}
static inline struct db_value ledger_line_id(int64_t run, int64_t n)
{
    return ledger_step_id(run, LEDGER_LINES + n);
}
static inline struct db_value ledger_item_id(int64_t run, int64_t n)
{
    return ledger_step_id(run, LEDGER_ITEMS + n);
}
#define LEDGER_SEQ "id & 8388607"
_Static_assert(LEDGER_LINES - 1 == 8388607, "as in LEDGER_SEQ");

/* Bits of entry.flags, as stored; above them the milliseconds that a request took. */
enum {
    STEP_IS_DONE = 1,
    STEP_IS_SCOPE = 2,
    STEP_IS_INTENT = 4,
    STEP_IS_REPLY = 8,
    STEP_IS_DRY = 16,
    STEP_TOOK_SHIFT = 8
};
/* The same of a line: an API accepted a reply then; a person says that it did. */
enum { LINE_HAS_REPLY = 1, LINE_IS_BY_HAND = 2 };

/* The run may start when it is due: queued, sleeping, waiting or confirming, and not
 * blocked. SQLite uses the indexes run_due and run_turn only for a statement with these
 * very words. */
#define LEDGER_MAY_START                                                                 \
    "state < " SQL_HELD " AND state <> " SQL_RUNNING " AND behind = 0"
/* The run takes part in the order of its key: queued, running or confirming. Names the
 * columns of the innermost run, in the words of the index run_in_place. */
#define LEDGER_IN_ORDER "(state < " SQL_SLEEPING " OR state = " SQL_CONFIRMING ")"

/* The run is claimed. SQLite uses the index run_alive only for a statement with the first
 * words. */
#define LEDGER_IS_RUNNING "state < " SQL_DONE " AND state = " SQL_RUNNING
/* The run ended and keeps its steps and pins, for a person's retry; in the words of the
 * index run_over. */
#define LEDGER_IS_DEAD "state >= " SQL_DONE " AND state = " SQL_DEAD

/* The step is a write that was sent and has no outcome. */
#define LEDGER_IS_UNCERTAIN "flags & 7 = 4 AND at_ms > 0"
_Static_assert((STEP_IS_DONE | STEP_IS_SCOPE | STEP_IS_INTENT) == 7 &&
                   STEP_IS_INTENT == 4,
               "as in LEDGER_IS_UNCERTAIN");

/* Another run o of run r's order key goes first; ?1 is now - LEDGER_ORDER_WAIT_MS. A run
 * has its turn while it is running, confirming, or between attempts that began since ?1.
 * A running one goes first; of two others that have their turn, and of two that have not
 * begun, the older one goes first. A blocked run never goes first. */
#define LEDGER_ORDER_IS_TAKEN                                                            \
    "(r.place IS NOT NULL AND EXISTS (SELECT 1 FROM run o"                               \
    " WHERE o.place = r.place AND o.behind = 0 AND " LEDGER_IN_ORDER                     \
    " AND o.id <> r.id AND (o.state = " SQL_RUNNING " OR ((o.state = " SQL_CONFIRMING    \
    "      OR (o.attempts > 0 AND o.held_ms > ?1))"                                      \
    "     AND (o.id < r.id OR NOT (r.state = " SQL_CONFIRMING                            \
    " OR (r.state = " SQL_QUEUED "      AND r.attempts > 0 AND r.held_ms > ?1))))"       \
    " OR (o.state = " SQL_QUEUED " AND o.attempts = 0 AND r.state = " SQL_QUEUED         \
    "     AND r.attempts = 0 AND o.id < r.id))))"

/* What is needed of a run to change it; owns its texts. */
struct ledger_head {
    int64_t id;
    char *client, *recipe, *order_key;
    enum ledger_state state;
    int64_t epoch, since;
    int attempts, failures;
};
int ledger_head_read(struct db *db, int64_t id, struct ledger_head *head,
                     struct err *e); /* ERR_NOT_FOUND */
void ledger_head_fini(struct ledger_head *head);

/* Returns -1 with ERR_NOT_FOUND and a sentence. */
int ledger_row_missing(int64_t id, struct err *e);
/* Appends a line to the run's history. */
int ledger_row_note(struct db *db, int64_t run, int64_t at_ms, const char *what,
                    const char *text, struct err *e);
/* The same with FLAGS of the line. */
int ledger_row_line(struct db *db, int64_t run, int64_t at_ms, const char *what,
                    const char *text, int flags, struct err *e);
/* Unblocks the oldest blocked run of ORDER_KEY (NULL: does nothing) unless one that has
 * not begun is unblocked already. Call it after a run of the key has ended an attempt. */
int ledger_row_advance(struct db *db, const char *order_key, struct err *e);
/* Ends step SEQ with RESULT. */
int ledger_row_end_step(struct db *db, int64_t run, int64_t seq, const void *result,
                        size_t len, struct err *e);
/* Removes the run's steps from SEQ on. */
int ledger_row_drop_steps(struct db *db, int64_t run, int64_t seq, struct err *e);
/* Fills STEP from seq, kind, name, hash, flags, at_ms, input, result; borrowed until the
 * next db_step. -1 when its hash is damaged. */
int ledger_row_borrow_step(const struct db_row *row, struct journal_entry *step);

/* ---- ledger_exchange.c ---- */

/* Stores the items of CHANGE, of a run that goes on. */
int ledger_exchange_put(struct db *db, const struct ledger_change *change, struct err *e);
/* Keeps what the run, which is over for good, sent and got, in one row. CHANGE (NULL:
 * none) has items that are not stored. Call it before the run's steps and pins go. */
int ledger_exchange_end(struct db *db, int64_t run, const struct ledger_change *change,
                        int64_t now_ms, struct err *e);
/* Records the request of each step from SEQ on, which is about to be removed. */
int ledger_exchange_keep(struct db *db, int64_t run, int64_t seq, struct err *e);

/* Replaces what at most LIMIT runs sent and got that ended before BEFORE_MS by what stays
 * of it (exchanged_strip). Adds to *REMOVED. */
int ledger_exchange_prune(struct db *db, int64_t before_ms, int limit, int *removed,
                          struct err *e);

/* Makes RUN the run of LINE. ERR_CONFLICT: it has another one than line->instead. */
int ledger_line_put(struct db *db, const struct ledger_line *line, int64_t run,
                    struct err *e);

#endif
