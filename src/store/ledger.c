#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/ledger_row.h"
#include "store/schema.h"

enum { FILTER_BYTES = 4096 };

static const char *const state_names[LEDGER_STATES] = {
    [LEDGER_QUEUED] = "queued",         [LEDGER_RUNNING] = "running",
    [LEDGER_SLEEPING] = "sleeping",     [LEDGER_WAITING] = "waiting",
    [LEDGER_CONFIRMING] = "confirming", [LEDGER_HELD] = "held",
    [LEDGER_PARKED] = "parked",         [LEDGER_DONE] = "done",
    [LEDGER_SKIPPED] = "skipped",       [LEDGER_DEAD] = "dead",
    [LEDGER_CANCELLED] = "cancelled",
};

const char *ledger_state_name(enum ledger_state state)
{
    return state < LEDGER_STATES ? state_names[state] : "unknown";
}

int ledger_state_find(const char *name)
{
    for (int s = 0; s < LEDGER_STATES; s++)
        if (strcmp(state_names[s], name) == 0)
            return s;
    return -1;
}

int ledger_is_over(enum ledger_state state)
{
    return state >= LEDGER_DONE && state <= LEDGER_CANCELLED;
}

int ledger_is_final(enum ledger_state state)
{
    return ledger_is_over(state) && state != LEDGER_DEAD;
}

/* ---- rows ---- */

/* A new run is blocked by a run of its order key that has not begun, or that is running
 * or confirming: these call ledger_row_advance when they end an attempt. It is not
 * blocked by one between attempts, which lets it pass when LEDGER_ORDER_WAIT_MS is over.
 */
static const char add_run[] =
    "INSERT INTO run (client, recipe, origin, activation, slot_ms, conversation, args,"
    " seed, place, policy, state, due_ms, behind, held_ms, attempts, owner,"
    " epoch, created_ms, began_ms, since, release)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
    " ?11 = " SQL_QUEUED " AND EXISTS (SELECT 1 FROM run WHERE place = ?9"
    "   AND behind = 0 AND " LEDGER_IN_ORDER "   AND (state <> " SQL_QUEUED
    " OR attempts = 0)),"
    " iif(?11 = " SQL_RUNNING ", ?13, 0), ?11 = " SQL_RUNNING ", ?14,"
    " ?11 = " SQL_RUNNING ", ?13, iif(?11 = " SQL_RUNNING ", ?13, 0),"
    " iif(?11 = " SQL_RUNNING ", coalesce(?15, " SCHEMA_NEWEST_ACTIVATION "), 0), ?16)";

int ledger_add(struct db *db, const struct ledger_run *run, const char *owner,
               int64_t *id, struct err *e)
{
    const struct db_value none = {.type = DB_IS_NULL};
    int state = owner ? LEDGER_RUNNING : LEDGER_QUEUED;
    if (db_change(
            db, add_run,
            DB_ARGS(db_text(run->client), db_text(run->recipe), db_text(run->origin),
                    run->activation ? db_int(run->activation) : none,
                    run->slot_ms ? db_int(run->slot_ms) : none,
                    db_text(run->conversation), db_text(run->args), db_text(run->seed),
                    db_text(run->order_key), db_text(run->policy), db_int(state),
                    db_int(run->due_ms), db_int(run->created_ms), db_text(owner),
                    run->since ? db_int(run->since > 0 ? run->since : 0) : none,
                    db_int(run->release)),
            NULL, e) != 0)
        return -1;
    *id = db_last_id(db);
    return run->line ? ledger_line_put(db, run->line, *id, e) : 0;
}

#define RUN_COLUMNS                                                                      \
    "SELECT id, client, recipe, origin, activation, slot_ms, conversation, args,"        \
    " coalesce(seed, 'run-' || id), place, policy, state, due_ms, held_ms,"              \
    " attempts, failures, first_failure_ms, looks, crashes, owner, epoch, created_ms,"   \
    " began_ms, ended_ms, since, kind, reason, result, pins, undelivered, release, dry"  \
    " FROM run"

