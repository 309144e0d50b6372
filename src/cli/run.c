#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "work/attempt_end.h"
#include "work/runner.h"
#include "ops/selection.h"
#include "cli/table.h"
#include "base/array.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "base/str.h"
#include "core/settings.h"
#include "io/writer.h"

enum {
    AT_ONCE_MAX = 64, /* runs */
    QUIET_US = 1000 * 1000,
    WAIT_MS = 5 * 60 * 1000 /* of a dry run's request, for the company's budget: as
                               runner_be_by_hand's */
};

struct job { /* one client's run */
    struct batch *batch;
    char *client;
    int64_t run; /* its id; 0: the store has no such run, or not yet */
    int ended;
    enum ledger_state state; /* when it has ended */
    struct err err;
    json_t *result; /* {result}, or NULL */
    char *seed;     /* NULL: a random one */
};

struct batch { /* the runs of one command */
    struct cli *cli;
    struct writer *writer; /* NULL for dry runs, as runner is */
    struct runner *runner;
    const char *recipe, *conversation, *input, *event, *at;
    int64_t delivery;     /* which --event names; 0: it names a file, or is not given */
    json_t *delivered_to; /* the names of the delivery's clients */
    int is_one;           /* 1: one client was named, and its result is printed alone */
    int dry, sample;
    json_t *args; /* of the entry "run" of lua/std/main.lua */
    char *args_text, *label;
    struct job *jobs;
    size_t njobs, next, running, over;
    int64_t began_us; /* when the first run ended; 0: none has */
    int has_progress; /* 1: the terminal shows it */
};

/* ---- progress ---- */

/* Shows on standard error how many runs have ended, when it is a terminal, always on the
 * same line. Shows nothing in the first second. */
static void show_progress(struct batch *b)
{
    int64_t now_us = clock_mono_us();
    if (!b->began_us)
        b->began_us = now_us;
    if (now_us - b->began_us < QUIET_US || !isatty(STDERR_FILENO))
        return;
    b->has_progress = 1;
    fprintf(stderr, "\r%zu of %zu clients", b->over, b->njobs);
}

static void end_progress(const struct batch *b)
{
    if (b->has_progress)
        fputs("\r\033[K", stderr); /* to the end of the line */
}

/* ---- the runs ---- */

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
        show_progress(b);
    start_more(b);
    if (b->running == 0)
        loop_stop(session_loop(b->cli->session));
}

static void on_run_end(void *arg, const struct attempt_result *end)
{
    struct job *job = arg;
    job->run = end->id;
    on_ended(job, end->state, &end->err, end->json, end->len);
}

static void on_dry_end(void *arg, const struct run_result *result)
{
    json_t *tree = result->outcome == RUN_DONE
                       ? jsontree_read(result->json, result->len, NULL)
                       : NULL;
    json_t *shown = json_pack(
        "{s:o}", "result", session_dry_result(result, json_object_get(tree, "result")));
    char *text = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
    on_ended(arg, result->dry_writes ? LEDGER_DONE : attempt_state(result->outcome),
             &result->err, text, text ? strlen(text) : 0);
    free(text);
    json_decref(shown);
    json_decref(tree);
}

/* Starts a run. Its row is stored with the first thing that it has to keep. */
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
                                .lane = WINDOW_LANE_ACTIVATION,
                                .wait_ms = WAIT_MS,
                                .patient = 1,
                                .dry = 1};
    session_start(b->cli->session, &call, on_dry_end, job);
}

