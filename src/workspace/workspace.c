#include "workspace/workspace.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workspace/local_settings.h"
#include "workspace/settings_file.h"
#include "workspace/view.h"
#include "base/loopguard.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/connector_check.h"
#include "core/limits.h"
#include "store/sealing.h"
#include "core/settings.h"
#include "store/store_secret.h"
#include "store/secret_usage.h"
#include "vm/data.h"
#include "vm/lua_lines.h"

struct workspace {
    char *dir;  /* NULL: none */
    char *home; /* the directory that has state/; NULL: none */
    struct overlay *overlay;
    struct view *view; /* NULL: the files of the directory */
    int is_live;       /* 1: workspace_use_releases was called */
    struct store *store;
    struct vault *vault;
    struct live *live;
    struct presence *presence;
    json_t *settings; /* "", or a release's number -> foyer.lua's */
    json_t *local;    /* foyer.local.lua; NULL: there is none, or it was not read */
    int has_local;
    json_t *clients;           /* name -> merged settings */
    json_t *connectors;        /* app -> connector */
    struct settings_app *apps; /* workspace_apps */
    size_t napps;
    int has_apps;
    int lenient;            /* workspace_be_lenient */
    struct limits limits;   /* see workspace_limits */
    const char *tried_name; /* of workspace_try_secret */
    const struct buf *tried_value;
};

static int has_settings(const char *dir)
{
    char *file = path_join(dir, "foyer.lua");
    int found = path_is_taken(file);
    free(file);
    return found;
}

static char *find_dir(void)
{
    char *dir = getcwd(NULL, 0);
    while (dir) {
        if (has_settings(dir))
            return dir;
        char *slash = strrchr(dir, '/');
        if (!slash || slash == dir)
            break;
        *slash = '\0';
    }
    free(dir);
    return NULL;
}

struct workspace *workspace_open(const char *dir, int optional, struct err *e)
{
    char *found = dir ? realpath(dir, NULL) : find_dir();
    if (dir && !found) {
        err_set(e, ERR_USAGE, "cannot open the workspace %s: %s", dir, strerror(errno));
        return NULL;
    }
    if (found && !has_settings(found)) {
        err_set(e, ERR_USAGE,
                "cannot open the workspace %s: it has no foyer.lua; make one with "
                "`foyer init DIR`",
                dir);
        free(found);
        return NULL;
    }
    if (!found && !optional) {
        err_set(e, ERR_USAGE,
                "cannot find a workspace: neither here nor above is a foyer.lua; "
                "name one with -w DIR, or make one with `foyer init DIR`");
        return NULL;
    }
    struct workspace *w = xcalloc(1, sizeof *w);
    w->dir = found;
    w->home = xstrdup_null(found);
    w->overlay = overlay_new(found);
    w->settings = json_object();
    w->clients = json_object();
    w->connectors = json_object();
    return w;
}

int workspace_use_releases(struct workspace *w, struct err *e)
{
    struct err why = {0};
    char *path = store_path(w->dir ? w->dir : ".");
    int has_store = w->dir && path_exists(path);
    free(path);
    w->is_live = 1;
    if (!has_store || w->view)
        return 0;
    if (!workspace_store(w, e))
        return -1;
    w->view = view_open(store_db(w->store), &why);
    if (!w->view && why.kind != ERR_NONE) {
        if (e)
            *e = why;
        return -1;
    }
    if (w->view) {
        struct overlay_releases releases = view_for_overlay(w->view);
        overlay_use_releases(w->overlay, &releases);
    }
    return 0;
}

void workspace_use_snapshot(struct workspace *w, struct snapshot *s)
{
    w->view = view_of_snapshot(s);
    struct overlay_releases releases = view_for_overlay(w->view);
    overlay_use_releases(w->overlay, &releases);
}

struct workspace *workspace_reopen(const struct workspace *w, struct err *e)
{
    struct workspace *now = workspace_open(w->dir, 0, e);
    if (now && w->is_live && workspace_use_releases(now, e) != 0) {
        workspace_close(now);
        now = NULL;
    }
    return now;
}

int64_t workspace_release(const struct workspace *w, const char *client)
{
    return json_integer_value(
        json_object_get(workspace_releases(w), client ? client : ""));
}

