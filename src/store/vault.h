/* vault: seals tokens and secrets with a key that lies outside the workspace.
 *
 * The key file is $FOYER_KEY_FILE, else $XDG_CONFIG_HOME/foyer/key, else
 * ~/.config/foyer/key: one line "foyer-key-1 <key id> <base64>", mode 0600. A key that
 * vault_renew replaced lies beside it, in <key file>.<key id>. Values that were sealed
 * with it (after a rekey that was cut off, in a backup, in another workspace of the same
 * user) still open, until a person deletes that file. When a value names a key that the
 * handle does not have, the handle reads both files, so that a process that started
 * before a rekey keeps working.
 *
 * A sealed value is version | key id | place | nonce | ciphertext | tag. Its associated
 * data is "kind|owner|name|version", so that a row copied to another owner does not open.
 * `place` is the start of that data's hash; it only tells a copied row from a damaged
 * one.
 *
 * An error of the key is ERR_SETTINGS, of a sealed value ERR_STORE. vault_close wipes the
 * keys; the caller owns opened values and wipes them by vault_wipe. */
#ifndef FOYER_VAULT_H
#define FOYER_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct vault;

enum { VAULT_ID_SIZE = 17 }; /* a key's id in hexadecimal, with the NUL */

/* Returns the key file's path, a new string; NULL with ERR_SETTINGS when neither
 * FOYER_KEY_FILE nor a home directory is set. */
char *vault_key_path(struct err *e);
/* Creates the key file and its directory (0700). ERR_CONFLICT when the file exists: a key
 * is never replaced here. */
int vault_create(struct err *e);
/* Reads the key. ERR_SETTINGS when it is missing, malformed or readable by other users.
 */
struct vault *vault_open(struct err *e);
void vault_close(struct vault *v); /* NULL is fine */
/* Returns the id, in hexadecimal, of the key that seals. It may be shown. */
const char *vault_key_id(const struct vault *v);
/* Returns the key file's path, with links resolved. */
const char *vault_file(const struct vault *v);
/* Reads the key file again: its key seals from now on. */
int vault_reload(struct vault *v, struct err *e);
/* Makes the key ID seal from now on, the one that the store has recorded. ERR_SETTINGS
 * when no file has it. */
int vault_use(struct vault *v, const char *id, struct err *e);

/* ---- a new key ---- */

/* Locks the renewal of the key against other processes, until vault_unlock or the end of
 * the process. Returns a descriptor, or -1: ERR_CONFLICT when another process has the
 * lock. */
int vault_lock(const struct vault *v, struct err *e);
void vault_unlock(int lock);
/* Makes a new key, which seals from now on. Writes the old key to a file of its own,
 * *KEPT (the caller frees the name), before it replaces the key file. Both are on the
 * disk when it returns. */
int vault_renew(struct vault *v, char **kept, struct err *e);

/* What a value is bound to. KIND is "token" or "secret"; OWNER is a connection's
 * "app/id", or "" for a secret. None may contain a '|'. */
struct vault_place {
    const char *kind, *owner, *name;
    int64_t version;
};

/* Appends the sealed form of DATA to OUT. */
int vault_seal(const struct vault *v, const struct vault_place *place, const void *data,
               size_t len, struct buf *out, struct err *e);
/* Writes the id of the key that SEALED was sealed with, "" when it is not a sealed value.
 */
void vault_sealed_id(const void *sealed, size_t len, char out[VAULT_ID_SIZE]);
/* Appends the plain bytes to OUT. OUT is empty before, as a buffer that grows would leave
 * a copy in freed memory; the caller ends it with vault_wipe. */
int vault_unseal(struct vault *v, const struct vault_place *place, const void *sealed,
                 size_t len, struct buf *out, struct err *e);
/* Wipes a buffer that held a plain value, and frees it. */
void vault_wipe(struct buf *b);

#endif
