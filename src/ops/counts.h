/* counts: what store/rollup.h has counted, as JSON for `foyer stats`. Prints nothing.
 *
 * A row is {client (null: deliveries that no client was connected for), events, fired,
 * replies, waits, parked, runs: {done, skipped, dead, cancelled}, first_reply: {runs,
 * mean, median, p99, within: [{seconds, runs}, …, {runs}]}}. The times from the webhook
 * to a run's first reply are in seconds; median and p99 are upper bounds, and null above
 * the last one; all three are null without a reply. */
#ifndef FOYER_COUNTS_H
#define FOYER_COUNTS_H

#include <jansson.h>
#include <stdint.h>

#include "ops/choice.h"
#include "base/err.h"

struct db; /* store_db */

/* Returns {since_at, clients: [row of each client, by name], all: row}, of the hours from
 * that of SINCE_MS (Unix milliseconds) on. NULL with E. */
json_t *counts_by_client(struct db *db, const struct choice *clients, int64_t since_ms,
                         struct err *e);
/* Returns {since_at, hours: [row of each hour and client, with `hour_at`]}, by time. */
json_t *counts_by_hour(struct db *db, const struct choice *clients, int64_t since_ms,
                       struct err *e);

#endif
