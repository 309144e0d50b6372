/* trace: finds, for `foyer trace`, the deliveries and runs of a conversation, an event, a
 * run or an address. Prints nothing. */
#ifndef FOYER_TRACE_H
#define FOYER_TRACE_H

#include <jansson.h>
#include <stddef.h>

#include "ops/report.h"
#include "base/err.h"

/* Called while stored texts are searched: DONE of ALL. The last call has DONE == ALL. */
typedef void trace_progress_fn(size_t done, size_t all);

/* Returns {what, client?, deliveries, runs, more}: trees of ops/report.h, oldest first,
 * runs that stand below a delivery there alone; `more`: there are older ones. CLIENT may
 * be NULL, except for an address. PROGRESS may be NULL. NULL with E; ERR_NOT_FOUND says
 * what to check. */
json_t *trace_find(struct report *r, const char *what, const char *client,
                   trace_progress_fn *progress, struct err *e);

#endif
