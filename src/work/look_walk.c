#include "work/look_walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/testhook.h"
#include "core/jsontree.h"
#include "store/forgotten.h"
#include "store/inbox.h"
#include "store/store.h"
#include "work/delivery_result.h"

enum {
    MINUTE_MS = 60 * 1000,
    OVERLAP_MS = 10 * MINUTE_MS, /* events may be listed so late; webhooks may come so
                                    much earlier by this machine's clock */
    YOUNG_MS = 2 * MINUTE_MS,
    AHEAD_MS = 10 * MINUTE_MS, /* the app's clock may be so far ahead */
    EVENTS_MAX = 15,           /* a page; fewer when they are too large for an answer */
    DAY_MS = 24 * 60 * MINUTE_MS
};

enum { CAME = 1, HANDLED = 2 }; /* what the inbox knows of an event */

/* The schemes of deliveries that were taken from the list of events: their webhooks were
 * missed, or they have none, or it came later. */
static const char missed_scheme[] = "heal", listed_scheme[] = "sweep";

struct look_walk {
    struct session *session;
    struct writer *writer;
    const char *owner, *dir;
    char *kind, *app, *whose, *name, *client;
    json_t *clients;
    struct look_result result;
    look_walk_done *done;
    void *arg;
    struct run *run;
    int is_writing, is_killed;
    int is_heal, is_missing; /* the mark */
    int64_t now_ms, began_ms;
    int64_t epoch;
    char *known, *top; /* JSON: what the last look saw, and this one; NULL: none */
    double from;       /* seconds */
    int is_exact;      /* without the overlap */
    int limit;         /* events a page */
    double before;
    char *next;
    json_t *page; /* being stored */
    int is_last, is_unordered;
    int64_t last_ms;  /* the newest time seen */
    json_t *heard;    /* event -> CAME, HANDLED */
    json_t *missed;   /* event -> the delivery that was taken instead of its webhook */
    json_t *late;     /* of these deliveries: the webhook came after all */
    int64_t heard_id; /* the last delivery in it */
};

static int64_t to_ms(double seconds)
{
    return (int64_t)llround(seconds * 1000);
}

/* ---- its end ---- */

static void walk_free(struct look_walk *w)
{
    json_decref(w->clients);
    json_decref(w->page);
    json_decref(w->heard);
    json_decref(w->missed);
    json_decref(w->late);
    json_decref(w->result.missed);
    json_decref(w->result.unseen);
    free(w->kind);
    free(w->app);
    free(w->whose);
    free(w->name);
    free(w->client);
    free(w->known);
    free(w->top);
    free(w->next);
    free(w);
}

static void finish(struct look_walk *w, enum look_outcome outcome)
{
    w->result.outcome = outcome;
    w->done(w->arg, &w->result);
    walk_free(w);
}

static void submit(struct look_walk *w, writer_fn *fn, writer_done *done)
{
    w->is_writing = 1;
    writer_submit(w->writer, 0, fn, done, w);
}

/* Returns 1 when the walk was killed while its job was with the writer. */
static int is_gone(struct look_walk *w)
{
    int is_killed = w->is_killed;
    w->is_writing = 0;
    if (is_killed)
        walk_free(w);
    return is_killed;
}

void look_walk_kill(struct look_walk *w)
{
    if (w->run)
        run_kill(w->run);
    w->run = NULL;
    w->is_killed = 1;
    if (!w->is_writing)
        walk_free(w);
}

/* On the writer's thread. */
static int write_failure(struct db *db, void *arg, struct err *e)
{
    struct look_walk *w = arg;
    if (!w->epoch)
        return 0;
    return mark_end(db, &w->result.target.key, w->epoch, NULL, w->result.err.text,
                    w->now_ms, e);
}

static void on_failure(void *arg, const struct err *e)
{
    struct look_walk *w = arg;
    (void)e; /* the claim ends with the process */
    if (!is_gone(w))
        finish(w, LOOK_FAILED);
}

static void fail(struct look_walk *w, const struct err *e)
{
    w->result.err = *e;
    submit(w, write_failure, on_failure);
}

/* ---- the claim ---- */

static int is_held(const struct look_walk *w, const struct mark *m)
{
    struct err e;
    if (!m->owner || strcmp(m->owner, w->owner) == 0)
        return 0;
    int life = presence_judge(w->dir, m->owner, NULL, clock_mono_us(), &e);
    return life != PRESENCE_DEAD && life != PRESENCE_FROZEN;
}

