#include "core/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/schema.h"
#include "core/sealing.h"
#include "io/crypto.h"
#include "io/db.h"

struct store {
    struct db *db;
};

static int make_state_dir(const char *workspace_dir, const char *state, struct err *e)
{
    if (path_is_dir(state))
        return 0;
    if (!path_is_dir(workspace_dir))
        return err_set(e, ERR_NOT_FOUND,
                       "cannot open the store: there is no directory %s", workspace_dir);
    if (path_make_dirs(state, 0700, e) == 0)
        return 0;
    if (e)
        e->kind = ERR_STORE;
    return -1;
}

struct store *store_open(const char *workspace_dir, struct err *e)
{
    char *state = path_join(workspace_dir, "state");
    char *path = path_join(state, "foyer.db");
    struct store *s = xcalloc(1, sizeof *s);
    if (make_state_dir(workspace_dir, state, e) != 0 || !(s->db = db_open(path, e)) ||
        db_migrate(s->db, schema_steps, schema_version, e) != 0) {
        store_close(s);
        s = NULL;
    }
    free(path);
    free(state);
    return s;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    db_close(s->db);
    free(s);
}

int store_version(void)
{
    return schema_version;
}

static int copy_finding(void *arg, const struct db_row *row)
{
    const char *text = db_row_text(row, 0);
    *(char **)arg = xstrdup(text ? text : "?");
    return 1;
}

int store_check(struct store *s, struct err *e)
{
    char *found = NULL;
    int rc = db_query(s->db, "PRAGMA quick_check(1)", DB_NONE, copy_finding, &found, e);
    if (rc == 0 && !str_eq(found, "ok"))
        rc = err_set(e, ERR_STORE, "the store is damaged: %.120s",
                     found ? found : "it cannot be looked through");
    free(found);
    return rc;
}

static int read_int(void *arg, const struct db_row *row)
{
    *(int64_t *)arg = db_row_int(row, 0);
    return 0;
}

/* SQLite writes the page of the version also where it stays the same. */
int store_probe(struct db *db, struct err *e)
{
    int64_t version = 0;
    char set[64];
    if (db_query(db, "PRAGMA user_version", DB_NONE, read_int, &version, e) != 0)
        return -1;
    snprintf(set, sizeof set, "PRAGMA user_version = %" PRId64, version);
    return db_exec(db, set, e);
}

struct db *store_db(struct store *s)
{
    return s->db;
}

static int64_t or_now(int64_t ms)
{
    return ms ? ms : clock_wall_ms();
}

static struct db_value or_null(const struct store_sealed *sealed)
{
    return sealed->data ? db_blob(sealed->data, sealed->len) : db_text(NULL);
}

/* The row's bytes in place: valid within the row's callback. */
static struct store_sealed lend_sealed(const struct db_row *row, int version, int data)
{
    struct store_sealed sealed = {.version = db_row_int(row, version)};
    sealed.data = (unsigned char *)db_row_blob(row, data, &sealed.len);
    return sealed;
}

static struct store_sealed copy_sealed(const struct store_sealed *from)
{
    return (struct store_sealed){
        from->version,
        from->data ? (unsigned char *)xmemdup0(from->data, from->len) : NULL, from->len};
}

