#include "ops/app_check.h"

#include <stdio.h>

#include "auth/credentials.h"
#include "core/credential.h"
#include "base/str.h"
#include "ops/report.h"
#include "store/store.h"

struct checking {
    struct workspace *w;
    struct diagnosis *found;
};

/* CLIENT NULL: the app in foyer.lua. MARK becomes the app's mark, or "" when its
 * credentials are incomplete. Says nothing of a secret that is not set: doctor's check of
 * the settings does. */
static void check_app(struct checking *c, const char *app, const char *client,
                      char mark[CREDENTIALS_MARK_SIZE])
{
    struct err e = {0};
    struct credentials by;
    json_t *finding = NULL;
    const char *url = credentials_redirect_url(c->w, app, client);
    int rc = credentials_open(c->w, app, client, &by, &e);
    if (rc == 0)
        finding = diagnosis_add(
            c->found, DIAGNOSIS_OK, "app",
            "the app %s%s%s has its client_id and client_secret; consents come "
            "back to %s%s, which must be one of its redirect URLs",
            app, client ? " of client " : "", client ? client : "", url,
            credentials_is_default(url) ? " (the default)" : "");
    else if (e.kind != ERR_NOT_FOUND) /* doctor names the missing secret */
        finding = diagnosis_add(c->found, DIAGNOSIS_PROBLEM, "app", "%s", e.text);
    if (finding) {
        report_set_text(finding, "app", app);
        report_set_text(finding, "client", client);
    }
    snprintf(mark, CREDENTIALS_MARK_SIZE, "%s", rc == 0 ? by.mark : "");
    credentials_fini(&by);
}

/* Warns when a client with an app of its own was connected with another app. */
static void check_own_app(struct checking *c, const char *app, const char *client)
{
    char mark[CREDENTIALS_MARK_SIZE];
    struct store_connection row = {0};
    struct store *store = workspace_store(c->w, NULL);
    check_app(c, app, client, mark);
    if (*mark && store && store_connection_find(store, client, app, &row, NULL) == 0 &&
        row.refresh.data && !str_eq(row.made_with, mark)) {
        char *command = connection_command(client, app);
        json_t *finding = diagnosis_add(
            c->found, DIAGNOSIS_WARNING, "app",
            "client %s has an app of its own in its client.lua, but was connected to "
            "%s with another: run `%s`",
            client, row.company, command);
        free(command);
        report_set_text(finding, "app", app);
        report_set_text(finding, "client", client);
    }
    store_connection_fini(&row);
}

static void check_own_apps(void *arg, const char *client)
{
    struct checking *c = arg;
    const char *app;
    json_t *value;
    json_object_foreach((json_t *)workspace_client(c->w, client, NULL), app, value)
    {
        if (credentials_are_own(c->w, app, client) &&
            workspace_connector(c->w, app, NULL)) /* else it is vars, hosts, … */
            check_own_app(c, app, client);
    }
}

/* Only the app that a grant was made with can refresh it. */
static void check_made_with(struct checking *c, const struct probe_connection *t)
{
    struct err e = {0};
    struct credentials by;
    if (!t->oauth || !t->made_with || t->reconnect)
        return;
    if (credentials_find(c->w, t->app, t->id, t->made_with, &by, &e) != 0 &&
        e.kind != ERR_NOT_FOUND)
        diagnosis_add_connection(c->found, t, DIAGNOSIS_PROBLEM, "app", "%s", e.text);
    else if (by.is_kept)
        diagnosis_add_connection(
            c->found, t, DIAGNOSIS_WARNING, "app",
            "the app that %s was connected with is no longer in the settings; foyer goes "
            "on with what it kept of it, until a consent by the new one: `foyer connect "
            "%s "
            "--link`",
            t->id, t->client);
    credentials_fini(&by);
}

void app_check(struct workspace *w, const struct probe_connection *connections,
               struct diagnosis *found)
{
    struct checking checking = {w, found};
    const char *app;
    char mark[CREDENTIALS_MARK_SIZE];
    json_t *value, *apps = json_object_get(workspace_settings(w, NULL), "apps");
    json_t *seen = json_object();
    json_object_foreach(apps, app, value)
    {
        if (json_object_get(value, "client_id") ||
            json_object_get(value, "client_secret"))
            json_object_set_new(seen, app, json_true());
    }
    for (const struct probe_connection *t = connections; t; t = t->next)
        if (t->oauth && !t->made_with &&
            credential_need(workspace_connector(w, t->app, NULL)) == CREDENTIAL_CONSENT)
            json_object_set_new(seen, t->app, json_true());
    json_object_foreach(seen, app, value)
    {
        check_app(&checking, app, NULL, mark);
    }
    json_decref(seen);
    workspace_each_client(w, check_own_apps, &checking);
    for (const struct probe_connection *t = connections; t; t = t->next)
        check_made_with(&checking, t);
}
