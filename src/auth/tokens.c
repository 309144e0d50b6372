#include "auth/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "auth/connections.h"
#include "auth/credentials.h"
#include "auth/grant.h"
#include "base/loopguard.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/credential.h"
#include "core/jsontree.h"
#include "core/oauth.h"
#include "base/crypto.h"

enum {
    /* How often a process polls for another process's refresh: so late it notices that
     * the refreshing process has died. */
    POLL_MS = 50,
    /* A living process has its answer, or a timeout, long before. */
    WAIT_MAX_MS = 90 * 1000,
    AHEAD_MS = 60 * 1000,
    /* How often, and how many times, storing a new token is repeated. */
    STORE_AGAIN_MS = 1000,
    STORES_MAX = 30,
    /* After a failure, while the old token is still valid. */
    RETRY_MS = 30 * 1000,
};

struct tokens_wait {
    LIST_ENTRY(tokens_wait) entry;
    struct refresh *refresh;
    tokens_done *done;
    void *arg;
};

struct refresh { /* of one company, at most one in a process */
    LIST_ENTRY(refresh) entry;
    struct tokens *tokens;
    struct connection *c;
    int64_t unwanted; /* the version that is of no use; 0: the token is only due */
    LIST_HEAD(waits, tokens_wait) waits;
    struct loop_timer *timer;
    struct httpc_call *call;
    char *body;                            /* of the token request; wiped */
    char made_with[CREDENTIALS_MARK_SIZE]; /* the app that asked */
    char *credentials_at; /* the fields and the file of its credentials */
    int64_t epoch;        /* of our claim; 0: none */
    int64_t began_us;
    struct oauth_token token; /* the new one, until it is stored */
    int64_t answered_ms;
    int stores;                   /* failed tries to store it */
    struct credentials by;        /* what was sent; kept when the API takes it */
    int by_kept;                  /* 1: the app's credentials of before are tried */
    enum tokens_verdict *verdict; /* of tokens_try; NULL: none */
    int is_trial;
};

struct tokens {
    struct workspace *w;
    struct loop *loop;
    struct httpc *httpc;
    LIST_HEAD(, refresh) refreshes;
};

struct tokens *tokens_new(struct workspace *w, struct loop *loop, struct httpc *httpc)
{
    struct tokens *t = xcalloc(1, sizeof *t);
    *t = (struct tokens){.w = w, .loop = loop, .httpc = httpc};
    return t;
}

static void wipe_body(struct refresh *r)
{
    crypto_free_text(r->body);
    r->body = NULL;
}

static void claim_name(const struct refresh *r, char *out, size_t size)
{
    snprintf(out, size, "refresh/%s/%s", r->c->app, r->c->company);
}

static void release(struct refresh *r)
{
    char name[200];
    struct err e;
    if (!r->epoch)
        return;
    claim_name(r, name, sizeof name);
    if (live_release(workspace_live(r->tokens->w), name, r->epoch, &e) != 0)
        log_line(LOG_WARN, "%s", e.text); /* the claim is free when this process ends */
    r->epoch = 0;
}

static void refresh_free(struct refresh *r)
{
    LIST_REMOVE(r, entry);
    if (r->call)
        httpc_cancel(r->call);
    release(r);
    wipe_body(r);
    credentials_fini(&r->by);
    free(r->credentials_at);
    oauth_token_fini(&r->token);
    loop_timer_free(r->timer);
    while (!LIST_EMPTY(&r->waits)) {
        struct tokens_wait *wait = LIST_FIRST(&r->waits);
        LIST_REMOVE(wait, entry);
        free(wait);
    }
    free(r);
}

void tokens_free(struct tokens *t)
{
    if (!t)
        return;
    while (!LIST_EMPTY(&t->refreshes))
        refresh_free(LIST_FIRST(&t->refreshes));
    free(t);
}

/* Ends the refresh and calls each waiting caller. A callback may ask again at once, so
 * the refresh leaves the list first. */
static void finish(struct refresh *r, const struct err *e)
{
    struct err copy;
    if (e)
        copy = *e;
    release(r);
    struct waits waits = LIST_HEAD_INITIALIZER(waits);
    struct tokens_wait *wait;
    while ((wait = LIST_FIRST(&r->waits))) {
        wait->refresh = NULL;
        LIST_REMOVE(wait, entry);
        LIST_INSERT_HEAD(&waits, wait, entry);
    }
    refresh_free(r);
    while ((wait = LIST_FIRST(&waits))) {
        LIST_REMOVE(wait, entry);
        if (wait->done)
            wait->done(wait->arg, e ? &copy : NULL);
        free(wait);
    }
}

