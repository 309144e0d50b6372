#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mention.h"
#include "base/str.h"
#include "io/compress.h"
#include "store/erase.h"
#include "store/erase_name.h"
#include "store/forgotten.h"
#include "store/inbox.h"
#include "store/ledger_row.h"
#include "store/rollup.h"
#include "store/store_row.h"
#include "io/db.h"

/* What was found stands in temporary tables of the handle, in memory: hit_delivery,
 * hit_activation, hit_run (ids), hit_conversation and hit_value (texts). */

enum { UNPACKED_MAX = 64 << 20 };

struct erase {
    struct db *db;
    char *client;
    struct mention *mention;
    int64_t counts[ERASE_KINDS];
};

const char *erase_name(enum erase_what what)
{
    static const char *const names[ERASE_KINDS] = {
        [ERASE_CONVERSATIONS] = "conversations",
        [ERASE_DELIVERIES] = "deliveries",
        [ERASE_BODIES] = "bodies",
        [ERASE_ACTIVATIONS] = "activations",
        [ERASE_RUNS] = "runs",
        [ERASE_STEPS] = "steps",
        [ERASE_EXCHANGES] = "exchanges",
        [ERASE_VALUES] = "values",
        [ERASE_RECEIPTS] = "receipts",
        [ERASE_REPLIES] = "replies",
        [ERASE_SENTENCES] = "sentences",
    };
    return names[what];
}

/* ---- does a value contain the address? ---- */

static int is_in(const struct erase *x, const struct db_value *v)
{
    return (v->type == DB_IS_TEXT || v->type == DB_IS_BLOB) && v->len > 0 &&
           mention_in_bytes(x->mention, v->data, v->len);
}

static int is_in_packed(const struct erase *x, const struct db_value *v,
                        const struct db_value *prefix)
{
    size_t len;
    char *text = compress_undo(v->data, v->len, prefix ? prefix->data : NULL,
                               prefix ? prefix->len : 0, UNPACKED_MAX, &len, NULL);
    int found = text && mention_in_bytes(x->mention, text, len);
    free(text);
    return found;
}

/* mentions(value, ...): 1 when one of them contains the address, compressed or not. */
static int mentions(void *arg, const struct db_value *values, int n)
{
    for (int i = 0; i < n; i++)
        if (values[i].len && compress_is_done(values[i].data, values[i].len)
                ? is_in_packed(arg, &values[i], NULL)
                : is_in(arg, &values[i]))
            return 1;
    return 0;
}

/* mentions_beside(packed, body): the same of what is compressed with a delivery's body as
 * prefix, which may be compressed itself. */
static int mentions_beside(void *arg, const struct db_value *values, int n)
{
    struct db_value prefix;
    size_t len;
    char *body = NULL;
    if (n != 2 || !values[0].len)
        return 0;
    prefix = values[1];
    if (prefix.len && compress_is_done(prefix.data, prefix.len)) {
        body = compress_undo(prefix.data, prefix.len, NULL, 0, UNPACKED_MAX, &len, NULL);
        prefix = db_blob(body, body ? len : 0);
    }
    int found = is_in_packed(arg, &values[0], &prefix);
    free(body);
    return found;
}

/* ---- finding ---- */

/* A delivery d of the client's own route, or of a company of its; also of one that no
 * client is connected to. */
#define OWN_DELIVERY                                                                     \
    "(d.client = ?1 OR (d.client IS NULL AND (NOT EXISTS (SELECT 1 FROM"                 \
    " client_connection c WHERE c.app = d.app AND c.id = d.company) OR EXISTS (SELECT 1" \
    " FROM client_connection c WHERE c.app = d.app AND c.id = d.company"                 \
    " AND c.client = ?1))))"

static const char make_tables[] =
    "PRAGMA temp_store = MEMORY;"
    "CREATE TEMP TABLE hit_delivery (id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE hit_activation (id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE hit_run (id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE hit_conversation (id TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TEMP TABLE hit_value (key TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TEMP TABLE again (id INTEGER PRIMARY KEY);" /* runs to be read once more */
    "CREATE TEMP TABLE scanned (delivery INTEGER, activation INTEGER, run INTEGER);"
    "INSERT INTO scanned VALUES (0, 0, 0)";

