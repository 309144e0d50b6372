#include "auth/connections.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/loopguard.h"
#include "base/crypto.h"
#include "base/str.h"
#include "base/testhook.h"
#include "core/jsontree.h"
#include "io/url_parse.h"
#include "core/settings.h"
#include "workspace/workspace.h"

enum { TOKEN_MAX = 16 * 1024, SEALED_MAX = 64 * 1024 };

struct opened { /* one company's */
    SLIST_ENTRY(opened) entry;
    struct connection *connection;
    char *api_url, *base_url; /* as stored; may be NULL */
};

struct known { /* what a client was connected to when the store was read last */
    SLIST_ENTRY(known) entry;
    char *client, *app;
    struct connection *connection; /* NULL: to nothing, or it is not known */
};

struct connections {
    struct workspace *w;
    SLIST_HEAD(, known) known;
    SLIST_HEAD(, opened)
    opened; /* also those that no client uses any more: a request may */
};

struct connections *connections_new(struct workspace *w)
{
    struct connections *all = xcalloc(1, sizeof *all);
    all->w = w;
    return all;
}

void connections_free(struct connections *all)
{
    if (!all)
        return;
    while (!SLIST_EMPTY(&all->opened)) {
        struct opened *o = SLIST_FIRST(&all->opened);
        SLIST_REMOVE_HEAD(&all->opened, entry);
        connection_free(o->connection);
        free(o->api_url);
        free(o->base_url);
        free(o);
    }
    while (!SLIST_EMPTY(&all->known)) {
        struct known *k = SLIST_FIRST(&all->known);
        SLIST_REMOVE_HEAD(&all->known, entry);
        free(k->client);
        free(k->app);
        free(k);
    }
    free(all);
}

struct workspace *connections_workspace(struct connections *all)
{
    return all->w;
}

/* ---- sealed tokens ---- */

static struct vault_place place_of(const char *owner, const char *name, int64_t version)
{
    return (struct vault_place){"token", owner, name, version};
}

static int seal(struct vault *vault, const char *owner, const char *name, int64_t version,
                const char *text, struct store_sealed *out, struct err *e)
{
    struct vault_place place = place_of(owner, name, version);
    struct buf sealed;
    buf_init(&sealed, SEALED_MAX);
    if (vault_seal(vault, &place, text, strlen(text), &sealed, e) != 0) {
        buf_free(&sealed);
        return -1;
    }
    out->version = version;
    out->data = (unsigned char *)buf_take(&sealed, &out->len);
    return 0;
}

int connections_seal_token(struct workspace *w, struct store_connection *row,
                           int64_t version, const struct oauth_token *token,
                           struct err *e)
{
    row->token = (struct store_sealed){0};
    row->refresh = (struct store_sealed){0};
    struct vault *vault = workspace_sealer(w, e);
    if (!vault)
        return -1;
    char *owner = xasprintf("%s/%s", row->app, row->id);
    row->expires_ms = token->expires_ms;
    int rc = seal(vault, owner, "access", version, token->access, &row->token, e);
    if (rc == 0 && token->refresh)
        rc = seal(vault, owner, "refresh", version, token->refresh, &row->refresh, e);
    testhook_pause("token sealed");
    free(owner);
    return rc;
}

static int unseal(struct workspace *w, const struct store_connection *row,
                  const char *name, const struct store_sealed *sealed, struct buf *out,
                  struct err *e)
{
    struct vault *vault = workspace_vault(w, e);
    if (!vault)
        return -1;
    char *owner = xasprintf("%s/%s", row->app, row->id);
    struct vault_place place = place_of(owner, name, sealed->version);
    int rc = vault_unseal(vault, &place, sealed->data, sealed->len, out, e);
    free(owner);
    return rc;
}

int connections_refresh_token(struct workspace *w, const struct store_connection *row,
                              struct buf *out, struct err *e)
{
    return unseal(w, row, "refresh", &row->refresh, out, e);
}