static char *copy_text(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

/* ---- connections ---- */

#define CONNECTION_COLUMNS                                                               \
    "c.id, c.app, c.company, c.api_url, c.token_version, c.token, c.created_ms, "        \
    "c.oauth_url, c.refresh, c.expires_ms, c.reconnect, c.refreshed_ms, c.last_error"

enum { CONNECTION_CLIENT = 13 }; /* the column behind these */

static struct store_connection lend_connection(const struct db_row *row)
{
    return (struct store_connection){
        .id = (char *)db_row_text(row, 0),
        .app = (char *)db_row_text(row, 1),
        .company = (char *)db_row_text(row, 2),
        .api_url = (char *)db_row_text(row, 3),
        .token = lend_sealed(row, 4, 5),
        .created_ms = db_row_int(row, 6),
        .oauth_url = (char *)db_row_text(row, 7),
        .refresh = lend_sealed(row, 4, 8),
        .expires_ms = db_row_int(row, 9),
        .reconnect = (int)db_row_int(row, 10),
        .refreshed_ms = db_row_int(row, 11),
        .last_error = (char *)db_row_text(row, 12),
    };
}

void store_connection_fini(struct store_connection *c)
{
    free(c->id);
    free(c->app);
    free(c->company);
    free(c->api_url);
    free(c->oauth_url);
    free(c->last_error);
    free(c->token.data);
    free(c->refresh.data);
    *c = (struct store_connection){0};
}

int64_t store_connection_version(struct store *s, const char *app, const char *id,
                                 struct err *e)
{
    int64_t version = 0;
    if (db_query(s->db, "SELECT token_version FROM connection WHERE app = ? AND id = ?",
                 DB_ARGS(db_text(app), db_text(id)), read_int, &version, e) != 0)
        return -1;
    return version;
}

/* A connection lives as long as a client uses it. */
static int drop_unused(struct db *db, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM connection WHERE NOT EXISTS (SELECT 1 FROM "
                   "client_connection l WHERE l.app = connection.app AND l.id = "
                   "connection.id)",
                   e);
}

struct put_connection {
    struct store *store;
    const char *client;
    const struct store_connection *connection;
};

static int put_connection(struct db *db, void *arg, struct err *e)
{
    const struct put_connection *put = arg;
    const struct store_connection *c = put->connection;
    int64_t version = store_connection_version(put->store, c->app, c->id, e);
    if (version < 0)
        return -1;
    if (c->token.version != version + 1)
        return err_set(e, ERR_CONFLICT,
                       "cannot store the connection %s of %s: its token was changed "
                       "meanwhile; try again",
                       c->id, c->app);
    if (sealing_check(db, &c->token, "token", e) != 0 ||
        sealing_check(db, &c->refresh, "refresh token", e) != 0 ||
        db_change(db,
                  "INSERT INTO connection (app, id, company, api_url, token_version, "
                  "token, created_ms, oauth_url, refresh, expires_ms) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                  "ON CONFLICT (app, id) DO UPDATE SET company = excluded.company, "
                  "api_url = excluded.api_url, token_version = excluded.token_version, "
                  "token = excluded.token, oauth_url = excluded.oauth_url, "
                  "refresh = excluded.refresh, expires_ms = excluded.expires_ms, "
                  "reconnect = 0, last_error = NULL",
                  DB_ARGS(db_text(c->app), db_text(c->id), db_text(c->company),
                          db_text(c->api_url), db_int(c->token.version),
                          db_blob(c->token.data, c->token.len),
                          db_int(or_now(c->created_ms)), db_text(c->oauth_url),
                          or_null(&c->refresh), db_int(c->expires_ms)),
                  NULL, e) != 0 ||
        db_change(db,
                  "INSERT INTO client_connection (client, app, id) VALUES (?, ?, ?) "
                  "ON CONFLICT (client, app) DO UPDATE SET id = excluded.id",
                  DB_ARGS(db_text(put->client), db_text(c->app), db_text(c->id)), NULL,
                  e) != 0)
        return -1;
    return drop_unused(db, e);
}

int store_connection_put(struct store *s, const char *client,
                         const struct store_connection *c, struct err *e)
{
    struct put_connection put = {s, client, c};
    return db_transaction(s->db, put_connection, &put, e);
}

static int copy_connection(void *arg, const struct db_row *row)
{
    struct store_connection from = lend_connection(row), *to = arg;
    *to = (struct store_connection){
        .id = xstrdup(from.id),
        .app = xstrdup(from.app),
        .company = xstrdup(from.company),
        .api_url = copy_text(from.api_url),
        .oauth_url = copy_text(from.oauth_url),
        .token = copy_sealed(&from.token),
        .refresh = copy_sealed(&from.refresh),
        .expires_ms = from.expires_ms,
        .reconnect = from.reconnect,
        .created_ms = from.created_ms,
        .refreshed_ms = from.refreshed_ms,
        .last_error = copy_text(from.last_error),
    };
    return 1;
}

static int no_connection(const char *client, const char *app, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND,
                   "cannot find a connection to %s for the client \"%s\": run `foyer "
                   "connect %s`",
                   app, client, client);
}