/* Returns the row's run, borrowed until the next db_step. */
static struct ledger_run borrow_run(const struct db_row *row)
{
    size_t len;
    const unsigned char *pins = db_row_blob(row, 28, &len);
    return (struct ledger_run){
        .id = db_row_int(row, 0),
        .client = db_row_text(row, 1),
        .recipe = db_row_text(row, 2),
        .origin = db_row_text(row, 3),
        .activation = db_row_int(row, 4),
        .slot_ms = db_row_int(row, 5),
        .conversation = db_row_text(row, 6),
        .args = db_row_text(row, 7),
        .seed = db_row_text(row, 8),
        .order_key = db_row_text(row, 9),
        .policy = db_row_text(row, 10),
        .state = (enum ledger_state)db_row_int(row, 11),
        .due_ms = db_row_int(row, 12),
        .order_since_ms = db_row_int(row, 13),
        .attempts = (int)db_row_int(row, 14),
        .failures = (int)db_row_int(row, 15),
        .first_failure_ms = db_row_int(row, 16),
        .looks = (int)db_row_int(row, 17),
        .crashes = (int)db_row_int(row, 18),
        .owner = db_row_text(row, 19),
        .epoch = db_row_int(row, 20),
        .created_ms = db_row_int(row, 21),
        .began_ms = db_row_int(row, 22),
        .ended_ms = db_row_int(row, 23),
        .since = db_row_int(row, 24),
        .kind = db_row_text(row, 25),
        .reason = db_row_text(row, 26),
        .result = db_row_text(row, 27),
        .pins = pins && len == CRYPTO_SHA256_SIZE ? pins : NULL,
        .undelivered = db_row_text(row, 29),
        .release = db_row_int(row, 30),
        .dry = (int)db_row_int(row, 31),
    };
}

int ledger_read(struct db *db, int64_t id, ledger_run_fn *fn, void *arg, struct err *e)
{
    struct db_row *row =
        db_select(db, RUN_COLUMNS " WHERE id = ?", DB_ARGS(db_int(id)), e);
    int found = db_step(row, e);
    if (found == 1) {
        struct ledger_run run = borrow_run(row);
        fn(arg, &run);
    }
    if (db_finish(row) != 0)
        return -1;
    return found ? 0 : ledger_row_missing(id, e);
}

/* Adds "state IN (6,5)". Returns 1 when all of these are not over. */
static int add_list(struct buf *sql, const struct ledger_filter *filter)
{
    int is_alive = 1;
    for (size_t i = 0; i < filter->nstates; i++) {
        is_alive &= filter->states[i] < LEDGER_DONE;
        buf_addf(sql, "%s%d%s", i ? "," : "state IN (", filter->states[i],
                 i + 1 == filter->nstates ? ")" : "");
    }
    return is_alive;
}

/* Adds the condition on the state. For the few runs that are not over or undelivered it
 * is one that their partial indexes answer. */
static void add_states(struct buf *sql, const struct ledger_filter *filter)
{
    struct buf list;
    buf_init(&list, FILTER_BYTES);
    int is_alive = add_list(&list, filter);
    const char *states = buf_str(&list),
               *alive = is_alive ? " AND state < " SQL_DONE : "";
    if (!filter->undelivered && filter->nstates)
        buf_addf(sql, " AND %s%s", states, alive);
    else if (filter->undelivered && is_alive)
        buf_addf(sql,
                 " AND id IN (SELECT id FROM run WHERE undelivered IS NOT NULL%s%s%s)",
                 filter->nstates ? " UNION ALL SELECT id FROM run WHERE " : "", states,
                 filter->nstates ? alive : "");
    else if (filter->undelivered)
        buf_addf(sql, " AND (%s OR undelivered IS NOT NULL)", states);
    buf_free(&list);
}

int ledger_each(struct db *db, const struct ledger_filter *filter, ledger_run_fn *fn,
                void *arg, struct err *e)
{
    struct buf sql;
    struct db_value values[8];
    size_t n = 0;
    buf_init(&sql, FILTER_BYTES);
    /* a removed client's newest run is kept for its id alone: store/erase.h */
    buf_adds(&sql, RUN_COLUMNS " WHERE client <> ''");
    const struct {
        const char *condition;
        struct db_value value;
        int is_asked;
    } parts[] = {
        {" AND client = ?", db_text(filter->client), filter->client != NULL},
        {" AND recipe = ?", db_text(filter->recipe), filter->recipe != NULL},
        {" AND conversation = ?", db_text(filter->conversation),
         filter->conversation != NULL},
        {" AND created_ms >= ?", db_int(filter->since_ms), filter->since_ms > 0},
        {" AND activation = ?", db_int(filter->activation), filter->activation > 0},
        {" AND release = ?", db_int(filter->release), filter->release > 0},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].is_asked)
            continue;
        buf_adds(&sql, parts[i].condition);
        if (strchr(parts[i].condition, '?'))
            values[n++] = parts[i].value;
    }
    add_states(&sql, filter);
    buf_adds(&sql, " ORDER BY id DESC");
    if (filter->limit > 0)
        buf_addf(&sql, " LIMIT %d", filter->limit);
    struct db_row *row = db_select(db, buf_str(&sql), values, n, e);
    buf_free(&sql);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct ledger_run run = borrow_run(row);
        stop = fn(arg, &run);
    }
    return db_finish(row);
}

