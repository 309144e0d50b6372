#include "store/delivery_order.h"

#include "io/db.h"
#include "store/inbox.h"

_Static_assert(DELIVERY_WAITING == 0, "the index delivery_in_conversation says so");

struct older {
    int found, is_held;
    int64_t due_ms;
};

static int read_older(void *arg, const struct db_row *row)
{
    *(struct older *)arg = (struct older){1, (int)db_row_int(row, 0), db_row_int(row, 1)};
    return 1;
}

int delivery_order_has_come(struct db *db, int64_t id, const char *app,
                            const char *conversation, int64_t now_ms, struct err *e)
{
    struct older older = {0};
    if (!conversation)
        return 1;
    /* a conversation's id belongs to one company, but not to one app */
    if (db_query(db,
                 "SELECT owner IS NOT NULL, due_ms FROM delivery "
                 "WHERE state = 0 AND conversation = ? AND id < ? AND app = ? "
                 "AND at_ms > ? ORDER BY id LIMIT 1",
                 DB_ARGS(db_text(conversation), db_int(id), db_text(app),
                         db_int(now_ms - DELIVERY_ORDER_WAIT_MS)),
                 read_older, &older, e) != 0)
        return -1;
    if (!older.found)
        return 1;
    if (older.is_held || older.due_ms <= now_ms)
        return 0;
    return db_change(db, "UPDATE delivery SET due_ms = ? WHERE id = ?",
                     DB_ARGS(db_int(older.due_ms), db_int(id)), NULL, e);
}
