#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/ledger_row.h"
#include "store/ledger_wait.h"
#include "store/rollup.h"

/* What a person does to a run, and pauses. */

/* Recorded before the body of a write that a person says was done: status and headers. */
static const char answer_head[] = "200\n\n";

static int wrong_state(const struct ledger_head *head, const char *doing, const char *why,
                       struct err *e)
{
    return err_set(e, ERR_CONFLICT, "cannot %s run %lld: it is %s%s", doing,
                   (long long)head->id, ledger_state_name(head->state), why);
}

/* Makes the run due now, as though nothing had failed. A queued or confirming run keeps
 * its turn in the order. */
static int queue(struct db *db, const struct ledger_head *head, struct err *e)
{
    if (db_change(db,
                  "UPDATE run SET state = " SQL_QUEUED ", due_ms = 0, failures = 0,"
                  " first_failure_ms = 0, looks = 0, crashes = 0, held_ms ="
                  " iif(state IN (" SQL_QUEUED ", " SQL_CONFIRMING "), held_ms, 0),"
                  " ended_ms = 0, kind = NULL, reason = NULL, result = NULL WHERE id = ?",
                  DB_ARGS(db_int(head->id)), NULL, e) != 0)
        return -1;
    return ledger_row_advance(db, head->order_key, e);
}

/* Removes the last step when it is a failure in which nothing was written, so that the
 * retry sends the request again. Otherwise the failure would be replayed although its
 * cause was repaired. */
static int forget_failure(struct db *db, int64_t run, struct err *e)
{
    int64_t seq = -1;
    /* a scope that ended in an error without an intent in it, or an answer 4xx or 5xx */
    if (db_select_int(
            db,
            "SELECT " LEDGER_SEQ " FROM (SELECT * FROM entry WHERE id >= ?1 AND id < ?5"
            " ORDER BY id DESC LIMIT 1) WHERE (flags & (?2 | ?3 | ?4) = (?2 | ?3)"
            " AND substr(result, 1, 9) = CAST('{\"error\":' AS BLOB))"
            " OR (kind = 'http' AND flags & (?2 | ?3) = ?2"
            " AND substr(result, 1, 1) IN (x'34', x'35'))",
            DB_ARGS(ledger_step_id(run, 0), db_int(STEP_IS_DONE), db_int(STEP_IS_SCOPE),
                    db_int(STEP_IS_INTENT), ledger_line_id(run, 0)),
            &seq, e) != 0)
        return -1;
    if (seq < 0)
        return 0;
    return ledger_exchange_keep(db, run, seq, e) == 0
               ? ledger_row_drop_steps(db, run, seq, e)
               : -1;
}

static int retry(struct db *db, const struct ledger_head *head, int new_code,
                 int64_t now_ms, struct err *e)
{
    int is_retrying = head->state == LEDGER_QUEUED && head->failures > 0;
    if (!is_retrying && head->state != LEDGER_PARKED && head->state != LEDGER_DEAD &&
        head->state != LEDGER_HELD)
        return wrong_state(head, "retry", "", e);
    if (head->state == LEDGER_DEAD &&
        (rollup_reopen(db, head->id, e) != 0 || forget_failure(db, head->id, e) != 0))
        return -1;
    if (queue(db, head, e) != 0)
        return -1;
    if (new_code && db_change(db, "UPDATE run SET pins = NULL WHERE id = ?",
                              DB_ARGS(db_int(head->id)), NULL, e) != 0)
        return -1;
    return ledger_row_note(db, head->id, now_ms, "retried",
                           new_code ? "by hand, with today's code" : "by hand", e);
}

int ledger_retry(struct db *db, int64_t run, int new_code, int64_t now_ms, struct err *e)
{
    struct ledger_head head;
    int rc = ledger_head_read(db, run, &head, e);
    if (rc == 0)
        rc = retry(db, &head, new_code, now_ms, e);
    ledger_head_fini(&head);
    return rc;
}

/* ---- an uncertain write ---- */

struct uncertain {
    int64_t seq; /* -1: there is none */
    char *name;  /* owned */
    int is_reply;
};

/* Reads the last uncertain write. */
static int find_uncertain(struct db *db, int64_t run, struct uncertain *out,
                          struct err *e)
{
    *out = (struct uncertain){.seq = -1};
    struct db_row *row =
        db_select(db,
                  "SELECT " LEDGER_SEQ ", name, flags FROM entry"
                  " WHERE id >= ? AND id < ?"
                  " AND " LEDGER_IS_UNCERTAIN " ORDER BY id DESC LIMIT 1",
                  DB_ARGS(ledger_step_id(run, 0), ledger_line_id(run, 0)), e);
    if (db_step(row, e) == 1)
        *out = (struct uncertain){db_row_int(row, 0), xstrdup(db_row_text(row, 1)),
                                  (db_row_int(row, 2) & STEP_IS_REPLY) != 0};
    return db_finish(row);
}

