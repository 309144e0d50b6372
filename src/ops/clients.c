#include "ops/clients.h"

#include <stdlib.h>
#include <string.h>

#include "auth/credentials.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/credential.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "ops/deploy.h"
#include "store/activity.h"
#include "store/rollup.h"
#include "store/store_consent.h"
#include "work/mode.h"

/* ---- how clients are connected ---- */

struct links {
    struct workspace *w;
    int64_t now_ms;
    json_t *connections; /* client -> [row of each app] */
    json_t *consents;    /* client -> {app: {until, used, made_with}} */
};

static const char *state_of(const struct links *all, const char *client,
                            const struct store_connection *c)
{
    char mark[CREDENTIALS_MARK_SIZE];
    if (c->reconnect)
        return "reconnect";
    if (!c->refresh.data)
        return "token";
    int is_former = c->made_with && workspace_has_client(all->w, client) &&
                    credentials_mark(all->w, c->app, client, mark, NULL) == 0 &&
                    strcmp(mark, c->made_with) != 0;
    return is_former ? "former app" : "yes";
}

static json_t *need(json_t *tree, const char *key, json_t *empty)
{
    json_t *there = json_object_get(tree, key);
    if (there) {
        json_decref(empty);
        return there;
    }
    json_object_set_new(tree, key, empty);
    return empty;
}

static int add_connection(void *arg, const char *client, const struct store_connection *c)
{
    struct links *all = arg;
    json_t *row = json_pack("{s:s, s:s, s:s, s:f}", "app", c->app, "connected",
                            state_of(all, client, c), "id", c->id, "connected_at",
                            (double)c->created_ms / 1000);
    report_set_text(row, "company", c->company);
    json_array_append_new(need(all->connections, client, json_array()), row);
    return 0;
}

static int add_consent(void *arg, const struct store_consent *c, int used)
{
    struct links *all = arg;
    json_t *row = json_pack("{s:b, s:b}", "used", used, "valid",
                            !used && all->now_ms < c->expires_ms);
    report_set_time(row, "until_at", c->expires_ms);
    json_object_set_new(need(all->consents, c->client, json_object()), c->app, row);
    return 0;
}

static void links_fini(struct links *all)
{
    json_decref(all->connections);
    json_decref(all->consents);
}

static int links_read(struct links *all, struct workspace *w, struct err *e)
{
    struct store *store = workspace_store(w, e);
    *all = (struct links){.w = w,
                          .now_ms = clock_wall_ms(),
                          .connections = json_object(),
                          .consents = json_object()};
    if (store && store_connection_each(store, add_connection, all, e) == 0 &&
        store_consent_each(store, add_consent, all, e) == 0)
        return 0;
    links_fini(all);
    return -1;
}

/* Returns the clients other than CLIENT that are connected to the company ID: a new list.
 */
static json_t *sharing(const struct links *all, const char *client, const char *app,
                       const char *id)
{
    json_t *others = json_array(), *rows, *c;
    const char *other;
    size_t i;
    json_object_foreach(all->connections, other, rows)
    {
        json_array_foreach(rows, i, c)
        {
            if (strcmp(other, client) != 0 && str_eq(json_text(c, "app"), app) &&
                str_eq(json_text(c, "id"), id))
                json_array_append_new(others, json_string(other));
        }
    }
    return others;
}

