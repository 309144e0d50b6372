#include "work/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/alert.h"
#include "work/audience.h"
#include "work/delivery_result.h"
#include "base/clock.h"
#include "base/jsontext.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "core/limits.h"
#include "core/policy.h"
#include "base/stats.h"
#include "store/store.h"
#include "store/delivery_order.h"
#include "base/crypto.h"

enum {
    SAME_MAX = DISPATCH_IN_FLIGHT / 2, /* of one client or company */
    WINDOW = 256,        /* waiting ones that are looked at for those whose turn it is */
    LINE_MS = 20 * 1000, /* how long a request may wait in line for the budget */
    AUTH_MS = 60 * 1000, /* when a connection is looked at again */
    AGAIN_MS = 1000,     /* after the store refused */
    BODY_MAX = 8 * 1024 * 1024
};

struct attempt { /* one client's triggers */
    struct attempt *next;
    struct flight *flight;
    char *client;
    struct run *run; /* NULL: ended */
};

struct flight { /* one delivery, claimed */
    struct flight *next;
    struct dispatch *d;
    int64_t id;
    char *app, *client, *trigger, *company, *conversation, *note;
    char *body;
    size_t len;
    struct attempt *attempts;
    int pending;
    struct err passing; /* a failure that may pass; kind ERR_NONE: none */
    struct delivery_result outcome;
    int is_submitted, is_announced;
};

struct look { /* one claim of several deliveries, on the writer's thread */
    struct dispatch *d;
    const char *owner;
    int64_t now_ms;
    int slots;
    char *busy[DISPATCH_IN_FLIGHT]; /* whose deliveries are in flight */
    int nbusy;
    struct flight *candidates,
        **tail; /* all that were due; those not claimed have no body */
};

struct dispatch {
    struct session *session;
    struct writer *writer;
    struct db *db; /* for reading */
    const char *owner;
    struct alert *alert;
    void (*changed)(void *arg), (*idle)(void *arg);
    void *arg;
    dispatch_heard *heard;
    void *heard_arg;
    struct flight *flights;
    int nflights;
    struct audience *audience;
    struct loop_timer *again;
    int is_asked, is_looking; /* a deferred look, one at the writer's */
    int asked_meanwhile;
    int stopped;
};

static void look(void *arg);

/* ---- flights ---- */

static struct flight *flight_new(struct dispatch *d, const struct delivery *row)
{
    struct flight *f = xcalloc(1, sizeof *f);
    *f = (struct flight){.d = d,
                         .id = row->id,
                         .app = xstrdup_null(row->app),
                         .client = xstrdup_null(row->client),
                         .trigger = xstrdup_null(row->trigger),
                         .company = xstrdup_null(row->company),
                         .conversation = xstrdup_null(row->conversation),
                         .note = xstrdup_null(row->note)};
    return f;
}

static void flight_free(struct flight *f)
{
    while (f->attempts) {
        struct attempt *a = f->attempts;
        f->attempts = a->next;
        if (a->run)
            run_kill(a->run);
        free(a->client);
        free(a);
    }
    delivery_result_fini(&f->outcome);
    free(f->app);
    free(f->client);
    free(f->trigger);
    free(f->company);
    free(f->conversation);
    free(f->note);
    free(f->body);
    free(f);
}

static void land(struct flight *f)
{
    struct dispatch *d = f->d;
    struct flight **at = &d->flights;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    d->nflights--;
    flight_free(f);
}

/* ---- whose it is ---- */

static void add_attempt(struct flight *f, const char *client)
{
    struct attempt *a = xcalloc(1, sizeof *a);
    *a = (struct attempt){f->attempts, f, xstrdup(client), NULL};
    f->attempts = a;
    f->pending++;
}

static void add_client(void *arg, const char *client)
{
    add_attempt(arg, client);
}

