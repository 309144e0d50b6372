#include "workspace/workspace.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/connections.h"
#include "workspace/settings_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/testhook.h"
#include "core/connector_check.h"
#include "core/jsontree.h"
#include "store/ledger.h"
#include "core/limits.h"
#include "store/sealing.h"
#include "core/settings.h"
#include "store/store_secret.h"
#include "store/secret_usage.h"
#include "base/crypto.h"
#include "vm/data.h"
#include "vm/lua_lines.h"

struct workspace {
    char *dir; /* NULL: none */
    struct overlay *overlay;
    struct store *store;
    struct vault *vault;
    struct live *live;
    struct presence *presence;
    json_t *settings;
    json_t *clients;    /* name -> merged settings */
    json_t *connectors; /* app -> connector */
    struct connections *links;
    int lenient;          /* workspace_be_lenient */
    struct limits limits; /* see workspace_limits */
};

static char *find_dir(void)
{
    char *dir = getcwd(NULL, 0);
    while (dir) {
        char *file = path_join(dir, "foyer.lua");
        int found = path_is_taken(file);
        free(file);
        if (found)
            return dir;
        char *slash = strrchr(dir, '/');
        if (!slash || slash == dir)
            break;
        *slash = '\0';
    }
    free(dir);
    return NULL;
}

struct workspace *workspace_open(const char *dir, int optional, struct err *e)
{
    char *found = dir ? realpath(dir, NULL) : find_dir();
    if (dir && !found) {
        err_set(e, ERR_USAGE, "cannot open the workspace %s: %s", dir, strerror(errno));
        return NULL;
    }
    if (found) {
        char *file = path_join(found, "foyer.lua");
        int there = path_is_taken(file);
        free(file);
        if (!there) {
            err_set(e, ERR_USAGE,
                    "cannot open the workspace %s: it has no foyer.lua; `foyer init DIR` "
                    "makes "
                    "one",
                    dir);
            free(found);
            return NULL;
        }
    } else if (!optional) {
        err_set(e, ERR_USAGE,
                "cannot find a workspace: neither here nor above is a foyer.lua; "
                "name one with -w DIR, or make one with `foyer init DIR`");
        return NULL;
    }
    struct workspace *w = xcalloc(1, sizeof *w);
    w->dir = found;
    w->overlay = overlay_new(found);
    w->links = connections_new(w);
    w->clients = json_object();
    w->connectors = json_object();
    return w;
}

void workspace_close(struct workspace *w)
{
    if (!w)
        return;
    connections_free(w->links);
    presence_close(w->presence);
    live_free(w->live);
    store_close(w->store);
    vault_close(w->vault); /* wipes the key */
    overlay_free(w->overlay);
    json_decref(w->settings);
    json_decref(w->clients);
    json_decref(w->connectors);
    free(w->dir);
    free(w);
}

const char *workspace_dir(const struct workspace *w)
{
    return w->dir;
}

struct overlay *workspace_overlay(struct workspace *w)
{
    return w->overlay;
}

void workspace_be_lenient(struct workspace *w)
{
    w->lenient = 1;
}

/* ---- settings ---- */

struct first_problem {
    struct err *e;
    const char *name;
    const struct buf *text;
    int seen;
};

static void on_problem(void *arg, const char *field, const char *sentence)
{
    struct first_problem *first = arg;
    if (first->seen++)
        return;
    err_set(first->e, ERR_SETTINGS, "cannot use %s:%d: %s%s%s", first->name,
            lua_lines_line(buf_str(first->text), first->text->len, field), field,
            *field ? ": " : "", sentence);
}

/* A checked tree; NULL with ERR_NOT_FOUND when the file is not there. */
static json_t *load_settings(struct workspace *w, const char *name,
                             enum settings_kind kind, struct err *e)
{
    struct buf text;
    json_t *tree = settings_file_read(w, name, &text, e);
    if (w->lenient) {
        if (!tree && e->kind != ERR_NOT_FOUND)
            tree = json_object();
    } else if (tree) {
        struct first_problem first = {e, name, &text, 0};
        if (settings_file_check(w, tree, kind, on_problem, &first, e) != 0) {
            json_decref(tree);
            tree = NULL;
        }
    }
    buf_free(&text);
    return tree;
}

