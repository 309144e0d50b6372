#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/live_files.h"

/* Adds to ROWS the files of MATCH that are in force: the nearest, and those below that
 * its `super` includes. */
static int add_files(const struct cli *cli, const json_t *match, json_t *rows,
                     struct err *e)
{
    size_t i;
    const json_t *layer;
    json_array_foreach(json_object_get(match, "layers"), i, layer)
    {
        if (!json_is_true(json_object_get(layer, "in_force")))
            continue;
        const struct overlay_file *file =
            overlay_find(workspace_overlay(cli->w), cli->client, json_text(layer, "file"),
                         (enum overlay_layer)(json_int(layer, "index") - 1), e);
        if (!file)
            return -1;
        json_t *row = json_copy((json_t *)layer);
        json_t *text = json_stringn(file->text, file->len);
        json_object_set(row, "kind", json_object_get(match, "kind"));
        /* JSON cannot hold bytes that are not UTF-8 */
        json_object_set_new(row, "text", text ? text : json_null());
        json_array_append_new(rows, row);
    }
    return 0;
}

/* A single file as it is, so that it can be redirected; several with headings. */
static void print(const json_t *rows)
{
    size_t i, n = json_array_size(rows);
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *text = json_text(row, "text");
        if (n > 1)
            table_printf(stdout, "%s==> %s (%s) <==\n", i ? "\n" : "",
                         json_text_or(row, "path", ""), json_text_or(row, "use", ""));
        if (text)
            table_print_text(stdout, text);
        else
            table_printf(stderr, "foyer: %s has bytes that are not UTF-8\n",
                         json_text_or(row, "path", ""));
    }
    fflush(stdout);
    json_array_foreach(n == 1 ? rows : NULL, i, row)
    {
        table_printf(stderr, "foyer: this is %s\n", json_text_or(row, "path", ""));
    }
    json_array_foreach(rows, i, row)
    {
        if (json_text(row, "live") && strcmp(json_text(row, "live"), "same") != 0)
            table_printf(stderr, "foyer: release %lld, which runs, has %s\n",
                         json_int(row, "release"),
                         strcmp(json_text(row, "live"), "other") == 0
                             ? "another version of it: foyer diff --live"
                             : "no such file: foyer deploy");
    }
}

int cmd_show(struct cli *cli, struct err *e)
{
    const struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                         {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    json_t *out = cli_entry(
        cli, "which",
        json_pack("{s:s, s:s*}", "name", cli->words.items[0], "client", cli->client), e);
    json_t *rows = json_array(), *match;
    size_t i;
    int rc = out ? 0 : -1;
    if (out)
        live_files_mark(cli->w, cli->client, json_object_get(out, "matches"));
    json_array_foreach(json_object_get(out, "matches"), i, match)
    {
        if (rc == 0)
            rc = add_files(cli, match, rows, e);
    }
    if (rc == 0 && cli->json)
        cli_print_json(rows);
    else if (rc == 0)
        print(rows);
    json_decref(rows);
    json_decref(out);
    return rc;
}
