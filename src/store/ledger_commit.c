#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/ledger_row.h"
#include "store/ledger_wait.h"
#include "store/rollup.h"

/* What a run writes. Everything that can be refused is checked before the first write. */

enum { HOUR_MS = 60 * 60 * 1000 };

static int check_claim(const struct ledger_head *head, const struct ledger_change *change,
                       struct err *e)
{
    if (head->state == LEDGER_RUNNING && head->epoch == change->epoch)
        return 0;
    return err_set(e, ERR_CONFLICT, "cannot write run %lld: this attempt lost its claim",
                   (long long)head->id);
}

/* Returns 1 when CHANGE is what came of a write whose intent the same claim stored, and
 * nothing is recorded of it yet; 0 when it is not; -1 with E.
 *
 * The process may have stood still between its request and the outcome, while another one
 * took the run over. What it knows is still the truth about that write, and the first
 * outcome counts: the other process, which can only look for the write, starts again. A
 * write that was sent again has another epoch. */
static int is_late_outcome(struct db *db, const struct ledger_head *head,
                           const struct ledger_change *change, struct err *e)
{
    const struct journal_entry *step = change->steps;
    int64_t epoch = -1;
    if (change->state >= 0 || change->nsteps != 1 || change->key || !step->is_intent ||
        step->is_scope || (!step->is_done && step->at_ms != 0) ||
        (change->drop >= 0 && change->drop != step->seq) || ledger_is_over(head->state))
        return 0;
    if (db_select_int(db,
                      "SELECT epoch FROM entry WHERE id = ? AND hash = ?"
                      " AND " LEDGER_IS_UNCERTAIN,
                      DB_ARGS(ledger_step_id(change->run, step->seq),
                              db_blob(step->hash, sizeof step->hash)),
                      &epoch, e) != 0)
        return -1;
    return epoch == change->epoch;
}

/* Queues the run: a process that has it now knows less than the store. */
static int start_again(struct db *db, const struct ledger_head *head,
                       const struct ledger_change *change, struct err *e)
{
    int keeps_turn = head->state != LEDGER_HELD && head->state != LEDGER_PARKED;
    if (db_change(db,
                  "UPDATE run SET state = " SQL_QUEUED ", owner = NULL, looks = 0,"
                  " epoch = epoch + 1, due_ms = min(due_ms, ?), kind = NULL,"
                  " reason = NULL, held_ms = iif(?, held_ms, 0) WHERE id = ?",
                  DB_ARGS(db_int(change->now_ms), db_int(keeps_turn), db_int(head->id)),
                  NULL, e) != 0 ||
        ledger_row_note(db, head->id, change->now_ms, "late",
                        "its process stood still and knows the outcome", e) != 0)
        return -1;
    return ledger_row_advance(db, head->order_key, e);
}

/* Returns when the write was sent whose answer names the refs. */
static int64_t sent_ms(const struct ledger_change *change)
{
    return change->nsteps ? change->steps[change->nsteps - 1].at_ms : 0;
}

/* Refuses refs of another run when they were found by a search. An answer may name them:
 * its request has changed what the other run made. But when another run's search found a
 * ref after the request was sent, it may have found what this request made. */
static int check_refs(struct db *db, const struct ledger_head *head,
                      const struct ledger_change *change, struct err *e)
{
    for (size_t i = 0; i < change->nrefs; i++) {
        int64_t other = head->id;
        if (db_select_int(
                db,
                "SELECT run FROM effect WHERE app = ? AND company = ? AND ref = ?"
                " AND (? OR (looked AND at_ms >= ?))",
                DB_ARGS(db_text(change->app), db_text(change->company),
                        db_text(change->refs[i]), db_int(change->sought != NULL),
                        db_int(sent_ms(change))),
                &other, e) != 0)
            return -1;
        if (other != head->id)
            return err_set(e, ERR_UNCERTAIN,
                           "cannot take %s as made by run %lld: run %lld has made it",
                           change->refs[i], (long long)head->id, (long long)other);
    }
    return 0;
}

struct sought {
    const struct ledger_change *change;
    int64_t other;
};

static int on_other(void *arg, const struct ledger_write *write)
{
    struct sought *sought = arg;
    const struct ledger_change *change = sought->change;
    /* one that seems to be later than now was sent before, while the clock was ahead */
    if (write->is_under_way ||
        (write->at_ms >= change->looked_ms && write->at_ms <= change->now_ms))
        sought->other = write->run;
    return sought->other != 0;
}

/* Refuses refs that another run's write may have made. Every intent is stored before its
 * request is sent, so that the store has each write whose result a search can find. */
