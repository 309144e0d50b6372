#include <stdio.h>

#include "cli/cli.h"
#include "ops/pauses.h"
#include "ops/selection.h"

static int show(const struct cli *cli, struct err *e)
{
    json_t *rows = pauses_list(cli->store, e);
    if (!rows)
        return -1;
    if (json_array_size(rows) == 0 && !cli->json)
        fputs("foyer: nothing is paused\n", stderr);
    else
        cli_print_rows(cli, rows, "client recipe by paused_at runs_waiting reason");
    json_decref(rows);
    return 0;
}

int cmd_pause(struct cli *cli, struct err *e)
{
    const char *recipe = NULL, *reason = NULL;
    int all = 0;
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"recipe", CLI_VALUE, &recipe},
                                   {"all", CLI_FLAG, &all},
                                   {"reason", CLI_VALUE, &reason},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    int is_named = cli_has_clients(cli) || recipe, is_change = is_named || all;
    if (is_named && all)
        return err_set(e, ERR_USAGE, "--all is everything: without clients and --recipe");
    if (reason && !is_change)
        return cli_usage_error(
            cli, e, "what is to be paused? --client, --group, --recipe, or --all");
    cli->clients.live = 1;
    if (cli_open(cli, e) != 0 || selection_check(cli->w, cli->client, recipe, e) != 0)
        return -1;
    if (is_change && pauses_add(cli->store, &cli->clients, recipe, reason, e) != 0)
        return -1;
    return is_change && !cli->json ? 0 : show(cli, e);
}
