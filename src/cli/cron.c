#include <stdlib.h>

#include "cli/cli.h"
#include "work/worker.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "base/array.h"
#include "store/ledger.h"
#include "store/running.h"
#include "store/store.h"

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
    array_grow(ids->list, ids->n);
    ids->list[ids->n++] = end->id;
}

/* Returns the exit code for the run. A run that died of a retryable error was retried as
 * often as its policy allows, and counts as a final failure. */
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
    report_set_text(row, "conversation", run->conversation);
    json_t *result = jsontree_reads(run->result, NULL);
    if (result)
        json_object_set_new(row, "result", result);
    json_array_append_new(ended->rows, row);
    int code = code_of(run);
    if (ended->code == 0)
        ended->code = code;
    return 0;
}

static int report(struct cli *cli, const struct ids *ids, struct err *e)
{
    struct ended ended = {.rows = json_array()};
    struct store *store = workspace_store(cli->w, e);
    size_t i;
    json_t *row;
    for (i = 0; store && i < ids->n; i++)
        if (ledger_read(store_db(store), ids->list[i], add_row, &ended, e) != 0)
            break;
    json_array_foreach(cli->json ? NULL : ended.rows, i, row)
    {
        const char *word = words_of(json_text_or(row, "state", ""));
        json_object_set_new(row, "state", json_string(word));
    }
    if (cli->json || ids->n)
        cli_print_rows(cli, ended.rows, "run client recipe state reason");
    json_decref(ended.rows);
    return ended.code;
}

int cmd_cron(struct cli *cli, struct err *e)
{
    struct ids ids = {0};
    int code = 0;
    if (cli_begin(cli, cli_no_options, e) != 0)
        return -1;
    cli_keep_log(cli->w, "cron");
    struct worker *worker = worker_open(cli->w, on_ended, &ids, e);
    if (!worker)
        return -1;
    struct running *running = running_open(workspace_dir(cli->w), "cron", NULL, cli->dev);
    int ended = worker_errand(worker, e);
    worker_close(worker);
    running_close(running);
    if (ended >= 0 || !cli->json) /* else the error is the one document */
        code = report(cli, &ids, ended < 0 ? NULL : e);
    if (ended > 0)
        code = ended;
    free(ids.list);
    return e->kind != ERR_NONE ? -1 : code;
}