const json_t *workspace_releases(const struct workspace *w)
{
    return w->view ? view_releases(w->view) : NULL;
}

int workspace_check_releases(struct workspace *w, const struct workspace *before,
                             struct err *e)
{
    return w->view ? view_check(w->view, before ? workspace_releases(before) : NULL, e)
                   : 0;
}

int64_t workspace_generation(const struct workspace *w)
{
    return w->view ? view_generation(w->view) : 0;
}

static void apps_free(struct settings_app *apps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((char *)apps[i].name);
    free(apps);
}

void workspace_close(struct workspace *w)
{
    if (!w)
        return;
    presence_close(w->presence);
    live_free(w->live);
    view_free(w->view);
    store_close(w->store);
    vault_close(w->vault); /* wipes the key */
    overlay_free(w->overlay);
    apps_free(w->apps, w->napps);
    json_decref(w->settings);
    json_decref(w->local);
    json_decref(w->clients);
    json_decref(w->connectors);
    free(w->home);
    free(w->dir);
    free(w);
}

void workspace_use_copy(struct workspace *w, const char *home)
{
    free(w->home);
    w->home = xstrdup(home);
}

const char *workspace_dir(const struct workspace *w)
{
    return w->dir;
}

struct overlay *workspace_overlay(struct workspace *w)
{
    return w->overlay;
}

void workspace_be_lenient(struct workspace *w)
{
    w->lenient = 1;
}

/* ---- settings ---- */

/* The first problem of a file becomes the error. */
struct first_problem {
    struct err *e;
    const char *name, *text;
    size_t len;
    int seen;
};

static void on_problem(void *arg, const char *field, const char *sentence)
{
    struct first_problem *first = arg;
    if (first->seen++)
        return;
    err_set(first->e, ERR_SETTINGS, "cannot use %s:%d: %s%s%s", first->name,
            lua_lines_line(first->text, first->len, field), field, *field ? ": " : "",
            sentence);
}

struct app_list {
    struct workspace *w;
    struct settings_app *apps;
    size_t n;
    struct err *e;
    int failed;
};

static void add_app(void *arg, const char *name)
{
    struct app_list *list = arg;
    char *path = xasprintf("lua/%s/connector.lua", name);
    struct overlay_file *file =
        overlay_find(list->w->overlay, NULL, path, OVERLAY_CLIENT, NULL);
    free(path);
    if (!file || list->failed)
        return;
    const json_t *connector = workspace_connector(list->w, name, list->e);
    if (!connector) {
        list->failed = 1;
        return;
    }
    array_grow(list->apps, list->n);
    list->apps[list->n++] =
        (struct settings_app){xstrdup(name), json_object_get(connector, "ids"),
                              json_text(connector, "identity.prefix")};
}

int workspace_apps(struct workspace *w, const struct settings_app **apps, size_t *n,
                   struct err *e)
{
    if (!w->has_apps) {
        struct app_list list = {.w = w, .e = e};
        overlay_each(w->overlay, NULL, "lua", add_app, &list);
        if (list.failed) {
            apps_free(list.apps, list.n);
            return -1;
        }
        w->apps = list.apps;
        w->napps = list.n;
        w->has_apps = 1;
    }
    *apps = w->apps;
    *n = w->napps;
    return 0;
}

json_t *workspace_read_file(struct workspace *w, const char *client, const char *name,
                            struct buf *text, struct err *e)
{
    if (!w->view || str_eq(name, LOCAL_SETTINGS))
        return settings_file_read(w->dir, name, text, e);
    buf_init(text, limits_default.script_bytes);
    if (view_read(w->view, client, name, text, e) != 0)
        return NULL;
    return data_load(buf_str(text), text->len, name, e);
}

/* Returns a checked tree; NULL with ERR_NOT_FOUND when there is no file. */
static json_t *load_settings(struct workspace *w, const char *client, const char *name,
                             enum settings_kind kind, struct err *e)
{
    struct buf text;
    json_t *tree = workspace_read_file(w, client, name, &text, e);
    if (w->lenient) {
        if (!tree && e->kind != ERR_NOT_FOUND)
            tree = json_object();
    } else if (tree) {
        struct first_problem first = {e, name, buf_str(&text), text.len, 0};
        const struct settings_app *apps;
        size_t napps;
        if (workspace_apps(w, &apps, &napps, e) != 0 ||
            settings_check(tree, kind, apps, napps, on_problem, &first) != 0) {
            json_decref(tree);
            tree = NULL;
        }
    }
    buf_free(&text);
    return tree;
}