/* Returns how CLIENT is connected to APP, as a new object. */
static json_t *link_of(const struct links *all, const char *client, const char *app)
{
    json_t *row = json_object(), *c;
    size_t i;
    json_array_foreach(json_object_get(all->connections, client), i, c)
    {
        if (strcmp(json_text_or(c, "app", ""), app) == 0)
            json_object_update(row, c);
    }
    const json_t *consent = json_object_get(json_object_get(all->consents, client), app);
    int is_valid = json_is_true(json_object_get(consent, "valid"));
    if (is_valid)
        json_object_set(row, "link_until_at", json_object_get(consent, "until_at"));
    if (!json_object_get(row, "connected"))
        json_object_set_new(row, "connected",
                            json_string(!consent   ? "no"
                                        : is_valid ? "link"
                                        : json_is_true(json_object_get(consent, "used"))
                                            ? "link failed"
                                            : "link expired"));
    if (json_text(row, "id"))
        json_object_set_new(row, "shared_with",
                            sharing(all, client, app, json_text(row, "id")));
    json_object_set_new(row, "app", json_string(app));
    return row;
}

/* ---- rows ---- */

struct listing {
    struct links links;
    const char *app;
    json_t *activity; /* client -> of store/activity.h */
    json_t *releases; /* client -> {release, differs}; NULL: there are no releases */
    struct workspace *live; /* what runs; NULL: cannot be opened */
    json_t *rows;
};

static int note_activity(void *arg, const struct activity *a)
{
    json_t *all = arg;
    json_t *row =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "events", (json_int_t)a->events, "fired",
                  (json_int_t)a->fired, "replies", (json_int_t)a->replies, "needs_you",
                  (json_int_t)(a->parked + a->undelivered), "held", (json_int_t)a->held);
    report_set_time(row, "last_event_at", a->event_ms);
    report_set_time(row, "last_reply_at", a->reply_ms);
    json_object_set_new(all, a->client, row);
    return 0;
}

static json_t *read_activity(struct workspace *w, struct err *e)
{
    struct err ignored; /* what came last is counted later */
    struct store *store = workspace_store(w, e);
    json_t *all = json_object();
    if (store)
        rollup_sweep_all(store_db(store), &ignored);
    if (store && activity_each(store_db(store), note_activity, all, e) == 0)
        return all;
    json_decref(all);
    return NULL;
}

/* Reads which release each client runs, and whether the files on the disk are others. */
static json_t *read_releases(struct workspace *w, const json_t *live)
{
    struct err ignored;
    if (!live)
        return NULL;
    const struct deploy all = {.clients = NULL};
    json_t *tree = deploy_difference(w, &all, &ignored), *out = json_object(), *row, *id;
    const char *client;
    size_t i;
    json_object_foreach((json_t *)live, client, id)
    {
        json_object_set_new(out, client, json_pack("{s:O}", "release", id));
    }
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        json_t *of = need(out, json_text_or(row, "client", ""), json_object());
        int is_same = strcmp(json_text_or(row, "state", ""), "same") == 0;
        json_object_set_new(of, "differs", json_boolean(!is_same));
    }
    json_decref(tree);
    return out;
}

/* Sets the mode of what runs, of a client in no release that of its files. */
static void add_mode(const struct listing *l, json_t *row, const char *client)
{
    static const char *const names[] = {[MODE_LIVE] = "live",
                                        [MODE_DRY_CLIENT] = "dry",
                                        [MODE_DRY_WORKSPACE] = "dry",
                                        [MODE_DRY_COPY] = "dry copy"};
    const char *why;
    struct workspace *w =
        l->live && workspace_has_client(l->live, client) ? l->live : l->links.w;
    json_object_set_new(row, "mode", json_string(names[work_mode(w, client, &why)]));
    if (!l->releases)
        return;
    const json_t *of = json_object_get(l->releases, client);
    json_object_set_new(row, "release", json_integer(json_int(of, "release")));
    if (json_object_get(of, "differs"))
        json_object_set(row, "differs", json_object_get(of, "differs"));
}

