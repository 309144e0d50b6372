#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/changes.h"
#include "cli/mistakes.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/clients.h"
#include "ops/deploy.h"

/* ---- what it says ---- */

static size_t count(const json_t *tree, const char *state)
{
    size_t i, n = 0;
    const json_t *row;
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        const char *is = json_text_or(row, "state", "");
        n += strcmp(is, state) == 0;
    }
    return n;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_kept(const json_t *row, const char *why)
{
    long long old = json_int(row, "old");
    const char *client = json_text_or(row, "client", "");
    if (old)
        table_printf(stderr, "foyer: client %s keeps release %lld: %s\n", client, old,
                     why);
    else
        table_printf(stderr, "foyer: client %s has no release yet: %s\n", client, why);
}

/* Names each client that does not run what the files say. */
static void print_others(const json_t *tree)
{
    size_t i;
    const json_t *row;
    int stopped = json_is_true(json_object_get(tree, "stopped"));
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        const char *state = json_text_or(row, "state", "");
        long long n = json_int(row, "mistakes");
        char why[80];
        if (strcmp(state, "refused") == 0 && stopped) {
            ; /* as all do */
        } else if (strcmp(state, "refused") == 0) {
            snprintf(why, sizeof why, "%lld mistake%s", n, n == 1 ? "" : "s");
            print_kept(row, why);
        } else if (strcmp(state, "gone") == 0) {
            print_kept(row, "its directory is not there; `foyer client remove` ends it");
        }
    }
}

/* Names what an earlier rollback took away and this deploy brings back. */
static void print_brought_back(const json_t *tree)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(tree, "files"), i, row)
    {
        const json_t *was = json_object_get(row, "rolled_back");
        if (was)
            table_printf(stderr,
                         "foyer: warning: %s is as it was in release %lld, which %s took "
                         "back (%s)\n",
                         json_text_or(row, "path", ""), json_int(was, "release"),
                         json_text_or(was, "by", ""), json_text_or(was, "why", ""));
    }
}

static void print_runs(const json_t *tree)
{
    size_t i, runs = 0, clients = 0;
    const json_t *row;
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        size_t n = (size_t)json_int(row, "runs");
        runs += n;
        clients += n > 0;
    }
    if (runs)
        printf("%zu run%s of %zu client%s under way: %s on with the code that %s began "
               "with\n",
               runs, plural(runs), clients, plural(clients),
               runs == 1 ? "it goes" : "they go", runs == 1 ? "it" : "they");
}

/* Prints what the clients that are deployed run, or would. */
static void print_deployed(const json_t *tree, int dry, size_t all)
{
    size_t i, first = 0, other = 0;
    const json_t *row;
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        int is = strcmp(json_text_or(row, "state", ""), "deployed") == 0;
        first += is && !json_object_get(row, "old");
        other += is && json_object_get(row, "old");
    }
    if (dry)
        printf("%zu client%s would run a new release", all, plural(all));
    else
        printf("release %lld: %zu client%s run%s it",
               (long long)json_int(tree, "release"), all, plural(all),
               all == 1 ? "s" : "");
    if (other)
        printf(", %zu of them with other files", other);
    if (first)
        printf(", %zu of them as their first", first);
    putchar('\n');
}

static void print_result(const json_t *tree, int dry)
{
    size_t deployed = count(tree, "deployed"), same = count(tree, "same");
    size_t all = deployed + same;
    int release = json_object_get(tree, "release") != NULL;
    if (!json_is_true(json_object_get(tree, "stopped")))
        changes_print(stdout, json_object_get(tree, "files"),
                      json_array_size(json_object_get(tree, "clients")));
    if (json_is_true(json_object_get(tree, "stopped")))
        fputs(
            "foyer: nothing is deployed: what all clients share has a mistake, and they "
            "keep what they run\n",
            stderr);
    else if (!json_is_true(json_object_get(tree, "differs")))
        fprintf(stderr,
                "foyer: nothing to deploy: %zu client%s run%s what the files say\n", all,
                plural(all), all == 1 ? "s" : "");
    else if (dry || release)
        print_deployed(tree, dry, all);
    if (!json_is_true(json_object_get(tree, "stopped")))
        print_runs(tree);
    fflush(stdout);
    if (!json_is_true(json_object_get(tree, "stopped")))
        print_brought_back(tree);
    print_others(tree);
}

/* Names each client that runs a release for the first time and shares its company with
 * others: from now on each of them may answer the same message. */
static void print_shared(struct workspace *w, const json_t *tree)
{
    json_t *names = json_array(), *row;
    size_t i, k;
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        if (strcmp(json_text_or(row, "state", ""), "deployed") == 0 &&
            !json_object_get(row, "old"))
            json_array_append(names, json_object_get(row, "client"));
    }
    json_t *rows = clients_links(w, names, "front", NULL);
    json_array_foreach(rows, i, row)
    {
        const json_t *others = json_object_get(row, "shared_with");
        struct buf text;
        json_t *other;
        if (json_array_size(others) == 0)
            continue;
        buf_init(&text, 4096);
        json_array_foreach(others, k, other)
        {
            buf_addf(&text, "%s%s", k ? ", " : "", json_string_value(other));
        }
        table_printf(stderr,
                     "foyer: warning: client %s is connected to %s (%s), the company of "
                     "%s too: what comes there is for each, and each may answer it\n",
                     json_text_or(row, "client", ""), json_text_or(row, "company", ""),
                     json_text_or(row, "id", ""), buf_str(&text));
        buf_free(&text);
    }
    json_decref(rows);
    json_decref(names);
}

static int exit_code(const json_t *tree)
{
    return json_is_true(json_object_get(tree, "stopped")) || count(tree, "refused")
               ? err_exit_code(ERR_INVALID)
               : 0;
}

/* ---- the command ---- */

int cmd_deploy(struct cli *cli, struct err *e)
{
    struct deploy d = {.clients = &cli->clients};
    struct cli_option options[] = {{"only", CLI_LIST, &cli->named},
                                   {"client", CLI_LIST, &cli->named}, /* as rollback */
                                   {"group", CLI_LIST, &cli->groups},
                                   {"except", CLI_LIST, &cli->except},
                                   {"m", CLI_VALUE, &d.note},
                                   {"diff", CLI_FLAG, &d.diffs},
                                   {"dry-run", CLI_FLAG, &d.dry},
                                   {NULL, CLI_FLAG, NULL}};
    cli->lenient = 1;
    if (cli_begin(cli, options, e) != 0)
        return -1;
    d.is_part = cli->named.n || cli->groups.n;
    json_t *tree = deploy_run(cli->w, &d, e);
    if (!tree)
        return -1;
    if (cli->json) {
        cli_print_json(tree);
    } else {
        mistakes_print(stderr, json_object_get(tree, "mistakes"), "");
        print_result(tree, d.dry);
        print_shared(cli->w, tree);
    }
    int code = exit_code(tree);
    json_decref(tree);
    return code;
}