int ledger_count_open(struct db *db, int64_t counts[LEDGER_STATES], struct err *e)
{
    memset(counts, 0, LEDGER_STATES * sizeof *counts);
    struct db_row *row = db_select(
        db, "SELECT state, count(*) FROM run WHERE state < " SQL_DONE " GROUP BY state",
        DB_NONE, e);
    while (db_step(row, e) == 1) {
        int64_t state = db_row_int(row, 0);
        if (state >= 0 && state < LEDGER_STATES)
            counts[state] = db_row_int(row, 1);
    }
    return db_finish(row);
}

/* ---- steps, code, history ---- */

int ledger_row_borrow_step(const struct db_row *row, struct journal_entry *step)
{
    int64_t flags = db_row_int(row, 4);
    size_t hash_len;
    const void *hash = db_row_blob(row, 3, &hash_len);
    *step = (struct journal_entry){
        .seq = (int)db_row_int(row, 0),
        .kind = db_row_text(row, 1),
        .name = db_row_text(row, 2),
        .at_ms = db_row_int(row, 5),
        .took_ms = (int)(flags >> STEP_TOOK_SHIFT),
        .is_done = (flags & STEP_IS_DONE) != 0,
        .is_scope = (flags & STEP_IS_SCOPE) != 0,
        .is_intent = (flags & STEP_IS_INTENT) != 0,
        .is_dry = (flags & STEP_IS_DRY) != 0,
    };
    step->input = db_row_blob(row, 6, &step->input_len);
    step->result = db_row_blob(row, 7, &step->len);
    if (!hash || hash_len != sizeof step->hash)
        return -1;
    memcpy(step->hash, hash, sizeof step->hash);
    return 0;
}

int ledger_steps(struct db *db, int64_t run, ledger_step_fn *fn, void *arg, struct err *e)
{
    struct db_row *row = db_select(
        db,
        "SELECT " LEDGER_SEQ ", kind, name, hash, flags, at_ms, input, result FROM entry"
        " WHERE id >= ? AND id < ? ORDER BY id",
        DB_ARGS(ledger_step_id(run, 0), ledger_line_id(run, 0)), e);
    int rc = 0, stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct journal_entry step;
        if (ledger_row_borrow_step(row, &step) == 0)
            stop = fn(arg, &step);
        else
            stop = rc =
                err_set(e, ERR_STORE, "cannot read step %d of run %lld: it is damaged",
                        step.seq, (long long)run);
    }
    return db_finish(row) == 0 ? rc : -1;
}

static int no_hash(const char *what, const unsigned char *hash, struct err *e)
{
    char hex[2 * CRYPTO_SHA256_SIZE + 1];
    str_hex(hash, CRYPTO_SHA256_SIZE, hex);
    return err_set(e, ERR_NOT_FOUND, "cannot find %s %.12s: the store does not have it",
                   what, hex);
}

int ledger_pins(struct db *db, const unsigned char *hash, char **list, struct err *e)
{
    size_t len;
    struct db_row *row = db_select(db, "SELECT list FROM pins WHERE hash = ?",
                                   DB_ARGS(db_blob(hash, CRYPTO_SHA256_SIZE)), e);
    if (store_row_blob(row, list, &len, e) != 0)
        return -1;
    return *list ? 0 : no_hash("the set of code", hash, e);
}

int ledger_code(struct db *db, const unsigned char *hash, char **text, size_t *len,
                struct err *e)
{
    struct db_row *row = db_select(db, "SELECT text FROM code WHERE hash = ?",
                                   DB_ARGS(db_blob(hash, CRYPTO_SHA256_SIZE)), e);
    if (store_row_blob(row, text, len, e) != 0)
        return -1;
    return *text ? 0 : no_hash("the code", hash, e);
}

