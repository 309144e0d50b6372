#include "cli/looking.h"
#include "work/look.h"

int cmd_poll(struct cli *cli, struct err *e)
{
    const char *since = NULL;
    struct cli_option options[] = {
        CLI_CLIENTS(cli), {"since", CLI_VALUE, &since}, {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    return looking_run(cli, LOOK_POLLS, since, e);
}