static const char drop_tables[] =
    "DROP TABLE IF EXISTS temp.hit_delivery; DROP TABLE IF EXISTS temp.hit_activation;"
    "DROP TABLE IF EXISTS temp.hit_run; DROP TABLE IF EXISTS temp.hit_conversation;"
    "DROP TABLE IF EXISTS temp.hit_value; DROP TABLE IF EXISTS temp.again;"
    "DROP TABLE IF EXISTS temp.scanned";

#define RUNS_TO_READ                                                                     \
    "r.client = ?1 AND (r.id > (SELECT run FROM scanned) OR r.id IN (SELECT id FROM "    \
    "again))"
#define ENTRIES_OF "entry e ON e.id >= r.id << 24 AND e.id < (r.id + 1) << 24"
_Static_assert(LEDGER_ID_BITS == 24, "as in ENTRIES_OF");

/* What contains the address, of what was not read yet. ?1: the client. */
static const char *const scans[] = {
    "INSERT OR IGNORE INTO hit_delivery SELECT d.id FROM delivery d LEFT JOIN"
    " delivery_body b ON b.id = d.id WHERE d.id > (SELECT delivery FROM scanned) AND"
    " " OWN_DELIVERY " AND mentions(d.event, d.conversation, d.note, b.body)",
    "INSERT OR IGNORE INTO hit_activation SELECT a.id FROM activation a LEFT JOIN"
    " delivery_body b ON b.id = a.delivery WHERE a.client = ?1 AND"
    " a.id > (SELECT activation FROM scanned) AND (mentions(a.key, a.conversation, "
    "a.note,"
    " a.event) OR mentions_beside(a.packed, b.body))",
    "INSERT OR IGNORE INTO hit_run SELECT r.id FROM run r WHERE " RUNS_TO_READ
    " AND mentions(r.conversation, r.args, r.seed, r.place, r.kind, r.reason, r.result,"
    " r.undelivered)",
    "INSERT OR IGNORE INTO hit_run SELECT r.id FROM run r JOIN " ENTRIES_OF
    " WHERE " RUNS_TO_READ " AND mentions(e.kind, e.name, e.input, e.result)",
    "INSERT OR IGNORE INTO hit_run SELECT r.id FROM run r JOIN exchange x ON x.run = r.id"
    " WHERE " RUNS_TO_READ " AND mentions(x.body)",
    "INSERT OR IGNORE INTO hit_run SELECT r.id FROM run r JOIN sent x ON x.run = r.id"
    " WHERE " RUNS_TO_READ " AND mentions(x.body)",
    "INSERT OR IGNORE INTO hit_run SELECT r.id FROM run r JOIN wait w ON w.run = r.id"
    " WHERE " RUNS_TO_READ " AND mentions(w.match)",
    "INSERT OR IGNORE INTO hit_value SELECT key FROM value WHERE client = ?1"
    " AND mentions(key, value)",
    "DELETE FROM again",
    "INSERT INTO again SELECT id FROM run WHERE client = ?1 AND state < " SQL_DONE,
    "UPDATE scanned SET delivery = (SELECT coalesce(max(id), 0) FROM delivery),"
    " activation = (SELECT coalesce(max(id), 0) FROM activation),"
    " run = (SELECT coalesce(max(id), 0) FROM run)",
};

#define IN_CONVERSATION "conversation IN (SELECT id FROM hit_conversation)"

