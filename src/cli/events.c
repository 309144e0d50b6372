#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ops/selection.h"
#include "ops/report.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "store/store.h"

static const char usage[] =
    "events list|show|replay [ID …] [--client CLIENT] [--state STATE,…] [--since TIME] "
    "[--limit N] [--dry-run] [--json]";

enum { LIST_MAX = 50 };

struct command {
    struct cli *cli;
    struct selection which;
    int dry;
    struct workspace *w;
    struct report *story;
    json_t *rows;
    int64_t now_ms;
    enum err_kind worst;
    struct err *e;
    int failed;
};

/* ---- list ---- */

static int add_row(void *arg, const struct delivery *d)
{
    struct command *c = arg;
    json_array_append_new(c->rows, report_delivery_row(c->story, d));
    return 0;
}

static int list(struct command *c, struct err *e)
{
    if (selection_deliveries(&c->which, c->story, add_row, c, e) != 0)
        return -1;
    if (c->cli->json) {
        cli_print_json(c->rows);
    } else if (json_array_size(c->rows) == 0) {
        fputs("foyer: no delivery matches; `foyer hooks` shows what was refused\n",
              stderr);
    } else {
        size_t i;
        json_t *row;
        json_array_foreach(c->rows, i, row)
        {
            json_object_set(row, "came_at", json_object_get(row, "at"));
        }
        json_t *columns =
            json_pack("[s,s,s,s,s,s,s,s,s]", "id", "came_at", "clients", "type", "event",
                      "conversation", "scheme", "state", "why");
        table_print(c->rows, columns);
        json_decref(columns);
    }
    return 0;
}

/* ---- show ---- */

static int add_whole(void *arg, const struct delivery *d)
{
    struct command *c = arg;
    json_t *tree = report_delivery(c->story, d, NULL, 0, c->e);
    char *body = NULL;
    size_t len;
    if (!tree || inbox_body(report_db(c->story), d->id, &body, &len, c->e) != 0) {
        json_decref(tree);
        c->failed = 1;
        return 1;
    }
    json_t *parsed = jsontree_read(body, len, NULL);
    if (parsed)
        json_object_set_new(tree, "body", parsed);
    else
        report_set_text(tree, "body", body);
    json_array_append_new(c->rows, tree);
    free(body);
    return 0;
}

static void print_one(struct command *c, const json_t *tree)
{
    const json_t *clients = json_object_get(tree, "clients"), *first;
    const json_t *body = json_object_get(tree, "body");
    first = json_array_get(clients, 0);
    struct timeline t = timeline_for(
        c->w, json_array_size(clients) == 1 ? json_text(first, "client") : NULL);
    static const char *const members[] = {
        "id",   "state",         "app",   "scheme",       "company",  "route_client",
        "type", "route_trigger", "event", "conversation", "attempts", "crashes"};
    json_t *shown = json_object();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set(shown, members[i], json_object_get(tree, members[i]));
    table_print_object(shown);
    json_decref(shown);
    printf("\n(times in %s)\n", t.zone_name);
    timeline_delivery(&t, tree);
    putchar('\n');
    if (json_is_string(body))
        table_print_lines(stdout, json_string_value(body));
    else
        cli_print_json(body);
}

static int show(struct command *c, struct err *e)
{
    if (c->which.nids == 0)
        return err_set(e, ERR_USAGE,
                       "which delivery? `foyer events list` shows their ids");
    c->e = e;
    if (selection_deliveries(&c->which, c->story, add_whole, c, e) != 0 || c->failed)
        return -1;
    if (c->cli->json) {
        cli_print_json(c->which.nids == 1 ? json_array_get(c->rows, 0) : c->rows);
        return 0;
    }
    for (size_t i = 0; i < json_array_size(c->rows); i++) {
        if (i)
            putchar('\n');
        print_one(c, json_array_get(c->rows, i));
    }
    return 0;
}

/* ---- replay ---- */

/* Without ids: not what waits anyway, nor what Front got its answer to. */
static int add_meant(void *arg, const struct delivery *d)
{
    struct command *c = arg;
    if (!c->which.nids && (d->state == DELIVERY_WAITING || d->state == DELIVERY_CHANNEL))
        return 0;
    json_t *row = report_delivery_row(c->story, d);
    if (json_array_size(json_object_get(row, "clients")) == 0)
        report_set_text(row, "hint", "no client is connected to its company yet");
    json_array_append_new(c->rows, row);
    return 0;
}

struct one {
    struct command *c;
    int64_t id;
};

