#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "auth/audience.h"
#include "auth/consent.h"
#include "auth/credentials.h"
#include "auth/grant.h"
#include "cli/connect_link.h"
#include "cli/table.h"
#include "ops/new_client.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/str.h"
#include "core/credential.h"
#include "core/jsontree.h"
#include "core/limits.h"
#include "core/oauth.h"
#include "store/store_consent.h"
#include "io/url_parse.h"

enum {
    LISTEN_MS = 10 * 60 * 1000,
    LINGER_MS = 300 /* for the last page to reach the browser */
};

/* ---- waiting for one grant ---- */

struct wait {
    struct cli *cli;
    struct grants *grants;
    const char *client, *app;
    struct err *e;
    int over, lingering, connected;
};

/* Without an `identity` no request was sent yet: it is the first that tries the key. */
static void print_connected(const struct wait *wait, const char *id, const char *name)
{
    const json_t *connector = workspace_connector(wait->cli->w, wait->app, NULL);
    if (json_at(connector, "identity"))
        table_printf(stdout, "client %s is connected to %s (%s)\n", wait->client, name,
                     id);
    else
        table_printf(stdout,
                     "client %s is connected to %s; the first request tries its key, as "
                     "the connector has no `identity`\n",
                     wait->client, json_text_or(connector, "name", wait->app));
}

static void on_grant(void *arg, const char *id, const char *name, const struct err *e)
{
    struct wait *wait = arg;
    wait->over = 1;
    wait->connected = e == NULL;
    if (e) {
        if (!session_interrupted(wait->cli->session)) /* else it failed because we end */
            *wait->e = *e;
    } else if (wait->cli->json) {
        cli_print_new(
            json_pack("{s:s, s:s, s:s}", "client", wait->client, "id", id, "name", name));
    } else {
        print_connected(wait, id, name);
    }
    loop_stop(session_loop(wait->cli->session));
}

static int wait_for(struct wait *wait)
{
    while (!wait->over && !session_interrupted(wait->cli->session))
        loop_run(session_loop(wait->cli->session));
    return wait->over ? 0 : 130;
}

/* ---- by a token, or by one of three ways of consent ---- */

static int by_token(struct wait *wait, const struct grant_spec *spec, const char *token,
                    enum credential_need need)
{
    if (need == CREDENTIAL_CLIENT)
        grant_from_client(wait->grants, spec, token, on_grant, wait);
    else
        grant_from_token(wait->grants, spec, token, on_grant, wait);
    return wait_for(wait);
}

static int by_link(struct workspace *w, const struct grant_spec *spec, struct cli *cli,
                   struct err *e)
{
    char *link = connect_link_make(w, spec, e);
    if (!link)
        return 0;
    if (cli->json) {
        cli_print_new(json_pack("{s:s, s:s}", "client", spec->client, "link", link));
    } else {
        connect_link_explain(spec);
        puts(link);
    }
    free(link);
    return 0;
}

/* Checks what was pasted: a code, or the whole address to which the browser was sent
 * back. Returns the code, a new text, or NULL with E. STATE is the link's. */
static char *read_code(const struct wait *wait, const struct buf *typed,
                       const char *state, struct err *e)
{
    if (oauth_check_token(typed->data, typed->len, e) != 0) {
        err_prefix(e, "cannot connect %s: what was pasted is not an address or a code",
                   wait->client);
        return NULL;
    }
    char *code = consent_parameter(typed->data, "code");
    char *back = consent_parameter(typed->data, "state");
    int is_other = back && strcmp(back, state) != 0;
    free(back);
    if (!is_other && (code || !strchr(typed->data, '?')))
        return code ? code : xstrdup(typed->data);
    err_set(e, ERR_INVALID,
            is_other ? "cannot connect %s: that address belongs to another link; open "
                       "the one above"
                     : "cannot connect %s: that address holds no code",
            wait->client);
    free(code);
    return NULL;
}

/* Exchanges the code for a grant. Returns the exit code. */
static int take_code(struct workspace *w, struct wait *wait,
                     const struct grant_spec *spec, const char *state, const char *code)
{
    struct store *store = workspace_store(w, wait->e);
    struct store_consent consent = {0};
    int exit_code = 0;
    if (store &&
        store_consent_take(store, state, clock_wall_ms(), &consent, wait->e) == 0) {
        struct grant_spec asked = *spec;
        asked.made_with = consent.made_with;
        grant_from_code(wait->grants, &asked, code, on_grant, wait);
        exit_code = wait_for(wait);
    }
    store_consent_fini(&consent);
    return exit_code;
}

