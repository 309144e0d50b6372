#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ops/code_change.h"
#include "ops/rehearsal.h"
#include "ops/selection.h"
#include "ops/report.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "store/store.h"

static const char usage[] =
    "runs list|show|retry|resolve|cancel [ID …] [--client CLIENT] [--recipe RECIPE] "
    "[--state STATE,…] [--since TIME] [--limit N] [--new-code] "
    "[--happened|--not-happened] [--result JSON] [--reason TEXT] [--dry-run] [--json]";

enum { LIST_MAX = 50 };

struct command {
    struct cli *cli;
    const char *verb;
    struct selection which;
    int new_code, happened, not_happened, dry;
    const char *result, *reason;
    struct workspace *w;
    struct report *story;
    json_t *rows; /* what it was about, each with what came of it */
    int64_t now_ms;
    enum err_kind worst;
};

/* ---- list and show ---- */

static int add_row(void *arg, const struct ledger_run *run)
{
    json_array_append_new(arg, report_run_row(run));
    return 0;
}

static int count_pause(void *arg, const struct ledger_pause *pause)
{
    (void)pause;
    ++*(int *)arg;
    return 0;
}

static void say_paused(struct command *c)
{
    int n = 0;
    struct err e;
    if (ledger_pauses(report_db(c->story), count_pause, &n, &e) == 0 && n)
        fprintf(stderr, "foyer: runs are held: `foyer pause` shows which\n");
}

/* One column says when it goes on or ended. */
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

static int list(struct command *c, struct err *e)
{
    if (selection_runs(&c->which, c->story, add_row, c->rows, e) != 0)
        return -1;
    say_paused(c);
    if (c->cli->json) {
        cli_print_json(c->rows);
    } else if (json_array_size(c->rows) == 0) {
        fputs("foyer: no run matches\n", stderr);
    } else {
        json_t *columns =
            json_pack("[s,s,s,s,s,s,s,s]", "id", "client", "recipe", "state",
                      "created_at", "due_or_ended_at", "attempts", "reason");
        add_when(c->rows);
        table_print(c->rows, columns);
        json_decref(columns);
    }
    return 0;
}