struct claiming { /* by claim, on the writer's thread */
    struct look_walk *w;
    struct db *db;
    struct err *e;
    int rc, is_there;
};

static int claim_one(void *arg, const struct mark *m)
{
    struct claiming *c = arg;
    struct look_walk *w = c->w;
    struct look_target *target = &w->result.target;
    c->is_there = 1;
    w->result.mark_ms = m->at_ms;
    w->began_ms = m->began_ms;
    w->result.in_all = m->found;
    if (is_held(w, m)) {
        w->result.outcome = LOOK_BUSY;
        return 1;
    }
    if (target->every_ms && m->looked_ms + target->every_ms > w->now_ms &&
        m->looked_ms <= w->now_ms) {
        w->result.outcome = LOOK_NOT_DUE;
        w->result.mark_ms = m->looked_ms;
        return 1;
    }
    w->known = xstrdup_null(target->since_ms ? NULL : m->known);
    w->epoch = mark_claim(c->db, m, w->owner, c->e);
    if (w->epoch == 0)
        w->result.outcome = LOOK_BUSY;
    c->rc = w->epoch < 0 ? -1 : 0;
    return 1;
}

static int claim(struct db *db, void *arg, struct err *e)
{
    struct look_walk *w = arg;
    const struct look_target *target = &w->result.target;
    struct claiming c = {.w = w, .db = db, .e = e};
    int64_t first_ms = target->since_ms ? target->since_ms : w->is_heal ? w->now_ms : 0;
    if (mark_read(db, &target->key, claim_one, &c, e) != 0 || c.rc != 0)
        return -1;
    if (c.is_there)
        return 0;
    w->is_missing = 1;
    w->result.mark_ms = w->now_ms;
    if (!first_ms)
        return 0; /* what is there already must be listed first */
    if (mark_add(db, &target->key, first_ms, NULL, e) < 0)
        return -1;
    if (!target->since_ms)
        return 0;
    return mark_read(db, &target->key, claim_one, &c, e) == 0 && c.rc == 0 ? 0 : -1;
}

static void step(struct look_walk *w);

static void on_claimed(void *arg, const struct err *e)
{
    struct look_walk *w = arg;
    const struct look_target *target = &w->result.target;
    if (is_gone(w))
        return;
    if (e->kind != ERR_NONE) {
        w->result.err = *e;
        finish(w, LOOK_FAILED);
        return;
    }
    if (w->is_missing && w->is_heal && !target->since_ms) {
        finish(w, LOOK_FIRST);
        return;
    }
    if (!w->epoch && !w->is_missing) {
        finish(w, w->result.outcome);
        return;
    }
    int64_t from_ms = target->since_ms ? target->since_ms : w->result.mark_ms;
    if (w->is_heal && !target->since_ms) {
        int is_after = from_ms >= w->began_ms;
        from_ms -= OVERLAP_MS;
        if (is_after && from_ms < w->began_ms)
            from_ms = w->began_ms;
    }
    if (!target->since_ms && from_ms < target->from_ms)
        from_ms = target->from_ms;
    w->result.from_ms = from_ms;
    w->from = (double)from_ms / 1000;
    w->is_exact = target->since_ms != 0;
    step(w);
}

/* ---- storing a page, on the writer's thread ---- */

static int store_firings(struct look_walk *w, struct db *db, struct err *e)
{
    struct delivery_result o;
    const json_t *firing;
    size_t i;
    int rc = 0;
    delivery_result_init(&o, 0, w->owner, "", 0);
    o.now_ms = w->now_ms;
    json_array_foreach(json_object_get(w->page, "fired"), i, firing)
    {
        char *event = json_dumps(json_object_get(firing, "event"),
                                 JSON_COMPACT | JSON_REAL_PRECISION(15));
        if (rc == 0)
            rc = delivery_result_fire(&o, db, w->client, firing, event, e);
        free(event);
    }
    w->result.fired += o.activations;
    w->result.has_work |= o.runs + o.woken > 0;
    delivery_result_fini(&o);
    return rc;
}

static void know(struct look_walk *w, const char *event, int what)
{
    json_int_t had = json_integer_value(json_object_get(w->heard, event));
    json_object_set_new(w->heard, event, json_integer(had | what));
}

