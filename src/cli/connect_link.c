#include "cli/connect_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/credentials.h"
#include "base/clock.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "io/httpc_check.h"
#include "io/url_parse.h"
#include "ops/clients.h"
#include "store/store_consent.h"

int connect_link_check_url(const char *option, const char *url, struct err *e)
{
    struct url_parts u;
    if (!url)
        return 0;
    if (url_parse(url, &u, e) != 0)
        return -1;
    int rc = 0;
    if (strcmp(u.scheme, "http") == 0 && !host_is_address(u.host))
        rc = err_set(e, ERR_INVALID,
                     "cannot use %s %s: plain http is for an address such as "
                     "http://127.0.0.1:8099 only",
                     option, url);
    url_parts_fini(&u);
    return rc;
}

static void warn_loopback(const struct grant_spec *spec)
{
    struct url_parts u;
    if (url_parse(spec->redirect_url, &u, NULL) != 0)
        return;
    if (httpc_check_is_loopback(u.host))
        table_printf(stderr,
                     "warning: the link leads back to %s, which is the machine of the "
                     "person who opens it: unless that is this one, set redirect_url to "
                     "an address at which they reach `foyer serve`, or use --paste\n",
                     spec->redirect_url);
    url_parts_fini(&u);
}

/* Not in a copy of the store: a grant of today may end the one that the original has. */
static char *make(struct workspace *w, const struct grant_spec *spec, struct err *e)
{
    struct store *store = workspace_store(w, e);
    if (!store || store_check_home(store, "connect a client", e) != 0)
        return NULL;
    return grant_link(w, spec, clock_wall_ms() + STORE_CONSENT_MAX_MS, NULL, e);
}

char *connect_link_make(struct workspace *w, const struct grant_spec *spec, struct err *e)
{
    char *link = make(w, spec, e);
    if (link)
        warn_loopback(spec);
    return link;
}

void connect_link_explain(const struct grant_spec *spec)
{
    fprintf(stderr,
            "send this link to an administrator of %s's company; it is valid for "
            "seven days, once, while `foyer serve` answers at %s\n",
            spec->client, spec->redirect_url);
}

/* ---- many ---- */

/* Returns 1 when the client of ROW shall have a link: not when its grant is one of the
 * app that the settings name for it. */
static int needs_link(const json_t *row)
{
    static const char *const fine[] = {"yes", "token"};
    const char *state = json_text_or(row, "connected", "no");
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (strcmp(state, fine[i]) == 0)
            return 0;
    return 1;
}

/* Makes the link of ROW, or sets its `error`. */
static void add_link(struct workspace *w, json_t *row, struct grant_spec spec,
                     int *is_warned)
{
    struct err why = {0};
    spec.client = json_text_or(row, "client", "");
    spec.redirect_url = credentials_redirect_url(w, spec.app, spec.client);
    char *link = workspace_client(w, spec.client, &why) ? make(w, &spec, &why) : NULL;
    if (link) {
        json_object_set_new(row, "link", json_string(link));
        if (!json_object_get(row, "id"))
            json_object_set_new(row, "connected", json_string("link"));
        json_object_set_new(
            row, "link_until_at",
            json_real((double)(clock_wall_ms() + STORE_CONSENT_MAX_MS) / 1000));
        if (!*is_warned)
            warn_loopback(&spec);
        *is_warned = 1;
    } else {
        json_object_set_new(row, "error", json_string(why.text));
    }
    free(link);
}

int connect_link_table(struct cli *cli, const json_t *names,
                       const struct grant_spec *spec, int make_links, struct err *e)
{
    json_t *rows = clients_links(cli->w, names, spec->app, e), *row;
    size_t i;
    int is_warned = 0, failed = 0;
    if (!rows)
        return -1;
    json_array_foreach(rows, i, row)
    {
        if (make_links && needs_link(row))
            add_link(cli->w, row, *spec, &is_warned);
        const char *why = json_text(row, "error");
        failed |= why != NULL;
        if (why)
            table_printf(stderr, "foyer: client %s: %s\n",
                         json_text_or(row, "client", ""), why);
    }
    cli_print_rows(cli, rows,
                   make_links ? "client connected company link_until_at link"
                              : "client connected company id link_until_at");
    json_decref(rows);
    return failed ? 65 : 0;
}