/* Reads foyer.local.lua once. -1 with E when it has a mistake, unless the releases are in
 * force: a mistake on the disk changes nothing that runs. */
static int read_local(struct workspace *w, struct err *e)
{
    int is_live = w->view && !w->lenient;
    struct err why = {0};
    if (w->has_local)
        return 0;
    w->local = load_settings(w, NULL, LOCAL_SETTINGS, SETTINGS_WORKSPACE, &why);
    if (is_live ? local_settings_keep(w->dir, &w->local, &why) != 0
                : !w->local && why.kind != ERR_NOT_FOUND)
        return err_set(e, why.kind, "%s", why.text);
    w->has_local = 1;
    return 0;
}

const json_t *workspace_settings_for(struct workspace *w, const char *client,
                                     struct err *e)
{
    struct err why = {.kind = ERR_NONE};
    struct err *to = e ? e : &why;
    char key[24] = "";
    int64_t id = workspace_release(w, client);
    if (id && id != workspace_release(w, NULL))
        snprintf(key, sizeof key, "%" PRId64, id);
    else
        client = NULL;
    json_t *tree = json_object_get(w->settings, key);
    if (tree)
        return tree;
    tree = w->dir ? load_settings(w, client, "foyer.lua", SETTINGS_WORKSPACE, to)
                  : json_object();
    if (tree && w->dir && read_local(w, to) != 0) {
        json_decref(tree);
        return NULL;
    }
    if (tree)
        json_object_set_new(w->settings, key, local_settings_merge(tree, w->local));
    return json_object_get(w->settings, key);
}

const json_t *workspace_settings(struct workspace *w, struct err *e)
{
    return workspace_settings_for(w, NULL, e);
}

const struct limits *workspace_limits(struct workspace *w)
{
    const json_t *settings = workspace_settings(w, NULL);
    const struct limits *given = &limits_default;
    w->limits = *given;
    w->limits.record_bytes =
        settings_limit_bytes(settings, "record_mib", given->record_bytes);
    w->limits.store_bytes =
        settings_limit_bytes(settings, "store_mib", given->store_bytes);
    return &w->limits;
}

struct client_names {
    char **list;
    size_t n;
};

static int add_name(void *arg, const char *name)
{
    struct client_names *names = arg;
    array_grow(names->list, names->n);
    names->list[names->n++] = xstrdup(name);
    return 0;
}

static void add_name_of(void *arg, const char *client)
{
    add_name(arg, client);
}

static int is_on_disk(const struct workspace *w, const char *client)
{
    char *name = xasprintf("%s/clients/%s/client.lua", w->dir ? w->dir : ".", client);
    int there = path_is_taken(name);
    free(name);
    return there;
}

static void unknown_client(struct workspace *w, const char *client, struct err *e)
{
    if (w->view && is_on_disk(w, client)) {
        err_set(e, ERR_NOT_FOUND,
                "client \"%.64s\" is in no release yet, only on the disk: `foyer deploy` "
                "makes a release of it, --dev uses the files",
                client);
        return;
    }
    struct client_names names = {0};
    char *dir = path_join(w->dir ? w->dir : ".", "clients");
    if (w->view)
        view_each_client(w->view, add_name_of, &names);
    else
        path_each(dir, add_name, &names);
    const char *best = str_nearest(client, (const char *const *)names.list, names.n);
    if (best && strcmp(best, client) == 0)
        best = NULL; /* the directory exists, without a client.lua */
    err_set(e, ERR_NOT_FOUND,
            "there is no client \"%.64s\": clients/%.64s/client.lua is missing"
            "%s%s%s",
            client, client, best ? "; did you mean \"" : "", best ? best : "",
            best ? "\"?" : "");
    for (size_t i = 0; i < names.n; i++)
        free(names.list[i]);
    free(names.list);
    free(dir);
}

