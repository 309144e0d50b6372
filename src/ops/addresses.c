#include "ops/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/jsontree.h"
#include "vm/overlay.h"
#include "core/settings.h"
#include "store/store.h"
#include "store/store_secret.h"
#include "vm/data.h"
#include "core/settings_value.h"

enum {
    SEARCHED_MAX = 20000, /* newest deliveries, to find each address's last one */
    REFUSED_MAX = 1000,   /* the store keeps as many */
    REFUSED_SHOWN = 5,
    APPS_MAX = 64
};

struct listing {
    struct report *report;
    struct workspace *w; /* the report's */
    const char *client;  /* NULL: all */
    json_t *last;        /* "client/app" (no client: "/app") -> its newest delivery */
    json_t *rows;        /* the addresses */
    json_t *lost;        /* refused requests to addresses that do not exist */
    char *apps[APPS_MAX];
    size_t napps;
    struct err *e;
    int failed; /* 1: an address could not be added, see E */
};

/* ---- what the store has ---- */

static void add_app(void *arg, const char *app)
{
    struct listing *c = arg;
    const json_t *connector = workspace_connector(c->w, app, NULL);
    if (json_object_get(connector, "webhooks") && c->napps < APPS_MAX)
        c->apps[c->napps++] = xstrdup(app);
}

static int note_last(void *arg, const struct delivery *d)
{
    struct listing *c = arg;
    char *key = xasprintf("%s/%s", d->client ? d->client : "", d->app);
    if (!json_object_get(c->last, key))
        json_object_set_new(c->last, key, report_delivery_row(c->report, d));
    free(key);
    return 0;
}

static json_t *refusal_row(const struct rejection *r)
{
    json_t *row = json_object();
    report_set_time(row, "at", r->at_ms);
    report_set_text(row, "route", r->route);
    report_set_text(row, "scheme", r->scheme);
    json_object_set_new(row, "status", json_integer(r->status));
    json_object_set_new(row, "times", json_integer(r->times));
    report_set_text(row, "why", r->sentence);
    return row;
}

struct refused {
    const char *client, *app; /* of the refusals to add; NULL: those with none */
    json_t *rows;
};

static int add_refusal(void *arg, const struct rejection *r)
{
    struct refused *f = arg;
    if (str_eq(r->client, f->client) && str_eq(r->app, f->app))
        json_array_append_new(f->rows, refusal_row(r));
    return json_array_size(f->rows) >= REFUSED_SHOWN;
}

static json_t *refusals(struct listing *c, const char *client, const char *app)
{
    struct refused f = {client, app, json_array()};
    if (inbox_rejections(report_db(c->report), client, app, REFUSED_MAX, add_refusal, &f,
                         c->e) == 0)
        return f.rows;
    json_decref(f.rows);
    return NULL;
}

/* ---- keys ---- */

/* Returns 1 when the setting is there and every secret that it names has a value. Sets
 * *MISSING to a secret that has none. */
static int key_is_set(struct listing *c, const json_t *value, const char **missing)
{
    size_t i;
    json_t *item;
    const char *secret = settings_secret(value);
    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            if (!key_is_set(c, item, missing))
                return 0;
        }
        return json_array_size(value) > 0;
    }
    struct store *store = secret ? workspace_store(c->w, NULL) : NULL;
    if (secret && (!store || store_secret_version(store, secret, NULL) < 1)) {
        *missing = secret;
        return 0;
    }
    return json_is_string(value) || secret;
}

/* Adds the key SETTING, with `todo`, a command or an edit, when it is missing. */
static void add_key(struct listing *c, json_t *row, const char *client, const char *app,
                    const char *setting)
{
    const json_t *value = NULL;
    const char *missing = NULL;
    char *todo = NULL;
    if (client)
        value = json_object_get(
            settings_client_app(workspace_client(c->w, client, NULL), app), setting);
    int is_own = value != NULL;
    if (!value)
        value = json_object_get(
            settings_workspace_app(workspace_settings(c->w, NULL), app), setting);
    int is_set = value && key_is_set(c, value, &missing);
    if (missing)
        todo = xasprintf("the secret has no value: foyer secret set %s", missing);
    else if (!is_set && client)
        todo = xasprintf(
            "requests that are signed with it are refused: in clients/%s/client.lua: "
            "%s = { %s = secret \"%s.%s\" }, then: foyer secret set %s.%s",
            client, app, setting, client, setting, client, setting);
    else if (!is_set)
        todo = xasprintf(
            "requests that are signed with it are refused: in foyer.lua: apps = { %s "
            "= { %s = secret \"%s.%s\" } }, then: foyer secret set %s.%s",
            app, setting, app, setting, app, setting);
    json_t *key = json_pack("{s:s, s:b}", "setting", setting, "set", is_set);
    if (value)
        json_object_set_new(key, "of", json_string(is_own ? "client" : "workspace"));
    report_set_text(key, "todo", todo);
    json_array_append_new(json_object_get(row, "keys"), key);
    free(todo);
}

