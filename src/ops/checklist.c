#include "ops/checklist.h"

#include <stdlib.h>
#include <string.h>

#include "auth/credentials.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/when.h"
#include "core/jsontree.h"
#include "core/connection.h"
#include "core/credential.h"
#include "core/settings.h"
#include "ops/addresses.h"
#include "ops/clients.h"
#include "store/activity.h"

struct listing {
    struct workspace *w;
    struct report *report;
    const char *client, *app;
    const json_t *settings; /* the client's; NULL: they have a mistake */
    const json_t *connector;
    json_t *row, *link;         /* of ops/clients.h */
    json_t *of_app, *of_client; /* addresses; NULL: the app has no webhooks */
    struct activity_heard heard;
    json_t *steps;
};

/* Adds a step. TEXT says what is so, NEXT, which may be NULL, what a person does when it
 * is not done; both are freed. Returns the step, borrowed. */
static json_t *add(struct listing *l, const char *step, int done, char *text, char *next)
{
    json_t *row = json_pack("{s:s, s:b, s:b}", "step", step, "done", done, "optional", 0);
    report_set_text(row, "text", text);
    if (!done)
        report_set_text(row, "todo", next);
    json_array_append_new(l->steps, row);
    free(text);
    free(next);
    return row;
}

/* Returns "3m ago", a new string. */
static char *ago(int64_t ms)
{
    char text[64];
    when_format_duration((double)(clock_wall_ms() - ms) / 1000, text);
    return xasprintf("%s ago", text);
}

static int64_t ms_of(const json_t *row, const char *key)
{
    return (int64_t)(json_number_value(json_object_get(row, key)) * 1000);
}

/* ---- the steps ---- */

/* Replies say it to customers. */
static void add_name(struct listing *l)
{
    const char *name = json_text(l->settings, "name");
    int is_given = name && strcmp(name, l->client) != 0;
    if (!l->settings)
        return;
    json_t *step = add(
        l, "name", is_given, xasprintf("customers read \"%s\"", name ? name : l->client),
        xasprintf("`name` in clients/%s/client.lua, unless that is right", l->client));
    json_object_set_new(step, "optional", json_true());
}

static void add_settings(struct listing *l)
{
    const char *why = json_text(l->row, "error");
    add(l, "settings", l->settings != NULL,
        why ? xstrdup(why) : xasprintf("clients/%s/client.lua", l->client),
        xasprintf("foyer check %s", l->client));
}

static char *link_todo(const struct listing *l, const char *command, int is_open)
{
    if (credential_need(l->connector) != CREDENTIAL_CONSENT)
        return xstrdup(command);
    return is_open ? xasprintf("an administrator of its company opens the link, and "
                               "allows it; a new one: %s --link",
                               command)
                   : xasprintf("%s --link, and an administrator of its company opens the "
                               "link",
                               command);
}

/* Returns ", which c40 and c41 use too", a new text, or NULL. */
static char *shared_text(const struct listing *l)
{
    const json_t *others = json_object_get(l->link, "shared_with");
    size_t i, n = json_array_size(others);
    struct buf names;
    json_t *other;
    if (n == 0)
        return NULL;
    buf_init(&names, 4096);
    json_array_foreach(others, i, other)
    {
        buf_addf(&names, "%s%s",
                 !i           ? ""
                 : i + 1 == n ? " and "
                              : ", ",
                 json_string_value(other));
    }
    char *text = xasprintf(", the company of %s too: what comes there is for each",
                           buf_str(&names));
    buf_free(&names);
    return text;
}

static void add_connected(struct listing *l)
{
    const char *state = json_text_or(l->link, "connected", "no");
    int is_former = strcmp(state, "former app") == 0;
    int is_done = is_former || strcmp(state, "yes") == 0 || strcmp(state, "token") == 0;
    char *command = connection_command(l->client, l->app), *text = NULL, *todo = NULL;
    char *shared = shared_text(l);
    char until[64] = "";
    if (json_object_get(l->link, "link_until_at"))
        when_format_duration(
            (double)(ms_of(l->link, "link_until_at") - clock_wall_ms()) / 1000, until);
    if (is_done)
        text = xasprintf("to %s (%s)%s%s%s%s", json_text_or(l->link, "company", ""),
                         json_text_or(l->link, "id", ""), shared ? shared : "",
                         strcmp(state, "token") == 0 ? ", by an API token" : "",
                         is_former ? ", by the former app: a new consent moves it to the "
                                     "app of the settings"
                                   : "",
                         *until ? ", a new link is open" : "");
    else if (strcmp(state, "reconnect") == 0)
        text = xstrdup("its grant is gone");
    else if (*until)
        text = xasprintf("a link is open, for %s more", until);
    else
        text = xstrdup(strcmp(state, "link expired") == 0  ? "the link has expired"
                       : strcmp(state, "link failed") == 0 ? "the link was followed, but "
                                                             "no connection came of it"
                                                           : "not yet");
    struct err why = {0};
    struct credentials by = {.where = NULL};
    if (!is_done && credential_need(l->connector) == CREDENTIAL_CONSENT &&
        credentials_open(l->w, l->app, l->client, &by, &why) != 0)
        todo = xstrdup(why.text);
    else
        todo = link_todo(l, command, *until != 0);
    credentials_fini(&by);
    add(l, "connected", is_done, text, todo);
    free(shared);
    free(command);
}

