#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/buf.h"
#include "core/settings.h"
#include "core/jsontree.h"
#include "core/settings_value.h"

enum { CLIENTS_SHOWN = 4 }; /* by name, in a table's cell */

static const struct kind {
    const char *name, *none;
} kinds[] = {
    {"action", "no actions"}, {"trigger", "no triggers"}, {"recipe", "no recipes"}};

enum { ACTION, TRIGGER, RECIPE };

/* ---- the clients that have a recipe on: in C, as a script's limits do not allow for
 * thousands of clients ---- */

struct asked {
    struct workspace *w;
    const char *client; /* NULL: all */
    const char *recipe;
    json_t *found;
    int warn; /* 1: warn of settings that cannot be read */
};

static void ask_client(void *arg, const char *client)
{
    struct asked *asked = arg;
    struct err e = {0};
    if (asked->client && strcmp(asked->client, client) != 0)
        return;
    const json_t *workspace = workspace_settings_for(asked->w, client, &e);
    const json_t *settings = workspace ? workspace_client(asked->w, client, &e) : NULL;
    if (!settings) {
        if (asked->warn)
            table_printf(stderr, "foyer: warning: %s\n", e.text);
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

/* Returns a new array of {client, options, cron?, …}. */
static json_t *clients_with(const struct cli *cli, const char *recipe, int warn)
{
    struct asked asked = {cli->w, cli->client, recipe, json_array(), warn};
    workspace_each_client(cli->w, ask_client, &asked);
    return asked.found;
}

static void add_clients(const struct cli *cli, json_t *rows)
{
    size_t i, k;
    json_t *row, *one;
    json_array_foreach(rows, i, row)
    {
        json_t *found = clients_with(cli, json_text_or(row, "name", ""), i == 0);
        json_t *names = json_array();
        json_array_foreach(found, k, one)
            json_array_append(names, json_object_get(one, "client"));
        json_object_set_new(row, "clients", names);
        json_decref(found);
    }
}

/* ---- output ---- */

/* Shows more than a few clients as their number. */
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
        const char *before, *behind;
        const char *secret = settings_secret_within(value, &before, &behind);
        buf_addf(&out, "%s%s = ", out.len ? ", " : "", key);
        if (secret && !*before && !*behind) {
            buf_addf(&out, "secret %s", secret);
        } else if (secret) {
            buf_addf(&out, "%s${secret:%s}%s", before, secret, behind);
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
    if (kind != &kinds[RECIPE])
        table_print_groups(rows, json_object_get(out, "columns"), "group");
    else
        table_print(rows, json_object_get(out, "columns"));
    json_int_t hidden = json_integer_value(json_object_get(out, "hidden"));
    fflush(stdout);
    if (hidden)
        fprintf(stderr, "%d more with --all; `foyer actions WORD` searches all of them\n",
                (int)hidden);
}

static void print(struct cli *cli, const struct kind *kind, json_t *out, int sample)
{
    json_t *manual = json_object_get(out, "manual"), *rows = json_object_get(out, "rows");
    if (sample) {
        cli_print_json(json_object_get(out, "event"));
    } else if (cli->json) {
        cli_print_json(manual ? manual : rows);
    } else if (manual) {
        table_print_text(stdout, json_text_or(out, "text", ""));
        if (kind == &kinds[RECIPE] && workspace_dir(cli->w))
            print_clients(json_object_get(manual, "clients"));
    } else {
        print_list(kind, out, cli->client);
    }
}

static int show(struct cli *cli, const struct kind *kind, struct err *e)
{
    int flag = 0;
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {"all", CLI_FLAG, &flag},
                                   {NULL, CLI_FLAG, NULL}};
    if (kind != &kinds[ACTION])
        options[1].name = kind == &kinds[TRIGGER] ? "sample" : NULL;
    if (cli_parse(cli, options, e) != 0)
        return -1;
    int sample = flag && kind == &kinds[TRIGGER];
    if (sample && cli->words.n == 0)
        return cli_usage_error(cli, e, "the sample of which trigger?");
    if (cli_open(cli, e) != 0)
        return -1;
    const char *name = cli->words.n ? cli->words.items[0] : NULL;
    json_t *words = json_array();
    for (size_t i = 0; i < cli->words.n; i++)
        json_array_append_new(words, json_string(cli->words.items[i]));
    json_t *args = json_pack("{s:s, s:o, s:s*, s:b, s:b, s:b}", "kind", kind->name,
                             "words", words, "client", cli->client, "sample", sample,
                             "all", flag, "whole", cli->json);
    json_t *out = cli_entry(cli, "definitions", args, e);
    if (!out)
        return -1;
    json_t *manual = json_object_get(out, "manual"), *rows = json_object_get(out, "rows");
    if (kind == &kinds[RECIPE] && rows)
        add_clients(cli, rows);
    if (kind == &kinds[RECIPE] && manual)
        json_object_set_new(manual, "clients", clients_with(cli, name, 1));
    print(cli, kind, out, sample);
    json_decref(out);
    return 0;
}

int cmd_actions(struct cli *cli, struct err *e)
{
    return show(cli, &kinds[ACTION], e);
}

int cmd_triggers(struct cli *cli, struct err *e)
{
    return show(cli, &kinds[TRIGGER], e);
}

int cmd_recipes(struct cli *cli, struct err *e)
{
    return show(cli, &kinds[RECIPE], e);
}