/* What belongs to what was found; repeated until nothing is new. */
static const char *const joins[] = {
    "INSERT OR IGNORE INTO hit_conversation SELECT conversation FROM delivery WHERE id IN"
    " (SELECT id FROM hit_delivery) AND conversation <> ''",
    "INSERT OR IGNORE INTO hit_conversation SELECT conversation FROM activation WHERE"
    " id IN (SELECT id FROM hit_activation) AND conversation <> ''",
    "INSERT OR IGNORE INTO hit_conversation SELECT conversation FROM run WHERE id IN"
    " (SELECT id FROM hit_run) AND conversation <> ''",
    "INSERT OR IGNORE INTO hit_delivery SELECT d.id FROM delivery d"
    " WHERE d." IN_CONVERSATION " AND " OWN_DELIVERY,
    "INSERT OR IGNORE INTO hit_activation SELECT id FROM activation WHERE client = ?1 AND"
    " (" IN_CONVERSATION " OR delivery IN (SELECT id FROM hit_delivery))",
    "INSERT OR IGNORE INTO hit_delivery SELECT d.id FROM delivery d WHERE d.id IN (SELECT"
    " delivery FROM activation WHERE id IN (SELECT id FROM hit_activation))"
    " AND " OWN_DELIVERY,
    "INSERT OR IGNORE INTO hit_run SELECT id FROM run WHERE client = ?1 AND"
    " (" IN_CONVERSATION " OR activation IN (SELECT id FROM hit_activation))",
    "INSERT OR IGNORE INTO hit_activation SELECT a.id FROM activation a JOIN run r ON"
    " a.id = r.activation WHERE r.id IN (SELECT id FROM hit_run) AND a.client = ?1",
};

/* Keys of ctx.store with a conversation's id as a whole word. */
static const char find_values[] =
    "INSERT OR IGNORE INTO hit_value SELECT v.key FROM value v JOIN hit_conversation c ON"
    " instr(v.key, c.id) > 0 AND substr(v.key || ' ', instr(v.key, c.id) + length(c.id),"
    " 1) NOT GLOB '[A-Za-z0-9_]' WHERE v.client = ?1";

static int run(struct erase *x, const char *sql, int *changed, struct err *e)
{
    const struct db_value client = db_text(x->client);
    return db_change(x->db, sql, &client, strstr(sql, "?1") ? 1 : 0, changed, e);
}

static int find(struct erase *x, struct err *e)
{
    int changed, any;
    for (size_t i = 0; i < sizeof scans / sizeof *scans; i++)
        if (run(x, scans[i], NULL, e) != 0)
            return -1;
    do {
        any = 0;
        for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
            if (run(x, joins[i], &changed, e) != 0)
                return -1;
            any |= changed;
        }
    } while (any);
    return run(x, find_values, NULL, e);
}

/* ---- counting ---- */

/* Sentences elsewhere that name the person, and what becomes of them. */
static const struct sentence {
    const char *table, *where, *set;
} sentences[] = {
    {"rejection", "(client = ?1 OR client IS NULL) AND mentions(route, sentence)",
     "route = '/hooks/', sentence = 'erased by foyer forget'"},
    {"pause", "(client = ?1 OR client = '') AND mentions(reason)",
     "reason = 'erased by foyer forget'"},
    {"mark",
     "(whose = ?1 OR whose IN (SELECT id FROM client_connection WHERE client = ?1)) AND"
     " mentions(known, error)",
     "known = iif(mentions(known), '{}', known), error = iif(mentions(error), 'erased by"
     " foyer forget', error)"},
    {"connection",
     "(app, id) IN (SELECT app, id FROM client_connection WHERE client = ?1) AND"
     " mentions(last_error)",
     "last_error = 'erased by foyer forget'"},
    {"incident", "(client = ?1 OR client = '') AND mentions(text)",
     "text = 'erased by foyer forget'"},
    {"refused_deploy", "mentions(text)", "text = 'erased by foyer forget'"},
    {"serving", "mentions(error)", "error = 'erased by foyer forget'"},
    {"effect", "run IN (SELECT id FROM run WHERE client = ?1) AND mentions(ref)", NULL},
};

