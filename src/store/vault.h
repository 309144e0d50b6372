/* vault: seals tokens and secrets with the key that lies outside the workspace.
 *
 * The key file is $FOYER_KEY_FILE, else $XDG_CONFIG_HOME/foyer/key, else
 * ~/.config/foyer/key: one line "foyer-key-1 <key id> <base64>", mode 0600. A key that
 * vault_renew replaced lies beside it, in <key file>.<key id>: values that were sealed
 * with it (a rekey that was cut off, a backup, another workspace of the same user) still
 * open, until a person deletes that file. A handle looks for a key it does not hold in
 * both places when it meets the key's id, so that a process that started before a rekey
 * goes on.
 *
 * A sealed value is version | key id | place | nonce | ciphertext | tag; its associated
 * data is "kind|owner|name|version", so that a row copied to another owner does not open.
 * `place` is the start of that data's hash, kept only to tell a copied row from a damaged
 * one. Trouble with the key is ERR_SETTINGS, with a sealed value ERR_STORE. Keys are
 * wiped when the vault is closed; opened values are the caller's, to be wiped by
 * vault_wipe. */
#ifndef FOYER_VAULT_H
#define FOYER_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct vault;

enum { VAULT_ID_SIZE = 17 }; /* a key's id in hexadecimal, with the NUL */

/* Where the key file is, as a new string; NULL when neither it nor a home is known. */
char *vault_key_path(struct err *e);
/* Makes the key file and its directory (0700). ERR_CONFLICT when there is one: an
 * existing key is never replaced. */
int vault_create(struct err *e);
/* Reads the key; refuses one that is missing, malformed or readable by others. */
struct vault *vault_open(struct err *e);
void vault_close(struct vault *v); /* NULL is fine */
/* The id, in hexadecimal, of the key that seals: safe to show. */
const char *vault_key_id(const struct vault *v);
const char *vault_file(const struct vault *v);
/* Reads the key file again; its key seals from now on. */
int vault_reload(struct vault *v, struct err *e);
/* From now on the key ID seals: the one that the store asks for. ERR_SETTINGS when it is
 * in no file. */
int vault_use(struct vault *v, const char *id, struct err *e);

/* ---- a new key ---- */

/* Keeps others from a new key until vault_unlock or the end of the process, however that
 * comes. ERR_CONFLICT when another process has it. Returns a descriptor or -1. */
int vault_lock(const struct vault *v, struct err *e);
void vault_unlock(int lock);
/* Makes a new key, which seals from now on. The old one is kept as KEPT (freed by the
 * caller) before the key file is replaced; both are on the disk when it returns. */
int vault_renew(struct vault *v, char **kept, struct err *e);

/* What a value is bound to. KIND is "token" or "secret"; OWNER a connection's "app/id",
 * "" for a secret; none may hold a '|'. */
struct vault_place {
    const char *kind, *owner, *name;
    int64_t version;
};

/* Appends the sealed form of DATA to OUT. */
int vault_seal(const struct vault *v, const struct vault_place *place, const void *data,
               size_t len, struct buf *out, struct err *e);
/* Writes the id of the key that SEALED was sealed with; "" when it is no sealed value. */
void vault_sealed_id(const void *sealed, size_t len, char out[VAULT_ID_SIZE]);
/* Appends the plain bytes to OUT, an empty buffer (one that grows would leave a copy
 * behind), which the caller ends with vault_wipe. */
int vault_unseal(struct vault *v, const struct vault_place *place, const void *sealed,
                 size_t len, struct buf *out, struct err *e);
/* Wipes a buffer that held a plain value, and frees it. */
void vault_wipe(struct buf *b);

#endif
