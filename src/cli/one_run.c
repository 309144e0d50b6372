#include "cli/one_run.h"

#include "core/jsontree.h"
#include "io/writer.h"
#include "work/runner.h"

struct job {
    struct cli *cli;
    struct one_run *out;
};

static void on_end(void *arg, const struct attempt_result *end)
{
    struct job *job = arg;
    struct one_run *out = job->out;
    out->id = end->id;
    out->has_ended = 1;
    out->state = end->state;
    out->err = end->err;
    json_t *tree = end->json ? jsontree_read(end->json, end->len, NULL) : NULL;
    out->result = json_incref(json_object_get(tree, "result"));
    json_decref(tree);
    loop_stop(session_loop(job->cli->session));
}

static void on_left(void *arg, int64_t run)
{
    ((struct job *)arg)->out->id = run;
}

int one_run(struct cli *cli, const struct ledger_run *row, run_emit *emit, void *arg,
            struct one_run *out, struct err *e)
{
    struct job job = {cli, out};
    struct loop *loop = session_loop(cli->session);
    struct store *store = workspace_store(cli->w, e);
    *out = (struct one_run){.err = {.retry_after_ms = -1}};
    if (!store)
        return -1;
    struct writer *writer = writer_open_here(store_db(store), loop);
    struct runner *runner = runner_new(cli->session, writer, NULL, e);
    if (!runner) {
        writer_close(writer);
        return -1;
    }
    runner_be_by_hand(runner);
    runner_on_emit(runner, emit, arg);
    runner_start_new(runner, row, on_end, &job);
    while (!out->has_ended && !session_interrupted(cli->session))
        loop_run(loop);
    runner_stop(runner);
    writer_close(writer); /* stores what runner_stop released */
    runner_each(runner, on_left);
    runner_free(runner);
    return 0;
}
