#include "work/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/loopguard.h"
#include "base/log.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "store/ledger.h"

enum {
    LOADS = 8,                     /* clients whose recipes are read at once */
    WALKS = 8,                     /* looks at once */
    AGAIN_MS = 60 * 1000,          /* after a look that failed, or was another's */
    WAIT_MS = 60 * 1000,           /* of a request, for the company's budget */
    LONG_WAIT_MS = 10 * 60 * 1000, /* of a command's */
    SETTLE_MS = 2 * 60 * 1000      /* how long a webhook may take before it is missed */
};

struct item { /* one thing to look at */
    struct look *look;
    const char *kind;
    char *app, *name; /* name: the trigger; "" */
    char *company;    /* heal: of the last look; NULL: none */
    int64_t every_ms, next_ms;
    struct look_walk *walk; /* NULL: not under way */
};

struct plan { /* one client */
    struct look *look;
    char *client;
    char *waited; /* JSON: the triggers that its runs waited for, when it was read */
    struct item **items;
    size_t nitems;
    struct run *run;
    int is_read;
    int64_t again_ms; /* its recipes could not be read, and are read again then; 0: no */
};

struct look {
    struct session *session;
    struct workspace *workspace;
    struct store *store;
    struct writer *writer;
    struct presence *presence;
    void (*changed)(void *arg), (*idle)(void *arg);
    void *arg;
    look_walk_done *result;
    void *result_arg;
    struct plan **plans;
    size_t nplans;
    int are_listed, reading, walking, has_told_first;
    int kinds; /* that were asked for */
    int is_once, is_deferred, is_stopped;
    const char *const *only; /* clients; NULL: all */
    size_t nonly;
    int64_t since_ms;
};

/* ---- one look ---- */

static void go_on(struct look *l);

static void describe(const struct look_result *r, char *out, size_t size)
{
    const struct mark_key *key = &r->target.key;
    if (strcmp(key->kind, MARK_HEAL) == 0)
        snprintf(out, size, "events of %s (%s)", key->whose, key->app);
    else
        snprintf(out, size, "client %s, trigger %s", key->whose, key->name);
}

static void log_missed(const struct look_result *r, const char *what)
{
    const char *type;
    json_t *n;
    struct buf text;
    buf_init(&text, 4096);
    json_object_foreach(r->missed, type, n)
    {
        buf_addf(&text, "%s%s %lld", text.len ? ", " : "", type,
                 (long long)json_integer_value(n));
    }
    log_line(LOG_WARN, "%s: %lld webhooks did not come and are taken now: %s", what,
             (long long)r->nmissed, buf_str(&text));
    buf_free(&text);
}

/* The first look of each client and company says the same: it is said once. */
static void log_result(struct look *l, const struct look_result *r)
{
    char what[400];
    describe(r, what, sizeof what);
    if (r->outcome == LOOK_FIRST)
        log_line(l->has_told_first ? LOG_DEBUG : LOG_INFO,
                 "%s: the store has no mark of an earlier look; what happens from now on "
                 "is found%s",
                 what, l->has_told_first ? "" : ", and so with all others without one");
    else if (r->outcome == LOOK_FAILED)
        log_line(r->err.kind == ERR_AUTH ? LOG_INFO : LOG_WARN,
                 "%s: nothing is lost, the next look goes on there: %s", what,
                 r->err.text);
    else if (r->outcome == LOOK_DONE && r->nmissed)
        log_missed(r, what);
    else if (r->outcome == LOOK_DONE)
        log_line(LOG_DEBUG, "%s: looked", what);
    l->has_told_first |= r->outcome == LOOK_FIRST;
}

static void on_result(void *arg, const struct look_result *r)
{
    struct item *item = arg;
    struct look *l = item->look;
    int64_t now = clock_wall_ms();
    item->walk = NULL;
    l->walking--;
    item->next_ms = l->is_once                   ? INT64_MAX
                    : r->outcome == LOOK_NOT_DUE ? r->mark_ms + item->every_ms
                    : r->outcome == LOOK_BUSY || r->outcome == LOOK_FAILED
                        ? now + AGAIN_MS
                        : now + item->every_ms;
    if (!l->is_once)
        log_result(l, r);
    if (l->result)
        l->result(l->result_arg, r);
    if (r->has_work)
        l->changed(l->arg);
    go_on(l);
}