static int is_the_only_client(const struct look_walk *w, const char *client)
{
    return json_array_size(w->clients) == 1 &&
           str_eq(json_string_value(json_array_get(w->clients, 0)), client);
}

/* A delivery for one trigger came, but the others were not asked. One that was refused as
 * stale did not come. */
static int hear(void *arg, const struct delivery *d)
{
    struct look_walk *w = arg;
    int all = !d->trigger && (!d->client || is_the_only_client(w, d->client));
    json_t *instead = json_object_get(w->missed, d->event);
    if (strcmp(d->scheme, missed_scheme) == 0)
        json_object_set_new(w->missed, d->event, json_integer(d->id));
    else if (instead && d->state != DELIVERY_STALE)
        json_array_append(w->late, instead);
    if (d->state != DELIVERY_STALE)
        know(w, d->event, all ? CAME | HANDLED : CAME);
    return 0;
}

/* Returns 1 when a trigger of a client has fired by the event's id: its delivery was
 * removed since. */
static int has_fired(struct look_walk *w, struct db *db, const char *event, struct err *e)
{
    const json_t *client, *trigger;
    size_t i, k;
    int rc = 0;
    json_array_foreach(w->clients, i, client)
    {
        json_array_foreach(json_object_get(w->page, "triggers"), k, trigger)
        {
            if (rc == 0)
                rc = inbox_has_fired(db, json_string_value(client),
                                     json_string_value(trigger), event, e);
        }
    }
    return rc;
}

static int take_event(const struct look_walk *w, struct db *db, const json_t *event,
                      int is_missed, struct err *e)
{
    const char *body = json_text_or(event, "body", "{}");
    const struct delivery d = {.at_ms = w->now_ms,
                               .app = w->app,
                               .scheme = is_missed ? missed_scheme : listed_scheme,
                               .company = w->whose,
                               .type = json_text(event, "type"),
                               .event = json_text(event, "id"),
                               .conversation = json_text(event, "conversation"),
                               .state = DELIVERY_WAITING};
    int64_t id;
    return inbox_add(db, &d, body, strlen(body), &id, e);
}

static void count_missed(struct look_walk *w, const json_t *event)
{
    const char *type = json_text_or(event, "type", "?");
    json_int_t had = json_integer_value(json_object_get(w->result.missed, type));
    double at = json_number_value(json_object_get(event, "at"));
    json_object_set_new(w->result.missed, type, json_integer(had + 1));
    w->result.nmissed++;
    w->result.young += to_ms(at) > w->now_ms - YOUNG_MS;
}

/* Returns 1 when the event was erased, or is of a conversation that was erased after it;
 * 0; -1 with E. */
static int is_forgotten(const struct look_walk *w, struct db *db, const json_t *event,
                        struct err *e)
{
    const char *id = json_text(event, "id");
    const struct delivery d = {.app = w->app, .company = w->whose, .event = id};
    int64_t at_ms = to_ms(json_number_value(json_object_get(event, "at"))), erased_ms;
    int has = id ? forgotten_has(db, &d, NULL, 0, e) : 0;
    if (has != 0)
        return has;
    if (forgotten_conversation(db, w->app, w->whose, json_text(event, "conversation"),
                               &erased_ms, e) != 0)
        return -1;
    return at_ms > 0 && at_ms <= erased_ms;
}

static int store_event(struct look_walk *w, struct db *db, const json_t *event,
                       struct err *e)
{
    const char *id = json_text(event, "id");
    int known = (int)json_integer_value(json_object_get(w->heard, id));
    if (!(known & CAME)) {
        int fired = has_fired(w, db, id, e);
        if (fired < 0)
            return -1;
        known |= fired ? CAME | HANDLED : 0;
        int forgotten = is_forgotten(w, db, event, e);
        if (forgotten < 0)
            return -1;
        known |= forgotten ? CAME | HANDLED : 0;
    }
    int is_missed = !(known & CAME) && json_is_true(json_object_get(event, "webhook"));
    if (is_missed)
        count_missed(w, event);
    if (!(known & HANDLED)) {
        if (take_event(w, db, event, is_missed, e) != 0)
            return -1;
        w->result.taken++;
        w->result.has_work = 1;
    }
    know(w, id, CAME | HANDLED);
    return 0;
}

