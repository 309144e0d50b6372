/* store: what a workspace remembers in state/foyer.db, as plain structs.
 *
 * The store owns the tables and their migrations; its callers see no SQL. It keeps sealed
 * values as they are and cannot open them (store/vault.h can). It refuses with
 * ERR_CONFLICT a value that is sealed with another key than the one that
 * store/sealing.h records. A write is committed when its function returns. Errors as in
 * io/db.h. */
#ifndef FOYER_STORE_H
#define FOYER_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db; /* a handle on the file; see store_db */
struct store;

/* Returns WORKSPACE_DIR/state/foyer.db; the caller frees it. */
char *store_path(const char *workspace_dir);
/* Opens the file of the workspace; makes it, and its tables, when they are missing. One
 * that an older foyer made is brought to this version; a copy of it stays beside it, as
 * foyer.db.version-N. ERR_UNAVAILABLE while a process of that foyer has claims in it. */
struct store *store_open(const char *workspace_dir, struct err *e);
/* Fills *VERSION with the version that the workspace's file has, 0 when there is none,
 * and *BYTES with its size. Changes nothing. */
int store_version_of(const char *workspace_dir, int *version, int64_t *bytes,
                     struct err *e);
/* Copies the store of WORKSPACE_DIR, as it is at this moment and whatever its version, to
 * the new HOME/state/foyer.db; other processes may go on with it. */
int store_copy(const char *workspace_dir, const char *home, struct err *e);
/* Returns -1 with ERR_STORE when the file is missing: for a worker of a running server,
 * which must not make a new file in the place of one that was moved away. */
int store_must_exist(const char *workspace_dir, struct err *e);
void store_close(struct store *s); /* NULL is fine */
/* Returns 1 while the store is a copy: nothing of it may send a write or refresh a token,
 * until it is promoted (store/home.h). As it was when S was opened, or last asked again.
 */
int store_is_copy(const struct store *s);
/* Asks again, where it was a copy: another process may have promoted it. Two rows are
 * read. */
int store_look_home(struct store *s, struct err *e);
/* The same, and returns -1 with ERR_UNAVAILABLE for a copy: "cannot WHAT: ...", with the
 * way out. */
int store_check_home(struct store *s, const char *what, struct err *e);
/* Returns the version of the tables. */
int store_version(void);
/* Returns the version of the SQLite library, at run time. */
const char *store_sqlite_version(void);
/* Makes the file as small as what it holds. *BEFORE and *AFTER are its bytes. Errors as
 * of db_compact. */
int store_compact(struct store *s, int64_t *before, int64_t *after, struct err *e);
/* Checks the whole file for damage: ERR_STORE says what it found. */
int store_check(struct store *s, struct err *e);
/* Writes without changing anything, to learn whether the disk takes a write. The caller
 * has begun a write transaction on DB. */
int store_probe(struct db *db, struct err *e);
/* Returns 0 while the store's files are still the ones that S opened; see db_check_place.
 */
int store_check_place(const struct store *s, struct err *e);
/* Returns S's handle, borrowed, for the functions of store/inbox.h, store/ledger.h and
 * store/ahead.h. */
struct db *store_db(struct store *s);
/* Runs FN inside a write transaction on DB: commits when FN returns 0, else undoes all
 * that FN wrote and returns -1 with FN's error. Inside another transaction it is a
 * savepoint: what FN wrote is undone alone, or committed with the rest. */
typedef int store_fn(struct db *db, void *arg, struct err *e);
int store_transaction(struct db *db, store_fn *fn, void *arg, struct err *e);

/* Sealed bytes, owned by the struct that holds them. */
struct store_sealed {
    int64_t version; /* counts from 1; the vault authenticates it with the bytes */
    unsigned char *data;
    size_t len;
};

/* One authorised company of one app. One that was read from the store owns its strings.
 */
struct store_connection {
    char *id;        /* "cmp_..."; unique within its app */
    char *app;       /* "front" */
    char *company;   /* its name, for people */
    char *api_url;   /* NULL: the connector's own address */
    char *oauth_url; /* of the authorize and token endpoints; NULL: the connector's own */
    char *base_url;  /* the address that the API itself gave the company; NULL: none */
    char *made_with; /* a hash of the client_id of the OAuth app that the grant was given
                        to; NULL: not known, or a static token */
    struct store_sealed token;   /* the access token */
    struct store_sealed refresh; /* data NULL: a static token, which is never refreshed;
                                    its version is always the token's */
    int64_t expires_ms;          /* 0: never */
    int reconnect;               /* 1: the grant is gone; a person must connect again */
    int64_t created_ms, refreshed_ms; /* refreshed_ms 0: never */
    char *last_error;                 /* of the last refresh; NULL: none */
};

void store_connection_fini(struct store_connection *c);

/* Writes C, replacing the company's earlier row (whose created_ms stays), and links
 * CLIENT to it instead of to the company that the client had for that app. Removes a
 * connection that no client uses any more. created_ms 0 means now.
 *
 * Unless REPLACE is 1, fails with ERR_CONFLICT when the client is connected to another
 * company, when other clients use the company's grant and C is a static token or a
 * grant of another app, or when they use its static token and C is a grant. The sentence
 * names the company and the clients. Also fails with ERR_CONFLICT when C's token version
 * is not one more than store_connection_version. */
int store_connection_put(struct store *s, const char *client,
                         const struct store_connection *c, int replace, struct err *e);
/* Returns the stored token's version, 0 when there is no such connection, -1 on error. */
int64_t store_connection_version(struct store *s, const char *app, const char *id,
                                 struct err *e);
/* Fills OUT with the client's connection to APP; ERR_NOT_FOUND when it has none. */
int store_connection_find(struct store *s, const char *client, const char *app,
                          struct store_connection *out, struct err *e);
/* Fills OUT with the connection of the company ID; ERR_AUTH when it was removed. */
int store_connection_read(struct store *s, const char *app, const char *id,
                          struct store_connection *out, struct err *e);
/* Calls FN for each client and connection, by client and app, until FN returns non-zero.
 * C is borrowed until FN returns. */
typedef int store_connection_fn(void *arg, const char *client,
                                const struct store_connection *c);
int store_connection_each(struct store *s, store_connection_fn *fn, void *arg,
                          struct err *e);
/* Calls FN with the name of each client that is connected to the company ID, in byte
 * order. */
int store_company_clients(struct db *db, const char *app, const char *id,
                          int (*fn)(void *arg, const char *client), void *arg,
                          struct err *e);
/* Stores a refreshed token: of C it takes token, refresh, expires_ms, refreshed_ms and
 * made_with (NULL: unchanged), and it clears last_error. ERR_CONFLICT when the stored
 * version is not C->token.version - 1, because another process was first, or when the
 * connection that was made at C->created_ms is gone. */
int store_token_put(struct store *s, const struct store_connection *c, struct err *e);
/* Records that the refresh of token VERSION failed, and whether the grant is gone. Does
 * nothing when the version or CREATED_MS is another one by now. */
int store_connection_failed(struct store *s, const char *app, const char *id,
                            int64_t created_ms, int64_t version, const char *error,
                            int reconnect, struct err *e);
/* Unlinks the client from APP, and removes the connection when no client uses it any
 * more. ERR_NOT_FOUND when the client had none. */
int store_connection_delete(struct store *s, const char *client, const char *app,
                            struct err *e);

#endif
