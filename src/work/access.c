#include "work/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "auth/connections.h"
#include "auth/grant.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/answer.h"
#include "core/jsontree.h"
#include "io/writer.h"
#include "store/budget.h"
#include "store/ledger.h"

/* A block of permits is valid for a second; the unused ones are given back after that. */
enum { GIVE_BACK_MS = 1100 };

struct access {
    struct workspace *w;
    struct connections *connections;
    struct loop *loop;
    struct tokens *tokens;
    struct writer *jobs;
    /* for the jobs; STORE and LIVE: NULL: the workspace's */
    struct store *store;
    struct live *live;
    struct budget *budget;
    LIST_HEAD(, access_wait) waiting;
    int64_t began_ms, began_us; /* when it was made, by both clocks */
    struct loop_timer *give_back;
    int giving_back; /* the timer is set */
    int is_mute;     /* the budget could not be used the last time */
    unsigned jitter;
    access_heard *heard; /* may be NULL */
    void *heard_arg;
};

struct access_wait { /* one request, until it may be sent */
    LIST_ENTRY(access_wait) entry;
    struct access *access;
    struct connection *c;
    char *client, *app, *id; /* CLIENT NULL: the connection of the company ID */
    char company[200], resource[BUDGET_RESOURCE_SIZE];
    struct budget_ask ask;
    int limited;      /* 0: its API has no budget */
    int64_t until_ms; /* it is refused when it cannot be sent by then */
    run_admitted *done;
    void *arg;
    struct tokens_wait *token;
    struct loop_timer *timer;
    /* a job has it; withdrawn: it is freed when the job is done */
    int is_asking, is_withdrawn;
    /* what the job has found; got: 1: granted, 0: ask again in WAIT_MS */
    int got, is_blocked;
    int64_t wait_ms;
    struct store_connection row;
    struct err warning; /* ERR_NONE: none */
};

/* Unix time from the monotonic clock: a wait ends also when the machine's clock is set,
 * or stopped by a test. */
static int64_t now_ms(const struct access *a)
{
    return a->began_ms + (clock_mono_us() - a->began_us) / 1000;
}

/* A job. Other processes may need the permits while this one waits for answers. */
static int give_back(struct db *none, void *arg, struct err *e)
{
    struct access *a = arg;
    (void)none;
    return budget_give_back(a->budget, now_ms(a), e);
}

static void on_given_back(void *arg, const struct err *e)
{
    (void)arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "%s", e->text);
}

static void on_give_back(void *arg)
{
    struct access *a = arg;
    a->giving_back = 0;
    writer_read(a->jobs, give_back, on_given_back, a);
}

struct access *access_new(struct connections *all, struct loop *loop, struct httpc *httpc)
{
    struct access *a = xcalloc(1, sizeof *a);
    struct workspace *w = connections_workspace(all);
    *a = (struct access){.w = w, .connections = all, .loop = loop};
    a->tokens = tokens_new(w, loop, httpc);
    a->jobs = writer_open_here(NULL, loop);
    a->budget = budget_new(workspace_live(w));
    a->began_ms = clock_wall_ms();
    a->began_us = clock_mono_us();
    a->jitter = (unsigned)(a->began_us ^ getpid());
    a->give_back = loop_timer_new(loop, on_give_back, a);
    return a;
}

int access_use_thread(struct access *a, struct err *e)
{
    const char *dir = workspace_dir(a->w);
    struct writer *jobs = writer_open(NULL, a->loop, e);
    a->store = jobs ? store_open(dir, e) : NULL;
    if (!a->store) {
        writer_close(jobs);
        return -1;
    }
    writer_close(a->jobs);
    a->jobs = jobs;
    budget_free(a->budget);
    a->live = live_new(dir);
    a->budget = budget_new(a->live);
    return 0;
}

static void waiting_free(struct access_wait *x)
{
    LIST_REMOVE(x, entry);
    if (x->token)
        tokens_drop(x->token);
    loop_timer_free(x->timer);
    store_connection_fini(&x->row);
    free(x->client);
    free(x->app);
    free(x->id);
    free(x);
}

void access_free(struct access *a)
{
    if (!a)
        return;
    struct access_wait *x;
    LIST_FOREACH(x, &a->waiting, entry)
    {
        x->is_withdrawn = 1;
    }
    writer_close(a->jobs);
    while (!LIST_EMPTY(&a->waiting))
        waiting_free(LIST_FIRST(&a->waiting));
    loop_timer_free(a->give_back);
    tokens_free(a->tokens);
    budget_free(a->budget);
    live_free(a->live);
    store_close(a->store);
    free(a);
}

