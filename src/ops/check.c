#include "ops/check.h"

#include <stdlib.h>
#include <string.h>

#include "workspace/workspace_check.h"
#include "base/array.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"

enum { CLIENTS_A_STEP = 100 }; /* a step checks so many within its CPU time */

/* Clients that see the same layers. Clients without files of their own form one group,
 * whose files are checked once; each other client is a group of its own. */
struct group {
    const char *client; /* whose layers; NULL: without a client's layer */
    json_t *clients;    /* names */
    json_t *doubts; /* key of a mistake that counts only when a client that has it uses
                       the file -> the clients of this group that have it */
};

struct check {
    struct session *session;
    struct workspace *w;
    struct err *e;
    char **names; /* all clients to check */
    size_t nnames;
    json_t *mistakes; /* sort key -> {path, line, sentence, clients: {name: true}, always,
                         sure, note} */
    json_t *files;    /* path -> true */
    int is_unread;    /* foyer.lua: nothing can be said of the other files */
};

/* ---- the mistakes ---- */

static char *mistake_key(const char *path, int line, const char *sentence)
{
    return xasprintf("%s\n%08d\n%s", path, line, sentence);
}

/* Returns the mistake, borrowed, and makes it when there is none; NULL when its key is
 * not UTF-8. */
static json_t *find_mistake(struct check *c, const char *path, int line,
                            const char *sentence)
{
    char *key = mistake_key(path, line, sentence);
    json_t *mistake = json_object_get(c->mistakes, key);
    if (!mistake) {
        mistake = json_pack("{s:s, s:i, s:s, s:{}}", "path", path, "line", line,
                            "sentence", sentence, "clients");
        if (json_object_set_new(c->mistakes, key, mistake) != 0)
            mistake = NULL;
    }
    free(key);
    return mistake;
}

/* Adds a mistake that counts for all clients. */
static void add(struct check *c, const char *path, int line, const char *sentence)
{
    json_t *mistake = find_mistake(c, path, line, sentence);
    if (!mistake)
        mistake = find_mistake(c, "?", 1, "a name or a text is not UTF-8");
    json_object_set_new(mistake, "always", json_true());
}

static void on_problem(void *arg, const char *path, int line, const char *field,
                       const char *sentence)
{
    char *whole = xasprintf("%s%s%s", field, *field ? ": " : "", sentence);
    add(arg, path, line, whole);
    free(whole);
}

/* The same of foyer.lua and foyer.local.lua. */
static void on_shared(void *arg, const char *path, int line, const char *field,
                      const char *sentence)
{
    struct check *c = arg;
    on_problem(c, path, line, field, sentence);
    c->is_unread |= !*field && str_eq(path, "foyer.lua");
}

static void add_names(json_t *set, const json_t *names)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        json_object_set_new(set, json_string_value(name), json_true());
    }
}

/* Adds the mistake M, which a step found for a group. */
static void add_found(struct check *c, struct group *g, const json_t *m)
{
    static const char *const flags[] = {"always", "sure", "note"};
    const char *path = json_text(m, "path"), *sentence = json_text(m, "sentence");
    int line = (int)json_int(m, "line");
    json_t *mistake = find_mistake(c, path, line, sentence);
    const json_t *clients = json_object_get(m, "clients");
    if (!clients)
        clients = g->clients;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (json_is_true(json_object_get(m, flags[i])))
            json_object_set_new(mistake, flags[i], json_true());
    if (json_is_true(json_object_get(mistake, "always")))
        return;
    add_names(json_object_get(mistake, "clients"), clients);
    if (json_is_true(json_object_get(mistake, "sure")))
        return;
    char *key = mistake_key(path, line, sentence);
    if (!json_object_get(g->doubts, key))
        json_object_set_new(g->doubts, key, json_object());
    add_names(json_object_get(g->doubts, key), clients);
    free(key);
}

static void add_all_found(struct check *c, struct group *g, const json_t *result)
{
    size_t i;
    json_t *m;
    json_array_foreach(json_object_get(result, "mistakes"), i, m)
    {
        add_found(c, g, m);
    }
}

/* ---- the steps of lua/std/tools/check.lua ---- */

