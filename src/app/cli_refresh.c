#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/session.h"
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
        fprintf(stderr, "client %s: an API token, which does not expire\n", client);
    else if (!c->expires_ms)
        printf("client %s: %s has a new token; it does not say when it expires\n", client,
               c->name);
    else
        printf("client %s: the token of %s holds for %lld more seconds\n", client,
               c->name, (long long)((c->expires_ms - clock_wall_ms()) / 1000));
}

static int refresh_one(struct workspace *w, struct session *s, const char *client,
                       const char *app, json_t *rows, struct err *e)
{
    struct one_refresh one = {.loop = session_loop(s)};
    struct tokens_wait *wait;
    struct connection *c = (struct connection *)workspace_connection(w, client, app, e);
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

struct listed {
    char **clients, **apps, **ids;
    size_t n;
};

static int list_connection(void *arg, const char *client,
                           const struct store_connection *c)
{
    struct listed *list = arg;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->ids[i], c->id) == 0 && strcmp(list->apps[i], c->app) == 0)
            return 0; /* several clients share it */
    size_t size = (list->n + 1) * sizeof(char *);
    list->clients = xrealloc(list->clients, size);
    list->apps = xrealloc(list->apps, size);
    list->ids = xrealloc(list->ids, size);
    list->clients[list->n] = xstrdup(client);
    list->apps[list->n] = xstrdup(c->app);
    list->ids[list->n++] = xstrdup(c->id);
    return 0;
}

static void listed_fini(struct listed *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->clients[i]);
        free(list->apps[i]);
        free(list->ids[i]);
    }
    free(list->clients);
    free(list->apps);
    free(list->ids);
}

int cmd_refresh(struct cli *cli, int argc, char **argv)
{
    static const char usage[] = "refresh CLIENT|--all [--app APP]";
    const char *app = "front";
    int all = 0;
    struct cli_option options[] = {
        {"app", CLI_VALUE, &app}, {"all", CLI_FLAG, &all}, {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0}, last = {0};
    struct workspace *w = NULL;
    struct session *s = NULL;
    struct store *store = NULL;
    struct listed list = {0};
    if (cli_parse(cli, argc, argv, options, &rest, 0, 1, usage, &e) == 0) {
        if ((rest.n == 1) == all)
            err_set(&e, ERR_USAGE, "name one client, or --all\nusage: foyer %s", usage);
        else
            w = workspace_open(cli->workspace, 0, &e);
    }
    json_t *rows = cli->json ? json_array() : NULL;
    if (w)
        store = workspace_store(w, &e);
    if (store)
        s = session_open(w, &e);
    if (s && !all && refresh_one(w, s, rest.items[0], app, rows, &e) != 0)
        last = e;
    if (s && all && store_connection_each(store, list_connection, &list, &e) == 0)
        for (size_t i = 0; i < list.n && !session_interrupted(s); i++)
            if (refresh_one(w, s, list.clients[i], list.apps[i], rows, &e) != 0) {
                fprintf(stderr, "foyer: client %s: %s\n", list.clients[i], e.text);
                last = e;
            }
    int code = s && session_interrupted(s) ? 130 : 0;
    listed_fini(&list);
    session_close(s);
    workspace_close(w);
    free(rest.items);
    if (e.kind == ERR_NONE)
        e = last;
    if (rows && e.kind == ERR_NONE)
        cli_print_json(rows);
    json_decref(rows);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : code;
}
