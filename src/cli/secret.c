#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "ops/secret_trial.h"
#include "base/str.h"
#include "base/testhook.h"
#include "base/when.h"
#include "store/store_secret.h"
#include "store/secret_usage.h"

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

/* Tries the new value of an app's client_secret before it is in force. Returns 0 when it
 * may be stored. */
static int try_value(struct cli *cli, const char *name, const struct buf *value,
                     struct err *e)
{
    struct secret_trial trial = {.company = NULL};
    int n = secret_trial_count(cli->w, name, e);
    if (n <= 0)
        return n;
    if (cli_open_session(cli, e) != 0)
        return -1;
    fprintf(stderr, "%s is the client_secret of %d connection%s: trying it with one\n",
            name, n, n == 1 ? "" : "s");
    int rc = secret_trial_run(cli->session, name, value, &trial, e);
    if (rc == 0)
        table_printf(stderr, "it was taken: the token of %s is refreshed\n",
                     trial.company);
    else if (e->kind == ERR_AUTH)
        err_prefix(e,
                   "the new value of %s is refused, and is not kept; what was in force "
                   "stays. If it belongs to a new app, change client_id first",
                   name);
    else
        err_prefix(e,
                   "cannot try the new value of %s, so it is not in force; try again, or "
                   "store it as it is: foyer secret set %s --untried",
                   name, name);
    free(trial.company);
    return rc;
}

static int secret_set(struct cli *cli, const char *name, const char *from, int add,
                      int untried, struct err *e)
{
    struct workspace *w = cli->w;
    struct buf value = {0};
    struct err why = {0};
    if (!str_is_name(name))
        return err_set(e, ERR_USAGE,
                       "\"%.64s\" cannot name a secret: a name has letters, digits, '-', "
                       "'_' and '.'",
                       name);
    /* before a person types a value that could not be stored */
    if (!workspace_store(w, e) || !workspace_vault(w, e))
        return -1;
    char *prompt = xasprintf("value of %s, then Enter: ", name);
    int rc = cli_read_secret(from ? from : "-", prompt, &value, e);
    free(prompt);
    if (rc == 0 && !untried)
        rc = try_value(cli, name, &value, e);
    if (rc == 0)
        rc = put_secret(w, name, &value, add, &why);
    /* the sealing key was renewed meanwhile, or another process set the secret */
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
    json_t *row = json_pack("{s:s, s:I, s:f}", "name", secret->name, "version",
                            (json_int_t)secret->value.version, "set_at",
                            (double)secret->created_ms / 1000);
    int64_t used = secret_usage_last(workspace_live(listing->w), secret->name,
                                     secret->value.version, NULL);
    /* an earlier use was of an earlier secret of that name */
    enum { DAY_MS = 24 * 3600 * 1000 };
    if (used > 0 && used > secret->created_ms - DAY_MS)
        report_set_time(row, "last_used_at", used);
    json_array_append_new(listing->rows, row);
    return 0;
}

/* Sets `last_used` for people: a day, as no hour of it is known. */
static void set_days(json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const json_t *at = json_object_get(row, "last_used_at");
        struct buf day;
        buf_init(&day, 64);
        if (at)
            when_format(&day, "%F", (int64_t)json_number_value(at), NULL);
        json_object_set_new(row, "last_used", json_string(buf_str(&day)));
        buf_free(&day);
    }
}

static int secret_list(const struct cli *cli, struct err *e)
{
    struct store *store = workspace_store(cli->w, e);
    json_t *rows = json_array();
    struct listing listing = {cli->w, rows};
    int rc = store ? store_secret_each(store, add_secret, &listing, e) : -1;
    if (rc == 0 && !cli->json)
        set_days(rows);
    if (rc == 0 && (cli->json || json_array_size(rows)))
        cli_print_rows(cli, rows, "name version set_at last_used");
    json_decref(rows);
    return rc;
}

static int secret_remove(const struct cli *cli, int64_t version, struct err *e)
{
    struct store *store = workspace_store(cli->w, e);
    return store ? store_secret_remove(store, cli->words.items[1], version, e) : -1;
}

int cmd_secret(struct cli *cli, struct err *e)
{
    static const char *const verbs[] = {"list", "set", "rm"};
    enum { LIST, SET, RM, VERBS };
    const char *from = NULL, *version = NULL;
    int add = 0, untried = 0;
    int64_t number = 0;
    struct cli_option options[] = {{"from", CLI_VALUE, &from},
                                   {"add", CLI_FLAG, &add},
                                   {"untried", CLI_FLAG, &untried},
                                   {"version", CLI_VALUE, &version},
                                   {NULL, CLI_FLAG, NULL}};
    int verb = cli_parse(cli, options, e) == 0 ? cli_find_verb(cli, verbs, VERBS, e) : -1;
    if (verb < 0)
        return -1;
    if (cli->words.n != (verb == LIST ? 1u : 2u))
        return cli_usage_error(
            cli, e, verb == LIST ? "one word too many" : "the name is missing");
    if (version && (str_parse_int(version, &number) != 0 || number < 1))
        return err_set(e, ERR_USAGE, "--version takes a number from 1 on, not %s",
                       version);
    if (cli_open(cli, e) != 0)
        return -1;
    return verb == LIST  ? secret_list(cli, e)
           : verb == SET ? secret_set(cli, cli->words.items[1], from, add, untried, e)
                         : secret_remove(cli, number, e);
}
