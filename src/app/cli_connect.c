#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/session.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/answer.h"
#include "core/settings.h"

static const char usage[] =
    "connect CLIENT --token-file FILE|- [--app APP] [--api-url URL] [--replace] [--json]";

/* Who the token belongs to, as the API says: the connector's oauth.identity names the
 * request and where the id and the name stand in its answer. */
static json_t *ask_identity(struct workspace *w, const char *client,
                            struct connection *connection, struct err *e)
{
    json_t *args = json_pack("{s:s}", "app", connection->app);
    workspace_set_connection(w, client, connection);
    return cli_entry(w, client, "identity", args, e);
}

static int check_company(struct workspace *w, const char *client, const char *app,
                         const char *id, struct err *e)
{
    const json_t *connector = workspace_connector(w, app, e);
    const char *prefix = json_string_value(json_at(connector, "oauth.identity.prefix"));
    if (prefix && !str_starts(id, prefix))
        return err_set(
            e, ERR_INVALID,
            "cannot connect %s: the token belongs to %.40s, which is no company "
            "(%s…); use a token of the company, not a teammate's own",
            client, id, prefix);
    const json_t *settings = workspace_client(w, client, e);
    const char *company = settings ? settings_company(settings, app) : NULL;
    if (!settings)
        return -1;
    if (company && strcmp(company, id) != 0)
        return err_set(
            e, ERR_CONFLICT,
            "cannot connect %s: the token belongs to %s, but clients/%s/client.lua "
            "says %s.company = \"%s\"",
            client, id, client, app, company);
    return 0;
}

/* Another company than before asks first: a reply to the wrong company's customer cannot
 * be taken back. */
static int check_replaced(struct workspace *w, const char *client, const char *app,
                          const char *id, int replace, struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct store_connection old;
    struct err why;
    if (!store)
        return -1;
    if (store_connection_find(store, client, app, &old, &why) != 0) {
        if (why.kind == ERR_NOT_FOUND)
            return 0;
        *e = why;
        return -1;
    }
    int other = strcmp(old.id, id) != 0;
    if (other && !replace)
        err_set(
            e, ERR_CONFLICT,
            "cannot connect %s: it is connected to %s (%s) and this token belongs to %s; "
            "--replace changes the company",
            client, old.id, old.company, id);
    store_connection_fini(&old);
    return other && !replace ? -1 : 0;
}

static int store_token(struct workspace *w, const char *client, const char *app,
                       const char *id, const char *name, const char *api_url,
                       const struct buf *token, struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_vault(w, e) : NULL;
    if (!vault)
        return -1;
    int64_t version = store_connection_version(store, app, id, e);
    if (version < 0)
        return -1;
    char *owner = xasprintf("%s/%s", app, id);
    struct vault_place place = {"token", owner, "access", version + 1};
    struct buf sealed;
    buf_init(&sealed, 64 * 1024);
    int rc = vault_seal(vault, &place, token->data, token->len, &sealed, e);
    if (rc == 0) {
        struct store_connection row = {
            .id = (char *)id,
            .app = (char *)app,
            .company = (char *)name,
            .api_url = (char *)api_url,
            .token = {version + 1, (unsigned char *)sealed.data, sealed.len},
        };
        rc = store_connection_put(store, client, &row, e);
    }
    buf_free(&sealed);
    free(owner);
    return rc;
}

/* A client that is not there yet starts with the least that works. */
static int make_client(struct workspace *w, const char *client, const char *app,
                       struct err *e)
{
    if (!str_is_name(client))
        return err_set(e, ERR_USAGE,
                       "\"%.64s\" is no client's name: letters, digits, '-', '_' and '.'",
                       client);
    char *dir = xasprintf("%s/clients/%s", workspace_dir(w), client);
    char *file = path_join(dir, "client.lua");
    char *text = xasprintf(
        "-- %s: what foyer knows of this client, and what runs for it.\n"
        "return {\n"
        "  name = \"%s\",\n"
        "  %s = {\n"
        "    -- names for ids: `foyer ids --client %s --write` finds them\n"
        "  },\n"
        "  recipes = {\n"
        "    -- nothing runs that is not named here: [\"first-reply\"] = true,\n"
        "  },\n"
        "}\n",
        client, client, app, client);
    int rc = path_make_dirs(dir, 0755, e);
    if (rc == 0)
        rc = path_create(file, text, strlen(text), 0644, e);
    if (rc == 0)
        fprintf(stderr, "made clients/%s/client.lua\n", client);
    free(text);
    free(file);
    free(dir);
    return rc;
}

