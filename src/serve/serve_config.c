#include "serve/serve_config.h"

#include <stdlib.h>
#include <string.h>

#include "auth/consent.h"
#include "auth/credentials.h"
#include "workspace/workspace_http.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"

struct serve_config {
    struct workspace *w;
    struct httpc *httpc;
    struct grants *grants;
    const json_t *settings; /* the workspace's */
    char *cert, *key;       /* absolute; NULL: no TLS */
    char **callbacks;       /* the paths of redirect_url */
    size_t ncallbacks, nclients;
    int consents;
};

/* Where consents for APP of CLIENT (NULL: of those without an app of their own) come. */
static void add_callback(struct serve_config *site, const char *app, const char *client)
{
    char *path =
        credentials_redirect_path(credentials_redirect_url(site->w, app, client));
    if (serve_config_is_callback(site, path)) {
        free(path);
        return;
    }
    site->callbacks =
        xrealloc(site->callbacks, (site->ncallbacks + 1) * sizeof *site->callbacks);
    site->callbacks[site->ncallbacks++] = path;
}

static void add_own_callbacks(void *arg, const char *client)
{
    struct serve_config *site = arg;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)workspace_client(site->w, client, NULL), key, value)
    {
        if (json_text(value, "redirect_url") && workspace_connector(site->w, key, NULL))
            add_callback(site, key, client);
    }
}

/* Front's default path where foyer.lua names no app. */
static void find_callbacks(struct serve_config *site)
{
    json_t *apps = json_object_get(site->settings, "apps");
    const char *app;
    json_t *value;
    json_object_foreach(apps, app, value)
    {
        add_callback(site, app, NULL);
    }
    if (site->ncallbacks == 0)
        add_callback(site, "front", NULL);
    workspace_each_client(site->w, add_own_callbacks, site);
}

struct load {
    struct serve_config *site;
    struct err *e;
    int failed;
};

static void load_client(void *arg, const char *client)
{
    struct load *load = arg;
    if (load->failed)
        return;
    load->failed = workspace_client(load->site->w, client, load->e) == NULL;
    load->site->nclients++;
}

static void load_connector(void *arg, const char *name)
{
    struct load *load = arg;
    char *path = xasprintf("lua/%s/connector.lua", name);
    if (!load->failed && overlay_find(workspace_overlay(load->site->w), NULL, path,
                                      OVERLAY_WORKSPACE, NULL))
        load->failed = workspace_connector(load->site->w, name, load->e) == NULL;
    free(path);
}

static int load_all(struct serve_config *site, struct err *e)
{
    struct load load = {site, e, 0};
    site->settings = workspace_settings(site->w, e);
    if (!site->settings)
        return -1;
    overlay_each(workspace_overlay(site->w), NULL, "lua", load_connector, &load);
    if (!load.failed)
        workspace_each_client(site->w, load_client, &load);
    return load.failed ? -1 : 0;
}

static char *below_workspace(const struct serve_config *site, const char *key)
{
    const char *path = json_text(site->settings, key);
    if (!path)
        return NULL;
    return *path == '/' ? xstrdup(path) : path_join(workspace_dir(site->w), path);
}

struct serve_config *serve_config_open(const char *dir, struct loop *loop, struct err *e)
{
    struct serve_config *site = xcalloc(1, sizeof *site);
    site->w = workspace_open(dir, 0, e);
    if (!site->w || load_all(site, e) != 0 || !workspace_vault(site->w, e) ||
        !workspace_store(site->w, e) ||
        !(site->httpc = workspace_http_new(site->settings, loop, e))) {
        serve_config_free(site);
        return NULL;
    }
    site->grants = grants_new(site->w, site->httpc);
    find_callbacks(site);
    site->cert = below_workspace(site, "tls_certificate");
    site->key = below_workspace(site, "tls_key");
    return site;
}

void serve_config_free(struct serve_config *site)
{
    if (!site)
        return;
    grants_free(site->grants);
    if (site->httpc)
        httpc_free(site->httpc);
    for (size_t i = 0; i < site->ncallbacks; i++)
        free(site->callbacks[i]);
    free(site->callbacks);
    free(site->cert);
    free(site->key);
    workspace_close(site->w);
    free(site);
}

struct workspace *serve_config_workspace(struct serve_config *site)
{
    return site->w;
}

size_t serve_config_clients(const struct serve_config *site)
{
    return site->nclients;
}

const char *serve_config_listen(const struct serve_config *site)
{
    const char *listen = json_text(site->settings, "listen");
    return listen ? listen : "127.0.0.1:8080";
}

int serve_config_tls(const struct serve_config *site, struct httpd_tls *out)
{
    *out = (struct httpd_tls){site->cert, site->key};
    return site->cert != NULL;
}

int serve_config_is_callback(const struct serve_config *site, const char *path)
{
    for (size_t i = 0; i < site->ncallbacks; i++)
        if (strcmp(path, site->callbacks[i]) == 0)
            return 1;
    return 0;
}

static void on_consent(void *arg, const char *client, const char *id, const char *name,
                       const struct err *e)
{
    struct serve_config *site = arg;
    site->consents--;
    log_context(0, client);
    if (e)
        log_line(LOG_WARN, "%s%s%s", client ? client : "", client ? ": " : "", e->text);
    else
        log_line(LOG_INFO, "client %s is connected to %s (%s)", client, name, id);
    log_context(0, NULL);
}

void serve_config_consent(struct serve_config *site, struct httpd_request *r)
{
    site->consents++;
    consent_answer(site->w, site->grants, r, 1, on_consent, site);
}

int serve_config_busy(const struct serve_config *site)
{
    return site->consents;
}
