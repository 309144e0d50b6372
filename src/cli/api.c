#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/cli.h"
#include "cli/one_run.h"
#include "cli/output.h"
#include "cli/table.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"

enum {
    WAIT_MS = 5 * 60 * 1000, /* a request, for the company's budget: as a run by hand */
    SHOWN_MAX = 80           /* bytes of the path in the run's name */
};

struct api { /* one request */
    struct cli *cli;
    const char *app, *input, *path, *output;
    char method[8];
    int include, form, dry, force;
    json_t *args;
    struct output *to;
};

/* Prints status and headers as HTTP has them, before the body or the error. */
static void on_emit(void *arg, const char *what, const char *json, size_t len)
{
    const struct api *a = arg;
    if (!a->include || a->cli->json || !str_eq(what, "head"))
        return;
    json_t *head = jsontree_read(json, len, NULL);
    const char *name;
    json_t *value;
    printf("HTTP %lld\n", json_int(head, "status"));
    json_object_foreach(json_object_get(head, "headers"), name, value)
    {
        table_printf(stdout, "%s: %s\n", name, json_string_value(value));
    }
    putchar('\n');
    json_decref(head);
}

static void print_body(const json_t *body)
{
    if (json_is_string(body))
        table_print_text(stdout, json_string_value(body));
    else if (body && !json_is_null(body))
        cli_print_json(body);
}

/* RESULT is {status, headers, body}; of a dry run {dry_run}. */
static void print_result(const struct api *a, const json_t *result)
{
    const json_t *body = json_object_get(result, "body");
    if (!a->dry)
        cli_say_dry(a->cli, a->cli->client, result);
    if (json_object_get(result, "dry_run")) {
        if (a->cli->json)
            cli_print_json(result);
        else
            cli_print_value(result);
    } else if (a->cli->json && a->include) {
        cli_print_json(result);
    } else if (a->cli->json) {
        json_t *none = json_null();
        cli_print_json(body ? body : none);
        json_decref(none);
    } else {
        print_body(body);
    }
}

static int keep_output(const struct api *a, struct err *e)
{
    char n[32];
    if (!a->to)
        return 0;
    if (output_keep(a->to, e) != 0)
        return -1;
    fprintf(stderr, "%s: %s bytes\n", a->output, bar_number(n, output_bytes(a->to)));
    return 0;
}

/* Sends a request that changes nothing, or shows one that would; stores nothing. */
static int send_read(struct api *a, struct err *e)
{
    struct session_call call = {.client = a->cli->client,
                                .label = "api",
                                .entry = "api",
                                .args = a->args,
                                .files = 1,
                                .lane = WINDOW_LANE_ACTIVATION,
                                .wait_ms = WAIT_MS,
                                .patient = 1,
                                .dry = a->dry,
                                .emit = on_emit,
                                .emit_arg = a,
                                .sink = a->to ? output_sink(a->to) : NULL};
    json_t *out = session_run(a->cli->session, &call, e);
    int rc = out ? keep_output(a, e) : -1;
    if (rc == 0 && !a->to)
        print_result(a, json_object_get(out, "result"));
    json_decref(out);
    return session_interrupted(a->cli->session) ? 130 : rc;
}

static int report_write(const struct api *a, const struct one_run *run, struct err *e)
{
    int code = session_interrupted(a->cli->session) ? 130 : -1;
    *e = run->err;
    if (run->has_ended && run->state == LEDGER_DONE) {
        print_result(a, run->result);
        code = code == 130 ? 130 : 0;
    } else if (!run->has_ended || (run->id && !ledger_is_over(run->state))) {
        if (!run->has_ended)
            err_set(e, ERR_UNCERTAIN, "interrupted");
        fprintf(stderr,
                "foyer: it is run %lld; `foyer runs show %lld` says what becomes of it\n",
                (long long)run->id, (long long)run->id);
    }
    return code;
}