static int needs_reconnect(const struct refresh *r, struct err *e)
{
    const struct connection *c = r->c;
    char *command = connection_command("CLIENT", c->app);
    const json_t *connector = workspace_connector(r->tokens->w, c->app, NULL);
    err_set(e, ERR_AUTH,
            "the connection to %s (%s) needs to be connected again: its %s is not "
            "accepted any more; run `%s` for its client",
            c->name, c->company,
            credential_need(connector) == CREDENTIAL_CLIENT ? "client secret"
                                                            : "refresh token",
            command);
    free(command);
    return -1;
}

static void set_verdict(struct refresh *r, enum tokens_verdict verdict)
{
    if (r->verdict)
        *r->verdict = verdict;
}

/* ---- the token request ---- */

/* Reports E when the old token cannot be used; else the refresh is tried again later. */
static void give_up(struct refresh *r, const struct err *e)
{
    struct connection *c = r->c;
    int64_t now = clock_wall_ms();
    if (c->reconnect || c->version == r->unwanted || now >= c->expires_ms) {
        finish(r, e);
        return;
    }
    log_line(LOG_WARN, "the token of %s is still valid, but: %s", c->company, e->text);
    c->retry_ms = now + RETRY_MS;
    finish(r, NULL);
}

/* GONE 1: the grant is gone, and the client must be connected again. */
static void failed(struct refresh *r, const struct err *e, int gone)
{
    struct err say = *e, ignored;
    struct store *store = workspace_store(r->tokens->w, &ignored);
    if (store)
        store_connection_failed(store, r->c->app, r->c->company, r->c->created_ms,
                                r->c->version, e->text, gone, &ignored);
    r->c->reconnect = gone;
    if (gone)
        needs_reconnect(r, &say);
    else
        err_prefix(&say, "cannot refresh the token of %s", r->c->company);
    give_up(r, &say);
}

static int store_refreshed(struct refresh *r, struct oauth_token *token, int64_t now,
                           struct err *e)
{
    struct workspace *w = r->tokens->w;
    struct store *store = workspace_store(w, e);
    struct store_connection row = {.id = r->c->company,
                                   .app = r->c->app,
                                   .made_with = *r->made_with ? r->made_with : NULL,
                                   .created_ms = r->c->created_ms,
                                   .refreshed_ms = now};
    if (!store)
        return -1;
    int rc = -1, tries = 2; /* the sealing key may have changed in between */
    do {
        rc = connections_seal_token(w, &row, r->c->version + 1, token, e);
        if (rc == 0)
            rc = store_token_put(store, &row, e);
        if (rc == 0)
            rc = connections_adopt(w, r->c, &row, e);
        free(row.token.data);
        free(row.refresh.data);
    } while (rc != 0 && e->kind == ERR_CONFLICT && --tries > 0);
    return rc;
}

static int read_row(struct refresh *r, struct store_connection *row, struct err *e)
{
    struct store *store = workspace_store(r->tokens->w, e);
    return store ? store_connection_read(store, r->c->app, r->c->company, row, e) : -1;
}

/* Adopts a newer token, which `foyer connect` stores without a claim. 1: there was one.
 */
static int adopt_newer(struct refresh *r)
{
    struct store_connection row;
    struct err ignored;
    if (read_row(r, &row, &ignored) != 0)
        return 0;
    int newer =
        (row.token.version > r->c->version || row.created_ms != r->c->created_ms) &&
        !row.reconnect && connections_adopt(r->tokens->w, r->c, &row, &ignored) == 0;
    store_connection_fini(&row);
    return newer;
}

/* Opens the stored refresh token. The caller wipes OUT, also after -1. */
static int read_refresh_token(struct refresh *r, struct buf *out, struct err *e)
{
    struct store_connection row;
    buf_init(out, 16 * 1024);
    if (read_row(r, &row, e) != 0)
        return -1;
    int rc = connections_refresh_token(r->tokens->w, &row, out, e);
    store_connection_fini(&row);
    return rc;
}

/* 1 when the connection has a client id and secret instead of a refresh token. */
static int is_by_client(const struct refresh *r)
{
    return credential_need(workspace_connector(r->tokens->w, r->c->app, NULL)) ==
           CREDENTIAL_CLIENT;
}

/* An answer without a refresh token keeps the old one; so does one to a client id. */
static int keep_refresh_token(struct refresh *r, struct oauth_token *token, struct err *e)
{
    struct buf old;
    if (token->refresh && !is_by_client(r))
        return 0;
    crypto_free_text(token->refresh);
    token->refresh = NULL;
    int rc = read_refresh_token(r, &old, e);
    if (rc == 0)
        token->refresh = xstrdup(buf_str(&old));
    vault_wipe(&old);
    return rc;
}

