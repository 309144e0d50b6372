#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/names.h"
#include "cli/table.h"
#include "ops/live_files.h"
#include "base/array.h"
#include "base/log.h"
#include "base/str.h"
#include "core/settings.h"
#include "store/logs.h"
#include "vm/cpu.h"

/* ---- errors ---- */

/* The command's usage, on a line of its own; a new block. */
static char *usage_line(const struct cli *cli)
{
    const struct cli_command *c = cli->command;
    return xasprintf("usage: foyer %s%s%s [--json]", c->name, *c->usage ? " " : "",
                     c->usage);
}

int cli_usage_error(const struct cli *cli, struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *what = xvasprintf(fmt, ap), *usage = usage_line(cli);
    va_end(ap);
    err_set(e, ERR_USAGE, "%s\n%s", what, usage);
    free(usage);
    free(what);
    return -1;
}

json_t *cli_error_tree(const struct err *e)
{
    json_t *tree =
        json_pack("{s:s, s:s}", "kind", err_kind_name(e->kind), "message", e->text);
    if (!tree) /* a message that is not UTF-8 */
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
        log_keep(LOG_ERROR, "%s", e->text);
        fputs("foyer: ", stderr);
        table_print_lines(stderr, e->text); /* it may quote what an API answered */
    }
    if (e->kind == ERR_RATE_LIMITED && e->retry_after_ms >= 0 && !log_is_json())
        fprintf(stderr, "foyer: try again in %g s\n", (double)e->retry_after_ms / 1000);
    json_t *tree = json_pack("{s:o}", "error", cli_error_tree(e));
    if (cli->json && cli->lines) {
        json_dumpf(tree, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (cli->json) {
        cli_print_json(tree);
    }
    json_decref(tree);
    return err_exit_code(e->kind);
}

/* ---- options ---- */

const struct cli_option cli_no_options[] = {{NULL, CLI_FLAG, NULL}};

/* ARG is as it was typed, without a value. */
static int unknown_option(const struct cli *cli, const struct cli_option *options,
                          const char *arg, struct err *e)
{
    const char *name = arg + (str_starts(arg, "--") ? 2 : 1);
    const char *names[32] = {"json", "help"};
    size_t n = 2;
    if (cli->command->needs & CLI_LIVE)
        names[n++] = "dev";
    for (const struct cli_option *o = options; o->name && n < 32; o++)
        names[n++] = o->name;
    const char *instead = names_option(cli->command->name, name);
    if (instead)
        return cli_usage_error(cli, e, "unknown option %s; what you look for may be %s",
                               arg, instead);
    const char *near = str_nearest(name, names, n);
    return cli_usage_error(cli, e, "unknown option %s%s%s%s", arg,
                           near ? "; did you mean --" : "", near ? near : "",
                           near ? "?" : "");
}

int cli_find_verb(const struct cli *cli, const char *const *names, size_t n,
                  struct err *e)
{
    const char *word = cli->words.items[0];
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, names[i]))
            return (int)i;
    const char *near = str_nearest(word, names, n);
    return cli_usage_error(cli, e, "`foyer %s` cannot %.40s%s%s%s", cli->command->name,
                           word, near ? "; did you mean " : "", near ? near : "",
                           near ? "?" : "");
}

/* Prints the document that --json promises, from the signal handler with which the
 * watchdog ends the process. The characters of a label need no escapes. */
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
    array_grow(list->items, list->n);
    list->items[list->n++] = item;
}

/* Returns 1 when NAME is "--OPTION", or "-O" of an option that has one letter. */
static int is_option(const struct cli_option *o, const char *name)
{
    size_t dashes = o->name[1] ? 2 : 1;
    return strspn(name, "-") == dashes && strcmp(o->name, name + dashes) == 0;
}

/* Returns the last row, without a name, when there is none. */
static const struct cli_option *find_option(const struct cli_option *options,
                                            const char *name)
{
    const struct cli_option *o = options;
    while (o->name && !is_option(o, name))
        o++;
    return o;
}

