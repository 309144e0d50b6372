#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/session.h"
#include "app/table.h"
#include "base/str.h"
#include "core/settings.h"

static const char usage[] = "run RECIPE --client CLIENT|--all-clients [--conversation "
                            "ID|--event FILE] [key=value …] "
                            "[--input FILE] [--dry-run] [--json]";

enum { IN_FLIGHT = 64 };

/* A recipe waits in line for the company's budget: cron comes by only so often. Well
 * below what the budget takes for the longest block, so that one is told and not waited
 * for. */
enum { WAIT_MS = 5 * 60 * 1000 };

struct job { /* one client's run */
    struct batch *batch;
    char *client;
    int ended;
    enum run_outcome outcome;
    struct err err;
    json_t *result;
};

struct batch {
    struct workspace *w;
    struct session *s;
    const char *recipe;
    const json_t *args;
    char *label;
    int dry;
    struct job *jobs;
    size_t njobs, next, running;
};

static void start_more(struct batch *b);

static void on_done(void *arg, const struct run_result *result)
{
    struct job *job = arg;
    struct batch *b = job->batch;
    job->ended = 1;
    job->outcome = result->outcome;
    job->err = result->err;
    if (result->outcome == RUN_DONE)
        job->result =
            json_loadb(result->json, result->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    b->running--;
    start_more(b);
    if (b->running == 0)
        loop_stop(session_loop(b->s));
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
        char *id = fixed && *fixed ? xasprintf("%s-%s", fixed, job->client) : NULL;
        struct session_call call = {.client = job->client,
                                    .label = b->label,
                                    .entry = "run",
                                    .args = b->args,
                                    .id = id,
                                    .files = 1,
                                    .lane = LANE_ACTIVATION,
                                    .wait_ms = WAIT_MS,
                                    .patient = 1,
                                    .dry = b->dry};
        session_start(b->s, &call, on_done, job);
        free(id);
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
    job->outcome = RUN_FAILED;
    job->err = e;
}

static json_t *job_tree(const struct job *job)
{
    json_t *tree = json_pack("{s:s}", "client", job->client);
    if (!job->ended) {
        json_object_set_new(tree, "outcome", json_string("interrupted"));
    } else if (job->outcome == RUN_DONE) {
        json_object_set_new(tree, "outcome", json_string("done"));
        json_object_set_new(tree, "result",
                            json_incref(json_object_get(job->result, "result")));
    } else if (job->outcome == RUN_SKIPPED) {
        json_object_set_new(tree, "outcome", json_string("skipped"));
        json_object_set_new(tree, "reason", json_string(job->err.text));
    } else {
        json_object_set_new(tree, "outcome", json_string("failed"));
        json_object_set_new(tree, "error", cli_error_tree(&job->err));
    }
    return tree;
}

static void print_job(const struct batch *b, const struct job *job)
{
    const json_t *result = json_object_get(job->result, "result");
    if (!job->ended)
        return;
    if (job->outcome == RUN_FAILED)
        table_printf(stderr, "foyer: client %s, recipe %s: %s\n", job->client, b->recipe,
                     job->err.text);
    else if (job->outcome == RUN_SKIPPED)
        table_printf(stderr, "foyer: client %s, recipe %s: skipped: %s\n", job->client,
                     b->recipe, job->err.text);
    else if (json_is_object(result)) {
        if (b->njobs > 1)
            printf("client: %s\n", job->client);
        table_print_object(result);
    } else if (json_is_string(result))
        table_printf(stdout, "%s\n", json_string_value(result));
}

/* The worst of the runs' exit codes: a final failure before one that may pass. */
static int exit_code(const struct batch *b)
{
    int code = 0;
    for (size_t i = 0; i < b->njobs; i++) {
        if (!b->jobs[i].ended || b->jobs[i].outcome != RUN_FAILED)
            continue;
        int own = err_exit_code(b->jobs[i].err.kind);
        if (code == 0 || code == 75)
            code = own;
    }
    return code;
}

static int report(const struct cli *cli, const struct batch *b, int all)
{
    int code = session_interrupted(b->s) ? 130 : exit_code(b);
    if (!cli->json) {
        for (size_t i = 0; i < b->njobs; i++)
            print_job(b, &b->jobs[i]);
        return code;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < b->njobs; i++) {
        json_array_append_new(list, job_tree(&b->jobs[i]));
        if (b->jobs[i].ended && b->jobs[i].outcome == RUN_FAILED)
            table_printf(stderr, "foyer: client %s: %s\n", b->jobs[i].client,
                         b->jobs[i].err.text);
    }
    cli_print_json(all ? list : json_array_get(list, 0));
    json_decref(list);
    return code;
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
    b.dry = dry;
    b.label = xasprintf("recipe %s", b.recipe);
    b.w = workspace_open(cli->workspace, 0, &e);
    if (!b.w)
        goto out;
    if (client) {
        if (!workspace_client(b.w, client, &e))
            goto out;
        add_job(&b, client);
    } else {
        if (!workspace_settings(b.w, &e))
            goto out;
        workspace_each_client(b.w, choose_client, &b);
        if (b.njobs == 0)
            fprintf(stderr, "foyer: no client has the recipe %s switched on\n", b.recipe);
    }
    b.s = session_open(b.w, &e);
    if (!b.s)
        goto out;
    start_more(&b);
    session_wait(b.s);
    code = report(cli, &b, all);
out:
    if (e.kind != ERR_NONE)
        code = cli_fail(cli, &e);
    session_close(b.s);
    for (size_t i = 0; i < b.njobs; i++) {
        free(b.jobs[i].client);
        json_decref(b.jobs[i].result);
    }
    free(b.jobs);
    free(b.label);
    json_decref(args);
    json_decref(words);
    json_decref(body);
    json_decref(happening);
    workspace_close(b.w);
    free(rest.items);
    return code;
}