static void add_client(void *arg, const char *client)
{
    struct listing *l = arg;
    struct err why = {0};
    const json_t *settings = workspace_client(l->links.w, client, &why);
    json_t *apps = json_object_get(l->links.connections, client);
    json_t *row = link_of(&l->links, client, "front");
    const json_t *first = json_array_get(apps, 0);
    if (first && !json_object_get(row, "id")) { /* connected to other apps alone */
        json_decref(row);
        row = link_of(&l->links, client, json_text_or(first, "app", ""));
    }
    json_object_del(row, "app");
    json_object_set_new(row, "client", json_string(client));
    report_set_text(row, "name", json_text(settings, "name"));
    json_object_set_new(row, "apps", apps ? json_incref(apps) : json_array());
    const json_t *activity = json_object_get(l->activity, client);
    static const char *const counts[] = {"events", "fired", "replies", "needs_you",
                                         "held"};
    static const char *const times[] = {"last_event_at", "last_reply_at"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(row, counts[i], json_integer(json_int(activity, counts[i])));
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (json_object_get(activity, times[i]))
            json_object_set(row, times[i], json_object_get(activity, times[i]));
    const json_t *groups = json_object_get(settings, "groups");
    json_object_set_new(row, "groups",
                        json_is_array(groups) ? json_deep_copy(groups) : json_array());
    add_mode(l, row, client);
    if (!settings)
        report_set_text(row, "error", why.text);
    json_array_append_new(l->rows, row);
}

static void add_link(void *arg, const char *client)
{
    struct listing *l = arg;
    json_t *row = link_of(&l->links, client, l->app);
    json_object_set_new(row, "client", json_string(client));
    json_object_del(row, "connected_at");
    json_array_append_new(l->rows, row);
}

static void each_named(struct workspace *w, const json_t *names,
                       void (*fn)(void *arg, const char *client), void *arg)
{
    size_t i;
    json_t *name;
    if (!names)
        workspace_each_client(w, fn, arg);
    json_array_foreach(names, i, name)
    {
        fn(arg, json_string_value(name));
    }
}

static void note_name(void *arg, const char *client)
{
    json_object_set_new(arg, client, json_true());
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns the clients of the directory, and those without one that are connected or run a
 * release: a new list, by name. */
static json_t *all_names(const struct listing *l)
{
    json_t *seen = json_object(), *names = json_array(), *value;
    const char *client;
    workspace_each_client(l->links.w, note_name, seen);
    json_object_foreach(l->links.connections, client, value)
    {
        note_name(seen, client);
    }
    json_object_foreach(l->releases, client, value)
    {
        if (*client)
            note_name(seen, client);
    }
    size_t n = 0, size = json_object_size(seen);
    const char **sorted = xcalloc(size + 1, sizeof *sorted);
    json_object_foreach(seen, client, value)
    {
        sorted[n++] = client;
    }
    qsort(sorted, n, sizeof *sorted, compare_names);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(names, json_string(sorted[i]));
    free(sorted);
    json_decref(seen);
    return names;
}

json_t *clients_list(struct workspace *w, const json_t *names, struct err *e)
{
    struct listing l = {.rows = NULL};
    if (links_read(&l.links, w, e) != 0)
        return NULL;
    l.activity = read_activity(w, e);
    l.live = workspace_open(workspace_dir(w), 0, NULL);
    if (l.live && workspace_use_releases(l.live, NULL) != 0) {
        workspace_close(l.live);
        l.live = NULL;
    }
    if (l.activity) {
        l.releases = read_releases(w, l.live ? workspace_releases(l.live) : NULL);
        l.rows = json_array();
        json_t *all = names ? json_incref((json_t *)names) : all_names(&l);
        each_named(w, all, add_client, &l);
        json_decref(all);
    }
    json_decref(l.activity);
    json_decref(l.releases);
    workspace_close(l.live);
    links_fini(&l.links);
    return l.rows;
}

json_t *clients_links(struct workspace *w, const json_t *names, const char *app,
                      struct err *e)
{
    struct listing l = {.app = app};
    if (links_read(&l.links, w, e) != 0)
        return NULL;
    l.rows = json_array();
    each_named(w, names, add_link, &l);
    links_fini(&l.links);
    return l.rows;
}