static void start_more(struct batch *b)
{
    const char *fixed = getenv("FOYER_TEST_RUN_ID");
    while (b->running < AT_ONCE_MAX && b->next < b->njobs &&
           !session_interrupted(b->cli->session)) {
        struct job *job = &b->jobs[b->next++];
        if (job->ended) /* its settings cannot be read */
            continue;
        b->running++;
        /* tests fix the seed; each client has its own */
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
    array_grow(b->jobs, b->njobs);
    struct job *job = &b->jobs[b->njobs++];
    *job = (struct job){.batch = b, .client = xstrdup(client)};
    return job;
}

/* Returns 1 when CLIENT may see the event: another client's delivery is not its own. */
static int may_see(const struct batch *b, const char *client)
{
    size_t i;
    json_t *name;
    json_array_foreach(b->delivered_to, i, name)
    {
        if (strcmp(json_string_value(name), client) == 0)
            return 1;
    }
    return !b->delivered_to;
}

/* Adds a job when the client has the recipe switched on. When the client's settings
 * cannot be read, its job has failed already, and the others run. */
static void choose_client(struct batch *b, const char *client)
{
    struct err e;
    const json_t *settings = workspace_client(b->cli->w, client, &e);
    if (settings && !settings_is_on(workspace_settings_for(b->cli->w, client, NULL),
                                    settings, b->recipe))
        return;
    if (!may_see(b, client))
        return;
    struct job *job = add_job(b, client);
    if (settings)
        return;
    job->ended = 1;
    job->state = LEDGER_DEAD;
    job->err = e;
}

/* Returns 1 when the run goes on in another process. */
static int goes_on(const struct job *job)
{
    if (!job->ended)
        return job->run != 0;
    return job->run && !ledger_is_over(job->state) && job->state != LEDGER_PARKED &&
           job->state != LEDGER_RUNNING;
}

/* Returns 1 when the run sleeps or waits, which is not a failure. */
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
    const char *outcome = !job->ended       ? "interrupted"
                          : has_failed(job) ? "failed"
                                            : ledger_state_name(job->state);
    json_t *tree = json_pack("{s:s, s:s}", "client", job->client, "outcome", outcome);
    if (job->run)
        json_object_set_new(tree, "run", json_integer(job->run));
    if (!job->ended)
        return tree;
    if (job->state == LEDGER_DONE || job->result) /* the latter: what it did not send */
        json_object_set(tree, "result", json_object_get(job->result, "result"));
    if (job->state == LEDGER_SKIPPED)
        report_set_text(tree, "reason", job->err.text);
    if (has_failed(job)) {
        if (job->run || job->state != LEDGER_RUNNING) /* else the store has no such run */
            report_set_text(tree, "state", ledger_state_name(job->state));
        json_object_set_new(tree, "error", cli_error_tree(&job->err));
    }
    return tree;
}

/* Says what happens to a run that is not over. */
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

static void print_job(const struct batch *b, const struct job *job)
{
    const json_t *result = json_object_get(job->result, "result");
    if (job->ended && (has_failed(job) || job->state == LEDGER_SKIPPED))
        cli_print_value(result); /* what it did not send */
    if (has_failed(job))
        table_printf(stderr, "foyer: client %s, recipe %s: %s\n", job->client, b->recipe,
                     job->err.text);
    else if (job->ended && job->state == LEDGER_SKIPPED)
        table_printf(stderr, "foyer: client %s, recipe %s: skipped: %s\n", job->client,
                     b->recipe, job->err.text);
    else
        cli_print_value(result);
    print_rest(job);
}

static int job_code(const struct job *job)
{
    return job->state == LEDGER_PARKED ? err_exit_code(ERR_UNCERTAIN)
                                       : err_exit_code(job->err.kind);
}

/* Returns the worst of the runs' exit codes: a final failure is worse than one that may
 * pass, 75. */
static int exit_code(const struct batch *b)
{
    int code = 0;
    for (size_t i = 0; i < b->njobs; i++)
        if (has_failed(&b->jobs[i]) && (code == 0 || code == 75))
            code = job_code(&b->jobs[i]);
    return code;
}

/* In the order of the table. */
static const char *const outcomes[] = {WORD_FAILED,  WORD_NEEDS_YOU, "interrupted",
                                       WORD_WAITING, "skipped",      "done"};
enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

/* Returns the outcome to show. In JSON a parked run has failed; in the table it needs a
 * person, who decides. */
static const char *outcome_of(const json_t *row)
{
    const char *state = json_text(row, "state");
    return words_of(str_eq(state, "parked") ? state : json_text(row, "outcome"));
}

static json_t *line_of(const json_t *row)
{
    const json_t *detail = json_at(row, "error.message");
    if (!detail)
        detail = json_object_get(row, "reason");
    if (!detail)
        detail = json_object_get(row, "result");
    return json_pack("{s:O, s:s, s:O*, s:O*}", "client", json_object_get(row, "client"),
                     "outcome", outcome_of(row), "run", json_object_get(row, "run"),
                     "detail", detail);
}

/* Appends the rows with OUTCOME to LINES. Returns how many. */
static size_t add_lines(json_t *lines, const json_t *rows, const char *outcome)
{
    size_t i, before = json_array_size(lines);
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (str_eq(outcome_of(row), outcome))
            json_array_append_new(lines, line_of(row));
    }
    return json_array_size(lines) - before;
}

/* Prints the table, failures first, and a last line that counts: "3 clients: 1 failed, 2
 * done". ROWS are what --json prints. */
