#include "ops/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/selection.h"
#include "base/clock.h"
#include "base/mention.h"
#include "base/str.h"
#include "core/jsontree.h"

enum {
    SHOWN_MAX = 200,        /* deliveries, and runs */
    SEARCHED_MAX = 20000,   /* deliveries, and activations, whose text is searched */
    CONVERSATIONS_MAX = 10, /* that an address leads to */
};

struct trace {
    struct report *report;
    struct db *db; /* the report's */
    const char *what, *client;
    json_t *deliveries, *runs; /* trees, oldest first */
    json_t *shown;             /* ids of the runs that stand below a delivery */
    json_t *ids;               /* of the deliveries to show */
    json_t *conversations;     /* names, newest first */
    struct mention *mention;   /* of `what`, while texts are searched */
    int is_cut;                /* 1: there is more than what is shown */
    trace_progress_fn *progress;
    struct err *e;
    int failed; /* 1: a callback has set E */
};

/* ---- reading deliveries and runs ---- */

/* Keeps the ids in the order in which the deliveries came, each once. */
static void keep_id(json_t *ids, int64_t id)
{
    size_t i;
    json_t *other;
    json_array_foreach(ids, i, other)
    {
        if (json_integer_value(other) >= id)
            break;
    }
    if (json_integer_value(json_array_get(ids, i)) != id)
        json_array_insert_new(ids, i, json_integer(id));
}

static int add_id(void *arg, const struct delivery *d)
{
    keep_id(arg, d->id);
    return 0;
}

static int is_shown(const struct trace *t, int64_t run)
{
    size_t i;
    json_t *id;
    json_array_foreach(t->shown, i, id)
    {
        if (json_integer_value(id) == run)
            return 1;
    }
    return 0;
}

static void note_shown(struct trace *t, const json_t *delivery)
{
    size_t i, k, n;
    json_t *part, *trigger, *run;
    json_array_foreach(json_object_get(delivery, "clients"), i, part)
        json_array_foreach(json_object_get(part, "triggers"), k, trigger)
            json_array_foreach(json_object_get(trigger, "runs"), n, run)
    {
        json_array_append_new(t->shown, json_integer(json_int(run, "id")));
    }
}

static int add_delivery(void *arg, const struct delivery *d)
{
    struct trace *t = arg;
    json_t *tree = report_delivery(t->report, d, t->client, 1, t->e);
    t->failed = !tree;
    if (tree) {
        note_shown(t, tree);
        json_array_append_new(t->deliveries, tree);
    }
    return 1;
}

static int add_deliveries(struct trace *t)
{
    size_t i;
    json_t *id;
    json_array_foreach(t->ids, i, id)
    {
        struct inbox_filter filter = {
            .id = json_integer_value(id), .state = -1, .limit = 1};
        if (inbox_each(t->db, &filter, add_delivery, t, t->e) != 0 || t->failed)
            return -1;
    }
    return 0;
}

/* Adds the ids of the newest deliveries of a conversation, or of an event. */
static int find_deliveries(struct trace *t, const char *conversation, const char *event)
{
    struct inbox_filter filter = {.client = t->client,
                                  .conversation = conversation,
                                  .event = event,
                                  .state = -1,
                                  .limit = SHOWN_MAX};
    size_t before = json_array_size(t->ids);
    if (t->client)
        filter.companies = report_companies(t->report, t->client, &filter.ncompanies);
    if (inbox_each(t->db, &filter, add_id, t->ids, t->e) != 0)
        return -1;
    t->is_cut |= json_array_size(t->ids) - before >= SHOWN_MAX;
    return 0;
}

static int add_run_id(void *arg, const struct ledger_run *run)
{
    json_array_insert_new(arg, 0, json_integer(run->id));
    return 0;
}

static int add_run(struct trace *t, int64_t id)
{
    json_t *tree = is_shown(t, id) ? NULL : report_run(t->report, id, t->e);
    if (tree)
        json_array_append_new(t->runs, tree);
    return tree || is_shown(t, id) ? 0 : -1;
}

