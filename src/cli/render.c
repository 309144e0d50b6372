#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ops/rehearsal.h"
#include "work/session.h"
#include "cli/table.h"
#include "base/str.h"
#include "core/jsontree.h"

static const char usage[] =
    "render TEMPLATE --client CLIENT [--conversation ID|--data FILE] "
    "[--app APP] [key=value …] [--json]";

/* "path:line: unknown variable x; did you mean 'y'?" */
static void print_unknown(const json_t *unknown)
{
    size_t i;
    json_t *u;
    json_array_foreach(unknown, i, u)
    {
        const char *near = json_text(u, "near");
        table_printf(stderr, "%s:%d: unknown variable %s%s%s%s\n", json_text(u, "path"),
                     (int)json_integer_value(json_object_get(u, "line")),
                     json_text(u, "name"), near ? "; did you mean '" : "",
                     near ? near : "", near ? "'?" : "");
    }
}

/* The bytes as they are; a terminal gets no control characters, and the line end that
 * they may lack. */
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

/* Sets OUT's runs: what each of its recipes would send for CONVERSATION. */
static int add_runs(struct session *s, const char *client, const char *conversation,
                    json_t *out, struct err *e)
{
    const json_t *recipes = json_object_get(out, "recipes");
    json_t *runs = json_array(), *recipe;
    size_t i;
    json_array_foreach(recipes, i, recipe)
    {
        json_t *said =
            rehearsal_recipe(s, client, json_string_value(recipe), conversation, e);
        if (!said)
            break;
        json_object_set(said, "recipe", recipe);
        json_array_append_new(runs, said);
    }
    int rc = i < json_array_size(recipes) ? -1 : 0;
    json_object_set_new(out, "runs", runs);
    return rc;
}

static void print_runs(struct workspace *w, const char *client, const json_t *runs)
{
    size_t i;
    json_t *run;
    json_array_foreach(runs, i, run)
    {
        table_printf(stderr, "recipe %s ", json_text(run, "recipe"));
        rehearsal_print(stderr, w, client, run);
    }
}

int cmd_render(struct cli *cli, int argc, char **argv)
{
    const char *client = NULL, *conversation = NULL, *data = NULL, *app = "front";
    struct cli_option options[] = {{"client", CLI_VALUE, &client},
                                   {"conversation", CLI_VALUE, &conversation},
                                   {"data", CLI_VALUE, &data},
                                   {"app", CLI_VALUE, &app},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct session *s = NULL;
    json_t *args = NULL, *words = NULL, *body = NULL, *out = NULL;
    int code = 0;
    if (cli_parse(cli, argc, argv, options, &rest, 1, 1000, usage, &e) != 0)
        goto out;
    if (!client) {
        err_set(&e, ERR_USAGE, "for which client? Add --client CLIENT\nusage: foyer %s",
                usage);
        goto out;
    }
    if (conversation && data) {
        err_set(&e, ERR_USAGE,
                "--conversation and --data exclude each other\nusage: foyer %s", usage);
        goto out;
    }
    words = cli_words(&rest, 1, &e);
    if (!words || (data && !(body = cli_read_json(data, &e))))
        goto out;
    if (body && !json_is_object(body)) {
        err_set(&e, ERR_INVALID, "cannot use %s: the data is no JSON object", data);
        goto out;
    }
    w = workspace_open(cli->workspace, 0, &e);
    if (!w || !workspace_client(w, client, &e))
        goto out;
    s = session_open(w, &e);
    if (!s)
        goto out;
    args = json_pack("{s:s, s:s, s:O, s:O*, s:s*}", "template", rest.items[0], "app", app,
                     "words", words, "data", body, "conversation", conversation);
    if (!args) {
        err_set(&e, ERR_USAGE, "an argument is not UTF-8");
        goto out;
    }
    struct session_call call = {
        .client = client, .label = "render", .entry = "render", .args = args, .files = 1};
    out = session_run(s, &call, NULL, &e);
    if (out && conversation && json_array_size(words) == 0 &&
        add_runs(s, client, conversation, out, &e) != 0)
        goto out;
    if (session_interrupted(s)) {
        code = 130;
    } else if (out) {
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
            print_runs(w, client, json_object_get(out, "runs"));
        if (json_array_size(unknown))
            code = err_exit_code(ERR_INVALID);
    }
out:
    if (code == 0 && e.kind != ERR_NONE)
        code = cli_fail(cli, &e);
    json_decref(out);
    json_decref(args);
    json_decref(words);
    json_decref(body);
    session_close(s);
    workspace_close(w);
    free(rest.items);
    return code;
}
