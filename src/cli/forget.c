#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/erasure.h"
#include "base/log.h"

enum { ADDRESS_MIN = 3 };

static void tell_waiting(void *arg, int runs)
{
    (void)arg;
    if (runs)
        log_progress("waits for a run that is being worked on");
    else
        log_progress("waits for a delivery that is being worked on");
}

static void print_open(const json_t *tree, int dry_run)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(tree, "open"), i, row)
    {
        const char *write = json_text(row, "write");
        if (dry_run || write)
            table_printf(
                stdout, "%s run %lld of %s (%s)%s%s%s\n",
                dry_run ? "not over:" : "cancelled:", (long long)json_int(row, "run"),
                json_text_or(row, "recipe", "?"), json_text_or(row, "state", "?"),
                write ? ": its write " : "", write ? write : "",
                write ? " was sent, and may have been done" : "");
    }
}

static void print_rest(const json_t *tree)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(tree, "left"), i, row)
    {
        table_printf(
            stderr,
            "foyer: %lld row%s of %s still contain%s it: of other clients, or of "
            "scripts and settings\n",
            (long long)json_int(row, "rows"), json_int(row, "rows") == 1 ? "" : "s",
            json_text_or(row, "table", "?"), json_int(row, "rows") == 1 ? "s" : "");
    }
    json_array_foreach(json_object_get(tree, "copies"), i, row)
    {
        int removed = json_is_true(json_object_get(row, "removed"));
        table_printf(stderr, "foyer: %s %s\n", json_text_or(row, "path", "?"),
                     removed ? "was removed"
                             : "is a copy of the store that an upgrade left, and may "
                               "contain it: --copies removes it");
    }
}

/* Returns 1 when there is something to say of the client: of many, most have nothing. */
static int has_something(const json_t *row)
{
    const char *name;
    json_t *n;
    json_object_foreach(json_object_get(row, "found"), name, n)
    {
        if (json_integer_value(n))
            return 1;
    }
    return json_text(row, "error") || json_array_size(json_object_get(row, "open"));
}

/* Prints what one client has; returns how many kinds. */
static int print_found(const json_t *row)
{
    const char *name;
    json_t *n;
    int any = 0;
    json_object_foreach(json_object_get(row, "found"), name, n)
    {
        if (json_integer_value(n) && ++any)
            printf("%8lld %s\n", (long long)json_integer_value(n), name);
    }
    return any;
}

static void print(const json_t *tree, int dry_run)
{
    const json_t *rows = json_object_get(tree, "clients");
    size_t i;
    json_t *row;
    int any = 0;
    json_array_foreach(rows, i, row)
    {
        if (json_array_size(rows) > 1 && has_something(row))
            table_printf(stdout, "%s:%s\n", json_text_or(row, "client", ""),
                         json_text(row, "error") ? " not erased" : "");
        if (json_text(row, "error"))
            table_printf(stderr, "foyer: client %s: %s\n",
                         json_text_or(row, "client", ""), json_text(row, "error"));
        else
            any += print_found(row);
        print_open(row, dry_run);
    }
    if (json_int(tree, "log_lines") && ++any)
        printf("%8lld lines of the log\n", (long long)json_int(tree, "log_lines"));
    if (!any)
        puts("nothing contains it");
    else
        puts(dry_run ? "this is what would be erased: nothing was changed"
                     : "erased, also from the log and the free pages of the store");
    print_rest(tree);
}

/* Shows TREE. Of one client --json has its fields beside the others. Returns the exit
 * code. */
static int show(const struct cli *cli, const struct erasure *how, json_t *tree,
                const struct err *failed)
{
    if (!cli->json)
        print(tree, how->dry_run);
    if (how->nclients == 1) {
        json_object_update(tree, json_array_get(json_object_get(tree, "clients"), 0));
        json_object_del(tree, "clients");
    }
    if (cli->json)
        cli_print_json(tree);
    return json_is_true(json_object_get(tree, "failed")) ? err_exit_code(failed->kind)
                                                         : 0;
}

int cmd_forget(struct cli *cli, struct err *e)
{
    struct erasure how = {.waiting = tell_waiting};
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"dry-run", CLI_FLAG, &how.dry_run},
                                   {"cancel", CLI_FLAG, &how.cancel},
                                   {"copies", CLI_FLAG, &how.copies},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    how.address = cli->words.items[0];
    if (strlen(how.address) < ADDRESS_MIN)
        return err_set(e, ERR_USAGE,
                       "\"%s\" is too short for an address: half of everything would be "
                       "erased",
                       how.address);
    if (!cli_has_clients(cli))
        return cli_usage_error(cli, e,
                               "whose customer? --client, --group or "
                               "--all-clients");
    cli->clients.unknown = 1;
    if (cli_open(cli, e) != 0)
        return -1;
    how.clients = cli->clients.clients;
    how.nclients = cli->clients.n;
    json_t *tree = erasure_forget(cli->report, &how, e);
    log_progress(NULL);
    if (!tree)
        return -1;
    int code = show(cli, &how, tree, e);
    json_decref(tree);
    return code;
}