const json_t *workspace_settings(struct workspace *w, struct err *e)
{
    struct err why;
    if (!w->settings)
        w->settings = w->dir ? load_settings(w, "foyer.lua", OF_WORKSPACE, e ? e : &why)
                             : json_object();
    return w->settings;
}

const struct limits *workspace_limits(struct workspace *w)
{
    const json_t *settings = workspace_settings(w, NULL);
    const struct limits *given = &limits_default;
    w->limits = *given;
    w->limits.record_bytes =
        settings_limit_bytes(settings, "record_mib", given->record_bytes);
    w->limits.store_bytes =
        settings_limit_bytes(settings, "store_mib", given->store_bytes);
    return &w->limits;
}

struct near {
    const char *word;
    char *names[256];
    size_t n;
};

static int near_add(void *arg, const char *name)
{
    struct near *near = arg;
    if (near->n < 256)
        near->names[near->n++] = xstrdup(name);
    return 0;
}

static void unknown_client(struct workspace *w, const char *client, struct err *e)
{
    struct near near = {.word = client};
    char *dir = path_join(w->dir ? w->dir : ".", "clients");
    path_each(dir, near_add, &near);
    const char *best = str_nearest(client, (const char *const *)near.names, near.n);
    if (best && strcmp(best, client) == 0)
        best = NULL; /* the directory is there, its client.lua is not */
    err_set(e, ERR_NOT_FOUND,
            "there is no client \"%.64s\": clients/%.64s/client.lua is missing"
            "%s%s%s",
            client, client, best ? "; did you mean \"" : "", best ? best : "",
            best ? "\"?" : "");
    for (size_t i = 0; i < near.n; i++)
        free(near.names[i]);
    free(dir);
}

const json_t *workspace_client(struct workspace *w, const char *client, struct err *e)
{
    json_t *hit = json_object_get(w->clients, client);
    if (hit)
        return hit;
    struct err why = {0};
    if (!str_is_name(client)) {
        err_set(e, ERR_USAGE,
                "\"%.64s\" is no client's name: letters, digits, '-', '_' and '.'",
                client);
        return NULL;
    }
    char *name = xasprintf("clients/%s/client.lua", client);
    char *ids_name = xasprintf("clients/%s/ids.lua", client);
    json_t *merged = NULL;
    json_t *tree = load_settings(w, name, OF_CLIENT, &why);
    if (!tree && why.kind == ERR_NOT_FOUND) {
        unknown_client(w, client, &why);
    } else if (tree && w->lenient && json_object_size(tree) == 0) {
        /* nothing is known of a client whose file cannot be read, nor said of what
         * uses it: ids.lua alone would look like a client without a name or vars */
        merged = tree;
    } else if (tree) {
        json_t *ids = load_settings(w, ids_name, OF_IDS, &why);
        if (ids || why.kind == ERR_NOT_FOUND)
            merged = settings_merge_ids(tree, ids);
        json_decref(ids);
        json_decref(tree);
    }
    free(name);
    free(ids_name);
    if (!merged) {
        if (e)
            *e = why;
        return NULL;
    }
    json_object_set_new(w->clients, client, merged);
    return merged;
}

int workspace_has_client(struct workspace *w, const char *client)
{
    char *name = xasprintf("%s/clients/%s/client.lua", w->dir ? w->dir : ".", client);
    int there = str_is_name(client) && path_is_taken(name);
    free(name);
    return there;
}

struct each_client {
    struct workspace *w;
    void (*fn)(void *arg, const char *client);
    void *arg;
};

static int on_client(void *arg, const char *name)
{
    struct each_client *each = arg;
    if (workspace_has_client(each->w, name))
        each->fn(each->arg, name);
    return 0;
}

void workspace_each_client(struct workspace *w, void (*fn)(void *arg, const char *client),
                           void *arg)
{
    if (!w->dir)
        return;
    struct each_client each = {w, fn, arg};
    char *dir = path_join(w->dir, "clients");
    path_each(dir, on_client, &each);
    free(dir);
}

/* ---- connectors ---- */

struct first_of_connector {
    struct err *e;
    const struct overlay_file *file;
    int seen;
};

static void on_connector_problem(void *arg, const char *field, const char *sentence)
{
    struct first_of_connector *first = arg;
    if (first->seen++)
        return;
    err_set(first->e, ERR_SETTINGS, "cannot use %s:%d: %s: %s", first->file->path,
            lua_lines_line(first->file->text, first->file->len, field), field, sentence);
}

