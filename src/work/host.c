#include "work/host.h"

#include "base/clock.h"
#include "store/ledger.h"
#include "workspace/workspace.h"

static const json_t *host_client(void *arg, const char *client, struct err *e)
{
    return workspace_client(connections_workspace(arg), client, e);
}

static const json_t *host_workspace(void *arg, const char *client, struct err *e)
{
    return workspace_settings_for(connections_workspace(arg), client, e);
}

static const json_t *host_connector(void *arg, const char *app, struct err *e)
{
    return workspace_connector(connections_workspace(arg), app, e);
}

static const struct connection *host_connection(void *arg, const char *client,
                                                const char *app, const char *company,
                                                struct err *e)
{
    return connections_known(arg, client, app, company, e);
}

static int host_secret(void *arg, const char *name, struct buf *out, struct err *e)
{
    return workspace_secret(connections_workspace(arg), name, out, e);
}

static int host_save_value(void *arg, const char *client, const char *key,
                           const char *value, struct err *e)
{
    struct workspace *w = connections_workspace(arg);
    struct store *store = workspace_store(w, e);
    return store ? ledger_value_put(store_db(store), client, key, value,
                                    workspace_limits(w)->store_bytes, clock_wall_ms(), e)
                 : -1;
}

static void host_each_client(void *arg, void (*fn)(void *arg, const char *client),
                             void *fn_arg)
{
    workspace_each_client(connections_workspace(arg), fn, fn_arg);
}

struct run_host host_of(struct connections *c)
{
    return (struct run_host){.arg = c,
                             .client = host_client,
                             .workspace = host_workspace,
                             .connector = host_connector,
                             .connection = host_connection,
                             .secret = host_secret,
                             .save_value = host_save_value,
                             .each_client = host_each_client};
}