struct members { /* finds the clients of a company */
    const char *app, *company;
    json_t *names;
};

static int add_member(void *arg, const char *client, const struct store_connection *c)
{
    struct members *m = arg;
    if (str_eq(c->app, m->app) && str_eq(c->id, m->company))
        json_array_append_new(m->names, json_string(client));
    return 0;
}

static void begin_walk(struct look *l, struct item *item,
                       const struct look_target *target)
{
    l->walking++;
    item->walk =
        look_walk_start(l->session, l->writer, l->presence, target, on_result, item);
}

/* Returns 1 when the events of COMPANY are being swept for another of its clients, or,
 * by a command, were. */
static int is_begun(const struct look *l, const char *app, const char *company)
{
    for (size_t i = 0; i < l->nplans; i++)
        for (size_t k = 0; k < l->plans[i]->nitems; k++) {
            const struct item *item = l->plans[i]->items[k];
            if ((item->walk || l->is_once) && str_eq(item->company, company) &&
                str_eq(item->app, app))
                return 1;
        }
    return 0;
}

static void report_failure(struct look *l, struct item *item,
                           const struct look_target *target, const struct err *e)
{
    item->next_ms = l->is_once ? INT64_MAX : clock_wall_ms() + AGAIN_MS;
    struct look_result r = {.outcome = LOOK_FAILED, .target = *target, .err = *e};
    if (!l->is_once)
        log_result(l, &r);
    if (l->result)
        l->result(l->result_arg, &r);
}

static int read_members(struct look *l, struct members *m, struct err *e)
{
    loopguard_lift("which triggers and events to look for");
    int rc = store_connection_each(l->store, add_member, m, e);
    loopguard_restore();
    return rc;
}

/* The events are the company's: each client of it has the same mark. */
static void begin_heal(struct look *l, struct item *item, struct look_target *target,
                       const char *company)
{
    struct err e;
    struct members m = {item->app, company, json_array()};
    if (is_begun(l, item->app, company)) {
        item->next_ms = l->is_once ? INT64_MAX : clock_wall_ms() + AGAIN_MS;
    } else if (read_members(l, &m, &e) == 0) {
        target->key.whose = company;
        target->client_names = m.names;
        target->settle_ms = l->is_once ? 0 : SETTLE_MS;
        free(item->company);
        item->company = xstrdup(company);
        begin_walk(l, item, target);
    } else {
        report_failure(l, item, target, &e);
    }
    json_decref(m.names);
}

static void begin_item(struct look *l, const struct plan *plan, struct item *item)
{
    struct look_target target = {.key = {item->kind, item->app, plan->client, item->name},
                                 .client = plan->client,
                                 .since_ms = l->since_ms,
                                 .every_ms = l->is_once ? 0 : item->every_ms,
                                 .wait_ms = l->is_once ? LONG_WAIT_MS : WAIT_MS};
    struct store_connection c = {0};
    struct err e;
    loopguard_lift("which triggers and events to look for");
    int rc = store_connection_find(l->store, plan->client, item->app, &c, &e);
    loopguard_restore();
    if (rc != 0) {
        if (e.kind == ERR_NOT_FOUND)
            err_set(&e, ERR_AUTH, "client %s is not connected to %s", plan->client,
                    item->app);
        report_failure(l, item, &target, &e);
        return;
    }
    target.from_ms = c.created_ms;
    if (strcmp(item->kind, MARK_HEAL) == 0)
        begin_heal(l, item, &target, c.id);
    else
        begin_walk(l, item, &target);
    store_connection_fini(&c);
}

static int is_wanted(const struct look *l, const struct item *item, int64_t now)
{
    int kind = strcmp(item->kind, MARK_HEAL) == 0 ? LOOK_HEALS : LOOK_POLLS;
    return !item->walk && (l->kinds & kind) && item->next_ms <= now &&
           (item->every_ms || l->is_once);
}

static void begin_due(struct look *l)
{
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < l->nplans; i++) {
        const struct plan *plan = l->plans[i];
        for (size_t k = 0; plan->is_read && k < plan->nitems; k++) {
            if (l->walking >= WALKS)
                return;
            if (!is_wanted(l, plan->items[k], now))
                continue;
            plan->items[k]->next_ms = INT64_MAX; /* on_result sets it */
            begin_item(l, plan, plan->items[k]);
        }
    }
}

