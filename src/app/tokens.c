#include "app/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/grant.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/oauth.h"
#include "io/crypto.h"

/* How often one that waits for another process's refresh looks again: the refresher's
 * death is noticed within this time. */
enum { LOOK_MS = 50 };

struct tokens_wait {
    struct tokens_wait *next;
    struct refresh *refresh;
    tokens_done *done;
    void *arg;
};

struct refresh { /* one company's, at most one in a process */
    struct refresh *next;
    struct tokens *tokens;
    struct connection *c;
    int64_t unwanted; /* the version that will not do */
    struct tokens_wait *waits;
    struct loop_timer *timer;
    struct httpc_call *call;
    char *body;    /* of the token request; wiped */
    int64_t epoch; /* of our claim; 0: none */
    int over;
};

struct tokens {
    struct workspace *w;
    struct loop *loop;
    struct httpc *httpc;
    struct refresh *refreshes;
};

static void look(void *arg);

struct tokens *tokens_new(struct workspace *w, struct loop *loop, struct httpc *httpc)
{
    struct tokens *t = xcalloc(1, sizeof *t);
    *t = (struct tokens){.w = w, .loop = loop, .httpc = httpc};
    return t;
}

static void wipe_body(struct refresh *r)
{
    if (r->body)
        crypto_wipe(r->body, strlen(r->body));
    free(r->body);
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
        log_line(LOG_WARN, "%s", e.text); /* it falls to the next one when we end */
    r->epoch = 0;
}

static void refresh_free(struct refresh *r)
{
    for (struct refresh **p = &r->tokens->refreshes; *p; p = &(*p)->next)
        if (*p == r) {
            *p = r->next;
            break;
        }
    if (r->call)
        httpc_cancel(r->call);
    release(r);
    wipe_body(r);
    loop_timer_free(r->timer);
    while (r->waits) {
        struct tokens_wait *wait = r->waits;
        r->waits = wait->next;
        free(wait);
    }
    free(r);
}

void tokens_free(struct tokens *t)
{
    if (!t)
        return;
    while (t->refreshes)
        refresh_free(t->refreshes);
    free(t);
}

/* Tells everybody who waits. A callback may ask again at once, so the refresh is taken
 * out of the list first. */
static void finish(struct refresh *r, const struct err *e)
{
    struct err copy;
    if (e)
        copy = *e;
    release(r);
    struct tokens_wait *waits = r->waits;
    r->waits = NULL;
    refresh_free(r);
    for (struct tokens_wait *wait = waits; wait; wait = wait->next)
        wait->refresh = NULL;
    while (waits) {
        struct tokens_wait *wait = waits;
        waits = wait->next;
        if (wait->done)
            wait->done(wait->arg, e ? &copy : NULL);
        free(wait);
    }
}

static int needs_reconnect(const struct connection *c, struct err *e)
{
    return err_set(
        e, ERR_AUTH,
        "the connection to %s (%s) needs to be connected again: its grant is gone; run "
        "`foyer connect` for its client",
        c->name, c->company);
}

/* ---- the token request ---- */

/* A failed refresh matters only when the old token is of no use. */
static void failed(struct refresh *r, const struct err *e, int gone)
{
    struct err ignored;
    struct store *store = workspace_store(r->tokens->w, &ignored);
    if (store)
        store_connection_failed(store, r->c->app, r->c->company, e->text, gone, &ignored);
    if (gone)
        r->c->reconnect = 1;
    int usable =
        !gone && r->c->version != r->unwanted && clock_wall_ms() < r->c->expires_ms;
    if (usable) {
        log_line(LOG_WARN, "cannot refresh the token of %s yet: %s", r->c->company,
                 e->text);
        finish(r, NULL);
        return;
    }
    struct err say = *e;
    if (gone)
        needs_reconnect(r->c, &say);
    else
        err_prefix(&say, "cannot refresh the token of %s", r->c->company);
    finish(r, &say);
}

