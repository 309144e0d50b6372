#include "store/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/str.h"
#include "store/forgotten.h"
#include "store/home.h"
#include "store/schema.h"
#include "store/state_sql.h"
#include "store/store_row.h"
#include "io/compress.h"

enum {
    HASH_SIZE = 16,
    REJECTIONS_MAX = 1000,
    VALUES_MAX = 80,
    UNPACKED_MAX = 64 << 20 /* no body or event is as long as that */
};

static const int64_t HOUR_MS = 3600 * 1000;
static const int64_t KEYS_KEPT_MS = (int64_t)400 * 24 * 3600 * 1000;

static const char *const states[DELIVERY_STATES] = {"waiting", "done", "unrouted",
                                                    "stale",   "dead", "channel"};

const char *delivery_state_name(enum delivery_state state)
{
    return (int)state >= 0 && state < DELIVERY_STATES ? states[state] : "?";
}

int delivery_state_find(const char *name)
{
    for (int i = 0; i < DELIVERY_STATES; i++)
        if (str_eq(name, states[i]))
            return i;
    return -1;
}

/* ---- deliveries ---- */

#define DELIVERY_COLUMNS                                                                 \
    "id, at_ms, app, client, trigger, scheme, company, type, event, conversation, "      \
    "state, due_ms, attempts, crashes, note"

/* Returns the row's delivery, borrowed until the next db_step. */
static struct delivery borrow_delivery(const struct db_row *row)
{
    return (struct delivery){
        .id = db_row_int(row, 0),
        .at_ms = db_row_int(row, 1),
        .app = db_row_text(row, 2),
        .client = db_row_text(row, 3),
        .trigger = db_row_text(row, 4),
        .scheme = db_row_text(row, 5),
        .company = db_row_text(row, 6),
        .type = db_row_text(row, 7),
        .event = db_row_text(row, 8),
        .conversation = db_row_text(row, 9),
        .state = (enum delivery_state)db_row_int(row, 10),
        .due_ms = db_row_int(row, 11),
        .attempts = (int)db_row_int(row, 12),
        .crashes = (int)db_row_int(row, 13),
        .note = db_row_text(row, 14),
    };
}

static int each_delivery(struct db_row *row, delivery_fn *fn, void *arg, struct err *e)
{
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct delivery d = borrow_delivery(row);
        stop = fn(arg, &d);
    }
    return db_finish(row);
}

int inbox_add(struct db *db, const struct delivery *d, const void *body, size_t len,
              int64_t *id, struct err *e)
{
    int is_forgotten = forgotten_has(db, d, body, len, e);
    *id = 0;
    if (is_forgotten != 0)
        return is_forgotten < 0 ? -1 : 0;
    /* RETURNING would make SQLite fill a temporary table for the one id */
    if (db_change(db,
                  "INSERT INTO delivery (at_ms, app, client, trigger, scheme, company, "
                  "type, event, conversation, state, due_ms, note) VALUES "
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_int(d->at_ms), db_text(d->app), db_text(d->client),
                          db_text(d->trigger), db_text(d->scheme), db_text(d->company),
                          db_text(d->type), db_text(d->event), db_text(d->conversation),
                          db_int(d->state), db_int(d->due_ms), db_text(d->note)),
                  NULL, e) != 0)
        return -1;
    *id = db_last_id(db);
    size_t packed_len;
    void *packed = compress_bytes(body, len, NULL, 0, &packed_len);
    int rc = db_change(db, "INSERT INTO delivery_body (id, body) VALUES (?, ?)",
                       DB_ARGS(db_int(*id), db_blob(packed, packed_len)), NULL, e);
    free(packed);
    return rc;
}

static int no_delivery(int64_t id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "there is no delivery %lld", (long long)id);
}

static int no_body(int64_t id, const char *doing, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND,
                   "cannot %s the delivery %lld: its body was removed, as `keep` in "
                   "foyer.lua says",
                   doing, (long long)id);
}

int inbox_body(struct db *db, int64_t id, char **body, size_t *len, struct err *e)
{
    struct db_row *row = db_select(db, "SELECT body FROM delivery_body WHERE id = ?",
                                   DB_ARGS(db_int(id)), e);
    if (store_row_blob(row, body, len, e) != 0)
        return -1;
    if (!*body) {
        int64_t exists = 0;
        if (db_select_int(db, "SELECT 1 FROM delivery WHERE id = ?", DB_ARGS(db_int(id)),
                          &exists, e) != 0)
            return -1;
        return exists ? no_body(id, "read", e) : no_delivery(id, e);
    }
    if (!compress_is_done(*body, *len)) /* stored by an older foyer */
        return 0;
    char *packed = *body;
    *body = compress_undo(packed, *len, NULL, 0, UNPACKED_MAX, len, e);
    free(packed);
    return *body ? 0 : -1;
}

