#include "workspace/workspace_check.h"

#include <stdlib.h>
#include <string.h>

#include "workspace/local_settings.h"
#include "base/str.h"
#include "core/connector_check.h"
#include "core/settings.h"
#include "vm/data.h"
#include "vm/lua_lines.h"

static int line_of(const struct buf *text, const char *field)
{
    return lua_lines_line(text->data ? text->data : "", text->len, field);
}

/* Splits MESSAGE, an error about the file NAME: sets *LINE and returns the text behind
 * the place. It begins with "cannot read NAME:LINE: ", or with "cannot read NAME: " and
 * then perhaps Lua's "NAME:LINE: ", where a long name is cut at its beginning, or a
 * field. */
static const char *split_place(const char *message, const char *name,
                               const struct buf *text, int *line)
{
    static const char cannot[] = "cannot read ";
    size_t n = strlen(name);
    if (str_starts(message, cannot) && str_starts(message + strlen(cannot), name))
        message += strlen(cannot);
    if (str_starts(message, name) && str_starts(message + n, ": "))
        message += n + 2;
    *line = 1;
    const char *colon = strstr(message, ": ");
    const char *start = colon;
    while (start && start > message && start[-1] >= '0' && start[-1] <= '9')
        start--;
    if (start && start > message && start < colon && start[-1] == ':' &&
        (str_starts(message, name) || str_starts(message, "..."))) {
        *line = (int)strtol(start, NULL, 10);
        return colon + 2;
    }
    if (colon && text) {
        char *field = xmemdup0(message, (size_t)(colon - message));
        *line = line_of(text, field);
        free(field);
    }
    return message;
}

struct all_problems {
    workspace_problem *fn;
    void *arg;
    const char *name;
    const struct buf *text;
};

static void each_problem(void *arg, const char *field, const char *sentence)
{
    struct all_problems *all = arg;
    all->fn(all->arg, all->name, line_of(all->text, field), field, sentence);
}

static int report_unreadable(const char *name, const struct buf *text,
                             const struct err *e, workspace_problem *problem, void *arg)
{
    int line;
    const char *rest = split_place(e->text, name, text, &line);
    char *sentence =
        xasprintf("%s%s", strstr(rest, " near ") ? "syntax error: " : "", rest);
    problem(arg, name, line, "", sentence);
    free(sentence);
    return 1;
}

/* Reports apps with a client_id and no client_secret. This is not an error of the
 * settings file: webhooks of such an app are accepted, and `foyer connect` names the
 * missing field. */
static int check_half_apps(struct workspace *w, const json_t *blocks, const char *prefix,
                           struct all_problems *all)
{
    const char *app;
    json_t *block;
    int n = 0;
    json_object_foreach((json_t *)blocks, app, block)
    {
        if (!json_object_get(block, "client_id") ||
            json_object_get(block, "client_secret") || !workspace_connector(w, app, NULL))
            continue;
        char *field = xasprintf("%s%s.client_id", prefix, app);
        each_problem(all, field,
                     "is half an app: client_secret is missing; both are in the app's "
                     "OAuth settings");
        free(field);
        n++;
    }
    return n;
}

/* Reports the groups of a client that foyer.lua does not have. */
static int check_groups(struct workspace *w, const json_t *tree, struct all_problems *all)
{
    const json_t *settings = workspace_settings(w, NULL);
    int problems = 0;
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(tree, "groups"), i, name)
    {
        const char *group = json_string_value(name);
        if (!group || !str_is_name(group) ||
            json_object_get(json_object_get(settings, "groups"), group))
            continue;
        const char *near = settings_near_group(settings, group);
        char *field = xasprintf("groups[%zu]", i + 1);
        char *sentence =
            near ? xasprintf("foyer.lua has no group \"%.64s\"; did you mean \"%s\"?",
                             group, near)
                 : xasprintf("foyer.lua has no group \"%.64s\"; groups = { [\"%.64s\"] "
                             "= {} } there makes one",
                             group, group);
        each_problem(all, field, sentence);
        free(sentence);
        free(field);
        problems++;
    }
    return problems;
}

/* GROUPS 1: also whether foyer.lua has the groups. */
static int check_file(struct workspace *w, const char *client, const char *name,
                      enum settings_kind kind, int optional, int groups,
                      workspace_problem *problem, void *arg)
{
    struct buf text;
    struct err e = {0};
    int n = 0;
    json_t *tree = workspace_read_file(w, client, name, &text, &e);
    if (!tree) {
        if (!optional || e.kind != ERR_NOT_FOUND)
            n = report_unreadable(name, &text, &e, problem, arg);
    } else {
        struct all_problems all = {problem, arg, name, &text};
        const struct settings_app *apps;
        size_t napps;
        /* a connector that cannot be read is workspace_check_connectors' to report */
        if (workspace_apps(w, &apps, &napps, &e) == 0)
            n = settings_check(tree, kind, apps, napps, each_problem, &all);
        if (kind == SETTINGS_WORKSPACE && !str_eq(name, LOCAL_SETTINGS))
            n += check_half_apps(w, json_object_get(tree, "apps"), "apps.", &all);
        else if (kind == SETTINGS_CLIENT)
            n += check_half_apps(w, tree, "", &all) +
                 (groups ? check_groups(w, tree, &all) : 0);
    }
    json_decref(tree);
    buf_free(&text);
    return n;
}

int workspace_check(struct workspace *w, workspace_problem *problem, void *arg)
{
    return check_file(w, NULL, "foyer.lua", SETTINGS_WORKSPACE, 0, 0, problem, arg) +
           check_file(w, NULL, LOCAL_SETTINGS, SETTINGS_WORKSPACE, 1, 0, problem, arg);
}

int workspace_check_client(struct workspace *w, const char *client, int groups,
                           workspace_problem *problem, void *arg)
{
    char *name = xasprintf("clients/%s/client.lua", client);
    char *ids = xasprintf("clients/%s/ids.lua", client);
    int n = check_file(w, client, name, SETTINGS_CLIENT, 0, groups, problem, arg) +
            check_file(w, client, ids, SETTINGS_IDS, 1, 0, problem, arg);
    free(name);
    free(ids);
    return n;
}

struct connector_check {
    struct workspace *w;
    workspace_problem *fn;
    void *arg;
    int problems;
};

static void check_connectors_of(void *arg, const char *app)
{
    struct connector_check *check = arg;
    char *name = xasprintf("lua/%s/connector.lua", app);
    for (int layer = OVERLAY_WORKSPACE; layer < OVERLAY_LAYERS; layer++) {
        struct err e;
        struct overlay_file *file = overlay_find(workspace_overlay(check->w), NULL, name,
                                                 (enum overlay_layer)layer, &e);
        if (!file && e.kind != ERR_NOT_FOUND)
            check->problems += report_unreadable(name, NULL, &e, check->fn, check->arg);
        if (!file)
            break;
        layer = (int)file->layer;
        struct buf text = {.data = (char *)file->text, .len = file->len}; /* only read */
        struct all_problems all = {check->fn, check->arg, file->path, &text};
        json_t *tree = data_load(file->text, file->len, file->path, &e);
        check->problems +=
            tree ? connector_check(tree, each_problem, &all)
                 : report_unreadable(file->path, &text, &e, check->fn, check->arg);
        json_decref(tree);
    }
    free(name);
}

int workspace_check_connectors(struct workspace *w, workspace_problem *problem, void *arg)
{
    struct connector_check check = {w, problem, arg, 0};
    overlay_each(workspace_overlay(w), NULL, "lua", check_connectors_of, &check);
    return check.problems;
}
