#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/textfile.h"
#include "core/jsontree.h"
#include "core/limits.h"
#include "vm/data.h"

/* Reads one settings file, without what the other files add. Returns a new reference, an
 * empty object when the file is not there. */
static json_t *read_settings(const char *dir, const char *client, const char *file,
                             struct err *e)
{
    struct buf text;
    struct err why = {0};
    char *name = xasprintf("clients/%s/%s", client, file);
    json_t *tree = NULL;
    buf_init(&text, limits_default.script_bytes);
    if (textfile_read_below(dir, name, name, &text, &why) == 0)
        tree = data_load(buf_str(&text), text.len, name, e);
    else if (why.kind == ERR_NOT_FOUND)
        tree = json_object();
    else
        *e = why;
    buf_free(&text);
    free(name);
    return tree;
}

static void print_notes(const json_t *out, const char *client, const char *app)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(out, "overrides"), i, row)
    {
        table_printf(stderr,
                     "foyer: clients/%s/client.lua says %s.%s[\"%s\"] = \"%s\", which "
                     "is used instead of the company's %s\n",
                     client, app, json_text_or(row, "names", ""),
                     json_text_or(row, "word", ""), json_text_or(row, "own", ""),
                     json_text_or(row, "company", ""));
    }
    json_array_foreach(json_object_get(out, "missing"), i, row)
    {
        table_printf(stderr,
                     "foyer: warning: clients/%s/client.lua says %s.%s[\"%s\"] = \"%s\", "
                     "which the company does not list\n",
                     client, app, json_text_or(row, "names", ""),
                     json_text_or(row, "word", ""), json_text_or(row, "id", ""));
    }
    json_array_foreach(json_object_get(out, "failed"), i, row)
    {
        table_printf(stderr, "foyer: warning: cannot list every %s: %s\n",
                     json_text_or(row, "kind", ""), json_text_or(row, "message", ""));
    }
}

/* Keeps the names written before for the kinds that could not be listed now. */
static void keep_failed(json_t *ids, const json_t *old, const json_t *failed)
{
    size_t i;
    json_t *row;
    json_array_foreach(failed, i, row)
    {
        const char *names = json_text_or(row, "names", "");
        json_t *kept = json_object_get(old, names);
        if (json_object_size(kept) > 0)
            json_object_set(ids, names, kept);
    }
}

/* Checks that the file can be read back: without it nothing runs for this client. */
static int check_loads(const char *path, const char *text, struct err *e)
{
    size_t len = strlen(text);
    json_t *tree = NULL;
    if (len <= limits_default.script_bytes)
        tree = data_load(text, len, path, NULL);
    if (!tree)
        return err_set(e, ERR_LIMIT,
                       "cannot write %s: these are more names than a settings file may "
                       "hold (%zu KiB); put those that you need into client.lua",
                       path, (len + 1023) >> 10);
    json_decref(tree);
    return 0;
}

/* Writes ids.lua again; the names of other apps stay. *CHANGED becomes 0 when the file
 * has the same text already. */
static int write_ids(const char *dir, const char *client, const char *app,
                     const json_t *out, int *changed, struct err *e)
{
    json_t *old = read_settings(dir, client, "ids.lua", e);
    if (!old)
        return -1;
    json_t *ids = json_deep_copy(json_object_get(out, "ids"));
    if (!json_is_object(ids)) { /* an empty table may be a list */
        json_decref(ids);
        ids = json_object();
    }
    keep_failed(ids, json_object_get(old, app), json_object_get(out, "failed"));
    if (!json_is_object(old)) {
        json_decref(old);
        old = json_object();
    }
    json_object_set_new(old, app, ids);
    json_t *tree = cli_sorted(old); /* data_format keeps the order */
    char *comment =
        xasprintf("Written by `foyer ids --client %s --write`: edit client.lua "
                  "instead, what it says is used.",
                  client);
    char *text = data_format(tree, comment);
    char *path = xasprintf("%s/clients/%s/ids.lua", dir, client);
    struct buf now;
    buf_init(&now, 16 * 1024 * 1024);
    *changed = path_read(path, &now, NULL) != 0 || strcmp(buf_str(&now), text) != 0;
    int rc = *changed ? check_loads(path, text, e) : 0;
    if (rc == 0 && *changed)
        rc = path_write(path, text, strlen(text), 0644, e);
    buf_free(&now);
    free(path);
    free(text);
    free(comment);
    json_decref(tree);
    json_decref(old);
    return rc;
}

/* Returns the names that client.lua itself gives, as {"inboxes": {"support": "inb_…"},
 * …}. */
static json_t *own_names(struct workspace *w, const char *client, const char *app,
                         struct err *e)
{
    json_t *tree = read_settings(workspace_dir(w), client, "client.lua", e);
    const json_t *connector = tree ? workspace_connector(w, app, e) : NULL;
    json_t *names = connector ? json_object() : NULL, *id;
    const char *kind;
    json_object_foreach(json_at(connector, "ids"), kind, id)
    {
        const char *table = json_text(id, "names");
        json_t *own = json_object_get(json_object_get(tree, app), table ? table : "");
        if (table && json_is_object(own))
            json_object_set(names, table, own);
    }
    json_decref(tree);
    return names;
}

static void print_rows(const struct cli *cli, json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (json_array_size(json_object_get(row, "named")) == 0)
            json_object_set_new(row, "named", json_string("-"));
    }
    cli_print_rows(cli, rows, "kind name id word named");
}

/* Returns 65 when some kinds could not be listed. */
static int report(const struct cli *cli, const char *app, json_t *out, int write,
                  int changed)
{
    json_t *rows = json_object_get(out, "rows");
    if (cli->json) {
        json_object_set_new(out, "written", json_boolean(write));
        cli_print_json(out);
    } else if (!write) {
        print_rows(cli, rows);
    }
    print_notes(out, cli->client, app);
    if (write)
        fprintf(stderr, "%s clients/%s/ids.lua: %zu names\n",
                changed ? "wrote" : "nothing to change in", cli->client,
                json_array_size(rows));
    return json_array_size(json_object_get(out, "failed")) ? 65 : 0;
}

int cmd_ids(struct cli *cli, struct err *e)
{
    const char *app = "front";
    int write = 0, changed = 0, code = -1;
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {"write", CLI_FLAG, &write},
                                   {"app", CLI_VALUE, &app},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0 || !workspace_connector(cli->w, app, e))
        return -1;
    json_t *own = own_names(cli->w, cli->client, app, e);
    if (!own)
        return -1;
    json_t *out =
        cli_entry(cli, "ids", json_pack("{s:s, s:o}", "app", app, "own", own), e);
    log_progress(NULL);
    if (out && (!write || write_ids(workspace_dir(cli->w), cli->client, app, out,
                                    &changed, e) == 0))
        code = report(cli, app, out, write, changed);
    json_decref(out);
    return code;
}
