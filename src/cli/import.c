#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/import.h"

/* Returns how many of the files are in STATE. */
static int count(const json_t *files, const char *state)
{
    size_t i;
    json_t *file;
    int n = 0;
    json_array_foreach(files, i, file)
    {
        n += strcmp(json_text(file, "state"), state) == 0;
    }
    return n;
}

static void print_diffs(const json_t *files)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        const char *diff = json_text(file, "diff");
        if (diff)
            table_print_text(stdout, diff);
    }
}

static void print_notes(const json_t *read)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(read, "left_out"), i, one)
    {
        table_printf(stdout, "left out: %s: %s\n", json_text(one, "operation"),
                     json_text(one, "why"));
    }
    json_array_foreach(json_object_get(read, "notes"), i, one)
    {
        table_printf(stdout, "note: %s\n", json_string_value(one));
    }
    json_array_foreach(json_object_get(read, "gone"), i, one)
    {
        table_printf(stdout,
                     "note: %s is of an earlier import: the document has no such "
                     "operation now\n",
                     json_string_value(one));
    }
}

static void print_import(const json_t *read, const char *app)
{
    const json_t *files = json_object_get(read, "files");
    int made = count(files, "new"), replaced = count(files, "replaced");
    int differ = count(files, "differs");
    print_diffs(files);
    print_notes(read);
    table_printf(stdout, "%s: %d actions in lua/%s; %d files new",
                 json_text(read, "title"), (int)json_int(read, "actions"), app, made);
    if (replaced)
        table_printf(stdout, ", %d replaced", replaced);
    table_printf(stdout, ", %d the same\n", count(files, "same"));
    if (differ)
        table_printf(stdout,
                     "%d file%s the document, as shown above, and %s: --force replaces "
                     "%s\n",
                     differ, differ == 1 ? " differs from" : "s differ from",
                     differ == 1 ? "was left as it is" : "were left as they are",
                     differ == 1 ? "it" : "them");
    if (made)
        table_printf(stdout, "next: foyer check; foyer connect CLIENT --app %s\n", app);
}

int cmd_import(struct cli *cli, struct err *e)
{
    const char *app = NULL;
    int force = 0;
    struct openapi_options openapi = {NULL, NULL, NULL};
    struct cli_option options[] = {
        {"app", CLI_VALUE, &app},           {"only", CLI_VALUE, &openapi.only},
        {"auth", CLI_VALUE, &openapi.auth}, {"api-url", CLI_VALUE, &openapi.api_url},
        {"force", CLI_FLAG, &force},        {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (!app)
        return cli_usage_error(cli, e, "--app NAME is missing: the name of lua/NAME");
    if (cli_open(cli, e) != 0)
        return -1;
    json_t *read = import_file(cli->w, cli->words.items[0], app, force, &openapi, e);
    if (!read)
        return -1;
    if (cli->json)
        cli_print_json(read);
    else
        print_import(read, app);
    json_decref(read);
    return 0;
}