/* The same for an option that is called otherwise today. */
static const struct cli_option *
find_changed(const struct cli *cli, const struct cli_option *options, const char *name)
{
    const struct names_changed *row =
        str_starts(name, "--") ? names_changed(cli->command->name, name + 2) : NULL;
    char now[64] = "";
    if (row) {
        snprintf(now, sizeof now, "--%s", row->now);
        fprintf(stderr, "foyer: %s is called %s now; the old name is taken until %s\n",
                name, now, row->until);
    }
    return find_option(options, now);
}

/* Reads the option argv[*I] and its value, which may be argv[*I + 1]. */
static int read_option(struct cli *cli, int *i, const struct cli_option *options,
                       struct err *e)
{
    const char *arg = cli->argv[*i], *value = strchr(arg, '=');
    char name[64];
    snprintf(name, sizeof name, "%.*s", value ? (int)(value - arg) : 63, arg);
    const struct cli_option *o = find_option(options, name);
    if (!o->name)
        o = find_changed(cli, options, name);
    if (!o->name)
        return unknown_option(cli, options, name, e);
    if (o->kind == CLI_FLAG) {
        *(int *)o->out = 1;
        return value ? cli_usage_error(cli, e, "takes no value: %s", name) : 0;
    }
    value = value ? value + 1 : ++*i < cli->argc ? cli->argv[*i] : NULL;
    if (!value)
        return cli_usage_error(cli, e, "needs a value: %s", name);
    if (o->kind == CLI_LIST)
        list_add(o->out, value);
    else
        *(const char **)o->out = value;
    return 0;
}

/* Counts --json before anything else is read, so that a mistake before it is told as JSON
 * too. */
static void read_json_flag(struct cli *cli)
{
    for (int i = 1; i < cli->argc && strcmp(cli->argv[i], "--") != 0; i++)
        cli->json |= strcmp(cli->argv[i], "--json") == 0;
    if (cli->json)
        cpu_on_hang(on_hang);
}

static int check_words(const struct cli *cli, struct err *e)
{
    const struct cli_command *c = cli->command;
    if (cli->words.n < c->min)
        return cli_usage_error(cli, e, "something is missing");
    if (cli->words.n > c->max)
        return cli_usage_error(cli, e, "one word too many: %s", cli->words.items[c->max]);
    if ((c->needs & CLI_NEED_CLIENT) == CLI_NEED_CLIENT && !cli->client)
        return cli_usage_error(cli, e, "for which client? Add --client CLIENT");
    return 0;
}

int cli_parse(struct cli *cli, const struct cli_option *options, struct err *e)
{
    int only_words = 0;
    read_json_flag(cli);
    for (int i = 1; i < cli->argc; i++) {
        const char *arg = cli->argv[i];
        if (only_words || arg[0] != '-' || strcmp(arg, "-") == 0)
            list_add(&cli->words, arg);
        else if (strcmp(arg, "--") == 0)
            only_words = 1;
        else if (strcmp(arg, "-w") == 0 && i + 1 >= cli->argc)
            return cli_usage_error(cli, e, "-w needs a directory");
        else if (strcmp(arg, "-w") == 0)
            cli->workspace = cli->argv[++i];
        else if (cli->command->needs & CLI_LIVE && strcmp(arg, "--dev") == 0)
            cli->dev = 1;
        else if (strcmp(arg, "--json") != 0 && read_option(cli, &i, options, e) != 0)
            return -1;
    }
    return check_words(cli, e);
}

/* ---- the life of a command ---- */

const char *cli_workspace_of_environment(void)
{
    const char *dir = getenv("FOYER_WORKSPACE");
    return dir && *dir ? dir : NULL;
}

static struct workspace *open_workspace(const struct cli *cli, int optional,
                                        struct err *e)
{
    struct workspace *w = workspace_open(cli->workspace, optional, e);
    if (!w && cli->workspace && cli->workspace == cli_workspace_of_environment())
        err_prefix(e, "FOYER_WORKSPACE is set");
    return w;
}

void cli_keep_log(struct workspace *w, const char *process)
{
    struct err e = {0};
    struct settings_keep keep = settings_keep(workspace_settings(w, NULL));
    if (logs_open(workspace_dir(w), process, keep.logs_ms, &e) != 0)
        log_line(LOG_WARN, "no log is kept: %s", e.text);
}

