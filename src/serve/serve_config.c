#include "serve/serve_config.h"

#include <stdlib.h>
#include <string.h>

#include "auth/audience.h"
#include "auth/consent.h"
#include "auth/credentials.h"
#include "workspace/file_stamps.h"
#include "workspace/workspace_http.h"
#include "base/loopguard.h"
#include "base/array.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/release.h"
#include "store/store.h"

enum { TOLD = 20 }; /* clients with another release, of which each has a line */

struct serve_config {
    struct workspace *w;
    json_t *movers; /* client -> the author and the reason; NULL: it is the first */
    json_t *stamps; /* the releases; with --dev file_stamps, from before the files were
                       read */
    struct httpc *httpc;
    struct grants *grants;
    const json_t *settings; /* the workspace's */
    char *cert, *key;       /* absolute; NULL: no TLS */
    char **callbacks;       /* the paths of redirect_url */
    size_t ncallbacks, nclients;
    int consents;
};

/* Adds the path of APP's redirect URL: CLIENT's own app, or with NULL the agency's. */
static void add_callback(struct serve_config *config, const char *app, const char *client)
{
    char *path =
        credentials_redirect_path(credentials_redirect_url(config->w, app, client));
    if (serve_config_is_callback(config, path)) {
        free(path);
        return;
    }
    array_grow(config->callbacks, config->ncallbacks);
    config->callbacks[config->ncallbacks++] = path;
}

static void add_own_callbacks(void *arg, const char *client)
{
    struct serve_config *config = arg;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)workspace_client(config->w, client, NULL), key, value)
    {
        if (json_text(value, "redirect_url") && workspace_connector(config->w, key, NULL))
            add_callback(config, key, client);
    }
}

/* Adds Front's default path when foyer.lua names no app. */
static void find_callbacks(struct serve_config *config)
{
    json_t *apps = json_object_get(config->settings, "apps");
    const char *app;
    json_t *value;
    json_object_foreach(apps, app, value)
    {
        add_callback(config, app, NULL);
    }
    if (config->ncallbacks == 0)
        add_callback(config, "front", NULL);
    workspace_each_client(config->w, add_own_callbacks, config);
}

struct load {
    struct serve_config *config;
    struct err *e;
    int is_strict, failed;
};

static void load_client(void *arg, const char *client)
{
    struct load *load = arg;
    if (load->failed)
        return;
    struct err why = {0};
    struct workspace *w = load->config->w;
    load->config->nclients++;
    if (workspace_settings_for(w, client, &why) && workspace_client(w, client, &why))
        return;
    load->failed = load->is_strict;
    if (load->is_strict)
        *load->e = why;
    else
        log_line(LOG_ERROR, "client %s is left out: %s", client, why.text);
}

static int load_all(struct serve_config *config, int is_strict, struct err *e)
{
    struct load load = {config, e, is_strict, 0};
    const struct settings_app *apps; /* reads all connectors */
    size_t napps;
    config->settings = workspace_settings(config->w, e);
    if (!config->settings || workspace_apps(config->w, &apps, &napps, e) != 0)
        return -1;
    workspace_each_client(config->w, load_client, &load);
    return load.failed ? -1 : 0;
}

static char *below_workspace(const struct serve_config *config, const char *key)
{
    const char *path = json_text(config->settings, key);
    if (!path)
        return NULL;
    return *path == '/' ? xstrdup(path) : path_join(workspace_dir(config->w), path);
}

/* Whether the stamp NAME is the same in two configurations. */
static int is_same(const struct serve_config *config, const struct serve_config *before,
                   const char *name)
{
    return json_equal(json_object_get(config->stamps, name),
                      json_object_get(before->stamps, name));
}

/* What all clients share decides, too, whether a client's settings are right. */
static void take_clients(struct serve_config *config, const struct serve_config *before)
{
    const char *name;
    json_t *stamp;
    if (!is_same(config, before, ""))
        return;
    json_object_foreach(config->stamps, name, stamp)
    {
        if (is_same(config, before, name))
            workspace_take_client(config->w, before->w, name);
    }
}

json_t *serve_config_changed(const struct serve_config *config,
                             const struct serve_config *before)
{
    const char *name;
    json_t *stamp, *names;
    if (!is_same(config, before, ""))
        return NULL;
    names = json_array();
    json_object_foreach(config->stamps, name, stamp)
    {
        if (!is_same(config, before, name))
            json_array_append_new(names, json_string(name));
    }
    return names;
}

int serve_config_stale(const struct serve_config *config, json_t **last)
{
    json_t *now = file_stamps(workspace_dir(config->w));
    int is_stale = !json_equal(now, *last ? *last : config->stamps);
    json_decref(*last);
    *last = now;
    return is_stale;
}

void serve_config_tell_moves(const struct serve_config *config,
                             const struct serve_config *before)
{
    const char *name;
    json_t *id;
    int n = 0;
    if (!workspace_releases(config->w))
        return;
    json_object_foreach(config->stamps, name, id)
    {
        if (is_same(config, before, name) || n++ >= TOLD)
            continue;
        const char *by = json_text(config->movers, name);
        log_line(LOG_INFO, "%s%s: release %d, before %d%s%.200s%s",
                 *name ? "client " : "the server", name, (int)json_integer_value(id),
                 (int)workspace_release(before->w, name), by ? " (by " : "", by ? by : "",
                 by ? ")" : "");
    }
    if (n > TOLD)
        log_line(LOG_INFO, "and %d clients more have another release", n - TOLD);
}

