#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/deploy.h"
#include "ops/live_files.h"
#include "ops/text_diff.h"

enum { HASH_SHOWN = 12 };

/* Returns the files of the name that was given, as lua/std/tools/which.lua finds them;
 * NULL with E. */
static json_t *find_files(struct cli *cli, struct err *e)
{
    return cli_entry(
        cli, "which",
        json_pack("{s:s, s:s*}", "name", cli->words.items[0], "client", cli->client), e);
}

/* Says of a table's row what of the file is live. */
static void set_live(json_t *row)
{
    const char *live = json_text(row, "live");
    char text[64];
    if (!live)
        return;
    snprintf(text, sizeof text,
             str_eq(live, "same")    ? "release %lld"
             : str_eq(live, "other") ? "another in release %lld"
                                     : "not in release %lld",
             json_int(row, "release"));
    json_object_set_new(row, "live", json_string(text));
}

static void print_layers(const struct cli *cli, const json_t *matches)
{
    size_t i, k;
    json_t *match, *layer, *rows = json_array();
    json_array_foreach(matches, i, match)
    {
        json_array_foreach(json_object_get(match, "layers"), k, layer)
        {
            json_t *row = json_copy(layer);
            const char *sha256 = json_text(layer, "sha256");
            json_object_set(row, "kind", json_object_get(match, "kind"));
            set_live(row);
            if (sha256 && strlen(sha256) > HASH_SHOWN) /* --json has the whole of it */
                json_object_set_new(row, "sha256", json_stringn(sha256, HASH_SHOWN));
            json_array_append_new(rows, row);
        }
    }
    cli_print_rows(cli, rows, "kind layer use sha256 live path");
    json_decref(rows);
    json_array_foreach(matches, i, match)
    {
        const char *why = json_text(match, "error");
        if (why)
            table_printf(stderr, "foyer: warning: %s\n", why);
    }
}

int cmd_which(struct cli *cli, struct err *e)
{
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    json_t *out = find_files(cli, e);
    if (out)
        live_files_mark(cli->w, cli->client, json_object_get(out, "matches"));
    if (out && cli->json)
        cli_print_json(out);
    else if (out)
        print_layers(cli, json_object_get(out, "matches"));
    int rc = out ? 0 : -1;
    json_decref(out);
    return rc;
}

/* ---- diff ---- */

static int compare(const struct overlay_file *below, const struct overlay_file *near,
                   struct buf *out, struct err *e)
{
    char *labels[2] = {
        xasprintf("%s (%s)", below->path, overlay_layer_name(below->layer)),
        xasprintf("%s (%s)", near->path, overlay_layer_name(near->layer))};
    struct text_diff_side old = {labels[0], below->text, below->len};
    struct text_diff_side new = {labels[1], near->text, near->len};
    int rc = text_diff(&old, &new, out, e);
    free(labels[0]);
    free(labels[1]);
    return rc;
}

static struct overlay_file *layer_file(const struct cli *cli, const json_t *layer,
                                       struct err *e)
{
    return overlay_find(workspace_overlay(cli->w), cli->client, json_text(layer, "file"),
                        (enum overlay_layer)(json_int(layer, "index") - 1), e);
}

/* Compares one file with the one that it overrides. Returns its row for --json, and sets
 * *DIFFER to 1 when they differ; NULL with E. */
static json_t *diff_one(const struct cli *cli, const json_t *match, int *differ,
                        struct err *e)
{
    const json_t *layers = json_object_get(match, "layers");
    json_t *near = json_array_get(layers, 0), *below = json_array_get(layers, 1);
    json_t *row =
        json_pack("{s:O, s:O, s:n, s:b, s:n}", "kind", json_object_get(match, "kind"),
                  "path", json_object_get(near, "path"), "below", "differs", 0, "diff");
    if (!below)
        return row;
    struct overlay_file *near_file = layer_file(cli, near, e);
    struct overlay_file *below_file = near_file ? layer_file(cli, below, e) : NULL;
    struct buf out;
    buf_init(&out, TEXT_DIFF_MAX);
    int rc = below_file ? compare(below_file, near_file, &out, e) : -1;
    if (rc < 0) {
        json_decref(row);
        row = NULL;
    } else {
        *differ |= rc;
        json_t *text = json_stringn(buf_str(&out), out.len);
        json_object_set(row, "below", json_object_get(below, "path"));
        json_object_set_new(row, "differs", json_boolean(rc));
        /* JSON cannot hold bytes that are not UTF-8 */
        json_object_set_new(row, "diff", text ? text : json_null());
    }
    buf_free(&out);
    return row;
}