/* Adds the runs that do not stand below a delivery: those by hand and by cron, and those
 * whose delivery was pruned. */
static int add_other_runs(struct trace *t, const char *conversation)
{
    struct ledger_filter filter = {
        .client = t->client, .conversation = conversation, .limit = SHOWN_MAX};
    json_t *ids = json_array(), *id;
    size_t i;
    int rc = ledger_each(t->db, &filter, add_run_id, ids, t->e);
    t->is_cut |= json_array_size(ids) >= SHOWN_MAX;
    json_array_foreach(ids, i, id)
    {
        if (rc == 0)
            rc = add_run(t, json_integer_value(id));
    }
    json_decref(ids);
    return rc;
}

/* ---- a run ---- */

struct origin {
    char *client;
    int64_t activation, delivery;
};

static int on_run(void *arg, const struct ledger_run *run)
{
    struct origin *o = arg;
    o->client = xstrdup(run->client);
    o->activation = run->activation;
    return 1;
}

static int on_activation(void *arg, const struct activation *a)
{
    ((struct origin *)arg)->delivery = a->delivery;
    return 1;
}

/* Removes from the delivery's tree all that is not about the run ID. */
static void keep_run(json_t *delivery, int64_t id)
{
    size_t i, k, n;
    json_t *part, *trigger, *run;
    json_array_foreach(json_object_get(delivery, "clients"), i, part)
    {
        json_t *kept = json_array();
        json_array_foreach(json_object_get(part, "triggers"), k, trigger)
            json_array_foreach(json_object_get(trigger, "runs"), n, run)
        {
            if (json_int(run, "id") != id)
                continue;
            json_t *only = json_pack("[O]", run);
            json_object_set_new(trigger, "runs", only);
            json_object_del(trigger, "not_on");
            json_array_append(kept, trigger);
            break;
        }
        json_object_set_new(part, "triggers", kept);
        json_object_del(part, "broken");
        json_object_del(part, "others");
    }
}

static int trace_run(struct trace *t, int64_t id, char **client)
{
    struct origin o = {0};
    if (ledger_read(t->db, id, on_run, &o, t->e) != 0)
        return -1;
    *client = o.client;
    if (t->client && !str_eq(t->client, o.client))
        return err_set(t->e, ERR_NOT_FOUND, "run %lld is of client %s, not of %s",
                       (long long)id, o.client, t->client);
    t->client = o.client;
    if (o.activation)
        inbox_activation(t->db, o.activation, on_activation, &o, NULL);
    if (o.delivery) {
        keep_id(t->ids, o.delivery);
        if (add_deliveries(t) != 0)
            return -1;
        if (!is_shown(t, id)) /* the delivery was pruned before the run */
            json_array_clear(t->deliveries);
        for (size_t i = 0; i < json_array_size(t->deliveries); i++)
            keep_run(json_array_get(t->deliveries, i), id);
    }
    return add_run(t, id);
}

/* ---- searching the stored texts for an address ---- */

static void add_conversation(struct trace *t, const char *conversation)
{
    size_t i;
    json_t *known;
    json_array_foreach(t->conversations, i, known)
    {
        if (str_eq(json_string_value(known), conversation))
            return;
    }
    if (json_array_size(t->conversations) < CONVERSATIONS_MAX)
        json_array_append_new(t->conversations, json_string(conversation));
    else
        t->is_cut = 1;
}

struct candidate {
    int64_t id;
    char *conversation;
};

struct candidates {
    struct candidate *list;
    size_t n;
};

static int add_candidate(void *arg, const struct delivery *d)
{
    struct candidates *c = arg;
    if (c->n % 1024 == 0)
        c->list = xrealloc(c->list, (c->n + 1024) * sizeof *c->list);
    c->list[c->n++] = (struct candidate){d->id, xstrdup_null(d->conversation)};
    return 0;
}

