#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "core/settings_value.h"

enum { CLIENTS_SHOWN = 4 }; /* in a table's cell */

static const struct kind {
    const char *name, *usage, *none;
} kinds[] = {
    {"action", "actions [NAME] [--client CLIENT] [--json]", "no actions"},
    {"trigger", "triggers [NAME] [--sample] [--client CLIENT] [--json]", "no triggers"},
    {"recipe", "recipes [NAME] [--client CLIENT] [--json]", "no recipes"},
};

enum { ACTION, TRIGGER, RECIPE };

/* ---- who has a recipe on: here, for it grows with the clients, not with a run's limits
 * ---- */

struct asked {
    struct workspace *w;
    const char *client; /* NULL: all */
    const char *recipe;
    json_t *found;
    int warn; /* say once which settings cannot be read */
};

static void ask_client(void *arg, const char *client)
{
    struct asked *asked = arg;
    struct err e = {0};
    if (asked->client && strcmp(asked->client, client) != 0)
        return;
    const json_t *workspace = workspace_settings(asked->w, &e);
    const json_t *settings = workspace ? workspace_client(asked->w, client, &e) : NULL;
    if (!settings) {
        if (asked->warn) {
            table_printf(stderr, "foyer: warning: %s\n", e.text);
        }
        return;
    }
    if (!settings_is_on(workspace, settings, asked->recipe))
        return;
    json_t *all = settings_recipe(workspace, settings, asked->recipe);
    json_t *row = json_pack("{s:s, s:o}", "client", client, "options",
                            settings_options(workspace, settings, asked->recipe));
    static const char *const reserved[] = {"cron", "retry", "catch_up", "uncertain"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        json_t *value = json_object_get(all, reserved[i]);
        if (value)
            json_object_set(row, reserved[i], value);
    }
    json_decref(all);
    json_array_append_new(asked->found, row);
}

/* A new list of {client, options, cron?, …}. */
static json_t *clients_with(struct workspace *w, const char *client, const char *recipe,
                            int warn)
{
    struct asked asked = {w, client, recipe, json_array(), warn};
    workspace_each_client(w, ask_client, &asked);
    return asked.found;
}

static void add_clients(struct workspace *w, const char *client, json_t *rows)
{
    size_t i, k;
    json_t *row, *one;
    json_array_foreach(rows, i, row)
    {
        const char *name = json_text(row, "name");
        json_t *found = clients_with(w, client, name ? name : "", i == 0);
        json_t *names = json_array();
        json_array_foreach(found, k, one)
            json_array_append(names, json_object_get(one, "client"));
        json_object_set_new(row, "clients", names);
        json_decref(found);
    }
}

/* ---- output ---- */

/* Many clients are a number in the table. */
static void shorten_clients(json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        size_t n = json_array_size(json_object_get(row, "clients"));
        if (n > CLIENTS_SHOWN)
            json_object_set_new(row, "clients", json_sprintf("%zu clients", n));
    }
}

/* "author = leela, post_to = secret acme.slack_url" */
static json_t *options_text(const json_t *options)
{
    struct buf out;
    const char *key;
    json_t *value, *members = cli_sorted(options);
    buf_init(&out, 16 * 1024);
    json_object_foreach(members, key, value)
    {
        const char *before, *secret = settings_secret_behind(value, &before);
        buf_addf(&out, "%s%s = ", out.len ? ", " : "", key);
        if (secret) {
            buf_addf(&out, "secret %s%s%s", secret, *before ? " after " : "", before);
        } else if (json_is_string(value)) {
            buf_adds(&out, json_string_value(value));
        } else {
            char *text =
                json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
            buf_adds(&out, text ? text : "?");
            free(text);
        }
    }
    json_t *text = json_string(buf_str(&out));
    buf_free(&out);
    json_decref(members);
    return text;
}

static void print_clients(const json_t *clients)
{
    size_t i;
    json_t *row, *rows = json_array();
    int cron = 0;
    if (json_array_size(clients) == 0) {
        fputs("\non for no client\n", stdout);
        return;
    }
    json_array_foreach(clients, i, row)
    {
        json_t *shown = json_copy(row);
        cron |= json_object_get(row, "cron") != NULL;
        json_object_set_new(shown, "options",
                            options_text(json_object_get(row, "options")));
        json_array_append_new(rows, shown);
    }
    json_t *columns = cron ? json_pack("[s,s,s]", "client", "cron", "options")
                           : json_pack("[s,s]", "client", "options");
    fputs("\non for\n", stdout);
    table_print(rows, columns);
    json_decref(columns);
    json_decref(rows);
}

static void print_list(const struct kind *kind, json_t *out, const char *client)
{
    json_t *rows = json_object_get(out, "rows");
    if (json_array_size(rows) == 0) {
        fprintf(stderr, "%s%s%s\n", kind->none, client ? " for " : "",
                client ? client : "");
        return;
    }
    shorten_clients(rows);
    table_print(rows, json_object_get(out, "columns"));
}

static int show(struct cli *cli, int argc, char **argv, const struct kind *kind)
{
    const char *client = NULL;
    int sample = 0, triggers = kind == &kinds[TRIGGER];
    struct cli_option options[] = {{"client", CLI_VALUE, &client},
                                   {triggers ? "sample" : NULL, CLI_FLAG, &sample},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    json_t *out = NULL;
    int recipes = kind == &kinds[RECIPE];

    if (cli_parse(cli, argc, argv, options, &rest, 0, 1, kind->usage, &e) != 0)
        goto out;
    if (sample && rest.n == 0) {
        err_set(&e, ERR_USAGE, "the sample of which trigger?\nusage: foyer %s",
                kind->usage);
        goto out;
    }
    w = workspace_open(cli->workspace, client == NULL, &e);
    if (!w || (client && !workspace_client(w, client, &e)))
        goto out;
    json_t *args =
        json_pack("{s:s, s:s*, s:s*, s:b}", "kind", kind->name, "name",
                  rest.n ? rest.items[0] : NULL, "client", client, "sample", sample);
    if (!args) {
        err_set(&e, ERR_USAGE, "the name of the %s is no UTF-8", kind->name);
        goto out;
    }
    out = cli_entry(w, client, "definitions", args, &e);
    if (!out)
        goto out;
    json_t *manual = json_object_get(out, "manual"), *rows = json_object_get(out, "rows");
    if (recipes && rows)
        add_clients(w, client, rows);
    if (recipes && manual)
        json_object_set_new(manual, "clients", clients_with(w, client, rest.items[0], 1));
    if (sample) {
        cli_print_json(json_object_get(out, "event"));
    } else if (cli->json) {
        cli_print_json(manual ? manual : rows);
    } else if (manual) {
        const char *text = json_text(out, "text");
        table_print_text(stdout, text ? text : "");
        if (recipes && workspace_dir(w))
            print_clients(json_object_get(manual, "clients"));
    } else {
        print_list(kind, out, client);
    }
out:
    json_decref(out);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}

int cmd_actions(struct cli *cli, int argc, char **argv)
{
    return show(cli, argc, argv, &kinds[ACTION]);
}

int cmd_triggers(struct cli *cli, int argc, char **argv)
{
    return show(cli, argc, argv, &kinds[TRIGGER]);
}

int cmd_recipes(struct cli *cli, int argc, char **argv)
{
    return show(cli, argc, argv, &kinds[RECIPE]);
}
