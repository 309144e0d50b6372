#include "auth/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "auth/connections.h"
#include "auth/credentials.h"
#include "base/loopguard.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "base/when.h"
#include "core/answer.h"
#include "core/credential.h"
#include "store/ledger.h"
#include "core/oauth.h"
#include "core/settings.h"
#include "store/store_consent.h"
#include "base/crypto.h"
#include "io/url_parse.h"

enum { SKEW_MIN_MS = 2000 };

struct grants {
    struct workspace *w;
    struct httpc *httpc;
    LIST_HEAD(, grant) list;
};

struct grant { /* one under way */
    LIST_ENTRY(grant) entry;
    struct grants *all;
    struct workspace *w;
    struct workspace *files; /* of a client that is in no release yet; NULL: not opened */
    struct httpc_call *call; /* NULL in its own callback */
    char *client, *app, *api_url, *oauth_url, *redirect_url, *made_with;
    int replace;
    grant_done *done;
    void *arg;
    char *body; /* of the token request; wiped */
    char *pair; /* grant_from_client: "id:secret"; wiped */
    struct oauth_token token;
    char *credentials_at; /* "front.client_id and … in clients/acme/client.lua" */
    struct connection *connection; /* to ask whose token it is */
    int is_moved;                  /* its base is the company's own */
};

static struct grant *grant_new(struct grants *all, const struct grant_spec *spec,
                               grant_done *done, void *arg)
{
    struct grant *g = xcalloc(1, sizeof *g);
    *g = (struct grant){.all = all,
                        .w = all->w,
                        .client = xstrdup_null(spec->client),
                        .app = xstrdup_null(spec->app),
                        .api_url = xstrdup_null(spec->api_url),
                        .oauth_url = xstrdup_null(spec->oauth_url),
                        .redirect_url = xstrdup_null(spec->redirect_url),
                        .replace = spec->replace,
                        .done = done,
                        .arg = arg};
    LIST_INSERT_HEAD(&all->list, g, entry);
    return g;
}

static void grant_free(struct grant *g)
{
    LIST_REMOVE(g, entry);
    if (g->call)
        httpc_cancel(g->call);
    workspace_close(g->files);
    oauth_token_fini(&g->token);
    connection_free(g->connection);
    crypto_free_text(g->body);
    crypto_free_text(g->pair);
    free(g->client);
    free(g->app);
    free(g->api_url);
    free(g->oauth_url);
    free(g->redirect_url);
    free(g->made_with);
    free(g->credentials_at);
    free(g);
}

static void end(struct grant *g, const char *id, const char *name, const struct err *e)
{
    g->done(g->arg, id, name, e);
    grant_free(g);
}

struct grants *grants_new(struct workspace *w, struct httpc *httpc)
{
    struct grants *all = xcalloc(1, sizeof *all);
    *all = (struct grants){.w = w, .httpc = httpc};
    return all;
}

void grants_free(struct grants *all)
{
    struct err e;
    while (all && !LIST_EMPTY(&all->list)) {
        struct grant *g = LIST_FIRST(&all->list);
        err_set(&e, ERR_UNAVAILABLE, "cannot connect %s: foyer ends; start again",
                g->client);
        end(g, NULL, NULL, &e);
    }
    free(all);
}

/* ---- the link ---- */

char *grant_link(struct workspace *w, const struct grant_spec *spec, int64_t expires_ms,
                 char **state_out, struct err *e)
{
    struct credentials by = {.where = NULL};
    char *link = NULL, *endpoint = NULL;
    const json_t *connector = workspace_connector(w, spec->app, e);
    struct store *store = connector ? workspace_store(w, e) : NULL;
    if (store && credentials_open(w, spec->app, spec->client, &by, e) == 0)
        endpoint = oauth_endpoint(connector, "authorize", spec->oauth_url, e);
    if (endpoint) {
        unsigned char bytes[24];
        char state[2 * sizeof bytes + 1];
        crypto_random(bytes, sizeof bytes);
        str_hex(bytes, sizeof bytes, state);
        struct store_consent consent = {.client = (char *)spec->client,
                                        .app = (char *)spec->app,
                                        .redirect_url = (char *)spec->redirect_url,
                                        .api_url = (char *)spec->api_url,
                                        .oauth_url = (char *)spec->oauth_url,
                                        .made_with = by.mark,
                                        .replace = spec->replace,
                                        .expires_ms = expires_ms};
        if (store_consent_put(store, state, &consent, e) == 0) {
            link = oauth_authorize_url(endpoint, buf_str(&by.id), spec->redirect_url,
                                       state, json_text(connector, "auth.scope"));
            if (state_out)
                *state_out = xstrdup(state);
        }
    }
    free(endpoint);
    credentials_fini(&by);
    return link;
}