/* The route's client, or each one that is connected to the company. */
static int find_clients(struct flight *f, struct err *e)
{
    if (f->client) {
        add_attempt(f, f->client);
        return 0;
    }
    return audience_each(f->d->audience, f->app, f->company, add_client, f, e);
}

/* ---- the end of a delivery ---- */

static void submit(struct flight *f);

/* The store refused: tried until it takes it. */
static void submit_again(void *arg)
{
    struct dispatch *d = arg;
    for (struct flight *f = d->flights; f; f = f->next)
        if (f->pending == 0 && !f->is_submitted)
            submit(f);
    dispatch_wake(d);
}

static void on_written(void *arg, const struct err *e)
{
    struct flight *f = arg;
    struct dispatch *d = f->d;
    f->is_submitted = 0;
    if (e->kind != ERR_NONE && e->kind != ERR_CONFLICT && !d->stopped) {
        log_line(LOG_ERROR, "delivery %lld: %s", (long long)f->id, e->text);
        loop_timer_set(d->again, AGAIN_MS);
        return;
    }
    /* ERR_CONFLICT: the claim is somebody else's, and so is the rest */
    int changed =
        e->kind == ERR_NONE && !f->is_announced && f->outcome.runs + f->outcome.woken > 0;
    if (e->kind == ERR_NONE)
        stats_add(STAT_ACTIVATIONS, (uint64_t)f->outcome.activations);
    land(f);
    if (changed)
        d->changed(d->arg);
    if (d->stopped && dispatch_is_idle(d))
        d->idle(d->arg);
    dispatch_wake(d);
}

static int write_flight(struct db *db, void *arg, struct err *e)
{
    struct flight *f = arg;
    return delivery_result_write(db, &f->outcome, e);
}

/* Not durable: nothing has happened in the world yet, and the delivery itself is on the
 * disk. What a power cut takes away is done again, and the keys keep it from firing
 * twice. */
static void submit(struct flight *f)
{
    f->is_submitted = 1;
    f->outcome.now_ms = clock_wall_ms();
    if (f->outcome.state != DELIVERY_WAITING)
        f->outcome.due_ms = f->outcome.now_ms; /* when it ended */
    writer_submit(f->d->writer, 0, write_flight, on_written, f);
    /* now, so that runs are claimed in the transaction that adds them */
    f->is_announced = delivery_result_starts(&f->outcome);
    if (f->is_announced)
        f->d->changed(f->d->arg);
}

/* A client must be connected first. Said once a delivery, not at every look. */
static void tell_of_auth(struct flight *f, const char *why)
{
    json_t *note = jsontree_reads(f->note, NULL);
    const json_t *before = json_object_get(json_object_get(note, ""), "why");
    if (!str_eq(json_string_value(before), why)) {
        char *text = xasprintf("delivery %lld waits: %s", (long long)f->id, why);
        log_line(LOG_WARN, "%s", text);
        alert_send(f->d->alert, f->client, NULL, "held", text);
        free(text);
    }
    json_decref(note);
}

/* A failure that may pass: again later, or the end. */
static void put_off(struct flight *f)
{
    struct delivery_result *o = &f->outcome;
    const struct err *e = &f->passing;
    int64_t now = clock_wall_ms(), first;
    int failures = delivery_result_failures(f->note, &first);
    o->state = DELIVERY_WAITING;
    if (e->kind == ERR_AUTH) { /* a person's turn: counts for nothing */
        o->due_ms = now + AUTH_MS;
        tell_of_auth(f, e->text);
        delivery_result_set_why(o, e->text, failures, first);
        return;
    }
    static const struct policy policy = {.attempts = DISPATCH_ATTEMPTS,
                                         .give_up_ms = DISPATCH_GIVE_UP_MS};
    struct policy_failures failed = {failures, first};
    struct err why;
    int again =
        policy_retry(&policy, e, now, crypto_random_number(), &failed, &o->due_ms, &why);
    delivery_result_set_why(o, again ? e->text : why.text, failed.count, failed.first_ms);
    if (again)
        return;
    o->state = DELIVERY_DEAD;
    char text[sizeof why.text + 40];
    snprintf(text, sizeof text, "delivery %lld is dead: %s", (long long)f->id, why.text);
    log_line(LOG_ERROR, "%s", text);
    alert_send(f->d->alert, f->client, NULL, "dead", text);
}

