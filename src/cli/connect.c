#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "auth/consent.h"
#include "auth/credentials.h"
#include "auth/grant.h"
#include "work/session.h"
#include "cli/table.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/limits.h"
#include "core/oauth.h"
#include "store/store_consent.h"
#include "io/httpc_check.h"
#include "io/url_parse.h"

static const char usage[] =
    "connect CLIENT [--link|--paste|--token-file FILE|-] [--app APP] [--api-url URL] "
    "[--oauth-url URL] [--replace] [--json]";

enum { LINK_MS = STORE_CONSENT_MAX_MS, LISTEN_MS = 10 * 60 * 1000, LINGER_MS = 300 };

/* A client that is not there yet starts with the least that works. */
static int make_client(struct workspace *w, const char *client, const char *app,
                       struct err *e)
{
    if (!str_is_name(client))
        return err_set(e, ERR_USAGE,
                       "\"%.64s\" is no client's name: letters, digits, '-', '_' and '.'",
                       client);
    char *dir = xasprintf("%s/clients/%s", workspace_dir(w), client);
    char *file = path_join(dir, "client.lua");
    char *text = xasprintf(
        "-- %s: what foyer knows of this client, and what runs for it.\n"
        "return {\n"
        "  name = \"%s\",\n"
        "  %s = {\n"
        "    -- names for ids: `foyer ids --client %s --write` finds them\n"
        "  },\n"
        "  recipes = {\n"
        "    -- nothing runs that is not named here: [\"first-reply\"] = true,\n"
        "  },\n"
        "}\n",
        client, client, app, client);
    int rc = path_make_dirs(dir, 0755, e);
    if (rc == 0)
        rc = path_create(file, text, strlen(text), 0644, e);
    if (rc == 0)
        fprintf(stderr, "made clients/%s/client.lua\n", client);
    free(text);
    free(file);
    free(dir);
    return rc;
}

static int check_url(const char *option, const char *url, struct err *e)
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

/* ---- one grant, waited for ---- */

struct wait { /* what connect waits for */
    struct cli *cli;
    struct session *s;
    struct grants *grants;
    const char *client;
    struct err *e;
    int over, lingering, connected;
};

static void on_grant(void *arg, const char *id, const char *name, const struct err *e)
{
    struct wait *wait = arg;
    wait->over = 1;
    wait->connected = e == NULL;
    if (e) {
        if (!session_interrupted(wait->s)) /* else it ends because we do */
            *wait->e = *e;
    } else if (wait->cli->json) {
        json_t *tree =
            json_pack("{s:s, s:s, s:s}", "client", wait->client, "id", id, "name", name);
        cli_print_json(tree);
        json_decref(tree);
    } else {
        table_printf(stdout, "client %s is connected to %s (%s)\n", wait->client, name,
                     id);
    }
    loop_stop(session_loop(wait->s));
}

static int wait_for(struct wait *wait)
{
    while (!wait->over && !session_interrupted(wait->s))
        loop_run(session_loop(wait->s));
    return wait->over ? 0 : 130;
}

/* ---- the three ways of consent, and the token ---- */

static int by_token(struct wait *wait, const struct grant_spec *spec, const char *token)
{
    grant_from_token(wait->grants, spec, token, on_grant, wait);
    return wait_for(wait);
}

/* The browser of the person who consents is sent back to its own machine. */
static void warn_loopback(const struct grant_spec *spec)
{
    struct err ignored;
    struct url_parts u;
    if (url_parse(spec->redirect_url, &u, &ignored) != 0)
        return;
    if (httpc_check_is_loopback(u.host))
        table_printf(stderr,
                     "warning: the link leads back to %s, which is the machine of the "
                     "person who opens it: unless that is this one, set redirect_url to "
                     "an address at which they reach `foyer serve`, or use --paste\n",
                     spec->redirect_url);
    url_parts_fini(&u);
}

static int by_link(struct workspace *w, const struct grant_spec *spec, struct cli *cli,
                   struct err *e)
{
    char *link = grant_link(w, spec, clock_wall_ms() + LINK_MS, NULL, e);
    if (!link)
        return 0;
    warn_loopback(spec);
    if (cli->json) {
        json_t *tree = json_pack("{s:s, s:s}", "client", spec->client, "link", link);
        cli_print_json(tree);
        json_decref(tree);
    } else {
        fprintf(stderr,
                "send this link to an administrator of %s's company; it holds for seven "
                "days, "
                "once, while `foyer serve` answers at %s\n",
                spec->client, spec->redirect_url);
        puts(link);
    }
    free(link);
    return 0;
}

