/* sealing: which key seals the store's values, and how a new key takes over (rekey).
 *
 * A rekey has three steps. The vault writes the old key to a file of its own, then
 * replaces the key file with the new key (vault_renew). Then sealing_renew seals every
 * value again and records the new key's id, in one transaction. Both keys are in files
 * during all of it: a process that is killed anywhere leaves a store that opens, and the
 * next rekey finishes the work.
 *
 * Another process may have only the old key in memory. So every write of a sealed value
 * calls store_row_check_sealed in its transaction. SQLite puts the two transactions in
 * order: a value that was written before the renewal is sealed again, one that comes
 * after it is refused with ERR_CONFLICT. The caller then reads sealing_key, makes the
 * vault use that key (vault_use) and seals again. A process that started between
 * vault_renew and sealing_renew has the new key while the store still wants the old one;
 * it does the same. */
#ifndef FOYER_SEALING_H
#define FOYER_SEALING_H

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"
#include "store/vault.h"

/* Reads the id of the recorded key, "" before the first rekey. */
int sealing_key(struct store *s, char id[VAULT_ID_SIZE], struct err *e);

/* Which value it is. */
struct sealing_place {
    const char *app, *id; /* of a connection, or an app and its mark; NULL for a secret */
    const char *name;     /* "access", "refresh"; "client"; or the secret's name */
    int64_t version;
};

/* Opens OLD, and appends it to NEW, sealed again, unless NEW is NULL. */
typedef int sealing_fn(void *arg, const struct sealing_place *place,
                       const struct store_sealed *old, struct buf *new, struct err *e);

/* A sealing_fn whose ARG is a struct vault: seals with the vault's key. Its error names
 * the connection or the secret. */
int sealing_by_vault(void *arg, const struct sealing_place *place,
                     const struct store_sealed *old, struct buf *new, struct err *e);

struct sealing_count {
    int values; /* all of them */
    int other;  /* of these, sealed with another key than KEY */
};

/* Counts the sealed values, and calls FN (may be NULL) for each of them, with NEW NULL.
 */
int sealing_each(struct store *s, const char *key, sealing_fn *fn, void *arg,
                 struct sealing_count *count, struct err *e);
/* Seals again, by FN, every value that KEY did not seal, and records KEY as the key of
 * the store: all or nothing. */
int sealing_renew(struct store *s, const char *key, sealing_fn *fn, void *arg,
                  struct sealing_count *count, struct err *e);

#endif
