/* delivery_control: processes stored deliveries again, as `foyer events replay` asks.
 * Prints nothing: rows of JSON go in and out. */
#ifndef FOYER_DELIVERY_CONTROL_H
#define FOYER_DELIVERY_CONTROL_H

#include <jansson.h>

#include "ops/report.h"
#include "ops/selection.h"
#include "base/err.h"

/* Returns a new array with a row of ops/report.h for each delivery of WHICH, with `hint`
 * where no client is connected to its company. When WHICH names no ids, deliveries that
 * wait for a worker, and those of channels, which were answered at once, are left out.
 * NULL with E. */
json_t *delivery_control_select(struct report *r, const struct selection *which,
                                struct err *e);
/* Makes the deliveries of ROWS wait for a worker again, in one transaction. No activation
 * fires twice by that. Each row gets `now` or `error`; *FAILED becomes the kind of the
 * first error, or ERR_NONE. Returns -1 with E, and changes nothing, when the store fails.
 */
int delivery_control_replay(struct report *r, json_t *rows, enum err_kind *failed,
                            struct err *e);

#endif