int cli_open_session(struct cli *cli, struct err *e)
{
    cli->session = session_open(cli->w, e);
    return cli->session ? 0 : -1;
}

int cli_has_clients(const struct cli *cli)
{
    return cli->named.n || cli->groups.n || cli->except.n || cli->clients.all;
}

json_t *cli_client_names(const struct cli *cli)
{
    json_t *names = cli_has_clients(cli) ? json_array() : NULL;
    for (size_t i = 0; i < cli->clients.n; i++)
        json_array_append_new(names, json_string(cli->clients.clients[i]));
    return names;
}

void cli_keep_clients(const struct cli *cli, json_t *rows)
{
    for (size_t i = json_array_size(rows); i > 0; i--) {
        const char *client =
            json_string_value(json_object_get(json_array_get(rows, i - 1), "client"));
        if (client && !choice_has(&cli->clients, client))
            json_array_remove(rows, i - 1);
    }
}

/* Finds the clients of CLI_CLIENTS. */
static int read_clients(struct cli *cli, struct err *e)
{
    const char *client;
    json_t *why;
    if (!cli_has_clients(cli))
        return 0;
    cli->clients.named = (struct choice_words){cli->named.items, cli->named.n};
    cli->clients.groups = (struct choice_words){cli->groups.items, cli->groups.n};
    cli->clients.except = (struct choice_words){cli->except.items, cli->except.n};
    if (choice_read(&cli->clients, cli->w, e) != 0)
        return -1;
    json_object_foreach(cli->clients.left_out, client, why)
    {
        table_printf(stderr, "foyer: warning: client %s is in no group: %s\n", client,
                     json_string_value(why));
    }
    cli->client = choice_only(&cli->clients);
    return 0;
}

int cli_open(struct cli *cli, struct err *e)
{
    unsigned needs = cli->command->needs;
    if (needs & CLI_WORKSPACE)
        cli->w = open_workspace(
            cli, needs & CLI_OPTIONAL && !cli->client && !cli_has_clients(cli), e);
    if (!cli->w)
        return needs & CLI_WORKSPACE ? -1 : 0;
    if ((needs & CLI_RELEASED || (needs & CLI_LIVE && !cli->dev)) &&
        workspace_use_releases(cli->w, e) != 0)
        return -1;
    if (cli->lenient)
        workspace_be_lenient(cli->w);
    if (read_clients(cli, e) != 0)
        return -1;
    if (needs & CLI_CLIENT && cli->client && !workspace_client(cli->w, cli->client, e))
        return -1;
    if (needs & CLI_STORE && !(cli->store = workspace_store(cli->w, e)))
        return -1;
    if (needs & CLI_REPORT && !(cli->report = report_open(cli->w, e)))
        return -1;
    return needs & CLI_SESSION ? cli_open_session(cli, e) : 0;
}

int cli_begin(struct cli *cli, const struct cli_option *options, struct err *e)
{
    return cli_parse(cli, options, e) == 0 ? cli_open(cli, e) : -1;
}

/* Says on standard error that the files, which the command has read, are not what runs.
 */
static void note_live(struct cli *cli)
{
    struct live_files_count c;
    if (!cli->w || !workspace_dir(cli->w) || cli->json ||
        live_files_compare(cli->w, cli->client, &c, NULL) != 0 || !c.release || !c.files)
        return;
    fflush(stdout);
    fprintf(stderr, "foyer: %zu file%s differ%s from what ", c.files,
            c.files == 1 ? "" : "s", c.files == 1 ? "s" : "");
    if (cli->client)
        table_printf(stderr, "client %s runs", cli->client);
    else
        fputs("runs", stderr);
    fputs(": `foyer diff --live` shows it, `foyer deploy` makes the files live\n",
          stderr);
}

int cli_run(struct cli *cli)
{
    struct err e = {0};
    int code = cli->command->run(cli, &e);
    if (code >= 0 && cli->command->needs & CLI_FILES)
        note_live(cli);
    report_close(cli->report);
    session_close(cli->session);
    workspace_close(cli->w);
    choice_fini(&cli->clients);
    free(cli->named.items);
    free(cli->groups.items);
    free(cli->except.items);
    if (code < 0)
        code = cli_fail(cli, &e);
    free(cli->words.items);
    return code;
}
