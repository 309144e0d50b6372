#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "store/home.h"
#include "store/ledger_row.h"
#include "store/ledger_wait.h"
#include "store/schema.h"

/* Which runs may start now, and claims. */

/* Fewer due runs than this are all read. When there are more, only the first ones of each
 * recipe of each client are read, so that a backlog of one of them does not slow the
 * others down. */
enum { FEW_DUE = 200 };

/* Four searches by the key: with IN, SQLite would make a table of each list for each row.
 */
#define HAS_PAUSE(client, recipe)                                                        \
    "EXISTS (SELECT 1 FROM pause WHERE pause.client = " client                           \
    " AND pause.recipe = " recipe ")"
#define IS_PAUSED(row)                                                                   \
    "(" HAS_PAUSE("''", "''") " OR " HAS_PAUSE("''", row ".recipe") " OR " HAS_PAUSE(    \
        row ".client", "''") " OR " HAS_PAUSE(row ".client", row ".recipe") ")"

/* In a copy the runs that the original has in flight are left alone. */
#define IS_LEFT(row) "(" row ".id <= " HOME_LAST_RUN ")"

struct candidate {
    int64_t id, due_ms;
    char *client;
};

struct candidates {
    struct candidate *items;
    size_t n;
};

static void free_candidates(struct candidates *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].client);
    free(list->items);
}

