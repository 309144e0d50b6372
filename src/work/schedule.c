#include "work/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "work/delivery_result.h"
#include "base/loopguard.h"
#include "base/array.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "core/cron.h"
#include "store/ledger.h"
#include "core/settings.h"
#include "store/store.h"

enum { LOADS = 8, MINUTE_MS = 60 * 1000, SMALL_STEP_MS = 5 * MINUTE_MS };

struct cron_entry { /* one recipe with cron times */
    char *recipe, *cron, *catch_up, *policy;
    int64_t last_ms, next_ms; /* next_ms 0: to be read from the store */
    int is_broken;            /* it has no next time; logged once */
};

struct plan { /* one client */
    struct schedule *s;
    char *client, *zone;
    struct cron_entry *entries;
    size_t nentries;
    struct run *run; /* the script that reads its recipes */
    enum { PLAN_UNREAD, PLAN_READING, PLAN_READ, PLAN_FAILED } state;
};

struct due { /* one recipe's slots that have come */
    const struct plan *plan;
    struct cron_entry *entry;
    int64_t last_ms, newest_ms; /* LAST_MS 0: the recipe is new */
    int64_t slots[SCHEDULE_ALL_MAX];
    int n;
};

struct schedule {
    struct session *session;
    struct workspace *workspace;
    struct writer *writer;
    struct db *db;
    void (*changed)(void *arg), (*idle)(void *arg);
    void *arg;
    struct plan **plans;
    size_t nplans;
    int are_listed; /* 1: PLANS has all clients */
    int reading;
    int is_asked, is_writing, asked_meanwhile, is_stopped;
    struct due *found; /* being written */
    size_t nfound;
    int64_t now_ms;
    int added;
};

/* ---- slots ---- */

/* At most SCHEDULE_ALL_MAX of the latest slots after FROM_MS, in a ring. */
struct ring {
    int64_t slots[SCHEDULE_ALL_MAX];
    int64_t seen;
};

static int fill(struct ring *ring, const char *cron, const char *zone, int64_t from_ms,
                int64_t now_ms, struct err *e)
{
    ring->seen = 0;
    for (int64_t at = from_ms;;) {
        int64_t slot;
        if (cron_next(cron, zone, at, &slot, e) != 0)
            return -1;
        if (slot > now_ms)
            return 0;
        ring->slots[ring->seen++ % SCHEDULE_ALL_MAX] = slot;
        at = slot;
    }
}

int schedule_slots(const char *cron, const char *zone, const char *catch_up,
                   int64_t last_ms, int64_t now_ms, int64_t slots[SCHEDULE_ALL_MAX],
                   int *n, int64_t *newest, struct err *e)
{
    /* backwards in strides, instead of through each minute of a year */
    static const int64_t strides_s[] = {3600, 24 * 3600, 32 * 24 * 3600,
                                        INT64_MAX / 1000};
    struct ring ring;
    int all = strcmp(catch_up, "all") == 0;
    int64_t wanted = all ? SCHEDULE_ALL_MAX : 1;
    for (size_t i = 0; i < sizeof strides_s / sizeof *strides_s; i++) {
        int64_t from = now_ms - last_ms > strides_s[i] * 1000
                           ? now_ms - strides_s[i] * 1000
                           : last_ms;
        if (fill(&ring, cron, zone, from, now_ms, e) != 0)
            return -1;
        if (ring.seen >= wanted || from == last_ms)
            break;
    }
    *n = 0;
    *newest = ring.seen ? ring.slots[(ring.seen - 1) % SCHEDULE_ALL_MAX] : 0;
    int64_t count = ring.seen < wanted ? ring.seen : wanted;
    if (strcmp(catch_up, "none") == 0 && *newest < now_ms - now_ms % MINUTE_MS)
        count = 0;
    for (int64_t i = ring.seen - count; i < ring.seen; i++)
        slots[(*n)++] = ring.slots[i % SCHEDULE_ALL_MAX];
    return 0;
}

/* ---- storing, in one transaction ---- */

static int add_run(const struct schedule *s, struct db *db, const struct due *due,
                   int64_t slot_ms, struct err *e)
{
    const char *client = due->plan->client, *recipe = due->entry->recipe;
    json_t *args = json_pack("{s:s, s:b, s:{s:s, s:{s:s, s:I}}}", "recipe", recipe,
                             "fired", 1, "event", "type", "cron", "payload", "type",
                             "cron", "at", (json_int_t)(slot_ms / 1000));
    char *text = json_dumps(args, JSON_COMPACT);
    char *order_key = xasprintf("%s/%s/", client, recipe); /* the slots run one by one */
    struct ledger_run run = {.client = client,
                             .recipe = recipe,
                             .origin = "cron",
                             .slot_ms = slot_ms,
                             .args = text,
                             .order_key = order_key,
                             .policy = due->entry->policy,
                             .state = LEDGER_QUEUED,
                             .due_ms = s->now_ms,
                             .created_ms = s->now_ms};
    int64_t id;
    int rc = ledger_add(db, &run, NULL, &id, e);
    json_decref(args);
    free(text);
    free(order_key);
    return rc;
}

