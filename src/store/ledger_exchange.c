#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/str.h"
#include "io/compress.h"
#include "core/exchanged.h"
#include "store/ledger_row.h"

/* What a run sent and got: items (core/exchanged.h) in entry while the run goes on, and
 * one compressed document when it is over. */

enum { DOCUMENT_MAX = 1 << 20, UNPACKED_MAX = 4 << 20 };

/* ---- a run that goes on ---- */

static int put_item(struct db *db, int64_t run, const char *text, int is_write,
                    struct err *e)
{
    return db_change(
        db,
        "INSERT INTO entry (id, at_ms, kind, name, flags, input) VALUES (coalesce("
        "(SELECT max(id) FROM entry WHERE id > ?1 AND id < ?2), ?1) + 1, 0, 'exchange',"
        " '', ?3, ?4)",
        DB_ARGS(ledger_item_id(run, 0), ledger_step_id(run + 1, 0),
                db_int(is_write ? STEP_IS_INTENT : 0), db_blob(text, strlen(text))),
        NULL, e);
}

int ledger_exchange_put(struct db *db, const struct ledger_change *change, struct err *e)
{
    for (size_t i = 0; i < change->nitems; i++)
        if (put_item(db, change->run, change->items[i].text, change->items[i].is_write,
                     e) != 0)
            return -1;
    if (!change->more)
        return 0;
    return db_change(db,
                     "INSERT OR REPLACE INTO entry (id, at_ms, kind, name, epoch, flags)"
                     " VALUES (?, 0, 'exchange', '', ?, ?)",
                     DB_ARGS(ledger_item_id(change->run, 0), db_int(change->more),
                             db_int(change->more_bytes)),
                     NULL, e);
}

/* Calls FN with each stored item; counts them in RECORD. */
static int each_item(struct db *db, int64_t run, struct exchanged *record,
                     void (*fn)(void *arg, const char *item, size_t len), void *arg,
                     struct err *e)
{
    struct db_row *row =
        db_select(db,
                  "SELECT input, flags, epoch FROM entry WHERE id >= ? AND id < ?"
                  " ORDER BY id",
                  DB_ARGS(ledger_item_id(run, 0), ledger_step_id(run + 1, 0)), e);
    while (db_step(row, e) == 1) {
        size_t len;
        const char *item = db_row_blob(row, 0, &len);
        if (!item) {
            record->more = db_row_int(row, 2);
            record->more_bytes = db_row_int(row, 1);
            continue;
        }
        exchanged_count(record, len, db_row_int(row, 1) != 0);
        if (fn)
            fn(arg, item, len);
    }
    return db_finish(row);
}

int ledger_record(struct db *db, int64_t run, struct exchanged *record, struct err *e)
{
    *record = (struct exchanged){0};
    return each_item(db, run, record, NULL, NULL, e);
}

struct requests { /* of the steps that are left */
    struct exchanged *record;
    int (*fn)(void *arg, const char *item, int is_write, struct err *e);
    void *arg;
};

static int each_request(struct db *db, int64_t run, int64_t from,
                        const struct requests *what, struct err *e)
{
    int rc = 0;
    struct db_row *row =
        db_select(db,
                  "SELECT " LEDGER_SEQ ", kind, name, hash, flags, at_ms, input, result"
                  " FROM entry WHERE id >= ? AND id < ? AND kind = 'http' ORDER BY id",
                  DB_ARGS(ledger_step_id(run, from), ledger_line_id(run, 0)), e);
    while (rc == 0 && db_step(row, e) == 1) {
        struct journal_entry step;
        if (ledger_row_borrow_step(row, &step) != 0)
            continue;
        char *item = exchanged_item(what->record, &step);
        if (item)
            rc = what->fn(what->arg, item, step.is_intent || step.is_dry, e);
        free(item);
    }
    return db_finish(row) == 0 ? rc : -1;
}

struct keeping {
    struct db *db;
    int64_t run;
};

static int keep_request(void *arg, const char *item, int is_write, struct err *e)
{
    const struct keeping *k = arg;
    return put_item(k->db, k->run, item, is_write, e);
}

int ledger_exchange_keep(struct db *db, int64_t run, int64_t seq, struct err *e)
{
    struct exchanged record;
    struct keeping keeping = {db, run};
    const struct requests what = {&record, keep_request, &keeping};
    if (ledger_record(db, run, &record, e) != 0)
        return -1;
    return each_request(db, run, seq, &what, e);
}

