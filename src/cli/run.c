#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch_table.h"
#include "cli/cli.h"
#include "work/runner.h"
#include "ops/selection.h"
#include "work/session.h"
#include "cli/table.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "core/settings.h"
#include "io/writer.h"

static const char usage[] = "run RECIPE --client CLIENT|--all-clients [--conversation "
                            "ID|--event FILE] [key=value …] "
                            "[--input FILE] [--dry-run] [--json]";

enum { IN_FLIGHT = 64 };

/* A dry run waits in line for the company's budget, as the runner's do by hand. */
enum { WAIT_MS = 5 * 60 * 1000 };

struct job { /* one client's run */
    struct batch *batch;
    char *client;
    int64_t run; /* 0: it has no row, or none that is known yet */
    int ended;
    enum ledger_state state; /* of one that has ended; a dry one is done or dead */
    struct err err;
    json_t *result;
    char *seed;
};

struct batch {
    struct workspace *w;
    struct session *s;
    struct writer *writer;
    struct runner *runner;
    const char *recipe, *conversation;
    const json_t *args;
    char *args_text, *label;
    int dry;
    struct job *jobs;
    size_t njobs, next, running, over;
};

static void start_more(struct batch *b);

static void on_ended(struct job *job, enum ledger_state state, const struct err *e,
                     const char *json, size_t len)
{
    struct batch *b = job->batch;
    job->ended = 1;
    job->state = state;
    job->err = *e;
    if (json)
        job->result = jsontree_read(json, len, NULL);
    b->running--;
    b->over++;
    if (b->njobs > 1)
        batch_progress(b->over, b->njobs);
    start_more(b);
    if (b->running == 0)
        loop_stop(session_loop(b->s));
}

static void on_run_end(void *arg, const struct attempt_result *end)
{
    struct job *job = arg;
    job->run = end->id;
    on_ended(job, end->state, &end->err, end->json, end->len);
}

static void on_dry_end(void *arg, const struct run_result *result)
{
    static const enum ledger_state states[] = {
        [RUN_DONE] = LEDGER_DONE,       [RUN_SKIPPED] = LEDGER_SKIPPED,
        [RUN_FAILED] = LEDGER_DEAD,     [RUN_SLEEPING] = LEDGER_SLEEPING,
        [RUN_WAITING] = LEDGER_WAITING, [RUN_PARKED] = LEDGER_PARKED};
    on_ended(arg, states[result->outcome], &result->err,
             result->outcome == RUN_DONE ? result->json : NULL, result->len);
}

/* Its row comes with what it has to keep first: one that only reads costs one commit. */
static void start_run(struct batch *b, struct job *job)
{
    struct ledger_run run = {.client = job->client,
                             .recipe = b->recipe,
                             .origin = "hand",
                             .conversation = b->conversation,
                             .args = b->args_text,
                             .seed = job->seed,
                             .policy = "{}",
                             .created_ms = clock_wall_ms()};
    run.due_ms = run.created_ms;
    runner_start_new(b->runner, &run, on_run_end, job);
}

static void start_dry(struct batch *b, struct job *job)
{
    struct session_call call = {.client = job->client,
                                .label = b->label,
                                .entry = "run",
                                .args = b->args,
                                .id = job->seed,
                                .files = 1,
                                .lane = LANE_ACTIVATION,
                                .wait_ms = WAIT_MS,
                                .patient = 1,
                                .dry = 1};
    session_start(b->s, &call, on_dry_end, job);
}

static void start_more(struct batch *b)
{
    const char *fixed = getenv("FOYER_TEST_RUN_ID");
    while (b->running < IN_FLIGHT && b->next < b->njobs && !session_interrupted(b->s)) {
        struct job *job = &b->jobs[b->next++];
        if (job->ended) /* before it began */
            continue;
        b->running++;
        /* with the hook for tests each client still has an id of its own */
        if (fixed && *fixed)
            job->seed = xasprintf("%s-%s", fixed, job->client);
        if (b->dry)
            start_dry(b, job);
        else
            start_run(b, job);
    }
}

static struct job *add_job(struct batch *b, const char *client)
{
    b->jobs = xrealloc(b->jobs, (b->njobs + 1) * sizeof *b->jobs);
    struct job *job = &b->jobs[b->njobs++];
    *job = (struct job){.batch = b, .client = xstrdup(client)};
    return job;
}

/* A client whose settings cannot be read fails by itself: the others' runs are not to be
 * stopped by one client's slip. */
static void choose_client(void *arg, const char *client)
{
    struct batch *b = arg;
    struct err e;
    const json_t *settings = workspace_client(b->w, client, &e);
    if (settings && !settings_is_on(workspace_settings(b->w, NULL), settings, b->recipe))
        return;
    struct job *job = add_job(b, client);
    if (settings)
        return;
    job->ended = 1;
    job->state = LEDGER_DEAD;
    job->err = e;
}

