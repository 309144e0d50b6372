#include "work/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "auth/grant.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/answer.h"
#include "core/jsontree.h"
#include "store/budget.h"

/* A block of permits is valid for a second; the unused ones are given back after that. */
enum { GIVE_BACK_MS = 1100 };

struct access {
    struct workspace *w;
    struct loop *loop;
    struct tokens *tokens;
    struct budget *budget;
    LIST_HEAD(, access_wait) waiting;
    int64_t began_ms, began_us; /* when it was made, by both clocks */
    struct loop_timer *give_back;
    int giving_back; /* the timer is set */
    unsigned jitter;
};

struct access_wait { /* one request, until it may be sent */
    LIST_ENTRY(access_wait) entry;
    struct access *access;
    struct connection *c;
    char company[200], resource[BUDGET_RESOURCE_SIZE];
    struct budget_ask ask;
    int limited;      /* 0: its API has no budget */
    int64_t until_ms; /* it is refused when it cannot be sent by then */
    run_admitted *done;
    void *arg;
    struct tokens_wait *token;
    struct loop_timer *timer;
};

/* Unix time from the monotonic clock: a wait ends also when the machine's clock is set,
 * or stopped by a test. */
static int64_t now_ms(const struct access *a)
{
    return a->began_ms + (clock_mono_us() - a->began_us) / 1000;
}

/* Other processes may need the permits while this one waits for answers. */
static void on_give_back(void *arg)
{
    struct access *a = arg;
    struct err e;
    a->giving_back = 0;
    if (budget_give_back(a->budget, now_ms(a), &e) != 0)
        log_line(LOG_WARN, "%s", e.text);
}

struct access *access_new(struct workspace *w, struct loop *loop, struct httpc *httpc)
{
    struct access *a = xcalloc(1, sizeof *a);
    *a = (struct access){.w = w, .loop = loop};
    a->tokens = tokens_new(w, loop, httpc);
    a->budget = budget_new(workspace_live(w));
    a->began_ms = clock_wall_ms();
    a->began_us = clock_mono_us();
    a->jitter = (unsigned)(a->began_us ^ getpid());
    a->give_back = loop_timer_new(loop, on_give_back, a);
    return a;
}

static void waiting_free(struct access_wait *x)
{
    LIST_REMOVE(x, entry);
    if (x->token)
        tokens_drop(x->token);
    loop_timer_free(x->timer);
    free(x);
}

