#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/log.h"
#include "core/jsontree.h"
#include "ops/upgrade.h"
#include "store/store.h"

static void print(const struct cli *cli, const struct diagnosis *found)
{
    size_t i;
    json_t *finding;
    int problems = found->counts[DIAGNOSIS_PROBLEM];
    int warnings = found->counts[DIAGNOSIS_WARNING];
    if (cli->json) {
        cli_print_new(json_pack("{s:O, s:i, s:i}", "findings", found->list, "problems",
                                problems, "warnings", warnings));
        return;
    }
    json_array_foreach(found->list, i, finding)
    {
        table_printf(stdout, "%-8s %s\n", json_text(finding, "status"),
                     json_text(finding, "message"));
    }
    printf("%d problem%s, %d warning%s; nothing was changed\n", problems,
           problems == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

static int check(struct cli *cli, struct err *e)
{
    struct diagnosis found = {.list = json_array()};
    log_progress("copying the store ...");
    struct upgrade *u = upgrade_begin(cli->w, &found, e);
    cli->w = NULL; /* it is U's */
    log_progress(NULL);
    int code = u && upgrade_check_files(u, &found, e) == 0
                   ? upgrade_check_runs(u, &found, e)
                   : -1;
    if (code == 0) {
        print(cli, &found);
        code = found.counts[DIAGNOSIS_PROBLEM] ? err_exit_code(ERR_INVALID) : 0;
    }
    upgrade_end(u);
    json_decref(found.list);
    return code;
}

/* Opens the store, which brings it to this program's version. */
static int upgrade(struct cli *cli, struct err *e)
{
    int version;
    int64_t bytes;
    if (store_version_of(workspace_dir(cli->w), &version, &bytes, e) != 0 ||
        !workspace_store(cli->w, e))
        return -1;
    if (cli->json)
        cli_print_new(
            json_pack("{s:i, s:i}", "from", version, "version", store_version()));
    else if (version == store_version())
        printf("the store has version %d already\n", version);
    else
        printf("the store had version %d, and has version %d now\n", version,
               store_version());
    return 0;
}

int cmd_upgrade(struct cli *cli, struct err *e)
{
    int is_check = 0;
    const struct cli_option options[] = {{"check", CLI_FLAG, &is_check},
                                         {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    return is_check ? check(cli, e) : upgrade(cli, e);
}