static void conclude(struct flight *f)
{
    f->outcome.state = DELIVERY_DONE;
    if (f->passing.kind != ERR_NONE)
        put_off(f);
    submit(f);
}

/* Back to where it was: what was found so far is found again. */
static void release(struct flight *f)
{
    struct delivery_result *o = &f->outcome;
    json_t *note = jsontree_reads(f->note, NULL);
    json_object_clear(o->clients);
    json_object_clear(o->note);
    json_object_update(o->note, note);
    json_decref(note);
    o->state = DELIVERY_WAITING;
    o->due_ms = 0;
    submit(f);
}

/* ---- attempts ---- */

/* Settings that do not load: somebody is at them. */
static int may_pass(const struct err *e)
{
    return err_kind_is_retryable(e->kind) || e->kind == ERR_AUTH ||
           e->kind == ERR_STORE || e->kind == ERR_INTERNAL || e->kind == ERR_SETTINGS;
}

static void fail(struct flight *f, const char *client, const struct err *e)
{
    delivery_result_fail(&f->outcome, client, e->text);
    /* what may pass by itself decides when to look again, before what needs a person */
    if (may_pass(e) && (f->passing.kind == ERR_NONE || f->passing.kind == ERR_AUTH)) {
        f->passing = *e;
        err_prefix(&f->passing, "client %s", client);
    }
}

static void on_ended(void *arg, const struct run_result *result)
{
    struct attempt *a = arg;
    struct flight *f = a->flight;
    a->run = NULL;
    json_t *tree = NULL;
    if (result->outcome == RUN_DONE)
        tree = jsontree_read(result->json, result->len, NULL);
    json_t *came = json_object_get(tree, "result");
    if (json_is_object(came)) {
        delivery_result_add(&f->outcome, a->client, json_incref(came));
    } else if (result->outcome == RUN_FAILED) {
        fail(f, a->client, &result->err);
    } else {
        delivery_result_fail(
            &f->outcome, a->client,
            result->outcome == RUN_SKIPPED
                ? result->err.text
                : "the triggers gave no answer; they may neither sleep nor wait");
    }
    json_decref(tree);
    if (--f->pending == 0)
        conclude(f);
}

static int add_trigger(void *arg, const char *trigger)
{
    json_array_append_new(arg, json_string(trigger));
    return 0;
}

/* The body as it came, so that the script gets its numbers as they were written. */
static int make_args(const struct flight *f, const char *client, struct buf *out,
                     struct err *e)
{
    json_t *wanted = json_array();
    json_t *rest = json_pack("{s:s, s:I, s:o}", "app", f->app, "delivery",
                             (json_int_t)f->id, "wanted", wanted);
    if (f->trigger)
        json_object_set_new(rest, "trigger", json_string(f->trigger));
    int rc = ledger_waited_for(f->d->db, client, add_trigger, wanted, e);
    char *text = json_dumps(rest, JSON_COMPACT);
    if (rc == 0 && (buf_adds(out, "{\"body\":") != 0 || buf_add(out, f->body, f->len) ||
                    buf_addc(out, ',') != 0 || buf_adds(out, text + 1) != 0))
        rc = err_set(e, ERR_LIMIT, "cannot look at the delivery: it is too large");
    free(text);
    json_decref(rest);
    return rc;
}

