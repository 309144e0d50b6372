#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "store/backup.h"
#include "store/sealing.h"

/* Says when the key that seals the store's values is not here. */
static void check_key(const struct cli *cli)
{
    char id[VAULT_ID_SIZE] = "";
    struct err e = {0};
    struct store *store = workspace_store(cli->w, &e);
    if (store && sealing_key(store, id, &e) == 0 && *id && !workspace_sealer(cli->w, &e))
        table_printf(stderr,
                     "foyer: its tokens and secrets are sealed with the key %s: put that "
                     "key's file in its place: %s\n",
                     id, e.text);
}

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
             "that, make sure that no other foyer works with these companies");
    }
    if (rc == 0)
        check_key(cli);
    free(replaced);
    return rc;
}
