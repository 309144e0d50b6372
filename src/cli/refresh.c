#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "work/session.h"
#include "cli/table.h"
#include "base/clock.h"
#include "base/str.h"

struct one_refresh {
    struct err err;
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
    if (row && c->expires_ms)
        json_object_set_new(row, "expires_at", json_real((double)c->expires_ms / 1000));
    json_array_append_new(rows, row);
}

/* ROWS is NULL where people read. */
static void tell(json_t *rows, const char *client, const struct connection *c,
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
        table_printf(stdout, "client %s: the token of %s holds for %lld more seconds\n",
                     client, c->name,
                     (long long)((c->expires_ms - clock_wall_ms()) / 1000));
}

static int refresh_one(struct session *s, const char *client, const char *app,
                       json_t *rows, struct err *e)
{
    struct one_refresh one = {.loop = session_loop(s)};
    struct tokens_wait *wait;
    struct connection *c = connections_get(session_connections(s), client, app, e);
    if (!c)
        return -1;
    if (!c->refreshable) {
        tell(rows, client, c, 0);
        return 0;
    }
    int rc = tokens_need(session_tokens(s), c, 1, on_refreshed, &one, &wait);
    while (rc == 1 && !one.over && !session_interrupted(s))
        loop_run(session_loop(s));
    if (rc == 1 && !one.over) { /* its end is not this function's to hear of any more */
        tokens_drop(wait);
        return 0;
    }
    if (one.err.kind != ERR_NONE) {
        *e = one.err;
        return -1;
    }
    tell(rows, client, c, c->refreshable); /* it may have been connected anew meanwhile */
    return 0;
}

/* ---- --all ---- */

struct link { /* a client's connection; owned texts */
    char *client, *app, *company;
    int over; /* its company was asked for a token: no other client asks again */
};

struct refresh_all {
    struct workspace *w;
    struct session *s;
    json_t *rows;
    struct link *links;
    size_t n;
    struct err last; /* of the last client that failed */
};

static int add_link(void *arg, const char *client, const struct store_connection *c)
{
    struct refresh_all *all = arg;
    all->links = xrealloc(all->links, (all->n + 1) * sizeof *all->links);
    all->links[all->n++] =
        (struct link){xstrdup(client), xstrdup(c->app), xstrdup(c->id), 0};
    return 0;
}

/* 1: another client of LINK's company was asked for already. */
static int is_over(const struct refresh_all *all, const struct link *link)
{
    for (const struct link *l = all->links; l < link; l++)
        if (l->over && str_eq(l->company, link->company) && str_eq(l->app, link->app))
            return 1;
    return 0;
}

static void tell_failed(struct refresh_all *all, const struct link *link,
                        const struct err *e)
{
    all->last = *e;
    table_printf(stderr, "foyer: client %s: %s\n", link->client, e->text);
    if (all->rows)
        json_array_append_new(
            all->rows, json_pack("{s:s, s:s, s:b, s:o}", "client", link->client, "app",
                                 link->app, "refreshed", 0, "error", cli_error_tree(e)));
}

/* A client whose settings cannot be read leaves its company to the next client of it. */
static void refresh_link(struct refresh_all *all, struct link *link)
{
    struct err e = {0};
    link->over = workspace_client(all->w, link->client, &e) != NULL;
    if (!link->over)
        tell_failed(all, link, &e);
    else if (!is_over(all, link) &&
             refresh_one(all->s, link->client, link->app, all->rows, &e) != 0)
        tell_failed(all, link, &e);
}

/* Each company once. Returns the exit code of the last client that failed, or 0. */
static int refresh_all(struct workspace *w, struct session *s, json_t *rows,
                       struct err *e)
{
    struct refresh_all all = {.w = w, .s = s, .rows = rows};
    store_connection_each(workspace_store(w, e), add_link, &all, e);
    for (size_t i = 0; i < all.n; i++) {
        if (!session_interrupted(s))
            refresh_link(&all, &all.links[i]);
    }
    for (size_t i = 0; i < all.n; i++) {
        free(all.links[i].client);
        free(all.links[i].app);
        free(all.links[i].company);
    }
    free(all.links);
    return all.last.kind != ERR_NONE ? err_exit_code(all.last.kind) : 0;
}

int cmd_refresh(struct cli *cli, int argc, char **argv)
{
    static const char usage[] = "refresh CLIENT|--all [--app APP]";
    const char *app = "front";
    int all = 0;
    struct cli_option options[] = {
        {"app", CLI_VALUE, &app}, {"all", CLI_FLAG, &all}, {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct session *s = NULL;
    int code = 0;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 1, usage, &e) == 0) {
        if ((rest.n == 1) == all)
            err_set(&e, ERR_USAGE, "name one client, or --all\nusage: foyer %s", usage);
        else
            w = workspace_open(cli->workspace, 0, &e);
    }
    json_t *rows = cli->json ? json_array() : NULL;
    if (w && workspace_store(w, &e))
        s = session_open(w, &e);
    if (s && all)
        code = refresh_all(w, s, rows, &e);
    else if (s)
        refresh_one(s, rest.items[0], app, rows, &e);
    if (s && session_interrupted(s))
        code = 130;
    session_close(s);
    workspace_close(w);
    free(rest.items);
    if (rows && e.kind == ERR_NONE)
        cli_print_json(rows);
    json_decref(rows);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : code;
}