static int check_sought(struct db *db, const struct ledger_head *head,
                        const struct ledger_change *change, struct err *e)
{
    struct sought sought = {change, 0};
    if (!change->sought || !change->nrefs)
        return 0;
    if (ledger_others(db, head->id, change->sought, on_other, &sought, e) != 0)
        return -1;
    return !sought.other
               ? 0
               : err_set(e, ERR_UNCERTAIN,
                         "cannot take %s as made by run %lld: run %lld sends to "
                         "the same place",
                         change->refs[0], (long long)head->id, (long long)sought.other);
}

/* Returns the step of the reply. A reply that was refused and is sent once more has the
 * same step, and counts once. */
static int reply_seq(const struct ledger_change *change)
{
    return change->nsteps ? change->steps[change->nsteps - 1].seq : -1;
}

static int check_replies(struct db *db, const struct ledger_head *head,
                         const struct ledger_change *change, struct err *e)
{
    int64_t n = 0;
    if (!change->reply_to)
        return 0;
    if (db_select_int(db,
                      "SELECT count(*) FROM reply WHERE client = ? AND conversation = ?"
                      " AND at_ms > ? AND at_ms <= ? AND NOT (run = ? AND seq = ?)",
                      DB_ARGS(db_text(head->client), db_text(change->reply_to),
                              db_int(change->now_ms - HOUR_MS),
                              db_int(change->now_ms + HOUR_MS), db_int(head->id),
                              db_int(reply_seq(change))),
                      &n, e) != 0)
        return -1;
    if (n < change->replies_max)
        return 0;
    return err_set(e, ERR_FORBIDDEN,
                   "cannot reply to %s: it got %lld automatic repl%s in the last hour, "
                   "and %s may have %d",
                   change->reply_to, (long long)n, n == 1 ? "y" : "ies", head->client,
                   change->replies_max);
}

/* Returns under which conversation of the table `reply` the recipe's reactions stand: a
 * new string. No conversation's id has a slash. */
static char *reactions_of(const struct ledger_head *head,
                          const struct ledger_change *change)
{
    return xasprintf("%s/%s", head->recipe, change->reacts_to);
}

static int check_reactions(struct db *db, const struct ledger_head *head,
                           const struct ledger_change *change, struct err *e)
{
    int64_t n = 0;
    if (!change->reacts_to)
        return 0;
    char *key = reactions_of(head, change);
    int rc = db_select_int(
        db,
        "SELECT count(DISTINCT run) FROM reply WHERE client = ? AND conversation = ?"
        " AND at_ms > ? AND at_ms <= ? AND run <> ?",
        DB_ARGS(db_text(head->client), db_text(key), db_int(change->now_ms - HOUR_MS),
                db_int(change->now_ms + HOUR_MS), db_int(head->id)),
        &n, e);
    free(key);
    if (rc != 0 || n < change->reactions_max)
        return rc;
    return err_set(e, ERR_FORBIDDEN,
                   "%s may be answering itself: in the last hour it has written for %lld "
                   "events of %s that no person caused",
                   head->recipe, (long long)n, change->reacts_to);
}

static int put_reaction(struct db *db, const struct ledger_head *head,
                        const struct ledger_change *change, struct err *e)
{
    if (!change->reacts_to)
        return 0;
    char *key = reactions_of(head, change);
    int rc =
        db_change(db,
                  "INSERT OR REPLACE INTO reply (client, conversation, at_ms, run, seq)"
                  " VALUES (?, ?, ?, ?, -1)",
                  DB_ARGS(db_text(head->client), db_text(key), db_int(change->now_ms),
                          db_int(head->id)),
                  NULL, e);
    free(key);
    return rc;
}

/* Sets *ACCEPTED when a reply that was open gets an answer 2xx by CHANGE. */
static int find_accepted(struct db *db, const struct ledger_change *change, int *accepted,
                         struct err *e)
{
    *accepted = 0;
    for (size_t i = 0; i < change->nsteps; i++) {
        const struct journal_entry *step = &change->steps[i];
        int64_t flags = 0;
        if (!step->is_intent || !step->is_done || !step->len ||
            ((const char *)step->result)[0] != '2')
            continue;
        if (db_select_int(db, "SELECT flags FROM entry WHERE id = ?",
                          DB_ARGS(ledger_step_id(change->run, step->seq)), &flags,
                          e) != 0)
            return -1;
        *accepted |= (flags & (STEP_IS_REPLY | STEP_IS_DONE)) == STEP_IS_REPLY;
    }
    return 0;
}

