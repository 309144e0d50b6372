#include "store/incident.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "io/db.h"
#include "store/state_sql.h"

static const int64_t hour_ms = 60 * 60 * 1000;

#define COLUMNS                                                                          \
    "kind, key, client, state, first_ms, last_ms, good_ms, opened_ms, closed_ms, said,"  \
    " said_ms, signs, n, urgent, text"

void incident_fini(struct incident *i)
{
    free(i->kind);
    free(i->key);
    free(i->client);
    free(i->text);
}

static struct incident read_row(const struct db_row *row)
{
    return (struct incident){.kind = xstrdup(db_row_text(row, 0)),
                             .key = xstrdup(db_row_text(row, 1)),
                             .client = xstrdup(db_row_text(row, 2)),
                             .state = (enum incident_state)db_row_int(row, 3),
                             .first_ms = db_row_int(row, 4),
                             .last_ms = db_row_int(row, 5),
                             .good_ms = db_row_int(row, 6),
                             .opened_ms = db_row_int(row, 7),
                             .closed_ms = db_row_int(row, 8),
                             .said = (int)db_row_int(row, 9),
                             .said_ms = db_row_int(row, 10),
                             .signs = db_row_int(row, 11),
                             .n = db_row_int(row, 12),
                             .urgent = db_row_int(row, 13),
                             .text = xstrdup(db_row_text(row, 14))};
}

int incident_list(struct db *db, struct incident **list, size_t *n, struct err *e)
{
    *list = NULL;
    *n = 0;
    struct db_row *row =
        db_select(db, "SELECT " COLUMNS " FROM incident ORDER BY kind, key", DB_NONE, e);
    while (db_step(row, e) == 1) {
        array_grow(*list, *n);
        (*list)[(*n)++] = read_row(row);
    }
    return db_finish(row);
}

int incident_put(struct db *db, const struct incident *i, struct err *e)
{
    return db_change(db,
                     "INSERT OR REPLACE INTO incident (" COLUMNS
                     ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     DB_ARGS(db_text(i->kind), db_text(i->key), db_text(i->client),
                             db_int(i->state), db_int(i->first_ms), db_int(i->last_ms),
                             db_int(i->good_ms), db_int(i->opened_ms),
                             db_int(i->closed_ms), db_int(i->said), db_int(i->said_ms),
                             db_int(i->signs), db_int(i->n), db_int(i->urgent),
                             db_text(i->text)),
                     NULL, e);
}

int incident_unsay(struct db *db, const char *kind, const char *key, int said,
                   struct err *e)
{
    return db_change(db, "UPDATE incident SET said = ? WHERE kind = ? AND key = ?",
                     DB_ARGS(db_int(said), db_text(kind), db_text(key)), NULL, e);
}

int incident_remove(struct db *db, const char *kind, const char *key, struct err *e)
{
    return db_change(db, "DELETE FROM incident WHERE kind = ? AND key = ?",
                     DB_ARGS(db_text(kind), db_text(key)), NULL, e);
}

/* Reads one row. Returns 1, 0 when there is none, or -1. */
static int find(struct db *db, const char *kind, const char *key, struct incident *i,
                struct err *e)
{
    struct db_row *row =
        db_select(db, "SELECT " COLUMNS " FROM incident WHERE kind = ? AND key = ?",
                  DB_ARGS(db_text(kind), db_text(key)), e);
    int found = db_step(row, e) == 1;
    if (found)
        *i = read_row(row);
    if (db_finish(row) == 0)
        return found;
    if (found)
        incident_fini(i);
    return -1;
}

static void begin(struct incident *i, const struct incident_sign *sign)
{
    i->state = INCIDENT_SIGNS;
    i->first_ms = sign->first_ms;
    i->opened_ms = i->closed_ms = i->said_ms = 0;
    i->said = 0;
    i->signs = i->n = i->urgent = 0;
}

int incident_bad(struct db *db, const struct incident_sign *sign, struct err *e)
{
    struct incident i = {0};
    int found = find(db, sign->kind, sign->key, &i, e);
    if (found < 0)
        return -1;
    if (!found) {
        i.kind = xstrdup(sign->kind);
        i.key = xstrdup(sign->key);
        i.text = xstrdup("");
        begin(&i, sign);
    } else if (i.state == INCIDENT_CLOSED && sign->first_ms - i.closed_ms < hour_ms) {
        i.state = INCIDENT_OPEN;
        i.closed_ms = 0;
        i.said &= ~INCIDENT_SAID_CLOSED;
    } else if (i.state == INCIDENT_CLOSED ||
               (i.state == INCIDENT_SIGNS && (sign->is_new || i.good_ms > i.last_ms))) {
        begin(&i, sign);
    }
    if (!i.client || *sign->client) {
        free(i.client);
        i.client = xstrdup(sign->client);
    }
    i.signs += sign->n;
    if (sign->last_ms > i.last_ms)
        i.last_ms = sign->last_ms;
    if (sign->sentence) {
        if (sign->is_retold && strcmp(i.text, sign->sentence) != 0)
            i.said &= ~INCIDENT_SAID_OPEN;
        free(i.text);
        i.text = xstrdup(sign->sentence);
    }
    int rc = incident_put(db, &i, e);
    incident_fini(&i);
    return rc;
}

int incident_good(struct db *db, const char *kind, const char *key, int64_t at_ms,
                  struct err *e)
{
    return db_change(
        db,
        "UPDATE incident SET good_ms = ?1 WHERE kind = ?2 AND key = ?3 AND good_ms < ?1",
        DB_ARGS(db_int(at_ms), db_text(kind), db_text(key)), NULL, e);
}

