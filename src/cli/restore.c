#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "store/backup.h"

int cmd_restore(struct cli *cli, struct err *e)
{
    char *replaced;
    if (cli_begin(cli, cli_no_options, e) != 0)
        return -1;
    const char *file = cli->words.items[0];
    int rc = backup_restore(workspace_dir(cli->w), file, clock_wall_ms(), &replaced, e);
    if (rc == 0 && cli->json) {
        cli_print_new(json_pack("{s:s, s:s*}", "restored", file, "replaced",
                                replaced ? replaced : NULL));
    } else if (rc == 0) {
        table_printf(stdout, "state/foyer.db is a copy of %s now\n", file);
        if (replaced)
            table_printf(stdout,
                         "the store of before is %s: remove it when you need it no "
                         "more\n",
                         replaced);
        puts("nothing is sent and no token is refreshed until `foyer promote`; before "
             "that, make sure that no other foyer works with these companies; `foyer "
             "doctor` says whether the key of this machine opens its tokens");
    }
    /* the first process that opens it finds that it is a copy */
    if (rc == 0 && !workspace_store(cli->w, e))
        rc = -1;
    free(replaced);
    return rc;
}
