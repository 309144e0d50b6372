/* sealing: which key the store's sealed values are sealed with, and their renewal.
 *
 * A rekey goes: the vault keeps the old key aside, then writes the new one; sealing_renew
 * re-seals every value and records the new key's id, in one transaction. At each moment
 * both keys are in files, so a process killed anywhere leaves a store that opens, and the
 * next rekey finishes. Another process may hold the old key only: every function of the
 * store that writes a sealed value asks store_row_check_sealed in its transaction, so
 * that nothing sealed with the old key comes in behind the renewal (SQLite orders the
 * two: what came before is re-sealed, what comes after is refused with ERR_CONFLICT); its
 * caller then asks sealing_key, makes the vault use that one and seals again. The store
 * of a process that started between the two writes may still want the old key: it asks
 * the same way.
 */
#ifndef FOYER_SEALING_H
#define FOYER_SEALING_H

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"
#include "store/vault.h"

/* Writes the recorded key's id, "" before the first rekey. */
int sealing_key(struct store *s, char id[VAULT_ID_SIZE], struct err *e);

/* Where a sealed value stands. */
struct sealing_place {
    const char *app, *id; /* a connection's; NULL: a secret's */
    const char *name;     /* "access", "refresh"; the secret's */
    int64_t version;
};

/* Opens OLD; seals it into NEW unless that is NULL. */
typedef int sealing_fn(void *arg, const struct sealing_place *place,
                       const struct store_sealed *old, struct buf *new, struct err *e);

/* The one that does it: ARG is a struct vault, whose key seals. Its error names the
 * connection or the secret. */
int sealing_by_vault(void *arg, const struct sealing_place *place,
                     const struct store_sealed *old, struct buf *new, struct err *e);

struct sealing_count {
    int values; /* all */
    int other;  /* sealed with another key than the one asked for */
};

/* Calls FN (may be NULL) for every sealed value, without NEW; counts. */
int sealing_each(struct store *s, const char *key, sealing_fn *fn, void *arg,
                 struct sealing_count *count, struct err *e);
/* Re-seals by FN every value that KEY did not seal, and records KEY: all or nothing. */
int sealing_renew(struct store *s, const char *key, sealing_fn *fn, void *arg,
                  struct sealing_count *count, struct err *e);

#endif
