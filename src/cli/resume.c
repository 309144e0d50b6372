#include <stdio.h>

#include "cli/cli.h"
#include "ops/pauses.h"
#include "ops/selection.h"
#include "cli/table.h"
#include "core/jsontree.h"

/* A wider pause may still hold the same runs. */
static int print_still_paused(const struct cli *cli, const char *recipe, struct err *e)
{
    json_t *pauses = pauses_over(cli->store, &cli->clients, recipe, e), *pause;
    size_t i;
    json_array_foreach(pauses, i, pause)
    {
        const char *client = json_text_or(pause, "client", ""),
                   *of = json_text_or(pause, "recipe", "");
        table_printf(stderr, "foyer: still paused: %s%s, %s%s\n",
                     *client ? "client " : "all clients", client,
                     *of ? "recipe " : "all recipes", of);
    }
    json_decref(pauses);
    return pauses ? 0 : -1;
}

int cmd_resume(struct cli *cli, struct err *e)
{
    const char *recipe = NULL;
    int all = 0, lifted = 0;
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"recipe", CLI_VALUE, &recipe},
                                   {"all", CLI_FLAG, &all},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if ((cli_has_clients(cli) || recipe) == all)
        return cli_usage_error(cli, e,
                               "what is to go on? --client, --group, --recipe, or --all; "
                               "`foyer pause` shows what is paused");
    cli->clients.unknown = 1; /* the pause of a client that is gone may be lifted */
    cli->clients.live = 1;
    if (cli_open(cli, e) != 0 ||
        pauses_lift(cli->store, &cli->clients, recipe, all, &lifted, e) != 0)
        return -1;
    if (lifted == 0) { /* a name that does not exist is an error */
        for (size_t i = 0; i < cli->clients.n; i++)
            if (selection_check(cli->w, cli->clients.clients[i], NULL, e) != 0)
                return -1;
        if (selection_check(cli->w, cli->client, recipe, e) != 0)
            return -1;
        fputs("foyer: that was not paused; `foyer pause` shows what is\n", stderr);
    }
    if (print_still_paused(cli, recipe, e) != 0)
        return -1;
    if (cli->json)
        cli_print_new(json_pack("{s:i}", "lifted", lifted));
    return 0;
}
