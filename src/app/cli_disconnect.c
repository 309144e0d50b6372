#include <stdio.h>
#include <stdlib.h>

#include "app/cli.h"

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
    if (store && store_connection_delete(store, rest.items[0], app, &e) == 0)
        /* no revocation endpoint is documented (FACTS 5) */
        fprintf(stderr,
                "forgot %s's connection to %s; to revoke the grant itself, an "
                "administrator of "
                "the company removes the app in its settings (Front: Settings, "
                "Integrations)\n",
                rest.items[0], app);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
