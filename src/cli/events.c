#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "core/jsontree.h"
#include "ops/control.h"

enum { LIST_MAX = 50 };

struct events_command {
    struct cli *cli;
    struct selection which;
    int dry;
    json_t *rows;         /* the deliveries that the verb is about */
    enum err_kind failed; /* of the first delivery that could not be replayed */
    struct err *e;        /* for callbacks, with is_failed */
    int is_failed;
};

/* ---- list ---- */

static int add_row(void *arg, const struct delivery *d)
{
    struct events_command *c = arg;
    json_array_append_new(c->rows, report_delivery_row(c->cli->report, d));
    return 0;
}

static int list(struct events_command *c, struct err *e)
{
    size_t i;
    json_t *row;
    if (selection_deliveries(&c->which, c->cli->report, add_row, c, e) != 0)
        return -1;
    if (json_array_size(c->rows) == 0 && !c->cli->json) {
        fputs("foyer: no delivery matches; `foyer hooks` shows refused requests\n",
              stderr);
        return 0;
    }
    json_array_foreach(c->cli->json ? NULL : c->rows, i, row)
    {
        json_object_set(row, "came_at", json_object_get(row, "at"));
        json_object_set(row, "state", json_object_get(row, "word"));
    }
    cli_print_rows(c->cli, c->rows,
                   "id came_at clients type event conversation scheme state why");
    return 0;
}

/* ---- show ---- */

static int add_whole(void *arg, const struct delivery *d)
{
    struct events_command *c = arg;
    json_t *tree = report_delivery(c->cli->report, d, NULL, 0, c->e);
    char *body = NULL;
    size_t len = 0;
    if (!tree || (inbox_body(report_db(c->cli->report), d->id, &body, &len, c->e) != 0 &&
                  c->e->kind != ERR_NOT_FOUND)) { /* removed, as `keep` says */
        json_decref(tree);
        c->is_failed = 1;
        return 1;
    }
    json_t *parsed = body ? jsontree_read(body, len, NULL) : NULL;
    if (parsed)
        json_object_set_new(tree, "body", parsed);
    else
        report_set_text(tree, "body", body);
    json_array_append_new(c->rows, tree);
    free(body);
    return 0;
}

static void print_one(const struct cli *cli, const json_t *tree)
{
    const json_t *clients = json_object_get(tree, "clients"), *first;
    first = json_array_get(clients, 0);
    struct timeline t = timeline_for(
        cli->w, json_array_size(clients) == 1 ? json_text(first, "client") : NULL);
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
    cli_print_body(json_object_get(tree, "body"));
}

static int show(struct events_command *c, struct err *e)
{
    if (c->which.nids == 0)
        return err_set(e, ERR_USAGE,
                       "which delivery? `foyer events list` shows their ids");
    c->e = e;
    if (selection_deliveries(&c->which, c->cli->report, add_whole, c, e) != 0 ||
        c->is_failed)
        return -1;
    cli_print_whole(c->cli, c->which.nids, c->rows, print_one);
    return 0;
}

/* ---- replay ---- */

static void print_replayed(struct events_command *c)
{
    size_t i;
    json_t *row;
    json_array_foreach(c->cli->json ? NULL : c->rows, i, row)
    {
        json_object_set(row, "state", json_object_get(row, "word"));
    }
    if (c->cli->json || json_array_size(c->rows))
        cli_print_rows(c->cli, c->rows,
                       c->dry ? "id clients type conversation state hint"
                              : "id clients type conversation state now");
    json_array_foreach(c->rows, i, row)
    {
        const char *error = json_text(row, "error");
        const char *hint = json_text(row, "hint");
        long long id = json_int(row, "id");
        if (error)
            table_printf(stderr, "foyer: %s\n", error);
        else if (hint && !c->dry)
            fprintf(stderr, "foyer: delivery %lld: %s\n", id, hint);
    }
}

static int replay(struct events_command *c, struct err *e)
{
    static const struct control control = {.verb = CONTROL_REPLAY};
    if (selection_is_all(&c->which))
        return cli_usage_error(c->cli, e,
                               "name deliveries by their ids, or by --client, --group, "
                               "--state or --since");
    json_decref(c->rows);
    c->rows = control_select_deliveries(c->cli->report, &c->which, e);
    if (!c->rows)
        return -1;
    size_t n = json_array_size(c->rows);
    if (!c->which.nids)
        fprintf(stderr, "foyer: %zu deliver%s match%s\n", n, n == 1 ? "y" : "ies",
                n == 1 ? "es" : "");
    if (!c->dry && control_apply(c->cli->report, &control, c->rows, &c->failed, e) != 0)
        return -1;
    if (cli_fail_alone(c->which.nids, c->rows, c->failed, e) != 0)
        return -1;
    print_replayed(c);
    return 0;
}

/* ---- the command ---- */

static int run_verb(struct events_command *c, struct err *e)
{
    static const char *const names[] = {"list", "show", "replay"};
    enum { LIST, SHOW, REPLAY, VERBS };
    static int (*const run[])(struct events_command * c, struct err * e) = {list, show,
                                                                            replay};
    struct cli *cli = c->cli;
    int verb = cli_find_verb(cli, names, VERBS, e);
    if (verb < 0)
        return -1;
    if (c->dry && verb != REPLAY)
        return cli_usage_error(cli, e, "--dry-run is for replay");
    if (cli_open(cli, e) != 0 ||
        selection_read(&c->which, SELECTION_DELIVERIES, cli->words.items + 1,
                       cli->words.n - 1, verb == LIST ? LIST_MAX : 0, e) != 0 ||
        run[verb](c, e) != 0)
        return -1;
    return c->failed ? err_exit_code(c->failed) : 0;
}

int cmd_events(struct cli *cli, struct err *e)
{
    struct events_command c = {
        .cli = cli, .rows = json_array(), .which.clients = &cli->clients};
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"state", CLI_VALUE, &c.which.state},
                                   {"since", CLI_VALUE, &c.which.since},
                                   {"limit", CLI_VALUE, &c.which.limit},
                                   {"dry-run", CLI_FLAG, &c.dry},
                                   {NULL, CLI_FLAG, NULL}};
    int code = cli_parse(cli, options, e) == 0 ? run_verb(&c, e) : -1;
    selection_fini(&c.which);
    json_decref(c.rows);
    return code;
}