static const struct {
    enum erase_what what;
    const char *sql;
} counts[] = {
    {ERASE_CONVERSATIONS, "SELECT count(*) FROM hit_conversation"},
    {ERASE_DELIVERIES, "SELECT count(*) FROM hit_delivery"},
    {ERASE_BODIES,
     "SELECT count(*) FROM delivery_body WHERE id IN (SELECT id FROM hit_delivery)"},
    {ERASE_ACTIVATIONS, "SELECT count(*) FROM hit_activation"},
    {ERASE_RUNS, "SELECT count(*) FROM hit_run"},
    {ERASE_STEPS, "SELECT count(*) FROM hit_run r JOIN " ENTRIES_OF},
    {ERASE_EXCHANGES,
     "SELECT (SELECT count(*) FROM exchange WHERE run IN (SELECT id FROM hit_run)) +"
     " (SELECT count(*) FROM sent WHERE run IN (SELECT id FROM hit_run))"},
    {ERASE_VALUES, "SELECT count(*) FROM hit_value"},
    {ERASE_RECEIPTS,
     "SELECT count(*) FROM receipt WHERE run IN (SELECT id FROM hit_run)"},
    {ERASE_REPLIES, "SELECT count(*) FROM reply WHERE run IN (SELECT id FROM hit_run)"},
};

static int count(struct erase *x, struct err *e)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (db_select_int(x->db, counts[i].sql, DB_NONE, &x->counts[counts[i].what], e) !=
            0)
            return -1;
    x->counts[ERASE_SENTENCES] = 0;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        int64_t n = 0;
        char *sql = xasprintf("SELECT count(*) FROM %s WHERE %s", sentences[i].table,
                              sentences[i].where);
        const struct db_value client = db_text(x->client);
        int rc = db_select_int(x->db, sql, &client, strstr(sql, "?1") ? 1 : 0, &n, e);
        free(sql);
        if (rc != 0)
            return -1;
        x->counts[ERASE_SENTENCES] += n;
    }
    return 0;
}

/* Gives the handle what the statements here need. */
static struct erase *erase_new(struct store *s, const char *client, const char *address,
                               struct err *e)
{
    struct erase *x = xcalloc(1, sizeof *x);
    *x = (struct erase){
        .db = store_db(s), .client = xstrdup(client), .mention = mention_new(address)};
    if (db_add_test(x->db, "mentions", mentions, x, e) == 0 &&
        db_add_test(x->db, "mentions_beside", mentions_beside, x, e) == 0 &&
        db_exec(x->db, drop_tables, e) == 0 && db_exec(x->db, make_tables, e) == 0)
        return x;
    erase_free(x);
    return NULL;
}

struct erase *erase_find(struct store *s, const char *client, const char *address,
                         struct err *e)
{
    struct erase *x = erase_new(s, client, address, e);
    if (!x || (find(x, e) == 0 && count(x, e) == 0))
        return x;
    erase_free(x);
    return NULL;
}

void erase_free(struct erase *x)
{
    if (!x)
        return;
    db_exec(x->db, drop_tables, NULL);
    db_add_test(x->db, "mentions", NULL, NULL, NULL);
    db_add_test(x->db, "mentions_beside", NULL, NULL, NULL);
    mention_free(x->mention);
    free(x->client);
    free(x);
}

void erase_counts(const struct erase *x, int64_t out[ERASE_KINDS])
{
    memcpy(out, x->counts, sizeof x->counts);
}

int erase_each_open(struct erase *x, erase_open_fn *fn, void *arg, struct err *e)
{
    struct db_row *row = db_select(
        x->db,
        "SELECT r.id, r.recipe, r.state, e.name, e.at_ms FROM run r LEFT JOIN entry e ON"
        " e.id = (SELECT max(o.id) FROM entry o WHERE o.id >= r.id << 24 AND"
        " o.id < (r.id << 24) + 8388608 AND o." LEDGER_IS_UNCERTAIN ")"
        " WHERE r.id IN (SELECT id FROM hit_run) AND r.state < " SQL_DONE
        " ORDER BY r.id",
        DB_NONE, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        const struct erase_open open = {.run = db_row_int(row, 0),
                                        .recipe = db_row_text(row, 1),
                                        .state = (enum ledger_state)db_row_int(row, 2),
                                        .write = db_row_text(row, 3),
                                        .written_ms = db_row_int(row, 4)};
        stop = fn(arg, &open);
    }
    return db_finish(row);
}