static int put_steps(struct db *db, const struct ledger_change *change, struct err *e)
{
    if (change->drop >= 0 && ledger_row_drop_steps(db, change->run, change->drop, e) != 0)
        return -1;
    for (size_t i = 0; i < change->nsteps; i++) {
        const struct journal_entry *step = &change->steps[i];
        const struct db_value none = {.type = DB_IS_NULL};
        int flags =
            (step->is_done ? STEP_IS_DONE : 0) | (step->is_scope ? STEP_IS_SCOPE : 0) |
            (step->is_intent ? STEP_IS_INTENT : 0) | (step->is_dry ? STEP_IS_DRY : 0);
        int64_t took = (int64_t)step->took_ms << STEP_TOOK_SHIFT;
        if (change->is_reply && step->is_intent && i + 1 == change->nsteps)
            flags |= STEP_IS_REPLY;
        if (db_change(db,
                      "INSERT OR REPLACE INTO entry (id, kind, name, hash, flags, at_ms,"
                      " epoch, input, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      DB_ARGS(ledger_step_id(change->run, step->seq), db_text(step->kind),
                              db_text(step->name), db_blob(step->hash, sizeof step->hash),
                              db_int(flags | took), db_int(step->at_ms),
                              db_int(change->epoch),
                              step->input ? db_blob(step->input, step->input_len) : none,
                              step->result ? db_blob(step->result, step->len) : none),
                      NULL, e) != 0)
            return -1;
    }
    return 0;
}

static int put_code(struct db *db, const struct ledger_change *change, struct err *e)
{
    for (size_t i = 0; i < change->ncodes; i++) {
        const struct ledger_code *code = &change->codes[i];
        if (db_change(db, "INSERT OR IGNORE INTO code (hash, text) VALUES (?, ?)",
                      DB_ARGS(db_blob(code->hash, sizeof code->hash),
                              db_blob(code->text, code->len)),
                      NULL, e) != 0)
            return -1;
    }
    if (!change->pins)
        return 0;
    if (db_change(db, "INSERT OR IGNORE INTO pins (hash, list) VALUES (?, ?)",
                  DB_ARGS(db_blob(change->pins, CRYPTO_SHA256_SIZE),
                          db_text(change->pins_list)),
                  NULL, e) != 0)
        return -1;
    return db_change(
        db, "UPDATE run SET pins = ? WHERE id = ?",
        DB_ARGS(db_blob(change->pins, CRYPTO_SHA256_SIZE), db_int(change->run)), NULL, e);
}

/* Writes what outlives the run: refs, the loop guard's count, ctx.store, receipts. */
static int put_lasting(struct db *db, const struct ledger_head *head,
                       const struct ledger_change *change, struct err *e)
{
    struct db_value client = db_text(head->client), run = db_int(head->id);
    struct db_value now = db_int(change->now_ms);
    for (size_t i = 0; i < change->nrefs; i++)
        if (db_change(db,
                      "INSERT OR IGNORE INTO effect (app, company, ref, run, at_ms,"
                      " looked) VALUES (?, ?, ?, ?, ?, ?)",
                      DB_ARGS(db_text(change->app), db_text(change->company),
                              db_text(change->refs[i]), run, now,
                              db_int(change->sought != NULL)),
                      NULL, e) != 0)
            return -1;
    if (change->reply_to &&
        db_change(db,
                  "INSERT OR REPLACE INTO reply (client, conversation, at_ms, run, seq)"
                  " VALUES (?, ?, ?, ?, ?)",
                  DB_ARGS(client, db_text(change->reply_to), now, run,
                          db_int(reply_seq(change))),
                  NULL, e) != 0)
        return -1;
    if (put_reaction(db, head, change, e) != 0)
        return -1;
    if (change->key && ledger_value_put(db, head->client, change->key, change->value,
                                        change->values_max, change->now_ms, e) != 0)
        return -1;
    if (change->receipt &&
        db_change(db,
                  "INSERT OR REPLACE INTO receipt (client, app, ref, run, due_ms)"
                  " VALUES (?, ?, ?, ?, ?)",
                  DB_ARGS(client, db_text(change->app), db_text(change->receipt), run,
                          db_int(change->receipt_due_ms)),
                  NULL, e) != 0)
        return -1;
    return 0;
}