static json_t *run_step(struct check *c, const struct group *g, const char *step,
                        json_t *args, struct err *e)
{
    json_object_set_new(args, "step", json_string(step));
    struct session_call call = {
        .client = g->client, .label = "check", .entry = "check", .args = args};
    return session_run(c->session, &call, e);
}

/* Adds the error that ended a file's step, mostly a limit, as a mistake of the file PATH,
 * or of the file that the error names: ", near PATH:LINE". */
static void add_stopped(struct check *c, const char *path, const struct err *e)
{
    static const char cannot[] = "cannot go on: ";
    char *other = NULL;
    int line = 1;
    const char *why = e->text + (str_starts(e->text, cannot) ? strlen(cannot) : 0);
    char *sentence = xasprintf("cannot load it: %s", why);
    char *near = strstr(sentence, ", near "), *end = near ? strstr(near, " (") : NULL;
    char *digits = end ? memrchr(near, ':', (size_t)(end - near)) : NULL;
    if (digits && !str_starts(near + 7, "built-in:lua/std/") &&
        !str_starts(near + 7, "...")) {
        other = xmemdup0(near + 7, (size_t)(digits - near - 7));
        line = (int)strtol(digits + 1, NULL, 10);
        memmove(near, end, strlen(end) + 1);
    }
    add(c, other ? other : path, line, sentence);
    free(sentence);
    free(other);
}

/* Returns a new array of the names from FROM on, at most MAX of them. */
static json_t *some_names(const json_t *names, size_t from, size_t max)
{
    json_t *some = json_array();
    for (size_t i = from; i < json_array_size(names) && i < from + max; i++)
        json_array_append(some, json_array_get(names, i));
    return some;
}

/* Runs a step for the clients of G, as many at once as one step can check, until the
 * result says that it is the same for the others. Frees ARGS. FN (may be NULL) gets each
 * result. Returns the first result, or NULL with E. */
static json_t *run_for_all(struct check *c, struct group *g, const char *step,
                           json_t *args, void (*fn)(void *arg, const json_t *result),
                           void *arg, struct err *e)
{
    json_t *first = NULL;
    size_t done = 0, size = CLIENTS_A_STEP, all = json_array_size(g->clients);
    int more = 1;
    while (more && !session_interrupted(c->session)) {
        json_t *some = some_names(g->clients, done, size);
        size_t n = json_array_size(some);
        json_object_set_new(args, "clients", some);
        json_t *result = run_step(c, g, step, args, e);
        if (!result && n > 1) { /* too much for one step, or its file never ends */
            size = 1;
            *e = (struct err){0};
            continue;
        }
        if (!result)
            break;
        done += n;
        more = done < all && json_is_true(json_object_get(result, "more"));
        add_all_found(c, g, result);
        if (fn)
            fn(arg, result);
        if (!first)
            first = json_incref(result);
        json_decref(result);
    }
    json_decref(args);
    return first;
}

/* Runs a step for one file. An error that ends the step becomes a mistake. */
static json_t *run_file_step(struct check *c, struct group *g, const char *step,
                             json_t *args, json_t *entry,
                             void (*fn)(void *arg, const json_t *result), void *arg)
{
    struct err e = {0};
    json_object_set(args, "entry", entry);
    json_t *first = run_for_all(c, g, step, args, fn, arg, &e);
    if (e.kind != ERR_NONE && !session_interrupted(c->session))
        add_stopped(c, json_text(entry, "path"), &e);
    return first;
}

static void add_rendered(void *arg, const json_t *result)
{
    json_object_update(arg, json_object_get(result, "rendered"));
}

/* Checks the scripts. Returns a new array of what the steps found. */
static json_t *check_scripts(struct check *c, struct group *g, const json_t *entries)
{
    size_t i;
    json_t *entry, *list = json_array();
    json_array_foreach(entries, i, entry)
    {
        json_t *rendered = json_object();
        json_t *found =
            run_file_step(c, g, "script", json_object(), entry, add_rendered, rendered);
        json_t *script = json_copy(entry);
        json_object_update_missing(script, found);
        json_object_set_new(script, "rendered", rendered);
        json_object_del(script, "mistakes");
        json_array_append_new(list, script);
        json_decref(found);
    }
    return list;
}