static json_t *load_connector(const struct overlay_file *file, struct err *e)
{
    json_t *connector = data_load_file(file, e);
    struct first_of_connector first = {e, file, 0};
    if (connector && connector_check(connector, on_connector_problem, &first) > 0) {
        json_decref(connector);
        connector = NULL;
    }
    return connector;
}

const json_t *workspace_connector(struct workspace *w, const char *app, struct err *e)
{
    json_t *hit = json_object_get(w->connectors, app);
    if (hit)
        return hit;
    if (!str_is_name(app)) {
        err_set(e, ERR_INVALID, "\"%.64s\" is no app's name", app);
        return NULL;
    }
    /* never from a client's layer: the hosts that a token goes to are the agency's to say
     */
    char *name = xasprintf("lua/%s/connector.lua", app);
    struct err why = {0};
    struct overlay_file *file =
        overlay_find(w->overlay, NULL, name, LAYER_WORKSPACE, &why);
    json_t *connector = file ? load_connector(file, e) : NULL;
    if (w->lenient && !connector && why.kind != ERR_NOT_FOUND) {
        /* what lies below will do for the rest */
        int below = file ? file->layer + 1 : LAYER_BUILTIN;
        file = overlay_find(w->overlay, NULL, name, (enum overlay_layer)below, &why);
        connector = file ? load_connector(file, e) : json_object();
    }
    free(name);
    if (!connector && !file) {
        if (why.kind == ERR_NOT_FOUND)
            err_set(e, ERR_NOT_FOUND,
                    "there is no app \"%s\": lua/%s/connector.lua is missing", app, app);
        else if (e)
            *e = why;
        return NULL;
    }
    if (connector)
        json_object_set_new(w->connectors, app, connector);
    return connector;
}

/* ---- connections and secrets ---- */

struct store *workspace_store(struct workspace *w, struct err *e)
{
    if (!w->store && !w->dir)
        err_set(e, ERR_USAGE, "cannot open the store: no workspace");
    else if (!w->store)
        w->store = store_open(w->dir, e);
    return w->store;
}

struct vault *workspace_vault(struct workspace *w, struct err *e)
{
    if (!w->vault)
        w->vault = vault_open(e);
    return w->vault;
}

struct connection *workspace_try_connection(struct workspace *w, const char *app,
                                            const char *api_url, const char *token,
                                            struct err *e)
{
    const json_t *connector = workspace_connector(w, app, e);
    if (!connector)
        return NULL;
    struct connection *c = xcalloc(1, sizeof *c);
    c->app = xstrdup(app);
    c->token = xstrdup(token);
    if (api_url) { /* replaces the connector's address and hosts, loopback included */
        struct url_parts u;
        if (url_parts_parse(api_url, &u, e) != 0) {
            connection_free(c);
            return NULL;
        }
        c->base = xstrdup(api_url);
        size_t n = strlen(c->base);
        while (n && c->base[n - 1] == '/')
            c->base[--n] = '\0';
        c->hosts = xcalloc(1, sizeof *c->hosts);
        c->hosts[c->nhosts++] = xasprintf("%s:%d", u.host, u.port);
        url_parts_fini(&u);
        return c;
    }
    c->base = xstrdup(json_text(connector, "api.base"));
    const json_t *hosts = json_at(connector, "api.hosts");
    c->hosts = xcalloc(json_array_size(hosts) + 1, sizeof *c->hosts);
    size_t i;
    json_t *host;
    json_array_foreach(hosts, i, host)
    {
        if (json_is_string(host))
            c->hosts[c->nhosts++] = xstrdup(json_string_value(host));
    }
    return c;
}

struct live *workspace_live(struct workspace *w)
{
    if (!w->live)
        w->live = live_new(w->dir ? w->dir : ".");
    return w->live;
}

struct presence *workspace_presence(struct workspace *w, struct err *e)
{
    if (!w->presence)
        w->presence = presence_open(w->dir ? w->dir : ".", e);
    return w->presence;
}

static struct vault_place place_of(const char *owner, const char *name, int64_t version)
{
    return (struct vault_place){"token", owner, name, version};
}

