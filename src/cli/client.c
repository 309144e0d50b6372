#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "auth/credentials.h"
#include "base/str.h"
#include "cli/client_remove.h"
#include "cli/connect_link.h"
#include "cli/ids.h"
#include "cli/table.h"
#include "core/credential.h"
#include "core/jsontree.h"
#include "ops/checklist.h"
#include "ops/clients.h"
#include "ops/new_client.h"

/* ---- the checklist ---- */

static void print_step(FILE *to, const json_t *step)
{
    int done = json_is_true(json_object_get(step, "done"));
    int optional = json_is_true(json_object_get(step, "optional"));
    const char *todo = json_text(step, "todo");
    size_t i;
    json_t *line;
    table_printf(to, "  [%s] %-10s %s\n",
                 done       ? "x"
                 : optional ? "-"
                            : " ",
                 json_text_or(step, "step", ""), json_text_or(step, "text", ""));
    if (todo)
        table_printf(to, "      %-10s %s\n", "", todo);
    json_array_foreach(optional ? NULL : json_object_get(step, "help"), i, line)
    {
        table_printf(to, "      %-10s   %s\n", "", json_string_value(line));
    }
}

static void print_checklist(FILE *to, const json_t *tree)
{
    size_t i;
    json_t *step;
    long long left = json_int(tree, "left");
    const char *client = json_text_or(tree, "client", "");
    json_array_foreach(json_object_get(tree, "steps"), i, step)
    {
        print_step(to, step);
    }
    if (left)
        table_printf(to, "%lld left; again: foyer client %s\n", left, client);
    else
        table_printf(to, "all is done\n");
}

/* ---- add ---- */

enum { FOLLOWED_LOOKS = 20 }; /* at a link that was followed: 10 s */

struct adding {
    struct new_client as;
    struct grant_spec spec;
    int link, wait;
};

static void print_made(const struct adding *a, const json_t *new)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(new, "made"), i, name)
    {
        table_printf(stderr, "made %s\n", json_string_value(name));
    }
    json_array_foreach(json_object_get(new, "left_out"), i, name)
    {
        table_printf(stderr, "left out, as it is %s's own: %s\n", a->as.from,
                     json_string_value(name));
    }
    json_array_foreach(json_object_get(new, "copied"), i, name)
    {
        table_printf(stderr, "%s as %s has it, look whether it fits: %s\n", "copied",
                     a->as.from, json_string_value(name));
    }
}

/* Checks what a link needs before a client is made for it. */
static int check_link(struct cli *cli, struct adding *a, struct err *e)
{
    struct credentials by = {.where = NULL};
    const json_t *connector = workspace_connector(cli->w, a->as.app, e);
    if (!connector || connect_link_check_url("--api-url", a->spec.api_url, e) != 0 ||
        connect_link_check_url("--oauth-url", a->spec.oauth_url, e) != 0)
        return -1;
    if (!a->link)
        return 0;
    if (credential_need(connector) != CREDENTIAL_CONSENT)
        return err_set(e, ERR_USAGE,
                       "--link is of no use for %s, which is not connected by a consent: "
                       "leave it out, then run `foyer connect %s --app %s`",
                       json_text_or(connector, "name", a->as.app), a->as.client,
                       a->as.app);
    int rc = credentials_open(cli->w, a->as.app, NULL, &by, e);
    credentials_fini(&by);
    return rc;
}

/* Looks twice a second whether the consent came. Returns 0 when it did. A link that was
 * followed has no connection yet while `foyer serve` asks for the token. */
static int wait_for_consent(struct cli *cli, const struct adding *a, struct err *e)
{
    json_t *names = json_pack("[s]", a->as.client);
    int rc = -1, is_open = 1, looks = 0;
    fprintf(stderr,
            "waiting for the consent; Ctrl-C ends the wait, and the link stays valid: "
            "foyer client %s --wait waits again\n",
            a->as.client);
    while (rc != 0 && is_open) {
        json_t *rows = clients_links(cli->w, names, a->as.app, e);
        const json_t *row = json_array_get(rows, 0);
        is_open =
            row && (json_object_get(row, "link_until_at") || json_object_get(row, "id"));
        int is_followed = str_eq(json_text_or(row, "connected", ""), "link failed");
        if (is_followed && looks++ < FOLLOWED_LOOKS)
            is_open = 1;
        if (rows && !is_open)
            err_set(
                e, ERR_AUTH,
                is_followed
                    ? "the link of %s was followed, and no connection came of it; the "
                      "page and the log of `foyer serve` say why: foyer connect %s "
                      "--link makes a new one"
                    : "there is no open link of %s to wait for: foyer connect %s "
                      "--link makes one",
                a->as.client, a->as.client);
        if (json_object_get(row, "id"))
            rc = 0;
        else if (is_open)
            poll(NULL, 0, 500);
        json_decref(rows);
    }
    json_decref(names);
    return rc;
}

