#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ops/rehearsal.h"
#include "cli/table.h"
#include "base/str.h"
#include "core/jsontree.h"

struct render {
    const char *conversation, *data, *app;
    json_t *words, *body; /* body NULL: no --data */
};

/* "path:line: unknown variable x; did you mean 'y'?" */
static void print_unknown(const json_t *unknown)
{
    size_t i;
    json_t *u;
    json_array_foreach(unknown, i, u)
    {
        const char *near = json_text(u, "near");
        table_printf(stderr, "%s:%d: unknown variable %s%s%s%s\n", json_text(u, "path"),
                     (int)json_int(u, "line"), json_text(u, "name"),
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
}

/* Prints the bytes as they are; on a terminal without control characters, and with a line
 * end when they have none. */
static void print_text(const char *text, size_t len)
{
    if (!isatty(STDOUT_FILENO)) {
        fwrite(text, 1, len, stdout);
        return;
    }
    char *copy = xmemdup0(text, len);
    table_print_text(stdout, copy);
    free(copy);
    if (len == 0 || text[len - 1] != '\n')
        putchar('\n');
}

/* Sets OUT's `runs`: what each recipe that uses the template would send for the
 * conversation. */
static int add_runs(struct cli *cli, const struct render *r, json_t *out, struct err *e)
{
    const json_t *recipes = json_object_get(out, "recipes");
    json_t *runs = json_array(), *recipe;
    size_t i;
    json_array_foreach(recipes, i, recipe)
    {
        json_t *answer = rehearsal_recipe(cli->session, cli->client,
                                          json_string_value(recipe), r->conversation, e);
        if (!answer)
            break;
        json_object_set(answer, "recipe", recipe);
        json_array_append_new(runs, answer);
    }
    int rc = i < json_array_size(recipes) ? -1 : 0;
    json_object_set_new(out, "runs", runs);
    return rc;
}

static void print_runs(const struct cli *cli, const json_t *runs)
{
    size_t i;
    json_t *run;
    json_array_foreach(runs, i, run)
    {
        table_printf(stderr, "recipe %s ", json_text_or(run, "recipe", ""));
        cli_print_rehearsal(stderr, cli->w, cli->client, run);
    }
}

static int report(const struct cli *cli, json_t *out)
{
    json_object_del(out, "recipes");
    const json_t *unknown = json_object_get(out, "unknown");
    const json_t *text = json_object_get(out, "text");
    if (cli->json)
        cli_print_json(out);
    else
        print_text(json_string_value(text), json_string_length(text));
    fflush(stdout);
    print_unknown(unknown);
    if (!cli->json)
        print_runs(cli, json_object_get(out, "runs"));
    return json_array_size(unknown) ? err_exit_code(ERR_INVALID) : 0;
}

static int render(struct cli *cli, const struct render *r, struct err *e)
{
    json_t *args = json_pack("{s:s, s:s, s:O, s:O*, s:s*}", "template",
                             cli->words.items[0], "app", r->app, "words", r->words,
                             "data", r->body, "conversation", r->conversation);
    if (!args)
        return err_set(e, ERR_USAGE, "an argument is not UTF-8");
    struct session_call call = {.client = cli->client,
                                .label = "render",
                                .entry = "render",
                                .args = args,
                                .files = 1};
    json_t *out = session_run(cli->session, &call, e);
    int code = out ? 0 : -1;
    if (out && r->conversation && json_array_size(r->words) == 0)
        code = add_runs(cli, r, out, e);
    if (session_interrupted(cli->session))
        code = 130;
    else if (code == 0)
        code = report(cli, out);
    json_decref(out);
    json_decref(args);
    return code;
}

int cmd_render(struct cli *cli, struct err *e)
{
    struct render r = {.app = "front"};
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {"conversation", CLI_VALUE, &r.conversation},
                                   {"data", CLI_VALUE, &r.data},
                                   {"app", CLI_VALUE, &r.app},
                                   {NULL, CLI_FLAG, NULL}};
    int code = -1;
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (r.conversation && r.data)
        return cli_usage_error(cli, e, "--conversation and --data exclude each other");
    r.words = cli_inputs(cli, 1, e);
    if (r.words && r.data)
        r.body = cli_read_object(r.data, "data", e);
    if (r.words && (!r.data || r.body) && cli_open(cli, e) == 0)
        code = render(cli, &r, e);
    json_decref(r.words);
    json_decref(r.body);
    return code;
}
