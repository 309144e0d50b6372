#include "work/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/stats.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/policy.h"
#include "store/claims.h"
#include "store/delivery_order.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "store/store.h"
#include "work/alert.h"
#include "work/delivery_result.h"
#include "work/runner.h"
#include "workspace/workspace.h"

enum {
    SAME_MAX = DISPATCH_IN_FLIGHT / 2, /* of one client or company */
    CANDIDATES = 256,    /* deliveries that one poll considers, oldest first */
    LINE_MS = 20 * 1000, /* how long a request may wait in line for the budget */
    AUTH_MS = 60 * 1000, /* until a delivery without a connection is tried again */
    AGAIN_MS = 1000      /* until a transaction that failed is tried again */
};

struct trigger_run { /* one client's triggers, for one delivery */
    SLIST_ENTRY(trigger_run) entry;
    struct dispatch_job *job;
    char *client;
    json_t *wanted;  /* the triggers that the client's runs wait for */
    struct run *run; /* NULL: ended */
};

struct dispatch_job { /* one delivery, claimed */
    TAILQ_ENTRY(dispatch_job) entry;
    struct dispatch *d;
    int64_t id;
    char *app, *client, *trigger, *company, *conversation, *note;
    char *text; /* the body; NULL: not claimed */
    size_t len;
    json_t *body;
    SLIST_HEAD(, trigger_run) runs;
    int pending;
    struct err passing; /* a failure that may pass; kind ERR_NONE: none */
    struct delivery_result result;
    struct kept_place { /* in the runner, for a run that is added */
        char *client;
        struct runner_slot *slot; /* NULL: it is used */
    } * places;
    int nplaces;
    int is_submitted, is_announced;
};

TAILQ_HEAD(dispatch_jobs, dispatch_job);

struct dispatch_claim { /* of several deliveries, on the writer's thread */
    struct dispatch *d;
    int64_t now_ms;
    int slots;
    char *busy[DISPATCH_IN_FLIGHT]; /* the client or company of each job in flight */
    int nbusy, ncandidates;
    struct dispatch_jobs candidates; /* the oldest that were due and free */
};

struct dispatch {
    struct session *session;
    struct writer *writer;
    const char *owner;
    struct claims *claims;
    struct runner *runner;
    struct alert *alert;
    void (*changed)(void *arg), (*idle)(void *arg);
    void *arg;
    dispatch_heard *heard;
    void *heard_arg;
    struct dispatch_jobs jobs;
    int njobs;
    struct loop_timer *again;
    int is_deferred, is_claiming; /* a poll waits for its turn, a claim for the writer */
    int wanted;                   /* one more poll after the claim */
    int left_some; /* deliveries were due that the last claim could not take */
    int stopped;
};

/* ---- jobs ---- */

static struct dispatch_job *job_new(struct dispatch *d, const struct delivery *row)
{
    struct dispatch_job *job = xcalloc(1, sizeof *job);
    job->d = d;
    job->id = row->id;
    job->app = xstrdup_null(row->app);
    job->client = xstrdup_null(row->client);
    job->trigger = xstrdup_null(row->trigger);
    job->company = xstrdup_null(row->company);
    job->conversation = xstrdup_null(row->conversation);
    job->note = xstrdup_null(row->note);
    return job;
}

static void give_back_places(struct dispatch_job *job)
{
    for (int i = 0; i < job->nplaces; i++) {
        if (job->places[i].slot)
            runner_unreserve(job->places[i].slot);
        free(job->places[i].client);
    }
    job->nplaces = 0;
}

static void job_free(struct dispatch_job *job)
{
    while (!SLIST_EMPTY(&job->runs)) {
        struct trigger_run *t = SLIST_FIRST(&job->runs);
        SLIST_REMOVE_HEAD(&job->runs, entry);
        if (t->run)
            run_kill(t->run);
        free(t->client);
        json_decref(t->wanted);
        free(t);
    }
    give_back_places(job);
    free(job->places);
    delivery_result_fini(&job->result);
    json_decref(job->body);
    free(job->app);
    free(job->client);
    free(job->trigger);
    free(job->company);
    free(job->conversation);
    free(job->note);
    free(job->text);
    free(job);
}

static void finish(struct dispatch_job *job)
{
    TAILQ_REMOVE(&job->d->jobs, job, entry);
    job->d->njobs--;
    claims_drop(job->d->claims, job->id);
    job_free(job);
}

/* ---- the clients of a delivery ---- */