static int check_api_url(const char *url, struct err *e)
{
    struct url_parts u;
    if (!url)
        return 0;
    if (url_parts_parse(url, &u, e) != 0)
        return -1;
    int rc = 0;
    if (strcmp(u.scheme, "http") == 0 && !host_is_address(u.host))
        rc = err_set(e, ERR_INVALID,
                     "cannot use --api-url %s: plain http is for an address such as "
                     "http://127.0.0.1:8099 only",
                     url);
    url_parts_fini(&u);
    return rc;
}

int cmd_connect(struct cli *cli, int argc, char **argv)
{
    const char *token_file = NULL, *api_url = NULL, *app = "front";
    int replace = 0;
    struct cli_option options[] = {{"token-file", CLI_VALUE, &token_file},
                                   {"api-url", CLI_VALUE, &api_url},
                                   {"app", CLI_VALUE, &app},
                                   {"replace", CLI_FLAG, &replace},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct buf token = {0};
    json_t *identity = NULL;

    if (cli_parse(cli, argc, argv, options, &rest, 1, 1, usage, &e) != 0)
        goto out;
    const char *client = rest.items[0];
    if (!token_file) {
        err_set(&e, ERR_USAGE,
                "cannot connect %s: give the company's API token with --token-file FILE "
                "(or - "
                "for standard input)\nusage: foyer %s",
                client, usage);
        goto out;
    }
    w = workspace_open(cli->workspace, 0, &e);
    if (!w || check_api_url(api_url, &e) != 0 || !workspace_connector(w, app, &e) ||
        !workspace_vault(w, &e) || cli_read_secret(token_file, &token, &e) != 0)
        goto out;
    if (!workspace_has_client(w, client) && make_client(w, client, app, &e) != 0)
        goto out;
    if (!workspace_client(w, client, &e))
        goto out;
    struct connection *connection =
        workspace_try_connection(w, app, api_url, token.data, &e);
    if (!connection)
        goto out;
    identity = ask_identity(w, client, connection, &e);
    if (!identity) {
        if (e.kind == ERR_AUTH)
            err_set(&e, ERR_AUTH,
                    "cannot connect %s: the API refuses the token (%d); is it whole, and "
                    "still valid?",
                    client, e.status);
        goto out;
    }
    const char *id = json_string_value(json_object_get(identity, "id"));
    const char *name = json_string_value(json_object_get(identity, "name"));
    if (!id || check_company(w, client, app, id, &e) != 0 ||
        check_replaced(w, client, app, id, replace, &e) != 0 ||
        store_token(w, client, app, id, name ? name : id, api_url, &token, &e) != 0) {
        if (!id)
            err_set(&e, ERR_INVALID,
                    "cannot connect %s: the API does not say whose token it is", client);
        goto out;
    }
    if (cli->json)
        cli_print_json(identity);
    else
        table_printf(stdout, "client %s is connected to %s (%s)\n", client,
                     name ? name : id, id);
out:
    vault_wipe(&token);
    json_decref(identity);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}

static int add_connection(void *arg, const char *client, const struct store_connection *c)
{
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:f}", "client", client, "app", c->app,
                            "id", c->id, "company", c->company, "connected_at",
                            (double)c->created_ms / 1000);
    if (c->api_url)
        json_object_set_new(row, "api_url", json_string(c->api_url));
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
            fputs("no client is connected: foyer connect CLIENT --token-file FILE\n",
                  stderr);
        } else {
            json_t *columns = json_pack("[s,s,s,s,s,s]", "client", "app", "company", "id",
                                        "connected_at", "api_url");
            table_print(rows, columns);
            json_decref(columns);
        }
    }
    json_decref(rows);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