/* Counts the names of ids that the settings have. */
static size_t count_names(const struct listing *l)
{
    const json_t *block = settings_client_app(l->settings, l->app);
    const char *kind;
    json_t *id;
    size_t n = 0;
    json_object_foreach((json_t *)json_at(l->connector, "ids"), kind, id)
    {
        n += json_object_size(json_object_get(block, json_text_or(id, "names", "")));
    }
    return n;
}

static void add_ids(struct listing *l)
{
    size_t n = count_names(l);
    if (json_at(l->connector, "ids"))
        add(l, "ids", n > 0,
            n ? xasprintf("%zu names", n) : xstrdup("no names for its ids yet"),
            xasprintf("foyer ids %s --write%s%s", l->client,
                      strcmp(l->app, "front") == 0 ? "" : " --app ",
                      strcmp(l->app, "front") == 0 ? "" : l->app));
}

static void add_help(json_t *step, const json_t *address)
{
    const char *url = json_text(address, "url");
    json_t *help = json_array();
    char *line = xasprintf("URL: %s%s", url ? url : "https://YOUR-HOST",
                           url ? "" : json_text_or(address, "path", ""));
    json_array_append_new(help, json_string(line));
    json_array_extend(help, json_object_get(address, "help"));
    json_object_set_new(step, "help", help);
    free(line);
}

/* Adds the keys that sign what comes. */
static void add_keys(struct listing *l)
{
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(l->of_app, "keys"), i, key)
    {
        const char *todo = json_text(key, "todo");
        add(l, "keys", todo == NULL,
            xasprintf("%s is %s", json_text_or(key, "setting", ""),
                      todo ? "missing" : "set"),
            xstrdup_null(todo));
    }
}

static void add_webhook(struct listing *l)
{
    int64_t at_ms = l->heard.company_ms;
    if (!l->of_app)
        return;
    char *when = at_ms ? ago(at_ms) : NULL;
    int others = json_object_get(l->of_app, "last_delivery") != NULL;
    json_t *step =
        add(l, "webhook", at_ms > 0,
            when ? xasprintf("the last one of this company came %s", when)
                 : xasprintf("none of this company has come%s",
                             others ? ", but of others" : ""),
            xasprintf("%swrite to one of its inboxes; foyer hooks %s shows what "
                      "was refused",
                      others ? "" : "set it up once for the app, then ", l->client));
    if (!at_ms && !others)
        add_help(step, l->of_app);
    free(when);
}

static void add_rule(struct listing *l)
{
    int64_t at_ms = l->heard.own_ms;
    if (!l->of_client)
        return;
    char *when = at_ms ? ago(at_ms) : NULL;
    json_t *step =
        add(l, "rule", at_ms > 0,
            when ? xasprintf("the last call of a rule or channel came %s", when)
                 : xstrdup("no call of a rule or channel has come"),
            xasprintf("only when a rule of its own shall start recipes: foyer "
                      "hooks %s says where to click",
                      l->client));
    json_object_set_new(step, "optional", json_true());
    if (!at_ms)
        add_help(step, l->of_client);
    free(when);
}

/* Adds the names of RECIPES that are on, and not in SEEN, to it. */
static void note_recipes(const struct listing *l, const json_t *recipes, json_t *seen)
{
    const json_t *all = workspace_settings(l->w, NULL);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)recipes, name, value)
    {
        if (settings_is_on(all, l->settings, name))
            json_object_set_new(seen, name, json_true());
    }
}

static void add_recipes(struct listing *l)
{
    json_t *on = json_object(), *value;
    const char *name;
    struct buf names;
    buf_init(&names, 2000);
    note_recipes(l, json_object_get(workspace_settings(l->w, NULL), "recipes"), on);
    note_recipes(l, json_object_get(l->settings, "recipes"), on);
    const json_t *groups = json_object_get(workspace_settings(l->w, NULL), "groups");
    size_t i;
    json_t *group;
    json_array_foreach(json_object_get(l->settings, "groups"), i, group)
    {
        const char *in = json_string_value(group);
        note_recipes(l, json_object_get(json_object_get(groups, in ? in : ""), "recipes"),
                     on);
    }
    size_t n = json_object_size(on);
    json_object_foreach(on, name, value)
    {
        buf_addf(&names, "%s%s", names.len ? ", " : "", name);
    }
    add(l, "recipes", n > 0, n ? xasprintf("%s", buf_str(&names)) : xstrdup("none is on"),
        xasprintf("`recipes` in clients/%s/client.lua; foyer recipes lists them",
                  l->client));
    buf_free(&names);
    json_decref(on);
}

