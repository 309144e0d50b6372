#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/folded.h"
#include "cli/ids.h"
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

/* Returns 1 for a kind that not every company has. */
static int is_optional(const json_t *failed)
{
    return json_is_true(json_object_get(failed, "optional"));
}

/* SAME (may be NULL) gets what is so of other clients too, for folded_print. */
static void print_notes(const json_t *out, const char *client, const char *app,
                        json_t *same)
{
    size_t i;
    json_t *row;
    struct buf refused;
    buf_init(&refused, 2000);
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
        if (!is_optional(row))
            table_printf(stderr, "foyer: warning: cannot list every %s: %s\n",
                         json_text_or(row, "kind", ""), json_text_or(row, "message", ""));
        else
            buf_addf(&refused, "%s%s", refused.len ? ", " : "",
                     json_text_or(row, "kind", ""));
    }
    if (refused.len) {
        char *text = xasprintf("not listed, as the company has none or the token's "
                               "scopes lack them: %s",
                               buf_str(&refused));
        if (same)
            folded_add(same, client, text);
        else
            table_printf(stderr, "foyer: %s\n", text);
        free(text);
    }
    buf_free(&refused);
    json_array_foreach(json_object_get(out, "more"), i, row)
    {
        table_printf(stderr,
                     "foyer: the company has more than %lld of %s: name those that you "
                     "need in clients/%s/client.lua\n",
                     json_int(row, "listed"), json_text_or(row, "names", ""), client);
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
    char *comment = xasprintf("Written by `foyer ids %s --write`: edit client.lua "
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

/* QUIET 1: nothing on standard output. Returns 65 when kinds that every company has could
 * not be listed. */
static int report(const struct cli *cli, const char *app, json_t *out, int write,
                  int changed, int quiet, json_t *same)
{
    json_t *rows = json_object_get(out, "rows");
    if (quiet) {
        ; /* the caller prints its own document */
    } else if (cli->json) {
        json_object_set_new(out, "written", json_boolean(write));
        cli_print_json(out);
    } else if (!write) {
        print_rows(cli, rows);
    }
    print_notes(out, cli->client, app, same);
    if (write)
        fprintf(stderr, "%s clients/%s/ids.lua: %zu names\n",
                changed ? "wrote" : "nothing to change in", cli->client,
                json_array_size(rows));
    size_t i, failed = 0;
    json_t *row;
    json_array_foreach(json_object_get(out, "failed"), i, row)
    {
        failed += !is_optional(row);
    }
    return failed ? 65 : 0;
}

/* OUT gets the answer, a new reference, or NULL; SAME as of print_notes. */
static int show_or_write(struct cli *cli, const char *app, int write, int quiet,
                         json_t *same, json_t **out, struct err *e)
{
    int changed = 0;
    json_t *own = own_names(cli->w, cli->client, app, e);
    *out = NULL;
    if (!own)
        return -1;
    *out = cli_entry(cli, "ids", json_pack("{s:s, s:o}", "app", app, "own", own), e);
    log_progress(NULL);
    if (*out && (!write || write_ids(workspace_dir(cli->w), cli->client, app, *out,
                                     &changed, e) == 0))
        return report(cli, app, *out, write, changed, quiet, same);
    return -1;
}

int ids_write(struct cli *cli, const char *app, struct err *e)
{
    json_t *out;
    int code = show_or_write(cli, app, 1, 1, NULL, &out, e);
    json_decref(out);
    return code;
}

/* Writes those of several clients, and goes on when one fails. Returns the exit code of
 * the last that failed. */
static int write_many(struct cli *cli, const char *app)
{
    int last = 0;
    json_t *rows = json_array(), *same = json_object();
    for (size_t i = 0; i < cli->clients.n && !session_interrupted(cli->session); i++) {
        struct err why = {0};
        json_t *out;
        cli->client = cli->clients.clients[i];
        int code = show_or_write(cli, app, 1, 1, same, &out, &why);
        json_t *row =
            json_pack("{s:s, s:b}", "client", cli->client, "written", code >= 0);
        if (code < 0) {
            table_printf(stderr, "foyer: client %s: %s\n", cli->client, why.text);
            json_object_set_new(row, "error", cli_error_tree(&why));
            code = err_exit_code(why.kind);
        } else {
            json_object_update(row, out);
        }
        last = code ? code : last;
        json_array_append_new(rows, row);
        json_decref(out);
    }
    folded_print(same);
    if (cli->json)
        cli_print_json(rows);
    json_decref(same);
    json_decref(rows);
    return last;
}

int cmd_ids(struct cli *cli, struct err *e)
{
    const char *app = "front";
    int write = 0;
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"write", CLI_FLAG, &write},
                                   {"app", CLI_VALUE, &app},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (cli->words.n && cli_has_clients(cli))
        return cli_usage_error(cli, e, "either a name, or --client and its like");
    if (cli->words.n)
        cli->client = cli->words.items[0];
    else if (!cli_has_clients(cli))
        return cli_usage_error(cli, e, "for which client? foyer ids CLIENT");
    if (cli_open(cli, e) != 0 || !workspace_connector(cli->w, app, e))
        return -1;
    if (cli->clients.n > 1 && !write)
        return cli_usage_error(cli, e,
                               "of several clients, ids are only written: add "
                               "--write");
    if (cli->clients.n > 1)
        return write_many(cli, app);
    json_t *out;
    int code = show_or_write(cli, app, write, 0, NULL, &out, e);
    json_decref(out);
    return code;
}
