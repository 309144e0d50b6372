/* erasure: takes a person out of what a client's store holds. Prints nothing. */
#ifndef FOYER_ERASURE_H
#define FOYER_ERASURE_H

#include <jansson.h>

#include "ops/report.h"
#include "base/err.h"

struct erasure { /* texts are borrowed */
    char *const *clients;
    size_t nclients; /* at least 1 */
    const char *address;
    int dry_run; /* 1: only finds */
    int cancel;  /* 1: cancels runs that are not over */
    int copies;  /* 1: removes the copies of the store that upgrades left */
    /* Called once when a run that is being worked on is waited for. May be NULL. */
    void (*waiting)(void *arg, int runs);
    void *arg;
};

/* Finds and erases. Returns {dry_run, log_lines, clients: [{client, found:
 * {conversations, deliveries, ...}, open: [{run, recipe, state, write?, written_at?}],
 * error?}], failed?, left: [{table, rows}], copies: [{path, removed}]}. `open` are the
 * runs that were, or have to be, cancelled; `left` has what still contains the address,
 * of other clients too.
 *
 * ERR_CONFLICT, and nothing of the client is changed, when runs are not over and `cancel`
 * is 0, or when a run is still being worked on after half a minute. Of several clients
 * such a one has `error`, E has the last one's, and the others are done. NULL with E. */
json_t *erasure_forget(struct report *r, const struct erasure *how, struct err *e);
/* Lists the copies of the store that upgrades left, as `copies` above, and with REMOVE 1
 * removes them. A new array. */
json_t *erasure_copies(const char *workspace_dir, int remove);

#endif
