/* activity: what each client heard and said last, read from deliveries, replies, runs and
 * the counts of store/rollup.h. It changes nothing. Times are Unix milliseconds, 0: none
 * that is remembered. Errors as in io/db.h. */
#ifndef FOYER_ACTIVITY_H
#define FOYER_ACTIVITY_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

struct activity {
    const char *client;             /* borrowed until the callback returns */
    int64_t events, fired, replies; /* ever counted */
    int64_t event_ms; /* the last one; to the hour when retention removed it; of a client
                         that is disconnected the last one that fired */
    int64_t reply_ms; /* the same; replies are remembered for some hours only */
    int64_t parked, held; /* runs in these states now */
    int64_t undelivered;  /* other runs than these: their customer has no message */
};
typedef int activity_fn(void *arg, const struct activity *a);
/* Calls FN for each client that had an event or has a run that waits for a person, by
 * name, until FN returns non-zero. Counts are as new as the last rollup_sweep. */
int activity_each(struct db *db, activity_fn *fn, void *arg, struct err *e);

/* Calls FN with what the next rollup_sweep will add to that: the last event, and the last
 * reply, of clients that had one just now; 0: none. It reads the newest ten thousand
 * deliveries at most. */
typedef void activity_fresh_fn(void *arg, const char *client, int64_t event_ms,
                               int64_t reply_ms);
int activity_fresh(struct db *db, activity_fresh_fn *fn, void *arg, struct err *e);

struct activity_heard { /* the newest webhook of each way */
    int64_t company_ms; /* by the app's address, of a company that the client has */
    int64_t own_ms;     /* by the client's own address */
};
/* Reads what came for CLIENT of APP. Looks through the deliveries that are kept. */
int activity_heard(struct db *db, const char *client, const char *app,
                   struct activity_heard *out, struct err *e);

#endif