struct mover { /* of a client that has another release */
    int64_t release;
    char *text; /* NULL: not known */
};

static int find_mover(void *arg, const struct release_move *m)
{
    struct mover *by = arg;
    if (m->new != by->release || m->old == m->new)
        return 0;
    by->text = m->why ? xasprintf("%s: %s", m->by, m->why) : xstrdup(m->by);
    return 1;
}

/* Reads now, on this thread, what serve_config_tell_moves says on the loop's. */
static void find_movers(struct serve_config *config, const struct serve_config *before)
{
    struct store *store = workspace_store(config->w, NULL);
    const char *name;
    json_t *id;
    int n = 0;
    config->movers = json_object();
    if (!store || !workspace_releases(config->w))
        return;
    json_object_foreach(config->stamps, name, id)
    {
        struct mover by = {.release = json_integer_value(id)};
        if (is_same(config, before, name) || n++ >= TOLD)
            continue;
        release_each_move(store_db(store), name, find_mover, &by, NULL);
        if (by.text)
            json_object_set_new(config->movers, name, json_string(by.text));
        free(by.text);
    }
}

/* Opens the workspace. */
static struct workspace *open_view(const char *dir, const struct serve_config *before,
                                   int dev, struct err *e)
{
    struct workspace *w = workspace_open(dir, 0, e);
    if (!w || dev)
        return w;
    struct err why;
    int rc = workspace_use_releases(w, e);
    if (rc == 0 && workspace_check_releases(w, before ? before->w : NULL, &why) != 0) {
        /* at the start there is nothing better: the other clients go on */
        if (before && e)
            *e = why;
        if (before)
            rc = -1;
        else
            log_line(LOG_ERROR, "%s", why.text);
    }
    if (rc == 0)
        return w;
    workspace_close(w);
    return NULL;
}

struct serve_config *serve_config_open(const char *dir, struct serve_config *before,
                                       int dev, struct loop *loop, struct err *e)
{
    struct serve_config *config = xcalloc(1, sizeof *config);
    config->w = open_view(dir, before, dev, e);
    if (config->w)
        config->stamps = workspace_releases(config->w)
                             ? json_copy((json_t *)workspace_releases(config->w))
                             : file_stamps(workspace_dir(config->w));
    if (config->w && before)
        take_clients(config, before);
    if (!config->w || load_all(config, dev && before, e) != 0 ||
        !workspace_vault(config->w, e) || !workspace_store(config->w, e) ||
        !(config->httpc = workspace_http_new(config->settings, loop, e))) {
        serve_config_free(config);
        return NULL;
    }
    if (before)
        find_movers(config, before);
    config->grants = grants_new(config->w, config->httpc);
    find_callbacks(config);
    config->cert = below_workspace(config, "tls_certificate");
    config->key = below_workspace(config, "tls_key");
    return config;
}

void serve_config_free(struct serve_config *config)
{
    if (!config)
        return;
    grants_free(config->grants);
    httpc_free(config->httpc);
    for (size_t i = 0; i < config->ncallbacks; i++)
        free(config->callbacks[i]);
    free(config->callbacks);
    free(config->cert);
    free(config->key);
    workspace_close(config->w);
    json_decref(config->stamps);
    json_decref(config->movers);
    free(config);
}

struct workspace *serve_config_workspace(struct serve_config *config)
{
    return config->w;
}

size_t serve_config_clients(const struct serve_config *config)
{
    return config->nclients;
}

const char *serve_config_listen(const struct serve_config *config)
{
    const char *listen = json_text(config->settings, "listen");
    return listen ? listen : "127.0.0.1:8080";
}

int serve_config_tls(const struct serve_config *config, struct httpd_tls *out)
{
    *out = (struct httpd_tls){config->cert, config->key};
    return config->cert != NULL;
}

int serve_config_is_callback(const struct serve_config *config, const char *path)
{
    for (size_t i = 0; i < config->ncallbacks; i++)
        if (strcmp(path, config->callbacks[i]) == 0)
            return 1;
    return 0;
}

/* Warns when other clients use the company too: the consent may have been given for the
 * wrong one. */
static void warn_shared(const struct serve_config *config, const char *client,
                        const char *app, const char *id)
{
    struct store *store = workspace_store(config->w, NULL);
    char *others = store ? audience_others(store, app, id, client) : NULL;
    if (others)
        log_line(LOG_WARN,
                 "%s is also the company of %s: each of its messages is now for %s too; "
                 "if the wrong company was chosen: foyer disconnect %s%s%s",
                 id, others, client, client, str_eq(app, "front") ? "" : " --app ",
                 str_eq(app, "front") ? "" : app);
    free(others);
}

static void on_consent(void *arg, const char *client, const char *app, const char *id,
                       const char *name, const struct err *e)
{
    struct serve_config *config = arg;
    config->consents--;
    log_context(0, client);
    if (e)
        log_line(LOG_WARN, "%s%s%s", client ? client : "", client ? ": " : "", e->text);
    else
        log_line(LOG_INFO, "client %s is connected to %s (%s)", client, name, id);
    if (!e)
        warn_shared(config, client, app, id);
    log_context(0, NULL);
}

void serve_config_consent(struct serve_config *config, struct httpd_request *r)
{
    config->consents++;
    loopguard_lift("a consent");
    consent_answer(config->w, config->grants, r, 1, on_consent, config);
    loopguard_restore();
}

int serve_config_busy(const struct serve_config *config)
{
    return config->consents;
}
