#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/rollback.h"
#include "base/str.h"

/* Returns how the row's line begins, as a new string: rows with the same one share it. */
static char *line_of(const json_t *row)
{
    const char *why = json_text(row, "why");
    return why ? xasprintf("left as it is, since %s:", why)
               : xasprintf("release %lld, before it %lld:", json_int(row, "new"),
                           json_int(row, "old"));
}

static void print_rows(const json_t *rows)
{
    json_t *lines = json_object(), *names, *row;
    const char *line, *name;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        char *key = line_of(row);
        name = json_text_or(row, "client", "");
        if (!json_object_get(lines, key))
            json_object_set_new(lines, key, json_array());
        json_array_append_new(json_object_get(lines, key),
                              json_string(*name ? name : "the server itself"));
        free(key);
    }
    json_object_foreach(lines, line, names)
    {
        FILE *to = str_starts(line, "left") ? stderr : stdout;
        table_printf(to, "%s%s", to == stderr ? "foyer: " : "", line);
        for (i = 0; i < json_array_size(names); i++)
            table_printf(to, "%s%s", i ? ", " : " ",
                         json_string_value(json_array_get(names, i)));
        fputc('\n', to);
    }
    json_decref(lines);
}

/* Returns 65 when nothing was moved. */
static int print(const struct cli *cli, const json_t *rows)
{
    size_t i, moved = 0;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        moved += !json_object_get(row, "why");
    }
    if (!cli->json)
        print_rows(rows);
    if (cli->json)
        cli_print_json(rows);
    else if (!moved)
        fputs("foyer: nothing was changed; `foyer releases` lists the releases\n",
              stderr);
    return moved ? 0 : err_exit_code(ERR_INVALID);
}

int cmd_rollback(struct cli *cli, struct err *e)
{
    struct rollback r = {.clients = &cli->clients};
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"only", CLI_LIST, &cli->named}, /* as deploy */
                                   {"m", CLI_VALUE, &r.reason},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0 ||
        (cli->words.n && rollback_id(cli->words.items[0], &r.release, e) != 0))
        return -1;
    cli->lenient = 1;
    if (cli_open(cli, e) != 0)
        return -1;
    json_t *rows = rollback_run(store_db(cli->store), &r, e);
    int code = rows ? print(cli, rows) : -1;
    json_decref(rows);
    return code;
}