int store_connection_find(struct store *s, const char *client, const char *app,
                          struct store_connection *out, struct err *e)
{
    *out = (struct store_connection){0};
    if (db_query(s->db,
                 "SELECT " CONNECTION_COLUMNS " FROM client_connection l JOIN connection "
                 "c ON c.app = l.app AND c.id = l.id WHERE l.client = ? AND l.app = ?",
                 DB_ARGS(db_text(client), db_text(app)), copy_connection, out, e) != 0)
        return -1;
    return out->id ? 0 : no_connection(client, app, e);
}

int store_connection_read(struct store *s, const char *app, const char *id,
                          struct store_connection *out, struct err *e)
{
    *out = (struct store_connection){0};
    if (db_query(s->db,
                 "SELECT " CONNECTION_COLUMNS " FROM connection c WHERE c.app = ? AND "
                 "c.id = ?",
                 DB_ARGS(db_text(app), db_text(id)), copy_connection, out, e) != 0)
        return -1;
    if (out->id)
        return 0;
    return err_set(e, ERR_AUTH, "the connection to %s (%s) was removed: connect it again",
                   id, app);
}

struct each_connection {
    store_connection_fn *fn;
    void *arg;
};

static int on_connection(void *arg, const struct db_row *row)
{
    const struct each_connection *each = arg;
    struct store_connection c = lend_connection(row);
    return each->fn(each->arg, db_row_text(row, CONNECTION_CLIENT), &c);
}

int store_connection_each(struct store *s, store_connection_fn *fn, void *arg,
                          struct err *e)
{
    struct each_connection each = {fn, arg};
    return db_query(s->db,
                    "SELECT " CONNECTION_COLUMNS ", l.client FROM client_connection l "
                    "JOIN connection c ON c.app = l.app AND c.id = l.id "
                    "ORDER BY l.client, l.app",
                    DB_NONE, on_connection, &each, e);
}

static int put_token(struct db *db, void *arg, struct err *e)
{
    const struct store_connection *c = arg;
    int changed;
    if (sealing_check(db, &c->token, "token", e) != 0 ||
        sealing_check(db, &c->refresh, "refresh token", e) != 0 ||
        db_change(db,
                  "UPDATE connection SET token_version = ?, token = ?, refresh = ?, "
                  "expires_ms = ?, refreshed_ms = ?, reconnect = 0, last_error = NULL "
                  "WHERE app = ? AND id = ? AND token_version = ?",
                  DB_ARGS(db_int(c->token.version), db_blob(c->token.data, c->token.len),
                          or_null(&c->refresh), db_int(c->expires_ms),
                          db_int(c->refreshed_ms), db_text(c->app), db_text(c->id),
                          db_int(c->token.version - 1)),
                  &changed, e) != 0)
        return -1;
    if (!changed)
        return err_set(e, ERR_CONFLICT,
                       "cannot store the token of %s: another process was first", c->id);
    return 0;
}

int store_token_put(struct store *s, const struct store_connection *c, struct err *e)
{
    return db_transaction(s->db, put_token, (void *)c, e);
}

int store_connection_failed(struct store *s, const char *app, const char *id,
                            int64_t version, const char *error, int reconnect,
                            struct err *e)
{
    return db_change(s->db,
                     "UPDATE connection SET last_error = ?, reconnect = ? "
                     "WHERE app = ? AND id = ? AND token_version = ?",
                     DB_ARGS(db_text(error), db_int(reconnect), db_text(app), db_text(id),
                             db_int(version)),
                     NULL, e);
}

struct delete_connection {
    const char *client, *app;
};

static int delete_connection(struct db *db, void *arg, struct err *e)
{
    const struct delete_connection *d = arg;
    int changed;
    if (db_change(db, "DELETE FROM client_connection WHERE client = ? AND app = ?",
                  DB_ARGS(db_text(d->client), db_text(d->app)), &changed, e) != 0)
        return -1;
    return changed ? drop_unused(db, e) : no_connection(d->client, d->app, e);
}

int store_connection_delete(struct store *s, const char *client, const char *app,
                            struct err *e)
{
    struct delete_connection d = {client, app};
    return db_transaction(s->db, delete_connection, &d, e);
}