static int add_run(void *arg, const char *client)
{
    struct dispatch_job *job = arg;
    struct trigger_run *t = xcalloc(1, sizeof *t);
    t->job = job;
    t->client = xstrdup(client);
    t->wanted = json_array();
    SLIST_INSERT_HEAD(&job->runs, t, entry);
    job->pending++;
    return 0;
}

static int add_trigger(void *arg, const char *trigger)
{
    json_array_append_new(arg, json_string(trigger));
    return 0;
}

/* Finds the route's client, or each client that is connected to the company, and what
 * their runs wait for. On the writer's thread. */
static int find_clients(struct db *db, struct dispatch_job *job, struct err *e)
{
    struct trigger_run *t;
    if (job->client)
        add_run(job, job->client);
    else if (store_company_clients(db, job->app, job->company, add_run, job, e) != 0)
        return -1;
    SLIST_FOREACH(t, &job->runs, entry)
    {
        if (ledger_waited_for(db, t->client, add_trigger, t->wanted, e) != 0)
            return -1;
    }
    return 0;
}

/* ---- the end of a delivery ---- */

/* Starts the runs that were added as running. */
static void start_runs(struct dispatch_job *job)
{
    struct delivery_result *result = &job->result;
    for (int i = 0; i < result->nstarted; i++) {
        struct kept_place *place = job->places;
        while (!place->slot || strcmp(place->client, result->started[i].client) != 0)
            place++; /* there is one: delivery_result_write starts no more */
        runner_start_reserved(place->slot, result->started[i].run);
        result->started[i].run = NULL;
        place->slot = NULL;
    }
}

static void on_written(void *arg, const struct err *e)
{
    struct dispatch_job *job = arg;
    struct dispatch *d = job->d;
    const struct delivery_result *result = &job->result;
    job->is_submitted = 0;
    if (e->kind != ERR_NONE && e->kind != ERR_CONFLICT && !d->stopped) {
        log_line(LOG_ERROR, "delivery %lld: %s", (long long)job->id, e->text);
        loop_timer_set(d->again, AGAIN_MS);
        return;
    }
    /* ERR_CONFLICT: another process has ended the delivery */
    int changed =
        e->kind == ERR_NONE && !job->is_announced && result->runs + result->woken > 0;
    if (e->kind == ERR_NONE) {
        stats_add(STAT_ACTIVATIONS, (uint64_t)result->activations);
        start_runs(job);
    }
    finish(job);
    if (changed)
        d->changed(d->arg);
    if (d->stopped && dispatch_is_idle(d))
        d->idle(d->arg);
    if (d->left_some)
        dispatch_wake(d);
}

/* On the writer's thread. */
static int write_result(struct db *db, void *arg, struct err *e)
{
    struct dispatch_job *job = arg;
    return delivery_result_write(db, &job->result, e);
}

static void count_run(void *arg, const char *client)
{
    (void)client;
    ++*(int *)arg;
}

static void keep_place(void *arg, const char *client)
{
    struct dispatch_job *job = arg;
    json_t *room = job->result.room;
    struct runner_slot *slot = runner_reserve(job->d->runner, client);
    if (!slot)
        return;
    array_grow(job->places, job->nplaces);
    job->places[job->nplaces++] = (struct kept_place){xstrdup(client), slot};
    json_object_set_new(room, client, json_integer(json_int(room, client) + 1));
}

/* Not durable: nothing has happened outside yet, and the delivery itself is on the disk.
 * What a power cut takes away is done again, and the keys of activations keep the
 * triggers from firing twice. */
static void submit(struct dispatch_job *job)
{
    job->is_submitted = 1;
    job->result.now_ms = clock_wall_ms();
    if (job->result.state != DELIVERY_WAITING)
        job->result.due_ms = job->result.now_ms; /* when it ended */
    int runs = 0;
    delivery_result_each_run(&job->result, count_run, &runs);
    if (job->nplaces == 0)
        delivery_result_each_run(&job->result, keep_place, job);
    writer_submit(job->d->writer, 0, write_result, on_written, job);
    /* announced at once, so that runs are claimed in the transaction that adds them */
    job->is_announced = runs > job->nplaces;
    if (job->is_announced)
        job->d->changed(job->d->arg);
}

/* Submits what the store has refused, until it takes it. */
static void submit_again(void *arg)
{
    struct dispatch *d = arg;
    struct dispatch_job *job;
    TAILQ_FOREACH(job, &d->jobs, entry)
    {
        if (job->pending == 0 && !job->is_submitted)
            submit(job);
    }
    dispatch_wake(d);
}