/* 1: it goes on without this process. */
static int goes_on(const struct job *job)
{
    if (!job->ended)
        return job->run != 0;
    return job->run && !ledger_is_over(job->state) && job->state != LEDGER_PARKED &&
           job->state != LEDGER_RUNNING;
}

/* 1: nothing is wrong, it is only not over. */
static int is_resting(const struct job *job)
{
    return job->ended && (job->state == LEDGER_SLEEPING || job->state == LEDGER_WAITING);
}

static int has_failed(const struct job *job)
{
    return job->ended && !is_resting(job) && job->state != LEDGER_DONE &&
           job->state != LEDGER_SKIPPED;
}

static json_t *job_tree(const struct job *job)
{
    json_t *tree = json_pack("{s:s}", "client", job->client);
    if (job->run)
        json_object_set_new(tree, "run", json_integer(job->run));
    if (!job->ended) {
        json_object_set_new(tree, "outcome", json_string("interrupted"));
    } else if (job->state == LEDGER_DONE) {
        json_object_set_new(tree, "outcome", json_string("done"));
        json_object_set_new(tree, "result",
                            json_incref(json_object_get(job->result, "result")));
    } else if (job->state == LEDGER_SKIPPED) {
        json_object_set_new(tree, "outcome", json_string("skipped"));
        json_object_set_new(tree, "reason", json_string(job->err.text));
    } else if (is_resting(job)) {
        json_object_set_new(tree, "outcome", json_string(ledger_state_name(job->state)));
    } else {
        json_object_set_new(tree, "outcome", json_string("failed"));
        if (job->run || job->state != LEDGER_RUNNING) /* else it is nowhere */
            json_object_set_new(tree, "state",
                                json_string(ledger_state_name(job->state)));
        json_object_set_new(tree, "error", cli_error_tree(&job->err));
    }
    return tree;
}

/* What becomes of a run that is not over. */
static void print_rest(const struct job *job)
{
    if (goes_on(job))
        fprintf(
            stderr,
            "foyer: run %lld %sgoes on by itself under `foyer serve` or `foyer cron`; "
            "`foyer runs cancel %lld` gives it up\n",
            (long long)job->run,
            job->state == LEDGER_SLEEPING  ? "sleeps and "
            : job->state == LEDGER_WAITING ? "waits and "
                                           : "",
            (long long)job->run);
    else if (job->ended && job->run && job->state == LEDGER_PARKED)
        fprintf(stderr, "foyer: run %lld is parked; `foyer runs show %lld` says more\n",
                (long long)job->run, (long long)job->run);
}

static void print_value(const json_t *result)
{
    if (json_is_object(result))
        table_print_object(result);
    else if (json_is_string(result)) {
        table_print_text(stdout, json_string_value(result));
        putchar('\n');
    } else
        cli_print_json(result);
}

static void print_job(const struct batch *b, const struct job *job)
{
    const json_t *result = json_object_get(job->result, "result");
    if (has_failed(job))
        table_printf(stderr, "foyer: client %s, recipe %s: %s\n", job->client, b->recipe,
                     job->err.text);
    else if (job->ended && job->state == LEDGER_SKIPPED)
        table_printf(stderr, "foyer: client %s, recipe %s: skipped: %s\n", job->client,
                     b->recipe, job->err.text);
    else if (result && !json_is_null(result))
        print_value(result);
    print_rest(job);
}

static int job_code(const struct job *job)
{
    return job->state == LEDGER_PARKED ? err_exit_code(ERR_UNCERTAIN)
                                       : err_exit_code(job->err.kind);
}

/* The worst of the runs' exit codes: a final failure before one that may pass. */
static int exit_code(const struct batch *b)
{
    int code = 0;
    for (size_t i = 0; i < b->njobs; i++)
        if (has_failed(&b->jobs[i]) && (code == 0 || code == 75))
            code = job_code(&b->jobs[i]);
    return code;
}

/* For people: each failure as a sentence, the table of all, and once how they go on. */
static void print_all(const struct batch *b, const json_t *list)
{
    int rest = 0;
    for (size_t i = 0; i < b->njobs; i++) {
        const struct job *job = &b->jobs[i];
        if (has_failed(job))
            table_printf(stderr, "foyer: client %s, recipe %s: %s\n", job->client,
                         b->recipe, job->err.text);
        rest |= goes_on(job);
    }
    if (b->njobs > 0)
        batch_table_print(list);
    fflush(stdout);
    if (rest)
        fprintf(stderr,
                "foyer: what is not over goes on by itself under `foyer serve` or "
                "`foyer cron`; `foyer runs cancel RUN` gives a run up\n");
}

static void print_json(const struct batch *b, const json_t *tree)
{
    for (size_t i = 0; i < b->njobs; i++) {
        if (has_failed(&b->jobs[i]))
            table_printf(stderr, "foyer: client %s: %s\n", b->jobs[i].client,
                         b->jobs[i].err.text);
        print_rest(&b->jobs[i]);
    }
    cli_print_json(tree);
}

