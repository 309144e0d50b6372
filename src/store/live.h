/* live: what the processes of a workspace share for the moment, in state/live.db: claims,
 * the companies' budgets (store/budget.h), and when secrets were used
 * (store/secret_usage.h).
 *
 * It owns the file, its schema and its repair. The file may be deleted at any time, also
 * under running processes: they notice and make a new one; what is lost is who held which
 * claim, the count of the current minute and the days of use. Nothing durable belongs
 * here. The file is opened at the first use. A handle belongs to one thread and is not
 * used after fork. Errors as in io/db.h. */
#ifndef FOYER_LIVE_H
#define FOYER_LIVE_H

#include <stdint.h>

#include "base/err.h"
#include "store/presence.h"

struct db;
struct live;

struct live *live_new(const char *workspace_dir); /* touches no file yet */
void live_free(struct live *live);                /* releases no claim; NULL is fine */

/* ---- claims: one living process at a time does the thing NAME ---- */

struct live_claim {
    int64_t epoch; /* grows with each holder; what live_release wants */
    int64_t since_ms;
    char holder[PRESENCE_ID_SIZE]; /* who holds it: the caller, or another one */
};

/* Claims NAME ("refresh/front/cmp_1a2b") for OWNER, a presence's id. 1: got it, in one
 * transaction; a dead owner's claim is taken over. 0: a living owner holds it: OUT says
 * who; come back in a while (50 ms costs nothing). It may be the caller itself: a claim
 * does not nest. -1: error. No lock is held when it returns, so the claim may outlive an
 * HTTP call.
 *
 * What the claim protects may have been done while one waited: look again after getting
 * it. */
int live_claim(struct live *live, const char *name, const char *owner, int64_t now_ms,
               struct live_claim *out, struct err *e);
/* Gives the claim back. One that was taken over meanwhile is left alone. */
int live_release(struct live *live, const char *name, int64_t epoch, struct err *e);

/* ---- for src/store/budget.c and usage.c ---- */

/* The open database, or NULL with E; borrowed until the next call of live. */
struct db *live_db(struct live *live, struct err *e);
/* db_transaction over it. FN may run twice: a damaged file is replaced in between. */
int live_write(struct live *live, int (*fn)(struct db *db, void *arg, struct err *e),
               void *arg, struct err *e);

#endif