/* ---- what each client has to look at ---- */

/* CLIENT's settings or recipes cannot be read. */
static void report_unread(struct look *l, const char *client, const struct err *e)
{
    const char *kind = l->kinds == LOOK_HEALS ? MARK_HEAL : MARK_POLL;
    struct look_result r = {.outcome = LOOK_FAILED,
                            .target = {.key = {kind, "", client, ""}, .client = client},
                            .err = *e};
    err_prefix(&r.err, "client %s: nothing is looked for", client);
    if (!l->is_once)
        log_line(LOG_WARN, "%s", r.err.text);
    if (l->result)
        l->result(l->result_arg, &r);
}

static void add_item(struct plan *plan, const char *kind, const char *app,
                     const char *name, int64_t every_ms)
{
    for (size_t i = 0; i < plan->nitems; i++) {
        struct item *item = plan->items[i];
        if (item->kind == kind && str_eq(item->app, app) && str_eq(item->name, name)) {
            item->every_ms = every_ms;
            return;
        }
    }
    struct item *item = xcalloc(1, sizeof *item);
    *item = (struct item){.look = plan->look,
                          .kind = kind,
                          .app = xstrdup(app),
                          .name = xstrdup(name),
                          .every_ms = every_ms};
    array_grow(plan->items, plan->nitems);
    plan->items[plan->nitems++] = item;
}

static void take_items(struct plan *plan, const json_t *tree)
{
    struct workspace *w = plan->look->workspace;
    const json_t *settings = workspace_settings_for(w, plan->client, NULL);
    const json_t *client = workspace_client(w, plan->client, NULL);
    int64_t poll_ms = settings_poll_ms(settings, client);
    int64_t heal_ms = settings_heal_ms(settings, client);
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(tree, "polls"), i, one)
    {
        add_item(plan, MARK_POLL, json_text_or(one, "app", ""),
                 json_text_or(one, "trigger", ""), poll_ms);
    }
    json_array_foreach(json_object_get(tree, "apps"), i, one)
    {
        add_item(plan, MARK_HEAL, json_string_value(one), "", heal_ms);
    }
    json_array_foreach(json_object_get(tree, "broken"), i, one)
    {
        log_line(LOG_WARN, "client %s, recipe %s: %s", plan->client,
                 json_text_or(one, "recipe", "?"), json_text_or(one, "why", "?"));
    }
}

static void on_read(void *arg, const struct run_result *result)
{
    struct plan *plan = arg;
    struct look *l = plan->look;
    plan->run = NULL;
    l->reading--;
    plan->is_read = 1;
    json_t *tree = result->outcome == RUN_DONE
                       ? jsontree_read(result->json, result->len, NULL)
                       : NULL;
    plan->again_ms = tree ? 0 : clock_wall_ms() + AGAIN_MS;
    if (tree)
        take_items(plan, tree);
    else
        report_unread(l, plan->client, &result->err);
    json_decref(tree);
    go_on(l);
}

static int add_waited(void *arg, const char *trigger)
{
    json_array_append_new(arg, json_string(trigger));
    return 0;
}

/* Reads the client's recipes, and again when its runs wait for other triggers by now. */
static void read_plan(struct plan *plan)
{
    struct look *l = plan->look;
    struct err e;
    json_t *waited = json_array();
    loopguard_lift("which triggers and events to look for");
    int rc = ledger_waited_for(store_db(l->store), plan->client, add_waited, waited, &e);
    loopguard_restore();
    if (rc != 0)
        log_line(LOG_WARN, "client %s: %s", plan->client, e.text);
    char *text = json_dumps(waited, JSON_COMPACT);
    int is_due = plan->again_ms && plan->again_ms <= clock_wall_ms();
    if (!plan->waited || strcmp(plan->waited, text) != 0 || is_due) {
        free(plan->waited);
        plan->waited = xstrdup(text);
        json_t *args = json_pack("{s:O}", "waited", waited);
        const struct session_call call = {.client = plan->client,
                                          .label = "looks",
                                          .entry = "looks",
                                          .args = args,
                                          .lane = WINDOW_LANE_BULK};
        l->reading++;
        plan->run = session_start(l->session, &call, on_read, plan);
        json_decref(args);
    }
    free(text);
    json_decref(waited);
}

