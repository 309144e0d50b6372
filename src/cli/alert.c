#include <stdio.h>

#include "cli/cli.h"
#include "ops/alerts.h"

/* Sends a test line, and prints what became of it. */
static int send_test(struct cli *cli, struct err *e)
{
    if (cli_open_session(cli, e) != 0)
        return -1;
    json_t *said = alerts_test(cli->session, cli->client, e);
    if (!said)
        return -1;
    if (cli->json)
        cli_print_json(said);
    else
        printf("the address answers %d: a test line is there\n",
               (int)json_integer_value(json_object_get(said, "status")));
    json_decref(said);
    return 0;
}

static int list(struct cli *cli, struct err *e)
{
    json_t *rows = alerts_list(cli->w, cli->client, e);
    if (!rows)
        return -1;
    if (cli->json || json_array_size(rows))
        cli_print_rows(cli, rows, "kind client since sentence");
    else
        fputs("foyer: no incident is open\n", stderr);
    json_decref(rows);
    return 0;
}

int cmd_alert(struct cli *cli, struct err *e)
{
    static const char *const verbs[] = {"list", "test"};
    const struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                         {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    int verb = cli->words.n ? cli_find_verb(cli, verbs, 2, e) : 0;
    if (verb < 0 || cli_open(cli, e) != 0)
        return -1;
    return verb == 1 ? send_test(cli, e) : list(cli, e);
}
