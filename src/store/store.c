#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "core/connection.h"
#include "store/home.h"
#include "store/presence.h"
#include "store/schema.h"
#include "store/store_row.h"
#include "io/db.h"

struct store {
    struct db *db;
    char *path;
    int is_copy;
};

char *store_path(const char *workspace_dir)
{
    return path_join(workspace_dir, "state/foyer.db");
}

static int measure(struct db *db, int64_t *bytes, struct err *e)
{
    return db_select_int(
        db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        DB_NONE, bytes, e);
}

/* Writes what DB holds to the new file NAME. */
static int copy_to(struct db *db, const char *name, struct err *e)
{
    char *fresh = xasprintf("%s.%ld", name, (long)getpid());
    int rc = path_create(fresh, "", 0, 0600, e);
    if (rc == 0)
        rc = db_change(db, "VACUUM INTO ?", DB_ARGS(db_text(fresh)), NULL, e);
    if (rc == 0 && rename(fresh, name) != 0)
        rc = err_set(e, ERR_STORE, "cannot rename %s: %s", fresh, strerror(errno));
    if (rc != 0) {
        char *journal = xasprintf("%s-journal", fresh);
        unlink(journal);
        unlink(fresh);
        free(journal);
    }
    free(fresh);
    return rc;
}

struct idle {
    const char *workspace_dir, *path;
    int version;
    struct err *e;
};

/* Refuses when the process ID lives. */
static int check_ended(void *arg, const char *id)
{
    const struct idle *idle = arg;
    int life = presence_judge(idle->workspace_dir, id, NULL, 0, idle->e);
    if (life == PRESENCE_DEAD || life < 0)
        return life;
    return err_set(idle->e, ERR_UNAVAILABLE,
                   "cannot use %s yet: process %.*s of an older foyer works with it as "
                   "version %d; end that first (`foyer serve`, `foyer work`), then this "
                   "foyer makes it version %d",
                   idle->path, (int)strspn(id, "0123456789"), id, idle->version,
                   schema_version);
}

/* Keeps a copy of a store that an older foyer made, for the way back. Refuses while a
 * process of that foyer has claims: it could not store what it does any more. */
static int keep_older(struct db *db, const char *workspace_dir, const char *path,
                      struct err *e)
{
    int64_t version = 0;
    if (db_select_int(db, "PRAGMA user_version", DB_NONE, &version, e) != 0)
        return -1;
    if (version == 0 || version >= schema_version)
        return 0;
    char *owners = path_join(workspace_dir, "state/owners");
    struct idle idle = {workspace_dir, path, (int)version, e};
    int busy = path_each(owners, check_ended, &idle);
    free(owners);
    if (busy != 0)
        return -1;
    char *name = xasprintf("%s.version-%d", path, (int)version);
    int rc = copy_to(db, name, e);
    if (rc == 0)
        log_line(LOG_INFO,
                 "%s has version %d now; what it was is kept in %s, for foyer's version "
                 "of before: remove it when you need it no more",
                 path, schema_version, name);
    else
        err_prefix(e, "cannot keep a copy of %s before it becomes version %d", path,
                   schema_version);
    free(name);
    return rc;
}

struct store *store_open(const char *workspace_dir, struct err *e)
{
    struct store *s = xcalloc(1, sizeof *s);
    s->path = store_path(workspace_dir);
    if (store_row_make_dir(workspace_dir, e) != 0 || !(s->db = db_open(s->path, e)) ||
        keep_older(s->db, workspace_dir, s->path, e) != 0 ||
        db_migrate(s->db, schema_steps, schema_version, e) != 0 ||
        home_open(s->db, s->path, &s->is_copy, e) != 0) {
        store_close(s);
        return NULL;
    }
    return s;
}

/* Opens the file as it is: it is neither made nor brought to this version. */
static struct db *open_as_it_is(const char *workspace_dir, struct err *e)
{
    char *path = store_path(workspace_dir);
    struct db *db = access(path, F_OK) == 0 ? db_open(path, e) : NULL;
    if (!db && access(path, F_OK) != 0)
        err_set(e, ERR_NOT_FOUND, "%s is not there", path);
    free(path);
    return db;
}