int inbox_due(struct db *db, int64_t now_ms, delivery_fn *fn, void *arg, struct err *e)
{
    return each_delivery(db_select(db,
                                   "SELECT " DELIVERY_COLUMNS " FROM delivery"
                                   " WHERE state = " SQL_DELIVERY_WAITING
                                   " AND due_ms <= ? AND id > " HOME_LAST_DELIVERY
                                   " ORDER BY due_ms, id",
                                   DB_ARGS(db_int(now_ms)), e),
                         fn, arg, e);
}

int inbox_end(struct db *db, int64_t id, enum delivery_state state, int64_t due_ms,
              const char *note, struct err *e)
{
    int changed;
    if (db_change(db,
                  "UPDATE delivery SET state = ?, due_ms = ?, note = ?,"
                  " attempts = attempts + 1"
                  " WHERE id = ? AND state = " SQL_DELIVERY_WAITING,
                  DB_ARGS(db_int(state), db_int(due_ms), db_text(note), db_int(id)),
                  &changed, e) != 0)
        return -1;
    if (!changed)
        return err_set(e, ERR_CONFLICT,
                       "cannot end the delivery %lld: it does not wait any more",
                       (long long)id);
    return 0;
}

int inbox_crashed(struct db *db, int64_t id, int crashes_max, const char *note,
                  struct err *e)
{
    return db_change(
        db,
        "UPDATE delivery SET crashes = crashes + 1,"
        " state = iif(crashes + 1 >= ?1, ?2, state),"
        " note = iif(crashes + 1 >= ?1, ?3, note)"
        " WHERE id = ?4 AND state = " SQL_DELIVERY_WAITING,
        DB_ARGS(db_int(crashes_max), db_int(DELIVERY_DEAD), db_text(note), db_int(id)),
        NULL, e);
}

int inbox_replay(struct db *db, int64_t id, struct err *e)
{
    int64_t exists = 0;
    if (db_select_int(db, "SELECT 1 FROM delivery WHERE id = ?", DB_ARGS(db_int(id)),
                      &exists, e) != 0)
        return -1;
    if (!exists)
        return no_delivery(id, e);
    int64_t has_body = 0;
    if (db_select_int(db, "SELECT 1 FROM delivery_body WHERE id = ?", DB_ARGS(db_int(id)),
                      &has_body, e) != 0)
        return -1;
    if (!has_body)
        return no_body(id, "replay", e);
    return db_change(db,
                     "UPDATE delivery SET state = " SQL_DELIVERY_WAITING
                     ", due_ms = 0, attempts = 0, crashes = 0, note = NULL"
                     " WHERE id = ?",
                     DB_ARGS(db_int(id)), NULL, e);
}

/* ---- deliveries by a filter ---- */

struct where {
    struct buf sql;
    struct db_value values[VALUES_MAX];
    size_t n;
};

/* Adds a condition with one `?`. */
static void where_add(struct where *w, const char *condition, struct db_value value)
{
    buf_adds(&w->sql, w->sql.len ? " AND " : " WHERE ");
    buf_adds(&w->sql, condition);
    w->values[w->n++] = value;
}

/* Adds the client's own routes, and the deliveries of its companies. */
static int where_client(struct where *w, const struct inbox_filter *filter, struct err *e)
{
    if (filter->ncompanies > (VALUES_MAX - 10) / 2)
        return err_set(e, ERR_LIMIT, "cannot look for %zu companies at once",
                       filter->ncompanies);
    where_add(w, "(client = ?", db_text(filter->client));
    for (size_t i = 0; i < filter->ncompanies; i++) {
        buf_adds(&w->sql, " OR (client IS NULL AND app = ? AND company = ?)");
        w->values[w->n++] = db_text(filter->companies[2 * i]);
        w->values[w->n++] = db_text(filter->companies[2 * i + 1]);
    }
    buf_adds(&w->sql, ")");
    return 0;
}