/* Asks for the code that the browser was sent back with. */
static int by_paste(struct workspace *w, struct wait *wait, const struct grant_spec *spec)
{
    struct buf typed;
    char *state = NULL, *code = NULL;
    char *link = grant_link(w, spec, clock_wall_ms() + LISTEN_MS, &state, wait->e);
    int exit_code = 0;
    if (!link)
        return 0;
    fprintf(stderr,
            "open this as an administrator of the company, consent, and paste here the "
            "address that you are sent to (or its code), then Enter:\n%s\n",
            link);
    if (cli_read_secret("-", "address or code: ", &typed, wait->e) == 0)
        code = read_code(wait, &typed, state, wait->e);
    if (code)
        exit_code = take_code(w, wait, spec, state, code);
    vault_wipe(&typed);
    crypto_free_text(code);
    free(link);
    free(state);
    return exit_code;
}

struct listening {
    struct wait *wait;
    struct workspace *w;
    char *path;
};

static void on_consent(void *arg, const char *client, const char *app, const char *id,
                       const char *name, const struct err *e)
{
    struct listening *listening = arg;
    (void)app;
    /* a stray request must not end the wait for the person who consents */
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
                "cannot connect %s: no consent came within ten minutes", wait->client);
    wait->over = 1;
    loop_stop(session_loop(wait->cli->session));
}

static struct httpd *open_server(struct listening *listening, const char *redirect_url,
                                 struct err *e)
{
    struct url_parts u;
    struct err why = {0};
    struct httpd *httpd = NULL;
    struct httpd_limits limits = {.body_max = limits_default.webhook_body_bytes,
                                  .headers_max = limits_default.webhook_header_bytes,
                                  .connections_max = 16,
                                  .request_ms = limits_default.request_ms,
                                  .idle_ms = limits_default.idle_ms};
    if (url_parse(redirect_url, &u, e) != 0)
        return NULL;
    char *address = xasprintf("%s:%d", u.host, u.port);
    if (strcmp(u.scheme, "http") != 0 || !host_is_address(u.host))
        err_set(e, ERR_USAGE,
                "cannot listen at %s: use --link and `foyer serve`, or --paste",
                redirect_url);
    else
        httpd = httpd_open(session_loop(listening->wait->cli->session), address, &limits,
                           on_request, listening, &why);
    if (!httpd && why.kind != ERR_NONE)
        err_set(e, ERR_CONFLICT,
                "cannot connect %s: %s; if `foyer serve` answers there, use --link, else "
                "--paste",
                listening->wait->client, why.text);
    free(address);
    url_parts_fini(&u);
    return httpd;
}

/* Waits for the browser to be sent back. Returns the exit code. */
static int wait_for_browser(struct wait *wait, const char *link)
{
    struct loop_timer *timer =
        loop_timer_new(session_loop(wait->cli->session), on_timeout, wait);
    fprintf(stderr,
            "open this as an administrator of the company and consent (waiting ten "
            "minutes):\n%s\n",
            link);
    loop_timer_set(timer, LISTEN_MS);
    int code = wait_for(wait);
    /* the page must reach the browser before the server ends */
    wait->over = 0;
    wait->lingering = 1;
    loop_timer_set(timer, LINGER_MS);
    wait_for(wait);
    loop_timer_free(timer);
    return code;
}

static int by_listening(struct workspace *w, struct wait *wait,
                        const struct grant_spec *spec)
{
    struct listening listening = {wait, w, credentials_redirect_path(spec->redirect_url)};
    struct httpd *httpd = open_server(&listening, spec->redirect_url, wait->e);
    char *link =
        httpd ? grant_link(w, spec, clock_wall_ms() + LISTEN_MS, NULL, wait->e) : NULL;
    int code = link ? wait_for_browser(wait, link) : 0;
    grants_free(wait->grants); /* before the server, whose requests they answer */
    wait->grants = NULL;
    httpd_close(httpd);
    free(link);
    free(listening.path);
    return code;
}

static void print_other(void *arg, const char *client)
{
    if (strcmp(client, arg) != 0)
        table_printf(stderr,
                     "client %s is of the same company and uses this connection too\n",
                     client);
}

/* Names the other clients of the company: they use the same connection. */
static void print_shared(struct workspace *w, const char *client, const char *app)
{
    struct store_connection own;
    struct store *store = workspace_store(w, NULL);
    if (!store || store_connection_find(store, client, app, &own, NULL) != 0)
        return;
    struct audience *all = audience_new(store);
    audience_each(all, app, own.id, print_other, (char *)client, NULL);
    audience_free(all);
    store_connection_fini(&own);
}

struct connect { /* the command's options */
    const char *client, *token_file, *api_url, *oauth_url, *app;
    int replace, link, paste;
    const json_t *connector;
    enum credential_need need;
};