int incident_settle(struct db *db, const char *client, const char *recipe, int64_t now_ms,
                    struct err *e)
{
    /* of what was no more than signs, no alert has spoken */
    return db_change(
        db,
        "UPDATE incident SET closed_ms = ?1, said = said | iif(state = ?2, ?3, 0),"
        " state = ?4 WHERE kind IN (?5, ?6) AND key = ?7 || '/' || ?8 AND state <> ?4"
        " AND NOT EXISTS (SELECT 1 FROM run WHERE client = ?7 AND recipe = ?8"
        " AND state = " SQL_DEAD " AND ended_ms >= incident.first_ms)",
        DB_ARGS(db_int(now_ms), db_int(INCIDENT_SIGNS), db_int(INCIDENT_COVERED),
                db_int(INCIDENT_CLOSED), db_text(INCIDENT_RECIPE),
                db_text(INCIDENT_GIVEN_UP), db_text(client), db_text(recipe)),
        NULL, e);
}

int incident_any(struct db *db, int64_t *any, struct err *e)
{
    return db_select_int(db, "SELECT EXISTS (SELECT 1 FROM incident WHERE state <> ?)",
                         DB_ARGS(db_int(INCIDENT_CLOSED)), any, e);
}

int incident_timer(struct db *db, const char *name, int64_t now_ms, int64_t every_ms,
                   int *is_due, struct err *e)
{
    return db_change(db,
                     "INSERT INTO timer (name, at_ms) VALUES (?1, ?2) ON CONFLICT (name)"
                     " DO UPDATE SET at_ms = ?2 WHERE at_ms <= ?2 - ?3 OR at_ms > ?2",
                     DB_ARGS(db_text(name), db_int(now_ms), db_int(every_ms)), is_due, e);
}

/* ---- what the store has of trouble ---- */

/* A run of a customer's message: its delivery is of such a type. One that was answered
 * since has a row in reply, as long as that table keeps it. */
static const char select_open[] =
    "WITH alive AS (SELECT id, client, recipe, state, reason,"
    "   state = " SQL_PARKED " AND r.conversation IS NOT NULL AND EXISTS (SELECT 1"
    "    FROM activation a JOIN delivery d ON d.id = a.delivery WHERE a.id = r.activation"
    "    AND d.type IN (SELECT value FROM json_each(?1)))"
    "   AND NOT EXISTS (SELECT 1 FROM reply y WHERE y.client = r.client"
    "    AND y.conversation = r.conversation AND y.run > r.id) AS waits"
    "  FROM run r WHERE state < " SQL_DONE " AND state IN (" SQL_HELD ", " SQL_PARKED
    ")),"
    " runs AS (SELECT client, sum(state = " SQL_PARKED ") AS parked,"
    "   sum(state = " SQL_HELD ") AS held, sum(waits) AS waiting,"
    "   max(CASE state WHEN " SQL_PARKED " THEN id END) AS newest FROM alive"
    "  GROUP BY client),"
    " links AS (SELECT l.client, sum(c.reconnect <> 0) AS reconnect, count(*) AS n"
    "  FROM client_connection l JOIN connection c ON c.app = l.app AND c.id = l.id"
    "  GROUP BY l.client)"
    " SELECT w.client, coalesce(r.parked, 0), coalesce(r.held, 0),"
    "  coalesce(r.waiting, 0), coalesce(k.reconnect, 0), coalesce(k.n, 0),"
    "  coalesce(r.newest, 0), (SELECT recipe FROM run WHERE id = r.newest),"
    "  (SELECT reason FROM run WHERE id = r.newest)"
    " FROM (SELECT client FROM runs UNION SELECT client FROM links) w"
    " LEFT JOIN runs r ON r.client = w.client LEFT JOIN links k ON k.client = w.client"
    " ORDER BY w.client";

int incident_open_runs(struct db *db, const char *received,
                       int (*fn)(void *arg, const struct incident_open *o), void *arg,
                       struct err *e)
{
    struct db_row *row = db_select(db, select_open, DB_ARGS(db_text(received)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct incident_open o = {.client = db_row_text(row, 0),
                                  .parked = db_row_int(row, 1),
                                  .held = db_row_int(row, 2),
                                  .waiting = db_row_int(row, 3),
                                  .reconnect = db_row_int(row, 4),
                                  .connected = db_row_int(row, 5),
                                  .run = db_row_int(row, 6),
                                  .recipe = db_row_text(row, 7),
                                  .reason = db_row_text(row, 8)};
        stop = fn(arg, &o);
    }
    return db_finish(row);
}

int incident_last_events(struct db *db, int64_t since_ms,
                         int (*fn)(void *arg, const char *client, int64_t hour),
                         void *arg, struct err *e)
{
    struct db_row *row =
        db_select(db,
                  "SELECT client, max(hour) FROM rollup WHERE hour >= ? AND events > 0"
                  " AND client <> '' GROUP BY client",
                  DB_ARGS(db_int(since_ms / hour_ms)), e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1)
        stop = fn(arg, db_row_text(row, 0), db_row_int(row, 1));
    return db_finish(row);
}

int incident_events(struct db *db, const char *client, int64_t hour, int64_t *n,
                    struct err *e)
{
    *n = 0;
    return db_select_int(db, "SELECT events FROM rollup WHERE hour = ? AND client = ?",
                         DB_ARGS(db_int(hour), db_text(client)), n, e);
}
