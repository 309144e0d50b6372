#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/all.h"
#include "cli/cli.h"
#include "cli/bar.h"
#include "cli/each.h"
#include "cli/output.h"
#include "cli/table.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "work/mode.h"

/* Without --wait a request waits so long for the company's budget: long enough for a
 * burst to pass. */
enum { WAIT_MS = 5000 };

/* Lines of a file at the same time: more than that do not help, as a company's budget is
 * for each minute. */
enum { JOBS = 8, JOBS_MAX = 64 };

struct call {
    const char *input, *wait, *output;
    int force;
    int64_t wait_ms;
    int all, dry;
    struct each each;
    const char *jobs;
    int csv, jsonl;
    json_t *words, *body;
};

/* Prints the next page's URL as a word for a shell. It comes from the API: a quote in it
 * must not end ours. */
static void print_next(const char *next)
{
    struct buf quoted;
    buf_init(&quoted, 3 * strlen(next) + 1);
    for (; *next; next++)
        if (*next == '\'')
            buf_adds(&quoted, "%27");
        else
            buf_addc(&quoted, *next);
    table_printf(stderr, "more: next='%s'\n", buf_str(&quoted));
    buf_free(&quoted);
}

/* OUT is {result, columns?}: the results of a list action with columns are a table. */
static void print_result(const json_t *out)
{
    const json_t *result = json_object_get(out, "result");
    const json_t *columns = json_object_get(out, "columns");
    const json_t *rows = json_object_get(result, "results");
    if (json_is_object(result) && json_object_size(result) == 0) {
        fputs("done\n", stderr); /* the answer was empty */
        return;
    }
    if (!result || json_is_null(result)) {
        fputs("no result\n", stderr); /* what was looked for is not there */
        return;
    }
    if (!json_is_array(columns) || !json_is_array(rows)) {
        cli_print_value(result);
        return;
    }
    table_print(rows, columns);
    fflush(stdout); /* the table comes before the lines about it */
    const json_t *next = json_object_get(result, "next");
    const json_t *total = json_object_get(result, "total");
    fprintf(stderr, "%zu shown", json_array_size(rows));
    if (json_is_integer(total))
        fprintf(stderr, " of %lld", (long long)json_integer_value(total));
    fputc('\n', stderr);
    if (json_is_string(next))
        print_next(json_string_value(next));
}

/* Prints an answer that came in time also when the command was interrupted. */
static int report(const struct cli *cli, const json_t *out, const struct err *e)
{
    if (out && cli->json)
        cli_print_json(json_object_get(out, "result"));
    else if (out)
        print_result(out);
    if (!session_interrupted(cli->session))
        return out ? 0 : -1;
    if (!out && cli->json)
        cli_print_new(json_pack("{s:o}", "error", cli_error_tree(e)));
    return 130;
}

/* Runs an action whose answer is a file, and keeps that. */
static int download(struct cli *cli, const struct call *c, struct session_call *call,
                    struct err *e)
{
    char n[32];
    struct output *to = output_new(session_loop(cli->session), c->output, c->force, 0, e);
    if (!to)
        return -1;
    call->sink = output_sink(to);
    json_t *out = session_run(cli->session, call, e);
    int code = out ? output_keep(to, e) : -1;
    if (code == 0 && cli->json)
        cli_print_new(json_pack("{s:s, s:I, s:O*}", "file", c->output, "bytes",
                                (json_int_t)output_bytes(to), "type",
                                json_at(out, "result.type")));
    else if (code == 0)
        fprintf(stderr, "%s: %s bytes\n", c->output, bar_number(n, output_bytes(to)));
    output_free(to);
    json_decref(out);
    return session_interrupted(cli->session) ? 130 : code;
}

/* Runs the action. Returns the exit code, or -1 with E. */
static int run(struct cli *cli, const struct call *c, struct err *e)
{
    const char *action = cli->words.items[0];
    json_t *args = json_pack("{s:s, s:O, s:O, s:b}", "action", action, "words", c->words,
                             "input", c->body, "all", c->all);
    char *label = xasprintf("action %s", action);
    struct session_call call = {.client = cli->client,
                                .label = label,
                                .entry = "call",
                                .args = args,
                                .files = 1,
                                .lane =
                                    c->all ? WINDOW_LANE_BULK : WINDOW_LANE_ACTIVATION,
                                .wait_ms = c->wait_ms,
                                .patient = c->wait != NULL,
                                .dry = c->dry};
    int code;
    if (c->all) {
        code = all_print(cli, &call, e);
    } else if (c->output) {
        code = download(cli, c, &call, e);
    } else {
        json_t *out = session_run(cli->session, &call, e);
        code = report(cli, out, e);
        if (!c->dry)
            cli_say_dry(cli, cli->client, json_object_get(out, "result"));
        json_decref(out);
    }
    json_decref(args);
    free(label);
    return code;
}