/* Checks what the consent needs, before a client is made for it. */
static int check_app(struct workspace *w, const struct connect *c, struct err *e)
{
    struct credentials by;
    const char *client = workspace_has_client(w, c->client) ? c->client : NULL;
    int rc = credentials_open(w, c->app, client, &by, e);
    credentials_fini(&by);
    return rc;
}

/* Returns 1 when a token is asked for, or read from a file. */
static int has_token(const struct connect *c)
{
    return c->token_file || (c->need != CREDENTIAL_CONSENT && c->need != CREDENTIAL_NONE);
}

static int is_pair(const struct connect *c)
{
    return c->need == CREDENTIAL_PAIR || c->need == CREDENTIAL_CLIENT;
}

static int ask_for(const struct connect *c, const char *what, struct buf *out,
                   struct err *e)
{
    char *prompt = xasprintf("%s of %s, then Enter: ", what, c->client);
    int rc = cli_read_secret(c->token_file ? c->token_file : "-", prompt, out, e);
    free(prompt);
    return rc;
}

/* Asks for two texts at a terminal, and joins them by a colon. A first one that has a
 * colon is both: so an empty password can be typed. */
static int ask_for_pair(const struct connect *c, struct buf *token, struct err *e)
{
    int by_client = c->need == CREDENTIAL_CLIENT;
    struct buf second;
    if (ask_for(c, by_client ? "client id" : "user", token, e) != 0)
        return -1;
    if (strchr(buf_str(token), ':'))
        return 0;
    int rc = ask_for(c, by_client ? "client secret" : "password", &second, e);
    if (rc == 0 && (buf_addc(token, ':') != 0 || buf_adds(token, second.data) != 0))
        rc = err_set(e, ERR_LIMIT, "cannot use what was typed: it is too long");
    vault_wipe(&second);
    return rc;
}

/* TOKEN becomes what the connector's `auth` takes: a key, or two texts with a colon. */
static int read_token(const struct connect *c, struct buf *token, struct err *e)
{
    const char *from = c->token_file ? c->token_file : "-";
    int typed = strcmp(from, "-") == 0 && isatty(STDIN_FILENO);
    int rc = is_pair(c) && typed
                 ? ask_for_pair(c, token, e)
                 : ask_for(c,
                           c->need == CREDENTIAL_CONSENT ? "token"
                           : c->need == CREDENTIAL_KEY   ? "key"
                           : c->need == CREDENTIAL_PAIR  ? "user:password"
                                                         : "client_id:client_secret",
                           token, e);
    const char *shown = strcmp(from, "-") == 0 ? "standard input" : from;
    if (rc == 0 && oauth_check_token(buf_str(token), token->len, e) != 0)
        rc = err_prefix(e, "cannot use the token of %s", shown);
    if (rc == 0 && is_pair(c) && !strchr(buf_str(token), ':'))
        rc = err_set(e, ERR_INVALID,
                     "cannot use the token of %s: %s takes %s, in one line with a colon "
                     "between them",
                     shown, json_text_or(c->connector, "name", c->app),
                     c->need == CREDENTIAL_PAIR ? "a user and a password"
                                                : "a client id and a client secret");
    return rc;
}

/* Checks the options against what the connector's `auth` needs. */
static int check_options(const struct connect *c, struct err *e)
{
    const char *given = c->link ? "--link" : c->paste ? "--paste" : NULL;
    if (c->need == CREDENTIAL_NONE && c->token_file)
        given = "--token-file";
    if (!given || (c->need == CREDENTIAL_CONSENT))
        return 0;
    char *needs = credential_describe(c->connector), *command = NULL;
    command = connection_command(c->client, c->app);
    err_set(e, ERR_USAGE, "%s is of no use for %s, which needs %s: run `%s`", given,
            json_text_or(c->connector, "name", c->app), needs, command);
    free(command);
    free(needs);
    return -1;
}

static int check(const struct cli *cli, struct connect *c, struct err *e)
{
    if (connect_link_check_url("--api-url", c->api_url, e) != 0 ||
        connect_link_check_url("--oauth-url", c->oauth_url, e) != 0 ||
        !(c->connector = workspace_connector(cli->w, c->app, e)) ||
        !workspace_vault(cli->w, e))
        return -1;
    c->need = credential_need(c->connector);
    if (check_options(c, e) != 0)
        return -1;
    return c->need != CREDENTIAL_CONSENT || c->token_file ? 0 : check_app(cli->w, c, e);
}