const json_t *workspace_client(struct workspace *w, const char *client, struct err *e)
{
    json_t *hit = json_object_get(w->clients, client);
    if (hit)
        return hit;
    struct err why = {0};
    if (!str_is_name(client)) {
        err_set(e, ERR_USAGE,
                "\"%.64s\" is not a client's name: letters, digits, '-', '_' and '.'",
                client);
        return NULL;
    }
    char *name = xasprintf("clients/%s/client.lua", client);
    char *ids_name = xasprintf("clients/%s/ids.lua", client);
    json_t *merged = NULL;
    json_t *tree = load_settings(w, client, name, SETTINGS_CLIENT, &why);
    if (!tree && why.kind == ERR_NOT_FOUND) {
        unknown_client(w, client, &why);
    } else if (tree && w->lenient && json_object_size(tree) == 0) {
        /* client.lua cannot be read: with ids.lua alone, it would seem to be a client
         * without a name or vars */
        merged = tree;
    } else if (tree) {
        json_t *ids = load_settings(w, client, ids_name, SETTINGS_IDS, &why);
        if (ids || why.kind == ERR_NOT_FOUND)
            merged = settings_merge_ids(tree, ids);
        json_decref(ids);
        json_decref(tree);
    }
    free(name);
    free(ids_name);
    if (!merged) {
        if (e)
            *e = why;
        return NULL;
    }
    json_object_set_new(w->clients, client, merged);
    return merged;
}

json_t *workspace_client_file(struct workspace *w, const char *client, struct err *e)
{
    char *name = xasprintf("clients/%s/client.lua", client);
    json_t *tree = load_settings(w, client, name, SETTINGS_CLIENT, e);
    free(name);
    return tree;
}

void workspace_take_client(struct workspace *w, const struct workspace *from,
                           const char *client)
{
    json_t *settings = json_object_get(from->clients, client);
    if (settings)
        json_object_set(w->clients, client, settings);
}

int workspace_has_client(struct workspace *w, const char *client)
{
    const struct manifest *files;
    if (!str_is_name(client))
        return 0;
    if (!w->view)
        return is_on_disk(w, client);
    if (view_release(w->view, client, &files, NULL) <= 0)
        return 0;
    char *name = xasprintf("clients/%s/client.lua", client);
    int there = manifest_hash(files, name) != NULL;
    free(name);
    return there;
}

/* For path_each: stops at the first directory. */
static int find_directory(void *arg, const char *name)
{
    char *path = path_join(arg, name);
    int found = path_is_dir(path);
    free(path);
    return found;
}

/* Returns 1 when FILES have one in a directory of DIR. */
static int has_deeper(const struct manifest *files, const char *dir)
{
    size_t n = strlen(dir);
    for (size_t i = manifest_from(files, dir); i < manifest_count(files); i++) {
        const char *path = manifest_line(files, i)->path;
        if (!str_starts(path, dir))
            return 0;
        if (strchr(path + n, '/'))
            return 1;
    }
    return 0;
}

int workspace_has_files(struct workspace *w, const char *client)
{
    const struct manifest *files = NULL;
    char *dir = w->view ? xasprintf("clients/%s/", client)
                        : xasprintf("%s/clients/%s", w->dir ? w->dir : ".", client);
    int found;
    if (!w->view)
        found = path_each(dir, find_directory, dir);
    else
        found = view_release(w->view, client, &files, NULL) > 0 && has_deeper(files, dir);
    free(dir);
    return found;
}

struct each_client {
    struct workspace *w;
    void (*fn)(void *arg, const char *client);
    void *arg;
};

static int on_client(void *arg, const char *name)
{
    struct each_client *each = arg;
    if (workspace_has_client(each->w, name))
        each->fn(each->arg, name);
    return 0;
}

static void on_live_client(void *arg, const char *name)
{
    on_client(arg, name);
}

void workspace_each_client(struct workspace *w, void (*fn)(void *arg, const char *client),
                           void *arg)
{
    struct each_client each = {w, fn, arg};
    if (w->view)
        view_each_client(w->view, on_live_client, &each);
    if (w->view || !w->dir)
        return;
    char *dir = path_join(w->dir, "clients");
    path_each(dir, on_client, &each);
    free(dir);
}

/* ---- connectors ---- */

