#include "store/ledger_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int ledger_head_read(struct db *db, int64_t id, struct ledger_head *head, struct err *e)
{
    *head = (struct ledger_head){0};
    struct db_row *row =
        db_select(db,
                  "SELECT id, client, recipe, place, state, epoch, since, attempts,"
                  " failures FROM run WHERE id = ?",
                  DB_ARGS(db_int(id)), e);
    if (db_step(row, e) == 1)
        *head = (struct ledger_head){
            .id = db_row_int(row, 0),
            .client = xstrdup_null(db_row_text(row, 1)),
            .recipe = xstrdup_null(db_row_text(row, 2)),
            .order_key = xstrdup_null(db_row_text(row, 3)),
            .state = (enum ledger_state)db_row_int(row, 4),
            .epoch = db_row_int(row, 5),
            .since = db_row_int(row, 6),
            .attempts = (int)db_row_int(row, 7),
            .failures = (int)db_row_int(row, 8),
        };
    if (db_finish(row) != 0)
        return -1;
    return head->client ? 0 : ledger_row_missing(id, e);
}

int ledger_row_missing(int64_t id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "cannot find run %lld: there is no such run",
                   (long long)id);
}

void ledger_head_fini(struct ledger_head *head)
{
    free(head->client);
    free(head->recipe);
    free(head->order_key);
    *head = (struct ledger_head){0};
}

int ledger_row_line(struct db *db, int64_t run, int64_t at_ms, const char *what,
                    const char *text, int flags, struct err *e)
{
    return db_change(
        db,
        "INSERT INTO entry (id, at_ms, kind, name, flags) VALUES (coalesce((SELECT"
        " max(id) FROM entry WHERE id > ?1 AND id < ?2), ?1) + 1, ?3, ?4, ?5, ?6)",
        DB_ARGS(ledger_line_id(run, 0), ledger_item_id(run, 0), db_int(at_ms),
                db_text(what), db_text(text), db_int(flags)),
        NULL, e);
}

int ledger_row_note(struct db *db, int64_t run, int64_t at_ms, const char *what,
                    const char *text, struct err *e)
{
    return ledger_row_line(db, run, at_ms, what, text, 0, e);
}

int ledger_row_advance(struct db *db, const char *order_key, struct err *e)
{
    if (!order_key)
        return 0;
    return db_change(
        db,
        "UPDATE run SET behind = 0 WHERE id = (SELECT id FROM run WHERE place = ?1"
        " AND behind = 1 AND " LEDGER_IN_ORDER " ORDER BY id LIMIT 1)"
        " AND NOT EXISTS (SELECT 1 FROM run WHERE place = ?1 AND behind = 0"
        " AND " LEDGER_IN_ORDER " AND state = " SQL_QUEUED " AND attempts = 0)",
        DB_ARGS(db_text(order_key)), NULL, e);
}

int ledger_row_end_step(struct db *db, int64_t run, int64_t seq, const void *result,
                        size_t len, struct err *e)
{
    return db_change(
        db, "UPDATE entry SET result = ?, flags = flags | ? WHERE id = ?",
        DB_ARGS(db_blob(result, len), db_int(STEP_IS_DONE), ledger_step_id(run, seq)),
        NULL, e);
}

int ledger_row_drop_steps(struct db *db, int64_t run, int64_t seq, struct err *e)
{
    return db_change(db, "DELETE FROM entry WHERE id >= ? AND id < ?",
                     DB_ARGS(ledger_step_id(run, seq), ledger_line_id(run, 0)), NULL, e);
}