/* What was counted as missed, and came, is not. */
static int store_late(struct look_walk *w, struct db *db, struct err *e)
{
    const json_t *id;
    size_t i;
    json_array_foreach(w->late, i, id)
    {
        int changed;
        if (inbox_rename_scheme(db, json_integer_value(id), missed_scheme, listed_scheme,
                                &changed, e) != 0)
            return -1;
        w->result.late += changed;
    }
    json_array_clear(w->late);
    return 0;
}

static int store_events(struct look_walk *w, struct db *db, struct err *e)
{
    const json_t *event;
    size_t i;
    int64_t from_ms = w->result.from_ms - OVERLAP_MS;
    if (inbox_heard(db, w->app, w->whose, from_ms, &w->heard_id, hear, w, e) != 0 ||
        store_late(w, db, e) != 0)
        return -1;
    json_array_foreach(json_object_get(w->page, "events"), i, event)
    {
        if (store_event(w, db, event, e) != 0)
            return -1;
    }
    return 0;
}

/* Where the mark goes. In the middle only when pages come in order of time. At the end
 * also forward without anything new: keys are not remembered for ever. */
static int64_t mark_of(const struct look_walk *w)
{
    int64_t rest_ms = w->now_ms - DAY_MS;
    if (!w->is_last)
        return w->is_unordered ? 0 : w->last_ms;
    return w->last_ms > rest_ms ? w->last_ms : rest_ms;
}

static int64_t found_by(const struct look_walk *w)
{
    return w->is_heal ? w->result.nmissed - w->result.late : w->result.fired;
}

static int store_page(struct db *db, void *arg, struct err *e)
{
    struct look_walk *w = arg;
    const struct mark_key *key = &w->result.target.key;
    int64_t found = found_by(w);
    int rc = w->is_heal ? store_events(w, db, e) : store_firings(w, db, e);
    found = found_by(w) - found;
    w->result.in_all += found;
    if (rc != 0 || mark_move(db, key, w->epoch, mark_of(w), found, e) != 0)
        return -1;
    return w->is_last ? mark_end(db, key, w->epoch, w->top, NULL, w->now_ms, e) : 0;
}

static int store_first(struct db *db, void *arg, struct err *e)
{
    struct look_walk *w = arg;
    int added = mark_add(db, &w->result.target.key, w->now_ms, w->top, e);
    return added < 0 ? -1 : 0;
}

static void on_first(void *arg, const struct err *e)
{
    struct look_walk *w = arg;
    if (is_gone(w))
        return;
    if (e->kind != ERR_NONE)
        w->result.err = *e;
    finish(w, e->kind == ERR_NONE ? LOOK_FIRST : LOOK_FAILED);
}

static void on_stored(void *arg, const struct err *e)
{
    struct look_walk *w = arg;
    if (is_gone(w))
        return;
    json_decref(w->page);
    w->page = NULL;
    testhook_stop("look stored");
    if (e->kind == ERR_CONFLICT) {
        finish(w, LOOK_BUSY);
    } else if (e->kind != ERR_NONE) {
        fail(w, e);
    } else if (w->is_last) {
        if (mark_of(w) > w->result.mark_ms)
            w->result.mark_ms = mark_of(w);
        finish(w, LOOK_DONE);
    } else {
        step(w);
    }
}

/* ---- listing a page ---- */

/* Takes over where to go on from the page. */
static int take_position(struct look_walk *w, struct err *e)
{
    const char *next = json_text(w->page, "next");
    const json_t *last = json_object_get(w->page, "last");
    const json_t *again = json_object_get(w->page, "again");
    int64_t last_ms = json_is_number(last) ? to_ms(json_number_value(last)) : 0;
    if (next && w->next && strcmp(next, w->next) == 0)
        return err_set(e, ERR_INVALID, "%s named the same next page twice", w->app);
    if (last_ms > w->last_ms)
        w->last_ms = last_ms;
    if (!w->top && json_object_get(w->page, "known"))
        w->top = json_dumps(json_object_get(w->page, "known"), JSON_COMPACT);
    w->is_last = !next;
    free(w->next);
    w->next = json_is_number(again) ? NULL : xstrdup_null(next);
    w->is_unordered |= !json_is_true(json_object_get(w->page, "ordered"));
    if (json_is_number(again)) {
        w->from = json_number_value(again);
        w->is_exact = 1;
    }
    return 0;
}