/* Writes "delivery ID STATE: WHY" to the log, and gives a sign of the KIND. */
static void report(struct dispatch_job *job, enum log_level level, const char *kind,
                   const char *state, const char *why)
{
    char *text = xasprintf("delivery %lld %s: %s", (long long)job->id, state, why);
    log_line(level, "%s", text);
    if (strcmp(kind, INCIDENT_RECONNECT) == 0 && job->client)
        alert_bad(job->d->alert, kind, job->client, job->client, text);
    else
        alert_bad_recipe(job->d->alert, kind, job->client ? job->client : "", NULL, text);
    free(text);
}

/* Reports, once for each delivery, that a client must be connected first. */
static void report_auth(struct dispatch_job *job, const char *why)
{
    json_t *note = jsontree_reads(job->note, NULL);
    if (!str_eq(json_text(json_object_get(note, ""), "why"), why))
        report(job, LOG_WARN, INCIDENT_RECONNECT, "waits", why);
    json_decref(note);
}

/* After a failure that may pass: puts the delivery off, or gives it up. */
static void put_off(struct dispatch_job *job)
{
    static const struct policy policy = {.attempts = DISPATCH_ATTEMPTS,
                                         .give_up_ms = DISPATCH_GIVE_UP_MS};
    struct delivery_result *o = &job->result;
    const struct err *e = &job->passing;
    struct policy_failures failed;
    struct err why;
    int64_t now = clock_wall_ms();
    failed.count = delivery_result_failures(job->note, &failed.first_ms);
    o->state = DELIVERY_WAITING;
    if (e->kind == ERR_AUTH) { /* until a person connects the client: not counted */
        o->due_ms = now + AUTH_MS;
        report_auth(job, e->text);
        delivery_result_set_why(o, e->text, failed.count, failed.first_ms);
        return;
    }
    int again =
        policy_retry(&policy, e, now, crypto_random_number(), &failed, &o->due_ms, &why);
    delivery_result_set_why(o, again ? e->text : why.text, failed.count, failed.first_ms);
    if (!again) {
        o->state = DELIVERY_DEAD;
        report(job, LOG_ERROR,
               err_kind_is_retryable(e->kind) ? INCIDENT_GIVEN_UP : INCIDENT_RECIPE,
               "is dead", why.text);
    }
}

static void conclude(struct dispatch_job *job)
{
    job->result.state = DELIVERY_DONE;
    if (job->passing.kind != ERR_NONE)
        put_off(job);
    submit(job);
}

/* Returns the delivery to the queue. Partial results are dropped; the next claim computes
 * them again. */
static void release(struct dispatch_job *job)
{
    struct delivery_result *o = &job->result;
    json_t *note = jsontree_reads(job->note, NULL);
    job->pending = 0;
    json_object_clear(o->clients);
    json_object_clear(o->note);
    json_object_update(o->note, note);
    json_decref(note);
    o->state = DELIVERY_WAITING;
    o->due_ms = 0;
    submit(job);
}

/* ---- triggers ---- */

/* Settings that cannot be read may be in the middle of being edited. */
static int may_pass(const struct err *e)
{
    return err_kind_is_retryable(e->kind) || e->kind == ERR_AUTH ||
           e->kind == ERR_STORE || e->kind == ERR_INTERNAL || e->kind == ERR_SETTINGS;
}

static void fail(struct dispatch_job *job, const char *client, const struct err *e)
{
    delivery_result_fail(&job->result, client, e->text);
    /* what passes by itself decides when to try again, before what needs a person */
    if (may_pass(e) && (job->passing.kind == ERR_NONE || job->passing.kind == ERR_AUTH)) {
        job->passing = *e;
        err_prefix(&job->passing, "client %s", client);
    }
}

static void on_ended(void *arg, const struct run_result *result)
{
    struct trigger_run *t = arg;
    struct dispatch_job *job = t->job;
    t->run = NULL;
    json_t *tree = NULL;
    if (result->outcome == RUN_DONE)
        tree = jsontree_read(result->json, result->len, NULL);
    json_t *returned = json_object_get(tree, "result");
    if (json_is_object(returned)) {
        delivery_result_add(&job->result, t->client, json_incref(returned));
    } else if (result->outcome == RUN_FAILED) {
        fail(job, t->client, &result->err);
    } else {
        delivery_result_fail(
            &job->result, t->client,
            result->outcome == RUN_SKIPPED
                ? result->err.text
                : "the triggers gave no answer; they may neither sleep nor wait");
    }
    json_decref(tree);
    if (--job->pending == 0)
        conclude(job);
}