static int connect_known(struct cli *cli, const struct connect *c, const char *token,
                         int *is_connected, struct err *e)
{
    struct workspace *w = cli->w;
    if (!workspace_client(w, c->client, e) || cli_open_session(cli, e) != 0)
        return -1;
    struct wait wait = {.cli = cli, .client = c->client, .app = c->app, .e = e};
    wait.grants = grants_new(w, session_httpc(cli->session));
    struct grant_spec spec = {.client = c->client,
                              .app = c->app,
                              .api_url = c->api_url,
                              .oauth_url = c->oauth_url,
                              .redirect_url =
                                  credentials_redirect_url(w, c->app, c->client),
                              .replace = c->replace};
    int asks = c->need != CREDENTIAL_CONSENT || c->token_file;
    int code = asks       ? by_token(&wait, &spec, token, c->need)
               : c->link  ? by_link(w, &spec, cli, e)
               : c->paste ? by_paste(w, &wait, &spec)
                          : by_listening(w, &wait, &spec);
    grants_free(wait.grants);
    if (wait.connected)
        print_shared(w, c->client, c->app);
    *is_connected = wait.connected;
    return e->kind != ERR_NONE ? -1 : code;
}

/* A grant of today may end the one that the original has. */
static int check_home(const struct cli *cli, struct err *e)
{
    struct store *store = workspace_store(cli->w, e);
    return store ? store_check_home(store, "connect a client", e) : -1;
}

/* Connects a client, and makes it before, when it is a new one. What was made goes again
 * when nothing came of it; a client that has a link stays. */
static int connect_client(struct cli *cli, const struct connect *c, const char *token,
                          struct err *e)
{
    struct workspace *w = cli->w;
    const struct new_client as = {.client = c->client, .app = c->app};
    json_t *new = NULL;
    int is_connected = 0;
    if (!workspace_has_client(w, c->client) && !(new = new_client_make(w, &as, e)))
        return -1;
    int code = connect_known(cli, c, token, &is_connected, e);
    if (new && !is_connected && (!c->link || code != 0))
        new_client_undo(w, c->client, json_object_get(new, "made"));
    else if (new)
        fprintf(stderr,
                "made clients/%s/client.lua; what is left to do: foyer client %s\n",
                c->client, c->client);
    json_decref(new);
    return code;
}

/* Shows how several clients are connected, and makes their links. */
static int connect_many(struct cli *cli, const struct connect *c, struct err *e)
{
    const struct grant_spec spec = {.app = c->app,
                                    .api_url = c->api_url,
                                    .oauth_url = c->oauth_url,
                                    .replace = c->replace};
    if (c->paste || c->token_file)
        return cli_usage_error(cli, e, "several clients are connected by --link");
    if (cli_open(cli, e) != 0 ||
        connect_link_check_url("--api-url", c->api_url, e) != 0 ||
        connect_link_check_url("--oauth-url", c->oauth_url, e) != 0)
        return -1;
    const json_t *connector = workspace_connector(cli->w, c->app, e);
    if (!connector || !workspace_vault(cli->w, e))
        return -1;
    if (c->link && credential_need(connector) != CREDENTIAL_CONSENT)
        return err_set(e, ERR_USAGE,
                       "--link is of no use for %s: it is not connected by a consent",
                       json_text_or(connector, "name", c->app));
    json_t *names = cli_client_names(cli);
    int code = connect_link_table(cli, names, &spec, c->link, e);
    json_decref(names);
    return code;
}

int cmd_connect(struct cli *cli, struct err *e)
{
    struct connect c = {.app = "front"};
    struct cli_option options[] = {{"token-file", CLI_VALUE, &c.token_file},
                                   {"link", CLI_FLAG, &c.link},
                                   {"paste", CLI_FLAG, &c.paste},
                                   {"api-url", CLI_VALUE, &c.api_url},
                                   {"oauth-url", CLI_VALUE, &c.oauth_url},
                                   {"app", CLI_VALUE, &c.app},
                                   {"replace", CLI_FLAG, &c.replace},
                                   CLI_CLIENTS(cli),
                                   {NULL, CLI_FLAG, NULL}};
    struct buf token;
    int code = -1;
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if ((c.token_file != NULL) + c.link + c.paste > 1)
        return cli_usage_error(cli, e,
                               "--token-file, --link and --paste exclude each other");
    if ((cli->words.n == 1) == cli_has_clients(cli))
        return cli_usage_error(cli, e,
                               "name one client, or --client, --group or --all-clients");
    if (cli_has_clients(cli))
        return connect_many(cli, &c, e);
    c.client = cli->words.items[0];
    buf_init(&token, 0);
    if (cli_open(cli, e) == 0 && check(cli, &c, e) == 0 && check_home(cli, e) == 0 &&
        (!has_token(&c) || read_token(&c, &token, e) == 0))
        code = connect_client(cli, &c, buf_str(&token), e);
    vault_wipe(&token);
    return code;
}
