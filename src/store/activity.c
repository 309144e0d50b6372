#include "store/activity.h"

#include <stdlib.h>

#include "base/str.h"
#include "io/db.h"
#include "store/ledger.h"
#include "store/state_sql.h"
#include "store/store_row.h"

static const int64_t hour_ms = 60 * 60 * 1000;

/* Makes the hour that began at *AT_MS exact, when a delivery of it is still there. Those
 * of a company that the client is not connected to any more are its own where its
 * triggers fired. */
static int last_event(struct db *db, const char *client, int64_t *at_ms, struct err *e)
{
    int64_t from, to, exact = 0;
    if (store_row_border(db, "delivery", "at_ms", *at_ms, &from, e) != 0 ||
        store_row_border(db, "delivery", "at_ms", *at_ms + hour_ms, &to, e) != 0)
        return -1;
    if (db_select_int(
            db,
            "SELECT max(at_ms) FROM delivery WHERE id >= ?2 AND id < ?3 AND (client = ?1"
            " OR (client IS NULL AND (app, company) IN (SELECT app, id"
            " FROM client_connection WHERE client = ?1))"
            " OR (NOT EXISTS (SELECT 1 FROM client_connection WHERE client = ?1)"
            " AND EXISTS (SELECT 1 FROM activation a WHERE a.delivery = delivery.id"
            " AND a.client = ?1)))",
            DB_ARGS(db_text(client), db_int(from), db_int(to)), &exact, e) != 0)
        return -1;
    if (exact > 0)
        *at_ms = exact;
    return 0;
}

static int last_reply(struct db *db, const char *client, int64_t *at_ms, struct err *e)
{
    int64_t exact = 0;
    if (db_select_int(db, "SELECT max(at_ms) FROM reply WHERE client = ?",
                      DB_ARGS(db_text(client)), &exact, e) != 0)
        return -1;
    if (exact > *at_ms)
        *at_ms = exact;
    return 0;
}

static int count_runs(struct db *db, struct activity *a, struct err *e)
{
    static const char sql[] =
        "SELECT count(*) FROM run WHERE state = ? AND state < " SQL_DONE
        " AND client = ?";
    if (db_select_int(db, sql, DB_ARGS(db_int(LEDGER_PARKED), db_text(a->client)),
                      &a->parked, e) != 0)
        return -1;
    if (db_select_int(db, sql, DB_ARGS(db_int(LEDGER_HELD), db_text(a->client)), &a->held,
                      e) != 0)
        return -1;
    return db_select_int(
        db,
        "SELECT count(*) FROM run WHERE undelivered IS NOT NULL"
        " AND client = ?1 AND +state NOT IN (?2, ?3)",
        DB_ARGS(db_text(a->client), db_int(LEDGER_PARKED), db_int(LEDGER_HELD)),
        &a->undelivered, e);
}

int activity_each(struct db *db, activity_fn *fn, void *arg, struct err *e)
{
    struct db_row *row =
        db_select(db,
                  "SELECT client, sum(CASE WHEN hour < 0 THEN events ELSE 0 END),"
                  " sum(CASE WHEN hour < 0 THEN fired ELSE 0 END),"
                  " sum(CASE WHEN hour < 0 THEN replies ELSE 0 END),"
                  " max(CASE WHEN events > 0 AND hour >= 0 THEN hour ELSE 0 END),"
                  " max(CASE WHEN replies > 0 AND hour >= 0 THEN hour ELSE 0 END)"
                  " FROM (SELECT client, hour, events, fired, replies FROM rollup WHERE "
                  "client <> ''"
                  "  UNION ALL SELECT DISTINCT client, -1, 0, 0, 0 FROM run"
                  "  WHERE state < " SQL_DONE
                  "  UNION ALL SELECT DISTINCT client, -1, 0, 0, 0 FROM run"
                  "  WHERE undelivered IS NOT NULL) GROUP BY client ORDER BY client",
                  DB_NONE, e);
    int rc = 0, stop = 0;
    while (rc == 0 && !stop && db_step(row, e) == 1) {
        struct activity a = {.client = db_row_text(row, 0),
                             .events = db_row_int(row, 1),
                             .fired = db_row_int(row, 2),
                             .replies = db_row_int(row, 3),
                             .event_ms = db_row_int(row, 4) * hour_ms,
                             .reply_ms = db_row_int(row, 5) * hour_ms};
        if (a.event_ms)
            rc = last_event(db, a.client, &a.event_ms, e);
        if (rc == 0)
            rc = last_reply(db, a.client, &a.reply_ms, e);
        if (rc == 0)
            rc = count_runs(db, &a, e);
        if (rc == 0)
            stop = fn(arg, &a);
    }
    int finished = db_finish(row);
    return rc != 0 ? -1 : finished;
}

int activity_fresh(struct db *db, activity_fresh_fn *fn, void *arg, struct err *e)
{
    struct db_row *row = db_select(
        db,
        "SELECT client, max(event), max(reply) FROM"
        " (SELECT coalesce(d.client, l.client) AS client, d.at_ms AS event, 0 AS reply"
        "  FROM delivery d LEFT JOIN client_connection l"
        "   ON d.client IS NULL AND l.app = d.app AND l.id = d.company"
        "  WHERE d.id > max((SELECT delivery FROM rollup_mark),"
        "   (SELECT max(id) FROM delivery) - 10000) AND d.state <> ?"
        "  UNION ALL SELECT client, 0, max(at_ms) FROM reply GROUP BY client)"
        " WHERE client IS NOT NULL GROUP BY client",
        DB_ARGS(db_int(DELIVERY_STALE)), e);
    while (db_step(row, e) == 1)
        fn(arg, db_row_text(row, 0), db_row_int(row, 1), db_row_int(row, 2));
    return db_finish(row);
}

int activity_heard(struct db *db, const char *client, const char *app,
                   struct activity_heard *out, struct err *e)
{
    *out = (struct activity_heard){0};
    struct db_row *row = db_select(
        db,
        "SELECT max(CASE WHEN client IS NULL THEN at_ms END),"
        " max(CASE WHEN client IS NOT NULL THEN at_ms END) FROM delivery"
        " WHERE app = ?2 AND scheme NOT IN ('heal', 'sweep') AND (client = ?1 OR"
        " (client IS NULL AND company = (SELECT id FROM client_connection"
        "  WHERE client = ?1 AND app = ?2)))",
        DB_ARGS(db_text(client), db_text(app)), e);
    if (db_step(row, e) == 1)
        *out = (struct activity_heard){db_row_int(row, 0), db_row_int(row, 1)};
    return db_finish(row);
}