int connections_adopt(struct workspace *w, struct connection *c,
                      const struct store_connection *row, struct err *e)
{
    struct buf token;
    buf_init(&token, TOKEN_MAX);
    int rc = unseal(w, row, "access", &row->token, &token, e);
    if (rc == 0) {
        crypto_free_text(c->token);
        c->token = xstrdup(buf_str(&token));
        c->version = row->token.version;
        c->created_ms = row->created_ms;
        c->refreshable = row->refresh.data != NULL;
        c->reconnect = row->reconnect;
        c->expires_ms = row->expires_ms;
        c->obtained_ms = row->refreshed_ms ? row->refreshed_ms : row->created_ms;
    }
    vault_wipe(&token);
    return rc;
}

/* ---- opening ---- */

/* The address that a person gave replaces the connector's and its hosts, also when it is
 * a loopback address. */
static int set_own_address(struct connection *c, const char *api_url, struct err *e)
{
    struct url_parts u;
    if (url_parse(api_url, &u, e) != 0)
        return -1;
    c->base = xstrdup(api_url);
    size_t n = strlen(c->base);
    while (n && c->base[n - 1] == '/')
        c->base[--n] = '\0';
    c->hosts = xcalloc(1, sizeof *c->hosts);
    c->hosts[c->nhosts++] = xasprintf("%s:%d", u.host, u.port);
    url_parts_fini(&u);
    return 0;
}

static void set_address(struct connection *c, const json_t *connector)
{
    const json_t *hosts = json_at(connector, "api.hosts");
    size_t i;
    json_t *host;
    c->base = xstrdup(json_string_value(json_at(connector, "api.base")));
    c->hosts = xcalloc(json_array_size(hosts) + 1, sizeof *c->hosts);
    json_array_foreach(hosts, i, host)
    {
        if (json_is_string(host))
            c->hosts[c->nhosts++] = xstrdup(json_string_value(host));
    }
}

struct connection *connections_try(struct workspace *w, const char *app,
                                   const char *api_url, const char *token, struct err *e)
{
    const json_t *connector = workspace_connector(w, app, e);
    if (!connector)
        return NULL;
    struct connection *c = xcalloc(1, sizeof *c);
    c->app = xstrdup(app);
    c->token = xstrdup(token);
    if (!api_url) {
        set_address(c, connector);
    } else if (set_own_address(c, api_url, e) != 0) {
        connection_free(c);
        return NULL;
    }
    return c;
}

/* It becomes the first of its company, for opened_to. */
static struct connection *find_opened(struct connections *all,
                                      const struct store_connection *row)
{
    struct opened *o;
    SLIST_FOREACH(o, &all->opened, entry)
    {
        const struct connection *c = o->connection;
        if (!str_eq(c->app, row->app) || !str_eq(c->company, row->id) ||
            !str_eq(o->api_url, row->api_url) || !str_eq(o->base_url, row->base_url) ||
            !str_eq(c->oauth_url, row->oauth_url) || c->created_ms != row->created_ms)
            continue;
        SLIST_REMOVE(&all->opened, o, opened, entry);
        SLIST_INSERT_HEAD(&all->opened, o, entry);
        return o->connection;
    }
    return NULL;
}

int connections_move(struct connection *c, const char *url)
{
    struct url_parts u;
    int is_moved = url_parse(url, &u, NULL) == 0 && connection_move(c, &u);
    url_parts_fini(&u);
    return is_moved;
}

static struct connection *open_one(struct connections *all,
                                   const struct store_connection *row, struct err *e)
{
    struct connection *c = connections_try(all->w, row->app, row->api_url, "", e);
    if (c && row->base_url) /* checked again: the connector's hosts may have changed */
        connections_move(c, row->base_url);
    if (c && connections_adopt(all->w, c, row, e) != 0) {
        connection_free(c);
        c = NULL;
    }
    if (!c)
        return NULL;
    c->company = xstrdup(row->id);
    c->name = xstrdup(row->company);
    c->oauth_url = xstrdup_null(row->oauth_url);
    struct opened *o = xcalloc(1, sizeof *o);
    o->connection = c;
    o->api_url = xstrdup_null(row->api_url);
    o->base_url = xstrdup_null(row->base_url);
    SLIST_INSERT_HEAD(&all->opened, o, entry);
    return c;
}

static struct connection *find_or_open(struct connections *all,
                                       const struct store_connection *row, struct err *e)
{
    struct connection *c = find_opened(all, row);
    if (!c)
        return open_one(all, row, e);
    /* a newer token of a grant is taken over by auth/tokens.c, under its claim */
    if (!c->refreshable && c->version != row->token.version &&
        connections_adopt(all->w, c, row, e) != 0)
        return NULL;
    return c;
}

