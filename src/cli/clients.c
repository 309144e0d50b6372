#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "ops/clients.h"

/* Sets `needs` of a row for people: "2 runs, reconnect". */
static void set_needs(json_t *row)
{
    char text[80] = "";
    const char *state = json_text_or(row, "connected", "");
    long long runs = json_int(row, "needs_you");
    int reconnect = json_int(row, "held") > 0 || strcmp(state, "reconnect") == 0;
    if (runs)
        snprintf(text, sizeof text, "%lld run%s%s", runs, runs == 1 ? "" : "s",
                 reconnect ? ", reconnect" : "");
    else if (reconnect)
        snprintf(text, sizeof text, "reconnect");
    json_object_set_new(row, "needs", json_string(text));
    json_object_set_new(row, "connected", json_string(words_of(state)));
}

static void set_groups(json_t *row)
{
    char text[400] = "";
    size_t i, n = 0;
    json_t *group;
    json_array_foreach(json_object_get(row, "groups"), i, group)
    {
        const char *name = json_string_value(group);
        if (name && n < sizeof text)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? "," : "", name);
    }
    json_object_set_new(row, "in", json_string(text));
}

/* Sets `runs` of a row for people: "7", "7, disk differs", "no release". */
static void set_release(json_t *row)
{
    char text[60] = "files";
    long long id = json_int(row, "release");
    if (id)
        snprintf(text, sizeof text, "%lld%s", id,
                 json_is_true(json_object_get(row, "differs")) ? ", disk differs" : "");
    else if (json_object_get(row, "release"))
        snprintf(text, sizeof text, "no release");
    json_object_set_new(row, "runs", json_string(text));
}

/* Adds to `company` of a row, for people, which clients have the same: "Acme (also
 * beta, globex and 2 more)". */
static void set_company(json_t *row)
{
    enum { SHOWN = 2 };
    const json_t *others = json_object_get(row, "shared_with");
    size_t i, n = json_array_size(others);
    struct buf text;
    json_t *other;
    if (n == 0)
        return;
    buf_init(&text, 4096);
    buf_addf(&text, "%s (also ", json_text_or(row, "company", ""));
    json_array_foreach(others, i, other)
    {
        if (i < SHOWN)
            buf_addf(&text, "%s%s", i ? ", " : "", json_string_value(other));
    }
    if (n > SHOWN)
        buf_addf(&text, " and %zu more", n - SHOWN);
    buf_addc(&text, ')');
    json_object_set_new(row, "company", json_string(buf_str(&text)));
    buf_free(&text);
}

static void print_table(const struct cli *cli, json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        set_company(row);
        set_needs(row);
        set_groups(row);
        set_release(row);
        if (json_text(row, "error"))
            table_printf(stderr, "foyer: client %s: %s\n",
                         json_text_or(row, "client", ""), json_text(row, "error"));
    }
    cli_print_rows(
        cli, rows,
        "client connected company mode runs last_event_at last_reply_at needs in");
}

int cmd_clients(struct cli *cli, struct err *e)
{
    const struct cli_option options[] = {CLI_CLIENTS(cli), {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    json_t *names = cli_client_names(cli);
    json_t *rows = clients_list(cli->w, names, e);
    json_decref(names);
    if (!rows)
        return -1;
    if (cli->json)
        cli_print_json(rows);
    else if (json_array_size(rows) == 0)
        fputs("there is no client: foyer client add CLIENT\n", stderr);
    else
        print_table(cli, rows);
    json_decref(rows);
    return 0;
}
