/* store_secret: the secrets of a workspace and their versions, in the store. It keeps
 * sealed values as they are and cannot open them. Errors as in store/store.h. */
#ifndef FOYER_STORE_SECRET_H
#define FOYER_STORE_SECRET_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct store_secret {
    char *name;
    struct store_sealed value;
    int64_t created_ms; /* of this version */
};

void store_secret_fini(struct store_secret *secret);

/* SECRET's version must be one more than the newest stored one (1 when there is none),
 * else ERR_CONFLICT: somebody else set it meanwhile. created_ms 0 means now. KEEP_OLDER 0
 * removes the versions before; 1 is for rotation, when several are in force. */
int store_secret_put(struct store *s, const struct store_secret *secret, int keep_older,
                     struct err *e);
/* The newest version. ERR_NOT_FOUND names the secret and `foyer secret set`. */
int store_secret_get(struct store *s, const char *name, struct store_secret *out,
                     struct err *e);
/* The newest version's number, 0 when there is none, -1 on error. */
int64_t store_secret_version(struct store *s, const char *name, struct err *e);
typedef int store_secret_fn(void *arg, const struct store_secret *secret);
/* Every version of every secret, by name, newest first. */
int store_secret_each(struct store *s, store_secret_fn *fn, void *arg, struct err *e);
/* VERSION 0: all of them. */
int store_secret_remove(struct store *s, const char *name, int64_t version,
                        struct err *e);

#endif