/* Records the answer of the write SEQ, so that the run goes on after it. */
static int happened(struct db *db, int64_t run, int64_t seq, const char *result,
                    struct err *e)
{
    char *bytes = xasprintf("%s%s", answer_head, result ? result : "{}");
    int rc = ledger_row_drop_steps(db, run, seq + 1, e);
    if (rc == 0)
        rc = ledger_row_end_step(db, run, seq, bytes, strlen(bytes), e);
    free(bytes);
    return rc;
}

/* Notes that a person has seen to it that the customer got the message. ELSE_WHY ends the
 * error for a run whose message was not undelivered. */
static int resolve_undelivered(struct db *db, const struct ledger_head *head,
                               int did_happen, const char *else_why, int64_t now_ms,
                               struct err *e)
{
    int changed;
    if (db_change(db,
                  "UPDATE run SET undelivered = NULL WHERE id = ?"
                  " AND undelivered IS NOT NULL",
                  DB_ARGS(db_int(head->id)), &changed, e) != 0)
        return -1;
    if (!changed)
        return wrong_state(head, "resolve", else_why, e);
    if (!did_happen)
        return err_set(e, ERR_CONFLICT,
                       "run %lld cannot send its message again: answer the customer in "
                       "the app, then `foyer runs resolve %lld --sent`",
                       (long long)head->id, (long long)head->id);
    return ledger_row_note(db, head->id, now_ms, "resolved",
                           "by hand: the customer has the message", e);
}

static int resolve(struct db *db, const struct ledger_head *head, int did_happen,
                   const char *result, int64_t now_ms, struct err *e)
{
    struct uncertain write;
    if (head->state != LEDGER_PARKED && head->state != LEDGER_CONFIRMING)
        return resolve_undelivered(db, head, did_happen, "", now_ms, e);
    if (find_uncertain(db, head->id, &write, e) != 0)
        return -1;
    if (write.seq < 0)
        return resolve_undelivered(db, head, did_happen,
                                   ", but no write of it is uncertain", now_ms, e);
    int rc = did_happen ? happened(db, head->id, write.seq, result, e)
                        : ledger_row_drop_steps(db, head->id, write.seq, e);
    char *text = xasprintf("by hand: %.200s %s", write.name,
                           did_happen ? "was sent" : "was not sent");
    int flags = did_happen && write.is_reply ? LINE_HAS_REPLY | LINE_IS_BY_HAND : 0;
    if (rc == 0)
        rc = queue(db, head, e);
    if (rc == 0)
        rc = ledger_row_line(db, head->id, now_ms, "resolved", text, flags, e);
    if (rc == 0 && flags)
        rc = rollup_touch(db, head->id, e);
    free(text);
    free(write.name);
    return rc;
}

int ledger_resolve(struct db *db, int64_t run, int did_happen, const char *result,
                   int64_t now_ms, struct err *e)
{
    struct ledger_head head;
    int rc = ledger_head_read(db, run, &head, e);
    if (rc == 0)
        rc = resolve(db, &head, did_happen, result, now_ms, e);
    ledger_head_fini(&head);
    return rc;
}

/* ---- cancelling, releasing ---- */

static int cancel(struct db *db, const struct ledger_head *head, const char *why,
                  int64_t now_ms, struct err *e)
{
    if (ledger_is_over(head->state) && head->state != LEDGER_DEAD)
        return wrong_state(head, "cancel", " already", e);
    if (head->state == LEDGER_DEAD && rollup_reopen(db, head->id, e) != 0)
        return -1;
    /* with a new epoch a running attempt loses its claim */
    if (db_change(db,
                  "UPDATE run SET state = " SQL_CANCELLED ", behind = 0, owner = NULL,"
                  " epoch = epoch + 1, held_ms = 0, ended_ms = ?, kind = NULL,"
                  " reason = ? WHERE id = ?",
                  DB_ARGS(db_int(now_ms), db_text(why), db_int(head->id)), NULL,
                  e) != 0 ||
        ledger_exchange_end(db, head->id, NULL, now_ms, e) != 0 ||
        ledger_row_drop_steps(db, head->id, 0, e) != 0 ||
        ledger_wait_drop(db, head->id, e) != 0 ||
        ledger_row_note(db, head->id, now_ms, "cancelled", why ? why : "by hand", e) !=
            0 ||
        rollup_touch(db, head->id, e) != 0)
        return -1;
    return ledger_row_advance(db, head->order_key, e);
}