/* ---- storing ---- */

/* Returns the client's settings: those of the files, when no release has the client yet.
 */
static const json_t *client_settings(struct grant *g, struct err *e)
{
    const json_t *settings = workspace_client(g->w, g->client, e);
    if (settings || (e && e->kind != ERR_NOT_FOUND))
        return settings;
    if (!g->files)
        g->files = workspace_open(workspace_dir(g->w), 0, e);
    return g->files ? workspace_client(g->files, g->client, e) : NULL;
}

/* An id is printed, compared with settings and authenticated with the sealed token. */
static int is_id(const char *id, const char *prefix)
{
    static const char used[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strspn(id, used);
    if (!prefix) /* also a domain or an e-mail address */
        while (id[n] && (strchr(".@+:", id[n]) || strchr(used, id[n])))
            n++;
    return *id && str_starts(id, prefix ? prefix : "") &&
           strlen(id) <= (prefix ? 64 : 128) && id[n] == '\0';
}

static int check_company(struct grant *g, const char *id, struct err *e)
{
    const json_t *connector = workspace_connector(g->w, g->app, e);
    const char *prefix = json_text(connector, "identity.prefix");
    if (!prefix && !is_id(id, NULL))
        return err_set(e, ERR_INVALID,
                       "cannot connect %s: the API says that the token belongs to "
                       "\"%.40s\", which is no id",
                       g->client, id);
    if (prefix && !is_id(id, prefix))
        return err_set(
            e, ERR_INVALID,
            "cannot connect %s: the token belongs to %.40s, which is not a company "
            "(%s…); use a token of the company, not a teammate's own",
            g->client, id, prefix);
    const json_t *settings = client_settings(g, e);
    const char *company = settings ? settings_company(settings, g->app) : NULL;
    if (!settings)
        return -1;
    if (company && strcmp(company, id) != 0)
        return err_set(
            e, ERR_CONFLICT,
            "cannot connect %s: the token belongs to %s, but clients/%s/client.lua "
            "says %s.company = \"%s\"",
            g->client, id, g->client, g->app, company);
    return 0;
}

/* Queues the runs that were held until the client is connected again. */
static int release_runs(struct db *db, void *arg, struct err *e)
{
    const struct grant *g = arg;
    int released;
    return ledger_release(db, g->client, clock_wall_ms(), &released, e);
}

/* Keeps the app that the grant was made with: only it can refresh the token. */
static void keep_app(const struct grant *g)
{
    struct credentials by = {.where = NULL};
    struct err e;
    if (g->made_with &&
        credentials_open_as(g->w, g->app, g->client, g->made_with, &by, &e) == 0)
        credentials_keep(g->w, g->app, &by);
    credentials_fini(&by);
}

static int store_grant(struct grant *g, const char *id, const char *name, struct err *e)
{
    struct store *store = workspace_store(g->w, e);
    if (!store || check_company(g, id, e) != 0)
        return -1;
    struct store_connection row = {.id = (char *)id,
                                   .app = g->app,
                                   .company = (char *)name,
                                   .api_url = g->api_url,
                                   .oauth_url = g->oauth_url,
                                   .base_url = g->is_moved ? g->connection->base : NULL,
                                   .made_with = g->made_with,
                                   .expires_ms = g->token.expires_ms};
    int rc = -1, tries = 3; /* another process may refresh or change the sealing key */
    do {
        int64_t version = store_connection_version(store, g->app, id, e);
        rc = version < 0 ? -1
                         : connections_seal_token(g->w, &row, version + 1, &g->token, e);
        if (rc == 0)
            rc = store_connection_put(store, g->client, &row, g->replace, e);
        free(row.token.data);
        free(row.refresh.data);
        row.token.data = row.refresh.data = NULL;
    } while (rc != 0 && e->kind == ERR_CONFLICT && --tries > 0);
    if (rc != 0)
        return -1;
    e->kind = ERR_NONE;
    keep_app(g);
    struct err why;
    if (store_transaction(store_db(store), release_runs, g, &why) != 0)
        log_line(LOG_WARN, "cannot release the runs of %s: %s", g->client, why.text);
    return 0;
}

/* ---- whose token ---- */

static int read_identity(struct grant *g, const struct httpc_answer *a, json_t **out,
                         struct err *e)
{
    const json_t *connector = workspace_connector(g->w, g->app, e);
    if (!connector)
        return -1;
    if (a->err.kind != ERR_NONE) {
        *e = a->err;
        return -1;
    }
    /* neither the name nor an error may repeat the token */
    char *body = xmemdup0(a->body, a->body_len);
    struct mask sent = {NULL, 0};
    credential_mask(connector, g->token.access, &sent);
    mask_apply(&sent, body, a->body_len);
    mask_fini(&sent);
    if (a->status < 300)
        *out = jsontree_read(body, a->body_len, NULL);
    else
        answer_error(e, "ask whose token it is", (int)a->status, 0,
                     httpc_header(a, "retry-after"), json_at(connector, "errors"), body,
                     a->body_len, clock_wall_ms());
    free(body);
    if (a->status >= 300) {
        if (e->kind == ERR_NONE)
            err_set(e, ERR_INVALID, "cannot ask whose token it is: the API answers %ld",
                    a->status);
        return -1;
    }
    if (*out)
        return 0;
    return err_set(e, ERR_UNAVAILABLE,
                   "cannot ask whose token it is: the API's answer is not JSON");
}

/* The API names the address at which it serves this company; Front does so in the member
 * `_links.self` of its identity. An --api-url takes precedence, and a host that is not
 * one of the connector's gets no token. */
static void move_to_own(struct grant *g, const char *path, const json_t *answer)
{
    const char *url = path ? json_text(answer, path) : NULL;
    if (!url || g->api_url)
        return;
    g->is_moved = connections_move(g->connection, url);
    if (!g->is_moved)
        log_line(LOG_WARN,
                 "the API says that it is at %.200s for this company, which is none of "
                 "the connector's hosts: foyer asks %s",
                 url, g->connection->base);
}

/* Says which request it was: a connector's `identity` may be a guess. */
static void not_asked(const struct grant *g, struct err *e)
{
    const json_t *connector = workspace_connector(g->w, g->app, NULL);
    err_prefix(e, "cannot connect %s", g->client);
    size_t len = strlen(e->text);
    if (!err_kind_is_retryable(e->kind))
        snprintf(e->text + len, sizeof e->text - len,
                 " (GET %s, `identity` of lua/%s/connector.lua)",
                 json_text_or(connector, "identity.get", "?"), g->app);
}

static void nameless(const struct grant *g, struct err *e)
{
    err_set(e, ERR_INVALID, "the API does not say whose token it is");
    not_asked(g, e);
}

/* Returns the id at PATH, borrowed; a number as text, in NUMBER. */
static const char *read_id(const json_t *answer, const char *path, char number[32])
{
    const json_t *id = json_at(answer, path);
    if (!json_is_integer(id))
        return json_string_value(id);
    snprintf(number, 32, "%lld", (long long)json_integer_value(id));
    return number;
}

static void take_identity(struct grant *g, const struct httpc_answer *a)
{
    struct err e = {0};
    json_t *answer = NULL;
    char number[32];
    g->call = NULL;
    const char *id = NULL, *name = NULL;
    if (read_identity(g, a, &answer, &e) == 0) {
        const json_t *identity =
            json_at(workspace_connector(g->w, g->app, NULL), "identity");
        id = read_id(answer, json_text_or(identity, "id", "id"), number);
        name = json_text(answer, json_text_or(identity, "name", "name"));
        move_to_own(g, json_text(identity, "host"), answer);
        if (!id)
            nameless(g, &e);
        else if (store_grant(g, id, name ? name : id, &e) != 0)
            id = NULL;
    } else {
        if (e.kind == ERR_AUTH)
            err_set(&e, ERR_AUTH,
                    "cannot connect %s: the API refuses the token (%d); is it whole, and "
                    "still valid?",
                    g->client, e.status);
        else
            not_asked(g, &e);
    }
    end(g, id, name ? name : id, id ? NULL : &e);
    json_decref(answer);
}

static void on_identity(void *arg, const struct httpc_answer *a)
{
    loopguard_lift("a consent");
    take_identity(arg, a);
    loopguard_restore();
}

/* The API cannot be asked: the client's settings say which company it is, or each client
 * is one. Ends G, or returns -1. */
static int store_unasked(struct grant *g, struct err *e)
{
    const json_t *settings = client_settings(g, e);
    const char *company = settings ? settings_company(settings, g->app) : NULL;
    const char *id = company ? company : g->client;
    if (!settings || store_grant(g, id, id, e) != 0)
        return -1;
    end(g, id, id, NULL);
    return 0;
}

/* Asks whose token it is. G may have ended when it returns 0. */
static int ask_identity(struct grant *g, struct err *e)
{
    const json_t *connector = workspace_connector(g->w, g->app, e);
    const char *path = json_text(connector, "identity.get");
    if (!connector)
        return -1;
    g->connection = connections_try(g->w, g->app, g->api_url, g->token.access, e);
    if (!g->connection)
        return -1;
    if (!path)
        return store_unasked(g, e);
    char *url = xasprintf("%s%s", g->connection->base, path);
    char *header = credential_header(connector, g->token.access);
    char *with_key = credential_url(connector, g->token.access, url);
    struct url_parts u;
    int rc = url_parse(url, &u, e);
    if (rc == 0) {
        const char *headers[] = {"Accept: application/json", header};
        char *shown = xasprintf("%s%s", u.host, path);
        struct httpc_request request = {.method = "GET",
                                        .url = with_key ? with_key : url,
                                        .headers = headers,
                                        .nheaders = header ? 2 : 1,
                                        .shown = shown,
                                        .allow_private = host_is_address(u.host)};
        g->call = httpc_start(g->all->httpc, &request, on_identity, g, e);
        rc = g->call ? 0 : -1;
        free(shown);
        url_parts_fini(&u);
    }
    crypto_free_text(header);
    crypto_free_text(with_key);
    free(url);
    return rc;
}

/* ---- the code ---- */

int64_t grant_skew_ms(const struct httpc_answer *a, int64_t now_ms)
{
    return grant_date_skew_ms(httpc_header(a, "date"), now_ms);
}

int64_t grant_date_skew_ms(const char *date, int64_t now_ms)
{
    int64_t at;
    if (!date || when_parse_http(date, now_ms / 1000, &at) != 0)
        return 0;
    int64_t skew = at * 1000 - now_ms;
    return skew > SKEW_MIN_MS || skew < -SKEW_MIN_MS ? skew : 0;
}

int grant_read_token(const struct httpc_answer *a, int64_t now_ms,
                     struct oauth_token *token, struct err *e)
{
    int64_t skew = grant_skew_ms(a, now_ms);
    int rc = oauth_parse_answer((int)a->status, httpc_header(a, "content-type"), a->body,
                                a->body_len, now_ms + skew, token, e);
    if (rc == 0 && token->expires_ms)
        token->expires_ms -= skew;
    return rc;
}

static void take_token(struct grant *g, const struct httpc_answer *a)
{
    struct err e = a->err;
    int answered = e.kind == ERR_NONE, rc = answered ? 0 : -1;
    g->call = NULL;
    if (rc == 0)
        rc = grant_read_token(a, clock_wall_ms(), &g->token, &e);
    if (rc == 0 && g->pair) {
        crypto_free_text(g->token.refresh);
        g->token.refresh = xstrdup(g->pair);
    }
    if (rc == 0 && !g->token.refresh)
        rc = err_set(&e, ERR_INVALID, "the token endpoint gave no refresh token");
    if (rc == 0)
        rc = ask_identity(g, &e);
    if (rc == 0)
        return;
    if (e.kind == ERR_AUTH && answered && g->pair)
        err_prefix(&e, "cannot connect %s: the client id or the client secret is refused",
                   g->client);
    else if (e.kind == ERR_AUTH && answered &&
             oauth_is_unknown((int)a->status, a->body, a->body_len))
        err_prefix(&e, "cannot connect %s: the app is refused; check %s", g->client,
                   g->credentials_at);
    else if (e.kind == ERR_AUTH)
        err_prefix(&e, "cannot connect %s: the code is refused; start again", g->client);
    else
        err_prefix(&e, "cannot connect %s", g->client);
    end(g, NULL, NULL, &e);
}

static void on_token(void *arg, const struct httpc_answer *a)
{
    loopguard_lift("a consent");
    take_token(arg, a);
    loopguard_restore();
}

struct httpc_call *grant_post(struct httpc *httpc, const json_t *connector,
                              const char *which, const char *oauth_url,
                              const struct credentials *by, char **body,
                              int (*on_sending)(void *arg), httpc_done *done, void *arg,
                              struct err *e)
{
    struct url_parts u;
    struct httpc_call *call = NULL;
    char *endpoint = oauth_endpoint(connector, which, oauth_url, e);
    if (endpoint && url_parse(endpoint, &u, e) == 0) {
        const char *way = json_text_or(connector, "auth.client_auth", "basic");
        const char *id = buf_str(&by->id), *secret = buf_str(&by->secret);
        int in_body = strcmp(way, "body") == 0;
        char *credentials = in_body ? NULL : oauth_basic_header(id, secret);
        char *plain = *body;
        if (in_body) {
            *body = oauth_add_client(plain, id, secret);
            crypto_free_text(plain);
        }
        const char *headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                 "Accept: application/json", credentials};
        /* a loopback address only when --oauth-url names it */
        struct httpc_request request = {.method = "POST",
                                        .url = endpoint,
                                        .headers = headers,
                                        .nheaders = in_body ? 2 : 3,
                                        .body = *body,
                                        .body_len = strlen(*body),
                                        .fresh = 1,
                                        .on_sending = on_sending,
                                        .allow_private =
                                            oauth_url && host_is_address(u.host)};
        call = httpc_start(httpc, &request, done, arg, e);
        crypto_free_text(credentials);
        url_parts_fini(&u);
    }
    free(endpoint);
    return call;
}