int inbox_each(struct db *db, const struct inbox_filter *filter, delivery_fn *fn,
               void *arg, struct err *e)
{
    struct where w = {.n = 0};
    buf_init(&w.sql, 8192);
    int rc = filter->client ? where_client(&w, filter, e) : 0;
    if (filter->id)
        where_add(&w, "id = ?", db_int(filter->id));
    if (filter->conversation)
        where_add(&w, "conversation = ?", db_text(filter->conversation));
    if (filter->event)
        where_add(&w, "event = ?", db_text(filter->event));
    if (filter->state >= 0)
        where_add(&w, "state = ?", db_int(filter->state));
    if (filter->since_ms)
        where_add(&w, "at_ms >= ?", db_int(filter->since_ms));
    if (filter->until_ms)
        where_add(&w, "at_ms < ?", db_int(filter->until_ms));
    if (filter->limit > 0) {
        buf_adds(&w.sql, " ORDER BY id DESC LIMIT ?");
        w.values[w.n++] = db_int(filter->limit);
    } else {
        buf_adds(&w.sql, " ORDER BY id");
    }
    char *sql = xasprintf("SELECT " DELIVERY_COLUMNS " FROM delivery%s", buf_str(&w.sql));
    if (rc == 0)
        rc = each_delivery(db_select(db, sql, w.values, w.n, e), fn, arg, e);
    free(sql);
    buf_free(&w.sql);
    return rc;
}

/* Counts by the indexes of what is not done, as counting all rows takes longer the more
 * there are. Only inbox_prune leaves gaps between ids, below a row that it kept. */
int inbox_count(struct db *db, int64_t counts[DELIVERY_STATES], struct err *e)
{
    int64_t all = 0, others = 0;
    memset(counts, 0, DELIVERY_STATES * sizeof counts[0]);
    struct db_row *row = db_select(
        db,
        "SELECT state, count(*) FROM delivery WHERE state = " SQL_DELIVERY_WAITING
        " UNION ALL SELECT state, count(*) FROM delivery"
        " WHERE state > " SQL_DELIVERY_DONE " GROUP BY state",
        DB_NONE, e);
    while (db_step(row, e) == 1) {
        int64_t state = db_row_int(row, 0);
        if (state >= 0 && state < DELIVERY_STATES)
            counts[state] = db_row_int(row, 1);
    }
    if (db_finish(row) != 0 ||
        db_select_int(db,
                      "SELECT coalesce((SELECT max(id) FROM delivery) - "
                      "(SELECT min(id) FROM delivery) + 1, 0)",
                      DB_NONE, &all, e) != 0)
        return -1;
    for (int i = 0; i < DELIVERY_STATES; i++)
        others += counts[i];
    counts[DELIVERY_DONE] = all - others;
    return 0;
}

int inbox_oldest(struct db *db, int64_t *at_ms, struct err *e)
{
    *at_ms = 0;
    return db_select_int(db,
                         "SELECT at_ms FROM delivery WHERE state = " SQL_DELIVERY_WAITING
                         " ORDER BY due_ms, id LIMIT 1",
                         DB_NONE, at_ms, e);
}

/* ---- rejections ---- */

int inbox_reject(struct db *db, const struct rejection *r, struct err *e)
{
    int changed;
    int64_t times = r->times > 0 ? r->times : 1;
    if (db_change(
            db,
            "UPDATE rejection SET times = times + ?1, at_ms = max(at_ms, ?2) WHERE "
            "id = (SELECT id FROM rejection WHERE route = ?3 AND status = ?4 AND "
            "sentence = ?5 AND at_ms > ?6 AND at_ms <= ?7 ORDER BY id DESC LIMIT 1)",
            DB_ARGS(db_int(times), db_int(r->at_ms), db_text(r->route), db_int(r->status),
                    db_text(r->sentence), db_int(r->at_ms - HOUR_MS),
                    db_int(r->at_ms + HOUR_MS)),
            &changed, e) != 0)
        return -1;
    if (changed)
        return 0;
    if (db_change(db,
                  "INSERT INTO rejection (at_ms, route, client, app, scheme, status, "
                  "times, sentence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_int(r->at_ms), db_text(r->route), db_text(r->client),
                          db_text(r->app), db_text(r->scheme), db_int(r->status),
                          db_int(times), db_text(r->sentence)),
                  NULL, e) != 0)
        return -1;
    return db_change(
        db, "DELETE FROM rejection WHERE id <= (SELECT max(id) FROM rejection) - ?",
        DB_ARGS(db_int(REJECTIONS_MAX)), NULL, e);
}

