#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "work/worker.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "store/ledger.h"
#include "store/store.h"

static const char usage[] = "cron [--json]";

struct ended { /* the runs that ended */
    json_t *rows;
    int code;
};

struct ids {
    int64_t *list;
    size_t n;
};

static void on_ended(void *arg, const struct attempt_result *end)
{
    struct ids *ids = arg;
    if (!ledger_is_over(end->state) && end->state != LEDGER_PARKED)
        return;
    ids->list = xrealloc(ids->list, (ids->n + 1) * sizeof *ids->list);
    ids->list[ids->n++] = end->id;
}

/* As `foyer run`: a final failure before one that may pass. One that was tried until its
 * policy said enough is as dead as the others. */
static int code_of(const struct ledger_run *run)
{
    if (run->state == LEDGER_PARKED)
        return err_exit_code(ERR_UNCERTAIN);
    if (run->state != LEDGER_DEAD)
        return 0;
    enum err_kind kind = run->kind ? err_kind_find(run->kind) : ERR_NONE;
    return kind == ERR_NONE || err_kind_is_retryable(kind) ? err_exit_code(ERR_UNCERTAIN)
                                                           : err_exit_code(kind);
}

static int add_row(void *arg, const struct ledger_run *run)
{
    struct ended *ended = arg;
    json_t *row = json_pack("{s:I, s:s, s:s, s:s, s:s*, s:s*}", "run",
                            (json_int_t)run->id, "client", run->client, "recipe",
                            run->recipe, "state", ledger_state_name(run->state), "kind",
                            run->kind, "reason", run->reason);
    if (run->conversation)
        json_object_set_new(row, "conversation", json_string(run->conversation));
    json_t *result = jsontree_reads(run->result, NULL);
    if (result)
        json_object_set_new(row, "result", result);
    json_array_append_new(ended->rows, row);
    int code = code_of(run);
    if (ended->code == 0)
        ended->code = code;
    return 0;
}

static int report(const struct cli *cli, struct workspace *w, const struct ids *ids,
                  struct err *e)
{
    struct ended ended = {.rows = json_array()};
    struct store *store = workspace_store(w, e);
    for (size_t i = 0; store && i < ids->n; i++)
        if (ledger_read(store_db(store), ids->list[i], add_row, &ended, e) != 0)
            break;
    if (cli->json) {
        cli_print_json(ended.rows);
    } else if (ids->n) {
        json_t *columns =
            json_pack("[s, s, s, s, s]", "run", "client", "recipe", "state", "reason");
        table_print(ended.rows, columns);
        json_decref(columns);
    }
    json_decref(ended.rows);
    return ended.code;
}

int cmd_cron(struct cli *cli, int argc, char **argv)
{
    struct cli_option options[] = {{NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0}, ignored = {0};
    struct ids ids = {0};
    struct workspace *w = NULL;
    struct worker *worker = NULL;
    int code = 0;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) == 0)
        w = workspace_open(cli->workspace, 0, &e);
    if (w)
        worker = worker_open(w, on_ended, &ids, &e);
    if (worker) {
        int ended = worker_errand(worker, &e);
        worker_close(worker);
        if (ended >= 0 || !cli->json) /* else the error is the one document */
            code = report(cli, w, &ids, ended < 0 ? &ignored : &e);
        if (ended > 0)
            code = ended;
    }
    workspace_close(w);
    free(ids.list);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : code;
}
