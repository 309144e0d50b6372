/* backup: a copy of the whole store in one file, and the way back. Errors as in io/db.h;
 * ERR_USAGE for a file or directory that is not fit. */
#ifndef FOYER_BACKUP_H
#define FOYER_BACKUP_H

#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

struct backup {
    char *file; /* the new copy's path; owned */
    int64_t bytes;
    int removed; /* older copies that were more than is kept */
};
/* Copies what DB holds into DIR, which is made when it is missing, as
 * foyer-20261130T235959Z.db (UTC), while other processes write. The copy is on the disk
 * and was checked when this returns. Then removes the oldest copies with such names until
 * KEEP are left; 0: none. A failure leaves DIR as it was. */
int backup_make(struct db *db, const char *dir, int keep, int64_t now_ms,
                struct backup *out, struct err *e);
void backup_fini(struct backup *b);

/* Puts a copy of FILE in the place of the store, which becomes *REPLACED beside it (NULL:
 * there was none; a new string). The store is a copy from then on (store/home.h).
 * ERR_UNAVAILABLE while another process works with the store; ERR_STORE when FILE is
 * damaged, no store, or of a newer foyer. A failure leaves the store as it was. */
int backup_restore(const char *workspace_dir, const char *file, int64_t now_ms,
                   char **replaced, struct err *e);

#endif