/* The arguments of lua/std/deliver.lua, a new tree. */
static json_t *make_args(const struct dispatch_job *job, const struct trigger_run *t)
{
    return json_pack("{s:s, s:I, s:O, s:O, s:s*}", "app", job->app, "delivery",
                     (json_int_t)job->id, "wanted", t->wanted, "body", job->body,
                     "trigger", job->trigger);
}

static void start(struct trigger_run *t, const char *label)
{
    struct dispatch_job *job = t->job;
    struct dispatch *d = job->d;
    json_t *args = make_args(job, t);
    if (d->heard)
        d->heard(d->heard_arg, job->app, t->client, job->body);
    char *id = xasprintf("%s/%s", label, t->client);
    struct session_call call = {.id = id,
                                .client = t->client,
                                .label = label,
                                .entry = "deliver",
                                .args = args,
                                .lane = WINDOW_LANE_ACTIVATION,
                                .wait_ms = LINE_MS};
    t->run = session_start(d->session, &call, on_ended, t);
    json_decref(args);
    free(id);
}

static void conclude_unrouted(struct dispatch_job *job)
{
    char *why = xasprintf("no client is connected to the company %s",
                          job->company ? job->company : "that it is for");
    delivery_result_set_why(&job->result, why, 0, 0);
    job->result.state = DELIVERY_UNROUTED;
    free(why);
    submit(job);
}

static void begin(struct dispatch_job *job)
{
    struct err e = {0};
    struct trigger_run *t;
    char label[40];
    snprintf(label, sizeof label, "delivery %lld", (long long)job->id);
    if (job->pending == 0) {
        conclude_unrouted(job);
        return;
    }
    job->body = jsontree_read(job->text, job->len, &e);
    if (!job->body) {
        delivery_result_set_why(&job->result, e.text, 0, 0);
        job->pending = 0;
        conclude(job);
        return;
    }
    SLIST_FOREACH(t, &job->runs, entry)
    {
        start(t, label);
    }
}

/* ---- claims ---- */

static int take_candidate(void *arg, const struct delivery *row)
{
    struct dispatch_claim *c = arg;
    if (claims_is_taken(c->d->claims, row->id))
        return 0;
    struct dispatch_job *job = job_new(c->d, row);
    TAILQ_INSERT_TAIL(&c->candidates, job, entry);
    return ++c->ncandidates == CANDIDATES;
}

/* A slow API must not take every slot. */
static int has_room(const struct dispatch_claim *c, const char *whose)
{
    int n = 0;
    for (int i = 0; i < c->nbusy; i++)
        n += str_eq(c->busy[i], whose);
    return n < SAME_MAX;
}

static const char *whose(const struct dispatch_job *job)
{
    return job->client ? job->client : job->company ? job->company : "";
}

/* Returns 1 when JOB is claimed, 0 when it must wait, -1 with E. */
static int claim_one(struct db *db, struct dispatch_claim *c, struct dispatch_job *job,
                     struct err *e)
{
    int rc = has_room(c, whose(job));
    if (rc == 1)
        rc = delivery_order_has_come(db, job->id, job->app, job->conversation, c->now_ms,
                                     e);
    if (rc == 1)
        rc = claims_take(c->d->claims, job->id);
    if (rc != 1)
        return rc;
    if (inbox_body(db, job->id, &job->text, &job->len, e) != 0 ||
        find_clients(db, job, e) != 0) {
        claims_drop(c->d->claims, job->id);
        return -1;
    }
    c->busy[c->nbusy++] = xstrdup(whose(job));
    return 1;
}

/* On the writer's thread. Most polls find nothing, and take no lock. */
static int find_candidates(struct db *db, void *arg, struct err *e)
{
    struct dispatch_claim *c = arg;
    int rc = inbox_due(db, c->now_ms, take_candidate, c, e);
    return rc == 0 ? c->ncandidates > 0 : rc;
}

/* On the writer's thread. One that another worker has ended since is asked in vain. */
static int claim(struct db *db, void *arg, struct err *e)
{
    struct dispatch_claim *c = arg;
    struct dispatch_job *job;
    int slots = c->slots, rc;
    TAILQ_FOREACH(job, &c->candidates, entry)
    {
        if (slots == 0)
            break;
        if ((rc = claim_one(db, c, job, e)) < 0)
            return -1;
        slots -= rc;
    }
    return 0;
}