int inbox_rejections(struct db *db, const char *client, const char *app, int limit,
                     int (*fn)(void *arg, const struct rejection *r), void *arg,
                     struct err *e)
{
    struct db_row *row =
        db_select(db,
                  "SELECT at_ms, route, client, app, scheme, status, times, sentence "
                  "FROM rejection WHERE (?1 IS NULL OR client = ?1) AND "
                  "(?2 IS NULL OR app = ?2) ORDER BY at_ms DESC, id DESC LIMIT ?3",
                  DB_ARGS(db_text(client), db_text(app), db_int(limit)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct rejection r = {
            .at_ms = db_row_int(row, 0),
            .route = db_row_text(row, 1),
            .client = db_row_text(row, 2),
            .app = db_row_text(row, 3),
            .scheme = db_row_text(row, 4),
            .status = (int)db_row_int(row, 5),
            .times = db_row_int(row, 6),
            .sentence = db_row_text(row, 7),
        };
        stop = fn(arg, &r);
    }
    return db_finish(row);
}

/* ---- activations ---- */

/* Hashes the client, the trigger and the key with a NUL between them, which no name
 * contains, so that no two activations share one text. */
static void hash_key(const struct activation *a, unsigned char out[CRYPTO_SHA256_SIZE])
{
    size_t client = strlen(a->client) + 1, trigger = strlen(a->trigger) + 1;
    size_t len = client + trigger + strlen(a->key);
    char *text = xmalloc(len + 1);
    memcpy(text, a->client, client);
    memcpy(text + client, a->trigger, trigger);
    memcpy(text + client + trigger, a->key, strlen(a->key));
    crypto_sha256(text, len, out);
    free(text);
}

/* Reads the body of an activation's delivery. *BODY is NULL when there is none. */
static int body_of(struct db *db, int64_t delivery, char **body, size_t *len,
                   struct err *e)
{
    struct err gone;
    *body = NULL;
    *len = 0;
    if (!delivery || inbox_body(db, delivery, body, len, &gone) == 0 ||
        gone.kind == ERR_NOT_FOUND)
        return 0;
    if (e)
        *e = gone;
    return -1;
}

/* An event is nearly its delivery's body: compressed with that as prefix it is short. */
static int add_activation(struct db *db, const struct activation *a, struct err *e)
{
    char *body;
    size_t body_len, len;
    if (body_of(db, a->delivery, &body, &body_len, e) != 0)
        return -1;
    void *packed = compress_bytes(a->event, strlen(a->event), body, body_len, &len);
    int rc = db_change(
        db,
        "INSERT INTO activation (at_ms, client, trigger, key, delivery, "
        "conversation, note, event, packed) VALUES (?, ?, ?, ?, ?, ?, ?, "
        "'', ?)",
        DB_ARGS(db_int(a->at_ms), db_text(a->client), db_text(a->trigger),
                db_text(a->key), a->delivery ? db_int(a->delivery) : db_text(NULL),
                db_text(a->conversation), db_text(a->note), db_blob(packed, len)),
        NULL, e);
    free(packed);
    free(body);
    return rc;
}

int inbox_activate(struct db *db, const struct activation *a, int64_t *id, struct err *e)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    int changed;
    hash_key(a, hash);
    if (db_change(db,
                  "INSERT INTO seen (hash, at_ms) VALUES (?1, ?2) ON CONFLICT (hash) DO "
                  "UPDATE SET at_ms = excluded.at_ms WHERE at_ms < ?3",
                  DB_ARGS(db_blob(hash, HASH_SIZE), db_int(a->at_ms),
                          db_int(a->at_ms - KEYS_KEPT_MS)),
                  &changed, e) != 0)
        return -1;
    if (!changed)
        return 0;
    if (add_activation(db, a, e) != 0)
        return -1;
    *id = db_last_id(db);
    return 1;
}

int inbox_has_fired(struct db *db, const char *client, const char *trigger,
                    const char *key, struct err *e)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    const struct activation a = {.client = client, .trigger = trigger, .key = key};
    int64_t has = 0;
    hash_key(&a, hash);
    if (db_select_int(db, "SELECT 1 FROM seen WHERE hash = ?",
                      DB_ARGS(db_blob(hash, HASH_SIZE)), &has, e) != 0)
        return -1;
    return (int)has;
}

int inbox_heard(struct db *db, const char *app, const char *company, int64_t from_ms,
                int64_t *last, delivery_fn *fn, void *arg, struct err *e)
{
    int64_t border, newest = *last;
    if (store_row_border(db, "delivery", "at_ms", from_ms, &border, e) != 0 ||
        db_select_int(db, "SELECT max(id) FROM delivery", DB_NONE, &newest, e) != 0)
        return -1;
    int rc = each_delivery(
        db_select(db,
                  "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE id >= ? AND id > ?"
                  " AND app = ? AND event IS NOT NULL AND (company = ? OR company IS"
                  " NULL) ORDER BY id",
                  DB_ARGS(db_int(border), db_int(*last), db_text(app), db_text(company)),
                  e),
        fn, arg, e);
    *last = newest > *last ? newest : *last;
    return rc;
}