/* 1 when the new refresh token differs from the stored one, which may then be invalid. */
static int is_rotated(struct refresh *r)
{
    struct buf old;
    struct err ignored;
    int same =
        read_refresh_token(r, &old, &ignored) == 0 &&
        crypto_equal(buf_str(&old), old.len, r->token.refresh, strlen(r->token.refresh));
    vault_wipe(&old);
    return !same;
}

/* Stores the new token before it is used. Front issues a new refresh token on the last
 * day of the old one's six months (Front's OAuth documentation); then only the new one is
 * valid. So while the store is locked or full, the token stays in memory, under our
 * claim, and storing is repeated. */
static void keep(struct refresh *r)
{
    struct err e = {0};
    int rc = keep_refresh_token(r, &r->token, &e);
    if (rc == 0)
        rc = store_refreshed(r, &r->token, r->answered_ms, &e);
    if (rc != 0 && (e.kind == ERR_STORE || e.kind == ERR_UNAVAILABLE) &&
        r->token.refresh && r->stores++ < STORES_MAX && is_rotated(r)) {
        if (r->stores == 1)
            log_line(LOG_WARN, "the new token of %s waits to be stored: %s",
                     r->c->company, e.text);
        loop_timer_set(r->timer, STORE_AGAIN_MS);
        return;
    }
    oauth_token_fini(&r->token);
    if (rc == 0)
        log_line(LOG_INFO, "refreshed the token of %s", r->c->company);
    if (rc == 0 && *r->made_with)
        credentials_keep(r->tokens->w, r->c->app, &r->by);
    if (rc == 0 || adopt_newer(r))
        finish(r, NULL);
    else
        failed(r, &e, 0);
}

/* Ends a trial whose refresh failed: nothing of it is recorded. */
static void end_trial(struct refresh *r, const struct httpc_answer *a, struct err *e)
{
    int answered = a->err.kind == ERR_NONE, status = (int)a->status;
    if (answered && oauth_is_gone(status, a->body, a->body_len))
        set_verdict(r, TOKENS_GONE);
    else if (answered && (status == 400 || status == 401 || status == 403))
        set_verdict(r, TOKENS_REFUSED);
    finish(r, e);
}

/* Sends the request again with the credentials that the API took last, when it refuses
 * those of the settings. Returns 0 when there are no others. */
static int ask_as_before(struct refresh *r)
{
    struct credentials kept = {.where = NULL};
    struct err e;
    int is_other =
        !r->by_kept && !r->is_trial && *r->made_with &&
        credentials_open_kept(r->tokens->w, r->c->app, r->made_with, &kept, &e) == 1 &&
        !credentials_are_same(&kept, &r->by);
    credentials_fini(&kept);
    if (!is_other)
        return 0;
    log_line(LOG_WARN,
             "the API refuses %s: foyer goes on with the client_secret that it took "
             "last; `foyer secret set` tries a new one before it is in force",
             r->credentials_at);
    r->by_kept = 1;
    release(r);
    loop_timer_set(r->timer, 0);
    return 1;
}

static void read_answer(struct refresh *r, const struct httpc_answer *a)
{
    struct err e = a->err;
    int64_t now = clock_wall_ms();
    r->call = NULL;
    wipe_body(r);
    int answered = e.kind == ERR_NONE, rc = answered ? 0 : -1;
    if (rc == 0)
        rc = grant_read_token(a, now, &r->token, &e);
    if (rc == 0) {
        r->answered_ms = now;
        set_verdict(r, TOKENS_TAKEN);
        keep(r);
        return;
    }
    int is_unknown = answered && oauth_is_unknown((int)a->status, a->body, a->body_len);
    if (r->is_trial) {
        end_trial(r, a, &e);
        return;
    }
    if (is_unknown && ask_as_before(r))
        return;
    if (is_unknown)
        err_prefix(&e, "the app is refused; check %s", r->credentials_at);
    if (adopt_newer(r))
        finish(r, NULL);
    else
        failed(r, &e,
               answered && (oauth_is_gone((int)a->status, a->body, a->body_len) ||
                            (is_by_client(r) &&
                             (a->status == 401 ||
                              oauth_is_unknown((int)a->status, a->body, a->body_len)))));
}

static void on_answer(void *arg, const struct httpc_answer *a)
{
    loopguard_lift("a token is refreshed");
    read_answer(arg, a);
    loopguard_restore();
}