/* ---- erasure ---- */

struct ids {
    int64_t *list;
    size_t n;
};

static int read_ids(struct db *db, const char *sql, struct ids *out, struct err *e)
{
    *out = (struct ids){0};
    struct db_row *row = db_select(db, sql, DB_NONE, e);
    while (db_step(row, e) == 1) {
        array_grow(out->list, out->n);
        out->list[out->n++] = db_row_int(row, 0);
    }
    return db_finish(row);
}

/* Calls FN for each id that SQL finds. */
static int each_id(struct erase *x, const char *sql,
                   int (*fn)(struct erase *x, int64_t id, int64_t now_ms, struct err *e),
                   int64_t now_ms, struct err *e)
{
    struct ids ids;
    int rc = read_ids(x->db, sql, &ids, e);
    for (size_t i = 0; rc == 0 && i < ids.n; i++)
        rc = fn(x, ids.list[i], now_ms, e);
    free(ids.list);
    return rc;
}

static int cancel(struct erase *x, int64_t id, int64_t now_ms, struct err *e)
{
    return ledger_cancel(x->db, id, "erased by foyer forget", now_ms, e);
}

struct remembering {
    struct erase *x;
    const char *body;
    size_t len;
    int64_t now_ms;
    struct err *e;
    int rc;
};

/* Remembers the delivery as it came, and as `heal` would find it in a company of the
 * client's. */
static int remember(void *arg, const struct delivery *d)
{
    struct remembering *r = arg;
    struct delivery as = *d;
    r->rc = forgotten_add(r->x->db, d, r->body, r->len, r->now_ms, r->e);
    if (r->rc != 0 || !d->event)
        return 1;
    struct db_row *row = db_select(
        r->x->db, "SELECT id FROM client_connection WHERE client = ? AND app = ?",
        DB_ARGS(db_text(r->x->client), db_text(d->app)), r->e);
    as.client = NULL;
    while (r->rc == 0 && db_step(row, r->e) == 1) {
        as.company = db_row_text(row, 0);
        r->rc = forgotten_add(r->x->db, &as, NULL, 0, r->now_ms, r->e);
    }
    if (db_finish(row) != 0)
        r->rc = -1;
    return 1;
}

static int erase_delivery(struct erase *x, int64_t id, int64_t now_ms, struct err *e)
{
    char *body = NULL;
    size_t len = 0;
    struct err gone = {0};
    if (inbox_body(x->db, id, &body, &len, &gone) != 0 && gone.kind != ERR_NOT_FOUND) {
        *e = gone;
        return -1;
    }
    struct inbox_filter filter = {.id = id, .state = -1};
    struct remembering r = {x, body, len, now_ms, e, 0};
    int rc = inbox_each(x->db, &filter, remember, &r, e);
    free(body);
    if (rc != 0 || r.rc != 0)
        return -1;
    return inbox_remove_body(x->db, id, e);
}

/* Remembers the conversations, in each company of the client's. */
static int remember_conversations(struct erase *x, int64_t now_ms, struct err *e)
{
    struct db_row *row =
        db_select(x->db,
                  "SELECT c.app, c.id, h.id FROM client_connection c, hit_conversation h"
                  " WHERE c.client = ?",
                  DB_ARGS(db_text(x->client)), e);
    int rc = 0;
    while (rc == 0 && db_step(row, e) == 1)
        rc = forgotten_add_conversation(x->db, db_row_text(row, 0), db_row_text(row, 1),
                                        db_row_text(row, 2), now_ms, e);
    return db_finish(row) == 0 ? rc : -1;
}

#define OF_RUNS "run IN (SELECT id FROM hit_run)"