void grant_from_code(struct grants *all, const struct grant_spec *spec, const char *code,
                     grant_done *done, void *arg)
{
    struct workspace *w = all->w;
    struct grant *g = grant_new(all, spec, done, arg);
    struct credentials by = {.where = NULL};
    struct err e = {0};
    const json_t *connector = workspace_connector(w, spec->app, &e);
    int rc = connector ? credentials_open_as(w, spec->app, spec->client, spec->made_with,
                                             &by, &e)
                       : -1;
    if (rc == 0) {
        g->credentials_at = xstrdup(by.where);
        g->made_with = xstrdup(by.mark);
        g->body = oauth_code_body(code, g->redirect_url);
        g->call = grant_post(all->httpc, connector, "token", g->oauth_url, &by, &g->body,
                             NULL, on_token, g, &e);
        rc = g->call ? 0 : -1;
    }
    credentials_fini(&by);
    if (rc != 0 && e.kind == ERR_NOT_FOUND) /* a secret that the agency must set */
        e.kind = ERR_SETTINGS;
    if (rc != 0)
        end(g, NULL, NULL, &e);
}

void grant_from_token(struct grants *all, const struct grant_spec *spec,
                      const char *token, grant_done *done, void *arg)
{
    struct grant *g = grant_new(all, spec, done, arg);
    struct err e = {0};
    g->token.access = xstrdup(token);
    if (ask_identity(g, &e) != 0)
        end(g, NULL, NULL, &e);
}

void grant_from_client(struct grants *all, const struct grant_spec *spec,
                       const char *pair, grant_done *done, void *arg)
{
    struct grant *g = grant_new(all, spec, done, arg);
    struct credentials by = {.where = NULL};
    struct err e = {0};
    const json_t *connector = workspace_connector(all->w, spec->app, &e);
    int rc = connector ? credentials_split(pair, &by, &e) : -1;
    if (rc == 0) {
        g->pair = xstrdup(pair);
        g->body = oauth_client_body(json_text(connector, "auth.scope"));
        g->call = grant_post(all->httpc, connector, "token", g->oauth_url, &by, &g->body,
                             NULL, on_token, g, &e);
        rc = g->call ? 0 : -1;
    }
    credentials_fini(&by);
    if (rc != 0)
        end(g, NULL, NULL, &e);
}