/* This process may have stood still since it got its claim: then another one refreshes,
 * and the refresh token may no longer be valid. */
static int on_sending(void *arg)
{
    const struct refresh *r = arg;
    const struct presence *self = workspace_presence(r->tokens->w, NULL);
    return self && presence_is_fenced(self);
}

static int ask(struct refresh *r, const struct store_connection *row, struct err *e)
{
    struct workspace *w = r->tokens->w;
    struct credentials by = {.where = NULL};
    struct buf refresh;
    const json_t *connector = workspace_connector(w, r->c->app, e);
    if (!connector)
        return -1;
    buf_init(&refresh, 16 * 1024);
    int by_client = is_by_client(r), rc = 0;
    if (!by_client && r->by_kept) {
        rc = credentials_open_kept(w, row->app, r->made_with, &by, e);
        rc = rc == 1   ? 0
             : rc == 0 ? credentials_find(w, row->app, row->id, row->made_with, &by, e)
                       : -1;
    } else if (!by_client) {
        rc = credentials_find(w, row->app, row->id, row->made_with, &by, e);
    }
    if (rc != 0 && e->kind == ERR_NOT_FOUND) /* a secret: runs wait until it is set */
        e->kind = ERR_SETTINGS;
    if (rc != 0)
        err_prefix(e, "cannot refresh the token of %s", row->id);
    if (rc == 0)
        rc = connections_refresh_token(w, row, &refresh, e);
    if (rc == 0 && by_client)
        rc = credentials_split(buf_str(&refresh), &by, e);
    if (rc == 0) {
        free(r->credentials_at);
        r->credentials_at = xstrdup(by.where);
        memcpy(r->made_with, by.mark, sizeof r->made_with);
        r->body = by_client ? oauth_client_body(json_text(connector, "auth.scope"))
                            : oauth_refresh_body(buf_str(&refresh));
        r->call = grant_post(r->tokens->httpc, connector, "token", r->c->oauth_url, &by,
                             &r->body, on_sending, on_answer, r, e);
        rc = r->call ? 0 : -1;
        credentials_fini(&r->by);
        r->by = by;
        by = (struct credentials){.where = NULL};
    }
    credentials_fini(&by);
    vault_wipe(&refresh);
    return rc;
}

/* ---- the claim ---- */

/* Reads the stored token into ROW and adopts a newer one. 1: it can be used; 0: it must
 * be refreshed; -1: E. */
static int adopt_stored(struct refresh *r, struct store_connection *row, struct err *e)
{
    store_connection_fini(row);
    if (read_row(r, row, e) != 0)
        return -1;
    int same = row->token.version == r->c->version &&
               row->created_ms == r->c->created_ms && row->reconnect == r->c->reconnect;
    if (!same && connections_adopt(r->tokens->w, r->c, row, e) != 0)
        return -1;
    if (r->c->reconnect)
        return needs_reconnect(r, e);
    if (r->is_trial) /* another process's refresh tells nothing about the secret */
        r->unwanted = r->c->version;
    return !same && r->c->version != r->unwanted;
}

/* 1: this process has the claim; 0: another living process has it; -1: E. */
static int claim(struct refresh *r, struct err *e)
{
    char name[200];
    struct live_claim got;
    struct presence *self = workspace_presence(r->tokens->w, e);
    if (!self)
        return -1;
    claim_name(r, name, sizeof name);
    int rc = live_claim(workspace_live(r->tokens->w), name, presence_id(self),
                        clock_wall_ms(), &got, e);
    if (rc == 1)
        r->epoch = got.epoch;
    int64_t waited_ms = (clock_mono_us() - r->began_us) / 1000;
    int64_t held_ms = clock_wall_ms() - got.since_ms;
    if (rc == 0 && waited_ms > WAIT_MAX_MS)
        return err_set(
            e, ERR_TIMEOUT,
            "cannot refresh the token of %s: the process %.*s has been refreshing "
            "it for %lld seconds; if it hangs, end it",
            r->c->company, (int)strcspn(got.holder, "-"), got.holder,
            (long long)(held_ms > waited_ms ? held_ms : waited_ms) / 1000);
    return rc;
}

/* A refresh token may be exchanged for a new one: a copy that does it would cut the
 * original off. What is fetched by a client's id and secret takes nothing from it. Runs
 * are held until the store is promoted. */
static int check_original(struct refresh *r, struct err *e)
{
    struct store *store = workspace_store(r->tokens->w, e);
    if (!store || is_by_client(r))
        return store ? 0 : -1;
    int rc = store_check_home(store, "refresh a token", e);
    if (rc != 0 && store_is_copy(store))
        e->kind = ERR_AUTH;
    return rc;
}

