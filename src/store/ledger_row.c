#include "store/ledger_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int read_head(void *arg, const struct db_row *row)
{
    struct ledger_head *head = arg;
    *head = (struct ledger_head){
        .id = db_row_int(row, 0),
        .client = xstrdup_null(db_row_text(row, 1)),
        .recipe = xstrdup_null(db_row_text(row, 2)),
        .place = xstrdup_null(db_row_text(row, 3)),
        .state = (enum ledger_state)db_row_int(row, 4),
        .epoch = db_row_int(row, 5),
        .since = db_row_int(row, 6),
        .attempts = (int)db_row_int(row, 7),
        .failures = (int)db_row_int(row, 8),
    };
    return 1;
}

int ledger_head_read(struct db *db, int64_t id, struct ledger_head *head, struct err *e)
{
    *head = (struct ledger_head){0};
    if (db_query(db,
                 "SELECT id, client, recipe, place, state, epoch, since, attempts,"
                 " failures FROM run WHERE id = ?",
                 DB_ARGS(db_int(id)), read_head, head, e) != 0)
        return -1;
    if (!head->client)
        return err_set(e, ERR_NOT_FOUND, "cannot find run %lld: there is no such run",
                       (long long)id);
    return 0;
}

void ledger_head_fini(struct ledger_head *head)
{
    free(head->client);
    free(head->recipe);
    free(head->place);
    *head = (struct ledger_head){0};
}

int ledger_row_note(struct db *db, int64_t run, int64_t at_ms, const char *what,
                    const char *text, struct err *e)
{
    return db_change(db,
                     "INSERT INTO history (run, n, at_ms, what, text) VALUES (?1,"
                     " coalesce((SELECT max(n) FROM history WHERE run = ?1), 0) + 1,"
                     " ?2, ?3, ?4)",
                     DB_ARGS(db_int(run), db_int(at_ms), db_text(what), db_text(text)),
                     NULL, e);
}

int ledger_row_advance(struct db *db, const char *place, struct err *e)
{
    if (!place)
        return 0;
    return db_change(
        db,
        "UPDATE run SET behind = 0 WHERE id = (SELECT id FROM run WHERE place = ?1"
        " AND behind = 1 AND " LEDGER_IN_PLACE " ORDER BY id LIMIT 1)"
        " AND NOT EXISTS (SELECT 1 FROM run WHERE place = ?1 AND behind = 0"
        " AND " LEDGER_IN_PLACE " AND state = 0 AND attempts = 0)",
        DB_ARGS(db_text(place)), NULL, e);
}

int ledger_row_end_step(struct db *db, int64_t run, int64_t seq, const void *result,
                        size_t len, struct err *e)
{
    return db_change(
        db, "UPDATE step SET result = ?, flags = flags | 1 WHERE run = ? AND seq = ?",
        DB_ARGS(db_blob(result, len), db_int(run), db_int(seq)), NULL, e);
}

int ledger_row_drop_steps(struct db *db, int64_t run, int64_t seq, struct err *e)
{
    return db_change(db, "DELETE FROM step WHERE run = ? AND seq >= ?",
                     DB_ARGS(db_int(run), db_int(seq)), NULL, e);
}
