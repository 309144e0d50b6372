/* delivery_order: deliveries of one conversation are handled in the order in which they
 * were committed.
 *
 * It reads and postpones rows of the table delivery, which store/inbox.h owns, inside the
 * transaction that claims them. Times are Unix milliseconds. */
#ifndef FOYER_DELIVERY_ORDER_H
#define FOYER_DELIVERY_ORDER_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

enum {
    DELIVERY_ORDER_WAIT_MS = 15 * 60 * 1000
}; /* a delivery that is older than this holds up no other */

/* Returns 1 when the waiting delivery ID may start, 0 when an older delivery of APP's
 * CONVERSATION has not ended, -1 on error. When the older one is to be tried again later,
 * ID becomes due at that time; when the older one is due, or a worker has it, ID stays as
 * it is. CONVERSATION NULL: always 1. */
int delivery_order_has_come(struct db *db, int64_t id, const char *app,
                            const char *conversation, int64_t now_ms, struct err *e);

#endif