static int not_connected(const char *client, const char *app, struct err *e)
{
    char *command = connection_command(client, app);
    err_set(e, ERR_AUTH, "client %s is not connected to %s: run `%s`", client, app,
            command);
    free(command);
    return -1;
}

static int read_row(struct connections *all, const char *client, const char *app,
                    struct store_connection *row, struct err *e)
{
    struct store *store = workspace_store(all->w, e);
    struct err why;
    if (!store)
        return -1;
    if (store_connection_find(store, client, app, row, &why) == 0)
        return 0;
    if (why.kind == ERR_NOT_FOUND)
        return not_connected(client, app, e);
    if (e)
        *e = why;
    return -1;
}

/* The store says which company a client is connected to; client.lua may only agree. */
static int check_company(const json_t *settings, const char *client,
                         const struct connection *c, struct err *e)
{
    const char *company = settings_company(settings, c->app);
    if (!company || strcmp(company, c->company) == 0)
        return 0;
    return err_set(e, ERR_SETTINGS,
                   "client %s is connected to %s (%s), but clients/%s/client.lua says "
                   "%s.company = \"%s\"",
                   client, c->company, c->name, client, c->app, company);
}

static struct known *known_of(struct connections *all, const char *client,
                              const char *app)
{
    struct known *k;
    SLIST_FOREACH(k, &all->known, entry)
    {
        if (strcmp(k->client, client) == 0 && strcmp(k->app, app) == 0)
            return k;
    }
    k = xcalloc(1, sizeof *k);
    k->client = xstrdup(client);
    k->app = xstrdup(app);
    SLIST_INSERT_HEAD(&all->known, k, entry);
    return k;
}

struct connection *connections_note(struct connections *all, const char *client,
                                    const char *app, const struct store_connection *row,
                                    struct err *e)
{
    struct known *k = client ? known_of(all, client, app) : NULL;
    if (k)
        k->connection = NULL;
    if (!row->id) {
        not_connected(client ? client : "CLIENT", app, e);
        return NULL;
    }
    struct connection *c = find_or_open(all, row, e);
    if (!c || !k)
        return c;
    const json_t *settings = workspace_client(all->w, client, e);
    if (!settings || check_company(settings, client, c, e) != 0)
        return NULL;
    k->connection = c;
    return c;
}

struct connection *connections_get(struct connections *all, const char *client,
                                   const char *app, struct err *e)
{
    struct store_connection row;
    if (!workspace_client(all->w, client, e))
        return NULL;
    loopguard_lift(
        "a connection that the process does not know, or must know for certain");
    int rc = read_row(all, client, app, &row, e);
    loopguard_restore();
    if (rc != 0)
        return NULL;
    struct connection *c = connections_note(all, client, app, &row, e);
    store_connection_fini(&row);
    return c;
}

/* The opened connection of COMPANY that was opened last, or NULL. */
static struct connection *opened_to(const struct connections *all, const char *app,
                                    const char *company)
{
    struct opened *o;
    SLIST_FOREACH(o, &all->opened, entry)
    {
        if (str_eq(o->connection->app, app) && str_eq(o->connection->company, company))
            return o->connection;
    }
    return NULL;
}

struct connection *connections_known(struct connections *all, const char *client,
                                     const char *app, const char *company, struct err *e)
{
    struct connection *c =
        company ? opened_to(all, app, company) : known_of(all, client, app)->connection;
    if (c)
        return c;
    return company ? connections_company(all, app, company, e)
                   : connections_get(all, client, app, e);
}

struct connection *connections_company(struct connections *all, const char *app,
                                       const char *company, struct err *e)
{
    struct store_connection row;
    struct store *store = workspace_store(all->w, e);
    if (!store)
        return NULL;
    loopguard_lift(
        "a connection that the process does not know, or must know for certain");
    int rc = store_connection_read(store, app, company, &row, e);
    loopguard_restore();
    if (rc != 0)
        return NULL;
    struct connection *c = find_or_open(all, &row, e);
    store_connection_fini(&row);
    return c;
}