/* A person pastes the code, or the whole address that the browser ended up at. */
static int by_paste(struct workspace *w, struct wait *wait, const struct grant_spec *spec)
{
    struct buf typed;
    char *state = NULL, *code = NULL, *back = NULL;
    char *link = grant_link(w, spec, clock_wall_ms() + LISTEN_MS, &state, wait->e);
    int exit_code = 0;
    if (!link)
        return 0;
    fprintf(stderr,
            "open this as an administrator of the company, consent, and paste here the "
            "address that you are sent to (or its code), then Enter:\n%s\n",
            link);
    int is_read = cli_read_secret("-", "address or code: ", &typed, wait->e) == 0;
    if (is_read && oauth_check_token(typed.data, typed.len, wait->e) != 0) {
        err_prefix(wait->e, "cannot connect %s: what was pasted is no address or code",
                   wait->client);
    } else if (is_read) {
        code = consent_parameter(typed.data, "code");
        back = consent_parameter(typed.data, "state");
        if (back && strcmp(back, state) != 0)
            err_set(wait->e, ERR_INVALID,
                    "cannot connect %s: that address belongs to another "
                    "link; open the one above",
                    wait->client);
        else if (strchr(typed.data, '?') && !code)
            err_set(wait->e, ERR_INVALID, "cannot connect %s: that address holds no code",
                    wait->client);
    }
    struct store *store = workspace_store(w, wait->e);
    struct store_consent consent = {0};
    if (wait->e->kind == ERR_NONE && store &&
        store_consent_take(store, state, clock_wall_ms(), &consent, wait->e) == 0) {
        struct grant_spec asked = *spec;
        asked.made_with = consent.made_with;
        grant_from_code(wait->grants, &asked, code ? code : typed.data, on_grant, wait);
        exit_code = wait_for(wait);
    }
    store_consent_fini(&consent);
    vault_wipe(&typed);
    free(link);
    free(state);
    free(code);
    free(back);
    return exit_code;
}

struct listening {
    struct wait *wait;
    struct workspace *w;
    char *path;
};

static void on_consent(void *arg, const char *client, const char *id, const char *name,
                       const struct err *e)
{
    struct listening *listening = arg;
    /* a stray request must not end what a person is in the middle of */
    if (client && strcmp(client, listening->wait->client) == 0)
        on_grant(listening->wait, id, name, e);
}

static void on_request(void *arg, struct httpd_request *r)
{
    struct listening *listening = arg;
    static const char text[] = "not found\n";
    if (strcmp(httpd_path(r), listening->path) == 0 &&
        strcmp(httpd_method(r), "GET") == 0)
        consent_answer(listening->w, listening->wait->grants, r, 0, on_consent, arg);
    else
        httpd_reply(r, 404, NULL, 0, text, sizeof text - 1);
}

static void on_timeout(void *arg)
{
    struct wait *wait = arg;
    if (!wait->lingering)
        err_set(wait->e, ERR_TIMEOUT,
                "cannot connect %s: nobody consented within ten minutes", wait->client);
    wait->over = 1;
    loop_stop(session_loop(wait->s));
}

static int by_listening(struct workspace *w, struct wait *wait,
                        const struct grant_spec *spec)
{
    struct url_parts u;
    if (url_parse(spec->redirect_url, &u, wait->e) != 0)
        return 0;
    char *address = xasprintf("%s:%d", u.host, u.port);
    struct listening listening = {wait, w, credentials_redirect_path(spec->redirect_url)};
    struct httpd_limits limits = {.body_max = limits_default.webhook_body_bytes,
                                  .headers_max = limits_default.webhook_header_bytes,
                                  .connections_max = 16,
                                  .request_ms = limits_default.request_ms,
                                  .idle_ms = limits_default.idle_ms};
    struct err why = {0};
    struct httpd *httpd = NULL;
    int code = 0;
    if (strcmp(u.scheme, "http") != 0 || !host_is_address(u.host))
        err_set(wait->e, ERR_USAGE,
                "cannot listen at %s: use --link and `foyer serve`, or --paste",
                spec->redirect_url);
    else
        httpd = httpd_open(session_loop(wait->s), address, &limits, on_request,
                           &listening, &why);
    if (!httpd && why.kind != ERR_NONE)
        err_set(wait->e, ERR_CONFLICT,
                "cannot connect %s: %s; if `foyer serve` answers there, use --link, else "
                "--paste",
                wait->client, why.text);
    char *link =
        httpd ? grant_link(w, spec, clock_wall_ms() + LISTEN_MS, NULL, wait->e) : NULL;
    if (link) {
        struct loop_timer *timer =
            loop_timer_new(session_loop(wait->s), on_timeout, wait);
        fprintf(stderr,
                "open this as an administrator of the company and consent (waiting ten "
                "minutes):\n%s\n",
                link);
        loop_timer_set(timer, LISTEN_MS);
        code = wait_for(wait);
        /* the page must reach the browser before the server goes */
        wait->over = 0;
        wait->lingering = 1;
        loop_timer_set(timer, LINGER_MS);
        wait_for(wait);
        loop_timer_free(timer);
    }
    grants_free(wait->grants); /* they hold the server's requests */
    wait->grants = NULL;
    if (httpd)
        httpd_close(httpd);
    free(link);
    free(listening.path);
    free(address);
    url_parts_fini(&u);
    return code;
}