static int seal(struct vault *vault, const char *owner, const char *name, int64_t version,
                const char *text, struct store_sealed *out, struct err *e)
{
    struct vault_place place = place_of(owner, name, version);
    struct buf sealed;
    buf_init(&sealed, 64 * 1024);
    if (vault_seal(vault, &place, text, strlen(text), &sealed, e) != 0) {
        buf_free(&sealed);
        return -1;
    }
    out->version = version;
    out->data = (unsigned char *)buf_take(&sealed, &out->len);
    return 0;
}

/* Another process may have renewed the key since this one read it. */
struct vault *workspace_sealer(struct workspace *w, struct err *e)
{
    char id[VAULT_ID_SIZE];
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_vault(w, e) : NULL;
    if (!vault || sealing_key(store, id, e) != 0)
        return NULL;
    if (id[0] && strcmp(id, vault_key_id(vault)) != 0 && vault_use(vault, id, e) != 0)
        return NULL;
    return vault;
}

int workspace_seal_token(struct workspace *w, struct store_connection *row,
                         int64_t version, const struct oauth_token *token, struct err *e)
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

int workspace_refresh_token(struct workspace *w, const struct store_connection *row,
                            struct buf *out, struct err *e)
{
    return unseal(w, row, "refresh", &row->refresh, out, e);
}

int workspace_adopt(struct workspace *w, struct connection *c,
                    const struct store_connection *row, struct err *e)
{
    struct buf token;
    buf_init(&token, 16 * 1024);
    int rc = unseal(w, row, "access", &row->token, &token, e);
    if (rc == 0) {
        crypto_wipe(c->token, strlen(c->token));
        free(c->token);
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

const struct connection *workspace_connection(struct workspace *w, const char *client,
                                              const char *app, struct err *e)
{
    return connections_get(w->links, client, app, e);
}

const struct connection *workspace_company(struct workspace *w, const char *app,
                                           const char *company, struct err *e)
{
    return connections_company(w->links, app, company, e);
}

int workspace_secret(struct workspace *w, const char *name, struct buf *out,
                     struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_vault(w, e) : NULL;
    struct store_secret row;
    if (!vault || store_secret_get(store, name, &row, e) != 0)
        return -1;
    struct vault_place place = {"secret", "", name, row.value.version};
    int rc = vault_unseal(vault, &place, row.value.data, row.value.len, out, e);
    store_secret_fini(&row);
    struct err ignored; /* nobody should wait for a list's column */
    if (rc == 0 && secret_usage_note(workspace_live(w), name, place.version,
                                     clock_wall_ms(), &ignored) != 0)
        log_line(LOG_DEBUG, "%s", ignored.text);
    return rc;
}

/* ---- as runs see it ---- */

static const json_t *host_client(void *arg, const char *client, struct err *e)
{
    return workspace_client(arg, client, e);
}

static const json_t *host_workspace(void *arg, struct err *e)
{
    return workspace_settings(arg, e);
}

static const json_t *host_connector(void *arg, const char *app, struct err *e)
{
    return workspace_connector(arg, app, e);
}

static const struct connection *host_connection(void *arg, const char *client,
                                                const char *app, const char *company,
                                                struct err *e)
{
    return company ? workspace_company(arg, app, company, e)
                   : workspace_connection(arg, client, app, e);
}

static int host_secret(void *arg, const char *name, struct buf *out, struct err *e)
{
    return workspace_secret(arg, name, out, e);
}

static int host_load_value(void *arg, const char *client, const char *key, char **value,
                           struct err *e)
{
    struct store *store = workspace_store(arg, e);
    return store ? ledger_value(store_db(store), client, key, value, e) : -1;
}

static int host_save_value(void *arg, const char *client, const char *key,
                           const char *value, struct err *e)
{
    struct store *store = workspace_store(arg, e);
    return store
               ? ledger_value_put(store_db(store), client, key, value,
                                  workspace_limits(arg)->store_bytes, clock_wall_ms(), e)
               : -1;
}

static void host_each_client(void *arg, void (*fn)(void *arg, const char *client),
                             void *fn_arg)
{
    workspace_each_client(arg, fn, fn_arg);
}

struct run_host workspace_host(struct workspace *w)
{
    return (struct run_host){.arg = w,
                             .client = host_client,
                             .workspace = host_workspace,
                             .connector = host_connector,
                             .connection = host_connection,
                             .secret = host_secret,
                             .load_value = host_load_value,
                             .save_value = host_save_value,
                             .each_client = host_each_client};
}