static int store_refreshed(struct refresh *r, struct oauth_token *token, int64_t now,
                           struct err *e)
{
    struct workspace *w = r->tokens->w;
    struct store *store = workspace_store(w, e);
    struct store_connection row = {
        .id = r->c->company, .app = r->c->app, .refreshed_ms = now};
    if (!store)
        return -1;
    int rc = -1, tries = 2; /* the sealing key may be renewed in between */
    do {
        rc = workspace_seal_token(w, &row, r->c->version + 1, token, e);
        if (rc == 0)
            rc = store_token_put(store, &row, e);
        if (rc == 0)
            rc = workspace_adopt(w, r->c, &row, e);
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

static void on_answer(void *arg, const struct httpc_answer *a)
{
    struct refresh *r = arg;
    struct err e = a->err;
    struct oauth_token token = {0};
    int64_t now = clock_wall_ms(), skew = grant_skew_ms(a, now);
    r->call = NULL;
    wipe_body(r);
    int rc = e.kind == ERR_NONE ? 0 : -1;
    if (rc == 0)
        rc = oauth_parse_answer((int)a->status, httpc_header(a, "content-type"), a->body,
                                a->body_len, now + skew, &token, &e);
    if (rc == 0) {
        if (token.expires_ms)
            token.expires_ms -= skew;
        if (!token.refresh) { /* an answer without one keeps the old one */
            struct buf old;
            struct store_connection row;
            buf_init(&old, 16 * 1024);
            rc = read_row(r, &row, &e);
            if (rc == 0) {
                rc = workspace_refresh_token(r->tokens->w, &row, &old, &e);
                token.refresh = rc == 0 ? xstrdup(buf_str(&old)) : NULL;
                store_connection_fini(&row);
            }
            vault_wipe(&old);
        }
        if (rc == 0)
            rc = store_refreshed(r, &token, now, &e);
        oauth_token_fini(&token);
        if (rc == 0)
            log_line(LOG_INFO, "refreshed the token of %s", r->c->company);
        if (rc == 0)
            finish(r, NULL);
        else
            failed(r, &e, 0);
        return;
    }
    int gone =
        a->err.kind == ERR_NONE && oauth_is_gone((int)a->status, a->body, a->body_len);
    if (gone) {
        /* somebody who does not know our claims may have been first: read again */
        struct store_connection row;
        struct err ignored;
        if (read_row(r, &row, &ignored) == 0) {
            int newer = row.token.version > r->c->version;
            if (newer)
                rc = workspace_adopt(r->tokens->w, r->c, &row, &ignored);
            store_connection_fini(&row);
            if (newer && rc == 0) {
                finish(r, NULL);
                return;
            }
        }
    }
    failed(r, &e, gone);
}

static int ask(struct refresh *r, const struct store_connection *row, struct err *e)
{
    struct workspace *w = r->tokens->w;
    struct buf id, secret, refresh;
    const json_t *connector = workspace_connector(w, r->c->app, e);
    if (!connector)
        return -1;
    buf_init(&refresh, 16 * 1024);
    int rc = grant_app(w, r->c->app, &id, &secret, e);
    if (rc == 0)
        rc = workspace_refresh_token(w, row, &refresh, e);
    if (rc == 0) {
        char *credentials = oauth_basic_header(buf_str(&id), buf_str(&secret));
        r->body = oauth_refresh_body(buf_str(&refresh));
        rc = grant_post(r->tokens->httpc, connector, r->c->oauth_url, credentials,
                        r->body, on_answer, r, &r->call, e);
        crypto_wipe(credentials, strlen(credentials));
        free(credentials);
    }
    vault_wipe(&id);
    vault_wipe(&secret);
    vault_wipe(&refresh);
    return rc;
}

/* ---- who refreshes ---- */

/* What is stored may be newer than what we hold. 1: it will do. */
static int adopt_stored(struct refresh *r, struct store_connection *row, struct err *e)
{
    if (row->token.version == r->c->version && row->reconnect == r->c->reconnect)
        return 0;
    if (workspace_adopt(r->tokens->w, r->c, row, e) != 0)
        return -1;
    return r->c->version != r->unwanted && !r->c->reconnect;
}

static void look(void *arg)
{
    struct refresh *r = arg;
    struct store_connection row = {0};
    struct err e = {0};
    char name[200];
    int rc = read_row(r, &row, &e);
    if (rc == 0)
        rc = adopt_stored(r, &row, &e);
    if (rc == 0 && r->c->reconnect)
        rc = needs_reconnect(r->c, &e);
    struct presence *self = rc == 0 ? workspace_presence(r->tokens->w, &e) : NULL;
    if (rc == 0 && !self)
        rc = -1;
    if (rc == 0) {
        struct live_claim claim;
        claim_name(r, name, sizeof name);
        int got = live_claim(workspace_live(r->tokens->w), name, presence_id(self),
                             clock_wall_ms(), &claim, &e);
        if (got > 0) {
            r->epoch = claim.epoch;
            /* between our look and our claim another process may have finished */
            store_connection_fini(&row);
            rc = read_row(r, &row, &e);
            if (rc == 0)
                rc = adopt_stored(r, &row, &e);
            if (rc == 0 && ask(r, &row, &e) != 0)
                rc = -1;
        } else if (got < 0) {
            rc = -1;
        } else if (r->unwanted) {
            loop_timer_set(r->timer, LOOK_MS);
        } else {
            rc = 1; /* only due, and being seen to: the old one still holds */
        }
    }
    store_connection_fini(&row);
    if (rc > 0)
        finish(r, NULL);
    else if (rc < 0)
        finish(r, &e);
}

int tokens_need(struct tokens *t, struct connection *c, int force, tokens_done *done,
                void *arg, struct tokens_wait **wait, struct err *e)
{
    *wait = NULL;
    if (c->reconnect)
        return needs_reconnect(c, e);
    if (!c->refreshable)
        return 0;
    int64_t now = clock_wall_ms();
    int bad = c->refused == c->version || (c->expires_ms && now >= c->expires_ms);
    int due = now >= oauth_due_ms(c->expires_ms, c->obtained_ms, c->company);
    if (!bad && !due && !force)
        return 0;
    struct refresh *r = t->refreshes;
    while (r && r->c != c)
        r = r->next;
    if (!r) {
        r = xcalloc(1, sizeof *r);
        *r = (struct refresh){.next = t->refreshes, .tokens = t, .c = c};
        r->unwanted = bad || force ? c->version : 0;
        r->timer = loop_timer_new(t->loop, look, r);
        t->refreshes = r;
        loop_timer_set(r->timer, 0);
    }
    /* what still holds can be used while it is being replaced */
    if (!bad && !force && r->waits)
        return 0;
    struct tokens_wait *w = xcalloc(1, sizeof *w);
    *w = (struct tokens_wait){.next = r->waits, .refresh = r, .done = done, .arg = arg};
    r->waits = w;
    *wait = w;
    return 1;
}

void tokens_drop(struct tokens_wait *wait)
{
    if (!wait->refresh) { /* the callbacks run right now; finish frees it */
        wait->done = NULL;
        return;
    }
    for (struct tokens_wait **p = &wait->refresh->waits; *p; p = &(*p)->next)
        if (*p == wait) {
            *p = wait->next;
            break;
        }
    free(wait);
}