struct tokens *access_tokens(struct access *a)
{
    return a->tokens;
}

/* ---- the request's budget ---- */

/* A connector without `rate` has no budget. */
static int is_limited(struct access *a, const struct connection *c)
{
    return json_is_object(
        json_object_get(workspace_connector(a->w, c->app, NULL), "rate"));
}

/* A path that begins with the connector's rate.search is a search, which has a share of
 * its own in the budget. */
static int is_search(struct access *a, const struct connection *c, const char *url)
{
    const json_t *connector = workspace_connector(a->w, c->app, NULL);
    const char *prefix = json_text(connector, "rate.search");
    const char *path = strstr(url, "://") ? strchr(strstr(url, "://") + 3, '/') : NULL;
    return prefix && path && str_starts(path, prefix);
}

static void set_ask(struct access_wait *x, struct access *a, const struct run_ask *ask)
{
    snprintf(x->company, sizeof x->company, "%s/%s", x->c->app, x->c->company);
    int search = is_search(a, x->c, ask->url);
    /* searches share one resource of their own: a 429 to one must not block other paths
     */
    int has = budget_resource(ask->url, x->resource, sizeof x->resource);
    if (search)
        has = snprintf(x->resource, sizeof x->resource, "search") > 0;
    x->ask = (struct budget_ask){.company = x->company,
                                 .lane = ask->lane,
                                 .resource = has ? x->resource : NULL,
                                 .search = search};
}

/* ---- waiting ---- */

/* Asks for a permit again in MS, plus jitter. The permits protect the company's API, but
 * all waiting requests at once would queue for live.db's lock, a fraction of a
 * millisecond each: the longer the wait, and so the queue, the wider they are spread. */
static void ask_again_in(struct access_wait *x, int64_t ms)
{
    struct access *a = x->access;
    if (ms > WINDOW_WAIT_MAX_MS)
        ms = WINDOW_WAIT_MAX_MS;
    a->jitter = a->jitter * 1103515245u + 12345u;
    int64_t spread = 20 + ms / 8;
    loop_timer_set(x->timer, ms + (int64_t)((a->jitter >> 16) % (unsigned)spread));
}

static void plan_give_back(struct access *a)
{
    if (!a->giving_back)
        loop_timer_set(a->give_back, GIVE_BACK_MS);
    a->giving_back = 1;
}

/* Takes a permit. */
static void take(struct access_wait *x)
{
    struct access *a = x->access;
    int64_t now = now_ms(a);
    struct budget_state state;
    x->is_blocked = 0;
    x->got = budget_take(a->budget, &x->ask, now, &x->wait_ms, &x->warning);
    if (x->got != 0) { /* a broken budget must not stop replies */
        x->got = 1;
        return;
    }
    /* After a 429 no permit is granted before its end: a request that cannot wait that
     * long is refused at once. Else another process may give permits back earlier. */
    x->is_blocked = budget_state(a->budget, x->company, now, &state, &x->warning) == 0 &&
                    state.blocked_until_ms > now;
}

/* For a job. */
static struct store *store_of(struct access *a, struct err *e)
{
    return a->store ? a->store : workspace_store(a->w, e);
}

/* Reads what the client is connected to now. */
static int read_row(struct access_wait *x, struct err *e)
{
    struct store *store = store_of(x->access, e);
    store_connection_fini(&x->row);
    x->row = (struct store_connection){0};
    if (!store)
        return -1;
    if (!x->client)
        return store_connection_read(store, x->app, x->id, &x->row, e);
    return store_connection_find(store, x->client, x->app, &x->row, e) == 0 ||
                   e->kind == ERR_NOT_FOUND
               ? 0
               : -1;
}

/* A job. */
static int ask_permit(struct db *none, void *arg, struct err *e)
{
    struct access_wait *x = arg;
    (void)none;
    err_clear(&x->warning);
    x->got = 1;
    if (x->limited)
        take(x);
    return x->got ? read_row(x, e) : 0;
}

static void go_on(struct access_wait *x, const struct connection *now,
                  const struct err *refused)
{
    run_admitted *done = x->done;
    void *arg = x->arg;
    struct err copy;
    if (refused)
        copy = *refused;
    waiting_free(x);
    done(arg, now, refused ? &copy : NULL);
}

