#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "store/backup.h"
#include "store/sealing.h"

/* What is deleted from the store must be in no file below state/. */
static int check_dir(const struct cli *cli, const char *dir, struct err *e)
{
    char *state = path_join(workspace_dir(cli->w), "state");
    char *at = realpath(dir, NULL), *below = realpath(state, NULL);
    size_t n = below ? strlen(below) : 0;
    int is_in = at && below && strncmp(at, below, n) == 0 && (!at[n] || at[n] == '/');
    free(state);
    free(at);
    free(below);
    return is_in ? err_set(e, ERR_USAGE,
                           "cannot keep backups below state/, which they are a copy of; "
                           "name a directory elsewhere, best on another disk")
                 : 0;
}

static int read_keep(const struct cli *cli, const char *text, int *keep, struct err *e)
{
    char *end = NULL;
    long n = text ? strtol(text, &end, 10) : 0;
    if (text && (!*text || *end || n < 1 || n > 10000))
        return cli_usage_error(cli, e, "--keep takes a number from 1 to 10000, not %s",
                               text);
    *keep = (int)n;
    return 0;
}

static void report(const struct cli *cli, const struct backup *b)
{
    struct err ignored;
    char *key = vault_key_path(&ignored);
    if (cli->json) {
        cli_print_new(json_pack("{s:s, s:I, s:i, s:s*}", "file", b->file, "bytes",
                                (json_int_t)b->bytes, "removed", b->removed, "key",
                                key ? key : NULL));
    } else {
        table_printf(stdout, "%s: %.1f MB\n", b->file, (double)b->bytes / 1e6);
        if (b->removed)
            printf("%d older cop%s removed\n", b->removed,
                   b->removed == 1 ? "y was" : "ies were");
        table_printf(
            stdout,
            "not in it, so keep them elsewhere, too: the sealing key %s (without "
            "it no token or secret of the backup can be read), and the files of "
            "the workspace (version control; foyer.local.lua)\n",
            key ? key : "(foyer help init)");
    }
    free(key);
}

int cmd_backup(struct cli *cli, struct err *e)
{
    const char *dir = NULL, *kept = NULL;
    int keep = 0;
    struct backup b;
    struct cli_option options[] = {
        {"to", CLI_VALUE, &dir}, {"keep", CLI_VALUE, &kept}, {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (!dir)
        return cli_usage_error(cli, e, "where to? --to DIR");
    if (read_keep(cli, kept, &keep, e) != 0 || cli_open(cli, e) != 0 ||
        check_dir(cli, dir, e) != 0)
        return -1;
    int rc = backup_make(store_db(cli->store), dir, keep, clock_wall_ms(), &b, e);
    if (rc == 0)
        report(cli, &b);
    backup_fini(&b);
    return rc;
}
