#include "cli/client_remove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/table.h"
#include "core/credential.h"
#include "core/jsontree.h"
#include "ops/removal.h"

static struct session *open_session(void *arg, struct err *e)
{
    struct cli *cli = arg;
    return cli->session || cli_open_session(cli, e) == 0 ? cli->session : NULL;
}

static void tell_waiting(void *arg)
{
    (void)arg;
    log_progress("waits for a run that is being worked on");
}

/* ---- before ---- */

static void print_plan(const json_t *tree)
{
    const json_t *open = json_object_get(tree, "open");
    size_t i;
    json_t *row;
    table_printf(stderr, "%s has %lld rows in the store, %zu runs that are not over",
                 json_text_or(tree, "client", ""), (long long)json_int(tree, "rows"),
                 json_array_size(open));
    json_array_foreach(json_object_get(tree, "grants"), i, row)
    {
        size_t others = json_array_size(json_object_get(row, "shared_with"));
        table_printf(stderr, ", a connection to %s (%s)%s", json_text_or(row, "app", ""),
                     json_text_or(row, "name", ""),
                     others ? " that other clients use as well" : "");
    }
    fputs(".\n", stderr);
}

/* Asks for the client's name, so that no key pressed too often removes it. */
static int confirm(const struct cli *cli, const char *client, struct err *e)
{
    char line[256];
    if (!isatty(STDIN_FILENO))
        return cli_usage_error(cli, e,
                               "this cannot be undone: --yes is needed without a "
                               "terminal");
    fprintf(stderr, "This cannot be undone. Type the client's name to remove it: ");
    if (!fgets(line, sizeof line, stdin))
        line[0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return str_eq(line, client) ? 0
                                : err_set(e, ERR_USAGE,
                                          "nothing was removed: \"%.64s\" is "
                                          "not %.64s",
                                          line, client);
}

/* ---- afterwards ---- */

static void print_grant(const struct cli *cli, const json_t *row)
{
    const char *app = json_text_or(row, "app", ""), *name = json_text_or(row, "name", "");
    const json_t *others = json_object_get(row, "shared_with");
    char *names = json_join(others, 0);
    if (json_array_size(others))
        table_printf(stdout, "the grant of %s at %s stays: %s use%s it\n", name, app,
                     names, json_array_size(others) == 1 ? "s" : "");
    else if (json_is_true(json_object_get(row, "revoked")))
        table_printf(stdout, "the grant of %s at %s is revoked\n", name, app);
    else if (json_text(row, "why"))
        table_printf(stdout,
                     "the tokens of %s at %s are deleted here; the grant could not be "
                     "revoked (%s): an administrator of %s removes the app\n",
                     name, app, json_text(row, "why"), name);
    else if (credential_need(workspace_connector(cli->w, app, NULL)) ==
                 CREDENTIAL_CONSENT &&
             !json_is_true(json_object_get(row, "static")))
        table_printf(stdout,
                     "the tokens of %s at %s are deleted here; the API has no address at "
                     "which foyer could revoke the grant: an administrator of %s removes "
                     "the app (Front: Settings, Integrations)\n",
                     name, app, name);
    else
        table_printf(stdout,
                     "the token of %s at %s is deleted here and stays valid there: an "
                     "administrator revokes it (Front: Settings, Developers, API "
                     "tokens)\n",
                     name, app);
    free(names);
}

static void print_directory(const json_t *tree)
{
    const char *client = json_text_or(tree, "client", "");
    if (json_is_true(json_object_get(tree, "directory_removed")))
        table_printf(stdout,
                     "clients/%s is removed; `git rm -r clients/%s` removes it "
                     "from version control, whose history keeps it\n",
                     client, client);
    else if (json_is_true(json_object_get(tree, "directory")))
        table_printf(
            stderr,
            "foyer: clients/%s is still there: without `git rm -r clients/%s`, or "
            "--files, the next deploy brings the client back\n",
            client, client);
}

static void print(const struct cli *cli, const struct removal *how, const json_t *tree)
{
    size_t i;
    json_t *row, *n;
    const char *table;
    if (how->export)
        table_printf(stdout, "%s has its %lld rows\n", how->export,
                     (long long)json_int(tree, "exported"));
    json_array_foreach(json_object_get(tree, "open"), i, row)
    {
        const char *write = json_text(row, "write");
        table_printf(stdout, "cancelled: run %lld of %s (%s)%s%s%s\n",
                     (long long)json_int(row, "run"), json_text_or(row, "recipe", "?"),
                     json_text_or(row, "state", "?"), write ? ": its write " : "",
                     write ? write : "",
                     write ? " was sent, and may have been done" : "");
    }
    json_object_foreach(json_object_get(tree, "removed"), table, n)
    {
        table_printf(stdout, "%8lld rows of %s\n", (long long)json_integer_value(n),
                     table);
    }
    if (json_int(tree, "log_lines"))
        table_printf(stdout, "%8lld lines of the log\n",
                     (long long)json_int(tree, "log_lines"));
    json_array_foreach(json_object_get(tree, "grants"), i, row)
    {
        print_grant(cli, row);
    }
    print_directory(tree);
    json_array_foreach(json_object_get(tree, "copies"), i, row)
    {
        if (!json_is_true(json_object_get(row, "removed")))
            table_printf(stderr,
                         "foyer: %s is a copy of the store that an upgrade left, and has "
                         "the client: --copies removes it\n",
                         json_text_or(row, "path", "?"));
    }
    table_printf(stdout, "%s is removed\n", how->client);
}

int client_remove(struct cli *cli, struct err *e)
{
    struct removal how = {.session = open_session, .waiting = tell_waiting, .arg = cli};
    int yes = 0;
    struct cli_option options[] = {{"export", CLI_VALUE, &how.export},
                                   {"files", CLI_FLAG, &how.files},
                                   {"copies", CLI_FLAG, &how.copies},
                                   {"yes", CLI_FLAG, &yes},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (cli->words.n != 2)
        return cli_usage_error(cli, e, "which client? Add its name");
    how.client = cli->words.items[1];
    if (cli_open(cli, e) != 0)
        return -1;
    json_t *tree = removal_look(cli->report, how.client, e);
    if (!tree)
        return -1;
    if (!yes)
        print_plan(tree);
    json_decref(tree);
    if (!yes && confirm(cli, how.client, e) != 0)
        return -1;
    tree = removal_remove(cli->report, &how, e);
    log_progress(NULL);
    if (!tree)
        return -1;
    if (cli->json)
        cli_print_json(tree);
    else
        print(cli, &how, tree);
    json_decref(tree);
    return 0;
}