int store_version_of(const char *workspace_dir, int *version, int64_t *bytes,
                     struct err *e)
{
    int64_t found = 0;
    struct db *db = open_as_it_is(workspace_dir, e);
    *version = 0;
    *bytes = 0;
    if (!db && e->kind == ERR_NOT_FOUND) {
        err_clear(e);
        return 0;
    }
    int rc = !db || db_select_int(db, "PRAGMA user_version", DB_NONE, &found, e) != 0 ||
                     measure(db, bytes, e) != 0
                 ? -1
                 : 0;
    *version = (int)found;
    db_close(db);
    return rc;
}

int store_copy(const char *workspace_dir, const char *home, struct err *e)
{
    char *to = store_path(home);
    struct db *db = NULL;
    int rc = store_row_make_dir(home, e);
    if (rc == 0 && !(db = open_as_it_is(workspace_dir, e)))
        rc = -1;
    if (rc == 0)
        rc = copy_to(db, to, e);
    db_close(db);
    free(to);
    return rc;
}

int store_must_exist(const char *workspace_dir, struct err *e)
{
    char *path = store_path(workspace_dir);
    int rc = access(path, F_OK) == 0
                 ? 0
                 : err_set(e, ERR_STORE,
                           "%s is not there, though it was when the server started; put "
                           "it back, or restart the server to begin with a new one",
                           path);
    free(path);
    return rc;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    db_close(s->db);
    free(s->path);
    free(s);
}

int store_is_copy(const struct store *s)
{
    return s->is_copy;
}

int store_look_home(struct store *s, struct err *e)
{
    return s->is_copy ? home_open(s->db, s->path, &s->is_copy, e) : 0;
}

int store_check_home(struct store *s, const char *what, struct err *e)
{
    if (store_look_home(s, e) != 0)
        return -1;
    if (!s->is_copy)
        return 0;
    return err_set(e, ERR_UNAVAILABLE,
                   "cannot %s: this store is a copy, or was restored, and the original "
                   "may still be at work; end that, then `foyer promote` makes this one "
                   "the original",
                   what);
}

int store_version(void)
{
    return schema_version;
}

int store_compact(struct store *s, int64_t *before, int64_t *after, struct err *e)
{
    if (measure(s->db, before, e) != 0 || db_compact(s->db, e) != 0)
        return -1;
    return measure(s->db, after, e);
}

int store_check(struct store *s, struct err *e)
{
    char *found = NULL;
    size_t len;
    int rc = store_row_blob(db_select(s->db, "PRAGMA quick_check(1)", DB_NONE, e), &found,
                            &len, e);
    if (rc == 0 && !str_eq(found, "ok"))
        rc = err_set(e, ERR_STORE, "the store is damaged: %.120s",
                     found ? found : "it cannot be read");
    free(found);
    return rc;
}

/* SQLite writes the version's page even when the version stays the same. */
int store_probe(struct db *db, struct err *e)
{
    int64_t version = 0;
    char set[64];
    if (db_select_int(db, "PRAGMA user_version", DB_NONE, &version, e) != 0)
        return -1;
    snprintf(set, sizeof set, "PRAGMA user_version = %" PRId64, version);
    return db_exec(db, set, e);
}

int store_check_place(const struct store *s, struct err *e)
{
    return db_check_place(s->db, e);
}

struct db *store_db(struct store *s)
{
    return s->db;
}

int store_transaction(struct db *db, store_fn *fn, void *arg, struct err *e)
{
    return db_transaction(db, fn, arg, e);
}

const char *store_sqlite_version(void)
{
    return db_version();
}

/* ---- connections ---- */

#define CONNECTION_COLUMNS                                                               \
    "c.id, c.app, c.company, c.api_url, c.token_version, c.token, c.created_ms, "        \
    "c.oauth_url, c.refresh, c.expires_ms, c.reconnect, c.refreshed_ms, c.last_error, "  \
    "c.base_url, c.made_with"

