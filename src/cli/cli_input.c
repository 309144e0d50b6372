#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/prompt.h"
#include "base/path.h"
#include "base/textfile.h"
#include "core/jsontree.h"

enum {
    INPUT_MAX = 64 * 1024 * 1024,
    SECRET_MAX = 16 * 1024,
    WAIT_MS =
        60 * 1000 /* a request of cli_entry waits so long for the company's budget */
};

/* One word as {"key", "op", "value"}; NULL with E. */
static json_t *read_input(const char *arg, struct err *e)
{
    const char *eq = strchr(arg, '=');
    if (!eq || eq == arg || (eq == arg + 1 && arg[0] == ':')) {
        err_set(e, ERR_USAGE,
                "cannot read \"%.100s\": inputs are key=value, key:=JSON or key=@FILE",
                arg);
        return NULL;
    }
    const char *op = eq[-1] == ':' ? ":=" : eq[1] == '@' ? "=@" : "=";
    int key_len = (int)(eq - arg) - (op[0] == ':');
    const char *value = eq + (op[1] == '@' ? 2 : 1);
    json_t *input =
        json_pack("{s:s%, s:s, s:s}", "key", arg, key_len, "op", op, "value", value);
    if (!input)
        err_set(e, ERR_USAGE, "cannot read \"%.*s=…\": it is not UTF-8", key_len, arg);
    return input;
}

json_t *cli_inputs(const struct cli *cli, size_t from, struct err *e)
{
    json_t *inputs = json_array();
    for (size_t i = from; i < cli->words.n; i++) {
        json_t *input = read_input(cli->words.items[i], e);
        if (!input) {
            json_decref(inputs);
            return NULL;
        }
        json_array_append_new(inputs, input);
    }
    return inputs;
}

static const char *shown_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static int read_any(const char *path, struct buf *out, struct err *e)
{
    if (strcmp(path, "-") != 0)
        return path_read(path, out, e);
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        if (buf_add(out, chunk, n) != 0)
            return err_set(e, ERR_LIMIT,
                           "cannot read standard input: more than %zu bytes", out->max);
    return ferror(stdin) ? err_set(e, ERR_INVALID, "cannot read standard input: %s",
                                   strerror(errno))
                         : 0;
}

json_t *cli_read_json(const char *path, struct err *e)
{
    struct buf text;
    json_t *tree = NULL;
    buf_init(&text, INPUT_MAX);
    if (read_any(path, &text, e) == 0 &&
        textfile_clean(&text, shown_name(path), e) == 0) {
        tree = jsontree_read(buf_str(&text), text.len, e);
        if (!tree)
            err_prefix(e, "cannot read %s", shown_name(path));
    }
    buf_free(&text);
    return tree;
}

int cli_read_secret(const char *path, const char *prompt, struct buf *out, struct err *e)
{
    buf_init(out, SECRET_MAX);
    int typed = strcmp(path, "-") == 0 && isatty(STDIN_FILENO);
    if ((typed ? prompt_line(prompt, out, e) : read_any(path, out, e)) != 0 ||
        textfile_clean(out, shown_name(path), e) != 0)
        return -1;
    while (out->len && strchr("\n \t", out->data[out->len - 1]))
        out->data[--out->len] = '\0';
    if (out->len == 0)
        return err_set(e, ERR_INVALID, "cannot use %s: it is empty", shown_name(path));
    return 0;
}

json_t *cli_read_object(const char *path, const char *what, struct err *e)
{
    json_t *tree = cli_read_json(path, e);
    if (!tree || json_is_object(tree))
        return tree;
    err_set(e, ERR_INVALID, "cannot use %s: the %s is not a JSON object", path, what);
    json_decref(tree);
    return NULL;
}

json_t *cli_entry(struct cli *cli, const char *entry, json_t *args, struct err *e)
{
    if (!args) {
        err_set(e, ERR_USAGE, "an argument is not UTF-8");
        return NULL;
    }
    struct session_call call = {.client = cli->client,
                                .label = entry,
                                .entry = entry,
                                .args = args,
                                .files = 1,
                                .lane = WINDOW_LANE_BULK,
                                .wait_ms = WAIT_MS,
                                .patient = 1};
    json_t *result = session_run(cli->session, &call, e);
    json_decref(args);
    return result;
}
