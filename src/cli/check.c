#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "work/session.h"
#include "workspace/workspace_check.h"
#include "cli/table.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"

static const char usage[] = "check [CLIENT …] [--json]";

enum { NAMED_CLIENTS = 3 };

/* What was found, for all clients together. A mistake in a file that several clients see
 * counts when one that uses the file has it, or when all have it. */
struct check {
    struct workspace *w;
    struct session *s;
    struct err *e;
    const char *client; /* of this turn; NULL: none */
    char **names;       /* the clients to look at */
    size_t nnames;
    json_t *mistakes; /* sort key -> {path, line, sentence, clients, sure, always,
                         note} */
    json_t *seen;     /* path -> by how many clients */
};

/* ---- the mistakes ---- */

static void add(struct check *c, const char *path, int line, const char *sentence,
                int always, int sure, int note)
{
    char *key = xasprintf("%s\n%08d\n%s", path, line, sentence);
    json_t *mistake = json_object_get(c->mistakes, key);
    if (!mistake) {
        mistake = json_pack("{s:s, s:i, s:s, s:[], s:b, s:b}", "path", path, "line", line,
                            "sentence", sentence, "clients", "sure", 0, "always", 0);
        if (!mistake) /* no UTF-8 */
            mistake = json_pack("{s:s, s:i, s:s, s:[], s:b, s:b}", "path", "?", "line", 1,
                                "sentence", "a name or a text is not UTF-8", "clients",
                                "sure", 1, "always", 1);
        if (json_object_set_new(c->mistakes, key, mistake) != 0) {
            free(key);
            return;
        }
    }
    if (sure || always)
        json_object_set_new(mistake, "sure", json_true());
    if (always)
        json_object_set_new(mistake, "always", json_true());
    if (note)
        json_object_set_new(mistake, "note", json_true());
    json_t *clients = json_object_get(mistake, "clients");
    const char *last =
        json_string_value(json_array_get(clients, json_array_size(clients) - 1));
    const char *client = c->client ? c->client : "";
    if (!last || strcmp(last, client) != 0)
        json_array_append_new(clients, json_string(client));
    free(key);
}

static void on_problem(void *arg, const char *path, int line, const char *field,
                       const char *sentence)
{
    char *whole = xasprintf("%s%s%s", field, *field ? ": " : "", sentence);
    add(arg, path, line, whole, 1, 1, 0);
    free(whole);
}

static void add_all(struct check *c, const json_t *mistakes, int used)
{
    size_t i;
    json_t *m;
    json_array_foreach(mistakes, i, m)
    {
        add(c, json_text(m, "path"), (int)json_integer_value(json_object_get(m, "line")),
            json_text(m, "sentence"), json_is_true(json_object_get(m, "always")),
            used || json_is_true(json_object_get(m, "client")),
            json_is_true(json_object_get(m, "note")));
    }
}

static void count_path(struct check *c, const char *path)
{
    json_int_t n = json_integer_value(json_object_get(c->seen, path));
    json_object_set_new(c->seen, path, json_integer(n + 1));
}

/* ---- the steps of lua/std/tools/check.lua ---- */

static json_t *run_step(struct check *c, const char *step, json_t *args, struct err *e)
{
    json_object_set_new(args, "step", json_string(step));
    struct session_call call = {
        .client = c->client, .label = "check", .entry = "check", .args = args};
    json_t *result = session_run(c->s, &call, NULL, e);
    json_decref(args);
    return result;
}

/* One file's step. What ends it, mostly a limit, is the file's mistake, or that of the
 * file below which it was in: ", near PATH:LINE". */
static json_t *run_file_step(struct check *c, const char *step, json_t *args,
                             const json_t *entry)
{
    static const char cannot[] = "cannot go on: ";
    struct err e = {0};
    json_object_set(args, "entry", (json_t *)entry);
    json_t *found = run_step(c, step, args, &e);
    if (found || session_interrupted(c->s))
        return found;
    char *path = xstrdup(json_text(entry, "path"));
    int line = 1;
    const char *why = e.text + (str_starts(e.text, cannot) ? strlen(cannot) : 0);
    char *sentence = xasprintf("cannot load it: %s", why);
    char *near = strstr(sentence, ", near "), *end = near ? strstr(near, " (") : NULL;
    char *digits = end ? memrchr(near, ':', (size_t)(end - near)) : NULL;
    if (digits && !str_starts(near + 7, "built-in:lua/std/") &&
        !str_starts(near + 7, "...")) {
        free(path);
        path = xmemdup0(near + 7, (size_t)(digits - near - 7));
        line = (int)strtol(digits + 1, NULL, 10);
        memmove(near, end, strlen(end) + 1);
    }
    add(c, path, line, sentence, 1, 1, 0);
    free(sentence);
    free(path);
    return NULL;
}

