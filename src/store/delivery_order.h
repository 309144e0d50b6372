/* delivery_order: deliveries of one conversation become activations in the order of their
 * commit.
 *
 * It reads and puts off rows of the table delivery, whose owner is store/inbox.h, inside
 * the transaction that claims them. Times are Unix milliseconds. */
#ifndef FOYER_DELIVERY_ORDER_H
#define FOYER_DELIVERY_ORDER_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

enum {
    DELIVERY_ORDER_WAIT_MS = 15 * 60 * 1000
}; /* an older one is waited for no longer than this after it came */

/* 1: the waiting delivery ID may start; 0: an older one of its APP's CONVERSATION is not
 * through. When that one is to be tried again later, ID is put off until then; when it is
 * with a worker, ID is left as it is. CONVERSATION NULL: always 1. */
int delivery_order_has_come(struct db *db, int64_t id, const char *app,
                            const char *conversation, int64_t now_ms, struct err *e);

#endif
