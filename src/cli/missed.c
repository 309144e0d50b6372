#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/folded.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "core/jsontree.h"
#include "ops/missed.h"
#include "ops/selection.h"

struct missed_command {
    struct cli *cli;
    const char *since, *until;
    int run;
    struct missed_ask ask;
    struct missed *found;
};

/* ---- what is asked ---- */

static void add_client(void *arg, const char *client)
{
    json_array_append_new(arg, json_string(client));
}

/* Returns the clients that were asked for, or all. */
static json_t *read_clients(struct cli *cli)
{
    json_t *names = json_array();
    for (size_t i = 0; i < cli->clients.n; i++)
        json_array_append_new(names, json_string(cli->clients.clients[i]));
    if (!choice_is_given(&cli->clients))
        workspace_each_client(cli->w, add_client, names);
    return names;
}

static int read_time(const char *word, const char *option, int64_t *ms, struct err *e)
{
    struct selection which = {.since = word};
    int rc = selection_read(&which, SELECTION_DELIVERIES, NULL, 0, 0, e);
    *ms = which.since_ms;
    selection_fini(&which);
    return rc == 0 ? 0 : err_prefix(e, "%s", option);
}

static int read_times(struct missed_command *c, struct err *e)
{
    if (!c->since)
        return cli_usage_error(c->cli, e,
                               "since when? --since 24h, or --since 2026-11-22");
    if (read_time(c->since, "--since", &c->ask.since_ms, e) != 0)
        return -1;
    c->ask.until_ms = clock_wall_ms();
    if (c->until && read_time(c->until, "--until", &c->ask.until_ms, e) != 0)
        return -1;
    if (c->ask.until_ms <= c->ask.since_ms)
        return err_set(e, ERR_USAGE, "--until must be later than --since");
    return 0;
}

static void show_progress(void *arg, const char *client, int64_t listed)
{
    char text[160];
    (void)arg;
    snprintf(text, sizeof text, "%.64s: read %lld events", client, (long long)listed);
    log_progress(text);
}

/* ---- what is shown ---- */

/* What is said of clients, until all are read: a sentence that several share is one line.
 */
struct notes {
    json_t *said;  /* folded_add's */
    json_t *quiet; /* time -> {messages, conversations, names}: of clients where every
                      customer has an answer */
};