static void start(struct attempt *a, const char *label)
{
    struct flight *f = a->flight;
    struct err e;
    struct buf args;
    buf_init(&args, BODY_MAX);
    if (make_args(f, a->client, &args, &e) != 0) {
        fail(f, a->client, &e);
        f->pending--;
        buf_free(&args);
        return;
    }
    if (f->d->heard)
        f->d->heard(f->d->heard_arg, f->app, a->client, f->body, f->len);
    char *id = xasprintf("%s/%s", label, a->client);
    struct run_spec spec = {.id = id,
                            .client = a->client,
                            .label = label,
                            .entry = "deliver",
                            .args = args.data,
                            .args_len = args.len,
                            .lane = LANE_ACTIVATION,
                            .wait_ms = LINE_MS};
    a->run = run_start(session_runs(f->d->session), &spec, on_ended, a);
    free(id);
    buf_free(&args);
}

/* The body stands among the arguments as it is: it must be one value. A text that was cut
 * within an emoji is a customer's all the same. */
static int check_body(struct flight *f, struct err *e)
{
    jsontext_mend(f->body, f->len);
    struct buf out;
    buf_init(&out, BODY_MAX);
    struct jsontext_scan scan = {.mark = "-",
                                 .depth_max = limits_default.json_depth,
                                 .values_max = limits_default.json_values,
                                 .out = &out};
    int rc = jsontext_check(&scan, f->body, f->len, e);
    buf_free(&out);
    return rc;
}

static void begin(struct flight *f)
{
    struct err e = {0};
    char label[40];
    snprintf(label, sizeof label, "delivery %lld", (long long)f->id);
    delivery_result_init(&f->outcome, f->id, f->d->owner, f->body, f->len);
    if (find_clients(f, &e) != 0) {
        f->passing = e;
        conclude(f);
        return;
    }
    if (f->pending == 0) {
        char *why = xasprintf("no client is connected to the company %s",
                              f->company ? f->company : "that it is for");
        delivery_result_set_why(&f->outcome, why, 0, 0);
        f->outcome.state = DELIVERY_UNROUTED;
        free(why);
        submit(f);
        return;
    }
    if (check_body(f, &e) != 0) {
        delivery_result_set_why(&f->outcome, e.text, 0, 0);
        f->pending = 0;
        conclude(f);
        return;
    }
    for (struct attempt *a = f->attempts; a; a = a->next)
        start(a, label);
    if (f->pending == 0)
        conclude(f);
}

/* ---- looking ---- */

static int take_candidate(void *arg, const struct delivery *row)
{
    struct look *l = arg;
    struct flight *f = flight_new(l->d, row);
    *l->tail = f;
    l->tail = &f->next;
    return 0;
}

/* A slow API must not take every place. */
static int has_room(const struct look *l, const char *whose)
{
    int n = 0;
    for (int i = 0; i < l->nbusy; i++)
        n += str_eq(l->busy[i], whose);
    return n < SAME_MAX;
}

static const char *whose(const struct flight *f)
{
    return f->client ? f->client : f->company ? f->company : "";
}