static int check_output(const struct cli *cli, const struct call *c, struct err *e)
{
    if (c->force && !c->output)
        return cli_usage_error(cli, e, "--force goes with --output FILE");
    if (c->output && (c->all || c->each.path || c->dry))
        return cli_usage_error(cli, e, "--output does not go with %s",
                               c->all         ? "--all"
                               : c->each.path ? "--each"
                                              : "--dry-run");
    return 0;
}

/* Checks the options that go with --each, and those that do not. */
static int check_each(const struct cli *cli, struct call *c, struct err *e)
{
    struct each *each = &c->each;
    if (!each->path) {
        if (c->jobs || c->csv || c->jsonl || each->retry || each->again ||
            each->skip_done)
            return cli_usage_error(cli, e,
                                   "--jobs, --csv, --jsonl, --retry-failed, --again and "
                                   "--skip-done go with --each FILE");
        return 0;
    }
    if (c->all || c->wait)
        return cli_usage_error(cli, e, "%s does not go with --each",
                               c->all ? "--all" : "--wait");
    if (c->csv && c->jsonl)
        return cli_usage_error(cli, e, "--csv and --jsonl exclude each other");
    if (each->again && each->skip_done)
        return cli_usage_error(cli, e, "--again and --skip-done exclude each other");
    if (c->input && str_eq(c->input, "-") && str_eq(each->path, "-"))
        return cli_usage_error(cli, e, "--input and --each both read standard input");
    each->kind = c->csv ? ROWS_CSV : c->jsonl ? ROWS_JSONL : ROWS_BY_NAME;
    each->jobs = JOBS;
    char *end = NULL;
    long jobs = c->jobs ? strtol(c->jobs, &end, 10) : JOBS;
    if (c->jobs && (!*c->jobs || *end || jobs < 1 || jobs > JOBS_MAX))
        return cli_usage_error(cli, e, "--jobs takes a number from 1 to %d, not %s",
                               JOBS_MAX, c->jobs);
    each->jobs = (int)jobs;
    return 0;
}

/* The lines of a dry client are not recorded as done: they are to be sent once it is
 * live.
 */
static void rehearse_dry(const struct cli *cli, struct call *c)
{
    const char *why;
    if (c->dry || work_mode(cli->w, cli->client, &why) == MODE_LIVE)
        return;
    c->each.dry = 1;
    fprintf(stderr, "foyer: client %s: nothing is sent, and no line is recorded: %s\n",
            cli->client, why);
}

int cmd_call(struct cli *cli, struct err *e)
{
    struct call c = {.wait_ms = WAIT_MS};
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {"input", CLI_VALUE, &c.input},
                                   {"all", CLI_FLAG, &c.all},
                                   {"wait", CLI_VALUE, &c.wait},
                                   {"dry-run", CLI_FLAG, &c.dry},
                                   {"each", CLI_VALUE, &c.each.path},
                                   {"csv", CLI_FLAG, &c.csv},
                                   {"jsonl", CLI_FLAG, &c.jsonl},
                                   {"jobs", CLI_VALUE, &c.jobs},
                                   {"retry-failed", CLI_FLAG, &c.each.retry},
                                   {"output", CLI_VALUE, &c.output},
                                   {"force", CLI_FLAG, &c.force},
                                   {"again", CLI_FLAG, &c.each.again},
                                   {"skip-done", CLI_FLAG, &c.each.skip_done},
                                   {NULL, CLI_FLAG, NULL}};
    int code = -1;
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (c.wait && str_parse_duration(c.wait, &c.wait_ms) != 0)
        return err_set(e, ERR_USAGE, "--wait takes a duration such as 30s or 5m, not %s",
                       c.wait);
    if (check_output(cli, &c, e) != 0 || check_each(cli, &c, e) != 0)
        return -1;
    c.words = cli_inputs(cli, 1, e);
    if (c.words)
        c.body = c.input ? cli_read_object(c.input, "input", e) : json_object();
    cli->lines = c.all || c.each.path;
    c.each.words = c.words;
    c.each.body = c.body;
    c.each.dry = c.dry;
    if (c.body && cli_open(cli, e) == 0 && c.each.path) {
        rehearse_dry(cli, &c);
        code = each_call(cli, &c.each, e);
    } else if (c.body && cli->session) {
        code = run(cli, &c, e);
    }
    json_decref(c.words);
    json_decref(c.body);
    return code;
}
