/* live: what the running processes of a workspace share now, in state/live.db: claims,
 * the companies' budgets (store/budget.h), and the days on which secrets were used
 * (store/secret_usage.h).
 *
 * It owns the file, its schema and its repair. The file may be deleted at any time, also
 * under running processes: they notice it and make a new one. Then the claims, the count
 * of the current minute and the days of use are lost, so nothing durable belongs here.
 * The file is opened at the first use. A handle belongs to one thread and is not used
 * after fork. Errors as in io/db.h. */
#ifndef FOYER_LIVE_H
#define FOYER_LIVE_H

#include <stdint.h>

#include "base/err.h"
#include "store/presence.h"

struct db;
struct live;

struct live *live_new(const char *workspace_dir); /* touches no file yet */
void live_free(struct live *live);                /* releases no claim; NULL is fine */

/* ---- claims: one living process at a time does what NAME stands for ---- */

struct live_claim {
    int64_t epoch; /* grows with each holder; for live_release */
    int64_t since_ms;
    char holder[PRESENCE_ID_SIZE]; /* the presence that has the claim */
};

/* Claims NAME ("refresh/front/cmp_1a2b") for OWNER, a presence's id. Returns 1 when OWNER
 * has the claim now; a dead owner's claim is taken over. Returns 0 when a living process
 * has it, named by OUT; ask again later, every 50 ms is cheap. That process may be the
 * caller itself: claims do not nest. Returns -1 on error. No lock is kept when it
 * returns, so that a claim may outlast an HTTP call.
 *
 * The former holder may have done what the claim protects: check that after getting it.
 */
int live_claim(struct live *live, const char *name, const char *owner, int64_t now_ms,
               struct live_claim *out, struct err *e);
/* Releases the claim. Does nothing when another process has taken it over. */
int live_release(struct live *live, const char *name, int64_t epoch, struct err *e);

/* ---- for store/budget.c and store/secret_usage.c ---- */

/* Returns the open database, borrowed until the next call of live; NULL with E. */
struct db *live_db(struct live *live, struct err *e);
/* Runs FN in a transaction (db_transaction). FN runs a second time when the file was
 * damaged and has been replaced. */
int live_write(struct live *live, int (*fn)(struct db *db, void *arg, struct err *e),
               void *arg, struct err *e);

#endif