enum { CONNECTION_CLIENT = 15 }; /* the column after these */

/* Returns the row's connection, which the caller owns. */
static struct store_connection read_connection(const struct db_row *row)
{
    return (struct store_connection){
        .id = xstrdup(db_row_text(row, 0)),
        .app = xstrdup(db_row_text(row, 1)),
        .company = xstrdup(db_row_text(row, 2)),
        .api_url = xstrdup_null(db_row_text(row, 3)),
        .token = store_row_sealed(row, 4, 5),
        .created_ms = db_row_int(row, 6),
        .oauth_url = xstrdup_null(db_row_text(row, 7)),
        .refresh = store_row_sealed(row, 4, 8),
        .expires_ms = db_row_int(row, 9),
        .reconnect = (int)db_row_int(row, 10),
        .refreshed_ms = db_row_int(row, 11),
        .last_error = xstrdup_null(db_row_text(row, 12)),
        .base_url = xstrdup_null(db_row_text(row, 13)),
        .made_with = xstrdup_null(db_row_text(row, 14)),
    };
}

void store_connection_fini(struct store_connection *c)
{
    free(c->id);
    free(c->app);
    free(c->company);
    free(c->api_url);
    free(c->oauth_url);
    free(c->base_url);
    free(c->made_with);
    free(c->last_error);
    free(c->token.data);
    free(c->refresh.data);
    *c = (struct store_connection){0};
}

int64_t store_connection_version(struct store *s, const char *app, const char *id,
                                 struct err *e)
{
    int64_t version = 0;
    if (db_select_int(s->db,
                      "SELECT token_version FROM connection WHERE app = ? AND id = ?",
                      DB_ARGS(db_text(app), db_text(id)), &version, e) != 0)
        return -1;
    return version;
}

/* Reads the first row's connection to OUT, all zero without a row. Ends ROW. */
static int first_connection(struct db_row *row, struct store_connection *out,
                            struct err *e)
{
    *out = (struct store_connection){0};
    if (db_step(row, e) == 1)
        *out = read_connection(row);
    return db_finish(row);
}

static int find_connection(struct db *db, const char *client, const char *app,
                           struct store_connection *out, struct err *e)
{
    struct db_row *row = db_select(
        db,
        "SELECT " CONNECTION_COLUMNS " FROM client_connection l JOIN connection "
        "c ON c.app = l.app AND c.id = l.id WHERE l.client = ? AND l.app = ?",
        DB_ARGS(db_text(client), db_text(app)), e);
    return first_connection(row, out, e);
}

/* Removes the connections that no client uses, and the apps that no grant was made with.
 */
static int drop_unused(struct db *db, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM connection WHERE NOT EXISTS (SELECT 1 FROM "
                   "client_connection l WHERE l.app = connection.app AND l.id = "
                   "connection.id);"
                   "DELETE FROM oauth_app WHERE NOT EXISTS (SELECT 1 FROM connection c "
                   "WHERE c.app = oauth_app.app AND c.made_with = oauth_app.mark)",
                   e);
}

struct put_connection {
    struct store *store;
    const char *client;
    const struct store_connection *connection;
    int replace;
};

/* Refuses to move the client to another company: a reply to the wrong company's customer
 * cannot be taken back. */
static int check_company(struct db *db, const struct put_connection *put, struct err *e)
{
    const struct store_connection *c = put->connection;
    struct store_connection old;
    if (find_connection(db, put->client, c->app, &old, e) != 0)
        return -1;
    int rc = 0;
    if (old.id && strcmp(old.id, c->id) != 0)
        rc = err_set(e, ERR_CONFLICT,
                     "cannot connect %s: it is connected to %s (%s) and this token "
                     "belongs to %s; --replace changes the company",
                     put->client, old.id, old.company, c->id);
    store_connection_fini(&old);
    return rc;
}