static int search_bodies(struct trace *t)
{
    struct inbox_filter filter = {
        .client = t->client, .state = -1, .limit = SEARCHED_MAX};
    struct candidates c = {0};
    filter.companies = report_companies(t->report, t->client, &filter.ncompanies);
    int rc = inbox_each(t->db, &filter, add_candidate, &c, t->e);
    for (size_t i = 0; i < c.n; i++) {
        char *body = NULL;
        size_t len;
        if (t->progress)
            t->progress(i, c.n);
        int is_there = rc == 0 && json_array_size(t->ids) < SHOWN_MAX &&
                       inbox_body(t->db, c.list[i].id, &body, &len, NULL) ==
                           0; /* else it was pruned meanwhile */
        if (is_there && mention_in(t->mention, body, len)) {
            if (c.list[i].conversation)
                add_conversation(t, c.list[i].conversation);
            else
                keep_id(t->ids, c.list[i].id);
        }
        free(body);
        free(c.list[i].conversation);
    }
    free(c.list);
    if (t->progress)
        t->progress(c.n, c.n);
    return rc;
}

/* Searches an activation without a delivery, as a poll makes them. */
static int search_activation(void *arg, const struct activation *a)
{
    struct trace *t = arg;
    struct ledger_filter filter = {.activation = a->id};
    json_t *ids = json_array(), *id;
    size_t i;
    if (!a->delivery && mention_in(t->mention, a->event, strlen(a->event))) {
        t->failed = ledger_each(t->db, &filter, add_run_id, ids, t->e) != 0;
        json_array_foreach(ids, i, id)
        {
            t->failed = t->failed || add_run(t, json_integer_value(id)) != 0;
        }
    }
    json_decref(ids);
    return t->failed;
}

static int search_activations(struct trace *t)
{
    int64_t last;
    if (inbox_last_activation(t->db, &last, t->e) != 0)
        return -1;
    int64_t since = last > SEARCHED_MAX ? last - SEARCHED_MAX : 0;
    int rc = inbox_activations(t->db, t->client, NULL, since, SEARCHED_MAX,
                               search_activation, t, t->e);
    return t->failed ? -1 : rc;
}

/* ---- what the argument names ---- */

static int is_conversation(const struct trace *t)
{
    char *url;
    int is_one = report_is_conversation(t->report, t->what, &url);
    free(url);
    return is_one;
}

static int search_texts(struct trace *t)
{
    if (!t->client)
        return err_set(t->e, ERR_USAGE,
                       "name a client with --client: \"%.80s\" is searched for in one "
                       "client's events",
                       t->what);
    t->mention = mention_new(t->what);
    int rc = search_bodies(t) != 0 || search_activations(t) != 0 ? -1 : 0;
    mention_free(t->mention);
    return rc;
}

static int trace_things(struct trace *t)
{
    size_t i;
    json_t *conversation;
    if (is_conversation(t))
        add_conversation(t, t->what);
    else if (find_deliveries(t, NULL, t->what) != 0 ||
             (json_array_size(t->ids) == 0 && search_texts(t) != 0))
        return -1;
    json_array_foreach(t->conversations, i, conversation)
    {
        if (find_deliveries(t, json_string_value(conversation), NULL) != 0)
            return -1;
    }
    if (add_deliveries(t) != 0)
        return -1;
    json_array_foreach(t->conversations, i, conversation)
    {
        if (add_other_runs(t, json_string_value(conversation)) != 0)
            return -1;
    }
    return 0;
}

/* ---- when nothing was found ---- */

static int find_stranger(void *arg, const struct delivery *d)
{
    struct err *e = arg;
    err_set(e, ERR_NOT_FOUND,
            "; delivery %lld names it, but is of the company %s, which the client is "
            "not connected to: foyer events show %lld",
            (long long)d->id, d->company ? d->company : "?", (long long)d->id);
    return 1;
}

