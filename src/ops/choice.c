#include "ops/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"

int choice_is_given(const struct choice *c)
{
    return c->named.n || c->groups.n || c->except.n || c->all;
}

/* ---- sets of names: {name: true} ---- */

/* Calls FN for each name in WORDS. Stops when FN returns non-zero, and returns that. */
static int each_name(const struct choice_words *words, const char *option,
                     int (*fn)(void *arg, const char *name, struct err *e), void *arg,
                     struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < words->n; i++) {
        char *copy = xstrdup(words->items[i]), *rest = copy, *name;
        while (rc == 0 && (name = strsep(&rest, ",")))
            rc = *name ? fn(arg, name, e)
                       : err_set(e, ERR_USAGE,
                                 "--%s takes names with commas between them, not "
                                 "\"%.80s\"",
                                 option, words->items[i]);
        free(copy);
    }
    return rc;
}

static void set_add(json_t *set, const char *name)
{
    json_object_set_new(set, name, json_true());
}

struct reading {
    struct choice *choice;
    struct workspace *w;
    struct workspace *live; /* the releases that run; NULL: not asked for */
    json_t *wanted;         /* names */
    json_t *except;         /* the same */
    json_t *asked;          /* groups: name -> 1 when a client or foyer.lua has it */
    json_t *present;        /* all groups that a client or foyer.lua has */
};

/* ---- names ---- */

/* A client whose settings cannot be read still has runs to show and to pause. */
static int check_client(const struct reading *r, const char *name, struct err *e)
{
    return workspace_has_client(r->w, name) ||
                   (r->live && workspace_has_client(r->live, name)) ||
                   workspace_client(r->w, name, e)
               ? 0
               : -1;
}

static int add_named(void *arg, const char *name, struct err *e)
{
    struct reading *r = arg;
    int is_fine = r->choice->unknown && str_is_name(name);
    if (!is_fine && check_client(r, name, e) != 0)
        return -1;
    set_add(r->wanted, name);
    return 0;
}

static int add_except(void *arg, const char *name, struct err *e)
{
    struct reading *r = arg;
    if (check_client(r, name, e) != 0)
        return -1;
    set_add(r->except, name);
    return 0;
}

static void add_any(void *arg, const char *client)
{
    struct reading *r = arg;
    set_add(r->wanted, client);
}

/* ---- groups ---- */

static int add_group(void *arg, const char *name, struct err *e)
{
    struct reading *r = arg;
    (void)e;
    set_add(r->asked, name);
    return 0;
}

static void add_member(void *arg, const char *client)
{
    struct reading *r = arg;
    struct err why = {0};
    int runs = r->live && workspace_has_client(r->live, client);
    const json_t *settings = workspace_client(runs ? r->live : r->w, client, &why), *name;
    size_t i;
    if (!settings) {
        if (!r->choice->left_out)
            r->choice->left_out = json_object();
        json_object_set_new(r->choice->left_out, client, json_string(why.text));
        return;
    }
    json_array_foreach(json_object_get(settings, "groups"), i, name)
    {
        const char *group = json_string_value(name);
        if (!group)
            continue;
        set_add(r->present, group);
        if (json_object_get(r->asked, group))
            set_add(r->wanted, client);
    }
}

static int unknown_group(const struct reading *r, const char *group, struct err *e)
{
    const char **names = NULL, *name;
    size_t n = 0;
    json_t *one;
    json_object_foreach(r->present, name, one)
    {
        array_grow(names, n);
        names[n++] = name;
    }
    const char *near = str_nearest(group, names, n);
    err_set(e, ERR_NOT_FOUND,
            "there is no group \"%.64s\"%s%s%s; a client is in a group by groups = { "
            "\"%.64s\" } in its client.lua",
            group, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "",
            group);
    free(names);
    return -1;
}

static void add_groups_of(struct reading *r, struct workspace *w)
{
    const char *name;
    json_t *one;
    json_object_foreach(json_object_get(workspace_settings(w, NULL), "groups"), name, one)
    {
        set_add(r->present, name);
    }
}

/* Adds a client that runs and has no directory. */
static void add_running(void *arg, const char *client)
{
    struct reading *r = arg;
    if (!workspace_has_client(r->w, client))
        add_member(r, client);
}

static int read_groups(struct reading *r, struct err *e)
{
    const char *name;
    json_t *one;
    if (each_name(&r->choice->groups, "group", add_group, r, e) != 0)
        return -1;
    add_groups_of(r, r->w);
    workspace_each_client(r->w, add_member, r);
    if (r->live) {
        add_groups_of(r, r->live);
        workspace_each_client(r->live, add_running, r);
    }
    json_object_foreach(r->asked, name, one)
    {
        if (!json_object_get(r->present, name))
            return unknown_group(r, name, e);
    }
    return 0;
}

/* ---- reading ---- */

static void take_over(struct reading *r)
{
    struct choice *c = r->choice;
    const char *name;
    json_t *one;
    json_object_foreach(r->wanted, name, one)
    {
        if (json_object_get(r->except, name))
            continue;
        array_grow(c->clients, c->n);
        c->clients[c->n++] = xstrdup(name);
    }
    if (c->n)
        qsort(c->clients, c->n, sizeof *c->clients, str_compare);
}

static int read_all(struct reading *r, struct err *e)
{
    struct choice *c = r->choice;
    if (each_name(&c->named, "client", add_named, r, e) != 0 ||
        each_name(&c->except, "except", add_except, r, e) != 0 ||
        (c->groups.n && read_groups(r, e) != 0))
        return -1;
    if (!c->named.n && !c->groups.n)
        workspace_each_client(r->w, add_any, r);
    take_over(r);
    return c->n ? 0 : err_set(e, ERR_NOT_FOUND, "no client is left");
}

static int open_live(struct reading *r, struct err *e)
{
    r->live = workspace_open(workspace_dir(r->w), 0, e);
    return r->live && workspace_use_releases(r->live, e) == 0 ? 0 : -1;
}

int choice_read(struct choice *c, struct workspace *w, struct err *e)
{
    if (!choice_is_given(c))
        return 0;
    if (c->all && (c->named.n || c->groups.n))
        return err_set(e, ERR_USAGE,
                       "--all-clients goes without --client and --group; --except leaves "
                       "some out");
    struct reading r = {.choice = c,
                        .w = w,
                        .wanted = json_object(),
                        .except = json_object(),
                        .asked = json_object(),
                        .present = json_object()};
    int rc = c->live ? open_live(&r, e) : 0;
    if (rc == 0)
        rc = read_all(&r, e);
    workspace_close(r.live);
    json_decref(r.wanted);
    json_decref(r.except);
    json_decref(r.asked);
    json_decref(r.present);
    return rc;
}

void choice_fini(struct choice *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->clients[i]);
    free(c->clients);
    json_decref(c->left_out);
}

int choice_has(const struct choice *c, const char *client)
{
    if (!c || !choice_is_given(c))
        return 1;
    for (size_t i = 0; i < c->n; i++)
        if (str_eq(c->clients[i], client))
            return 1;
    return 0;
}

const char *choice_only(const struct choice *c)
{
    return c && c->n == 1 ? c->clients[0] : NULL;
}
