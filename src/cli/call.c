#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "work/session.h"
#include "cli/table.h"
#include "base/buf.h"
#include "base/str.h"

static const char usage[] = "call ACTION --client CLIENT [key=value …] [--input FILE] "
                            "[--all] [--wait D] [--dry-run] [--json]";

/* Without --wait a call waits this long for the company's budget: a burst passes by
 * itself. */
enum { WAIT_MS = 5000 };

/* The URL is the API's: as a word that a shell reads back it must not end its quotes. */
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

/* OUT is {result, columns?}: a list action's results as a table, anything else by lines.
 */
static void print_result(const json_t *out)
{
    const json_t *result = json_object_get(out, "result");
    const json_t *columns = json_object_get(out, "columns");
    const json_t *rows = json_object_get(result, "results");
    if (json_is_array(columns) && json_is_array(rows)) {
        table_print(rows, columns);
        fflush(stdout); /* the table before what is said of it */
        const json_t *next = json_object_get(result, "next");
        const json_t *total = json_object_get(result, "total");
        fprintf(stderr, "%zu shown", json_array_size(rows));
        if (json_is_integer(total))
            fprintf(stderr, " of %lld", (long long)json_integer_value(total));
        fputc('\n', stderr);
        if (json_is_string(next))
            print_next(json_string_value(next));
    } else if (json_is_object(result)) {
        table_print_object(result);
    } else if (json_is_string(result)) {
        {
            table_print_text(stdout, json_string_value(result));
            putchar('\n');
        }
    } else if (result && !json_is_null(result)) {
        cli_print_json(result);
    }
}

int cmd_call(struct cli *cli, int argc, char **argv)
{
    const char *client = NULL, *input = NULL, *wait = NULL;
    int64_t wait_ms = WAIT_MS;
    int all = 0, dry = 0;
    struct cli_option options[] = {
        {"client", CLI_VALUE, &client}, {"input", CLI_VALUE, &input},
        {"all", CLI_FLAG, &all},        {"wait", CLI_VALUE, &wait},
        {"dry-run", CLI_FLAG, &dry},    {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    int code = 0;
    struct workspace *w = NULL;
    struct session *s = NULL;
    json_t *words = NULL, *body = NULL, *out = NULL, *args = NULL;

    if (cli_parse(cli, argc, argv, options, &rest, 1, 1000, usage, &e) != 0)
        goto out;
    if (!client) {
        err_set(&e, ERR_USAGE, "for which client? Add --client CLIENT\nusage: foyer %s",
                usage);
        goto out;
    }
    if (wait && str_parse_duration(wait, &wait_ms) != 0) {
        err_set(&e, ERR_USAGE, "--wait takes a duration such as 30s or 5m, not %s", wait);
        goto out;
    }
    words = cli_words(&rest, 1, &e);
    body = words && input ? cli_read_json(input, &e) : json_object();
    if (!words || !body)
        goto out;
    if (!json_is_object(body)) {
        err_set(&e, ERR_INVALID, "cannot use %s: the input is no JSON object", input);
        goto out;
    }
    w = workspace_open(cli->workspace, 0, &e);
    if (!w || !workspace_client(w, client, &e))
        goto out;
    s = session_open(w, &e);
    if (!s)
        goto out;
    args = json_pack("{s:s, s:O, s:O, s:b}", "action", rest.items[0], "words", words,
                     "input", body, "all", all);
    char *label = xasprintf("action %s", rest.items[0]);
    struct session_call call = {.client = client,
                                .label = label,
                                .entry = "call",
                                .args = args,
                                .files = 1,
                                .lane = all ? LANE_BULK : LANE_ACTIVATION,
                                .wait_ms = wait_ms,
                                .patient = wait != NULL,
                                .dry = dry};
    out = session_run(s, &call, NULL, &e);
    free(label);
    /* what was answered in time is shown, also to who interrupted */
    if (out && cli->json)
        cli_print_json(json_object_get(out, "result"));
    else if (out)
        print_result(out);
    if (session_interrupted(s)) {
        if (!out && cli->json) {
            json_t *tree = json_pack("{s:o}", "error", cli_error_tree(&e));
            cli_print_json(tree);
            json_decref(tree);
        }
        code = 130;
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
