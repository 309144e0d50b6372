#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/str.h"
#include "base/testhook.h"
#include "store/store_secret.h"
#include "store/secret_usage.h"

static const char usage[] =
    "secret set NAME [--from FILE] [--add] | secret list | secret rm NAME [--version N]";

static int put_secret(struct workspace *w, const char *name, const struct buf *value,
                      int add, struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_sealer(w, e) : NULL;
    int64_t version = vault ? store_secret_version(store, name, e) : -1;
    if (version < 0)
        return -1;
    struct buf sealed;
    struct vault_place place = {"secret", "", name, version + 1};
    buf_init(&sealed, 64 * 1024);
    int rc = vault_seal(vault, &place, value->data, value->len, &sealed, e);
    testhook_pause("secret sealed");
    if (rc == 0) {
        struct store_secret row = {
            .name = (char *)name,
            .value = {version + 1, (unsigned char *)sealed.data, sealed.len}};
        rc = store_secret_put(store, &row, add, e);
    }
    buf_free(&sealed);
    return rc;
}

static int secret_set(struct workspace *w, const char *name, const char *from, int add,
                      struct err *e)
{
    struct buf value = {0};
    struct err why = {0};
    if (!str_is_name(name))
        return err_set(
            e, ERR_USAGE,
            "\"%.64s\" is no name of a secret: letters, digits, '-', '_' and '.'", name);
    /* nobody should type a value that cannot be kept */
    if (!workspace_store(w, e) || !workspace_vault(w, e))
        return -1;
    char *prompt = xasprintf("value of %s, then Enter: ", name);
    int rc = cli_read_secret(from ? from : "-", prompt, &value, e);
    free(prompt);
    if (rc == 0)
        rc = put_secret(w, name, &value, add, &why);
    /* the sealing key was renewed in between, or another process set it too */
    if (rc != 0 && why.kind == ERR_CONFLICT)
        rc = put_secret(w, name, &value, add, &why);
    if (rc != 0 && why.kind != ERR_NONE)
        *e = why;
    vault_wipe(&value);
    return rc;
}

struct listing {
    struct workspace *w;
    json_t *rows;
};

static int add_secret(void *arg, const struct store_secret *secret)
{
    struct listing *listing = arg;
    struct err ignored;
    json_t *row = json_pack("{s:s, s:I, s:f}", "name", secret->name, "version",
                            (json_int_t)secret->value.version, "set_at",
                            (double)secret->created_ms / 1000);
    int64_t used = secret_usage_last(workspace_live(listing->w), secret->name,
                                     secret->value.version, &ignored);
    /* a use from before it was set is of an earlier secret of that name */
    enum { DAY_MS = 24 * 3600 * 1000 };
    if (used > 0 && used > secret->created_ms - DAY_MS)
        json_object_set_new(row, "last_used_at", json_real((double)used / 1000));
    json_array_append_new(listing->rows, row);
    return 0;
}

static int secret_list(const struct cli *cli, struct workspace *w, struct err *e)
{
    struct store *store = workspace_store(w, e);
    json_t *rows = json_array();
    struct listing listing = {w, rows};
    int rc = store ? store_secret_each(store, add_secret, &listing, e) : -1;
    if (rc == 0 && cli->json) {
        cli_print_json(rows);
    } else if (rc == 0 && json_array_size(rows) > 0) {
        json_t *columns =
            json_pack("[s,s,s,s]", "name", "version", "set_at", "last_used_at");
        table_print(rows, columns);
        json_decref(columns);
    }
    json_decref(rows);
    return rc;
}

int cmd_secret(struct cli *cli, int argc, char **argv)
{
    const char *from = NULL, *version = NULL;
    int add = 0;
    int64_t number = 0;
    struct cli_option options[] = {{"from", CLI_VALUE, &from},
                                   {"add", CLI_FLAG, &add},
                                   {"version", CLI_VALUE, &version},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    if (cli_parse(cli, argc, argv, options, &rest, 1, 2, usage, &e) != 0)
        goto out;
    const char *what = rest.items[0];
    int list = strcmp(what, "list") == 0, set = strcmp(what, "set") == 0;
    if ((!list && !set && strcmp(what, "rm") != 0) || rest.n != (list ? 1u : 2u)) {
        err_set(&e, ERR_USAGE, "usage: foyer %s", usage);
        goto out;
    }
    if (version && (str_parse_int(version, &number) != 0 || number < 1)) {
        err_set(&e, ERR_USAGE, "--version takes a number from 1 on, not %s", version);
        goto out;
    }
    w = workspace_open(cli->workspace, 0, &e);
    if (!w)
        goto out;
    if (list) {
        secret_list(cli, w, &e);
    } else if (set) {
        secret_set(w, rest.items[1], from, add, &e);
    } else {
        struct store *store = workspace_store(w, &e);
        if (store)
            store_secret_remove(store, rest.items[1], number, &e);
    }
out:
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
