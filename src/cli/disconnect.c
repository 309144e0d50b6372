#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/connection.h"
#include "store/ledger.h"

static int count_run(void *arg, const struct ledger_run *run)
{
    (void)run;
    ++*(int *)arg;
    return 0;
}

/* Runs of CLIENT that are not over are held when they next need the connection. */
static void tell_waiting(struct store *store, const char *client, const char *app)
{
    static const int open[] = {LEDGER_QUEUED,  LEDGER_RUNNING,    LEDGER_SLEEPING,
                               LEDGER_WAITING, LEDGER_CONFIRMING, LEDGER_HELD,
                               LEDGER_PARKED};
    struct ledger_filter filter = {
        .client = client, .states = open, .nstates = sizeof open / sizeof *open};
    struct err ignored;
    int n = 0;
    if (ledger_each(store_db(store), &filter, count_run, &n, &ignored) != 0 || n == 0)
        return;
    char *command = connection_command(client, app);
    table_printf(stderr,
                 "%d run%s of %s %s not over: what needs %s is held, and goes on after "
                 "`%s`; `foyer runs list --client %s` shows %s, `foyer runs cancel` "
                 "gives up\n",
                 n, n == 1 ? "" : "s", client, n == 1 ? "is" : "are", app, command,
                 client, n == 1 ? "it" : "them");
    free(command);
}

int cmd_disconnect(struct cli *cli, int argc, char **argv)
{
    static const char usage[] = "disconnect CLIENT [--app APP]";
    const char *app = "front";
    struct cli_option options[] = {{"app", CLI_VALUE, &app}, {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct store *store = NULL;
    if (cli_parse(cli, argc, argv, options, &rest, 1, 1, usage, &e) == 0)
        w = workspace_open(cli->workspace, 0, &e);
    if (w)
        store = workspace_store(w, &e);
    if (store && store_connection_delete(store, rest.items[0], app, &e) == 0) {
        /* no revocation endpoint is documented */
        fprintf(stderr,
                "forgot %s's connection to %s; to revoke the grant itself, an "
                "administrator of "
                "the company removes the app in its settings (Front: Settings, "
                "Integrations)\n",
                rest.items[0], app);
        tell_waiting(store, rest.items[0], app);
    }
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