static void print_diff(const json_t *row)
{
    const char *path = json_text(row, "path");
    const char *below = json_text(row, "below");
    const char *text = json_text(row, "diff");
    if (!below)
        table_printf(stderr, "foyer: %s overrides nothing: no layer below has it\n",
                     path);
    else if (json_is_false(json_object_get(row, "differs")))
        table_printf(stderr, "foyer: %s and %s are the same\n", path, below);
    else if (text)
        table_print_text(stdout, text);
    else
        table_printf(stderr, "foyer: %s and %s differ, in bytes that are not UTF-8\n",
                     path, below);
}

/* Returns 1 when something differs, as diff(1) does. */
static int diff_layers(struct cli *cli, struct err *e)
{
    json_t *out = find_files(cli, e), *rows = json_array(), *match;
    int code = out ? 0 : -1, differ = 0;
    size_t i;
    json_array_foreach(json_object_get(out, "matches"), i, match)
    {
        json_t *row = code == 0 ? diff_one(cli, match, &differ, e) : NULL;
        if (row)
            json_array_append_new(rows, row);
        else
            code = -1;
    }
    if (code == 0 && cli->json)
        cli_print_json(rows);
    json_array_foreach(code == 0 && !cli->json ? rows : NULL, i, match)
    {
        print_diff(match);
    }
    json_decref(out);
    json_decref(rows);
    return code == 0 ? differ : -1;
}

/* ---- diff --live ---- */

/* Takes the rows of other files than PATH out. */
static void keep_file(json_t *rows, const char *path)
{
    for (size_t i = json_array_size(rows); i > 0; i--)
        if (!str_eq(json_text(json_array_get(rows, i - 1), "path"), path))
            json_array_remove(rows, i - 1);
}

static void print_live(const json_t *tree)
{
    const json_t *rows = json_object_get(tree, "files"), *row;
    size_t i;
    changes_print(stdout, rows, json_array_size(json_object_get(tree, "clients")));
    fflush(stdout);
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        const char *client = json_text_or(row, "client", "");
        if (!json_object_get(row, "old"))
            table_printf(stderr, "foyer: client %s is in no release yet\n", client);
        else if (str_eq(json_text(row, "state"), "gone"))
            table_printf(stderr,
                         "foyer: client %s runs release %lld, and its directory "
                         "is not there\n",
                         client, json_int(row, "old"));
    }
    if (!json_is_true(json_object_get(tree, "differs")))
        fputs("foyer: what runs is what the files say\n", stderr);
}

/* Compares the files with what runs: all of them, or the one that is named. */
static int diff_live(struct cli *cli, struct err *e)
{
    const struct deploy d = {
        .clients = &cli->clients, .is_part = cli_has_clients(cli), .diffs = 1};
    json_t *tree = deploy_difference(cli->w, &d, e);
    if (!tree)
        return -1;
    json_t *files = json_object_get(tree, "files");
    int differs = json_is_true(json_object_get(tree, "differs"));
    if (cli->words.n) {
        keep_file(files, cli->words.items[0]);
        differs = json_array_size(files) > 0;
        json_object_set_new(tree, "differs", json_boolean(differs));
    }
    if (cli->json)
        cli_print_json(tree);
    else
        print_live(tree);
    json_decref(tree);
    return differs;
}

int cmd_diff(struct cli *cli, struct err *e)
{
    int live = 0;
    const struct cli_option options[] = {
        CLI_CLIENTS(cli), {"live", CLI_FLAG, &live}, {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (!live && !cli->words.n)
        return cli_usage_error(cli, e, "which file? Or --live");
    if (!live && (cli->groups.n || cli->except.n || cli->clients.all))
        return cli_usage_error(cli, e, "groups of clients go with --live");
    static struct cli_command command; /* cli_run reads it after the end of this */
    if (live) { /* it needs the files alone, which may have mistakes */
        command = *cli->command;
        command.needs = CLI_WORKSPACE | CLI_STORE;
        cli->command = &command;
        cli->lenient = 1;
    }
    if (cli_open(cli, e) != 0)
        return -1;
    return live ? diff_live(cli, e) : diff_layers(cli, e);
}