static int add_client(void *arg, const char *client)
{
    struct buf *names = arg;
    buf_addf(names, "%s%s", names->len ? ", " : "", client);
    return 0;
}

/* Refuses to replace a grant, or a static token, that other clients use too, by one of
 * another kind: a grant of another app has other permissions, a static token is not
 * refreshed, a grant ends when the app is removed. What was there does not come back by
 * itself. A grant that is gone may be replaced. */
static int check_shared(struct db *db, const struct put_connection *put, struct err *e)
{
    const struct store_connection *c = put->connection;
    struct buf names;
    int64_t had_token = 0;
    buf_init(&names, 512);
    struct db_row *row =
        db_select(db,
                  "SELECT l.client FROM client_connection l JOIN connection c ON "
                  "c.app = l.app AND c.id = l.id WHERE c.app = ?1 AND c.id = ?2 AND "
                  "l.client <> ?3 AND c.reconnect = 0 AND "
                  "CASE WHEN c.refresh IS NULL THEN NOT ?4 ELSE ?4 OR c.made_with <> ?5 "
                  "END ORDER BY l.client",
                  DB_ARGS(db_text(c->app), db_text(c->id), db_text(put->client),
                          db_int(c->refresh.data == NULL), db_text(c->made_with)),
                  e);
    int rc = store_row_texts(row, add_client, &names, e);
    if (rc == 0 && names.len > 0)
        rc = db_select_int(
            db, "SELECT refresh IS NULL FROM connection WHERE app = ? AND id = ?",
            DB_ARGS(db_text(c->app), db_text(c->id)), &had_token, e);
    if (rc == 0 && names.len > 0)
        rc = err_set(e, ERR_CONFLICT,
                     "cannot connect %s: the %s of %s (%s) is shared with %s; %s "
                     "would take its place for all of them: --replace does that",
                     put->client, had_token ? "API token" : "OAuth grant", c->id,
                     c->company, buf_str(&names),
                     !c->refresh.data ? "an API token"
                     : had_token      ? "a grant"
                                      : "one of another app");
    buf_free(&names);
    return rc;
}