static void note(struct notes *notes, const char *client, char *sentence)
{
    folded_add(notes->said, client, sentence);
    free(sentence);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* Returns the sentence without the client's name, a new text. */
static char *counts_text(const json_t *row, const char *at)
{
    int64_t open = json_int(row, "open"), binned = json_int(row, "binned");
    char *more =
        binned ? xasprintf("; %lld more in the bin", (long long)binned) : xstrdup("");
    char *text =
        xasprintf("%lld message%s of customers since %s, in %lld "
                  "conversation%s: %lld %s no answer%s",
                  json_int(row, "messages"), plural(json_int(row, "messages")), at,
                  json_int(row, "conversations"), plural(json_int(row, "conversations")),
                  (long long)open, open == 1 ? "has" : "have", more);
    free(more);
    return text;
}

static void add_quiet(struct notes *notes, const json_t *row, const char *at)
{
    json_t *all = json_object_get(notes->quiet, at);
    if (!all) {
        all = json_pack("{s:[]}", "names");
        json_object_set_new(notes->quiet, at, all);
    }
    json_array_append(json_object_get(all, "names"), json_object_get(row, "client"));
    for (int i = 0; i < 2; i++) {
        const char *key = i ? "messages" : "conversations";
        json_object_set_new(all, key,
                            json_integer(json_int(all, key) + json_int(row, key)));
    }
}

static void note_list(const struct missed_command *c, struct notes *notes,
                      const json_t *row, const struct timeline *t)
{
    const char *client = json_text_or(row, "client", "");
    const char *app = json_text_or(row, "app", "");
    char at[40];
    int64_t oldest = timeline_ms(row, "oldest_at");
    app = json_text_or(workspace_connector(c->cli->w, app, NULL), "name", app);
    timeline_format(t, oldest, at);
    if (oldest > c->ask.since_ms)
        note(notes, client,
             xasprintf("%s lists its events from %s on: nothing can be said about the "
                       "time before",
                       app, at));
    else if (!oldest)
        note(notes, client,
             xasprintf("%s lists no events at all: nothing can be said", app));
    else if (json_array_size(missed_clients(c->found)) == 1)
        note(notes, client, xasprintf("%s lists its events from %s on", app, at));
}

/* Prints the line of one client, or adds to what is said of several. */
static void print_client(const struct missed_command *c, struct notes *notes,
                         const json_t *row)
{
    const char *client = json_text_or(row, "client", "");
    struct timeline t = timeline_for(c->cli->w, client);
    char at[40];
    if (json_text(row, "error")) {
        note(notes, client, xstrdup(json_text(row, "error")));
        return;
    }
    timeline_format(&t, c->ask.since_ms, at);
    if (json_int(row, "open") == 0 && json_int(row, "binned") == 0 &&
        json_array_size(missed_clients(c->found)) > 1) {
        add_quiet(notes, row, at);
    } else {
        char *text = counts_text(row, at);
        table_printf(stderr, "foyer: client %s (%s): %s\n", client,
                     json_text_or(row, "company", ""), text);
        free(text);
    }
    note_list(c, notes, row, &t);
}

static void print_clients(const struct missed_command *c)
{
    struct notes notes = {json_object(), json_object()};
    const char *sentence;
    json_t *row, *of;
    size_t i;
    json_array_foreach(missed_clients(c->found), i, row)
    {
        print_client(c, &notes, row);
    }
    json_object_foreach(notes.quiet, sentence, of)
    {
        char *text = counts_text(of, sentence);
        folded_print_one(json_object_get(of, "names"), text);
        free(text);
    }
    folded_print(notes.said);
    json_decref(notes.said);
    json_decref(notes.quiet);
}

static size_t count_starts(const struct missed_command *c)
{
    size_t i, n = 0;
    json_t *row;
    json_array_foreach(missed_rows(c->found), i, row)
    {
        n += json_object_get(row, "to_start") != NULL;
    }
    return n;
}

static void print(const struct missed_command *c)
{
    print_clients(c);
    if (json_array_size(missed_rows(c->found)))
        cli_print_rows(c->cli, missed_rows(c->found),
                       "client customer conversation wrote_at sentence starts");
}

/* ---- starting what is missing ---- */

/* Asks on a terminal; without one the command line has said it. */
static int is_agreed(size_t n)
{
    char line[16] = "";
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return 1;
    fprintf(stderr, "start what is missing in %zu conversation%s? [y/N] ", n,
            n == 1 ? "" : "s");
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int start(struct missed_command *c, struct err *e)
{
    size_t n = count_starts(c), i;
    json_t *row;
    int started = 0;
    if (!c->run) {
        if (n && !c->cli->json)
            fprintf(stderr,
                    "foyer: --run starts what is missing in %zu conversation%s: those "
                    "with `webhook` or `replay` in the last column\n",
                    n, n == 1 ? "" : "s");
        return 0;
    }
    if (n == 0) {
        fputs("foyer: there is nothing to start\n", stderr);
        return 0;
    }
    if (!is_agreed(n)) {
        fputs("foyer: nothing was started\n", stderr);
        return 0;
    }
    if (missed_start(c->found, &started, e) != 0)
        return -1;
    json_array_foreach(missed_rows(c->found), i, row)
    {
        if (json_text(row, "error"))
            table_printf(stderr, "foyer: conversation %s: %s\n",
                         json_text_or(row, "conversation", ""),
                         json_text_or(row, "error", ""));
    }
    fprintf(
        stderr,
        "foyer: %d event%s taken: a `foyer serve` that runs goes on with %s now, else "
        "`foyer cron`\n",
        started, started == 1 ? " is" : "s are", started == 1 ? "it" : "them");
    return 0;
}

/* ---- the command ---- */

static int find(struct missed_command *c, struct err *e)
{
    json_t *names = read_clients(c->cli);
    if (json_array_size(names) == 0)
        fputs("foyer: there is no client in what runs: `foyer clients` shows them\n",
              stderr);
    c->ask.clients = names;
    c->ask.progress = show_progress;
    c->found = missed_find(c->cli->report, c->cli->session, &c->ask, e);
    log_progress(NULL);
    json_decref(names);
    return c->found ? 0 : -1;
}

int cmd_missed(struct cli *cli, struct err *e)
{
    struct missed_command c = {.cli = cli};
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"since", CLI_VALUE, &c.since},
                                   {"until", CLI_VALUE, &c.until},
                                   {"run", CLI_FLAG, &c.run},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0 || read_times(&c, e) != 0 ||
        cli_open(cli, e) != 0 || find(&c, e) != 0)
        return -1;
    if (!cli->json)
        print(&c);
    int rc = start(&c, e);
    if (rc == 0 && cli->json)
        cli_print_new(json_pack("{s:O, s:O}", "clients", missed_clients(c.found),
                                "conversations", missed_rows(c.found)));
    enum err_kind failed = missed_failed(c.found);
    missed_free(c.found);
    return rc != 0 ? -1 : failed ? err_exit_code(failed) : 0;
}
