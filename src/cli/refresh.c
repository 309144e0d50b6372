#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"

struct one_refresh {
    struct err err; /* ERR_NONE: it succeeded */
    int over;
    struct loop *loop;
};

static void on_refreshed(void *arg, const struct err *failed)
{
    struct one_refresh *one = arg;
    if (failed)
        one->err = *failed;
    one->over = 1;
    loop_stop(one->loop);
}

static void add_row(json_t *rows, const char *client, const struct connection *c,
                    int is_refreshed)
{
    json_t *row = json_pack("{s:s, s:s, s:s, s:b}", "client", client, "app", c->app,
                            "company", c->name, "refreshed", is_refreshed);
    report_set_time(row, "expires_at", c->expires_ms);
    json_array_append_new(rows, row);
}

/* Adds a row to ROWS, or prints a line when ROWS is NULL. */
static void report(json_t *rows, const char *client, const struct connection *c,
                   int is_refreshed)
{
    if (rows)
        add_row(rows, client, c, is_refreshed);
    else if (!c->refreshable)
        table_printf(stderr, "client %s: an API token, which does not expire\n", client);
    else if (!c->expires_ms)
        table_printf(stdout,
                     "client %s: %s has a new token; it does not say when it expires\n",
                     client, c->name);
    else
        table_printf(
            stdout, "client %s: the token of %s is valid for %lld more seconds\n", client,
            c->name, (long long)((c->expires_ms - clock_wall_ms()) / 1000));
}

static int refresh_one(const struct cli *cli, const char *client, const char *app,
                       json_t *rows, struct err *e)
{
    struct session *s = cli->session;
    struct one_refresh one = {.loop = session_loop(s)};
    struct tokens_wait *wait;
    struct connection *c = connections_get(session_connections(s), client, app, e);
    if (!c)
        return -1;
    if (!c->refreshable) {
        report(rows, client, c, 0);
        return 0;
    }
    int rc = tokens_need(session_tokens(s), c, 1, on_refreshed, &one, &wait);
    while (rc == 1 && !one.over && !session_interrupted(s))
        loop_run(session_loop(s));
    if (rc == 1 && !one.over) { /* interrupted: `one` does not outlive this function */
        tokens_drop(wait);
        return 0;
    }
    if (one.err.kind != ERR_NONE) {
        *e = one.err;
        return -1;
    }
    report(rows, client, c,
           c->refreshable); /* it may have been connected again meanwhile */
    return 0;
}

/* ---- --all ---- */

struct refresh_all {
    const struct cli *cli;
    json_t *rows;
    json_t *links;   /* [{client, app, company}]: the clients' connections */
    json_t *over;    /* "app/company" -> true: was refreshed, or that failed */
    struct err last; /* of the last client that failed */
};

static int add_link(void *arg, const char *client, const struct store_connection *c)
{
    json_array_append_new(arg, json_pack("{s:s, s:s, s:s}", "client", client, "app",
                                         c->app, "company", c->id));
    return 0;
}

static void report_failure(struct refresh_all *all, const char *client, const char *app,
                           const struct err *e)
{
    all->last = *e;
    table_printf(stderr, "foyer: client %s: %s\n", client, e->text);
    if (all->rows)
        json_array_append_new(all->rows,
                              json_pack("{s:s, s:s, s:b, s:o}", "client", client, "app",
                                        app, "refreshed", 0, "error", cli_error_tree(e)));
}

/* When the client's settings cannot be read, the next client of its company refreshes the
 * token. */
static void refresh_link(struct refresh_all *all, const json_t *link)
{
    struct err e = {0};
    const char *client = json_text(link, "client"), *app = json_text(link, "app");
    if (!choice_has(&all->cli->clients, client))
        return;
    char *company = xasprintf("%s/%s", app, json_text(link, "company"));
    if (!workspace_client(all->cli->w, client, &e)) {
        report_failure(all, client, app, &e);
    } else if (!json_object_get(all->over, company)) {
        json_object_set_new(all->over, company, json_true());
        if (refresh_one(all->cli, client, app, all->rows, &e) != 0)
            report_failure(all, client, app, &e);
    }
    free(company);
}

/* Refreshes the token of each company once. Returns the exit code of the last client that
 * failed, or 0; -1 with E when the clients cannot be listed. */
static int refresh_all(const struct cli *cli, json_t *rows, struct err *e)
{
    struct refresh_all all = {
        .cli = cli, .rows = rows, .links = json_array(), .over = json_object()};
    int rc = store_connection_each(cli->store, add_link, all.links, e);
    size_t i;
    json_t *link;
    json_array_foreach(all.links, i, link)
    {
        if (!session_interrupted(cli->session))
            refresh_link(&all, link);
    }
    json_decref(all.links);
    json_decref(all.over);
    if (rc != 0)
        return -1;
    return all.last.kind != ERR_NONE ? err_exit_code(all.last.kind) : 0;
}

int cmd_refresh(struct cli *cli, struct err *e)
{
    const char *app = "front";
    int all = 0;
    struct cli_option options[] = {{"app", CLI_VALUE, &app},
                                   {"all", CLI_FLAG, &all},
                                   CLI_CLIENTS(cli),
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if ((int)cli->words.n + all + cli_has_clients(cli) != 1)
        return cli_usage_error(cli, e, "name one client, or --client, --group, or --all");
    if (cli_open(cli, e) != 0 || store_check_home(cli->store, "refresh a token", e) != 0)
        return -1;
    if (cli_has_clients(cli))
        all = 1;
    json_t *rows = cli->json ? json_array() : NULL;
    int code = all ? refresh_all(cli, rows, e)
                   : refresh_one(cli, cli->words.items[0], app, rows, e);
    if (rows && code >= 0)
        cli_print_json(rows);
    json_decref(rows);
    return code >= 0 && session_interrupted(cli->session) ? 130 : code;
}