/* Adds whether the client's files are what runs. Where there is no release, they are. */
static void add_release(struct listing *l)
{
    long long id = json_int(l->row, "release");
    int differs = json_is_true(json_object_get(l->row, "differs"));
    const char *mode = json_text_or(l->row, "mode", "live");
    if (json_object_get(l->row, "release")) {
        add(l, "deployed", id > 0 && !differs,
            id == 0   ? xstrdup("in no release: nothing runs for it")
            : differs ? xasprintf("release %lld runs; the files are others", id)
                      : xasprintf("release %lld", id),
            xasprintf("foyer deploy --only %s%s%s", l->client,
                      id == 0 && l->heard.company_ms
                          ? "; what came before it does nothing: foyer events list "
                            "--client "
                          : "",
                      id == 0 && l->heard.company_ms ? l->client : ""));
    }
    int is_live = strcmp(mode, "live") == 0;
    int is_run = id > 0 || !json_object_get(l->row, "release");
    add(l, "in force", is_live && is_run,
        !is_run   ? xstrdup("not before it is deployed")
        : is_live ? xstrdup("its writes are sent")
                  : xasprintf("its mode is %s: no write is sent", mode),
        is_live
            ? xasprintf("foyer deploy --only %s", l->client)
            : xstrdup("mode = \"live\", in client.lua and foyer.lua, then deploy; of a "
                      "copy: foyer promote"));
}

static void add_seen(struct listing *l)
{
    int64_t fired = json_int(l->row, "fired"), replies = json_int(l->row, "replies");
    add(l, "event", fired > 0,
        fired ? xasprintf("%lld trigger%s fired", (long long)fired,
                          fired == 1 ? " has" : "s have")
              : xstrdup("no trigger has fired"),
        xstrdup("the first event that a recipe listens to; foyer run RECIPE --sample "
                "tries one"));
    add(l, "reply", replies > 0,
        replies ? xasprintf("%lld accepted", (long long)replies) : xstrdup("none yet"),
        xasprintf("foyer runs list --client %s shows what its runs did", l->client));
}

/* ---- reading ---- */

static json_t *only_row(json_t *rows)
{
    json_t *row = json_array_get(rows, 0);
    json_incref(row);
    json_decref(rows);
    return row;
}

static json_t *address_of(const json_t *addresses, const char *client, const char *app)
{
    size_t i;
    json_t *row;
    json_array_foreach(addresses, i, row)
    {
        if (str_eq(json_text(row, "client"), client) &&
            strcmp(json_text_or(row, "app", ""), app) == 0)
            return row;
    }
    return NULL;
}

static int read_all(struct listing *l, json_t *names, json_t **addresses, struct err *e)
{
    struct err why;
    if (!workspace_has_client(l->w, l->client)) {
        workspace_client(l->w, l->client, e);
        return -1;
    }
    l->settings = workspace_client(l->w, l->client, &why);
    l->connector = workspace_connector(l->w, l->app, e);
    if (!l->connector)
        return -1;
    if (!(l->row = only_row(clients_list(l->w, names, e))) ||
        !(l->link = only_row(clients_links(l->w, names, l->app, e))) ||
        activity_heard(report_db(l->report), l->client, l->app, &l->heard, e) != 0)
        return -1;
    if (!l->settings)
        return 0;
    *addresses = addresses_list(l->report, l->client, e);
    if (!*addresses)
        return -1;
    const json_t *list = json_object_get(*addresses, "addresses");
    l->of_app = address_of(list, NULL, l->app);
    l->of_client = address_of(list, l->client, l->app);
    return 0;
}

static void add_all(struct listing *l)
{
    add_settings(l);
    add_name(l);
    add_connected(l);
    add_ids(l);
    add_keys(l);
    add_webhook(l);
    add_rule(l);
    add_recipes(l);
    add_release(l);
    add_seen(l);
}

json_t *checklist_of(struct report *r, const char *client, const char *app, struct err *e)
{
    struct listing l = {.w = report_workspace(r),
                        .report = r,
                        .client = client,
                        .app = app,
                        .steps = json_array()};
    json_t *names = json_pack("[s]", client), *addresses = NULL, *tree = NULL, *step;
    if (read_all(&l, names, &addresses, e) == 0) {
        size_t i, left = 0;
        add_all(&l);
        json_array_foreach(l.steps, i, step)
        {
            left += !json_is_true(json_object_get(step, "done")) &&
                    !json_is_true(json_object_get(step, "optional"));
        }
        tree = json_pack("{s:s, s:s, s:O, s:I}", "client", client, "app", app, "steps",
                         l.steps, "left", (json_int_t)left);
    }
    json_decref(addresses);
    json_decref(l.row);
    json_decref(l.link);
    json_decref(l.steps);
    json_decref(names);
    return tree;
}
