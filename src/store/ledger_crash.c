#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "store/ledger_row.h"
#include "store/ledger_wait.h"
#include "store/rollup.h"

/* Takes over the runs of dead processes, and of those that stand still. */

int ledger_owners(struct db *db, int (*fn)(void *arg, const char *owner), void *arg,
                  struct err *e)
{
    return store_row_texts(db_select(db,
                                     "SELECT DISTINCT owner FROM run"
                                     " WHERE " LEDGER_IS_RUNNING " AND owner IS NOT NULL",
                                     DB_NONE, e),
                           fn, arg, e);
}

/* Sets the intent's at_ms to 0, as journal_unsent does: the replay sends the request. */
static int unsend(struct db *db, const char *owner, const struct unsent *write,
                  int64_t now_ms, int *taken, struct err *e)
{
    int changed = 0;
    if (db_change(db,
                  "UPDATE entry SET at_ms = 0 WHERE id = ?2 AND at_ms = ?3"
                  " AND flags & ?6 = ?7 AND EXISTS (SELECT 1 FROM run WHERE id = ?1"
                  " AND state = " SQL_RUNNING " AND owner = ?4 AND epoch = ?5)",
                  DB_ARGS(db_int(write->run), ledger_step_id(write->run, write->seq),
                          db_int(write->at_ms), db_text(owner), db_int(write->epoch),
                          db_int(STEP_IS_INTENT | STEP_IS_DONE), db_int(STEP_IS_INTENT)),
                  &changed, e) != 0)
        return -1;
    *taken += changed > 0;
    return changed
               ? ledger_row_note(db, write->run, now_ms, "unsent",
                                 "it was not sent before its process died or stopped", e)
               : 0;
}

int ledger_unsend(struct db *db, const char *owner, const struct unsent *writes, int n,
                  int64_t now_ms, int *taken, struct err *e)
{
    int rc = 0;
    *taken = 0;
    for (int i = 0; rc == 0 && i < n; i++)
        if (writes[i].at_ms != 0)
            rc = unsend(db, owner, &writes[i], now_ms, taken, e);
    return rc;
}

/* Counts the crash of (client, recipe) and pauses it, usually at the third crash, until a
 * person resumes it. */
static int suspend(struct db *db, const struct ledger_head *head,
                   const struct ledger_crash *crash, int64_t now_ms,
                   struct ledger_reclaimed *out, struct err *e)
{
    int64_t n = 0;
    if (db_change(db,
                  "INSERT INTO crash (client, recipe, at_ms, run) VALUES (?, ?, ?, ?)",
                  DB_ARGS(db_text(head->client), db_text(head->recipe), db_int(now_ms),
                          db_int(head->id)),
                  NULL, e) != 0 ||
        db_select_int(db,
                      "SELECT count(*) FROM crash WHERE client = ? AND recipe = ?"
                      " AND at_ms > ? AND at_ms <= ?",
                      DB_ARGS(db_text(head->client), db_text(head->recipe),
                              db_int(now_ms - crash->within_ms),
                              db_int(now_ms + crash->within_ms)),
                      &n, e) != 0)
        return -1;
    if (n < crash->recipe_max && !(crash->suspends && out->died))
        return 0;
    char *often = n < crash->recipe_max
                      ? xasprintf("in each attempt for %s", head->client)
                      : xasprintf("%lld times for %s within %lld minutes", (long long)n,
                                  head->client, (long long)(crash->within_ms / 60000));
    char *reason =
        xasprintf("%s crashed %s, last in run %lld: %s; repair it, then: foyer "
                  "resume --client %s --recipe %s",
                  head->recipe, often, (long long)head->id, crash->cause, head->client,
                  head->recipe);
    free(often);
    int rc = db_change(db,
                       "INSERT OR IGNORE INTO pause (client, recipe, at_ms, by, reason)"
                       " VALUES (?, ?, ?, 'crash', ?)",
                       DB_ARGS(db_text(head->client), db_text(head->recipe),
                               db_int(now_ms), db_text(reason)),
                       &out->suspended, e);
    free(reason);
    return rc;
}

