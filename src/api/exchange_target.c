#include "api/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/printable.h"
#include "base/str.h"
#include "core/settings.h"
#include "io/url_parse.h"

/* Where a request may go, and whose token it takes along; where a redirect leads to. */

enum { SHOWN_MAX = 200 };

/* A host that the client's settings allow gets no token. */
static int admit_other_host(struct exchange *x, const struct url_parts *u, struct err *e)
{
    const struct run_host *host = run_host(x->run);
    const char *client = run_client(x->run);
    const json_t *settings = client ? host->client(host->arg, client, e) : NULL;
    if (client && !settings)
        return -1;
    const json_t *hosts = settings ? settings_hosts(settings) : NULL;
    size_t i;
    json_t *pattern;
    json_array_foreach(hosts, i, pattern)
    {
        if (!host_matches(json_string_value(pattern), u))
            continue;
        x->allow_private = host_is_address(u->host);
        return 0;
    }
    char port[16] = "";
    if (u->port_given)
        snprintf(port, sizeof port, ":%d", u->port);
    if (strcmp(u->scheme, "http") == 0 && !u->port_given)
        return err_set(e, ERR_FORBIDDEN, "cannot %s %s://%s: only https is allowed here",
                       x->method, u->scheme, u->host);
    return err_set(
        e, ERR_FORBIDDEN,
        "cannot %s %s://%s%s: the host is neither the connection's nor in `hosts` of "
        "clients/%s/client.lua",
        x->method, u->scheme, u->host, port, client ? client : "?");
}

/* Decides whether a request may go to U, and whether it takes the token of APP's
 * connection along. C NULL: it is looked up. */
static int admit(struct exchange *x, const struct url_parts *u, const char *app,
                 const struct connection *c, struct err *e)
{
    const struct run_host *host = run_host(x->run);
    const char *client = run_client(x->run);
    struct err missing = {0};
    x->connection = NULL;
    x->allow_private = 0;
    if (!c && *app && client)
        c = host->connection(host->arg, client, app, run_company(x->run, app), &missing);
    for (size_t i = 0; c && i < c->nhosts; i++) {
        if (!host_matches(c->hosts[i], u))
            continue;
        x->connection = c;
        x->allow_private = host_is_address(u->host);
        return 0;
    }
    return admit_other_host(x, u, e);
}

/* Sets x->url from a path of APP's connection, which it returns; NULL with E. */
static const struct connection *resolve_path(struct exchange *x, const char *path,
                                             const char *app, struct err *e)
{
    const struct run_host *host = run_host(x->run);
    const char *client = run_client(x->run);
    const struct connection *c = NULL;
    if (!*app)
        err_set(e, ERR_INVALID,
                "cannot %s %.200s: outside lua/<app>/ write a whole URL, or name "
                "connection = \"<app>\"",
                x->method, path);
    else if (!client)
        err_set(e, ERR_USAGE, "cannot %s %.200s: no client is named", x->method, path);
    else
        c = host->connection(host->arg, client, app, run_company(x->run, app), e);
    if (c)
        x->url = xasprintf("%s%s", c->base, path);
    return c;
}

/* What errors call the request: its method and path, or the whole address on another
 * host. A secret URL's path is left out: the path of a chat webhook is its secret. */
static char *name_request(const struct exchange *x, const struct url_parts *u, int secret)
{
    int len = (int)strcspn(u->rest, "?#");
    char port[16] = "";
    if (u->port_given)
        snprintf(port, sizeof port, ":%d", u->port);
    if (secret)
        return xasprintf("%s %s://%s%s/…", x->method, u->scheme, u->host, port);
    if (x->connection)
        return xasprintf("%s %.*s", x->method, len ? len : 1, len ? u->rest : "/");
    return xasprintf("%s %s://%s%s%.*s", x->method, u->scheme, u->host, port, len,
                     u->rest);
}

int exchange_resolve(struct exchange *x, const char *target, const char *app, int secret,
                     struct err *e)
{
    const struct run_host *host = run_host(x->run);
    const struct connection *c = NULL;
    if (!url_is_clean(target))
        return err_set(
            e, ERR_INVALID,
            "cannot %s %.200s: an address holds no spaces or control characters; "
            "encode a part with url.segment",
            x->method, secret ? "the secret URL" : target);
    if (target != x->target) { /* else it is found out again */
        free(x->target);
        free(x->app);
        x->target = xstrdup(target);
        x->app = xstrdup(app);
    }
    free(x->url);
    free(x->what);
    x->url = x->what = NULL;
    x->secret = secret;
    if (target[0] != '/')
        x->url = xstrdup(target);
    else if (!(c = resolve_path(x, target, app, e)))
        return -1;
    struct url_parts u;
    if (url_parse(x->url, &u, e) != 0) {
        if (secret)
            err_set(e, ERR_INVALID, "cannot %s the secret URL: it is malformed",
                    x->method);
        return -1;
    }
    int rc = admit(x, &u, app, c, e);
    if (rc == 0) {
        x->what = name_request(x, &u, secret);
        x->connector =
            x->connection ? host->connector(host->arg, x->connection->app, NULL) : NULL;
    }
    url_parts_fini(&u);
    return rc;
}

int exchange_check_company(const struct exchange *x, struct err *e)
{
    const struct connection *c = x->connection;
    if (!c || !run_committer(x->run) || !run_company(x->run, c->app))
        return 0;
    journal_set_diverged(run_journal(x->run));
    return err_set(
        e, ERR_CONFLICT,
        "cannot replay this run as far as %s: it began in %s, and client %s is "
        "connected to another company now",
        x->what, c->company, run_client(x->run));
}

/* ---- redirects ---- */

/* Returns the length of "scheme://host:port" in an absolute address. */
static size_t place_len(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return (size_t)(host - url) + strcspn(host, "/?#");
}

char *exchange_redirect(const char *url, const char *location, const char *prefix)
{
    const char *from = prefix ? strstr(url, prefix) : NULL;
    const char *to = prefix ? strstr(location, prefix) : NULL;
    if (from && to && from[-1] == '/') {
        size_t old_len = strcspn(from, "/?#"), new_len = strcspn(to, "/?#");
        return xasprintf("%.*s%.*s%s", (int)(from - url), url, (int)new_len, to,
                         from + old_len);
    }
    if (location[0] != '/' || location[1] == '/')
        return xstrdup(location);
    return xasprintf("%.*s%s", (int)place_len(url), url, location);
}

int exchange_is_same_place(const char *a, const char *b)
{
    size_t n = place_len(a);
    return n == place_len(b) && strncasecmp(a, b, n) == 0;
}

char *exchange_shown_location(const char *location, int hidden)
{
    size_t len = hidden ? place_len(location) : strcspn(location, "?#");
    return printable_copy(location, len < SHOWN_MAX ? len : SHOWN_MAX, 0);
}