static int replay_one(struct db *db, void *arg, struct err *e)
{
    struct one *one = arg;
    return inbox_replay(db, one->id, e);
}

static int replay_all(struct db *db, void *arg, struct err *e)
{
    struct command *c = arg;
    size_t i;
    json_t *row;
    json_array_foreach(c->rows, i, row)
    {
        struct one one = {c, json_integer_value(json_object_get(row, "id"))};
        struct err why = {0};
        if (store_transaction(db, replay_one, &one, &why) == 0) {
            json_object_set_new(row, "now", json_string("waiting"));
        } else if (why.kind == ERR_STORE || why.kind == ERR_UNAVAILABLE) {
            *e = why;
            return -1;
        } else {
            report_set_text(row, "error", why.text);
            c->worst = c->worst ? c->worst : why.kind;
        }
    }
    return 0;
}

static void print_replayed(struct command *c)
{
    size_t i;
    json_t *row;
    if (c->cli->json) {
        cli_print_json(c->rows);
    } else if (json_array_size(c->rows)) {
        json_t *columns = json_pack("[s,s,s,s,s,s]", "id", "clients", "type",
                                    "conversation", "state", c->dry ? "hint" : "now");
        table_print(c->rows, columns);
        json_decref(columns);
    }
    json_array_foreach(c->rows, i, row)
    {
        const char *error = json_text(row, "error");
        const char *hint = json_text(row, "hint");
        long long id = (long long)json_integer_value(json_object_get(row, "id"));
        if (error)
            table_printf(stderr, "foyer: %s\n", error);
        else if (hint && !c->dry)
            fprintf(stderr, "foyer: delivery %lld: %s\n", id, hint);
    }
}

static int replay(struct command *c, struct err *e)
{
    if (selection_is_all(&c->which))
        return err_set(e, ERR_USAGE,
                       "name deliveries by their ids, or by --client, --state or "
                       "--since\nusage: foyer %s",
                       usage);
    if (selection_deliveries(&c->which, c->story, add_meant, c, e) != 0)
        return -1;
    size_t n = json_array_size(c->rows);
    if (!c->which.nids)
        fprintf(stderr, "foyer: %zu deliver%s match%s\n", n, n == 1 ? "y" : "ies",
                n == 1 ? "es" : "");
    c->now_ms = clock_wall_ms();
    if (!c->dry && n && store_transaction(report_db(c->story), replay_all, c, e) != 0)
        return -1;
    if (n == 1 && c->which.nids && c->worst != ERR_NONE)
        return err_set(e, c->worst, "%s", json_text(json_array_get(c->rows, 0), "error"));
    print_replayed(c);
    return 0;
}

/* ---- the command ---- */

static const struct verb {
    const char *name;
    int (*run)(struct command *c, struct err *e);
} verbs[] = {{"list", list}, {"show", show}, {"replay", replay}};

static const struct verb *find_verb(const char *word, struct err *e)
{
    const char *names[sizeof verbs / sizeof *verbs];
    size_t n = sizeof verbs / sizeof *verbs;
    for (size_t i = 0; i < n; i++)
        names[i] = verbs[i].name;
    int found = cli_find_verb(word, names, n, usage, e);
    return found < 0 ? NULL : &verbs[found];
}

int cmd_events(struct cli *cli, int argc, char **argv)
{
    struct command c = {.cli = cli, .rows = json_array()};
    struct cli_option options[] = {
        {"client", CLI_VALUE, &c.which.client}, {"state", CLI_VALUE, &c.which.state},
        {"since", CLI_VALUE, &c.which.since},   {"limit", CLI_VALUE, &c.which.limit},
        {"dry-run", CLI_FLAG, &c.dry},          {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    const struct verb *verb = NULL;
    if (cli_parse(cli, argc, argv, options, &rest, 1, 10000, usage, &e) == 0)
        verb = find_verb(rest.items[0], &e);
    if (verb && c.dry && verb->run != replay)
        err_set(&e, ERR_USAGE, "--dry-run is for replay\nusage: foyer %s", usage);
    else if (verb)
        c.w = workspace_open(cli->workspace, 0, &e);
    if (c.w && selection_read(&c.which, OF_DELIVERIES, c.w, &rest, 1,
                              verb->run == list ? LIST_MAX : 0, &e) == 0)
        c.story = report_open(c.w, &e);
    if (c.story)
        verb->run(&c, &e);
    selection_fini(&c.which);
    json_decref(c.rows);
    report_close(c.story);
    workspace_close(c.w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : c.worst ? err_exit_code(c.worst) : 0;
}