/* Adds the keys of the schemes that use this address. An app's own webhooks go to the
 * app's address, and to a client's only when the client has an app of its own. */
static void add_keys(struct listing *c, json_t *row, const char *client, const char *app)
{
    const json_t *schemes =
        json_at(workspace_connector(c->w, app, NULL), "webhooks.schemes");
    const json_t *block =
        client ? settings_client_app(workspace_client(c->w, client, NULL), app) : NULL;
    json_t *seen = json_object(), *scheme;
    const char *name;
    json_object_foreach((json_t *)schemes, name, scheme)
    {
        const char *key = json_text(scheme, "key");
        int is_apps = key && strcmp(key, "rule_key") != 0;
        int is_here = client ? !is_apps || json_object_get(block, key) : is_apps;
        if (!key || !is_here || json_object_get(seen, key))
            continue;
        json_object_set_new(seen, key, json_true());
        add_key(c, row, client, app, key);
    }
    json_decref(seen);
}

/* ---- addresses ---- */

/* Adds the lines of lua/APP/hooks.lua: where the app's users enter the address. */
static void add_help(struct listing *c, json_t *row, const char *client, const char *app)
{
    char *name = xasprintf("lua/%s/hooks.lua", app);
    const struct overlay_file *file =
        overlay_find(workspace_overlay(c->w), NULL, name, OVERLAY_CLIENT, NULL);
    json_t *tree = file ? data_load(file->text, file->len, file->path, NULL) : NULL;
    json_t *lines = json_object_get(tree, client ? "client" : "app");
    if (json_is_array(lines))
        json_object_set(row, "help", lines);
    json_decref(tree);
    free(name);
}

static void add_address(struct listing *c, const char *client, const char *app)
{
    const char *url = json_text(workspace_settings(c->w, NULL), "public_url");
    size_t n = url ? strlen(url) : 0;
    while (n && url[n - 1] == '/')
        n--;
    json_t *row = json_pack("{s:s, s:[]}", "app", app, "keys");
    report_set_text(row, "client", client);
    char *path =
        client ? xasprintf("/hooks/%s/%s", client, app) : xasprintf("/hooks/%s", app);
    char *whole = url ? xasprintf("%.*s%s", (int)n, url, path) : NULL;
    char *key = xasprintf("%s/%s", client ? client : "", app);
    report_set_text(row, "path", path);
    report_set_text(row, "url", whole);
    add_keys(c, row, client, app);
    add_help(c, row, client, app);
    if (json_object_get(c->last, key))
        json_object_set(row, "last_delivery", json_object_get(c->last, key));
    json_t *refused = refusals(c, client, app);
    c->failed = !refused;
    json_object_set_new(row, "refused", refused);
    json_array_append_new(c->rows, row);
    free(path);
    free(whole);
    free(key);
}

/* CLIENT NULL: adds the apps' own addresses. */
static void add_client(void *arg, const char *client)
{
    struct listing *c = arg;
    for (size_t i = 0; i < c->napps && !c->failed; i++)
        add_address(c, client, c->apps[i]);
}

static int gather(struct listing *c)
{
    struct inbox_filter filter = {.state = -1, .limit = SEARCHED_MAX};
    overlay_each(workspace_overlay(c->w), NULL, "lua", add_app, c);
    if (inbox_each(report_db(c->report), &filter, note_last, c, c->e) != 0)
        return -1;
    add_client(c, NULL);
    if (c->client)
        add_client(c, c->client);
    else
        workspace_each_client(c->w, add_client, c);
    if (c->failed)
        return -1;
    c->lost = refusals(c, NULL, NULL);
    return c->lost ? 0 : -1;
}

json_t *addresses_list(struct report *r, const char *client, struct err *e)
{
    struct listing c = {.report = r,
                        .w = report_workspace(r),
                        .client = client,
                        .last = json_object(),
                        .rows = json_array(),
                        .e = e};
    json_t *tree = NULL;
    if (workspace_settings(c.w, e) && (!client || workspace_client(c.w, client, e)) &&
        gather(&c) == 0)
        tree = json_pack("{s:O, s:O}", "addresses", c.rows, "unknown", c.lost);
    for (size_t i = 0; i < c.napps; i++)
        free(c.apps[i]);
    json_decref(c.last);
    json_decref(c.rows);
    json_decref(c.lost);
    return tree;
}