struct refused {
    int64_t since_ms, times;
};

static int count_refusal(void *arg, const struct rejection *r)
{
    struct refused *f = arg;
    f->times += r->at_ms >= f->since_ms ? r->times : 0;
    return r->at_ms < f->since_ms;
}

/* Returns a new text about the webhooks that were refused in the last day, whose bodies
 * are not kept; "" when there were none. */
static char *about_refusals(struct trace *t)
{
    enum { DAY_MS = 24 * 60 * 60 * 1000, MANY = 1000 };
    struct refused f = {clock_wall_ms() - DAY_MS, 0};
    inbox_rejections(t->db, t->client, NULL, MANY, count_refusal, &f, NULL);
    if (f.times == 0)
        return xstrdup("");
    return xasprintf("; in the last 24 h %lld request%s refused, and their bodies are "
                     "not kept: `foyer "
                     "hooks%s%s` tells when and why",
                     (long long)f.times, f.times == 1 ? " was" : "s were",
                     t->client ? " " : "", t->client ? t->client : "");
}

static int nothing(struct trace *t)
{
    struct err stranger = {0};
    struct inbox_filter filter = {.state = -1, .limit = 1};
    if (is_conversation(t))
        filter.conversation = t->what;
    else
        filter.event = t->what;
    if (t->client)
        inbox_each(t->db, &filter, find_stranger, &stranger, t->e);
    const char *client = t->client ? t->client : "";
    char *refused = about_refusals(t);
    err_set(t->e, ERR_NOT_FOUND,
            "cannot trace \"%.120s\": no delivery and no run%s%s names it%s%s. Check "
            "`foyer hooks%s%s` (is the address in Front, does anything arrive?), `foyer "
            "connections` (which company is connected?), `foyer events list --state "
            "unrouted`; deliveries and runs older than `keep` in foyer.lua are gone",
            t->what, *client ? " of client " : "", client, stranger.text, refused,
            *client ? " " : "", client);
    free(refused);
    return -1;
}

/* ---- the whole ---- */

static int find_run(void *arg, const struct ledger_run *run)
{
    (void)arg;
    (void)run;
    return 1;
}

/* Returns 1 for "run 12", and for "12" without a client or when there is such a run:
 * another number may be a phone's. */
static int is_run(const struct trace *t, int64_t *id)
{
    if (selection_id(t->what, "run", id, NULL) != 0)
        return 0;
    return str_starts(t->what, "run ") || !t->client ||
           ledger_read(t->db, *id, find_run, NULL, NULL) == 0;
}

static json_t *tree_of(const struct trace *t)
{
    json_t *tree = json_pack("{s:O, s:O, s:b}", "deliveries", t->deliveries, "runs",
                             t->runs, "more", t->is_cut);
    report_set_text(tree, "what", t->what);
    report_set_text(tree, "client", t->client);
    return tree;
}

json_t *trace_find(struct report *r, const char *what, const char *client,
                   trace_progress_fn *progress, struct err *e)
{
    struct trace t = {.report = r,
                      .db = report_db(r),
                      .what = what,
                      .client = client,
                      .progress = progress,
                      .e = e,
                      .deliveries = json_array(),
                      .runs = json_array(),
                      .shown = json_array(),
                      .ids = json_array(),
                      .conversations = json_array()};
    int64_t run;
    char *of = NULL; /* the client of a run */
    int rc = selection_check(report_workspace(r), client, NULL, e);
    if (rc == 0)
        rc = is_run(&t, &run) ? trace_run(&t, run, &of) : trace_things(&t);
    if (rc == 0 && json_array_size(t.deliveries) + json_array_size(t.runs) == 0)
        rc = nothing(&t);
    json_t *tree = rc == 0 ? tree_of(&t) : NULL;
    json_decref(t.deliveries);
    json_decref(t.runs);
    json_decref(t.shown);
    json_decref(t.ids);
    json_decref(t.conversations);
    free(of);
    return tree;
}
