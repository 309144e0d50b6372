#include "store/delivery_order.h"

#include "io/db.h"
#include "store/state_sql.h"

int delivery_order_has_come(struct db *db, int64_t id, const char *app,
                            const char *conversation, int64_t now_ms, struct err *e)
{
    int64_t due_ms = 0;
    if (!conversation)
        return 1;
    /* a conversation's id belongs to one company, but not to one app */
    struct db_row *row = db_select(
        db,
        "SELECT due_ms FROM delivery"
        " WHERE state = " SQL_DELIVERY_WAITING " AND conversation = ? AND id < ?"
        " AND app = ? AND at_ms > ? ORDER BY id LIMIT 1",
        DB_ARGS(db_text(conversation), db_int(id), db_text(app),
                db_int(now_ms - DELIVERY_ORDER_WAIT_MS)),
        e);
    int has_older = db_step(row, e) == 1;
    if (has_older)
        due_ms = db_row_int(row, 0);
    if (db_finish(row) != 0)
        return -1;
    if (!has_older)
        return 1;
    if (due_ms <= now_ms) /* it is due, or a worker has it */
        return 0;
    return db_change(db, "UPDATE delivery SET due_ms = ? WHERE id = ?",
                     DB_ARGS(db_int(due_ms), db_int(id)), NULL, e);
}