static int is_template(const json_t *entry)
{
    return str_eq(json_text(entry, "kind"), "template");
}

static int is_used(const json_t *use, const json_t *entry)
{
    const char *path = json_text(entry, "path");
    return json_object_get(json_object_get(use, "used"), path) != NULL;
}

/* All that one client sees; -1 when the check itself fails. */
static int check_client(struct check *c)
{
    json_t *scripts = json_array(), *templates = json_array();
    json_t *use = NULL, *plan = run_step(c, "plan", json_object(), c->e);
    const json_t *files = json_object_get(plan, "files");
    json_t *entry, *found;
    size_t i;
    add_all(c, json_object_get(plan, "mistakes"), 0);
    for (i = json_array_size(files); i-- > 0 && !session_interrupted(c->s);) {
        entry = json_array_get(files, i);
        count_path(c, json_text(entry, "path"));
        if (is_template(entry)) {
            json_array_insert(templates, 0, entry);
            continue;
        }
        found = run_file_step(c, "script", json_object(), entry);
        if (!found)
            found = json_object();
        json_object_update_missing(found, entry);
        json_array_insert_new(scripts, 0, found);
    }
    if (plan && !session_interrupted(c->s))
        use = run_step(
            c, "use", json_pack("{s:O, s:O}", "scripts", scripts, "templates", templates),
            c->e);
    if (use) {
        json_array_foreach(scripts, i, entry)
        {
            add_all(c, json_object_get(entry, "mistakes"), is_used(use, entry));
        }
        json_array_foreach(templates, i, entry)
        {
            found = run_file_step(c, "template", json_deep_copy(use), entry);
            add_all(c, json_object_get(found, "mistakes"), is_used(use, entry));
            json_decref(found);
        }
    }
    int rc = use ? 0 : -1;
    json_decref(use);
    json_decref(plan);
    json_decref(scripts);
    json_decref(templates);
    return rc;
}

/* ---- which clients ---- */

static void add_client(void *arg, const char *client)
{
    struct check *c = arg;
    c->names = xrealloc(c->names, (c->nnames + 1) * sizeof *c->names);
    c->names[c->nnames++] = xstrdup(client);
}

static int add_stray(void *arg, const char *name)
{
    struct check *c = arg;
    char *dir = xasprintf("%s/clients/%s", workspace_dir(c->w), name);
    if (path_is_dir(dir) && !workspace_has_client(c->w, name)) {
        char *path = xasprintf("clients/%s/client.lua", name);
        add(c, path, 1,
            str_is_name(name)
                ? "is missing: it makes the directory a client's: return { name = \"…\" }"
                : "a client's name has letters, digits, '-', '_' and '.'",
            1, 1, 0);
        free(path);
    }
    free(dir);
    return 0;
}

static int choose_clients(struct check *c, const struct cli_list *named)
{
    for (size_t i = 0; i < named->n; i++) {
        if (!workspace_client(c->w, named->items[i], c->e))
            return -1;
        add_client(c, named->items[i]);
    }
    if (named->n)
        return 0;
    workspace_each_client(c->w, add_client, c);
    char *dir = path_join(workspace_dir(c->w), "clients");
    path_each(dir, add_stray, c);
    free(dir);
    return 0;
}

static int check_all(struct check *c)
{
    workspace_check(c->w, on_problem, c);
    workspace_check_connectors(c->w, on_problem, c);
    if (c->nnames == 0)
        return check_client(c);
    for (size_t i = 0; i < c->nnames && !session_interrupted(c->s); i++) {
        c->client = c->names[i];
        workspace_check_client(c->w, c->client, on_problem, c);
        if (check_client(c) != 0)
            return -1;
    }
    return 0;
}

/* ---- what is shown ---- */

/* The clients that have a mistake in a file which others see too: {} or their names. */
static json_t *affected(const struct check *c, const json_t *mistake)
{
    const char *path = json_text(mistake, "path");
    json_t *clients = json_object_get(mistake, "clients");
    const json_t *seen = json_object_get(c->seen, path);
    size_t all = seen ? (size_t)json_integer_value(seen) : c->nnames;
    if (json_is_true(json_object_get(mistake, "always")) ||
        str_starts(path, "clients/") || json_array_size(clients) >= all)
        return NULL;
    return clients;
}