static void add_users(void *arg, const json_t *result)
{
    const char *path;
    json_t *names, *users = arg;
    json_object_foreach(json_object_get(result, "users"), path, names)
    {
        if (!json_object_get(users, path))
            json_object_set_new(users, path, json_object());
        json_object_update(json_object_get(users, path), names);
    }
}

/* Marks the doubtful mistakes that count: a client that has the mistake uses the file. */
static int resolve_doubts(struct check *c, struct group *g, json_t *scripts,
                          json_t *templates)
{
    const char *key, *name;
    json_t *clients, *one, *users = json_object();
    if (json_object_size(g->doubts) == 0) {
        json_decref(users);
        return 0;
    }
    json_t *ran = run_for_all(
        c, g, "use", json_pack("{s:O, s:O}", "scripts", scripts, "templates", templates),
        add_users, users, c->e);
    json_object_foreach(g->doubts, key, clients)
    {
        json_t *mistake = json_object_get(c->mistakes, key);
        const json_t *by = json_object_get(users, json_text(mistake, "path"));
        json_object_foreach(clients, name, one)
        {
            if (json_object_get(by, name))
                json_object_set_new(mistake, "sure", json_true());
        }
    }
    int rc = ran ? 0 : -1;
    json_decref(ran);
    json_decref(users);
    return rc;
}

/* Sorts the files into SCRIPTS and TEMPLATES. */
static void sort_files(struct check *c, const json_t *files, json_t *scripts,
                       json_t *templates)
{
    size_t i;
    json_t *entry;
    json_array_foreach(files, i, entry)
    {
        json_object_set_new(c->files, json_text(entry, "path"), json_true());
        json_array_append(
            str_eq(json_text(entry, "kind"), "template") ? templates : scripts, entry);
    }
}

/* Checks all files that the clients of a group see. Returns -1 with c->e when the check
 * itself fails. */
static int check_group(struct check *c, struct group *g)
{
    size_t i;
    json_t *entry, *entries = json_array(), *templates = json_array();
    json_t *scripts = NULL, *graph = NULL;
    json_t *plan = run_for_all(c, g, "plan", json_object(), NULL, NULL, c->e);
    json_t *settings =
        plan ? run_for_all(c, g, "settings", json_object(), NULL, NULL, c->e) : NULL;
    sort_files(c, json_object_get(plan, "files"), entries, templates);
    if (settings)
        scripts = check_scripts(c, g, entries);
    if (scripts && !session_interrupted(c->session)) {
        graph = run_for_all(
            c, g, "graph",
            json_pack("{s:O, s:O}", "scripts", scripts, "templates", templates), NULL,
            NULL, c->e);
    }
    int rc = graph ? 0 : -1;
    json_array_foreach(templates, i, entry)
    {
        if (rc == 0)
            json_decref(
                run_file_step(c, g, "template", json_copy(graph), entry, NULL, NULL));
    }
    if (rc == 0 && !session_interrupted(c->session))
        rc = resolve_doubts(c, g, scripts, templates);
    json_decref(plan);
    json_decref(settings);
    json_decref(entries);
    json_decref(templates);
    json_decref(scripts);
    json_decref(graph);
    return rc;
}

/* ---- which clients ---- */

static void add_client(void *arg, const char *client)
{
    struct check *c = arg;
    array_grow(c->names, c->nnames);
    c->names[c->nnames++] = xstrdup(client);
}

static int add_stray(void *arg, const char *name)
{
    struct check *c = arg;
    char *dir = xasprintf("%s/clients/%s", workspace_dir(c->w), name);
    char *file = path_join(dir, "client.lua");
    int is_there = path_is_taken(file);
    free(file);
    if (path_is_dir(dir) && !is_there && !workspace_has_client(c->w, name)) {
        char *path = xasprintf("clients/%s/client.lua", name);
        add(c, path, 1,
            str_is_name(name)
                ? "is missing: it makes the directory a client's: return { name = \"…\" }"
                : "a client's name has letters, digits, '-', '_' and '.'");
        free(path);
    }
    free(dir);
    return 0;
}

static void choose_clients(struct check *c, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_client(c, names[i]);
    if (n)
        return;
    workspace_each_client(c->w, add_client, c);
    char *dir = path_join(workspace_dir(c->w), "clients");
    path_each(dir, add_stray, c);
    free(dir);
}

