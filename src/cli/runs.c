#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "ops/control.h"

enum { LIST_MAX = 50 };

struct runs_command {
    struct cli *cli;
    struct selection which;
    struct control control;
    int not_sent, dry;
    json_t *rows;         /* the runs that the verb is about */
    enum err_kind failed; /* of the first run that could not be changed */
};

/* ---- list and show ---- */

static int add_row(void *arg, const struct ledger_run *run)
{
    const struct runs_command *c = arg;
    json_array_append_new(c->rows, report_run_row(c->cli->report, run));
    return 0;
}

static int count_pause(void *arg, const struct ledger_pause *pause)
{
    (void)pause;
    ++*(int *)arg;
    return 0;
}

static void print_paused(struct runs_command *c)
{
    int n = 0;
    if (ledger_pauses(report_db(c->cli->report), count_pause, &n, NULL) == 0 && n)
        fprintf(stderr, "foyer: runs are paused: `foyer pause` shows which\n");
}

/* Shows the word in the column of the state. */
static void say_words(json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *now = json_text(row, "now"), *would = json_text(row, "would_be");
        json_object_set(row, "state", json_object_get(row, "word"));
        if (json_is_true(json_object_get(row, "dry"))) {
            char *dry = xasprintf("%s, dry", json_text_or(row, "word", ""));
            json_object_set_new(row, "state", json_string(dry));
            free(dry);
        }
        if (now)
            json_object_set_new(row, "now", json_string(words_of(now)));
        if (would)
            json_object_set_new(row, "would_be", json_string(words_of(would)));
    }
}

/* Makes one column of the times when a run goes on and when it ended. */
static void add_when(json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_t *at = json_object_get(row, "due_at");
        json_object_set(row, "due_or_ended_at",
                        at ? at : json_object_get(row, "ended_at"));
        if (!json_object_get(row, "reason") && json_object_get(row, "undelivered"))
            json_object_set(row, "reason", json_object_get(row, "undelivered"));
    }
}

static int list(struct runs_command *c, struct err *e)
{
    if (selection_runs(&c->which, c->cli->report, add_row, c, e) != 0)
        return -1;
    print_paused(c);
    if (json_array_size(c->rows) == 0 && !c->cli->json) {
        fputs("foyer: no run matches\n", stderr);
        return 0;
    }
    if (!c->cli->json) {
        add_when(c->rows);
        say_words(c->rows);
    }
    cli_print_rows(c->cli, c->rows,
                   "id client recipe state created_at due_or_ended_at attempts reason");
    return 0;
}

/* Prints the write whose answer was lost. */
static void print_write(const json_t *write)
{
    const char *method = json_text_or(write, "method", ""),
               *path = json_text_or(write, "path", "");
    if (!write)
        return;
    table_printf(stdout, "\nfoyer cannot tell whether this was done: %s %s\n", method,
                 *path ? path : json_text_or(write, "what", ""));
    cli_print_body(json_object_get(write, "body"));
}

static void print_time(const struct timeline *t, const json_t *run, const char *key)
{
    char at[40];
    int64_t ms = timeline_ms(run, key);
    if (!ms)
        return;
    timeline_format(t, ms, at);
    printf("%s: %s\n", key, at);
}

/* Shows the word, and the precise state behind it. */
static void set_both(json_t *shown, const json_t *run)
{
    const char *state = json_text_or(run, "state", ""),
               *word = json_text_or(run, "word", state);
    int is_dry = json_is_true(json_object_get(run, "dry"));
    if (str_eq(word, state) && !is_dry)
        return;
    char *both = str_eq(word, state) ? xasprintf("%s (dry: nothing was sent)", word)
                 : is_dry ? xasprintf("%s (%s; dry: nothing was sent)", word, state)
                          : xasprintf("%s (%s)", word, state);
    json_object_set_new(shown, "state", json_string(both));
    free(both);
}