/* On the writer's thread. */
static int claim(struct db *db, void *arg, struct err *e)
{
    struct look *l = arg;
    if (inbox_due(db, l->now_ms, WINDOW, take_candidate, l, e) != 0)
        return -1;
    int slots = l->slots;
    for (struct flight *f = l->candidates; f && slots > 0; f = f->next) {
        int rc = has_room(l, whose(f));
        if (rc == 1)
            rc =
                delivery_order_has_come(db, f->id, f->app, f->conversation, l->now_ms, e);
        if (rc == 1)
            rc = inbox_claim(db, f->id, l->owner, e);
        if (rc == 1) {
            rc = inbox_body(db, f->id, &f->body, &f->len, e);
            l->busy[l->nbusy++] = xstrdup(whose(f));
            slots--;
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

static void on_claimed(void *arg, const struct err *e)
{
    struct look *l = arg;
    struct dispatch *d = l->d;
    int claimed = 0;
    d->is_looking = 0;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "deliveries: %s", e->text);
    for (struct flight *f = l->candidates, *next; f; f = next) {
        next = f->next;
        if (!f->body || e->kind != ERR_NONE) {
            flight_free(f);
            continue;
        }
        claimed++;
        f->next = d->flights;
        d->flights = f;
        d->nflights++;
        if (d->stopped) { /* it was on its way */
            delivery_result_init(&f->outcome, f->id, d->owner, f->body, f->len);
            release(f);
        } else {
            begin(f);
        }
    }
    for (int i = 0; i < l->nbusy; i++)
        free(l->busy[i]);
    free(l);
    if (d->asked_meanwhile || claimed)
        dispatch_wake(d);
    else if (dispatch_is_idle(d))
        d->idle(d->arg);
}

static int found_one(void *arg, const struct delivery *row)
{
    (void)row;
    *(int *)arg = 1;
    return 1;
}

/* Asked without the lock that a claim takes: most looks find nothing. */
static int is_any_due(struct dispatch *d, int64_t now_ms)
{
    struct err e;
    int any = 0;
    if (inbox_due(d->db, now_ms, 1, found_one, &any, &e) != 0)
        log_line(LOG_WARN, "deliveries: %s", e.text);
    return any;
}

static void look(void *arg)
{
    struct dispatch *d = arg;
    int64_t now = clock_wall_ms();
    d->is_asked = 0;
    d->asked_meanwhile = 0;
    if (d->stopped && dispatch_is_idle(d))
        d->idle(d->arg);
    if (d->stopped || d->nflights >= DISPATCH_IN_FLIGHT)
        return;
    if (!is_any_due(d, now)) {
        if (d->nflights == 0)
            d->idle(d->arg);
        return;
    }
    struct look *l = xcalloc(1, sizeof *l);
    *l = (struct look){.d = d,
                       .owner = d->owner,
                       .now_ms = now,
                       .slots = DISPATCH_IN_FLIGHT - d->nflights};
    l->tail = &l->candidates;
    for (const struct flight *f = d->flights; f; f = f->next)
        l->busy[l->nbusy++] = xstrdup(whose(f));
    d->is_looking = 1;
    writer_submit(d->writer, 0, claim, on_claimed, l);
}

void dispatch_wake(struct dispatch *d)
{
    if (d->stopped)
        return;
    if (d->is_looking)
        d->asked_meanwhile = 1;
    else if (!d->is_asked) {
        d->is_asked = 1;
        loop_defer(session_loop(d->session), look, d);
    }
}

int dispatch_is_idle(const struct dispatch *d)
{
    return d->nflights == 0 && !d->is_looking && !d->is_asked;
}

/* ---- its life ---- */

struct dispatch *dispatch_new(struct session *s, struct workspace *w,
                              struct writer *writer, struct presence *p,
                              struct alert *alert, void (*changed)(void *arg),
                              void (*idle)(void *arg), void *arg, struct err *e)
{
    struct store *store = workspace_store(w, e);
    if (!store)
        return NULL;
    struct dispatch *d = xcalloc(1, sizeof *d);
    *d = (struct dispatch){.session = s,
                           .writer = writer,
                           .db = store_db(store),
                           .owner = presence_id(p),
                           .alert = alert,
                           .changed = changed,
                           .idle = idle,
                           .arg = arg};
    d->audience = audience_new(store);
    d->again = loop_timer_new(session_loop(s), submit_again, d);
    return d;
}

void dispatch_stop(struct dispatch *d)
{
    d->stopped = 1;
    loop_timer_clear(d->again);
    for (struct flight *f = d->flights; f; f = f->next) {
        if (f->is_submitted)
            continue;
        for (struct attempt *a = f->attempts; a; a = a->next) {
            if (a->run)
                run_kill(a->run);
            a->run = NULL;
        }
        f->pending = 0;
        release(f);
    }
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    while (d->flights)
        land(d->flights);
    audience_free(d->audience);
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