/* ---- consents ---- */

/* How long one that has ended still gets its own sentence. */
static const int64_t CONSENT_KEPT_MS = (int64_t)30 * 24 * 3600 * 1000;

void store_consent_fini(struct store_consent *c)
{
    free(c->client);
    free(c->app);
    free(c->redirect_url);
    free(c->api_url);
    free(c->oauth_url);
    *c = (struct store_consent){0};
}

struct put_consent {
    const char *state;
    const struct store_consent *consent;
};

static int put_consent(struct db *db, void *arg, struct err *e)
{
    const struct put_consent *put = arg;
    const struct store_consent *c = put->consent;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    crypto_sha256(put->state, strlen(put->state), hash);
    if (db_change(db, "DELETE FROM consent WHERE expires_ms < ?",
                  DB_ARGS(db_int(clock_wall_ms() - CONSENT_KEPT_MS)), NULL, e) != 0)
        return -1;
    return db_change(db,
                     "INSERT INTO consent (state, client, app, redirect_url, api_url, "
                     "oauth_url, replace, expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     DB_ARGS(db_blob(hash, sizeof hash), db_text(c->client),
                             db_text(c->app), db_text(c->redirect_url),
                             db_text(c->api_url), db_text(c->oauth_url),
                             db_int(c->replace), db_int(c->expires_ms)),
                     NULL, e);
}

int store_consent_put(struct store *s, const char *state, const struct store_consent *c,
                      struct err *e)
{
    struct put_consent put = {state, c};
    return db_transaction(s->db, put_consent, &put, e);
}

struct take_consent {
    const char *state;
    int64_t now_ms;
    struct store_consent *out;
    int keep, used;
};

static int copy_consent(void *arg, const struct db_row *row)
{
    struct take_consent *take = arg;
    *take->out = (struct store_consent){.client = xstrdup(db_row_text(row, 0)),
                                        .app = xstrdup(db_row_text(row, 1)),
                                        .redirect_url = copy_text(db_row_text(row, 2)),
                                        .api_url = copy_text(db_row_text(row, 3)),
                                        .oauth_url = copy_text(db_row_text(row, 4)),
                                        .replace = (int)db_row_int(row, 5),
                                        .expires_ms = db_row_int(row, 6)};
    take->used = (int)db_row_int(row, 7);
    return 1;
}

static int take_consent(struct db *db, void *arg, struct err *e)
{
    struct take_consent *take = arg;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    crypto_sha256(take->state, strlen(take->state), hash);
    if (db_query(db,
                 "SELECT client, app, redirect_url, api_url, oauth_url, replace, "
                 "expires_ms, used FROM consent WHERE state = ?",
                 DB_ARGS(db_blob(hash, sizeof hash)), copy_consent, take, e) != 0)
        return -1;
    if (!take->out->client)
        return err_set(
            e, ERR_NOT_FOUND,
            "this link is not known here: ask for a new one with `foyer connect "
            "CLIENT --link`");
    if (take->used)
        return err_set(
            e, ERR_CONFLICT,
            "this link was used already: ask for a new one with `foyer connect "
            "%s --link`",
            take->out->client);
    if (take->now_ms >= take->out->expires_ms)
        return err_set(e, ERR_INVALID,
                       "this link has expired: ask for a new one with `foyer connect %s "
                       "--link`",
                       take->out->client);
    if (take->keep)
        return 0;
    return db_change(db, "UPDATE consent SET used = 1 WHERE state = ?",
                     DB_ARGS(db_blob(hash, sizeof hash)), NULL, e);
}

static int take_or_find(struct store *s, struct take_consent *take, struct err *e)
{
    *take->out = (struct store_consent){0};
    if (db_transaction(s->db, take_consent, take, e) == 0)
        return 0;
    store_consent_fini(take->out);
    return -1;
}

int store_consent_take(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e)
{
    struct take_consent take = {.state = state, .now_ms = now_ms, .out = out};
    return take_or_find(s, &take, e);
}

int store_consent_find(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e)
{
    struct take_consent take = {.state = state, .now_ms = now_ms, .out = out, .keep = 1};
    return take_or_find(s, &take, e);
}

/* ---- secrets ---- */