static void print_run(const struct cli *cli, const json_t *run)
{
    static const char *const members[] = {
        "id",         "client",      "recipe",       "state",  "kind",
        "reason",     "undelivered", "release",      "origin", "trigger",
        "activation", "delivery",    "conversation", "link",   "attempts",
        "failures",   "crashes",     "args",         "result"};
    static const char *const times[] = {"slot_at", "created_at", "began_at", "due_at",
                                        "ended_at"};
    struct timeline t = timeline_for(cli->w, json_text(run, "client"));
    json_t *shown = json_object();
    size_t i;
    json_t *command;
    for (i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set(shown, members[i], json_object_get(run, members[i]));
    set_both(shown, run);
    table_print_object(shown);
    for (i = 0; i < sizeof times / sizeof *times; i++)
        print_time(&t, run, times[i]);
    printf("\nhistory (times in %s):\n", t.zone_name);
    timeline_history(&t, run, 0);
    if (json_array_size(json_object_get(run, "exchanges"))) {
        puts("\nwhat it sent and got:");
        t.bodies = cli->bodies;
        timeline_exchanges(&t, run, 0);
    }
    timeline_paused(&t, run, 0);
    print_write(json_object_get(run, "write"));
    json_array_foreach(json_object_get(run, "commands"), i, command)
    {
        if (i == 0)
            puts("\nyou may:");
        table_printf(stdout, "%s\n", json_string_value(command));
    }
    json_decref(shown);
}

static int show(struct runs_command *c, struct err *e)
{
    if (c->which.nids == 0)
        return err_set(e, ERR_USAGE, "which run? `foyer runs list` shows their ids");
    for (size_t i = 0; i < c->which.nids; i++) {
        json_t *run = report_run(c->cli->report, c->which.ids[i], e);
        if (!run)
            return -1;
        json_array_append_new(c->rows, run);
    }
    cli_print_whole(c->cli, c->which.nids, c->rows, print_run);
    return 0;
}

/* ---- retry, resolve, cancel ---- */

static void print_rehearsed(struct runs_command *c, const json_t *row)
{
    const char *failed = json_text(row, "error");
    table_printf(stdout, "run %lld of %s, client %s, %s: ", json_int(row, "id"),
                 json_text_or(row, "recipe", ""), json_text_or(row, "client", ""),
                 json_text_or(row, "word", ""));
    if (failed)
        table_printf(stdout, "%s\n", failed);
    else
        cli_print_rehearsal(stdout, c->cli->w, json_text_or(row, "client", ""), row);
}

static void print_changed_code(const json_t *row)
{
    const json_t *changed = json_object_get(row, "changed");
    size_t n = json_array_size(changed);
    long long id = json_int(row, "id");
    if (!n || json_object_get(row, "error"))
        return;
    table_printf(stderr,
                 "foyer: run %lld goes on with the code that it began with, but "
                 "%s",
                 id, json_string_value(json_array_get(changed, 0)));
    if (n > 1)
        fprintf(stderr, " and %zu more", n - 1);
    fprintf(stderr,
            " changed since: `foyer runs retry %lld --new-code` goes on with today's, "
            "and what the run has done stays done\n",
            id);
}

static void print_rows(struct runs_command *c)
{
    size_t i;
    json_t *row;
    int rehearsed = c->dry && c->control.verb == CONTROL_RETRY;
    json_array_foreach(rehearsed && !c->cli->json ? c->rows : NULL, i, row)
    {
        print_rehearsed(c, row);
    }
    if (!c->cli->json)
        say_words(c->rows);
    if (c->cli->json || (!rehearsed && json_array_size(c->rows)))
        cli_print_rows(c->cli, c->rows,
                       c->dry ? "id client recipe state would_be"
                              : "id client recipe state now");
    json_array_foreach(c->rows, i, row)
    {
        const char *error = json_text(row, "error");
        if (error && !rehearsed)
            table_printf(stderr, "foyer: %s\n", error);
        print_changed_code(row);
    }
    if (c->control.new_code && !c->dry && !c->cli->json && json_array_size(c->rows))
        fputs("foyer: today's code is what is live: after a change, `foyer deploy` "
              "first\n",
              stderr);
}

static int rehearse(struct runs_command *c, struct err *e)
{
    if (cli_open_session(c->cli, e) != 0)
        return -1;
    control_rehearse(c->cli->report, c->cli->session, c->control.new_code, c->rows,
                     &c->failed);
    return 0;
}

static int change(struct runs_command *c, struct err *e)
{
    size_t i;
    json_t *row;
    if (c->dry && c->control.verb == CONTROL_RETRY)
        return rehearse(c, e);
    if (!c->dry)
        return control_apply(c->cli->report, &c->control, c->rows, &c->failed, e);
    json_array_foreach(c->rows, i, row)
    {
        json_object_set_new(row, "would_be", json_string("cancelled"));
    }
    return 0;
}

static int act(struct runs_command *c, struct err *e)
{
    if (selection_is_all(&c->which))
        return cli_usage_error(c->cli, e,
                               "name runs by their ids, or by --client, --group, "
                               "--recipe, --state, --release or --since");
    json_decref(c->rows);
    c->rows = control_select_runs(c->cli->report, &c->which, &c->control, e);
    if (!c->rows)
        return -1;
    size_t n = json_array_size(c->rows);
    if (!c->which.nids)
        fprintf(stderr, "foyer: %zu run%s match%s\n", n, n == 1 ? "" : "s",
                n == 1 ? "es" : "");
    if (change(c, e) != 0)
        return -1;
    if (cli_fail_alone(c->which.nids, c->rows, c->failed, e) != 0)
        return -1;
    print_rows(c);
    return 0;
}

static int retry(struct runs_command *c, struct err *e)
{
    c->control.verb = CONTROL_RETRY;
    return act(c, e);
}

static int cancel(struct runs_command *c, struct err *e)
{
    c->control.verb = CONTROL_CANCEL;
    return act(c, e);
}

static int resolve(struct runs_command *c, struct err *e)
{
    const char *result = c->control.result;
    if (c->which.nids != 1 || c->control.happened == c->not_sent)
        return cli_usage_error(c->cli, e,
                               "name one run and say --sent or --not-sent: look "
                               "for the write first, `foyer runs show ID` describes it");
    if (result && c->not_sent)
        return err_set(e, ERR_USAGE, "--result goes with --sent");
    json_t *tree = jsontree_reads(result, NULL);
    if (result && !tree)
        return err_set(e, ERR_USAGE,
                       "--result takes JSON, such as '{\"id\": \"msg_1\"}'");
    json_decref(tree);
    c->control.verb = CONTROL_RESOLVE;
    return act(c, e);
}

/* ---- the command ---- */

enum { LIST, SHOW, RETRY, RESOLVE, CANCEL, VERBS };
static const char *const names[VERBS] = {"list", "show", "retry", "resolve", "cancel"};
static int (*const functions[VERBS])(struct runs_command *c, struct err *e) = {
    list, show, retry, resolve, cancel};
/* The options that each verb takes, each between spaces. */
static const char *const taken[VERBS] = {
    " client group all-clients except recipe state since release limit ",
    " bodies ",
    " client group all-clients except recipe state since release limit new-code dry-run ",
    " sent not-sent result ",
    " client group all-clients except recipe state since release limit reason dry-run ",
};

static int check_options(const struct cli *cli, int verb,
                         const struct cli_option *options, struct err *e)
{
    for (const struct cli_option *o = options; o->name; o++) {
        int is_given = o->kind == CLI_FLAG   ? *(int *)o->out
                       : o->kind == CLI_LIST ? ((struct cli_list *)o->out)->n > 0
                                             : *(const char **)o->out != NULL;
        char word[40];
        snprintf(word, sizeof word, " %s ", o->name);
        if (is_given && !strstr(taken[verb], word))
            return cli_usage_error(cli, e, "`foyer runs %s` takes no --%s", names[verb],
                                   o->name);
    }
    return 0;
}

static int run_verb(struct runs_command *c, const struct cli_option *options,
                    struct err *e)
{
    struct cli *cli = c->cli;
    int verb = cli_find_verb(cli, names, VERBS, e);
    if (verb < 0 || check_options(cli, verb, options, e) != 0 || cli_open(cli, e) != 0 ||
        selection_read(&c->which, SELECTION_RUNS, cli->words.items + 1, cli->words.n - 1,
                       verb == LIST ? LIST_MAX : 0, e) != 0 ||
        functions[verb](c, e) != 0)
        return -1;
    return c->failed ? err_exit_code(c->failed) : 0;
}

int cmd_runs(struct cli *cli, struct err *e)
{
    struct runs_command c = {
        .cli = cli, .rows = json_array(), .which.clients = &cli->clients};
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"recipe", CLI_VALUE, &c.which.recipe},
                                   {"state", CLI_VALUE, &c.which.state},
                                   {"since", CLI_VALUE, &c.which.since},
                                   {"release", CLI_VALUE, &c.which.release},
                                   {"limit", CLI_VALUE, &c.which.limit},
                                   {"new-code", CLI_FLAG, &c.control.new_code},
                                   {"sent", CLI_FLAG, &c.control.happened},
                                   {"not-sent", CLI_FLAG, &c.not_sent},
                                   {"result", CLI_VALUE, &c.control.result},
                                   {"reason", CLI_VALUE, &c.control.reason},
                                   {"dry-run", CLI_FLAG, &c.dry},
                                   {"bodies", CLI_FLAG, &cli->bodies},
                                   {NULL, CLI_FLAG, NULL}};
    int code = cli_parse(cli, options, e) == 0 ? run_verb(&c, options, e) : -1;
    selection_fini(&c.which);
    json_decref(c.rows);
    return code;
}
