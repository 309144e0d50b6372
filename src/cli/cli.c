#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/prompt.h"
#include "work/session.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/path.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/textfile.h"
#include "core/limits.h"
#include "vm/cpu.h"

enum { INPUT_MAX = 64 * 1024 * 1024, SECRET_MAX = 16 * 1024 };

/* A tool of the command line waits in line for the company's budget this long. */
enum { WAIT_MS = 60 * 1000 };

static int usage_error(struct err *e, const char *usage, const char *what,
                       const char *word)
{
    return err_set(e, ERR_USAGE, "%s%s%s\nusage: foyer %s", what, *word ? " " : "", word,
                   usage);
}

/* ARG as it was typed, without a value. */
static int unknown_option(const struct cli_option *options, const char *arg,
                          const char *usage, struct err *e)
{
    const char *name = arg + (str_starts(arg, "--") ? 2 : 1);
    const char *names[32] = {"json", "help"};
    size_t n = 2;
    for (const struct cli_option *o = options; o->name && n < 32; o++)
        names[n++] = o->name;
    const char *near = str_nearest(name, names, n);
    return err_set(e, ERR_USAGE, "unknown option %s%s%s%s\nusage: foyer %s", arg,
                   near ? "; did you mean --" : "", near ? near : "", near ? "?" : "",
                   usage);
}

int cli_find_verb(const char *word, const char *const *names, size_t n, const char *usage,
                  struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, names[i]))
            return (int)i;
    const char *near = str_nearest(word, names, n);
    return err_set(e, ERR_USAGE, "`foyer %.*s` cannot %.40s%s%s%s\nusage: foyer %s",
                   (int)strcspn(usage, " "), usage, word, near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "", usage);
}

/* The watchdog ends the process from a signal handler: --json still gets its document.
 * What labels are made of needs no escapes. */
static void on_hang(const char *label)
{
    static const char head[] = "{\"error\":{\"kind\":\"limit\",\"message\":\"",
                      tail[] = " hangs where it cannot be stopped\"}}\n";
    ssize_t rc = write(STDOUT_FILENO, head, sizeof head - 1);
    rc += write(STDOUT_FILENO, label, strlen(label));
    rc += write(STDOUT_FILENO, tail, sizeof tail - 1);
    (void)rc;
}

static void list_add(struct cli_list *list, const char *item)
{
    list->items = xrealloc(list->items, (list->n + 1) * sizeof *list->items);
    list->items[list->n++] = item;
}

int cli_parse(struct cli *cli, int argc, char **argv, const struct cli_option *options,
              struct cli_list *rest, size_t min, size_t max, const char *usage,
              struct err *e)
{
    int only_operands = 0;
    /* first, so that a mistake before it is told as JSON too */
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        cli->json |= strcmp(argv[i], "--json") == 0;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (only_operands || arg[0] != '-' || strcmp(arg, "-") == 0) {
            list_add(rest, arg);
            continue;
        }
        if (strcmp(arg, "--") == 0) {
            only_operands = 1;
            continue;
        }
        if (strcmp(arg, "--json") == 0)
            continue;
        if (strcmp(arg, "-w") == 0) {
            if (++i >= argc)
                return usage_error(e, usage, "-w needs a directory", "");
            cli->workspace = argv[i];
            continue;
        }
        char name[64];
        const char *value = strchr(arg, '=');
        snprintf(name, sizeof name, "%.*s", value ? (int)(value - arg) : 63, arg);
        const struct cli_option *o = options;
        while (o->name && (!str_starts(name, "--") || strcmp(o->name, name + 2) != 0))
            o++;
        if (!o->name)
            return unknown_option(options, name, usage, e);
        if (o->kind == CLI_FLAG) {
            if (value)
                return usage_error(e, usage, "takes no value:", name);
            *(int *)o->out = 1;
            continue;
        }
        value = value ? value + 1 : ++i < argc ? argv[i] : NULL;
        if (!value)
            return usage_error(e, usage, "needs a value:", name);
        if (o->kind == CLI_LIST)
            list_add(o->out, value);
        else
            *(const char **)o->out = value;
    }
    if (cli->json)
        cpu_on_hang(on_hang);
    if (rest->n < min)
        return usage_error(e, usage, "something is missing", "");
    if (rest->n > max)
        return usage_error(e, usage, "one word too many:", rest->items[max]);
    return 0;
}

json_t *cli_error_tree(const struct err *e)
{
    json_t *tree =
        json_pack("{s:s, s:s}", "kind", err_kind_name(e->kind), "message", e->text);
    if (!tree) /* a message that is no UTF-8 */
        tree = json_pack("{s:s, s:s}", "kind", err_kind_name(e->kind), "message", "?");
    if (e->status)
        json_object_set_new(tree, "status", json_integer(e->status));
    if (err_kind_is_retryable(e->kind))
        json_object_set_new(tree, "retryable", json_true());
    if (e->retry_after_ms >= 0)
        json_object_set_new(tree, "retry_after",
                            e->retry_after_ms % 1000
                                ? json_real((double)e->retry_after_ms / 1000)
                                : json_integer(e->retry_after_ms / 1000));
    return tree;
}

