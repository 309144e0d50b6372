#include <stdio.h>

#include "cli/cli.h"
#include "base/clock.h"
#include "core/words.h"

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
    report_set_time(row, "refreshed_at", c->refreshed_ms);
    report_set_text(row, "last_error", c->last_error);
    report_set_text(row, "api_url", c->api_url ? c->api_url : c->base_url);
    json_array_append_new(arg, row);
    return 0;
}

static void say_words(json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *state = json_string_value(json_object_get(row, "state"));
        json_object_set_new(row, "state", json_string(words_of(state)));
    }
}

int cmd_connections(struct cli *cli, struct err *e)
{
    json_t *rows = json_array();
    const struct cli_option options[] = {CLI_CLIENTS(cli), {NULL, CLI_FLAG, NULL}};
    int rc = cli_begin(cli, options, e);
    if (rc == 0)
        rc = store_connection_each(cli->store, add_connection, rows, e);
    cli_keep_clients(cli, rows);
    if (rc == 0 && json_array_size(rows) == 0 && !cli->json)
        fputs(cli_has_clients(cli) ? "none of these clients is connected\n"
                                   : "no client is connected: foyer connect CLIENT\n",
              stderr);
    if (rc == 0 && !cli->json)
        say_words(rows);
    if (rc == 0 && (json_array_size(rows) || cli->json))
        cli_print_rows(cli, rows,
                       "client app company id state expires_in refreshed_at last_error");
    json_decref(rows);
    return rc;
}