void store_secret_fini(struct store_secret *secret)
{
    free(secret->name);
    free(secret->value.data);
    *secret = (struct store_secret){0};
}

static struct store_secret lend_secret(const struct db_row *row)
{
    return (struct store_secret){.name = (char *)db_row_text(row, 0),
                                 .value = lend_sealed(row, 1, 2),
                                 .created_ms = db_row_int(row, 3)};
}

int64_t store_secret_version(struct store *s, const char *name, struct err *e)
{
    int64_t version = 0;
    if (db_query(s->db,
                 "SELECT coalesce(max(version), 0) FROM secret_version WHERE name = ?",
                 DB_ARGS(db_text(name)), read_int, &version, e) != 0)
        return -1;
    return version;
}

struct put_secret {
    struct store *store;
    const struct store_secret *secret;
    int keep_older;
};

static int put_secret(struct db *db, void *arg, struct err *e)
{
    const struct put_secret *put = arg;
    const struct store_secret *secret = put->secret;
    int64_t version = store_secret_version(put->store, secret->name, e);
    if (version < 0)
        return -1;
    if (secret->value.version != version + 1)
        return err_set(e, ERR_CONFLICT,
                       "cannot store the secret \"%s\": it was changed meanwhile; try "
                       "again",
                       secret->name);
    if (sealing_check(db, &secret->value, "secret", e) != 0)
        return -1;
    if (!put->keep_older && db_change(db, "DELETE FROM secret_version WHERE name = ?",
                                      DB_ARGS(db_text(secret->name)), NULL, e) != 0)
        return -1;
    return db_change(db,
                     "INSERT INTO secret_version (name, version, value, created_ms) "
                     "VALUES (?, ?, ?, ?)",
                     DB_ARGS(db_text(secret->name), db_int(secret->value.version),
                             db_blob(secret->value.data, secret->value.len),
                             db_int(or_now(secret->created_ms))),
                     NULL, e);
}

int store_secret_put(struct store *s, const struct store_secret *secret, int keep_older,
                     struct err *e)
{
    struct put_secret put = {s, secret, keep_older};
    return db_transaction(s->db, put_secret, &put, e);
}

static int no_secret(const char *name, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND,
                   "cannot find the secret \"%s\": run `foyer secret set %s`", name,
                   name);
}

static int copy_secret(void *arg, const struct db_row *row)
{
    struct store_secret from = lend_secret(row), *to = arg;
    *to = (struct store_secret){xstrdup(from.name), copy_sealed(&from.value),
                                from.created_ms};
    return 1;
}

int store_secret_get(struct store *s, const char *name, struct store_secret *out,
                     struct err *e)
{
    *out = (struct store_secret){0};
    if (db_query(s->db,
                 "SELECT name, version, value, created_ms FROM secret_version "
                 "WHERE name = ? ORDER BY version DESC LIMIT 1",
                 DB_ARGS(db_text(name)), copy_secret, out, e) != 0)
        return -1;
    return out->name ? 0 : no_secret(name, e);
}

struct each_secret {
    store_secret_fn *fn;
    void *arg;
};

static int on_secret(void *arg, const struct db_row *row)
{
    const struct each_secret *each = arg;
    struct store_secret secret = lend_secret(row);
    return each->fn(each->arg, &secret);
}

int store_secret_each(struct store *s, store_secret_fn *fn, void *arg, struct err *e)
{
    struct each_secret each = {fn, arg};
    return db_query(s->db,
                    "SELECT name, version, value, created_ms FROM secret_version "
                    "ORDER BY name, version DESC",
                    DB_NONE, on_secret, &each, e);
}

int store_secret_remove(struct store *s, const char *name, int64_t version, struct err *e)
{
    int changed;
    if (db_change(
            s->db,
            "DELETE FROM secret_version WHERE name = ?1 AND (?2 = 0 OR version = ?2)",
            DB_ARGS(db_text(name), db_int(version)), &changed, e) != 0)
        return -1;
    if (changed)
        return 0;
    if (version)
        return err_set(e, ERR_NOT_FOUND, "the secret \"%s\" has no version %lld", name,
                       (long long)version);
    return no_secret(name, e);
}