static int put_connection(struct db *db, void *arg, struct err *e)
{
    const struct put_connection *put = arg;
    const struct store_connection *c = put->connection;
    if (!put->replace &&
        (check_company(db, put, e) != 0 || check_shared(db, put, e) != 0))
        return -1;
    int64_t version = store_connection_version(put->store, c->app, c->id, e);
    if (version < 0)
        return -1;
    if (c->token.version != version + 1)
        return err_set(e, ERR_CONFLICT,
                       "cannot store the connection %s of %s: its token was changed "
                       "meanwhile; try again",
                       c->id, c->app);
    if (store_row_check_sealed(db, &c->token, "token", e) != 0 ||
        store_row_check_sealed(db, &c->refresh, "refresh token", e) != 0 ||
        db_change(db,
                  "INSERT INTO connection (app, id, company, api_url, token_version, "
                  "token, created_ms, oauth_url, refresh, expires_ms, base_url, "
                  "made_with) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                  "ON CONFLICT (app, id) DO UPDATE SET company = excluded.company, "
                  "api_url = excluded.api_url, token_version = excluded.token_version, "
                  "token = excluded.token, oauth_url = excluded.oauth_url, "
                  "refresh = excluded.refresh, expires_ms = excluded.expires_ms, "
                  "base_url = excluded.base_url, made_with = excluded.made_with, "
                  "refreshed_ms = excluded.created_ms, reconnect = 0, last_error = NULL",
                  DB_ARGS(db_text(c->app), db_text(c->id), db_text(c->company),
                          db_text(c->api_url), db_int(c->token.version),
                          db_blob(c->token.data, c->token.len),
                          db_int(store_row_time(c->created_ms)), db_text(c->oauth_url),
                          store_row_null(&c->refresh), db_int(c->expires_ms),
                          db_text(c->base_url), db_text(c->made_with)),
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
                         const struct store_connection *c, int replace, struct err *e)
{
    struct put_connection put = {s, client, c, replace};
    return db_transaction(s->db, put_connection, &put, e);
}

int store_connection_find(struct store *s, const char *client, const char *app,
                          struct store_connection *out, struct err *e)
{
    if (find_connection(s->db, client, app, out, e) != 0)
        return -1;
    if (out->id)
        return 0;
    char *command = connection_command(client, app);
    err_set(e, ERR_NOT_FOUND,
            "cannot find a connection to %s for the client \"%s\": run `%s`", app, client,
            command);
    free(command);
    return -1;
}

int store_connection_read(struct store *s, const char *app, const char *id,
                          struct store_connection *out, struct err *e)
{
    struct db_row *row = db_select(s->db,
                                   "SELECT " CONNECTION_COLUMNS
                                   " FROM connection c WHERE c.app = ? AND c.id = ?",
                                   DB_ARGS(db_text(app), db_text(id)), e);
    if (first_connection(row, out, e) != 0)
        return -1;
    if (out->id)
        return 0;
    return err_set(e, ERR_AUTH, "the connection to %s (%s) was removed: connect it again",
                   id, app);
}

int store_connection_each(struct store *s, store_connection_fn *fn, void *arg,
                          struct err *e)
{
    struct db_row *row =
        db_select(s->db,
                  "SELECT " CONNECTION_COLUMNS ", l.client FROM client_connection l "
                  "JOIN connection c ON c.app = l.app AND c.id = l.id "
                  "ORDER BY l.client, l.app",
                  DB_NONE, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct store_connection c = read_connection(row);
        stop = fn(arg, db_row_text(row, CONNECTION_CLIENT), &c);
        store_connection_fini(&c);
    }
    return db_finish(row);
}

int store_company_clients(struct db *db, const char *app, const char *id,
                          int (*fn)(void *arg, const char *client), void *arg,
                          struct err *e)
{
    return store_row_texts(db_select(db,
                                     "SELECT client FROM client_connection"
                                     " WHERE app = ? AND id = ? ORDER BY client",
                                     DB_ARGS(db_text(app), db_text(id)), e),
                           fn, arg, e);
}

static int put_token(struct db *db, void *arg, struct err *e)
{
    const struct store_connection *c = arg;
    int changed;
    if (store_row_check_sealed(db, &c->token, "token", e) != 0 ||
        store_row_check_sealed(db, &c->refresh, "refresh token", e) != 0 ||
        db_change(db,
                  "UPDATE connection SET token_version = ?, token = ?, refresh = ?, "
                  "expires_ms = ?, refreshed_ms = ?, made_with = coalesce(?, made_with), "
                  "reconnect = 0, last_error = NULL WHERE app = ? AND id = ? AND "
                  "token_version = ? AND created_ms = ?",
                  DB_ARGS(db_int(c->token.version), db_blob(c->token.data, c->token.len),
                          store_row_null(&c->refresh), db_int(c->expires_ms),
                          db_int(c->refreshed_ms), db_text(c->made_with), db_text(c->app),
                          db_text(c->id), db_int(c->token.version - 1),
                          db_int(c->created_ms)),
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
                            int64_t created_ms, int64_t version, const char *error,
                            int reconnect, struct err *e)
{
    return db_change(s->db,
                     "UPDATE connection SET last_error = ?, reconnect = ? "
                     "WHERE app = ? AND id = ? AND token_version = ? AND created_ms = ?",
                     DB_ARGS(db_text(error), db_int(reconnect), db_text(app), db_text(id),
                             db_int(version), db_int(created_ms)),
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
    if (changed)
        return drop_unused(db, e);
    return err_set(e, ERR_NOT_FOUND,
                   "cannot forget a connection to %s of the client \"%s\": it has none; "
                   "`foyer connections` lists them",
                   d->app, d->client);
}

int store_connection_delete(struct store *s, const char *client, const char *app,
                            struct err *e)
{
    struct delete_connection d = {client, app};
    return db_transaction(s->db, delete_connection, &d, e);
}