static int by_client_and_due(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int order = strcmp(x->client, y->client);
    if (order == 0)
        order = (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* ?1: now - LEDGER_ORDER_WAIT_MS, ?2: now; in many_due ?3: how many of each recipe */
static const char few_due[] =
    "SELECT r.id, r.due_ms, r.client FROM run r"
    " WHERE r." LEDGER_MAY_START " AND r.due_ms <= ?2"
    " AND NOT " LEDGER_ORDER_IS_TAKEN " AND NOT " IS_PAUSED("r") " AND NOT " IS_LEFT("r");

/* pair lists each client and recipe with runs that may start: the clients, then their
 * recipes, each found by one search of the index run_turn. */
#define PAIRS                                                                            \
    "WITH RECURSIVE each_client (client) AS ("                                           \
    " SELECT min(client) FROM run WHERE " LEDGER_MAY_START " UNION ALL"                  \
    " SELECT (SELECT min(run.client) FROM run WHERE " LEDGER_MAY_START                   \
    "   AND run.client > each_client.client)"                                            \
    "   FROM each_client WHERE each_client.client IS NOT NULL),"                         \
    " pair (client, recipe) AS ("                                                        \
    " SELECT each_client.client, (SELECT min(run.recipe) FROM run"                       \
    "   WHERE " LEDGER_MAY_START " AND run.client = each_client.client)"                 \
    "   FROM each_client WHERE each_client.client IS NOT NULL UNION ALL"                 \
    " SELECT pair.client, (SELECT min(run.recipe) FROM run WHERE " LEDGER_MAY_START      \
    "   AND run.client = pair.client AND run.recipe > pair.recipe)"                      \
    "   FROM pair WHERE pair.recipe IS NOT NULL)"
#define PAIR_IS_PAUSED IS_PAUSED("pair")

static const char many_due[] =
    PAIRS " SELECT f.id, f.due_ms, f.client FROM pair CROSS JOIN run f"
          " WHERE pair.recipe IS NOT NULL AND NOT " PAIR_IS_PAUSED
          " AND f.id IN (SELECT r.id FROM run r WHERE r." LEDGER_MAY_START
          " AND r.client = pair.client AND r.recipe = pair.recipe AND r.due_ms <= ?2"
          " AND NOT " LEDGER_ORDER_IS_TAKEN
          " AND NOT " IS_LEFT("r") " ORDER BY r.due_ms, r.id LIMIT ?3)";

static int find_candidates(struct db *db, const struct ledger_turns *turns,
                           struct candidates *list, struct err *e)
{
    int64_t due = 0;
    if (db_select_int(db,
                      "SELECT count(*) FROM (SELECT 1 FROM run WHERE " LEDGER_MAY_START
                      " AND due_ms <= ? LIMIT ?)",
                      DB_ARGS(db_int(turns->now_ms), db_int(FEW_DUE)), &due, e) != 0)
        return -1;
    if (due == 0)
        return 0;
    const struct db_value values[] = {db_int(turns->now_ms - LEDGER_ORDER_WAIT_MS),
                                      db_int(turns->now_ms), db_int(turns->client_limit)};
    struct db_row *row = due < FEW_DUE ? db_select(db, few_due, values, 2, e)
                                       : db_select(db, many_due, values, 3, e);
    while (db_step(row, e) == 1) {
        array_grow(list->items, list->n);
        list->items[list->n++] = (struct candidate){
            db_row_int(row, 0), db_row_int(row, 1), xstrdup(db_row_text(row, 2))};
    }
    return db_finish(row);
}

/* One client's candidates, [next, end) of the list, and how many of them may start. */
struct queue {
    size_t next, end;
    int free;
};

/* Splits LIST, which is sorted by client, into queues; *FIRST is the one whose turn is
 * next. Returns their number. */
static size_t split_queues(const struct candidates *list,
                           const struct ledger_turns *turns, struct queue *queues,
                           size_t *first)
{
    size_t n = 0;
    *first = 0;
    int has_first = 0;
    for (size_t i = 0; i < list->n; i++) {
        const char *client = list->items[i].client;
        if (i > 0 && strcmp(list->items[i - 1].client, client) == 0) {
            queues[n - 1].end = i + 1;
            continue;
        }
        if (!has_first && turns->after && strcmp(client, turns->after) > 0) {
            *first = n;
            has_first = 1;
        }
        int busy = turns->in_flight ? turns->in_flight(turns->arg, client) : 0;
        queues[n++] = (struct queue){i, i + 1, turns->client_limit - busy};
    }
    return n;
}

struct stop {
    ledger_run_fn *fn;
    void *arg;
    int stopped;
};

static int pass_on(void *arg, const struct ledger_run *run)
{
    struct stop *stop = arg;
    stop->stopped = stop->fn(stop->arg, run);
    return stop->stopped;
}

static int hand_out(struct db *db, const struct candidates *list,
                    const struct ledger_turns *turns, struct queue *queues, size_t n,
                    size_t first, struct stop *stop, struct err *e)
{
    int left = turns->limit, went;
    do {
        went = 0;
        for (size_t i = 0; i < n && left > 0; i++) {
            struct queue *queue = &queues[(first + i) % n];
            if (queue->next == queue->end || queue->free <= 0)
                continue;
            struct err gone = {0};
            int64_t id = list->items[queue->next++].id;
            went = 1;
            if (ledger_read(db, id, pass_on, stop, &gone) == 0) {
                queue->free--;
                left--;
            } else if (gone.kind != ERR_NOT_FOUND) {
                if (e)
                    *e = gone;
                return -1;
            }
            if (stop->stopped)
                return 0;
        }
    } while (went);
    return 0;
}

int ledger_due(struct db *db, const struct ledger_turns *turns, ledger_run_fn *fn,
               void *arg, struct err *e)
{
    struct candidates list = {0};
    if (turns->limit <= 0 || turns->client_limit <= 0)
        return 0;
    int rc = find_candidates(db, turns, &list, e);
    if (rc == 0 && list.n > 0) {
        qsort(list.items, list.n, sizeof *list.items, by_client_and_due);
        struct queue *queues = xcalloc(list.n, sizeof *queues);
        struct stop stop = {fn, arg, 0};
        size_t first, n = split_queues(&list, turns, queues, &first);
        rc = hand_out(db, &list, turns, queues, n, first, &stop, e);
        free(queues);
    }
    free_candidates(&list);
    return rc;
}

int ledger_next_due(struct db *db, int64_t *due_ms, struct err *e)
{
    int64_t pauses = 0;
    *due_ms = INT64_MAX;
    if (db_select_int(db, "SELECT EXISTS (SELECT 1 FROM pause)", DB_NONE, &pauses, e) !=
        0)
        return -1;
    struct db_row *row =
        pauses
            ? db_select(db,
                        PAIRS " SELECT min((SELECT min(r.due_ms) FROM run r"
                              " WHERE r." LEDGER_MAY_START " AND r.client = pair.client"
                              " AND r.recipe = pair.recipe AND NOT " IS_LEFT(
                                  "r") ")) FROM pair"
                                       " WHERE pair.recipe IS NOT NULL"
                                       " AND NOT " PAIR_IS_PAUSED,
                        DB_NONE, e)
            : db_select(db,
                        "SELECT min(r.due_ms) FROM run r WHERE r." LEDGER_MAY_START
                        " AND NOT " IS_LEFT("r"),
                        DB_NONE, e);
    if (db_step(row, e) == 1 && db_row_text(row, 0)) /* min of nothing is NULL */
        *due_ms = db_row_int(row, 0);
    return db_finish(row);
}

/* ---- claims ---- */

static const char may_start[] =
    "SELECT NOT EXISTS (SELECT 1 FROM pause WHERE (client = '' OR client = ?1)"
    "   AND (recipe = '' OR recipe = ?2))"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE place = ?3 AND " LEDGER_IN_ORDER ")"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE client = ?1 AND " LEDGER_MAY_START
    "   AND due_ms <= ?4)";

int ledger_add_started(struct db *db, const struct ledger_run *run, const char *owner,
                       int64_t *id, struct err *e)
{
    int64_t may = 0;
    struct ledger_run started = *run;
    started.since = run->activation;
    if (db_select_int(db, may_start,
                      DB_ARGS(db_text(run->client), db_text(run->recipe),
                              db_text(run->order_key), db_int(run->due_ms)),
                      &may, e) != 0)
        return -1;
    if (!may)
        return 0;
    return ledger_add(db, &started, owner, id, e) == 0 ? 1 : -1;
}

static const char claim_run[] =
    "UPDATE run SET state = " SQL_RUNNING ", behind = 0, owner = ?4, epoch = epoch + 1,"
    " attempts = attempts + 1,"
    " held_ms = iif(held_ms = 0, ?2, held_ms),"
    " began_ms = iif(began_ms = 0, ?2, began_ms),"
    " since = iif(began_ms = 0, coalesce(activation, " SCHEMA_NEWEST_ACTIVATION
    "), since),"
    " release = iif(pins IS NULL, ?5, release)"
    " WHERE id = (SELECT r.id FROM run r WHERE r.id = ?3 AND r.state < " SQL_HELD
    " AND r.state <> " SQL_RUNNING " AND r.due_ms <= ?2"
    " AND NOT " LEDGER_ORDER_IS_TAKEN
    " AND NOT " IS_PAUSED("r") " AND NOT " IS_LEFT("r") ")";

int ledger_claim(struct db *db, int64_t id, const char *owner, int64_t release,
                 int64_t now_ms, int64_t *epoch, struct err *e)
{
    int changed;
    if (db_change(db, claim_run,
                  DB_ARGS(db_int(now_ms - LEDGER_ORDER_WAIT_MS), db_int(now_ms),
                          db_int(id), db_text(owner), db_int(release)),
                  &changed, e) != 0)
        return -1;
    if (changed == 0)
        return 0;
    if (db_select_int(db, "SELECT epoch FROM run WHERE id = ?", DB_ARGS(db_int(id)),
                      epoch, e) != 0)
        return -1;
    return ledger_wait_end(db, id, now_ms, e) == 0 ? 1 : -1;
}
