#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ops/selection.h"
#include "cli/table.h"
#include "base/str.h"
#include "store/ledger.h"
#include "store/store.h"

static const char usage[] =
    "resume --client CLIENT [--recipe RECIPE] | --recipe RECIPE | "
    "--all [--json]";

struct lifting {
    const char *client, *recipe; /* NULL: not named */
    int all;
    int lifted;
    struct pair {
        char *client, *recipe;
    } * pauses;
    size_t n;
};

static int add_pause(void *arg, const struct ledger_pause *pause)
{
    struct lifting *l = arg;
    l->pauses = xrealloc(l->pauses, (l->n + 1) * sizeof *l->pauses);
    l->pauses[l->n++] = (struct pair){xstrdup(pause->client), xstrdup(pause->recipe)};
    return 0;
}

static int lift_one(struct db *db, struct lifting *l, const char *client,
                    const char *recipe, struct err *e)
{
    int n = 0;
    int rc = ledger_resume(db, client, recipe, &n, e);
    l->lifted += n;
    return rc;
}

static int lift(struct db *db, void *arg, struct err *e)
{
    struct lifting *l = arg;
    if (!l->all)
        return lift_one(db, l, l->client ? l->client : "", l->recipe ? l->recipe : "", e);
    int rc = ledger_pauses(db, add_pause, l, e);
    for (size_t i = 0; rc == 0 && i < l->n; i++)
        rc = lift_one(db, l, l->pauses[i].client, l->pauses[i].recipe, e);
    return rc;
}

/* A wider pause holds the same runs. */
static int is_wider(void *arg, const struct ledger_pause *pause)
{
    const struct lifting *l = arg;
    if ((*pause->client && l->client && !str_eq(pause->client, l->client)) ||
        (*pause->recipe && l->recipe && !str_eq(pause->recipe, l->recipe)))
        return 0;
    table_printf(stderr, "foyer: still paused: %s%s, %s%s\n",
                 *pause->client ? "client " : "all clients", pause->client,
                 *pause->recipe ? "recipe " : "all recipes", pause->recipe);
    return 0;
}

int cmd_resume(struct cli *cli, int argc, char **argv)
{
    struct lifting l = {0};
    struct cli_option options[] = {{"client", CLI_VALUE, &l.client},
                                   {"recipe", CLI_VALUE, &l.recipe},
                                   {"all", CLI_FLAG, &l.all},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct store *store = NULL;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) == 0) {
        if ((l.client || l.recipe) == l.all)
            err_set(&e, ERR_USAGE,
                    "what is to go on? --client, --recipe, or --all; `foyer pause` shows "
                    "what is held\nusage: foyer %s",
                    usage);
        else
            w = workspace_open(cli->workspace, 0, &e);
    }
    if (w)
        store = workspace_store(w, &e);
    if (store && store_transaction(store_db(store), lift, &l, &e) == 0 && l.lifted == 0) {
        /* a slip in a name is told as such */
        if (selection_check(w, l.client, l.recipe, &e) == 0)
            fputs("foyer: that was not paused; `foyer pause` shows what is\n", stderr);
    }
    if (store && e.kind == ERR_NONE) {
        ledger_pauses(store_db(store), is_wider, &l, &e);
        if (cli->json) {
            json_t *said = json_pack("{s:i}", "lifted", l.lifted);
            cli_print_json(said);
            json_decref(said);
        }
    }
    for (size_t i = 0; i < l.n; i++) {
        free(l.pauses[i].client);
        free(l.pauses[i].recipe);
    }
    free(l.pauses);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