/* In this order; ?1 is the client. The rows of deliveries, activations and runs stay. */
static const char *const erasures[] = {
    "UPDATE delivery SET event = NULL, conversation = NULL, state = iif(state"
    " = " SQL_DELIVERY_WAITING ", " SQL_DELIVERY_DONE ", state), note = '{\"\":{\"why\":"
    "\"erased by foyer forget\"}}' WHERE id IN (SELECT id FROM hit_delivery)"
    "",
    "UPDATE activation SET key = '', conversation = NULL, note = NULL, event = '{}',"
    " packed = NULL WHERE id IN (SELECT id FROM hit_activation) AND client = ?1",
    "UPDATE run SET conversation = NULL, args = '{}', seed = NULL, place = NULL,"
    " kind = NULL, reason = 'erased by foyer forget', result = NULL, pins = NULL,"
    " undelivered = NULL, state = iif(state = " SQL_DEAD ", " SQL_CANCELLED ", state)"
    " WHERE id IN (SELECT id FROM hit_run) AND client = ?1",
    "DELETE FROM entry WHERE id IN (SELECT e.id FROM hit_run r JOIN " ENTRIES_OF ")",
    "DELETE FROM exchange WHERE " OF_RUNS,
    "DELETE FROM sent WHERE " OF_RUNS,
    "DELETE FROM wait WHERE " OF_RUNS " AND client = ?1",
    "DELETE FROM receipt WHERE " OF_RUNS " AND client = ?1",
    "DELETE FROM reply WHERE client = ?1 AND (" OF_RUNS " OR " IN_CONVERSATION ")",
    "DELETE FROM value WHERE client = ?1 AND key IN (SELECT key FROM hit_value)",
    "UPDATE value_total SET bytes = (SELECT coalesce(sum(length(CAST(key AS BLOB)) +"
    " length(CAST(value AS BLOB))), 0) FROM value WHERE client = ?1) WHERE client = ?1",
};

static int note_run(struct erase *x, int64_t id, int64_t now_ms, struct err *e)
{
    return ledger_row_note(x->db, id, now_ms, "forgotten", "by hand", e);
}

static int erase_sentences(struct erase *x, struct err *e)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        const struct sentence *s = &sentences[i];
        char *sql =
            s->set ? xasprintf("UPDATE %s SET %s WHERE %s", s->table, s->set, s->where)
                   : xasprintf("DELETE FROM %s WHERE %s", s->table, s->where);
        int rc = run(x, sql, NULL, e);
        free(sql);
        if (rc != 0)
            return -1;
    }
    return 0;
}

struct applying {
    struct erase *x;
    const char *workspace_dir;
    int cancel;
    int64_t now_ms;
    enum erase_end end;
};

