#include <stdio.h>

#include "cli/cli.h"
#include "cli/mistakes.h"
#include "core/jsontree.h"
#include "ops/check.h"

/* Prints what was found. Returns the exit code. */
static int report(const struct cli *cli, const json_t *found)
{
    const json_t *mistakes = json_object_get(found, "mistakes");
    size_t n = json_array_size(mistakes);
    if (cli->json) {
        cli_print_json(found);
    } else {
        mistakes_print(stdout, mistakes, "");
        mistakes_print(stdout, json_object_get(found, "notes"), "note: ");
    }
    fflush(stdout);
    char count[32] = "no";
    if (n)
        snprintf(count, sizeof count, "%zu", n);
    if (json_is_true(json_object_get(found, "unread")))
        fputs("foyer.lua cannot be read: nothing else was checked\n", stderr);
    else
        fprintf(stderr, "%s mistake%s in %lld scripts and templates of %lld client%s\n",
                count, n == 1 ? "" : "s", (long long)json_int(found, "files"),
                (long long)json_int(found, "clients"),
                json_int(found, "clients") == 1 ? "" : "s");
    return n ? err_exit_code(ERR_INVALID) : 0;
}

/* Checks that the clients named as words exist. */
static int check_names(const struct cli *cli, struct err *e)
{
    for (size_t i = 0; i < cli->words.n; i++)
        if (!workspace_client(cli->w, cli->words.items[i], e))
            return -1;
    return 0;
}

int cmd_check(struct cli *cli, struct err *e)
{
    const struct cli_option options[] = {CLI_CLIENTS(cli), {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (cli->words.n && cli_has_clients(cli))
        return cli_usage_error(cli, e, "either names, or --client and its like");
    cli->lenient = 1;
    if (cli_open(cli, e) != 0 || check_names(cli, e) != 0)
        return -1;
    cli->session = session_open_offline(cli->w, e);
    if (!cli->session)
        return -1;
    const char *const *names =
        cli->words.n ? cli->words.items : (const char *const *)cli->clients.clients;
    json_t *found =
        check_run(cli->session, names, cli->words.n ? cli->words.n : cli->clients.n, e);
    int code = found ? report(cli, found) : -1;
    json_decref(found);
    return session_interrupted(cli->session) ? 130 : code;
}