/* A new list of the mistakes that count, or with NOTES of the notes, in order of file and
 * line. */
static json_t *choose_mistakes(const struct check *c, int notes)
{
    size_t n = 0;
    const char *key;
    json_t *mistake, *list = json_array();
    const char **keys = xcalloc(json_object_size(c->mistakes) + 1, sizeof *keys);
    json_object_foreach(c->mistakes, key, mistake)
    {
        keys[n++] = key;
    }
    qsort(keys, n, sizeof *keys, str_compare);
    for (size_t i = 0; i < n; i++) {
        mistake = json_object_get(c->mistakes, keys[i]);
        json_t *clients = affected(c, mistake);
        if (json_is_true(json_object_get(mistake, "note")) != notes ||
            (clients && !json_is_true(json_object_get(mistake, "sure"))))
            continue;
        json_array_append_new(
            list,
            json_pack("{s:O, s:O, s:O, s:O*}", "path", json_object_get(mistake, "path"),
                      "line", json_object_get(mistake, "line"), "sentence",
                      json_object_get(mistake, "sentence"), "clients", clients));
    }
    free(keys);
    return list;
}

static void print_mistake(const json_t *mistake, const char *prefix)
{
    table_printf(stdout, "%s:%d: %s%s", json_text(mistake, "path"),
                 (int)json_integer_value(json_object_get(mistake, "line")), prefix,
                 json_text(mistake, "sentence"));
    const json_t *clients = json_object_get(mistake, "clients");
    size_t n = json_array_size(clients);
    for (size_t i = 0; i < n && i < NAMED_CLIENTS; i++) {
        printf(i ? ", " : n > 1 ? " (clients " : " (client ");
        table_printf(stdout, "%s", json_string_value(json_array_get(clients, i)));
    }
    if (n > NAMED_CLIENTS)
        printf(" and %zu more", n - NAMED_CLIENTS);
    puts(n ? ")" : "");
}

static int report(const struct check *c, const struct cli *cli)
{
    size_t i, n, files = json_object_size(c->seen);
    json_t *mistake, *list = choose_mistakes(c, 0), *notes = choose_mistakes(c, 1);
    n = json_array_size(list);
    if (cli->json) {
        json_t *tree = json_pack("{s:O, s:O, s:i, s:i}", "mistakes", list, "notes", notes,
                                 "files", (int)files, "clients", (int)c->nnames);
        cli_print_json(tree);
        json_decref(tree);
    } else {
        json_array_foreach(list, i, mistake)
        {
            print_mistake(mistake, "");
        }
        json_array_foreach(notes, i, mistake)
        {
            print_mistake(mistake, "note: ");
        }
    }
    fflush(stdout);
    char count[32] = "no";
    if (n)
        snprintf(count, sizeof count, "%zu", n);
    fprintf(stderr, "%s mistake%s in %zu scripts and templates of %zu client%s\n", count,
            n == 1 ? "" : "s", files, c->nnames, c->nnames == 1 ? "" : "s");
    json_decref(list);
    json_decref(notes);
    return n ? err_exit_code(ERR_INVALID) : 0;
}

int cmd_check(struct cli *cli, int argc, char **argv)
{
    struct cli_option options[] = {{NULL, CLI_FLAG, NULL}};
    struct cli_list named = {0};
    struct err e = {0};
    struct check c = {.e = &e, .mistakes = json_object(), .seen = json_object()};
    int code = 0;
    if (cli_parse(cli, argc, argv, options, &named, 0, 10000, usage, &e) != 0)
        goto out;
    c.w = workspace_open(cli->workspace, 0, &e);
    if (!c.w)
        goto out;
    workspace_be_lenient(c.w);
    c.s = session_open_offline(c.w, &e);
    if (!c.s || choose_clients(&c, &named) != 0)
        goto out;
    int rc = check_all(&c);
    if (session_interrupted(c.s))
        code = 130;
    else if (rc == 0)
        code = report(&c, cli);
out:
    if (code == 0 && e.kind != ERR_NONE)
        code = cli_fail(cli, &e);
    session_close(c.s);
    workspace_close(c.w);
    for (size_t i = 0; i < c.nnames; i++)
        free(c.names[i]);
    free(c.names);
    free(named.items);
    json_decref(c.mistakes);
    json_decref(c.seen);
    return code;
}