static int check_clients(struct check *c, const char *layers, json_t *clients)
{
    struct group g = {layers, clients, json_object()};
    int rc = check_group(c, &g);
    json_decref(g.doubts);
    return rc;
}

static int check_all(struct check *c)
{
    int rc = 0;
    json_t *sharing = json_array();
    int groups = workspace_check(c->w, on_shared, c) == 0;
    if (c->is_unread) {
        json_decref(sharing);
        return 0;
    }
    workspace_check_connectors(c->w, on_problem, c);
    for (size_t i = 0; rc == 0 && i < c->nnames && !session_interrupted(c->session);
         i++) {
        workspace_check_client(c->w, c->names[i], groups, on_problem, c);
        if (!workspace_has_files(c->w, c->names[i])) {
            json_array_append_new(sharing, json_string(c->names[i]));
            continue;
        }
        json_t *one = json_pack("[s]", c->names[i]);
        rc = check_clients(c, c->names[i], one);
        json_decref(one);
    }
    if (rc == 0 && !session_interrupted(c->session) &&
        (json_array_size(sharing) || c->nnames == 0))
        rc = check_clients(c, NULL, sharing);
    json_decref(sharing);
    return rc;
}

/* ---- the result ---- */

/* Returns a new array of the clients that have the mistake, or NULL when all that see the
 * file have it. */
static json_t *affected(const struct check *c, const json_t *mistake)
{
    const json_t *clients = json_object_get(mistake, "clients");
    if (json_is_true(json_object_get(mistake, "always")) ||
        str_starts(json_text(mistake, "path"), "clients/") ||
        json_object_size(clients) >= c->nnames)
        return NULL;
    json_t *names = json_array();
    for (size_t i = 0; i < c->nnames; i++)
        if (json_object_get(clients, c->names[i]))
            json_array_append_new(names, json_string(c->names[i]));
    return names;
}

/* Returns the names in TREE, N of them, in byte order; the caller frees the list. */
static const char **sorted_keys(const json_t *tree, size_t *n)
{
    const char **keys = NULL, *key;
    json_t *value;
    *n = 0;
    json_object_foreach((json_t *)tree, key, value)
    {
        array_grow(keys, *n);
        keys[(*n)++] = key;
    }
    if (*n)
        qsort(keys, *n, sizeof *keys, str_compare);
    return keys;
}

/* Returns a new array of the mistakes that count, or with NOTES 1 of the notes, in order
 * of file and line. */
static json_t *choose_mistakes(const struct check *c, int notes)
{
    size_t n;
    const char **keys = sorted_keys(c->mistakes, &n);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *mistake = json_object_get(c->mistakes, keys[i]);
        json_t *clients = affected(c, mistake);
        if ((c->is_unread && !str_eq(json_text(mistake, "path"), "foyer.lua")) ||
            json_is_true(json_object_get(mistake, "note")) != notes ||
            (clients && !json_is_true(json_object_get(mistake, "sure")))) {
            json_decref(clients);
            continue;
        }
        json_array_append_new(
            list,
            json_pack("{s:O, s:O, s:O, s:O*}", "path", json_object_get(mistake, "path"),
                      "line", json_object_get(mistake, "line"), "sentence",
                      json_object_get(mistake, "sentence"), "clients", clients));
        json_decref(clients);
    }
    free(keys);
    return list;
}

json_t *check_run(struct session *s, const char *const *clients, size_t n, struct err *e)
{
    struct check c = {.session = s,
                      .w = session_workspace(s),
                      .e = e,
                      .mistakes = json_object(),
                      .files = json_object()};
    json_t *found = NULL;
    err_clear(e);
    choose_clients(&c, clients, n);
    if (check_all(&c) == 0 && !session_interrupted(s))
        found = json_pack("{s:o, s:o, s:I, s:I, s:b}", "mistakes", choose_mistakes(&c, 0),
                          "notes", choose_mistakes(&c, 1), "files",
                          (json_int_t)json_object_size(c.files), "clients",
                          (json_int_t)c.nnames, "unread", c.is_unread);
    for (size_t i = 0; i < c.nnames; i++)
        free(c.names[i]);
    free(c.names);
    json_decref(c.mistakes);
    json_decref(c.files);
    return found;
}
