#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "io/compress.h"
#include "store/forgotten.h"
#include "store/inbox.h"
#include "store/state_sql.h"
#include "store/store_row.h"

/* Retention. Each statement removes at most LIMIT rows, from a range of ids. */

/* Runs SQL, a DELETE whose parameters are the border and the number of rows, and counts
 * *LEFT down. */
static int prune(struct db *db, const char *table, const char *sql, int64_t before_ms,
                 int *left, struct err *e)
{
    int64_t border;
    int changed;
    if (*left <= 0)
        return 0;
    if (store_row_border(db, table, "at_ms", before_ms, &border, e) != 0 ||
        db_change(db, sql, DB_ARGS(db_int(border), db_int(*left)), &changed, e) != 0)
        return -1;
    *left -= changed;
    return 0;
}

struct kept_event {
    int64_t activation;
    char *text;
};

struct kept_events {
    struct kept_event *items;
    size_t n;
};

static int keep_event(void *arg, const struct activation *a)
{
    struct kept_events *events = arg;
    array_grow(events->items, events->n);
    events->items[events->n++] = (struct kept_event){a->id, xstrdup(a->event)};
    return 0;
}

/* Stores the event of an activation without its delivery's body, which goes: compressed
 * by itself while a run may still need it, else empty. */
static int settle_event(struct db *db, const struct kept_event *event, struct err *e)
{
    int64_t is_needed = 0;
    size_t len;
    if (db_select_int(db,
                      "SELECT EXISTS (SELECT 1 FROM run WHERE activation = ?"
                      " AND (state < " SQL_DONE " OR state = " SQL_DEAD "))",
                      DB_ARGS(db_int(event->activation)), &is_needed, e) != 0)
        return -1;
    const char *text = is_needed ? event->text : "{}";
    void *packed = compress_bytes(text, strlen(text), NULL, 0, &len);
    int rc = db_change(db, "UPDATE activation SET event = '', packed = ? WHERE id = ?",
                       DB_ARGS(db_blob(packed, len), db_int(event->activation)), NULL, e);
    free(packed);
    return rc;
}

int inbox_remove_body(struct db *db, int64_t id, struct err *e)
{
    struct kept_events events = {0};
    int64_t exists = 0;
    if (db_select_int(db, "SELECT 1 FROM delivery_body WHERE id = ?", DB_ARGS(db_int(id)),
                      &exists, e) != 0)
        return -1;
    if (!exists)
        return 0;
    int rc = inbox_activations_of(db, id, keep_event, &events, e);
    for (size_t i = 0; i < events.n; i++) {
        if (rc == 0)
            rc = settle_event(db, &events.items[i], e);
        free(events.items[i].text);
    }
    free(events.items);
    return rc == 0 ? db_change(db, "DELETE FROM delivery_body WHERE id = ?",
                               DB_ARGS(db_int(id)), NULL, e)
                   : -1;
}

static int remove_delivery(struct db *db, int64_t id, struct err *e)
{
    if (inbox_remove_body(db, id, e) != 0)
        return -1;
    return db_change(db, "DELETE FROM delivery WHERE id = ?", DB_ARGS(db_int(id)), NULL,
                     e);
}

/* Calls REMOVE for the first rows of TABLE that ROWS, a query, selects: its parameters
 * are the border and the number of rows. */
static int prune_each(struct db *db, const char *rows, int64_t before_ms, int *left,
                      int (*remove)(struct db *db, int64_t id, struct err *e),
                      struct err *e)
{
    int64_t border, *ids = NULL;
    size_t n = 0;
    if (*left <= 0)
        return 0;
    if (store_row_border(db, "delivery", "at_ms", before_ms, &border, e) != 0)
        return -1;
    struct db_row *row = db_select(db, rows, DB_ARGS(db_int(border), db_int(*left)), e);
    while (db_step(row, e) == 1) {
        array_grow(ids, n);
        ids[n++] = db_row_int(row, 0);
    }
    int rc = db_finish(row);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = remove(db, ids[i], e);
    *left -= (int)n;
    free(ids);
    return rc;
}

int inbox_prune(struct db *db, const struct inbox_kept *since, int limit, int *removed,
                struct err *e)
{
    int left = limit, changed = 0;
    if (prune(db, "activation",
              "DELETE FROM activation WHERE id IN (SELECT id FROM activation a WHERE "
              "id < ? AND NOT EXISTS (SELECT 1 FROM run WHERE run.activation = a.id) "
              "AND id < (SELECT max(id) FROM activation) ORDER BY id LIMIT ?)",
              since->deliveries_ms, &left, e) != 0 ||
        prune_each(db,
                   "SELECT id FROM delivery WHERE id < ? AND state"
                   " <> " SQL_DELIVERY_WAITING
                   " AND id < (SELECT max(id) FROM delivery) ORDER BY id LIMIT ?",
                   since->deliveries_ms, &left, remove_delivery, e) != 0 ||
        prune_each(db,
                   "SELECT b.id FROM delivery_body b CROSS JOIN delivery d ON d.id = b.id"
                   " WHERE b.id < ? AND d.state <> " SQL_DELIVERY_WAITING
                   " ORDER BY b.id LIMIT ?",
                   since->bodies_ms, &left, inbox_remove_body, e) != 0 ||
        prune(db, "seen",
              "DELETE FROM seen WHERE id IN (SELECT id FROM seen WHERE id < ? ORDER BY "
              "id LIMIT ?)",
              since->keys_ms, &left, e) != 0)
        return -1;
    if (left > 0 && forgotten_prune(db, since->keys_ms, left, &changed, e) != 0)
        return -1;
    left -= changed;
    changed = 0;
    if (left > 0 &&
        db_change(db,
                  "DELETE FROM rejection WHERE id IN (SELECT id FROM rejection"
                  " WHERE at_ms < ? LIMIT ?)",
                  DB_ARGS(db_int(since->rejections_ms), db_int(left)), &changed, e) != 0)
        return -1;
    *removed = limit - left + changed;
    return 0;
}