/* ---- the document ---- */

struct document {
    struct buf text;
    struct exchanged record;
};

static void add_item(void *arg, const char *item, size_t len)
{
    struct document *d = arg;
    buf_adds(&d->text, d->text.len ? "," : "{\"items\":[");
    buf_add(&d->text, item, len);
}

static int add_request(void *arg, const char *item, int is_write, struct err *e)
{
    (void)is_write;
    (void)e;
    add_item(arg, item, strlen(item));
    return 0;
}

/* Adds the templates that LIST (vm/pins.h) names: a line is "1 acme templates/x.txt",
 * hash ("-": there is none), layer and path, with tabs between. */
static void add_templates(struct document *d, const char *list)
{
    int n = 0;
    for (const char *line = list, *end; line && *line; line = end + (*end == '\n')) {
        char name[512], hash[65], path[1024];
        int layer;
        end = line + strcspn(line, "\n");
        if (sscanf(line, "%511[^\t\n]\t%64[^\t\n]\t%d\t%1023[^\t\n]", name, hash, &layer,
                   path) != 4 ||
            !strstr(name, " templates/") || str_eq(hash, "-"))
            continue;
        json_t *row =
            json_pack("{s:s, s:i, s:s}", "file", path, "layer", layer, "hash", hash);
        char *text = row ? json_dumps(row, JSON_COMPACT) : NULL;
        if (text)
            buf_addf(&d->text, "%s%s", n++ ? "," : ",\"templates\":[", text);
        free(text);
        json_decref(row);
    }
    if (n)
        buf_addc(&d->text, ']');
}

static int read_pins(struct db *db, int64_t run, char **list, struct err *e)
{
    size_t len;
    return store_row_blob(db_select(db,
                                    "SELECT p.list FROM run r JOIN pins p ON"
                                    " p.hash = r.pins WHERE r.id = ?",
                                    DB_ARGS(db_int(run)), e),
                          list, &len, e);
}

/* Makes the document; its text is empty when the run sent nothing. */
static int gather(struct db *db, int64_t run, const struct ledger_change *change,
                  struct document *d, struct err *e)
{
    const struct requests what = {&d->record, add_request, d};
    char *pins = NULL;
    *d = (struct document){.record = {0}};
    buf_init(&d->text, DOCUMENT_MAX);
    if (each_item(db, run, &d->record, add_item, d, e) != 0)
        return -1;
    for (size_t i = 0; change && i < change->nitems; i++) {
        size_t len = strlen(change->items[i].text);
        add_item(d, change->items[i].text, len);
        exchanged_count(&d->record, len, change->items[i].is_write);
    }
    if (change && change->more) {
        d->record.more = change->more;
        d->record.more_bytes = change->more_bytes;
    }
    if (each_request(db, run, 0, &what, e) != 0)
        return -1;
    if (!d->text.len)
        return 0;
    buf_addc(&d->text, ']');
    if ((!change || !change->pins_list) && read_pins(db, run, &pins, e) != 0)
        return -1;
    add_templates(d, change && change->pins_list ? change->pins_list : pins);
    free(pins);
    if (d->record.more)
        buf_addf(&d->text, ",\"more\":{\"requests\":%lld,\"bytes\":%lld}",
                 (long long)d->record.more, (long long)d->record.more_bytes);
    buf_addc(&d->text, '}');
    return 0;
}

int ledger_exchange_end(struct db *db, int64_t run, const struct ledger_change *change,
                        int64_t now_ms, struct err *e)
{
    struct document d;
    int rc = gather(db, run, change, &d, e);
    if (rc == 0 && d.text.len) {
        size_t len;
        void *packed = compress_bytes(d.text.data, d.text.len, NULL, 0, &len);
        rc = db_change(db,
                       "INSERT OR REPLACE INTO exchange (run, at_ms, body)"
                       " VALUES (?, ?, ?)",
                       DB_ARGS(db_int(run), db_int(now_ms), db_blob(packed, len)), NULL,
                       e);
        free(packed);
    }
    buf_free(&d.text);
    if (rc == 0)
        rc = db_change(db, "DELETE FROM entry WHERE id >= ? AND id < ?",
                       DB_ARGS(ledger_item_id(run, 0), ledger_step_id(run + 1, 0)), NULL,
                       e);
    return rc;
}