static int all(struct db *db, struct applying *a, struct err *e)
{
    struct erase *x = a->x;
    static const char open_runs[] = "SELECT id FROM run WHERE state < " SQL_DONE
                                    " AND id IN (SELECT id FROM hit_run)";
    if (a->cancel && each_id(x, open_runs, cancel, a->now_ms, e) != 0)
        return -1;
    if (rollup_sweep_all(db, e) != 0 ||
        each_id(x, "SELECT id FROM hit_delivery", erase_delivery, a->now_ms, e) != 0 ||
        remember_conversations(x, a->now_ms, e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof erasures / sizeof *erasures; i++)
        if (run(x, erasures[i], NULL, e) != 0)
            return -1;
    if (each_id(x, "SELECT id FROM hit_run", note_run, a->now_ms, e) != 0)
        return -1;
    return erase_sentences(x, e);
}

static int apply(struct db *db, void *arg, struct err *e)
{
    struct applying *a = arg;
    int64_t waiting = 0, open = 0;
    int running = 0;
    if (find(a->x, e) != 0 || count(a->x, e) != 0 ||
        erase_count_running(db, a->workspace_dir,
                            "SELECT coalesce(owner, '') FROM run WHERE id IN (SELECT id"
                            " FROM hit_run) AND " LEDGER_IS_RUNNING,
                            NULL, &running, e) != 0 ||
        db_select_int(db,
                      "SELECT count(*) FROM run WHERE id IN (SELECT id FROM hit_run)"
                      " AND state < " SQL_DONE,
                      DB_NONE, &open, e) != 0 ||
        db_select_int(db,
                      "SELECT count(*) FROM delivery WHERE id IN (SELECT id FROM"
                      " hit_delivery) AND state = " SQL_DELIVERY_WAITING,
                      DB_NONE, &waiting, e) != 0)
        return -1;
    a->end = running || waiting   ? ERASE_BUSY
             : open && !a->cancel ? ERASE_OPEN
                                  : ERASE_DONE;
    /* a delivery that no worker takes is ended like a run */
    if (a->end == ERASE_BUSY && !running && a->cancel > 1)
        a->end = ERASE_DONE;
    if (a->end != ERASE_DONE)
        return -1;
    return all(db, a, e);
}

int erase_apply(struct erase *x, const char *workspace_dir, int cancel, int64_t now_ms,
                struct err *e)
{
    struct applying a = {x, workspace_dir, cancel, now_ms, ERASE_DONE};
    struct err why = {0};
    if (rollup_sweep_all(x->db, e) != 0)
        return -1;
    if (db_transaction(x->db, apply, &a, &why) == 0 || a.end != ERASE_DONE)
        return (int)a.end;
    *e = why;
    return -1;
}

/* ---- what is left ---- */

/* Returns "SELECT count(*) ..." over all columns of TABLE; the caller frees it. */
static char *count_mentions(struct db *db, const char *table, struct err *e)
{
    struct buf sql;
    buf_init(&sql, 16384);
    buf_addf(&sql, "SELECT count(*) FROM \"%s\" WHERE mentions(''", table);
    struct db_row *row = db_select(db, "SELECT name FROM pragma_table_info(?)",
                                   DB_ARGS(db_text(table)), e);
    while (db_step(row, e) == 1)
        buf_addf(&sql, ", \"%s\"", db_row_text(row, 0));
    buf_addc(&sql, ')');
    int rc = db_finish(row);
    char *text = rc == 0 ? xstrdup(buf_str(&sql)) : NULL;
    buf_free(&sql);
    return text;
}

struct names {
    char **list;
    size_t n;
};

static int add_name(void *arg, const char *name)
{
    struct names *names = arg;
    array_grow(names->list, names->n);
    names->list[names->n++] = xstrdup(name);
    return 0;
}

static int count_left(struct erase *x, const char *table, int64_t *n, struct err *e)
{
    int64_t packed = 0;
    char *sql = count_mentions(x->db, table, e);
    int rc = sql ? db_select_int(x->db, sql, DB_NONE, n, e) : -1;
    free(sql);
    if (rc == 0 && str_eq(table, "activation"))
        rc = db_select_int(x->db,
                           "SELECT count(*) FROM activation a JOIN delivery_body b ON"
                           " b.id = a.delivery WHERE mentions_beside(a.packed, b.body)",
                           DB_NONE, &packed, e);
    *n += packed;
    return rc;
}

static int each_left(struct erase *x, erase_left_fn *fn, void *arg, struct err *e)
{
    struct names tables = {0};
    int rc = store_row_texts(db_select(x->db,
                                       "SELECT name FROM sqlite_schema WHERE type ="
                                       " 'table' ORDER BY name",
                                       DB_NONE, e),
                             add_name, &tables, e);
    for (size_t i = 0; i < tables.n; i++) {
        int64_t n = 0;
        if (rc == 0)
            rc = count_left(x, tables.list[i], &n, e);
        if (rc == 0 && n)
            fn(arg, tables.list[i], n);
        free(tables.list[i]);
    }
    free(tables.list);
    return rc;
}

int erase_each_left(struct store *s, const char *address, erase_left_fn *fn, void *arg,
                    struct err *e)
{
    struct erase *x = erase_new(s, "", address, e);
    int rc = x ? each_left(x, fn, arg, e) : -1;
    erase_free(x);
    return rc;
}