static int end_attempt(struct db *db, const struct ledger_head *head,
                       const struct ledger_change *change, struct err *e)
{
    enum ledger_state state = (enum ledger_state)change->state;
    int64_t due_ms = change->due_ms;
    if (state == LEDGER_WAITING) {
        int found = ledger_wait_begin(db, head, change, e);
        if (found < 0)
            return -1;
        if (found) {
            state = LEDGER_QUEUED;
            due_ms = 0; /* at once */
        }
    }
    /* A run that goes to sleep gives its turn up, also when its wait ends at once. */
    if (ledger_is_final(state) &&
        ledger_exchange_end(db, change->run, change, change->now_ms, e) != 0)
        return -1;
    int keeps_turn = state == LEDGER_CONFIRMING ||
                     (state == LEDGER_QUEUED && change->state != LEDGER_WAITING);
    if (db_change(db,
                  "UPDATE run SET state = ?2, due_ms = ?3, failures = ?4, looks = ?5,"
                  " first_failure_ms = ?6, kind = ?7, reason = ?8, result = ?9,"
                  " ended_ms = ?10, owner = NULL, pins = iif(?12, NULL, pins),"
                  " held_ms = iif(?11, held_ms, 0),"
                  /* crashes in a row: a run that reached a sleep or wait has none */
                  " crashes = iif(?2 = " SQL_SLEEPING " OR ?2 = " SQL_WAITING
                  ", 0, crashes) WHERE id = ?1",
                  DB_ARGS(db_int(change->run), db_int(state), db_int(due_ms),
                          db_int(change->failures), db_int(change->looks),
                          db_int(change->first_failure_ms), db_text(change->kind),
                          db_text(change->reason), db_text(change->result),
                          db_int(ledger_is_over(state) ? change->now_ms : 0),
                          db_int(keeps_turn), db_int(ledger_is_final(state))),
                  NULL, e) != 0)
        return -1;
    if (ledger_is_final(state) && ledger_row_drop_steps(db, change->run, 0, e) != 0)
        return -1;
    if (rollup_touch(db, change->run, e) != 0)
        return -1;
    return ledger_row_advance(db, head->order_key, e);
}

/* Writes the lines; the last one says that a reply was ACCEPTED. */
static int put_notes(struct db *db, const struct ledger_change *change, int accepted,
                     struct err *e)
{
    static const struct ledger_note none = {"outcome", "accepted"};
    const struct ledger_note *notes = change->nnotes ? change->notes : &none;
    size_t n = change->nnotes ? change->nnotes : (size_t)accepted;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc =
            ledger_row_line(db, change->run, change->now_ms, notes[i].what, notes[i].text,
                            accepted && i + 1 == n ? LINE_HAS_REPLY : 0, e);
    return rc == 0 && accepted ? rollup_touch(db, change->run, e) : rc;
}

int ledger_commit(struct db *db, const struct ledger_change *change, struct err *e)
{
    struct ledger_head head;
    struct err why;
    int is_late = 0;
    int accepted = 0;
    int rc = ledger_head_read(db, change->run, &head, e);
    if (rc == 0 && check_claim(&head, change, e) != 0) {
        is_late = is_late_outcome(db, &head, change, &why);
        if (is_late < 0)
            *e = why;
        rc = is_late == 1 ? 0 : -1;
    }
    if (rc == 0)
        rc = check_refs(db, &head, change, e);
    if (rc == 0)
        rc = check_sought(db, &head, change, e);
    if (rc == 0)
        rc = check_replies(db, &head, change, e);
    if (rc == 0)
        rc = check_reactions(db, &head, change, e);
    if (rc == 0)
        rc = find_accepted(db, change, &accepted, e);
    if (rc == 0)
        rc = put_steps(db, change, e);
    if (rc == 0 &&
        (change->state < 0 || !ledger_is_final((enum ledger_state)change->state)))
        rc = ledger_exchange_put(db, change, e);
    if (rc == 0 && change->dry)
        rc = db_change(db, "UPDATE run SET dry = 1 WHERE id = ?",
                       DB_ARGS(db_int(change->run)), NULL, e);
    if (rc == 0)
        rc = put_code(db, change, e);
    if (rc == 0)
        rc = put_lasting(db, &head, change, e);
    if (rc == 0)
        rc = put_notes(db, change, accepted, e);
    if (rc == 0 && change->state >= 0)
        rc = end_attempt(db, &head, change, e);
    if (rc == 0 && is_late)
        rc = start_again(db, &head, change, e);
    ledger_head_fini(&head);
    return rc;
}

int ledger_add_with(struct db *db, const struct ledger_run *run, const char *owner,
                    struct ledger_change *change, struct err *e)
{
    change->epoch = 1;
    if (ledger_add(db, run, owner ? owner : "", &change->run, e) != 0)
        return -1;
    struct ledger_change kept = *change;
    /* The steps of a run that is over are removed and its code does not run again, so
     * that nothing of them is written; refs and replies are checked against a step. */
    if (change->state >= 0 && ledger_is_final((enum ledger_state)change->state) &&
        !change->nrefs && !change->reply_to && !change->reacts_to) {
        kept.nsteps = kept.ncodes = 0;
        kept.pins = NULL;
    }
    return ledger_commit(db, &kept, e);
}
