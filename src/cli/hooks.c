#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ops/report.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/when.h"
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

struct hooks_command {
    struct cli *cli;
    const char *client; /* NULL: all */
    json_t *last;       /* "client/app" (no client: "/app") -> its newest delivery */
    json_t *rows;       /* the addresses */
    json_t *lost;       /* refused requests to addresses that do not exist */
    char *apps[APPS_MAX];
    size_t napps;
};

/* ---- what the store has ---- */

static void add_app(void *arg, const char *app)
{
    struct hooks_command *c = arg;
    struct err e;
    const json_t *connector = workspace_connector(c->cli->w, app, &e);
    if (json_object_get(connector, "webhooks") && c->napps < APPS_MAX)
        c->apps[c->napps++] = xstrdup(app);
}

static int note_last(void *arg, const struct delivery *d)
{
    struct hooks_command *c = arg;
    char *key = xasprintf("%s/%s", d->client ? d->client : "", d->app);
    if (!json_object_get(c->last, key))
        json_object_set_new(c->last, key, report_delivery_row(c->cli->report, d));
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

static json_t *refusals(struct hooks_command *c, const char *client, const char *app,
                        struct err *e)
{
    struct refused f = {client, app, json_array()};
    if (inbox_rejections(report_db(c->cli->report), client, app, REFUSED_MAX, add_refusal,
                         &f, e) == 0)
        return f.rows;
    json_decref(f.rows);
    return NULL;
}

/* ---- keys ---- */

/* Returns 1 when the setting is there and every secret that it names has a value. Sets
 * *MISSING to a secret that has none. */
static int key_is_set(struct hooks_command *c, const json_t *value, const char **missing)
{
    struct err e;
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
    struct store *store = secret ? workspace_store(c->cli->w, &e) : NULL;
    if (secret && (!store || store_secret_version(store, secret, &e) < 1)) {
        *missing = secret;
        return 0;
    }
    return json_is_string(value) || secret;
}

/* Adds the key SETTING, with `todo`, a command or an edit, when it is missing. */
static void add_key(struct hooks_command *c, json_t *row, const char *client,
                    const char *app, const char *setting)
{
    struct err e;
    const json_t *value = NULL;
    const char *missing = NULL;
    char *todo = NULL;
    if (client)
        value = json_object_get(
            settings_client_app(workspace_client(c->cli->w, client, &e), app), setting);
    int is_own = value != NULL;
    if (!value)
        value = json_object_get(
            settings_workspace_app(workspace_settings(c->cli->w, &e), app), setting);
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
static void add_keys(struct hooks_command *c, json_t *row, const char *client,
                     const char *app)
{
    struct err e;
    const json_t *schemes =
        json_at(workspace_connector(c->cli->w, app, &e), "webhooks.schemes");
    const json_t *block =
        client ? settings_client_app(workspace_client(c->cli->w, client, &e), app) : NULL;
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
static void add_help(struct hooks_command *c, json_t *row, const char *client,
                     const char *app)
{
    struct err e;
    char *name = xasprintf("lua/%s/hooks.lua", app);
    const struct overlay_file *file =
        overlay_find(workspace_overlay(c->cli->w), NULL, name, OVERLAY_CLIENT, &e);
    json_t *tree = file ? data_load(file->text, file->len, file->path, &e) : NULL;
    json_t *lines = json_object_get(tree, client ? "client" : "app");
    if (json_is_array(lines))
        json_object_set(row, "help", lines);
    json_decref(tree);
    free(name);
}

static int add_address(struct hooks_command *c, const char *client, const char *app,
                       struct err *e)
{
    struct err ignored;
    const char *url = json_text(workspace_settings(c->cli->w, &ignored), "public_url");
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
    json_t *refused = refusals(c, client, app, e);
    json_array_append_new(c->rows, row);
    free(path);
    free(whole);
    free(key);
    if (!refused)
        return -1;
    json_object_set_new(row, "refused", refused);
    return 0;
}

struct adding {
    struct hooks_command *c;
    struct err *e;
    int failed;
};

static void add_client(void *arg, const char *client)
{
    struct adding *a = arg;
    for (size_t i = 0; i < a->c->napps && !a->failed; i++)
        a->failed = add_address(a->c, client, a->c->apps[i], a->e) != 0;
}

static int gather(struct hooks_command *c, struct err *e)
{
    struct inbox_filter filter = {.state = -1, .limit = SEARCHED_MAX};
    struct adding adding = {c, e, 0};
    overlay_each(workspace_overlay(c->cli->w), NULL, "lua", add_app, c);
    if (inbox_each(report_db(c->cli->report), &filter, note_last, c, e) != 0)
        return -1;
    for (size_t i = 0; i < c->napps; i++)
        if (add_address(c, NULL, c->apps[i], e) != 0)
            return -1;
    if (c->client)
        add_client(&adding, c->client);
    else
        workspace_each_client(c->cli->w, add_client, &adding);
    if (adding.failed)
        return -1;
    c->lost = refusals(c, NULL, NULL, e);
    return c->lost ? 0 : -1;
}

/* ---- showing ---- */

static void print_when(const struct timeline *t, const json_t *row)
{
    char at[40], ago[64];
    int64_t ms = timeline_ms(row, "at");
    timeline_format(t, ms, at);
    when_format_duration((double)(clock_wall_ms() - ms) / 1000, ago);
    printf("%s (%s ago)", at, ago);
}

static void print_refusals(const struct timeline *t, const json_t *rows, int with_route)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        long long times = (long long)json_integer_value(json_object_get(row, "times"));
        printf("  refused   ");
        print_when(t, row);
        table_printf(stdout, ", %d%s%s, %lld time%s: %s\n",
                     (int)json_integer_value(json_object_get(row, "status")),
                     with_route ? " " : "",
                     with_route ? json_text_or(row, "route", "") : "", times,
                     times == 1 ? "" : "s", json_text_or(row, "why", ""));
    }
}

static void print_address(struct hooks_command *c, const json_t *row)
{
    const char *client = json_text_or(row, "client", ""),
               *url = json_text_or(row, "url", "");
    const json_t *last = json_object_get(row, "last_delivery");
    struct timeline t = timeline_for(c->cli->w, *client ? client : c->client);
    int is_whole = !*client || c->client;
    size_t i;
    json_t *item;
    printf("%s%s%s\n", json_text_or(row, "app", ""),
           *client ? ", client " : ", every company that authorised the agency's app",
           client);
    printf("  URL       %s%s\n", *url ? url : "https://YOUR-HOST",
           *url ? "" : json_text_or(row, "path", ""));
    if (!*url)
        puts("            public_url in foyer.lua says which host it is");
    json_array_foreach(json_object_get(row, "keys"), i, item)
    {
        const char *todo = json_text_or(item, "todo", "");
        printf("  key       %s: %s%s%s\n", json_text_or(item, "setting", ""),
               *todo ? "MISSING; " : "set", todo,
               !*todo && *client && strcmp(json_text_or(item, "of", ""), "workspace") == 0
                   ? " (the agency's)"
                   : "");
    }
    json_array_foreach(is_whole ? json_object_get(row, "help") : NULL, i, item)
    {
        table_printf(stdout, "%s%s\n", i ? "            " : "  where     ",
                     json_string_value(item) ? json_string_value(item) : "");
    }
    printf("  last      ");
    if (last) {
        print_when(&t, last);
        table_printf(stdout, ": delivery %lld, %s, %s\n",
                     (long long)json_integer_value(json_object_get(last, "id")),
                     json_text_or(last, "type", ""), json_text_or(last, "state", ""));
    } else {
        puts("nothing has come");
    }
    print_refusals(&t, json_object_get(row, "refused"), 0);
}

static void print_all(struct hooks_command *c)
{
    size_t i;
    json_t *row;
    int64_t counts[DELIVERY_STATES];
    struct err e;
    json_array_foreach(c->rows, i, row)
    {
        if (i)
            putchar('\n');
        print_address(c, row);
    }
    if (json_array_size(c->lost)) {
        struct timeline t = timeline_for(c->cli->w, c->client);
        puts("\naddresses that do not exist");
        print_refusals(&t, c->lost, 1);
    }
    if (inbox_count(report_db(c->cli->report), counts, &e) == 0 &&
        counts[DELIVERY_UNROUTED])
        fprintf(stderr,
                "foyer: %lld deliver%s of companies that no client is connected to: "
                "foyer events list --state unrouted\n",
                (long long)counts[DELIVERY_UNROUTED],
                counts[DELIVERY_UNROUTED] == 1 ? "y is" : "ies are");
}

int cmd_hooks(struct cli *cli, struct err *e)
{
    struct hooks_command c = {.cli = cli, .last = json_object(), .rows = json_array()};
    struct cli_option options[] = {{NULL, CLI_FLAG, NULL}};
    int rc = cli_begin(cli, options, e);
    c.client = cli->words.n ? cli->words.items[0] : NULL;
    if (rc == 0 &&
        (!workspace_settings(cli->w, e) ||
         (c.client && !workspace_client(cli->w, c.client, e)) || gather(&c, e) != 0))
        rc = -1;
    if (rc == 0 && cli->json) {
        json_t *tree = json_pack("{s:O, s:O}", "addresses", c.rows, "unknown", c.lost);
        cli_print_json(tree);
        json_decref(tree);
    } else if (rc == 0) {
        print_all(&c);
    }
    for (size_t i = 0; i < c.napps; i++)
        free(c.apps[i]);
    json_decref(c.last);
    json_decref(c.rows);
    json_decref(c.lost);
    return rc;
}
