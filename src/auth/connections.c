#include "auth/connections.h"

#include <stdlib.h>
#include <string.h>

#include "workspace/workspace.h"
#include "base/str.h"
#include "core/settings.h"
#include "store/store.h"

struct opened { /* one company's */
    struct opened *next;
    struct connection *connection;
    char *api_url, *base_url; /* as stored; may be NULL */
};

struct connections {
    struct workspace *w;
    struct opened *opened; /* also what no client uses any more: a request may */
};

struct connections *connections_new(struct workspace *w)
{
    struct connections *links = xcalloc(1, sizeof *links);
    links->w = w;
    return links;
}

void connections_free(struct connections *links)
{
    if (!links)
        return;
    while (links->opened) {
        struct opened *o = links->opened;
        links->opened = o->next;
        connection_free(o->connection);
        free(o->api_url);
        free(o->base_url);
        free(o);
    }
    free(links);
}

static struct connection *find_opened(const struct connections *links,
                                      const struct store_connection *row)
{
    for (struct opened *o = links->opened; o; o = o->next)
        if (str_eq(o->connection->app, row->app) &&
            str_eq(o->connection->company, row->id) && str_eq(o->api_url, row->api_url) &&
            str_eq(o->base_url, row->base_url) &&
            str_eq(o->connection->oauth_url, row->oauth_url) &&
            o->connection->created_ms == row->created_ms)
            return o->connection;
    return NULL;
}

static struct connection *open_one(struct connections *links,
                                   const struct store_connection *row, struct err *e)
{
    struct connection *c =
        workspace_try_connection(links->w, row->app, row->api_url, "", e);
    if (c && row->base_url) /* looked at again: the connector may say otherwise by now */
        connection_move(c, row->base_url);
    if (c && workspace_adopt(links->w, c, row, e) != 0) {
        connection_free(c);
        c = NULL;
    }
    if (!c)
        return NULL;
    c->company = xstrdup(row->id);
    c->name = xstrdup(row->company);
    c->oauth_url = xstrdup_null(row->oauth_url);
    struct opened *o = xcalloc(1, sizeof *o);
    *o = (struct opened){links->opened, c, xstrdup_null(row->api_url),
                         xstrdup_null(row->base_url)};
    links->opened = o;
    return c;
}

static struct connection *find_or_open(struct connections *links,
                                       const struct store_connection *row, struct err *e)
{
    struct connection *c = find_opened(links, row);
    if (!c)
        return open_one(links, row, e);
    /* a newer token of a grant is for auth/tokens.h to find, with its claim */
    if (!c->refreshable && c->version != row->token.version &&
        workspace_adopt(links->w, c, row, e) != 0)
        return NULL;
    return c;
}

static int read_row(struct connections *links, const char *client, const char *app,
                    struct store_connection *row, struct err *e)
{
    struct store *store = workspace_store(links->w, e);
    struct err why;
    if (!store)
        return -1;
    if (store_connection_find(store, client, app, row, &why) == 0)
        return 0;
    if (why.kind == ERR_NOT_FOUND) {
        char *command = connection_command(client, app);
        err_set(e, ERR_AUTH, "client %s is not connected to %s: run `%s`", client, app,
                command);
        free(command);
        return -1;
    }
    if (e)
        *e = why;
    return -1;
}

/* The store links a client to its company; client.lua may only agree. */
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

struct connection *connections_get(struct connections *links, const char *client,
                                   const char *app, struct err *e)
{
    struct store_connection row;
    const json_t *settings = workspace_client(links->w, client, e);
    if (!settings || read_row(links, client, app, &row, e) != 0)
        return NULL;
    struct connection *c = find_or_open(links, &row, e);
    store_connection_fini(&row);
    return c && check_company(settings, client, c, e) == 0 ? c : NULL;
}

struct connection *connections_company(struct connections *links, const char *app,
                                       const char *company, struct err *e)
{
    struct store_connection row;
    struct store *store = workspace_store(links->w, e);
    if (!store || store_connection_read(store, app, company, &row, e) != 0)
        return NULL;
    struct connection *c = find_or_open(links, &row, e);
    store_connection_fini(&row);
    return c;
}
