#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/ledger_row.h"
#include "store/ledger_wait.h"

/* What a person does to a run, and pauses. */

/* How the answer is recorded of a write that a person says was done. */
static const char answer_head[] = "200\n\n";

static int wrong_state(const struct ledger_head *head, const char *doing, const char *why,
                       struct err *e)
{
    return err_set(e, ERR_CONFLICT, "cannot %s run %lld: it is %s%s", doing,
                   (long long)head->id, ledger_state_name(head->state), why);
}

/* Makes it due now, as though nothing had failed. What held its place goes on with it. */
static int queue(struct db *db, const struct ledger_head *head, struct err *e)
{
    if (db_change(db,
                  "UPDATE run SET state = 0, due_ms = 0, failures = 0,"
                  " first_failure_ms = 0, looks = 0, crashes = 0,"
                  " held_ms = iif(state IN (0, 4), held_ms, 0), ended_ms = 0,"
                  " kind = NULL, reason = NULL, result = NULL WHERE id = ?",
                  DB_ARGS(db_int(head->id)), NULL, e) != 0)
        return -1;
    return ledger_row_advance(db, head->place, e);
}

/* What a dead run failed of is asked again: its last step, when that is a failure within
 * which nothing was written. Without this it would be replayed, and fail again, after
 * somebody mended the cause. */
static int forget_failure(struct db *db, int64_t run, struct err *e)
{
    int64_t seq = -1;
    if (db_query(db,
                 "SELECT seq FROM (SELECT * FROM step WHERE run = ?"
                 " ORDER BY seq DESC LIMIT 1) WHERE (flags & 7 = ?"
                 " AND substr(result, 1, 9) = CAST('{\"error\":' AS BLOB))"
                 " OR (kind = 'http' AND flags & 3 = ?"
                 " AND substr(result, 1, 1) IN (x'34', x'35'))",
                 DB_ARGS(db_int(run), db_int(STEP_IS_DONE | STEP_IS_SCOPE),
                         db_int(STEP_IS_DONE)),
                 db_read_int, &seq, e) != 0)
        return -1;
    return seq < 0 ? 0 : ledger_row_drop_steps(db, run, seq, e);
}

static int retry(struct db *db, const struct ledger_head *head, int new_code,
                 int64_t now_ms, struct err *e)
{
    int is_retrying = head->state == LEDGER_QUEUED && head->failures > 0;
    if (!is_retrying && head->state != LEDGER_PARKED && head->state != LEDGER_DEAD &&
        head->state != LEDGER_HELD)
        return wrong_state(head, "retry", "", e);
    if (head->state == LEDGER_DEAD && forget_failure(db, head->id, e) != 0)
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

struct found_step {
    int64_t seq; /* -1: none */
    char *name;
};

static int read_step(void *arg, const struct db_row *row)
{
    struct found_step *step = arg;
    step->seq = db_row_int(row, 0);
    step->name = xstrdup(db_row_text(row, 1));
    return 1;
}

static int find_uncertain(struct db *db, int64_t run, struct found_step *step,
                          struct err *e)
{
    *step = (struct found_step){-1, NULL};
    return db_query(db,
                    "SELECT seq, name FROM step s WHERE run = ? AND " LEDGER_IS_UNCERTAIN
                    " ORDER BY seq DESC LIMIT 1",
                    DB_ARGS(db_int(run)), read_step, step, e);
}

/* Its answer is known now, and the run goes on behind it. */
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

static int resolve(struct db *db, const struct ledger_head *head, int did_happen,
                   const char *result, int64_t now_ms, struct err *e)
{
    struct found_step intent;
    if (head->state != LEDGER_PARKED && head->state != LEDGER_CONFIRMING)
        return wrong_state(head, "resolve", "", e);
    if (find_uncertain(db, head->id, &intent, e) != 0)
        return -1;
    if (intent.seq < 0)
        return wrong_state(head, "resolve", ", but no write of it is uncertain", e);
    int rc = did_happen ? happened(db, head->id, intent.seq, result, e)
                        : ledger_row_drop_steps(db, head->id, intent.seq, e);
    char *text = xasprintf("by hand: %.200s %s", intent.name,
                           did_happen ? "did happen" : "did not happen");
    if (rc == 0)
        rc = queue(db, head, e);
    if (rc == 0)
        rc = ledger_row_note(db, head->id, now_ms, "resolved", text, e);
    free(text);
    free(intent.name);
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
    /* the epoch: what runs now loses its claim */
    if (db_change(db,
                  "UPDATE run SET state = 10, behind = 0, owner = NULL,"
                  " epoch = epoch + 1, held_ms = 0, ended_ms = ?, kind = NULL, reason = ?"
                  " WHERE id = ?",
                  DB_ARGS(db_int(now_ms), db_text(why), db_int(head->id)), NULL,
                  e) != 0 ||
        ledger_row_drop_steps(db, head->id, 0, e) != 0 ||
        ledger_wait_drop(db, head->id, e) != 0 ||
        ledger_row_note(db, head->id, now_ms, "cancelled", why ? why : "by hand", e) != 0)
        return -1;
    return ledger_row_advance(db, head->place, e);
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

struct lend_client {
    int (*fn)(void *arg, const char *client);
    void *arg;
};

static int lend_client(void *arg, const struct db_row *row)
{
    struct lend_client *lend = arg;
    return lend->fn(lend->arg, db_row_text(row, 0));
}

int ledger_held(struct db *db, int (*fn)(void *arg, const char *client), void *arg,
                struct err *e)
{
    struct lend_client lend = {fn, arg};
    return db_query(db, "SELECT DISTINCT client FROM run WHERE state < 7 AND state = 5",
                    DB_NONE, lend_client, &lend, e);
}

int ledger_release(struct db *db, const char *client, int64_t now_ms, int *released,
                   struct err *e)
{
    if (db_change(db,
                  "INSERT INTO history (run, n, at_ms, what, text) SELECT r.id,"
                  " coalesce((SELECT max(n) FROM history WHERE run = r.id), 0) + 1, ?1,"
                  " 'released', 'the connection is back' FROM run r"
                  " WHERE r.client = ?2 AND r.state < 7 AND r.state = 5",
                  DB_ARGS(db_int(now_ms), db_text(client)), NULL, e) != 0)
        return -1;
    return db_change(db,
                     "UPDATE run SET state = 0, due_ms = 0, kind = NULL, reason = NULL"
                     " WHERE client = ? AND state < 7 AND state = 5",
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
    /* crashes from before count no more, or the next one would suspend at once */
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

struct lend_pause {
    int (*fn)(void *arg, const struct ledger_pause *pause);
    void *arg;
};

static int lend_pause(void *arg, const struct db_row *row)
{
    struct lend_pause *lend = arg;
    struct ledger_pause pause = {
        .client = db_row_text(row, 0),
        .recipe = db_row_text(row, 1),
        .at_ms = db_row_int(row, 2),
        .by = db_row_text(row, 3),
        .reason = db_row_text(row, 4),
    };
    return lend->fn(lend->arg, &pause);
}

int ledger_pauses(struct db *db, int (*fn)(void *arg, const struct ledger_pause *pause),
                  void *arg, struct err *e)
{
    struct lend_pause lend = {fn, arg};
    return db_query(db,
                    "SELECT client, recipe, at_ms, by, reason FROM pause"
                    " ORDER BY client, recipe",
                    DB_NONE, lend_pause, &lend, e);
}