/* On the writer's thread. */
static int write_due(struct db *db, void *arg, struct err *e)
{
    struct schedule *s = arg;
    s->added = 0;
    for (const struct due *due = s->found; due < s->found + s->nfound; due++) {
        const char *client = due->plan->client, *recipe = due->entry->recipe;
        int rc = ledger_slot_put(db, client, recipe, due->last_ms, due->newest_ms, e);
        for (int i = 0; rc == 1 && i < due->n; i++) {
            if (add_run(s, db, due, due->slots[i], e) != 0)
                return -1;
            s->added++;
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

static void tell_idle(struct schedule *s)
{
    if (schedule_is_idle(s))
        s->idle(s->arg);
}

static void on_written(void *arg, const struct err *e)
{
    struct schedule *s = arg;
    s->is_writing = 0;
    for (size_t i = 0; i < s->nfound; i++)
        s->found[i].entry->next_ms = 0; /* read it from the store */
    s->nfound = 0;
    if (e->kind != ERR_NONE)
        log_line(LOG_ERROR, "cron: %s", e->text);
    else if (s->added)
        s->changed(s->arg);
    if (s->asked_meanwhile) {
        s->asked_meanwhile = 0;
        schedule_wake(s);
    }
    tell_idle(s);
}

/* ---- slots that have come ---- */

/* Returns 1 when the last slot lies so far in the future that the clock must have been
 * ahead: the recipe then starts from now. As in cron(8), recipes with fixed times are not
 * repeated unless the clock was set back by three hours or more; others tolerate a few
 * minutes, so that a small step does not run them twice. */
static int is_ahead(const struct cron_entry *entry, int64_t now_ms)
{
    int64_t most =
        cron_is_fixed(entry->cron) ? CRON_CORRECTION_S * (int64_t)1000 : SMALL_STEP_MS;
    return entry->last_ms - now_ms > most;
}

static int check_entry(struct schedule *s, const struct plan *plan,
                       struct cron_entry *entry, struct err *e)
{
    if (entry->next_ms == 0) {
        loopguard_lift("the last slot of a recipe with cron times");
        int rc = ledger_slot(s->db, plan->client, entry->recipe, &entry->last_ms, e);
        loopguard_restore();
        if (rc != 0)
            return -1;
    }
    /* a new recipe runs in the present minute too */
    int is_new = entry->last_ms == 0 || is_ahead(entry, s->now_ms);
    int64_t from = is_new ? s->now_ms - s->now_ms % MINUTE_MS - 1 : entry->last_ms;
    if ((entry->next_ms == 0 || is_new) &&
        cron_next(entry->cron, plan->zone, from, &entry->next_ms, e) != 0)
        return -1;
    if (!is_new && entry->next_ms > s->now_ms)
        return 0;
    array_grow(s->found, s->nfound);
    struct due *due = &s->found[s->nfound];
    *due = (struct due){.plan = plan, .entry = entry, .last_ms = entry->last_ms};
    if (schedule_slots(entry->cron, plan->zone, entry->catch_up, from, s->now_ms,
                       due->slots, &due->n, &due->newest_ms, e) != 0)
        return -1;
    if (due->newest_ms == 0)
        due->newest_ms = from;
    s->nfound++;
    return 0;
}

static void check_plan(struct schedule *s, const struct plan *plan)
{
    for (size_t i = 0; i < plan->nentries; i++) {
        struct cron_entry *entry = &plan->entries[i];
        struct err e;
        if (entry->is_broken || check_entry(s, plan, entry, &e) == 0)
            continue;
        /* the expression has no next time, or the zone does not exist */
        entry->is_broken = e.kind != ERR_STORE && e.kind != ERR_UNAVAILABLE;
        log_line(LOG_WARN, "client %s, recipe %s: %s", plan->client, entry->recipe,
                 e.text);
    }
}

static void poll_due(struct schedule *s)
{
    s->now_ms = clock_wall_ms();
    for (size_t i = 0; i < s->nplans; i++)
        check_plan(s, s->plans[i]);
    if (!s->nfound)
        return;
    s->is_writing = 1;
    writer_submit(s->writer, 0, write_due, on_written, s);
}

/* ---- the clients' recipes ---- */

static void read_more(struct schedule *s);

static void take_recipes(struct plan *plan, const json_t *result)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(result, "recipes"), i, item)
    {
        array_grow(plan->entries, plan->nentries);
        plan->entries[plan->nentries++] =
            (struct cron_entry){.recipe = xstrdup(json_text_or(item, "name", "")),
                                .cron = xstrdup(json_text_or(item, "cron", "")),
                                .catch_up = xstrdup(json_text_or(item, "catch_up", "")),
                                .policy = delivery_result_policy(item)};
    }
    json_array_foreach(json_object_get(result, "broken"), i, item)
    {
        const char *recipe = json_text(item, "recipe");
        const char *why = json_text(item, "why");
        log_line(LOG_WARN, "client %s, recipe %s: %s", plan->client,
                 recipe ? recipe : "?", why ? why : "?");
    }
}

static void on_read(void *arg, const struct run_result *result)
{
    struct plan *plan = arg;
    struct schedule *s = plan->s;
    plan->run = NULL;
    s->reading--;
    plan->state = result->outcome == RUN_DONE ? PLAN_READ : PLAN_FAILED;
    if (result->outcome == RUN_DONE) {
        json_t *tree = jsontree_read(result->json, result->len, NULL);
        take_recipes(plan, tree);
        json_decref(tree);
    } else {
        log_line(LOG_WARN, "client %s: no cron times: %s", plan->client,
                 result->err.text);
    }
    read_more(s);
}

static void start_reading(struct plan *plan)
{
    struct schedule *s = plan->s;
    char *id = xasprintf("schedule/%s", plan->client);
    struct run_spec spec = {.id = id,
                            .client = plan->client,
                            .label = "schedule",
                            .entry = "schedule",
                            .lane = WINDOW_LANE_BULK};
    plan->state = PLAN_READING;
    s->reading++;
    plan->run = run_start(session_runs(s->session), &spec, on_read, plan);
    free(id);
}

static void read_more(struct schedule *s)
{
    for (size_t i = 0; i < s->nplans && s->reading < LOADS && !s->is_stopped; i++)
        if (s->plans[i]->state == PLAN_UNREAD)
            start_reading(s->plans[i]);
    if (s->reading > 0)
        return;
    if (!s->is_stopped)
        poll_due(s);
    tell_idle(s);
}

static void add_plan(void *arg, const char *client)
{
    struct schedule *s = arg;
    struct err e;
    const json_t *workspace = workspace_settings_for(s->workspace, client, &e);
    const json_t *settings = workspace_client(s->workspace, client, &e);
    if (!settings) {
        log_line(LOG_WARN, "client %s: no cron times: %s", client, e.text);
        return;
    }
    if (!settings_has_recipes(workspace, settings))
        return;
    struct plan *plan = xcalloc(1, sizeof *plan);
    *plan = (struct plan){.s = s,
                          .client = xstrdup(client),
                          .zone = xstrdup(settings_timezone(workspace, settings))};
    array_grow(s->plans, s->nplans);
    s->plans[s->nplans++] = plan;
}

static void begin(void *arg)
{
    struct schedule *s = arg;
    s->is_asked = 0;
    if (s->is_stopped) {
        tell_idle(s);
        return;
    }
    if (!s->are_listed)
        workspace_each_client(s->workspace, add_plan, s);
    s->are_listed = 1;
    read_more(s);
}

void schedule_wake(struct schedule *s)
{
    if (s->is_stopped || s->is_asked)
        return;
    if (s->is_writing || s->reading) {
        s->asked_meanwhile = s->is_writing;
        return;
    }
    s->is_asked = 1;
    loop_defer(session_loop(s->session), begin, s);
}

int schedule_is_idle(const struct schedule *s)
{
    return !s->is_asked && !s->is_writing && s->reading == 0;
}

/* ---- its life ---- */

struct schedule *schedule_new(struct session *session, struct writer *writer,
                              void (*changed)(void *arg), void (*idle)(void *arg),
                              void *arg, struct err *e)
{
    struct workspace *w = session_workspace(session);
    struct store *store = workspace_store(w, e);
    if (!store)
        return NULL;
    struct schedule *s = xcalloc(1, sizeof *s);
    *s = (struct schedule){.session = session,
                           .workspace = w,
                           .writer = writer,
                           .db = store_db(store),
                           .changed = changed,
                           .idle = idle,
                           .arg = arg};
    return s;
}

void schedule_stop(struct schedule *s)
{
    s->is_stopped = 1;
    for (size_t i = 0; i < s->nplans; i++) {
        if (s->plans[i]->run)
            run_kill(s->plans[i]->run);
        s->plans[i]->run = NULL;
    }
    s->reading = 0;
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    schedule_stop(s);
    for (size_t i = 0; i < s->nplans; i++) {
        struct plan *plan = s->plans[i];
        for (size_t k = 0; k < plan->nentries; k++) {
            free(plan->entries[k].recipe);
            free(plan->entries[k].cron);
            free(plan->entries[k].catch_up);
            free(plan->entries[k].policy);
        }
        free(plan->entries);
        free(plan->client);
        free(plan->zone);
        free(plan);
    }
    free(s->plans);
    free(s->found);
    free(s);
}
