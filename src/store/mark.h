/* mark: how far an app was looked at for what it does not send, in state/foyer.db: the
 * items of a trigger's `poll` for one client, and the events of one company.
 *
 * It owns the table mark. A mark is moved in the transaction that stores what was found.
 * One process at a time looks: it claims the mark, and each claim has another epoch; a
 * move under an older one is refused. Functions that write take the writer's handle
 * inside a transaction; one that only reads takes any handle. Times are Unix
 * milliseconds. Errors as in io/db.h. What a callback gets is borrowed until it returns;
 * one that returns non-zero ends the walk. */
#ifndef FOYER_MARK_H
#define FOYER_MARK_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

struct mark_key {
    const char *kind;  /* MARK_POLL, MARK_HEAL */
    const char *app;   /* "front" */
    const char *whose; /* poll: the client; heal: the company's id */
    const char *name;  /* poll: the trigger; heal: "" */
};
#define MARK_POLL "poll"
#define MARK_HEAL "heal"

struct mark {
    struct mark_key key;
    int64_t at_ms;     /* what changed up to then was found */
    int64_t began_ms;  /* where it was first set */
    int64_t looked_ms; /* when a look last ended; 0: none has */
    int64_t found;     /* poll: activations; heal: webhooks that were missed, in all */
    const char *known; /* JSON: items that the last look saw; NULL: none */
    const char *error; /* why the last look failed; NULL: it did not */
    const char *owner; /* the presence that has claimed it; NULL: none */
    int64_t epoch;
};

typedef int mark_fn(void *arg, const struct mark *m);
/* Calls FN for KEY's mark, if there is one. */
int mark_read(struct db *db, const struct mark_key *key, mark_fn *fn, void *arg,
              struct err *e);
/* Calls FN for all marks, by kind, app, owner and name. */
int mark_each(struct db *db, mark_fn *fn, void *arg, struct err *e);

/* Adds a mark without a claim, at AT_MS, where it also began. KNOWN may be NULL. Returns
 * 1, or 0 when there is one. */
int mark_add(struct db *db, const struct mark_key *key, int64_t at_ms, const char *known,
             struct err *e);
/* Claims it for OWNER. Returns the new epoch, or 0 when it is no longer as M, read
 * before, says. */
int64_t mark_claim(struct db *db, const struct mark *m, const char *owner, struct err *e);
/* Moves it forward to AT_MS (never back), and adds FOUND. ERR_CONFLICT when EPOCH is not
 * its epoch. */
int mark_move(struct db *db, const struct mark_key *key, int64_t epoch, int64_t at_ms,
              int64_t found, struct err *e);
/* Ends the claim: a look ended at NOW_MS. KNOWN and ERROR may be NULL; KNOWN NULL leaves
 * what was known. Does nothing when EPOCH is not its epoch. */
int mark_end(struct db *db, const struct mark_key *key, int64_t epoch, const char *known,
             const char *error, int64_t now_ms, struct err *e);

#endif