static int report(const struct cli *cli, const struct batch *b, int all)
{
    json_t *list = json_array();
    for (size_t i = 0; i < b->njobs; i++)
        json_array_append_new(list, job_tree(&b->jobs[i]));
    batch_progress_end();
    if (cli->json)
        print_json(b, all ? list : json_array_get(list, 0));
    else if (all)
        print_all(b, list);
    else
        print_job(b, &b->jobs[0]);
    json_decref(list);
    return session_interrupted(b->s) ? 130 : exit_code(b);
}

/* Its runs are driven as a worker's are. While the only one waits for the disk there is
 * nothing else to do. */
static int open_runner(struct batch *b, struct err *e)
{
    struct store *store = workspace_store(b->w, e);
    if (!store)
        return -1;
    if (b->njobs == 1) {
        b->writer = writer_open_here(store_db(store), session_loop(b->s));
    } else {
        char *path = store_path(workspace_dir(b->w));
        b->writer = writer_open(path, session_loop(b->s), e);
        free(path);
    }
    b->runner = b->writer ? runner_new(b->s, b->writer, NULL, e) : NULL;
    if (!b->runner)
        return -1;
    runner_be_by_hand(b->runner);
    return 0;
}

/* Its write was waited for long enough: it is claimed still, and taken up by others. */
static void on_left(void *arg, int64_t run)
{
    struct job *job = arg;
    job->run = run;
}

static void run_all(struct batch *b)
{
    start_more(b);
    while (b->running > 0 && !session_interrupted(b->s))
        loop_run(session_loop(b->s));
    if (b->runner)
        runner_stop(b->runner);
    writer_close(b->writer); /* what was let go of is stored */
    b->writer = NULL;
    if (b->runner)
        runner_each(b->runner, on_left);
}

int cmd_run(struct cli *cli, int argc, char **argv)
{
    const char *client = NULL, *input = NULL, *conversation = NULL, *event = NULL;
    int all = 0, dry = 0;
    struct cli_option options[] = {
        {"client", CLI_VALUE, &client}, {"all-clients", CLI_FLAG, &all},
        {"input", CLI_VALUE, &input},   {"conversation", CLI_VALUE, &conversation},
        {"event", CLI_VALUE, &event},   {"dry-run", CLI_FLAG, &dry},
        {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct batch b = {0};
    json_t *args = json_object(), *words = NULL, *body = NULL, *happening = NULL;
    int code = 0;

    if (cli_parse(cli, argc, argv, options, &rest, 1, 1000, usage, &e) != 0)
        goto out;
    if ((client != NULL) == all) {
        err_set(&e, ERR_USAGE,
                "name one client with --client, or --all-clients\nusage: foyer %s",
                usage);
        goto out;
    }
    if (conversation && event) {
        err_set(&e, ERR_USAGE,
                "--conversation and --event exclude each other\nusage: foyer %s", usage);
        goto out;
    }
    words = cli_words(&rest, 1, &e);
    body = words && input ? cli_read_json(input, &e) : json_object();
    if (!words || !body || (event && !(happening = cli_read_json(event, &e))))
        goto out;
    b.recipe = rest.items[0];
    json_object_set_new(args, "recipe", json_string(b.recipe));
    json_object_set(args, "words", words);
    json_object_set(args, "input", body);
    if (happening)
        json_object_set(args, "event", happening);
    if (conversation)
        json_object_set_new(args, "conversation", json_string(conversation));
    b.args = args;
    b.args_text = json_dumps(args, JSON_COMPACT);
    b.conversation = conversation;
    b.dry = dry;
    b.label = xasprintf("recipe %s", b.recipe);
    b.w = workspace_open(cli->workspace, 0, &e);
    if (!b.w)
        goto out;
    if (client) {
        if (!workspace_client(b.w, client, &e) ||
            selection_check(b.w, client, b.recipe, &e) != 0) /* a slip leaves no run */
            goto out;
        add_job(&b, client);
    } else {
        if (!workspace_settings(b.w, &e) || selection_check(b.w, NULL, b.recipe, &e) != 0)
            goto out;
        workspace_each_client(b.w, choose_client, &b);
        if (b.njobs == 0)
            fprintf(stderr, "foyer: no client has the recipe %s switched on\n", b.recipe);
    }
    b.s = session_open(b.w, &e);
    if (!b.s)
        goto out;
    if (!dry && open_runner(&b, &e) != 0)
        goto out;
    run_all(&b);
    code = report(cli, &b, all);
out:
    if (e.kind != ERR_NONE)
        code = cli_fail(cli, &e);
    writer_close(b.writer);
    runner_free(b.runner);
    session_close(b.s);
    for (size_t i = 0; i < b.njobs; i++) {
        free(b.jobs[i].client);
        free(b.jobs[i].seed);
        json_decref(b.jobs[i].result);
    }
    free(b.jobs);
    free(b.label);
    free(b.args_text);
    json_decref(args);
    json_decref(words);
    json_decref(body);
    json_decref(happening);
    workspace_close(b.w);
    free(rest.items);
    return code;
}