static void on_claimed(void *arg, const struct err *e)
{
    struct dispatch_claim *c = arg;
    struct dispatch *d = c->d;
    struct dispatch_job *job;
    int claimed = 0;
    d->is_claiming = d->left_some = 0;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "deliveries: %s", e->text);
    while ((job = TAILQ_FIRST(&c->candidates))) {
        TAILQ_REMOVE(&c->candidates, job, entry);
        if (!job->text || e->kind != ERR_NONE) {
            d->left_some = 1;
            claims_drop(d->claims, job->id);
            job_free(job);
            continue;
        }
        claimed++;
        TAILQ_INSERT_HEAD(&d->jobs, job, entry);
        d->njobs++;
        delivery_result_init(&job->result, job->id, d->owner, job->text, job->len);
        job->result.limits = workspace_limits(session_workspace(d->session));
        job->result.releases = workspace_releases(session_workspace(d->session));
        if (d->stopped) /* since the claim was submitted */
            release(job);
        else
            begin(job);
    }
    for (int i = 0; i < c->nbusy; i++)
        free(c->busy[i]);
    free(c);
    if (!d->stopped && (d->wanted || (claimed && d->left_some)))
        dispatch_wake(d);
    else if (dispatch_is_idle(d))
        d->idle(d->arg);
}

static void submit_claim(struct dispatch *d, int64_t now_ms)
{
    const struct dispatch_job *job;
    struct dispatch_claim *c = xcalloc(1, sizeof *c);
    *c = (struct dispatch_claim){
        .d = d, .now_ms = now_ms, .slots = DISPATCH_IN_FLIGHT - d->njobs};
    TAILQ_INIT(&c->candidates);
    TAILQ_FOREACH(job, &d->jobs, entry)
    {
        c->busy[c->nbusy++] = xstrdup(whose(job));
    }
    d->is_claiming = 1;
    writer_look(d->writer, find_candidates, claim, on_claimed, c);
}

static void poll_due(void *arg)
{
    struct dispatch *d = arg;
    int64_t now = clock_wall_ms();
    d->is_deferred = 0;
    d->wanted = 0;
    if (d->stopped && dispatch_is_idle(d))
        d->idle(d->arg);
    d->left_some |= d->njobs >= DISPATCH_IN_FLIGHT;
    if (d->stopped || d->njobs >= DISPATCH_IN_FLIGHT)
        return;
    submit_claim(d, now);
}

void dispatch_wake(struct dispatch *d)
{
    if (d->stopped)
        return;
    if (d->is_claiming)
        d->wanted = 1;
    else if (!d->is_deferred) {
        d->is_deferred = 1;
        loop_defer(session_loop(d->session), poll_due, d);
    }
}

int dispatch_is_idle(const struct dispatch *d)
{
    return d->njobs == 0 && !d->is_claiming && !d->is_deferred;
}

/* ---- its life ---- */

struct dispatch *dispatch_new(struct session *s, struct writer *writer,
                              struct presence *p, struct claims *claims,
                              struct runner *runner, void (*changed)(void *arg),
                              void (*idle)(void *arg), void *arg)
{
    struct dispatch *d = xcalloc(1, sizeof *d);
    *d = (struct dispatch){.session = s,
                           .writer = writer,
                           .owner = presence_id(p),
                           .claims = claims,
                           .runner = runner,
                           .alert = runner_alert(runner),
                           .changed = changed,
                           .idle = idle,
                           .arg = arg};
    TAILQ_INIT(&d->jobs);
    d->again = loop_timer_new(session_loop(s), submit_again, d);
    return d;
}

void dispatch_stop(struct dispatch *d)
{
    struct dispatch_job *job;
    struct trigger_run *t;
    d->stopped = 1;
    loop_timer_clear(d->again);
    TAILQ_FOREACH(job, &d->jobs, entry)
    {
        if (job->is_submitted)
            continue;
        SLIST_FOREACH(t, &job->runs, entry)
        {
            if (t->run)
                run_kill(t->run);
            t->run = NULL;
        }
        job->pending = 0;
        release(job);
    }
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    while (!TAILQ_EMPTY(&d->jobs))
        finish(TAILQ_FIRST(&d->jobs));
    loop_timer_free(d->again);
    free(d);
}

void dispatch_on_delivery(struct dispatch *d, dispatch_heard *fn, void *arg)
{
    d->heard = fn;
    d->heard_arg = arg;
}

int64_t dispatch_label_id(const char *label)
{
    static const char prefix[] = "delivery ";
    int64_t id;
    return str_starts(label, prefix) && str_parse_int(label + strlen(prefix), &id) == 0
               ? id
               : 0;
}
