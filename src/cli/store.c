#include <stdio.h>

#include "cli/cli.h"

int cmd_store(struct cli *cli, struct err *e)
{
    static const char *const verbs[] = {"compact"};
    int64_t before, after;
    if (cli_parse(cli, cli_no_options, e) != 0 || cli_find_verb(cli, verbs, 1, e) != 0 ||
        cli_open(cli, e) != 0 || store_compact(cli->store, &before, &after, e) != 0)
        return -1;
    if (cli->json)
        cli_print_new(json_pack("{s:I, s:I}", "before", (json_int_t)before, "after",
                                (json_int_t)after));
    else
        printf("state/foyer.db has %.1f MB now; it had %.1f MB\n", (double)after / 1e6,
               (double)before / 1e6);
    return 0;
}