/* Waits for the consent, and writes ids.lua. */
static int wait_and_write(struct cli *cli, const struct adding *a, struct err *e)
{
    const json_t *connector = workspace_connector(cli->w, a->as.app, e);
    if (!connector || wait_for_consent(cli, a, e) != 0)
        return -1;
    if (!json_at(connector, "ids"))
        return 0;
    cli->client = a->as.client;
    if (cli_open_session(cli, e) != 0)
        return -1;
    return ids_write(cli, a->as.app, e);
}

/* Shows the checklist. NEW and LINK are what was made, or NULL. */
static int show(struct cli *cli, const struct adding *a, json_t *new, const char *link,
                struct err *e)
{
    /* the files were read before some of them were there */
    struct workspace *w = workspace_open(workspace_dir(cli->w), 0, e);
    struct report *report = w ? report_open(w, e) : NULL;
    json_t *tree = report ? checklist_of(report, a->as.client, a->as.app, e) : NULL;
    if (tree && cli->json) {
        json_object_update(tree, new);
        report_set_text(tree, "link", link);
        cli_print_json(tree);
    } else if (tree) {
        print_checklist(new ? stderr : stdout, tree);
    }
    report_close(report);
    workspace_close(w);
    int rc = tree ? 0 : -1;
    json_decref(tree);
    return rc;
}

static int add(struct cli *cli, struct adding *a, struct err *e)
{
    json_t *new = check_link(cli, a, e) == 0 ? new_client_make(cli->w, &a->as, e) : NULL;
    char *link = NULL;
    if (!new)
        return -1;
    a->spec.client = a->as.client;
    a->spec.app = a->as.app;
    a->spec.redirect_url = credentials_redirect_url(cli->w, a->as.app, a->as.client);
    if (a->link && !(link = connect_link_make(cli->w, &a->spec, e))) {
        new_client_undo(cli->w, a->as.client, json_object_get(new, "made"));
        json_decref(new);
        return -1;
    }
    print_made(a, new);
    if (link) {
        connect_link_explain(&a->spec);
        fputs(cli->json ? "" : link, stdout);
        fputs(cli->json ? "" : "\n", stdout);
        fflush(stdout);
    }
    int code = a->wait ? wait_and_write(cli, a, e) : 0;
    if (code >= 0 && show(cli, a, new, link, e) != 0)
        code = -1;
    free(link);
    json_decref(new);
    return code;
}

int cmd_client(struct cli *cli, struct err *e)
{
    static const char *const verbs[] = {"show", "add", "remove"};
    enum { SHOW, ADD, REMOVE, VERBS };
    struct adding a = {.as = {.app = "front"}};
    struct cli_option options[] = {{"from", CLI_VALUE, &a.as.from},
                                   {"name", CLI_VALUE, &a.as.name},
                                   {"group", CLI_VALUE, &a.as.groups},
                                   {"link", CLI_FLAG, &a.link},
                                   {"wait", CLI_FLAG, &a.wait},
                                   {"app", CLI_VALUE, &a.as.app},
                                   {"api-url", CLI_VALUE, &a.spec.api_url},
                                   {"oauth-url", CLI_VALUE, &a.spec.oauth_url},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli->argc > 1 && strcmp(cli->argv[1], "remove") == 0)
        return client_remove(cli, e);
    if (cli_parse(cli, options, e) != 0)
        return -1;
    int verb = SHOW, has_verb = cli->words.n == 2;
    for (int i = 0; i < VERBS; i++)
        has_verb |= strcmp(cli->words.items[0], verbs[i]) == 0;
    if (has_verb && (verb = cli_find_verb(cli, verbs, VERBS, e)) < 0)
        return -1;
    if (verb == REMOVE)
        return cli_usage_error(cli, e, "remove comes first: foyer client remove CLIENT");
    if (has_verb && cli->words.n != 2)
        return cli_usage_error(cli, e, "which client? Add its name");
    if (verb == ADD && a.wait && !a.link)
        return cli_usage_error(cli, e, "--wait waits for the consent of a --link");
    a.as.client = cli->words.items[has_verb];
    if (cli_open(cli, e) != 0)
        return -1;
    if (!has_verb && (str_eq(a.as.client, "list") || str_eq(a.as.client, "ls")) &&
        !workspace_has_client(cli->w, a.as.client))
        return cli_usage_error(cli, e, "`foyer clients` lists the clients");
    if (verb == ADD)
        return add(cli, &a, e);
    int code = a.wait ? wait_and_write(cli, &a, e) : 0;
    if (code >= 0 && show(cli, &a, NULL, NULL, e) != 0)
        code = -1;
    return code;
}