/* A permit is expected in x->wait_ms. */
static void wait_longer(struct access_wait *x)
{
    struct err e;
    int64_t left = x->until_ms - now_ms(x->access), ms = x->wait_ms;
    if ((x->is_blocked || ms < WINDOW_WAIT_MAX_MS ? ms : WINDOW_WAIT_MAX_MS) <= left) {
        ask_again_in(x, ms);
        return;
    }
    err_set(&e, ERR_RATE_LIMITED,
            "cannot ask %s yet: the company's rate limit is used up (foyer call --wait D "
            "waits for it)",
            x->c->name);
    e.retry_after_ms = ms;
    go_on(x, NULL, &e);
}

static void on_asked(void *arg, const struct err *e)
{
    struct access_wait *x = arg;
    struct err why;
    x->is_asking = 0;
    if (x->is_withdrawn) {
        waiting_free(x);
        return;
    }
    if (x->limited)
        x->access->is_mute = x->warning.kind != ERR_NONE;
    if (x->warning.kind != ERR_NONE)
        log_line(LOG_WARN, "%s", x->warning.text);
    if (x->got && x->limited)
        plan_give_back(x->access);
    if (e->kind != ERR_NONE) {
        go_on(x, NULL, e);
    } else if (!x->got) {
        wait_longer(x);
    } else {
        const struct connection *now =
            connections_note(x->access->connections, x->client, x->app, &x->row, &why);
        go_on(x, now, now ? NULL : &why);
    }
}

static void submit(void *arg)
{
    struct access_wait *x = arg;
    x->is_asking = 1;
    writer_read(x->access->jobs, ask_permit, on_asked, x);
}

static void on_token(void *arg, const struct err *failed)
{
    struct access_wait *x = arg;
    x->token = NULL;
    if (failed)
        go_on(x, NULL, failed);
    else
        submit(x);
}

static void admit(void *arg, const struct run_ask *ask, run_admitted *done,
                  void *done_arg, void **pending)
{
    struct access *a = arg;
    struct connection *c = (struct connection *)ask->connection;
    struct access_wait *x = xcalloc(1, sizeof *x);
    *x = (struct access_wait){.access = a, .c = c, .done = done, .arg = done_arg};
    x->client = xstrdup_null(ask->client);
    x->app = xstrdup(c->app);
    x->id = xstrdup(c->company);
    x->limited = is_limited(a, c);
    x->until_ms = now_ms(a) + ask->wait_ms;
    LIST_INSERT_HEAD(&a->waiting, x, entry);
    set_ask(x, a, ask);
    x->timer = loop_timer_new(a->loop, submit, x);
    *pending = x;
    if (tokens_need(a->tokens, c, 0, on_token, x, &x->token) == 0)
        submit(x);
}

static void withdraw(void *arg, void *pending)
{
    struct access_wait *x = pending;
    (void)arg;
    x->is_withdrawn = 1;
    if (!x->is_asking)
        waiting_free(x);
}

/* ---- answers ---- */

static const char *rate_header(const json_t *connector, const char *field,
                               const struct httpc_answer *answer)
{
    const char *name = json_text(json_object_get(connector, "rate"), field);
    return name ? httpc_header(answer, name) : NULL;
}

static int64_t number(const char *text, double unit)
{
    char *end;
    double n = text ? strtod(text, &end) : -1;
    return text && end != text && n >= 0 && n < 1e13 ? (int64_t)(n * unit) : -1;
}

struct lesson { /* a job: what an answer says of its company's budget */
    struct access *access;
    char company[200], resource[BUDGET_RESOURCE_SIZE];
    struct window_said said;
    int is_refusal; /* a 429 */
    int64_t after_ms, now_ms;
};

static int learn(struct db *none, void *arg, struct err *e)
{
    struct lesson *l = arg;
    struct budget *b = l->access->budget;
    int rc = 0;
    (void)none;
    if (l->said.limit >= 0 || l->said.remaining >= 0)
        rc = budget_learn(b, l->company, &l->said, l->now_ms, e);
    /* Front: a 429 with x-ratelimit-remaining above 0 is a burst limit of one resource,
     * not the company's (Front's documentation of rate limits) */
    if (l->is_refusal)
        rc = budget_refused(b, l->company, *l->resource ? l->resource : NULL, l->after_ms,
                            l->said.remaining > 0, l->now_ms, e);
    return rc;
}

static void on_learnt(void *arg, const struct err *e)
{
    struct lesson *l = arg;
    if (l->is_refusal)
        l->access->is_mute = e->kind != ERR_NONE;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "%s", e->text);
    free(l);
}

/* Passes the answer's limits to the budget. 1: it was a 429, for whose end the next
 * request waits, as far as the budget works. */