int ledger_history(struct db *db, int64_t run,
                   int (*fn)(void *arg, const struct ledger_event *event), void *arg,
                   struct err *e)
{
    struct db_row *row =
        db_select(db,
                  "SELECT at_ms, kind, name FROM entry WHERE id >= ? AND id < ?"
                  " ORDER BY id",
                  DB_ARGS(ledger_line_id(run, 0), ledger_item_id(run, 0)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct ledger_event event = {db_row_int(row, 0), db_row_text(row, 1),
                                     db_row_text(row, 2)};
        stop = fn(arg, &event);
    }
    return db_finish(row);
}

/* ---- ctx.store and cron ---- */

int ledger_value(struct db *db, const char *client, const char *key, char **value,
                 struct err *e)
{
    size_t len;
    return store_row_blob(
        db_select(db, "SELECT value FROM value WHERE client = ? AND key = ?",
                  DB_ARGS(db_text(client), db_text(key)), e),
        value, &len, e);
}

struct put_value {
    const char *client, *key, *value;
    size_t max;
    int64_t now_ms;
};

/* Reads the bytes of KEY and its value into *OLD (0: there is none), and of all that the
 * client has into *TOTAL. */
static int measure_values(struct db *db, const struct put_value *put, int64_t *old,
                          int64_t *total, struct err *e)
{
    *old = *total = 0;
    if (db_select_int(db,
                      "SELECT length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))"
                      " FROM value WHERE client = ? AND key = ?",
                      DB_ARGS(db_text(put->client), db_text(put->key)), old, e) != 0)
        return -1;
    return db_select_int(db, "SELECT bytes FROM value_total WHERE client = ?",
                         DB_ARGS(db_text(put->client)), total, e);
}

static int put_value(struct db *db, void *arg, struct err *e)
{
    const struct put_value *put = arg;
    int64_t old, total;
    if (measure_values(db, put, &old, &total, e) != 0)
        return -1;
    int64_t fresh =
        put->value ? (int64_t)strlen(put->key) + (int64_t)strlen(put->value) : 0;
    total += fresh - old;
    if (put->max && fresh > old && total > (int64_t)put->max)
        return err_set(
            e, ERR_LIMIT,
            "cannot set \"%.100s\" in ctx.store: client %s would have %.1f MiB "
            "there, and a client may have %.4g MiB (limits.store_mib in "
            "foyer.lua); set keys to nil that no script needs",
            put->key, put->client, (double)total / (1 << 20),
            (double)put->max / (1 << 20));
    if (db_change(db, "DELETE FROM value WHERE client = ? AND key = ?",
                  DB_ARGS(db_text(put->client), db_text(put->key)), NULL, e) != 0)
        return -1;
    if (put->value &&
        db_change(db, "INSERT INTO value (client, key, value, at_ms) VALUES (?, ?, ?, ?)",
                  DB_ARGS(db_text(put->client), db_text(put->key), db_text(put->value),
                          db_int(put->now_ms)),
                  NULL, e) != 0)
        return -1;
    return db_change(db,
                     "INSERT OR REPLACE INTO value_total (client, bytes) VALUES (?, ?)",
                     DB_ARGS(db_text(put->client), db_int(total)), NULL, e);
}

int ledger_value_put(struct db *db, const char *client, const char *key,
                     const char *value, size_t max, int64_t now_ms, struct err *e)
{
    struct put_value put = {client, key, value, max, now_ms};
    return db_transaction(db, put_value, &put, e);
}

int ledger_slot(struct db *db, const char *client, const char *recipe, int64_t *slot_ms,
                struct err *e)
{
    *slot_ms = 0;
    return db_select_int(db,
                         "SELECT slot_ms FROM schedule WHERE client = ? AND recipe = ?",
                         DB_ARGS(db_text(client), db_text(recipe)), slot_ms, e);
}

int ledger_slot_put(struct db *db, const char *client, const char *recipe,
                    int64_t last_ms, int64_t slot_ms, struct err *e)
{
    int changed;
    if (db_change(
            db,
            "INSERT INTO schedule (client, recipe, slot_ms) VALUES (?, ?, ?)"
            " ON CONFLICT (client, recipe) DO UPDATE SET"
            " slot_ms = excluded.slot_ms WHERE slot_ms = ?",
            DB_ARGS(db_text(client), db_text(recipe), db_int(slot_ms), db_int(last_ms)),
            &changed, e) != 0)
        return -1;
    return changed > 0;
}

int ledger_count_undelivered(struct db *db, int64_t *n, struct err *e)
{
    return db_select_int(db, "SELECT count(*) FROM run WHERE undelivered IS NOT NULL",
                         DB_NONE, n, e);
}