static void step(struct refresh *r)
{
    struct store_connection row = {0};
    struct err e = {0};
    if (r->token.access) {
        keep(r);
        return;
    }
    int rc = adopt_stored(r, &row, &e);
    if (rc == 0 && check_original(r, &e) != 0) {
        store_connection_fini(&row);
        give_up(r, &e);
        return;
    }
    if (rc == 0) {
        int got = claim(r, &e);
        if (got < 0)
            rc = -1;
        else if (got == 0 && !r->unwanted)
            rc = 1; /* another process refreshes it, and the old one is still valid */
        else if (got == 0)
            loop_timer_set(r->timer, POLL_MS);
        else /* another process may have finished before our claim */
            rc = adopt_stored(r, &row, &e);
        if (rc == 0 && got == 1)
            rc = ask(r, &row, &e);
    }
    store_connection_fini(&row);
    if (rc > 0)
        finish(r, NULL);
    else if (rc < 0 && e.kind == ERR_AUTH) /* disconnected, or its grant is gone */
        finish(r, &e);
    else if (rc < 0)
        give_up(r, &e);
}

static void poll_refresh(void *arg)
{
    loopguard_lift("a token is refreshed");
    step(arg);
    loopguard_restore();
}

static struct refresh *refresh_new(struct tokens *t, struct connection *c)
{
    struct refresh *r = xcalloc(1, sizeof *r);
    *r = (struct refresh){.tokens = t, .c = c};
    r->began_us = clock_mono_us();
    r->timer = loop_timer_new(t->loop, poll_refresh, r);
    LIST_INSERT_HEAD(&t->refreshes, r, entry);
    loop_timer_set(r->timer, 0);
    return r;
}

static struct tokens_wait *wait_new(struct refresh *r, tokens_done *done, void *arg)
{
    struct tokens_wait *w = xcalloc(1, sizeof *w);
    *w = (struct tokens_wait){.refresh = r, .done = done, .arg = arg};
    LIST_INSERT_HEAD(&r->waits, w, entry);
    return w;
}

int tokens_try(struct tokens *t, struct connection *c, enum tokens_verdict *verdict,
               tokens_done *done, void *arg, struct tokens_wait **wait)
{
    *wait = NULL;
    *verdict = TOKENS_UNTRIED;
    if (!c->refreshable)
        return 0;
    struct refresh *r = refresh_new(t, c);
    r->is_trial = 1;
    r->verdict = verdict;
    r->unwanted = c->version;
    *wait = wait_new(r, done, arg);
    return 1;
}

int tokens_need(struct tokens *t, struct connection *c, int force, tokens_done *done,
                void *arg, struct tokens_wait **wait)
{
    *wait = NULL;
    if (!c->refreshable)
        return 0;
    int64_t now = clock_wall_ms();
    /* a client whose grant was gone may have been connected again: read the store */
    int bad = c->reconnect || c->refused == c->version ||
              (c->expires_ms && now >= c->expires_ms);
    int waits = now < c->retry_ms && c->retry_ms <= now + RETRY_MS;
    /* obtained when the clock was ahead: its expiry is not known */
    int is_odd = c->expires_ms && c->obtained_ms > now + AHEAD_MS;
    int due = !waits &&
              (is_odd || now >= oauth_due_ms(c->expires_ms, c->obtained_ms, c->company));
    if (!bad && !due && !force)
        return 0;
    struct refresh *r = LIST_FIRST(&t->refreshes);
    while (r && r->c != c)
        r = LIST_NEXT(r, entry);
    if (!r)
        r = refresh_new(t, c);
    /* also when the refresh was begun for a token that was only due */
    if (bad || force)
        r->unwanted = c->version;
    /* a valid token can be used while it is being refreshed */
    if (!bad && !force && !LIST_EMPTY(&r->waits))
        return 0;
    *wait = wait_new(r, done, arg);
    return 1;
}

void tokens_drop(struct tokens_wait *wait)
{
    if (!wait->refresh) { /* called from a callback of finish, which frees it */
        wait->done = NULL;
        return;
    }
    wait->refresh->verdict = NULL; /* of the caller that is gone */
    LIST_REMOVE(wait, entry);
    free(wait);
}

int tokens_are_asked(const struct tokens *t)
{
    const struct refresh *r;
    LIST_FOREACH(r, &t->refreshes, entry)
    {
        if (r->call || r->token.access)
            return 1;
    }
    return 0;
}