static int teach(struct access *a, const struct access_wait *x, const json_t *connector,
                 const struct httpc_answer *answer, int64_t now)
{
    struct window_said said = {number(rate_header(connector, "limit", answer), 1),
                               number(rate_header(connector, "remaining", answer), 1),
                               number(rate_header(connector, "reset", answer), 1000)};
    /* an API that names no limit has no budget */
    if (said.limit < 0 && said.remaining < 0 && answer->status < 300)
        said.limit = WINDOW_NO_LIMIT;
    if (said.reset_ms >= 0)
        said.reset_ms -= grant_skew_ms(answer, now);
    if (said.limit < 0 && said.remaining < 0 && answer->status != 429)
        return 0;
    struct lesson *l = xcalloc(1, sizeof *l);
    l->access = a;
    memcpy(l->company, x->company, sizeof l->company);
    snprintf(l->resource, sizeof l->resource, "%s", x->ask.resource ? x->resource : "");
    l->said = said;
    l->is_refusal = answer->status == 429;
    if (l->is_refusal)
        l->after_ms =
            answer_retry_after_ms(rate_header(connector, "retry_after", answer), now);
    l->now_ms = now;
    writer_read(a->jobs, learn, on_learnt, l);
    return l->is_refusal && !a->is_mute;
}

/* Reports whether the company's API does its work. A failure of this process's own (an
 * answer that is too large, a certificate) and a 429 say nothing about that. */
static void hear(const struct access *a, const struct run_ask *ask,
                 const struct httpc_answer *answer)
{
    const struct err *e = &answer->err;
    int is_well = e->kind == ERR_NONE && answer->status < 500 && answer->status != 429;
    int is_bad = e->kind == ERR_NETWORK || e->kind == ERR_TIMEOUT ||
                 (e->kind == ERR_NONE && answer->status >= 500);
    if (a->heard && (is_well || is_bad))
        a->heard(a->heard_arg,
                 &(struct access_news){ask->connection->app, ask->connection->company,
                                       ask->client, is_well, (int)answer->status, e});
}

void access_on_answer(struct access *a, access_heard *fn, void *arg)
{
    a->heard = fn;
    a->heard_arg = arg;
}

static int answered(void *arg, const struct run_ask *ask,
                    const struct httpc_answer *answer)
{
    struct access *a = arg;
    struct connection *c = (struct connection *)ask->connection;
    const json_t *connector = workspace_connector(a->w, c->app, NULL);
    struct access_wait x = {.access = a, .c = c};
    hear(a, ask, answer);
    if (answer->err.kind != ERR_NONE)
        return 0;
    int may_wait = 0;
    if (is_limited(a, c)) {
        set_ask(&x, a, ask);
        may_wait = teach(a, &x, connector, answer, now_ms(a));
    }
    if (answer->status == 401 && c->refreshable) {
        if (ask->version == c->version) /* else it was refreshed meanwhile */
            c->refused = c->version;
        return 1;
    }
    return may_wait && ask->patient;
}

/* ---- ctx.store ---- */

struct value { /* a job */
    struct access *access;
    char *client, *key;
    char *found;      /* NULL: there is none */
    run_loaded *done; /* NULL: withdrawn */
    void *arg;
};

static int read_value(struct db *none, void *arg, struct err *e)
{
    struct value *v = arg;
    struct store *store = store_of(v->access, e);
    (void)none;
    return store ? ledger_value(store_db(store), v->client, v->key, &v->found, e) : -1;
}

static void on_value(void *arg, const struct err *e)
{
    struct value *v = arg;
    if (v->done)
        v->done(v->arg, v->found, e);
    free(v->client);
    free(v->key);
    free(v->found);
    free(v);
}

static void load_value(void *arg, const char *client, const char *key, run_loaded *done,
                       void *done_arg, void **pending)
{
    struct value *v = xcalloc(1, sizeof *v);
    *v = (struct value){.access = arg,
                        .client = xstrdup(client),
                        .key = xstrdup(key),
                        .done = done,
                        .arg = done_arg};
    *pending = v;
    writer_read(v->access->jobs, read_value, on_value, v);
}

static void withdraw_value(void *arg, void *pending)
{
    (void)arg;
    ((struct value *)pending)->done = NULL;
}

void access_host(struct access *a, struct run_host *host)
{
    host->access = a;
    host->load_value = load_value;
    host->withdraw_value = withdraw_value;
    host->admit = admit;
    host->withdraw = withdraw;
    host->answered = answered;
}
