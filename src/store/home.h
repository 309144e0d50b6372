/* home: whether the store is where it lives, or a copy of it.
 *
 * The table home names the machine and the file state/foyer.db: its inode and its time of
 * birth. When one of them is another one, the file was copied to another machine or
 * directory, or was restored. Then the original may still be at work, so that a copy
 * sends no write and refreshes no token, until home_promote. SQLite's checkpoints and
 * VACUUM keep the file's inode, so that they make no copy of it; neither does a rename.
 *
 * What the store had when it was found to be a copy is left alone: its runs that are not
 * over and its deliveries that wait are the original's until home_promote.
 * Times are Unix milliseconds. Errors as in io/db.h. */
#ifndef FOYER_HOME_H
#define FOYER_HOME_H

#include <stdint.h>

#include "base/crypto.h"
#include "base/err.h"

struct db; /* store_db */

struct home_place {
    char machine[2 * CRYPTO_SHA256_SIZE + 1]; /* a hash of its id; "": it has none */
    int64_t inode;
    int64_t born_ms; /* 0: the file system does not say */
};
/* Returns 1 when A and B are one place. A birth that one of them lacks is not compared.
 */
int home_is_same(const struct home_place *a, const struct home_place *b);

/* Compares the row with PATH, the file of DB, and records what it finds. *IS_COPY is 1
 * for a copy. A store without a row lives here. Writes only when something has changed.
 */
int home_open(struct db *db, const char *path, int *is_copy, struct err *e);

/* Makes the store live nowhere, so that it is a copy wherever it is opened next. */
int home_leave(struct db *db, struct err *e);

struct home_promoted {
    int64_t runs, deliveries; /* left alone until now: they go on, or were stopped */
    int64_t dry;              /* runs that are over and were tried dry here */
    int64_t copied_ms;        /* when it was found to be a copy; 0: it was none */
};
/* Lets the store of DB live at PATH. IS_MOVED 1: the original has ended before the copy
 * was made, so that all goes on where it stopped. Otherwise the original may have gone on
 * since: what it had in flight is not done again by itself. Its runs are parked, its
 * deliveries end as dead, and events that apps have had since are not asked for. */
int home_promote(struct db *db, const char *path, int is_moved, int64_t now_ms,
                 struct home_promoted *out, struct err *e);

/* For SQL: the last run and the last delivery that are left alone; 0: none. */
#define HOME_LAST_RUN      "(SELECT coalesce(max(run), 0) FROM home)"
#define HOME_LAST_DELIVERY "(SELECT coalesce(max(delivery), 0) FROM home)"

#endif