struct shared {
    const char *client, *app;
    char *id; /* of the client's company */
    int tell;
};

static int on_link(void *arg, const char *client, const struct store_connection *c)
{
    struct shared *shared = arg;
    int own = strcmp(client, shared->client) == 0;
    if (strcmp(c->app, shared->app) != 0)
        return 0;
    if (!shared->tell && own)
        shared->id = xstrdup(c->id);
    else if (shared->tell && !own && shared->id && strcmp(c->id, shared->id) == 0)
        table_printf(stderr,
                     "client %s is of the same company and uses this connection too\n",
                     client);
    return 0;
}

/* Clients of one company share its connection: who connects one should know. */
static void tell_shared(struct workspace *w, const char *client, const char *app)
{
    struct err ignored;
    struct store *store = workspace_store(w, &ignored);
    struct shared shared = {.client = client, .app = app};
    for (shared.tell = 0; store && shared.tell < 2; shared.tell++)
        if (store_connection_each(store, on_link, &shared, &ignored) != 0)
            break;
    free(shared.id);
}

/* What a consent needs, before anything is made for it. */
static int check_app(struct workspace *w, const char *client, const char *app,
                     struct err *e)
{
    struct credentials by;
    int rc =
        credentials_open(w, app, workspace_has_client(w, client) ? client : NULL, &by, e);
    credentials_fini(&by);
    return rc;
}

int cmd_connect(struct cli *cli, int argc, char **argv)
{
    const char *token_file = NULL, *api_url = NULL, *oauth_url = NULL, *app = "front";
    int replace = 0, link = 0, paste = 0, code = 0;
    struct cli_option options[] = {{"token-file", CLI_VALUE, &token_file},
                                   {"link", CLI_FLAG, &link},
                                   {"paste", CLI_FLAG, &paste},
                                   {"api-url", CLI_VALUE, &api_url},
                                   {"oauth-url", CLI_VALUE, &oauth_url},
                                   {"app", CLI_VALUE, &app},
                                   {"replace", CLI_FLAG, &replace},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct session *s = NULL;
    struct buf token;

    buf_init(&token, 0);
    if (cli_parse(cli, argc, argv, options, &rest, 1, 1, usage, &e) != 0)
        goto out;
    if ((token_file != NULL) + link + paste > 1) {
        err_set(&e, ERR_USAGE,
                "--token-file, --link and --paste exclude each other\nusage: foyer %s",
                usage);
        goto out;
    }
    const char *client = rest.items[0];
    w = workspace_open(cli->workspace, 0, &e);
    if (!w || check_url("--api-url", api_url, &e) != 0 ||
        check_url("--oauth-url", oauth_url, &e) != 0 ||
        !workspace_connector(w, app, &e) || !workspace_vault(w, &e))
        goto out;
    if (!token_file && check_app(w, client, app, &e) != 0)
        goto out;
    /* before a client is made for it */
    char *prompt = xasprintf("token of %s, then Enter: ", client);
    int rc = token_file ? cli_read_secret(token_file, prompt, &token, &e) : 0;
    free(prompt);
    if (rc != 0)
        goto out;
    if (oauth_check_token(buf_str(&token), token.len, &e) != 0) {
        err_prefix(&e, "cannot use the token of %s", token_file);
        goto out;
    }
    if (!workspace_has_client(w, client) && make_client(w, client, app, &e) != 0)
        goto out;
    if (!workspace_client(w, client, &e) || !(s = session_open(w, &e)))
        goto out;
    struct wait wait = {.cli = cli, .s = s, .client = client, .e = &e};
    wait.grants = grants_new(w, session_httpc(s));
    struct grant_spec spec = {.client = client,
                              .app = app,
                              .api_url = api_url,
                              .oauth_url = oauth_url,
                              .redirect_url = credentials_redirect_url(w, app, client),
                              .replace = replace};
    code = token_file ? by_token(&wait, &spec, token.data)
           : link     ? by_link(w, &spec, cli, &e)
           : paste    ? by_paste(w, &wait, &spec)
                      : by_listening(w, &wait, &spec);
    grants_free(wait.grants);
    if (wait.connected)
        tell_shared(w, client, app);
out:
    vault_wipe(&token);
    session_close(s);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : code;
}