int inbox_rename_scheme(struct db *db, int64_t id, const char *from, const char *to,
                        int *changed, struct err *e)
{
    return db_change(db, "UPDATE delivery SET scheme = ? WHERE id = ? AND scheme = ?",
                     DB_ARGS(db_text(to), db_int(id), db_text(from)), changed, e);
}

#define ACTIVATION_COLUMNS                                                               \
    "id, at_ms, client, trigger, key, delivery, conversation, note, event, packed"

/* Unpacks the row's event into *EVENT, a new text. Leaves it NULL when an older foyer
 * stored the event as it is. */
static int unpack_event(struct db *db, const struct db_row *row, char **event,
                        struct err *e)
{
    char *body;
    size_t body_len, packed_len, len;
    const void *packed = db_row_blob(row, 9, &packed_len);
    *event = NULL;
    if (!packed)
        return 0;
    if (body_of(db, db_row_int(row, 5), &body, &body_len, e) != 0)
        return -1;
    *event = compress_undo(packed, packed_len, body, body_len, UNPACKED_MAX, &len, e);
    free(body);
    return *event ? 0
                  : err_prefix(e, "cannot read the event of activation %lld",
                               (long long)db_row_int(row, 0));
}

/* Calls FN for each row. Ends ROW. Returns the number of rows, or -1. */
static int each_activation(struct db *db, struct db_row *row, activation_fn *fn,
                           void *arg, struct err *e)
{
    int n = 0, stop = 0, rc = 0;
    for (; !stop && db_step(row, e) == 1; n++) {
        char *event;
        if ((rc = unpack_event(db, row, &event, e)) != 0)
            break;
        struct activation a = {
            .id = db_row_int(row, 0),
            .at_ms = db_row_int(row, 1),
            .client = db_row_text(row, 2),
            .trigger = db_row_text(row, 3),
            .key = db_row_text(row, 4),
            .delivery = db_row_int(row, 5),
            .conversation = db_row_text(row, 6),
            .note = db_row_text(row, 7),
            .event = event ? event : db_row_text(row, 8),
        };
        stop = fn(arg, &a);
        free(event);
    }
    return db_finish(row) == 0 && rc == 0 ? n : -1;
}

int inbox_activation(struct db *db, int64_t id, activation_fn *fn, void *arg,
                     struct err *e)
{
    struct db_row *row =
        db_select(db, "SELECT " ACTIVATION_COLUMNS " FROM activation WHERE id = ?",
                  DB_ARGS(db_int(id)), e);
    int n = each_activation(db, row, fn, arg, e);
    if (n == 0)
        err_set(e, ERR_NOT_FOUND, "there is no activation %lld", (long long)id);
    return n > 0 ? 0 : -1;
}

int inbox_activations(struct db *db, const char *client, const char *trigger,
                      int64_t since, int limit, activation_fn *fn, void *arg,
                      struct err *e)
{
    struct db_row *row =
        trigger
            ? db_select(db,
                        "SELECT " ACTIVATION_COLUMNS
                        " FROM activation WHERE client = ? AND "
                        "trigger = ? AND id > ? ORDER BY id LIMIT ?",
                        DB_ARGS(db_text(client), db_text(trigger), db_int(since),
                                db_int(limit)),
                        e)
            : db_select(db,
                        "SELECT " ACTIVATION_COLUMNS " FROM activation WHERE id > ? AND "
                        "client = ? ORDER BY id LIMIT ?",
                        DB_ARGS(db_int(since), db_text(client), db_int(limit)), e);
    return each_activation(db, row, fn, arg, e) < 0 ? -1 : 0;
}

int inbox_activations_of(struct db *db, int64_t delivery, activation_fn *fn, void *arg,
                         struct err *e)
{
    struct db_row *row = db_select(db,
                                   "SELECT " ACTIVATION_COLUMNS
                                   " FROM activation WHERE delivery = ? ORDER BY id",
                                   DB_ARGS(db_int(delivery)), e);
    return each_activation(db, row, fn, arg, e) < 0 ? -1 : 0;
}

int inbox_last_activation(struct db *db, int64_t *id, struct err *e)
{
    *id = 0;
    return db_select_int(db, "SELECT " SCHEMA_NEWEST_ACTIVATION, DB_NONE, id, e);
}
