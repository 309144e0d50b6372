#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/doctor.h"
#include "ops/names_check.h"

/* Returns 77 when connecting clients again ends every problem. */
static int exit_code(const struct cli *cli, const struct diagnosis *found)
{
    int problems = found->counts[DIAGNOSIS_PROBLEM];
    if (cli->session && session_interrupted(cli->session))
        return 130;
    if (problems == 0)
        return 0;
    return err_exit_code(problems == found->reconnects ? ERR_AUTH : ERR_INVALID);
}

static void print(const struct diagnosis *found)
{
    size_t i;
    json_t *finding;
    int problems = found->counts[DIAGNOSIS_PROBLEM];
    int warnings = found->counts[DIAGNOSIS_WARNING];
    json_array_foreach(found->list, i, finding)
    {
        table_printf(stdout, "%-8s %s\n", json_text(finding, "status"),
                     json_text(finding, "message"));
    }
    printf("%d problem%s, %d warning%s\n", problems, problems == 1 ? "" : "s", warnings,
           warnings == 1 ? "" : "s");
}

static void print_json(const struct diagnosis *found)
{
    cli_print_new(json_pack("{s:O, s:i, s:i}", "findings", found->list, "problems",
                            found->counts[DIAGNOSIS_PROBLEM], "warnings",
                            found->counts[DIAGNOSIS_WARNING]));
}

int cmd_doctor(struct cli *cli, struct err *e)
{
    struct err why = {0};
    int daily = 0;
    const struct cli_option options[] = {{"daily", CLI_FLAG, &daily},
                                         {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    struct diagnosis found = {.list = json_array()};
    workspace_be_lenient(cli->w);
    cli_open_session(cli, &why);
    doctor_check(cli->w, cli->session, &why, &found);
    if (daily && cli->session)
        names_check(cli->session, &found);
    if (cli->json)
        print_json(&found);
    else
        print(&found);
    int code = exit_code(cli, &found);
    json_decref(found.list);
    return code;
}
