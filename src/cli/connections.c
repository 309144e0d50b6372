#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/clock.h"

static const char *state_of(const struct store_connection *c, int64_t now)
{
    if (c->reconnect)
        return "reconnect";
    if (!c->refresh.data)
        return "token";
    return c->expires_ms && now >= c->expires_ms ? "expired" : "ok";
}

static int add_connection(void *arg, const char *client, const struct store_connection *c)
{
    int64_t now = clock_wall_ms();
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:f}", "client", client, "app", c->app, "id",
                  c->id, "company", c->company, "state", state_of(c, now), "connected_at",
                  (double)c->created_ms / 1000);
    if (c->refresh.data && c->expires_ms)
        json_object_set_new(row, "expires_in",
                            json_integer((c->expires_ms - now) / 1000));
    if (c->refreshed_ms)
        json_object_set_new(row, "refreshed_at",
                            json_real((double)c->refreshed_ms / 1000));
    if (c->last_error)
        json_object_set_new(row, "last_error", json_string(c->last_error));
    if (c->api_url || c->base_url)
        json_object_set_new(row, "api_url",
                            json_string(c->api_url ? c->api_url : c->base_url));
    json_array_append_new(arg, row);
    return 0;
}

int cmd_connections(struct cli *cli, int argc, char **argv)
{
    struct cli_option options[] = {{NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    json_t *rows = json_array();
    struct workspace *w = NULL;
    struct store *store = NULL;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, "connections [--json]", &e) == 0)
        w = workspace_open(cli->workspace, 0, &e);
    if (w)
        store = workspace_store(w, &e);
    if (store && store_connection_each(store, add_connection, rows, &e) == 0) {
        if (cli->json) {
            cli_print_json(rows);
        } else if (json_array_size(rows) == 0) {
            fputs("no client is connected: foyer connect CLIENT\n", stderr);
        } else {
            json_t *columns =
                json_pack("[s,s,s,s,s,s,s,s]", "client", "app", "company", "id", "state",
                          "expires_in", "refreshed_at", "last_error");
            table_print(rows, columns);
            json_decref(columns);
        }
    }
    json_decref(rows);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