/* ---- retention ---- */

/* Reading a document takes time, which the writer has not: a page of them counts as so
 * many rows. */
enum { WEIGHT_BYTES = 4096 };

/* Keeps what stays of what RUN sent. Returns its weight in rows, or -1. */
static int keep_stripped(struct db *db, int64_t run, int64_t at_ms, struct err *e)
{
    size_t len = 0;
    char *packed = NULL, *text = NULL, *kept = NULL;
    if (store_row_blob(db_select(db, "SELECT body FROM exchange WHERE run = ?",
                                 DB_ARGS(db_int(run)), e),
                       &packed, &len, e) != 0)
        return -1;
    if (packed) /* one that is damaged goes */
        text = compress_undo(packed, len, NULL, 0, UNPACKED_MAX, &len, NULL);
    free(packed);
    if (text)
        kept = exchanged_strip(text, len);
    int rc = text ? 1 + (int)(len / WEIGHT_BYTES) : 1;
    free(text);
    if (kept) {
        void *small = compress_bytes(kept, strlen(kept), NULL, 0, &len);
        if (db_change(
                db, "INSERT OR REPLACE INTO sent (run, at_ms, body) VALUES (?, ?, ?)",
                DB_ARGS(db_int(run), db_int(at_ms), db_blob(small, len)), NULL, e) != 0)
            rc = -1;
        free(small);
    }
    free(kept);
    return rc;
}

/* A run that ended before BEFORE_MS began before it: only those few that waited for long
 * are looked at in vain. */
int ledger_exchange_prune(struct db *db, int64_t before_ms, int limit, int *removed,
                          struct err *e)
{
    struct old {
        int64_t run, at_ms;
    } *old = NULL;
    int64_t border;
    int n = 0, weight = 0, rc = 0;
    if (limit <= 0)
        return 0;
    if (store_row_border(db, "run", "created_ms", before_ms, &border, e) != 0)
        return -1;
    struct db_row *row =
        db_select(db,
                  "SELECT run, at_ms FROM exchange WHERE run < ? AND at_ms < ?"
                  " ORDER BY run LIMIT ?",
                  DB_ARGS(db_int(border), db_int(before_ms), db_int(limit)), e);
    while (db_step(row, e) == 1) {
        array_grow(old, n);
        old[n++] = (struct old){db_row_int(row, 0), db_row_int(row, 1)};
    }
    rc = db_finish(row);
    for (int i = 0; rc == 0 && i < n && weight < limit; i++) {
        int weighs = keep_stripped(db, old[i].run, old[i].at_ms, e);
        weight += weighs;
        rc = weighs < 0 ? -1
                        : db_change(db, "DELETE FROM exchange WHERE run = ?",
                                    DB_ARGS(db_int(old[i].run)), NULL, e);
    }
    free(old);
    *removed += weight < limit ? weight : limit;
    return rc;
}

/* ---- reading it back ---- */

/* Copies the unpacked document of RUN that SQL reads; *TEXT is NULL when there is none.
 */
static int read_document(struct db *db, const char *sql, int64_t run, char **text,
                         struct err *e)
{
    size_t len;
    char *packed = NULL;
    *text = NULL;
    if (store_row_blob(db_select(db, sql, DB_ARGS(db_int(run)), e), &packed, &len, e) !=
        0)
        return -1;
    if (!packed)
        return 0;
    *text = compress_undo(packed, len, NULL, 0, UNPACKED_MAX, &len, e);
    free(packed);
    return *text ? 0 : err_prefix(e, "cannot read what run %lld sent", (long long)run);
}

int ledger_exchanges(struct db *db, int64_t run, char **text, struct err *e)
{
    struct document d;
    if (read_document(db, "SELECT body FROM exchange WHERE run = ?", run, text, e) != 0)
        return -1;
    if (!*text &&
        read_document(db, "SELECT body FROM sent WHERE run = ?", run, text, e) != 0)
        return -1;
    if (*text)
        return 0;
    int rc = gather(db, run, NULL, &d, e);
    if (rc == 0 && d.text.len)
        *text = xstrdup(buf_str(&d.text));
    buf_free(&d.text);
    return rc;
}