static void print_table(const json_t *rows)
{
    size_t counts[OUTCOMES], all = json_array_size(rows);
    json_t *lines = json_array();
    json_t *columns = json_pack("[s,s,s,s]", "client", "outcome", "run", "detail");
    for (int o = 0; o < OUTCOMES; o++)
        counts[o] = add_lines(lines, rows, outcomes[o]);
    table_print(lines, columns);
    printf("%zu client%s", all, all == 1 ? "" : "s");
    const char *between = ": ";
    for (int o = 0; o < OUTCOMES; o++) {
        if (!counts[o])
            continue;
        printf("%s%zu %s", between, counts[o], outcomes[o]);
        between = ", ";
    }
    putchar('\n');
    json_decref(columns);
    json_decref(lines);
}

/* Prints each failure as a sentence, the table of all, and once what happens to runs that
 * are not over. */
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
        print_table(list);
    fflush(stdout);
    if (rest)
        fprintf(stderr,
                "foyer: a run that is not over goes on by itself under `foyer serve` or "
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

static int report(const struct batch *b)
{
    json_t *list = json_array();
    for (size_t i = 0; i < b->njobs; i++) {
        const struct job *job = &b->jobs[i];
        json_array_append_new(list, job_tree(job));
        if (!b->dry)
            cli_say_dry(b->cli, job->client, json_object_get(job->result, "result"));
    }
    end_progress(b);
    if (b->cli->json)
        print_json(b, b->is_one ? json_array_get(list, 0) : list);
    else if (b->is_one)
        print_job(b, &b->jobs[0]);
    else
        print_all(b, list);
    json_decref(list);
    return session_interrupted(b->cli->session) ? 130 : exit_code(b);
}

/* ---- the command ---- */

/* A runner drives the runs as in a worker. The writer of a single run needs no thread:
 * the process has nothing to do while the run waits for the disk. */
static int open_runner(struct batch *b, struct err *e)
{
    struct loop *loop = session_loop(b->cli->session);
    struct store *store = workspace_store(b->cli->w, e);
    if (!store)
        return -1;
    if (b->njobs == 1) {
        b->writer = writer_open_here(store_db(store), loop);
    } else {
        char *path = store_path(workspace_dir(b->cli->w));
        b->writer = writer_open(path, loop, e);
        free(path);
    }
    b->runner = b->writer ? runner_new(b->cli->session, b->writer, NULL, e) : NULL;
    if (!b->runner)
        return -1;
    runner_be_by_hand(b->runner);
    return 0;
}

/* Called for a run whose write took too long: it is still claimed, and another process
 * takes it up. */
static void on_left(void *arg, int64_t run)
{
    struct job *job = arg;
    job->run = run;
}

static void run_all(struct batch *b)
{
    start_more(b);
    while (b->running > 0 && !session_interrupted(b->cli->session))
        loop_run(session_loop(b->cli->session));
    if (b->runner)
        runner_stop(b->runner);
    writer_close(b->writer); /* stores what runner_stop released */
    b->writer = NULL;
    if (b->runner)
        runner_each(b->runner, on_left);
}

/* Sets what each run gets from the command line. */
static int read_args(struct batch *b, struct err *e)
{
    json_t *words = cli_inputs(b->cli, 1, e), *body = NULL, *event = NULL;
    int is_file = b->event && !b->delivery;
    if (words)
        body = b->input ? cli_read_json(b->input, e) : json_object();
    if (body && is_file)
        event = cli_read_json(b->event, e);
    int rc = body && (event || !is_file) ? 0 : -1;
    b->recipe = b->cli->words.items[0];
    b->label = xasprintf("recipe %s", b->recipe);
    b->args = json_pack("{s:s, s:O*, s:O*, s:O*, s:s*, s:s*}", "recipe", b->recipe,
                        "words", words, "input", body, "event", event, "conversation",
                        b->conversation, "at", b->at);
    if (rc == 0 && !b->args)
        rc = err_set(e, ERR_USAGE, "an argument is not UTF-8");
    if (b->args && b->sample)
        json_object_set_new(b->args, "sample", json_true());
    json_decref(words);
    json_decref(body);
    json_decref(event);
    return rc;
}

struct asked {
    const struct report *report;
    json_t *clients;
};

static int on_delivery(void *arg, const struct delivery *d)
{
    struct asked *asked = arg;
    json_t *row = report_delivery_row(asked->report, d);
    asked->clients = json_incref(json_object_get(row, "clients"));
    json_decref(row);
    return 0;
}

/* Reads the delivery that --event names, and whose clients it is for. */
static int read_delivery(struct batch *b, struct report *report, struct err *e)
{
    struct asked asked = {.report = report};
    struct selection one = {.ids = &b->delivery, .nids = 1};
    long long id = (long long)b->delivery;
    char *body = NULL;
    size_t len = 0;
    if (selection_deliveries(&one, report, on_delivery, &asked, e) != 0)
        return e->kind == ERR_NOT_FOUND
                   ? err_set(e, ERR_NOT_FOUND,
                             "there is no delivery %lld; `foyer events list` shows their "
                             "numbers, and a file of that name is ./%lld",
                             id, id)
                   : -1;
    b->delivered_to = asked.clients;
    if (inbox_body(report_db(report), b->delivery, &body, &len, e) != 0)
        return -1;
    json_t *event = jsontree_read(body, len, e);
    free(body);
    if (!event) {
        err_prefix(e, "cannot read the body of delivery %lld", id);
        return -1;
    }
    json_object_set_new(b->args, "event", event);
    return 0;
}

/* Does the rest of read_args, which needs the store. */
static int complete_args(struct batch *b, struct err *e)
{
    struct report *report = b->delivery ? report_open(b->cli->w, e) : NULL;
    int rc = !b->delivery ? 0 : report ? read_delivery(b, report, e) : -1;
    report_close(report);
    if (rc == 0)
        b->args_text = json_dumps(b->args, JSON_COMPACT);
    return rc;
}

/* Checks the names before anything is stored, and adds the jobs. */
static int add_jobs(struct batch *b, struct err *e)
{
    const struct cli *cli = b->cli;
    const char *only = b->is_one ? cli->client : NULL;
    if (!workspace_settings(cli->w, e) ||
        selection_check(cli->w, only, b->recipe, e) != 0)
        return -1;
    if (only && !may_see(b, only))
        return err_set(
            e, ERR_INVALID,
            "delivery %lld did not come for %s; `foyer events show %lld` shows "
            "it",
            (long long)b->delivery, only, (long long)b->delivery);
    for (size_t i = 0; !only && i < cli->clients.n; i++)
        choose_client(b, cli->clients.clients[i]);
    if (only)
        add_job(b, only);
    if (b->njobs == 0)
        fprintf(stderr, "foyer: none of %zu client%s%s has the recipe %s switched on\n",
                cli->clients.n, cli->clients.n == 1 ? "" : "s",
                b->delivery ? " that the delivery came for" : "", b->recipe);
    return 0;
}

static void free_batch(struct batch *b)
{
    writer_close(b->writer);
    runner_free(b->runner);
    for (size_t i = 0; i < b->njobs; i++) {
        free(b->jobs[i].client);
        free(b->jobs[i].seed);
        json_decref(b->jobs[i].result);
    }
    free(b->jobs);
    free(b->label);
    free(b->args_text);
    json_decref(b->args);
    json_decref(b->delivered_to);
}

/* Checks that at most one option says which event it is, and reads a delivery's number.
 */
static int check_event(struct batch *b, struct err *e)
{
    struct err why;
    if ((b->conversation != NULL) + (b->event != NULL) + (b->at != NULL) + b->sample > 1)
        return cli_usage_error(b->cli, e, "%s and %s exclude each other",
                               b->conversation ? "--conversation"
                               : b->event      ? "--event"
                                               : "--at",
                               b->sample                                ? "--sample"
                               : b->at && (b->conversation || b->event) ? "--at"
                                                                        : "--event");
    if (b->event && *b->event && !b->event[strspn(b->event, "0123456789")] &&
        selection_id(b->event, "delivery", &b->delivery, &why) != 0)
        return cli_usage_error(b->cli, e, "%s", why.text);
    return 0;
}

/* Returns 1 when the command names one client and nothing else. */
static int is_one_name(const struct cli *cli)
{
    return cli->named.n == 1 && !strchr(cli->named.items[0], ',') && !cli->groups.n &&
           !cli->except.n && !cli->clients.all;
}

int cmd_run(struct cli *cli, struct err *e)
{
    struct batch b = {.cli = cli};
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"input", CLI_VALUE, &b.input},
                                   {"conversation", CLI_VALUE, &b.conversation},
                                   {"event", CLI_VALUE, &b.event},
                                   {"at", CLI_VALUE, &b.at},
                                   {"sample", CLI_FLAG, &b.sample},
                                   {"dry-run", CLI_FLAG, &b.dry},
                                   {NULL, CLI_FLAG, NULL}};
    int code = -1;
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (!cli_has_clients(cli))
        return cli_usage_error(cli, e,
                               "for which clients? --client, --group, or --all-clients");
    b.is_one = is_one_name(cli);
    if (check_event(&b, e) == 0 && read_args(&b, e) == 0 && cli_open(cli, e) == 0 &&
        complete_args(&b, e) == 0 && add_jobs(&b, e) == 0 &&
        (b.dry || open_runner(&b, e) == 0)) {
        run_all(&b);
        code = report(&b);
    }
    free_batch(&b);
    return code;
}
