#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "core/jsontree.h"
#include "ops/trace.h"
#include "base/str.h"

static void print(struct timeline *line, const json_t *tree)
{
    const char *client = json_text(tree, "client");
    size_t i;
    json_t *item;
    table_printf(stdout, "%s%s%s (times in %s)\n", json_text_or(tree, "what", "?"),
                 client ? " of " : "", client ? client : "", line->zone_name);
    json_array_foreach(json_object_get(tree, "deliveries"), i, item)
    {
        putchar('\n');
        timeline_delivery(line, item);
    }
    json_array_foreach(json_object_get(tree, "runs"), i, item)
    {
        putchar('\n');
        timeline_run(line, item, 0);
    }
    if (json_is_true(json_object_get(tree, "more")))
        fprintf(stderr, "foyer: there is more; this is the newest\n");
}

int cmd_trace(struct cli *cli, struct err *e)
{
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {"bodies", CLI_FLAG, &cli->bodies},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    const char *const *words = cli->words.items;
    char *what =
        cli->words.n == 2 ? xasprintf("%s %s", words[0], words[1]) : xstrdup(words[0]);
    json_t *tree = trace_find(cli->report, what, cli->client, timeline_progress, e);
    free(what);
    if (!tree)
        return -1;
    struct timeline line = timeline_for(cli->w, json_text(tree, "client"));
    line.bodies = cli->bodies;
    if (cli->json) {
        json_object_set_new(tree, "timezone", json_string(line.zone_name));
        cli_print_json(tree);
    } else {
        print(&line, tree);
    }
    json_decref(tree);
    return 0;
}