static int end_dead(struct db *db, const struct ledger_head *head, int64_t crashes,
                    const struct ledger_crash *crash, int64_t now_ms, struct err *e)
{
    char *reason = xasprintf("it ended its process %lld times, the last time by %s",
                             (long long)crashes, crash->cause);
    int rc =
        db_change(db,
                  "UPDATE run SET state = " SQL_DEAD ", ended_ms = ?, kind = ?,"
                  " reason = ?, held_ms = 0 WHERE id = ?",
                  DB_ARGS(db_int(now_ms), db_text(crash->kind ? crash->kind : "internal"),
                          db_text(reason), db_int(head->id)),
                  NULL, e);
    if (rc == 0)
        rc = ledger_row_note(db, head->id, now_ms, "dead", reason, e);
    if (rc == 0)
        rc = rollup_touch(db, head->id, e);
    if (rc == 0)
        rc = ledger_row_advance(db, head->order_key, e);
    free(reason);
    return rc;
}

static int count_crash(struct db *db, const struct ledger_crash *crash, int64_t now_ms,
                       struct ledger_reclaimed *out, struct err *e)
{
    struct ledger_head head;
    int64_t crashes = 0;
    int rc = ledger_head_read(db, crash->run, &head, e);
    if (rc == 0)
        rc = ledger_row_note(db, crash->run, now_ms, "crashed", crash->cause, e);
    if (rc == 0)
        rc = db_change(db, "UPDATE run SET crashes = crashes + 1 WHERE id = ?",
                       DB_ARGS(db_int(crash->run)), NULL, e);
    if (rc == 0)
        rc = db_select_int(db, "SELECT crashes FROM run WHERE id = ?",
                           DB_ARGS(db_int(crash->run)), &crashes, e);
    if (rc == 0 && crashes > crash->run_max) {
        rc = end_dead(db, &head, crashes, crash, now_ms, e);
        out->died = rc == 0;
    }
    if (rc == 0)
        rc = suspend(db, &head, crash, now_ms, out, e);
    ledger_head_fini(&head);
    return rc;
}

struct claimed {
    int64_t id;
    char *order_key;
};

static int find_claimed(struct db *db, const char *owner, struct claimed **runs,
                        size_t *n, struct err *e)
{
    struct db_row *row = db_select(
        db, "SELECT id, place FROM run WHERE " LEDGER_IS_RUNNING " AND owner = ?",
        DB_ARGS(db_text(owner)), e);
    while (db_step(row, e) == 1) {
        array_grow(*runs, *n);
        (*runs)[(*n)++] =
            (struct claimed){db_row_int(row, 0), xstrdup_null(db_row_text(row, 1))};
    }
    return db_finish(row);
}

/* Queues a dead process's run. What the process wrote is committed; if it still writes,
 * the new epoch refuses that. due_ms is from before the claim, so that the run keeps its
 * place among the due ones; min() is for a clock that was set back since. */
static int free_run(struct db *db, const struct claimed *run, int64_t now_ms,
                    struct err *e)
{
    if (db_change(db,
                  "UPDATE run SET state = " SQL_QUEUED ", owner = NULL,"
                  " epoch = epoch + 1, due_ms = min(due_ms, ?) WHERE id = ?",
                  DB_ARGS(db_int(now_ms), db_int(run->id)), NULL, e) != 0)
        return -1;
    return ledger_row_advance(db, run->order_key, e);
}

static int is_among(int64_t id, const int64_t *ids, int n)
{
    for (int i = 0; i < n; i++)
        if (ids[i] == id)
            return 1;
    return 0;
}

int ledger_reclaim(struct db *db, const char *owner, const int64_t *kept, int nkept,
                   const struct ledger_crash *crash, int64_t now_ms,
                   struct ledger_reclaimed *out, struct err *e)
{
    struct claimed *runs = NULL;
    size_t n = 0;
    int owns_crashed = 0;
    *out = (struct ledger_reclaimed){0};
    int rc = find_claimed(db, owner, &runs, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (is_among(runs[i].id, kept, nkept))
            continue;
        rc = free_run(db, &runs[i], now_ms, e);
        out->freed += rc == 0;
        owns_crashed |= crash && crash->run == runs[i].id;
    }
    if (rc == 0 && owns_crashed)
        rc = count_crash(db, crash, now_ms, out, e);
    for (size_t i = 0; i < n; i++)
        free(runs[i].order_key);
    free(runs);
    return rc;
}
