/* store_secret: the secrets of a workspace, each with its versions. It keeps sealed
 * values as they are and cannot open them. Errors as in store/store.h. */
#ifndef FOYER_STORE_SECRET_H
#define FOYER_STORE_SECRET_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct store_secret { /* one that store_secret_get read owns its strings */
    char *name;
    struct store_sealed value;
    int64_t created_ms; /* of this version */
};

void store_secret_fini(struct store_secret *secret);

/* Stores a new version. ERR_CONFLICT when SECRET's version is not one more than the
 * newest stored one (0 when there is none): another process set the secret meanwhile.
 * created_ms 0 means now. KEEP_OLDER 0 removes the older versions; 1 keeps them, for a
 * rotation in which several are valid. */
int store_secret_put(struct store *s, const struct store_secret *secret, int keep_older,
                     struct err *e);
/* Fills OUT with the newest version. ERR_NOT_FOUND names the secret and `foyer secret
 * set`. */
int store_secret_get(struct store *s, const char *name, struct store_secret *out,
                     struct err *e);
/* Returns the newest version's number, 0 when there is none, -1 on error. */
int64_t store_secret_version(struct store *s, const char *name, struct err *e);
/* Calls FN with each version of each secret, by name and from the newest version on,
 * until FN returns non-zero. SECRET is borrowed until FN returns. */
typedef int store_secret_fn(void *arg, const struct store_secret *secret);
int store_secret_each(struct store *s, store_secret_fn *fn, void *arg, struct err *e);
/* Removes VERSION, or all versions with 0. */
int store_secret_remove(struct store *s, const char *name, int64_t version,
                        struct err *e);

#endif
