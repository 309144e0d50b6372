#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/ledger_row.h"
#include "store/ledger_wait.h"

/* What dead processes leave. */

struct lend_owner {
    int (*fn)(void *arg, const char *owner);
    void *arg;
};

static int lend_owner(void *arg, const struct db_row *row)
{
    struct lend_owner *lend = arg;
    const char *owner = db_row_text(row, 0);
    return owner ? lend->fn(lend->arg, owner) : 0;
}

int ledger_owners(struct db *db, int (*fn)(void *arg, const char *owner), void *arg,
                  struct err *e)
{
    struct lend_owner lend = {fn, arg};
    return db_query(db, "SELECT DISTINCT owner FROM run WHERE state = 1", DB_NONE,
                    lend_owner, &lend, e);
}

/* As journal_unsent: a replay asks for the step anew. */
static int unsend(struct db *db, const char *owner, const struct unsent *write,
                  int64_t now_ms, int *taken, struct err *e)
{
    int changed = 0;
    if (db_change(db,
                  "UPDATE step SET at_ms = 0 WHERE run = ?1 AND seq = ?2 AND at_ms = ?3"
                  " AND flags & 5 = 4 AND EXISTS (SELECT 1 FROM run WHERE id = ?1"
                  " AND state = 1 AND owner = ?4 AND epoch = ?5)",
                  DB_ARGS(db_int(write->run), db_int(write->seq), db_int(write->at_ms),
                          db_text(owner), db_int(write->epoch)),
                  &changed, e) != 0)
        return -1;
    *taken += changed > 0;
    return changed ? ledger_row_note(db, write->run, now_ms, "unsent",
                                     "it had not left when its process died", e)
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

/* The third crash of a recipe for a client, mostly: nothing of it runs until somebody has
 * looked. */
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
        db_query(db,
                 "SELECT count(*) FROM crash WHERE client = ? AND recipe = ?"
                 " AND at_ms > ? AND at_ms <= ?",
                 DB_ARGS(db_text(head->client), db_text(head->recipe),
                         db_int(now_ms - crash->within_ms),
                         db_int(now_ms + crash->within_ms)),
                 db_read_int, &n, e) != 0)
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

static int count_crash(struct db *db, const struct ledger_crash *crash, int64_t now_ms,
                       struct ledger_reclaimed *out, struct err *e)
{
    struct ledger_head head;
    int64_t crashes = 0;
    char *reason = NULL;
    int rc = ledger_head_read(db, crash->run, &head, e);
    if (rc == 0)
        rc = ledger_row_note(db, crash->run, now_ms, "crashed", crash->cause, e);
    if (rc == 0)
        rc = db_change(db, "UPDATE run SET crashes = crashes + 1 WHERE id = ?",
                       DB_ARGS(db_int(crash->run)), NULL, e);
    if (rc == 0)
        rc = db_query(db, "SELECT crashes FROM run WHERE id = ?",
                      DB_ARGS(db_int(crash->run)), db_read_int, &crashes, e);
    if (rc == 0 && crashes > crash->run_max) {
        reason = xasprintf("it ended its process %lld times, the last time by %s",
                           (long long)crashes, crash->cause);
        rc = db_change(db,
                       "UPDATE run SET state = 9, ended_ms = ?, kind = ?, reason = ?,"
                       " held_ms = 0 WHERE id = ?",
                       DB_ARGS(db_int(now_ms),
                               db_text(crash->kind ? crash->kind : "internal"),
                               db_text(reason), db_int(crash->run)),
                       NULL, e);
        out->died = rc == 0;
        if (rc == 0)
            rc = ledger_row_note(db, crash->run, now_ms, "dead", reason, e);
        if (rc == 0)
            rc = ledger_row_advance(db, head.place, e);
    }
    if (rc == 0)
        rc = suspend(db, &head, crash, now_ms, out, e);
    free(reason);
    ledger_head_fini(&head);
    return rc;
}

struct held {
    struct held_run {
        int64_t id;
        char *place;
    } * items;
    size_t n, cap;
};

static int add_held(void *arg, const struct db_row *row)
{
    struct held *held = arg;
    if (held->n == held->cap) {
        held->cap = held->cap ? 2 * held->cap : 16;
        held->items = xrealloc(held->items, held->cap * sizeof *held->items);
    }
    const char *place = db_row_text(row, 1);
    held->items[held->n++] = (struct held_run){db_row_int(row, 0), xstrdup_null(place)};
    return 0;
}

/* What the process wrote is committed; a late word of it finds another epoch. due_ms is
 * from before the claim: the run is due, in its old order, also by a clock that was set
 * back since. */
static int free_run(struct db *db, const struct held_run *run, int64_t now_ms,
                    struct err *e)
{
    if (db_change(db,
                  "UPDATE run SET state = 0, owner = NULL, epoch = epoch + 1,"
                  " due_ms = min(due_ms, ?) WHERE id = ?",
                  DB_ARGS(db_int(now_ms), db_int(run->id)), NULL, e) != 0)
        return -1;
    return ledger_row_advance(db, run->place, e);
}

int ledger_reclaim(struct db *db, const char *owner, const struct ledger_crash *crash,
                   int64_t now_ms, struct ledger_reclaimed *out, struct err *e)
{
    struct held held = {0};
    int owns_crashed = 0;
    *out = (struct ledger_reclaimed){0};
    int rc = db_query(db, "SELECT id, place FROM run WHERE state = 1 AND owner = ?",
                      DB_ARGS(db_text(owner)), add_held, &held, e);
    for (size_t i = 0; rc == 0 && i < held.n; i++) {
        rc = free_run(db, &held.items[i], now_ms, e);
        out->freed += rc == 0;
        owns_crashed |= crash && crash->run == held.items[i].id;
    }
    if (rc == 0 && owns_crashed)
        rc = count_crash(db, crash, now_ms, out, e);
    for (size_t i = 0; i < held.n; i++)
        free(held.items[i].place);
    free(held.items);
    return rc;
}