int cli_fail(const struct cli *cli, const struct err *e)
{
    if (log_is_json())
        log_line(LOG_ERROR, "%s", e->text);
    else {
        fputs("foyer: ", stderr);
        table_print_lines(stderr, e->text); /* an API's own words may be in it */
    }
    if (e->kind == ERR_RATE_LIMITED && e->retry_after_ms >= 0 && !log_is_json())
        fprintf(stderr, "foyer: try again in %g s\n", (double)e->retry_after_ms / 1000);
    if (cli->json) {
        json_t *tree = json_pack("{s:o}", "error", cli_error_tree(e));
        cli_print_json(tree);
        json_decref(tree);
    }
    return err_exit_code(e->kind);
}

static void print_tree(const json_t *tree, int depth);

static void print_line(int depth)
{
    printf("\n%*s", 2 * depth, "");
}

/* jansson writes 17 digits of every real, 1767221232.991 as …2.9909999: the fewest that
 * read as the same number are enough. */
static void print_real(double value)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, stdout);
    if (!strpbrk(text, ".e"))
        fputs(".0", stdout);
}

static void print_scalar(const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    char *shown = text ? printable_json(text, strlen(text)) : xstrdup("null");
    fputs(shown, stdout);
    free(shown);
    free(text);
}

struct member {
    struct str_key name; /* may hold a NUL */
    json_t *value;
};

/* The members in byte order, then one without a name; the caller frees the array only. */
static struct member *sorted_members(const json_t *tree)
{
    size_t n = 0, len;
    const char *name;
    json_t *value;
    struct member *members = xcalloc(json_object_size(tree) + 1, sizeof *members);
    json_object_keylen_foreach((json_t *)tree, name, len, value)
    {
        members[n++] = (struct member){{name, len}, value};
    }
    qsort(members, n, sizeof *members, str_compare_keys);
    return members;
}

json_t *cli_sorted(const json_t *tree)
{
    if (!json_is_object(tree))
        return json_deep_copy(tree);
    json_t *out = json_object();
    struct member *members = sorted_members(tree);
    for (const struct member *m = members; m->name.s; m++)
        json_object_setn_new(out, m->name.s, m->name.len, cli_sorted(m->value));
    free(members);
    return out;
}

static void print_object(const json_t *tree, int depth)
{
    struct member *members = sorted_members(tree);
    for (const struct member *m = members; m->name.s; m++) {
        putchar(m == members ? '{' : ',');
        print_line(depth + 1);
        json_t *name = json_stringn(m->name.s, m->name.len);
        print_scalar(name);
        json_decref(name);
        fputs(": ", stdout);
        print_tree(m->value, depth + 1);
    }
    print_line(depth);
    putchar('}');
    free(members);
}

static void print_tree(const json_t *tree, int depth)
{
    if (json_is_real(tree)) {
        print_real(json_real_value(tree));
    } else if (json_is_object(tree) && json_object_size(tree)) {
        print_object(tree, depth);
    } else if (json_is_array(tree) && json_array_size(tree)) {
        for (size_t i = 0; i < json_array_size(tree); i++) {
            putchar(i ? ',' : '[');
            print_line(depth + 1);
            print_tree(json_array_get(tree, i), depth + 1);
        }
        print_line(depth);
        putchar(']');
    } else {
        print_scalar(tree);
    }
}

void cli_print_json(const json_t *tree)
{
    print_tree(tree, 0);
    putchar('\n');
}

json_t *cli_words(const struct cli_list *rest, size_t from, struct err *e)
{
    json_t *words = json_array();
    for (size_t i = from; i < rest->n; i++) {
        const char *arg = rest->items[i], *eq = strchr(arg, '=');
        if (!eq || eq == arg || (eq == arg + 1 && arg[0] == ':')) {
            err_set(
                e, ERR_USAGE,
                "cannot read \"%.100s\": inputs are key=value, key:=JSON or key=@FILE",
                arg);
            json_decref(words);
            return NULL;
        }
        const char *op = eq[-1] == ':' ? ":=" : eq[1] == '@' ? "=@" : "=";
        int key_len = (int)(eq - arg) - (op[0] == ':');
        const char *value = eq + (op[1] == '@' ? 2 : 1);
        json_t *word =
            json_pack("{s:s%, s:s, s:s}", "key", arg, key_len, "op", op, "value", value);
        if (!word) {
            err_set(e, ERR_USAGE, "cannot read \"%.*s=…\": it is not UTF-8", key_len,
                    arg);
            json_decref(words);
            return NULL;
        }
        json_array_append_new(words, word);
    }
    return words;
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

json_t *cli_entry(struct workspace *w, const char *client, const char *entry,
                  json_t *args, struct err *e)
{
    struct session *s = session_open(w, e);
    json_t *result = NULL;
    if (s) {
        struct session_call call = {.client = client,
                                    .label = entry,
                                    .entry = entry,
                                    .args = args,
                                    .files = 1,
                                    .lane = LANE_BULK,
                                    .wait_ms = WAIT_MS,
                                    .patient = 1};
        result = session_run(s, &call, NULL, e);
        session_close(s);
    }
    json_decref(args);
    return result;
}