/* Sends a request that may change something, as a run of the store. */
static int send_write(struct api *a, struct err *e)
{
    json_object_set_new(a->args, "tool", json_string("api"));
    char *args = json_dumps(a->args, JSON_COMPACT);
    char *name = xasprintf("%s %.*s", a->method, SHOWN_MAX, a->path);
    struct ledger_run row = {.client = a->cli->client,
                             .recipe = name,
                             .origin = "hand",
                             .args = args,
                             .policy = "{\"attempts\":1}",
                             .created_ms = clock_wall_ms()};
    row.due_ms = row.created_ms;
    struct one_run run;
    int code = one_run(a->cli, &row, on_emit, a, &run, e);
    if (code == 0) {
        code = report_write(a, &run, e);
        json_decref(run.result);
    }
    free(name);
    free(args);
    return code;
}

static int read_method(const struct cli *cli, struct api *a, struct err *e)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    const char *word = cli->words.items[0];
    snprintf(a->method, sizeof a->method, "%s", word);
    for (char *p = a->method; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(a->method, known[i]) == 0 && strlen(word) == strlen(known[i]))
            return 0;
    return cli_usage_error(cli, e,
                           "\"%.40s\" is no method; there are GET, HEAD, POST, PUT, "
                           "PATCH and DELETE",
                           word);
}

static int is_read(const struct api *a)
{
    return str_eq(a->method, "GET") || str_eq(a->method, "HEAD");
}

static int check(const struct cli *cli, struct api *a, struct err *e)
{
    if (read_method(cli, a, e) != 0)
        return -1;
    a->path = cli->words.items[1];
    if (a->path[0] != '/' && !str_starts(a->path, "https://") &&
        !str_starts(a->path, "http://"))
        return cli_usage_error(
            cli, e, "the path begins with /, as in /contacts, not %.80s", a->path);
    if (a->form && is_read(a))
        return cli_usage_error(cli, e, "--form is for a request with a body");
    if (a->output && !str_eq(a->method, "GET"))
        return cli_usage_error(cli, e, "--output is for a GET");
    if (a->force && !a->output)
        return cli_usage_error(cli, e, "--force goes with --output FILE");
    return 0;
}

static int make_args(struct api *a, struct err *e)
{
    json_t *words = cli_inputs(a->cli, 2, e), *input = NULL;
    if (words)
        input = a->input ? cli_read_object(a->input, "input", e) : json_object();
    if (words && input) {
        a->args = json_pack("{s:s, s:s, s:s, s:O, s:O, s:b}", "app", a->app, "method",
                            a->method, "path", a->path, "words", words, "input", input,
                            "form", a->form);
        if (!a->args)
            err_set(e, ERR_USAGE, "an argument is not UTF-8");
    }
    json_decref(words);
    json_decref(input);
    return a->args ? 0 : -1;
}

int cmd_api(struct cli *cli, struct err *e)
{
    struct api a = {.cli = cli, .app = "front"};
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {"app", CLI_VALUE, &a.app},
                                   {"input", CLI_VALUE, &a.input},
                                   {"form", CLI_FLAG, &a.form},
                                   {"include", CLI_FLAG, &a.include},
                                   {"output", CLI_VALUE, &a.output},
                                   {"force", CLI_FLAG, &a.force},
                                   {"dry-run", CLI_FLAG, &a.dry},
                                   {NULL, CLI_FLAG, NULL}};
    int code = -1;
    if (cli_parse(cli, options, e) != 0 || check(cli, &a, e) != 0)
        return -1;
    if (make_args(&a, e) == 0 && cli_open(cli, e) == 0 &&
        workspace_connector(cli->w, a.app, e) &&
        (!a.output ||
         (a.to = output_new(session_loop(cli->session), a.output, a.force, 1, e))))
        code = is_read(&a) || a.dry ? send_read(&a, e) : send_write(&a, e);
    output_free(a.to);
    json_decref(a.args);
    return code;
}