void access_free(struct access *a)
{
    if (!a)
        return;
    while (!LIST_EMPTY(&a->waiting))
        waiting_free(LIST_FIRST(&a->waiting));
    loop_timer_free(a->give_back);
    tokens_free(a->tokens);
    budget_free(a->budget);
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

/* 1: granted; 0: ask again in *MS; -1: refused. */
static int take(struct access_wait *x, int64_t *ms, struct err *e)
{
    int64_t now = now_ms(x->access), left = x->until_ms - now;
    struct err why;
    if (!x->limited)
        return 1;
    int got = budget_take(x->access->budget, &x->ask, now, ms, &why);
    if (got < 0) { /* a broken budget must not stop replies */
        log_line(LOG_WARN, "%s", why.text);
        return 1;
    }
    if (got > 0) {
        plan_give_back(x->access);
        return 1;
    }
    struct budget_state state;
    /* After a 429 no permit is granted before its end: a request that cannot wait that
     * long is refused at once. Else another process may give permits back earlier. */
    int blocked = budget_state(x->access->budget, x->company, now, &state, &why) == 0 &&
                  state.blocked_until_ms > now;
    if ((blocked || *ms < WINDOW_WAIT_MAX_MS ? *ms : WINDOW_WAIT_MAX_MS) <= left)
        return 0;
    err_set(e, ERR_RATE_LIMITED,
            "cannot ask %s yet: the company's rate limit is used up (foyer call --wait D "
            "waits for it)",
            x->c->name);
    e->retry_after_ms = *ms;
    return -1;
}

static void go_on(struct access_wait *x, const struct err *refused)
{
    run_admitted *done = x->done;
    void *arg = x->arg;
    struct err copy;
    if (refused)
        copy = *refused;
    waiting_free(x);
    done(arg, refused ? &copy : NULL);
}

static void on_timer(void *arg)
{
    struct access_wait *x = arg;
    struct err e;
    int64_t ms;
    int got = take(x, &ms, &e);
    if (got == 0)
        ask_again_in(x, ms);
    else
        go_on(x, got > 0 ? NULL : &e);
}

static void on_token(void *arg, const struct err *failed)
{
    struct access_wait *x = arg;
    x->token = NULL;
    if (failed)
        go_on(x, failed);
    else
        on_timer(x);
}

static int admit(void *arg, const struct run_ask *ask, run_admitted *done, void *done_arg,
                 void **pending, struct err *e)
{
    struct access *a = arg;
    struct connection *c = (struct connection *)ask->connection;
    struct access_wait *x = xcalloc(1, sizeof *x);
    *x = (struct access_wait){.access = a, .c = c, .done = done, .arg = done_arg};
    x->limited = is_limited(a, c);
    x->until_ms = now_ms(a) + ask->wait_ms;
    LIST_INSERT_HEAD(&a->waiting, x, entry);
    set_ask(x, a, ask);
    int rc = tokens_need(a->tokens, c, 0, on_token, x, &x->token);
    int64_t ms = 0;
    if (rc == 0) {
        int got = take(x, &ms, e);
        rc = got > 0 ? 0 : got == 0 ? 1 : -1;
    }
    if (rc <= 0) {
        waiting_free(x);
        return rc;
    }
    x->timer = loop_timer_new(a->loop, on_timer, x);
    if (!x->token)
        ask_again_in(x, ms);
    *pending = x;
    return 1;
}

static void withdraw(void *arg, void *pending)
{
    (void)arg;
    waiting_free(pending);
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

/* Passes the answer's limits to the budget. 1: it was a 429 that the budget has recorded,
 * so that the next request waits for its end. */
static int learn(struct access *a, const struct access_wait *x, const json_t *connector,
                 const struct httpc_answer *answer, int64_t now)
{
    struct err e;
    struct window_said said = {number(rate_header(connector, "limit", answer), 1),
                               number(rate_header(connector, "remaining", answer), 1),
                               number(rate_header(connector, "reset", answer), 1000)};
    /* an API that names no limit has no budget */
    if (said.limit < 0 && said.remaining < 0 && answer->status < 300)
        said.limit = WINDOW_NO_LIMIT;
    if (said.reset_ms >= 0)
        said.reset_ms -= grant_skew_ms(answer, now);
    if ((said.limit >= 0 || said.remaining >= 0) &&
        budget_learn(a->budget, x->company, &said, now, &e) != 0)
        log_line(LOG_WARN, "%s", e.text);
    if (answer->status != 429)
        return 0;
    int64_t after =
        answer_retry_after_ms(rate_header(connector, "retry_after", answer), now);
    /* Front: a 429 with x-ratelimit-remaining above 0 is a burst limit of one resource,
     * not the company's (Front's documentation of rate limits) */
    if (budget_refused(a->budget, x->company, x->ask.resource, after, said.remaining > 0,
                       now, &e) == 0)
        return 1;
    log_line(LOG_WARN, "%s", e.text);
    return 0;
}

static int answered(void *arg, const struct run_ask *ask,
                    const struct httpc_answer *answer)
{
    struct access *a = arg;
    struct connection *c = (struct connection *)ask->connection;
    const json_t *connector = workspace_connector(a->w, c->app, NULL);
    struct access_wait x = {.access = a, .c = c};
    if (answer->err.kind != ERR_NONE)
        return 0;
    int may_wait = 0;
    if (is_limited(a, c)) {
        set_ask(&x, a, ask);
        may_wait = learn(a, &x, connector, answer, now_ms(a));
    }
    if (answer->status == 401 && c->refreshable) {
        if (ask->version == c->version) /* else it was refreshed meanwhile */
            c->refused = c->version;
        return 1;
    }
    return may_wait && ask->patient;
}

void access_host(struct access *a, struct run_host *host)
{
    host->access = a;
    host->admit = admit;
    host->withdraw = withdraw;
    host->answered = answered;
}
