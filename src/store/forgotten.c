#include "store/forgotten.h"

#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "io/db.h"

enum { HASH_SIZE = 16, NAMES_MAX = 1 << 20 };

/* Adds a text and a NUL, which no name contains. */
static void add(struct buf *to, const char *text)
{
    buf_add(to, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static void make_hash(const struct delivery *d, const void *body, size_t len,
                      unsigned char out[CRYPTO_SHA256_SIZE])
{
    struct buf text;
    buf_init(&text, NAMES_MAX);
    add(&text, d->app);
    add(&text, d->company);
    add(&text, d->client);
    add(&text, d->event);
    if (!d->event) {
        crypto_sha256(body ? body : "", len, out);
        buf_add(&text, out, CRYPTO_SHA256_SIZE);
    }
    crypto_sha256(text.data, text.len, out);
    buf_free(&text);
}

int forgotten_add(struct db *db, const struct delivery *d, const void *body, size_t len,
                  int64_t now_ms, struct err *e)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    make_hash(d, body, len, hash);
    return db_change(db, "INSERT OR REPLACE INTO forgotten (hash, at_ms) VALUES (?, ?)",
                     DB_ARGS(db_blob(hash, HASH_SIZE), db_int(now_ms)), NULL, e);
}

int forgotten_has(struct db *db, const struct delivery *d, const void *body, size_t len,
                  struct err *e)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    int64_t has = 0;
    make_hash(d, body, len, hash);
    return db_select_int(db, "SELECT 1 FROM forgotten WHERE hash = ?",
                         DB_ARGS(db_blob(hash, HASH_SIZE)), &has, e) == 0
               ? (int)has
               : -1;
}

/* A delivery's hash has four texts, and this one five: none is of both. */
static void hash_conversation(const char *app, const char *company,
                              const char *conversation,
                              unsigned char out[CRYPTO_SHA256_SIZE])
{
    struct buf text;
    buf_init(&text, NAMES_MAX);
    add(&text, app);
    add(&text, company);
    add(&text, "");
    add(&text, "conversation");
    add(&text, conversation);
    crypto_sha256(text.data, text.len, out);
    buf_free(&text);
}

int forgotten_add_conversation(struct db *db, const char *app, const char *company,
                               const char *conversation, int64_t now_ms, struct err *e)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    hash_conversation(app, company, conversation, hash);
    return db_change(db, "INSERT OR REPLACE INTO forgotten (hash, at_ms) VALUES (?, ?)",
                     DB_ARGS(db_blob(hash, HASH_SIZE), db_int(now_ms)), NULL, e);
}

int forgotten_conversation(struct db *db, const char *app, const char *company,
                           const char *conversation, int64_t *at_ms, struct err *e)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    *at_ms = 0;
    if (!conversation)
        return 0;
    hash_conversation(app, company, conversation, hash);
    return db_select_int(db, "SELECT at_ms FROM forgotten WHERE hash = ?",
                         DB_ARGS(db_blob(hash, HASH_SIZE)), at_ms, e);
}

int forgotten_prune(struct db *db, int64_t before_ms, int limit, int *removed,
                    struct err *e)
{
    return db_change(db,
                     "DELETE FROM forgotten WHERE hash IN (SELECT hash FROM forgotten"
                     " WHERE at_ms < ? LIMIT ?)",
                     DB_ARGS(db_int(before_ms), db_int(limit)), removed, e);
}