static void read_plans(struct look *l)
{
    for (size_t i = 0; i < l->nplans && l->reading < LOADS; i++)
        if (!l->plans[i]->run && !l->plans[i]->is_read)
            read_plan(l->plans[i]);
}

/* Returns 1 when look_now named CLIENT, or all clients. */
static int is_asked(const struct look *l, const char *client)
{
    for (size_t i = 0; i < l->nonly; i++)
        if (strcmp(l->only[i], client) == 0)
            return 1;
    return !l->only;
}

static void add_plan(void *arg, const char *client)
{
    struct look *l = arg;
    struct err e;
    if (!is_asked(l, client))
        return;
    const json_t *workspace = workspace_settings_for(l->workspace, client, &e);
    const json_t *settings = workspace_client(l->workspace, client, &e);
    if (!settings) {
        report_unread(l, client, &e);
        return;
    }
    if (!settings_has_recipes(workspace, settings))
        return; /* it is not worth an attempt */
    struct plan *plan = xcalloc(1, sizeof *plan);
    *plan = (struct plan){.look = l, .client = xstrdup(client)};
    array_grow(l->plans, l->nplans);
    l->plans[l->nplans++] = plan;
}

static void go_on(struct look *l)
{
    if (!l->is_stopped) {
        read_plans(l);
        begin_due(l);
    }
    if (look_is_idle(l))
        l->idle(l->arg);
}

static void begin(void *arg)
{
    struct look *l = arg;
    l->is_deferred = 0;
    if (!l->are_listed && !l->is_stopped)
        workspace_each_client(l->workspace, add_plan, l);
    l->are_listed = 1;
    for (size_t i = 0; i < l->nplans && !l->is_stopped; i++)
        if (!l->plans[i]->run && l->plans[i]->is_read)
            read_plan(l->plans[i]);
    go_on(l);
}

static void defer(struct look *l)
{
    if (l->is_stopped || l->is_deferred)
        return;
    l->is_deferred = 1;
    loop_defer(session_loop(l->session), begin, l);
}

void look_wake(struct look *l, int kinds)
{
    l->kinds |= kinds;
    defer(l);
}

void look_now(struct look *l, int kinds, const char *const *clients, size_t n,
              int64_t since_ms)
{
    l->kinds = kinds;
    l->is_once = 1;
    l->only = clients;
    l->nonly = n;
    l->since_ms = since_ms;
    defer(l);
}

/* ---- its life ---- */

struct look *look_new(struct session *s, struct writer *writer, struct presence *p,
                      void (*changed)(void *arg), void (*idle)(void *arg), void *arg,
                      struct err *e)
{
    struct store *store = workspace_store(session_workspace(s), e);
    if (!store)
        return NULL;
    struct look *l = xcalloc(1, sizeof *l);
    *l = (struct look){.session = s,
                       .workspace = session_workspace(s),
                       .store = store,
                       .writer = writer,
                       .presence = p,
                       .changed = changed,
                       .idle = idle,
                       .arg = arg};
    return l;
}

void look_on_result(struct look *l, look_walk_done *fn, void *arg)
{
    l->result = fn;
    l->result_arg = arg;
}

int look_is_idle(const struct look *l)
{
    return !l->is_deferred && l->reading == 0 && l->walking == 0;
}

void look_stop(struct look *l)
{
    l->is_stopped = 1;
    for (size_t i = 0; i < l->nplans; i++) {
        struct plan *plan = l->plans[i];
        if (plan->run)
            run_kill(plan->run);
        plan->run = NULL;
        for (size_t k = 0; k < plan->nitems; k++) {
            if (plan->items[k]->walk)
                look_walk_kill(plan->items[k]->walk);
            plan->items[k]->walk = NULL;
        }
    }
    l->reading = l->walking = 0;
}

void look_free(struct look *l)
{
    if (!l)
        return;
    look_stop(l);
    for (size_t i = 0; i < l->nplans; i++) {
        struct plan *plan = l->plans[i];
        for (size_t k = 0; k < plan->nitems; k++) {
            free(plan->items[k]->app);
            free(plan->items[k]->name);
            free(plan->items[k]->company);
            free(plan->items[k]);
        }
        free(plan->items);
        free(plan->client);
        free(plan->waited);
        free(plan);
    }
    free(l->plans);
    free(l);
}