/* An answer that is too large: lists fewer events a page, from the last one on. Returns 0
 * when that does not help. */
static int list_fewer(struct look_walk *w, const struct err *e)
{
    if (e->kind != ERR_LIMIT || !w->is_heal || w->limit == 1 || w->is_unordered)
        return 0;
    w->limit = w->limit / 4 > 1 ? w->limit / 4 : 1;
    if (w->last_ms)
        w->from = (double)w->last_ms / 1000;
    free(w->next);
    w->next = NULL;
    step(w);
    return 1;
}

static void on_listed(void *arg, const struct run_result *result)
{
    struct look_walk *w = arg;
    struct err e = result->err;
    w->run = NULL;
    if (result->outcome == RUN_DONE)
        w->page = jsontree_read(result->json, result->len, &e);
    if (!w->page && list_fewer(w, &e))
        return;
    if (!w->page) {
        if (result->outcome == RUN_SKIPPED)
            e.kind = ERR_SCRIPT;
        fail(w, &e);
        return;
    }
    w->result.listed += json_int(w->page, "listed");
    if (w->is_heal && !w->result.unseen)
        w->result.unseen = json_incref(json_object_get(w->page, "unseen"));
    if (take_position(w, &e) != 0)
        fail(w, &e);
    else if (w->is_missing && !w->epoch)
        submit(w, store_first, on_first);
    else
        submit(w, store_page, on_stored);
}

static json_t *make_args(const struct look_walk *w)
{
    if (w->is_heal)
        return json_pack("{s:s, s:s, s:f, s:f, s:i, s:s*}", "app", w->app, "company",
                         w->whose, "from", w->from, "before", w->before, "limit",
                         w->limit, "next", w->next);
    json_t *args =
        json_pack("{s:s, s:f, s:f, s:b, s:b, s:s*}", "trigger", w->name, "from", w->from,
                  "floor", (double)w->began_ms / 1000, "exact", w->is_exact, "first",
                  w->is_missing && !w->epoch, "next", w->next);
    json_t *known = jsontree_reads(w->known, NULL);
    if (known)
        json_object_set_new(args, "known", known);
    return args;
}

static void step(struct look_walk *w)
{
    json_t *args = make_args(w);
    char *label =
        xasprintf(w->is_heal ? "heal %s" : "poll %s", w->is_heal ? w->app : w->name);
    const struct session_call call = {.client = w->client,
                                      .label = label,
                                      .entry = w->is_heal ? "sweep" : "poll",
                                      .args = args,
                                      .lane = WINDOW_LANE_BULK,
                                      .wait_ms = w->result.target.wait_ms,
                                      .patient = 1};
    w->run = session_start(w->session, &call, on_listed, w);
    json_decref(args);
    free(label);
}

struct look_walk *look_walk_start(struct session *s, struct writer *writer,
                                  struct presence *p, const struct look_target *target,
                                  look_walk_done *done, void *arg)
{
    struct look_walk *w = xcalloc(1, sizeof *w);
    *w = (struct look_walk){.session = s,
                            .writer = writer,
                            .owner = presence_id(p),
                            .dir = workspace_dir(session_workspace(s)),
                            .kind = xstrdup(target->key.kind),
                            .app = xstrdup(target->key.app),
                            .whose = xstrdup(target->key.whose),
                            .name = xstrdup(target->key.name),
                            .client = xstrdup(target->client),
                            .clients = json_deep_copy(target->client_names),
                            .done = done,
                            .arg = arg,
                            .now_ms = clock_wall_ms()};
    w->is_heal = strcmp(w->kind, MARK_HEAL) == 0;
    int64_t until_ms = target->settle_ms ? -target->settle_ms : AHEAD_MS;
    w->before = (double)(w->now_ms + until_ms) / 1000;
    w->limit = EVENTS_MAX;
    w->heard = json_object();
    w->missed = json_object();
    w->late = json_array();
    w->result.missed = json_object();
    w->result.target = *target;
    w->result.target.key = (struct mark_key){w->kind, w->app, w->whose, w->name};
    w->result.target.client = w->client;
    w->result.target.client_names = w->clients;
    submit(w, claim, on_claimed);
    return w;
}