static json_t *load_connector(const struct overlay_file *file, struct err *e)
{
    json_t *connector = data_load_file(file, e);
    struct first_problem first = {e, file->path, file->text, file->len, 0};
    if (connector && connector_check(connector, on_problem, &first) > 0) {
        json_decref(connector);
        connector = NULL;
    }
    return connector;
}

const json_t *workspace_connector(struct workspace *w, const char *app, struct err *e)
{
    json_t *hit = json_object_get(w->connectors, app);
    if (hit)
        return hit;
    if (!str_is_name(app)) {
        err_set(e, ERR_INVALID, "\"%.64s\" is not an app's name", app);
        return NULL;
    }
    /* never from a client's layer: the agency decides which hosts a token is sent to */
    char *name = xasprintf("lua/%s/connector.lua", app);
    struct err why = {0};
    struct overlay_file *file =
        overlay_find(w->overlay, NULL, name, OVERLAY_WORKSPACE, &why);
    json_t *connector = file ? load_connector(file, e) : NULL;
    if (w->lenient && !connector && why.kind != ERR_NOT_FOUND) {
        /* the built-in one serves for the other checks */
        int below = file ? file->layer + 1 : OVERLAY_BUILTIN;
        file = overlay_find(w->overlay, NULL, name, (enum overlay_layer)below, &why);
        connector = file ? load_connector(file, e) : json_object();
    }
    free(name);
    if (!connector && !file) {
        if (why.kind == ERR_NOT_FOUND)
            err_set(e, ERR_NOT_FOUND,
                    "there is no app \"%s\": lua/%s/connector.lua is missing", app, app);
        else if (e)
            *e = why;
        return NULL;
    }
    if (connector)
        json_object_set_new(w->connectors, app, connector);
    return connector;
}

/* ---- connections and secrets ---- */

struct store *workspace_store(struct workspace *w, struct err *e)
{
    if (!w->store && !w->dir)
        err_set(e, ERR_USAGE, "cannot open the store: no workspace");
    else if (!w->store)
        w->store = store_open(w->home, e);
    return w->store;
}

struct vault *workspace_vault(struct workspace *w, struct err *e)
{
    if (!w->vault)
        w->vault = vault_open(e);
    return w->vault;
}

struct live *workspace_live(struct workspace *w)
{
    if (!w->live)
        w->live = live_new(w->home ? w->home : ".");
    return w->live;
}

struct presence *workspace_presence(struct workspace *w, struct err *e)
{
    if (!w->presence && (w->presence = presence_open(w->home ? w->home : ".", e)))
        presence_start(w->presence);
    return w->presence;
}

struct vault *workspace_sealer(struct workspace *w, struct err *e)
{
    char id[VAULT_ID_SIZE];
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_vault(w, e) : NULL;
    if (!vault || sealing_key(store, id, e) != 0)
        return NULL;
    if (id[0] && strcmp(id, vault_key_id(vault)) != 0 && vault_use(vault, id, e) != 0)
        return NULL;
    return vault;
}

void workspace_try_secret(struct workspace *w, const char *name, const struct buf *value)
{
    w->tried_name = name;
    w->tried_value = value;
}

int workspace_secret(struct workspace *w, const char *name, struct buf *out,
                     struct err *e)
{
    if (w->tried_value && strcmp(w->tried_name, name) == 0)
        return buf_add(out, buf_str(w->tried_value), w->tried_value->len) == 0
                   ? 0
                   : err_set(e, ERR_LIMIT, "the secret \"%s\" is too long", name);
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_vault(w, e) : NULL;
    struct store_secret row;
    if (!vault)
        return -1;
    loopguard_lift("a secret of a script");
    int rc = store_secret_get(store, name, &row, e);
    loopguard_restore();
    if (rc != 0)
        return -1;
    struct vault_place place = {"secret", "", name, row.value.version};
    rc = vault_unseal(vault, &place, row.value.data, row.value.len, out, e);
    store_secret_fini(&row);
    struct err ignored; /* the time of use is not worth an error */
    loopguard_lift("a secret of a script");
    if (rc == 0 && secret_usage_note(workspace_live(w), name, place.version,
                                     clock_wall_ms(), &ignored) != 0)
        log_line(LOG_DEBUG, "%s", ignored.text);
    loopguard_restore();
    return rc;
}
