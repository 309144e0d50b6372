#include "workspace/settings_file.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/textfile.h"
#include "core/limits.h"
#include "vm/data.h"

enum { APPS_MAX = 32 };

json_t *settings_file_read(struct workspace *w, const char *name, struct buf *text,
                           struct err *e)
{
    const char *dir = workspace_dir(w);
    buf_init(text, limits_default.script_bytes);
    if (!dir) {
        err_set(e, ERR_USAGE, "cannot read %s: no workspace", name);
        return NULL;
    }
    if (textfile_read_below(dir, name, name, text, e) != 0) {
        if (e && e->kind != ERR_NOT_FOUND)
            e->kind = ERR_SETTINGS;
        return NULL;
    }
    return data_load(text->data ? text->data : "", text->len, name, e);
}

struct apps {
    struct settings_app list[APPS_MAX];
    char *names[APPS_MAX];
    size_t n;
    struct workspace *w;
    struct err *e;
    int failed;
};

static void add_app(void *arg, const char *name)
{
    struct apps *apps = arg;
    char *path = xasprintf("lua/%s/connector.lua", name);
    struct overlay_file *file =
        overlay_find(workspace_overlay(apps->w), NULL, path, LAYER_CLIENT, NULL);
    free(path);
    if (!file || apps->n >= APPS_MAX || apps->failed)
        return;
    const json_t *connector = workspace_connector(apps->w, name, apps->e);
    if (!connector) {
        apps->failed = 1;
        return;
    }
    apps->names[apps->n] = xstrdup(name);
    apps->list[apps->n] =
        (struct settings_app){apps->names[apps->n], json_object_get(connector, "ids")};
    apps->n++;
}

static int apps_read(struct workspace *w, struct apps *apps, struct err *e)
{
    *apps = (struct apps){.w = w, .e = e};
    overlay_each(workspace_overlay(w), NULL, "lua", add_app, apps);
    return apps->failed ? -1 : 0;
}

static void apps_fini(struct apps *apps)
{
    for (size_t i = 0; i < apps->n; i++)
        free(apps->names[i]);
}

int settings_file_check(struct workspace *w, const json_t *tree, enum settings_kind kind,
                        settings_problem_fn *problem, void *arg, struct err *e)
{
    struct apps apps;
    int n = -1;
    if (apps_read(w, &apps, e) != 0)
        n = -1;
    else if (kind == OF_WORKSPACE)
        n = settings_check_workspace(tree, apps.list, apps.n, problem, arg);
    else if (kind == OF_CLIENT)
        n = settings_check_client(tree, apps.list, apps.n, problem, arg);
    else
        n = settings_check_ids(tree, apps.list, apps.n, problem, arg);
    apps_fini(&apps);
    return n;
}
