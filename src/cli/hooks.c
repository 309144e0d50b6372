#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "ops/addresses.h"
#include "base/clock.h"
#include "base/when.h"

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
        long long times = json_int(row, "times");
        printf("  refused   ");
        print_when(t, row);
        table_printf(stdout, ", %d%s%s, %lld time%s: %s\n", (int)json_int(row, "status"),
                     with_route ? " " : "",
                     with_route ? json_text_or(row, "route", "") : "", times,
                     times == 1 ? "" : "s", json_text_or(row, "why", ""));
    }
}

/* ONLY is the client that was asked for, or NULL. */
static void print_address(const struct cli *cli, const char *only, const json_t *row)
{
    const char *client = json_text_or(row, "client", ""),
               *url = json_text_or(row, "url", "");
    const json_t *last = json_object_get(row, "last_delivery");
    struct timeline t = timeline_for(cli->w, *client ? client : only);
    int is_whole = !*client || only;
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
        table_printf(stdout, ": delivery %lld, %s, %s\n", json_int(last, "id"),
                     json_text_or(last, "type", ""),
                     words_of(json_text_or(last, "state", "")));
    } else {
        puts("nothing has come");
    }
    print_refusals(&t, json_object_get(row, "refused"), 0);
}

static void print_all(const struct cli *cli, const char *only, const json_t *tree)
{
    size_t i;
    json_t *row;
    int64_t counts[DELIVERY_STATES];
    json_array_foreach(json_object_get(tree, "addresses"), i, row)
    {
        if (i)
            putchar('\n');
        print_address(cli, only, row);
    }
    const json_t *unknown = json_object_get(tree, "unknown");
    if (json_array_size(unknown)) {
        struct timeline t = timeline_for(cli->w, only);
        puts("\naddresses that do not exist");
        print_refusals(&t, unknown, 1);
    }
    if (inbox_count(report_db(cli->report), counts, NULL) == 0 &&
        counts[DELIVERY_UNROUTED])
        fprintf(stderr,
                "foyer: %lld deliver%s of companies that no client is connected to: "
                "foyer events list --state unrouted\n",
                (long long)counts[DELIVERY_UNROUTED],
                counts[DELIVERY_UNROUTED] == 1 ? "y is" : "ies are");
}

int cmd_hooks(struct cli *cli, struct err *e)
{
    const struct cli_option options[] = {CLI_CLIENTS(cli), {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (cli->words.n && cli_has_clients(cli))
        return cli_usage_error(cli, e, "either a name, or --client and its like");
    if (cli_open(cli, e) != 0)
        return -1;
    const char *client = cli->words.n ? cli->words.items[0] : cli->client;
    json_t *tree = addresses_list(cli->report, client, e);
    if (!tree)
        return -1;
    cli_keep_clients(cli, json_object_get(tree, "addresses"));
    if (cli->json)
        cli_print_json(tree);
    else
        print_all(cli, client, tree);
    json_decref(tree);
    return 0;
}
