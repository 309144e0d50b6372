#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ops/selection.h"
#include "ops/report.h"
#include "cli/table.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/store.h"

static const char usage[] =
    "pause [--client CLIENT] [--recipe RECIPE] [--all] [--reason TEXT] [--json]";

struct showing {
    struct db *db;
    json_t *rows;
    int64_t now_ms;
    struct err *e;
    int failed;
};

struct counting {
    const struct showing *s;
    int64_t n;
};

/* What would go on now if nothing held it. */
static int count_waiting(void *arg, const struct ledger_run *run)
{
    struct counting *c = arg;
    c->n += run->due_ms <= c->s->now_ms;
    return 0;
}

static int show_pause(void *arg, const struct ledger_pause *pause)
{
    static const int states[] = {LEDGER_QUEUED, LEDGER_SLEEPING, LEDGER_WAITING,
                                 LEDGER_CONFIRMING};
    struct showing *s = arg;
    struct counting counting = {s, 0};
    struct ledger_filter filter = {.client = *pause->client ? pause->client : NULL,
                                   .recipe = *pause->recipe ? pause->recipe : NULL,
                                   .states = states,
                                   .nstates = sizeof states / sizeof *states};
    json_t *row = json_object();
    s->failed = ledger_each(s->db, &filter, count_waiting, &counting, s->e) != 0;
    report_set_text(row, "client", *pause->client ? pause->client : "(all)");
    report_set_text(row, "recipe", *pause->recipe ? pause->recipe : "(all)");
    report_set_text(row, "by", pause->by);
    report_set_time(row, "paused_at", pause->at_ms);
    json_object_set_new(row, "runs_waiting", json_integer(counting.n));
    report_set_text(row, "reason", pause->reason);
    json_array_append_new(s->rows, row);
    return s->failed;
}

static int show(const struct cli *cli, struct db *db, struct err *e)
{
    struct showing s = {db, json_array(), clock_wall_ms(), e, 0};
    int rc = ledger_pauses(db, show_pause, &s, e) == 0 && !s.failed ? 0 : -1;
    if (rc == 0 && cli->json) {
        cli_print_json(s.rows);
    } else if (rc == 0 && json_array_size(s.rows) == 0) {
        fputs("foyer: nothing is paused\n", stderr);
    } else if (rc == 0) {
        json_t *columns = json_pack("[s,s,s,s,s,s]", "client", "recipe", "by",
                                    "paused_at", "runs_waiting", "reason");
        table_print(s.rows, columns);
        json_decref(columns);
    }
    json_decref(s.rows);
    return rc;
}

static int put(struct db *db, void *arg, struct err *e)
{
    return ledger_pause(db, arg, e);
}

int cmd_pause(struct cli *cli, int argc, char **argv)
{
    const char *client = NULL, *recipe = NULL, *reason = NULL;
    int all = 0;
    struct cli_option options[] = {{"client", CLI_VALUE, &client},
                                   {"recipe", CLI_VALUE, &recipe},
                                   {"all", CLI_FLAG, &all},
                                   {"reason", CLI_VALUE, &reason},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct store *store = NULL;
    int named = client || recipe;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) == 0) {
        named = client || recipe;
        if (named && all)
            err_set(&e, ERR_USAGE, "--all is everything: without --client and --recipe");
        else if (reason && !named && !all)
            err_set(&e, ERR_USAGE,
                    "what is to be paused? --client, --recipe, or --all\nusage: foyer %s",
                    usage);
        else
            w = workspace_open(cli->workspace, 0, &e);
    }
    if (w && selection_check(w, client, recipe, &e) == 0)
        store = workspace_store(w, &e);
    if (store) {
        struct ledger_pause pause = {.client = client ? client : "",
                                     .recipe = recipe ? recipe : "",
                                     .at_ms = clock_wall_ms(),
                                     .by = "hand",
                                     .reason = reason ? reason : ""};
        int changes = named || all;
        if (!changes || store_transaction(store_db(store), put, &pause, &e) == 0)
            if (!changes || cli->json)
                show(cli, store_db(store), &e);
    }
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