int ledger_cancel(struct db *db, int64_t run, const char *why, int64_t now_ms,
                  struct err *e)
{
    struct ledger_head head;
    int rc = ledger_head_read(db, run, &head, e);
    if (rc == 0)
        rc = cancel(db, &head, why, now_ms, e);
    ledger_head_fini(&head);
    return rc;
}

/* A held run; the first part is what the index run_going_on says. */
#define IS_HELD "state < " SQL_DONE " AND state = " SQL_HELD

int ledger_releasable(struct db *db, int (*fn)(void *arg, const char *client), void *arg,
                      struct err *e)
{
    return store_row_texts(
        db_select(db,
                  "SELECT h.client FROM (SELECT DISTINCT client FROM run WHERE " IS_HELD
                  ") h JOIN client_connection l ON l.client = h.client"
                  " JOIN connection c ON c.app = l.app AND c.id = l.id"
                  " GROUP BY h.client HAVING max(c.reconnect) = 0",
                  DB_NONE, e),
        fn, arg, e);
}

int ledger_release(struct db *db, const char *client, int64_t now_ms, int *released,
                   struct err *e)
{
    if (db_change(db,
                  "INSERT INTO entry (id, at_ms, kind, name) SELECT"
                  " (SELECT max(id, (r.id << ?3) + ?4) + 1 FROM entry"
                  "   WHERE id < (r.id << ?3) + ?5 ORDER BY id DESC LIMIT 1),"
                  " ?1, 'released', 'the connection is back' FROM run r"
                  " WHERE r.client = ?2 AND " IS_HELD,
                  DB_ARGS(db_int(now_ms), db_text(client), db_int(LEDGER_ID_BITS),
                          db_int(LEDGER_LINES), db_int(LEDGER_ITEMS)),
                  NULL, e) != 0)
        return -1;
    return db_change(db,
                     "UPDATE run SET state = " SQL_QUEUED ", due_ms = 0, kind = NULL,"
                     " reason = NULL WHERE client = ? AND " IS_HELD,
                     DB_ARGS(db_text(client)), released, e);
}

/* ---- pauses ---- */

int ledger_pause(struct db *db, const struct ledger_pause *pause, struct err *e)
{
    return db_change(db,
                     "INSERT OR REPLACE INTO pause (client, recipe, at_ms, by, reason)"
                     " VALUES (?, ?, ?, ?, ?)",
                     DB_ARGS(db_text(pause->client), db_text(pause->recipe),
                             db_int(pause->at_ms), db_text(pause->by),
                             db_text(pause->reason)),
                     NULL, e);
}

int ledger_resume(struct db *db, const char *client, const char *recipe, int *lifted,
                  struct err *e)
{
    /* a client without a recipe: all of its pauses */
    int is_all_of_one = *client && !*recipe;
    /* older crashes no longer count: else the next one would suspend at once */
    if (db_change(db,
                  "DELETE FROM crash WHERE EXISTS (SELECT 1 FROM pause"
                  " WHERE pause.client = ?1 AND (pause.recipe = ?2 OR ?3)"
                  " AND pause.client = crash.client"
                  " AND pause.recipe = crash.recipe)",
                  DB_ARGS(db_text(client), db_text(recipe), db_int(is_all_of_one)), NULL,
                  e) != 0)
        return -1;
    return db_change(db, "DELETE FROM pause WHERE client = ?1 AND (recipe = ?2 OR ?3)",
                     DB_ARGS(db_text(client), db_text(recipe), db_int(is_all_of_one)),
                     lifted, e);
}

int ledger_pauses(struct db *db, int (*fn)(void *arg, const struct ledger_pause *pause),
                  void *arg, struct err *e)
{
    struct db_row *row = db_select(db,
                                   "SELECT client, recipe, at_ms, by, reason FROM pause"
                                   " ORDER BY client, recipe",
                                   DB_NONE, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct ledger_pause pause = {
            .client = db_row_text(row, 0),
            .recipe = db_row_text(row, 1),
            .at_ms = db_row_int(row, 2),
            .by = db_row_text(row, 3),
            .reason = db_row_text(row, 4),
        };
        stop = fn(arg, &pause);
    }
    return db_finish(row);
}