static void print_body(const json_t *body)
{
    if (json_is_string(body))
        table_print_lines(stdout, json_string_value(body));
    else if (body)
        cli_print_json(body);
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

static void print_run(struct command *c, const json_t *run)
{
    static const char *const members[] = {
        "id",          "client",   "recipe",   "state",      "kind",     "reason",
        "undelivered", "origin",   "trigger",  "activation", "delivery", "conversation",
        "link",        "attempts", "failures", "crashes",    "args",     "result"};
    static const char *const times[] = {"slot_at", "created_at", "began_at", "due_at",
                                        "ended_at"};
    struct timeline t = timeline_for(c->w, json_text(run, "client"));
    json_t *shown = json_object();
    size_t i;
    json_t *command, *write = json_object_get(run, "write");
    for (i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set(shown, members[i], json_object_get(run, members[i]));
    table_print_object(shown);
    for (i = 0; i < sizeof times / sizeof *times; i++)
        print_time(&t, run, times[i]);
    printf("\nhistory (times in %s):\n", t.zone_name);
    timeline_history(&t, run, 0);
    timeline_paused(&t, run, 0);
    if (write) {
        const char *what = json_text(write, "what");
        const char *method = json_text(write, "method");
        const char *path = json_text(write, "path");
        table_printf(stdout, "\nnobody knows whether this was done: %s %s\n",
                     method ? method : "",
                     path   ? path
                     : what ? what
                            : "");
        print_body(json_object_get(write, "body"));
    }
    json_array_foreach(json_object_get(run, "commands"), i, command)
    {
        {
            if (i == 0)
                puts("\nyou may:");
            table_printf(stdout, "%s\n", json_string_value(command));
        }
    }
    json_decref(shown);
}

static int show(struct command *c, struct err *e)
{
    for (size_t i = 0; i < c->which.nids; i++) {
        json_t *run = report_run(c->story, c->which.ids[i], e);
        if (!run)
            return -1;
        json_array_append_new(c->rows, run);
    }
    if (c->cli->json) {
        cli_print_json(c->which.nids == 1 ? json_array_get(c->rows, 0) : c->rows);
        return 0;
    }
    for (size_t i = 0; i < json_array_size(c->rows); i++) {
        if (i)
            putchar('\n');
        print_run(c, json_array_get(c->rows, i));
    }
    return 0;
}

/* ---- retry, resolve, cancel ---- */

static int64_t id_of(const json_t *row)
{
    return json_integer_value(json_object_get(row, "id"));
}

static void note_failure(struct command *c, json_t *row, const struct err *e)
{
    report_set_text(row, "error", e->text);
    if (c->worst == ERR_NONE)
        c->worst = e->kind;
}

static int change(struct command *c, struct db *db, int64_t id, struct err *e)
{
    if (str_eq(c->verb, "retry"))
        return ledger_retry(db, id, c->new_code, c->now_ms, e);
    if (str_eq(c->verb, "resolve"))
        return ledger_resolve(db, id, c->happened, c->result, c->now_ms, e);
    return ledger_cancel(db, id, c->reason, c->now_ms, e);
}

struct one {
    struct command *c;
    int64_t id;
};

static int change_one(struct db *db, void *arg, struct err *e)
{
    struct one *one = arg;
    return change(one->c, db, one->id, e);
}

/* All of it in one transaction, each run in a savepoint of its own. */
static int change_all(struct db *db, void *arg, struct err *e)
{
    struct command *c = arg;
    size_t i;
    json_t *row;
    json_array_foreach(c->rows, i, row)
    {
        struct one one = {c, id_of(row)};
        struct err why = {0};
        json_object_del(row, "error");
        if (store_transaction(db, change_one, &one, &why) == 0) {
            json_object_set_new(
                row, "now",
                json_string(str_eq(c->verb, "cancel") ? "cancelled" : "queued"));
        } else if (why.kind == ERR_STORE || why.kind == ERR_UNAVAILABLE) {
            *e = why;
            return -1;
        } else {
            note_failure(c, row, &why);
        }
    }
    return 0;
}

static int rehearse_all(struct command *c, struct err *e)
{
    struct session *s = session_open(c->w, e);
    size_t i;
    json_t *row;
    if (!s)
        return -1;
    json_array_foreach(c->rows, i, row)
    {
        struct err why = {0};
        json_t *said =
            rehearsal_run(s, report_db(c->story), id_of(row), c->new_code, &why);
        if (said)
            json_object_update(row, said);
        else
            note_failure(c, row, &why);
        json_decref(said);
        if (session_interrupted(s))
            break;
    }
    session_close(s);
    return 0;
}

static void print_rehearsed(struct command *c, const json_t *row)
{
    const char *client = json_text(row, "client");
    const char *failed = json_text(row, "error");
    table_printf(stdout, "run %lld of %s, client %s, %s: ", (long long)id_of(row),
                 json_text(row, "recipe"), client, json_text(row, "state"));
    if (failed)
        table_printf(stdout, "%s\n", failed);
    else
        rehearsal_print(stdout, c->w, client, row);
}

/* What somebody may do to a run in that state, when nobody says which ones. */
static int is_meant(const struct command *c, const char *state)
{
    static const char *const retried[] = {"parked", "dead", "held", "retrying"};
    static const char *const over[] = {"done", "skipped", "cancelled"};
    if (str_eq(c->verb, "retry")) {
        for (size_t i = 0; i < sizeof retried / sizeof *retried; i++)
            if (str_eq(state, retried[i]))
                return 1;
        return 0;
    }
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        if (str_eq(state, over[i]))
            return 0;
    return !str_eq(state, "dead") || c->which.nstates;
}

static int add_meant(void *arg, const struct ledger_run *run)
{
    struct command *c = arg;
    if (c->which.nids || is_meant(c, report_run_state(run)))
        json_array_append_new(c->rows,
                              json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)run->id,
                                        "client", run->client, "recipe", run->recipe,
                                        "state", report_run_state(run)));
    return 0;
}

static void say_how_many(const struct command *c)
{
    size_t n = json_array_size(c->rows);
    if (!c->which.nids)
        fprintf(stderr, "foyer: %zu run%s match%s\n", n, n == 1 ? "" : "s",
                n == 1 ? "es" : "");
}

/* A retry goes on with the code that the run began with: names what is different today.
 * Rows of JSON get it as "changed". */
static void note_changes(struct command *c)
{
    size_t i;
    json_t *row;
    if (!str_eq(c->verb, "retry") || c->new_code)
        return;
    json_array_foreach(c->rows, i, row)
    {
        struct err ignored;
        json_t *paths = code_changes(c->w, report_db(c->story), id_of(row), &ignored);
        if (json_array_size(paths))
            json_object_set(row, "changed", paths);
        json_decref(paths);
    }
}

