#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "auth/audience.h"
#include "cli/table.h"
#include "core/credential.h"
#include "core/connection.h"
#include "store/ledger.h"

static int count_run(void *arg, const struct ledger_run *run)
{
    (void)run;
    ++*(int *)arg;
    return 0;
}

/* Counts the runs of CLIENT that are not over: each is held when it next needs the
 * connection. */
static void tell_waiting(struct store *store, const char *client, const char *app)
{
    static const int open[] = {LEDGER_QUEUED,  LEDGER_RUNNING,    LEDGER_SLEEPING,
                               LEDGER_WAITING, LEDGER_CONFIRMING, LEDGER_HELD,
                               LEDGER_PARKED};
    struct ledger_filter filter = {
        .client = client, .states = open, .nstates = sizeof open / sizeof *open};
    int n = 0;
    if (ledger_each(store_db(store), &filter, count_run, &n, NULL) != 0 || n == 0)
        return;
    char *command = connection_command(client, app);
    table_printf(
        stderr,
        "%d run%s of %s %s not over: a run that needs %s is held, and goes on "
        "after `%s`; `foyer runs list --client %s` shows %s, `foyer runs cancel` "
        "gives a run up\n",
        n, n == 1 ? "" : "s", client, n == 1 ? "is" : "are", app, command, client,
        n == 1 ? "it" : "them");
    free(command);
}

/* Says how what was forgotten is ended at the company. */
static void tell_revoking(const struct cli *cli, const char *client, const char *app)
{
    /* Front documents no endpoint that revokes a grant */
    if (credential_need(workspace_connector(cli->w, app, NULL)) == CREDENTIAL_CONSENT)
        fprintf(stderr,
                "forgot %s's connection to %s; to revoke the grant itself, an "
                "administrator of the company removes the app in its settings (Front: "
                "Settings, Integrations)\n",
                client, app);
    else
        fprintf(stderr,
                "forgot %s's connection to %s; its key is valid until it is withdrawn at "
                "the API\n",
                client, app);
}

int cmd_disconnect(struct cli *cli, struct err *e)
{
    const char *app = "front";
    struct cli_option options[] = {{"app", CLI_VALUE, &app}, {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    const char *client = cli->words.items[0];
    struct store_connection was;
    if (store_connection_find(cli->store, client, app, &was, NULL) != 0)
        was = (struct store_connection){.id = NULL};
    char *others = was.id ? audience_others(cli->store, app, was.id, client) : NULL;
    store_connection_fini(&was);
    int rc = store_connection_delete(cli->store, client, app, e);
    if (rc == 0 && others)
        table_printf(stderr,
                     "forgot %s's connection to %s; %s still use%s the same connection, "
                     "and would be cut off with it: revoke nothing at the company\n",
                     client, app, others, strchr(others, ',') ? "" : "s");
    else if (rc == 0)
        tell_revoking(cli, client, app);
    free(others);
    if (rc == 0)
        tell_waiting(cli->store, client, app);
    return rc;
}