static void print_changes(const json_t *row)
{
    const json_t *changed = json_object_get(row, "changed");
    size_t n = json_array_size(changed);
    long long id = id_of(row);
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

static void print_acted(struct command *c)
{
    size_t i;
    json_t *row;
    int rehearsed = c->dry && str_eq(c->verb, "retry");
    if (c->cli->json) {
        cli_print_json(c->rows);
    } else if (rehearsed) {
        json_array_foreach(c->rows, i, row)
        {
            print_rehearsed(c, row);
        }
    } else if (json_array_size(c->rows)) {
        json_t *columns = json_pack("[s,s,s,s,s]", "id", "client", "recipe", "state",
                                    c->dry ? "would_be" : "now");
        table_print(c->rows, columns);
        json_decref(columns);
    }
    json_array_foreach(c->rows, i, row)
    {
        const char *error = json_text(row, "error");
        if (error && !rehearsed)
            table_printf(stderr, "foyer: %s\n", error);
        print_changes(row);
    }
    if (c->new_code && !c->dry && !c->cli->json && json_array_size(c->rows))
        fputs("foyer: a `foyer serve` that runs has loaded its scripts before: after a "
              "change, kill -HUP it first\n",
              stderr);
}

static int act(struct command *c, struct err *e)
{
    size_t i;
    json_t *row;
    if (selection_is_all(&c->which))
        return err_set(e, ERR_USAGE,
                       "name runs by their ids, or by --client, --recipe, --state or "
                       "--since\nusage: foyer %s",
                       usage);
    if (selection_runs(&c->which, c->story, add_meant, c, e) != 0)
        return -1;
    say_how_many(c);
    note_changes(c);
    c->now_ms = clock_wall_ms();
    if (c->dry && str_eq(c->verb, "retry")) {
        if (rehearse_all(c, e) != 0)
            return -1;
    } else if (c->dry) {
        json_array_foreach(c->rows, i, row)
        {
            json_object_set_new(row, "would_be", json_string("cancelled"));
        }
    } else if (json_array_size(c->rows) &&
               store_transaction(report_db(c->story), change_all, c, e) != 0) {
        return -1;
    }
    if (json_array_size(c->rows) == 1 && c->which.nids && c->worst != ERR_NONE)
        return err_set(e, c->worst, "%s", json_text(json_array_get(c->rows, 0), "error"));
    print_acted(c);
    return 0;
}

static int resolve(struct command *c, struct err *e)
{
    if (c->which.nids != 1 || c->happened == c->not_happened)
        return err_set(e, ERR_USAGE,
                       "name one run and say --happened or --not-happened: look for the "
                       "write first, `foyer runs show ID` describes it\nusage: foyer %s",
                       usage);
    if (c->result && c->not_happened)
        return err_set(e, ERR_USAGE, "--result goes with --happened");
    json_t *result = jsontree_reads(c->result, NULL);
    if (c->result && !result)
        return err_set(e, ERR_USAGE,
                       "--result takes JSON, such as '{\"id\": \"msg_1\"}'");
    json_decref(result);
    return act(c, e);
}

/* ---- the command ---- */

static const struct verb {
    const char *name;
    int (*run)(struct command *c, struct err *e);
    const char *options; /* that it takes, each between spaces */
} verbs[] = {
    {"list", list, " client recipe state since limit "},
    {"show", show, ""},
    {"retry", act, " client recipe state since limit new-code dry-run "},
    {"resolve", resolve, " happened not-happened result "},
    {"cancel", act, " client recipe state since limit reason dry-run "},
};

static const struct verb *find_verb(const char *word, struct err *e)
{
    const char *names[sizeof verbs / sizeof *verbs];
    size_t n = sizeof verbs / sizeof *verbs;
    for (size_t i = 0; i < n; i++)
        names[i] = verbs[i].name;
    int found = cli_find_verb(word, names, n, usage, e);
    return found < 0 ? NULL : &verbs[found];
}

static int check_options(const struct verb *verb, const struct cli_option *options,
                         struct err *e)
{
    for (const struct cli_option *o = options; o->name; o++) {
        int is_given =
            o->kind == CLI_FLAG ? *(int *)o->out : *(const char **)o->out != NULL;
        char word[40];
        snprintf(word, sizeof word, " %s ", o->name);
        if (is_given && !strstr(verb->options, word))
            return err_set(e, ERR_USAGE, "`foyer runs %s` takes no --%s\nusage: foyer %s",
                           verb->name, o->name, usage);
    }
    return 0;
}

int cmd_runs(struct cli *cli, int argc, char **argv)
{
    struct command c = {.cli = cli, .rows = json_array()};
    struct cli_option options[] = {{"client", CLI_VALUE, &c.which.client},
                                   {"recipe", CLI_VALUE, &c.which.recipe},
                                   {"state", CLI_VALUE, &c.which.state},
                                   {"since", CLI_VALUE, &c.which.since},
                                   {"limit", CLI_VALUE, &c.which.limit},
                                   {"new-code", CLI_FLAG, &c.new_code},
                                   {"happened", CLI_FLAG, &c.happened},
                                   {"not-happened", CLI_FLAG, &c.not_happened},
                                   {"result", CLI_VALUE, &c.result},
                                   {"reason", CLI_VALUE, &c.reason},
                                   {"dry-run", CLI_FLAG, &c.dry},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    const struct verb *verb = NULL;
    if (cli_parse(cli, argc, argv, options, &rest, 1, 10000, usage, &e) == 0)
        verb = find_verb(rest.items[0], &e);
    if (verb && check_options(verb, options, &e) == 0)
        c.w = workspace_open(cli->workspace, 0, &e);
    if (c.w && selection_read(&c.which, OF_RUNS, c.w, &rest, 1,
                              verb->run == list ? LIST_MAX : 0, &e) == 0)
        c.story = report_open(c.w, &e);
    c.verb = verb ? verb->name : NULL;
    if (c.story && verb->run == show && c.which.nids == 0)
        err_set(&e, ERR_USAGE, "which run? `foyer runs list` shows their ids");
    else if (c.story)
        verb->run(&c, &e);
    selection_fini(&c.which);
    json_decref(c.rows);
    report_close(c.story);
    workspace_close(c.w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : c.worst ? err_exit_code(c.worst) : 0;
}
