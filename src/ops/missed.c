#include "ops/missed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "ops/cause.h"
#include "ops/control.h"
#include "ops/letters.h"
#include "store/forgotten.h"
#include "store/store.h"

enum {
    MINUTE_MS = 60 * 1000,
    OVERLAP_MS = 10 * MINUTE_MS, /* clocks differ; webhooks are repeated */
    HOUR_MS = 60 * MINUTE_MS,    /* rejections of an hour are one row */
    REJECTIONS_MAX = 1000
};

static const char heal_scheme[] = "heal"; /* of work/look_walk.c */

struct missed {
    struct report *report;
    struct session *session;
    struct missed_ask ask;
    json_t *clients, *rows;
    json_t *bodies;  /* event -> {app, company, type, conversation, body} to take */
    json_t *letters; /* "app/company" -> the tree of ops/letters.h */
    json_t *heard;   /* of the company at hand: event -> {delivery, is_all, stale} */
    json_t *up_to;   /* "app/company" -> the last delivery that was looked at */
    json_t *came;    /* events whose webhooks came after that */
    enum err_kind failed;
};

/* The client at hand. */
struct asked {
    struct missed *m;
    const char *client;
    char *app, *company;
    int64_t connected_ms; /* since when */
    const json_t *letters;
    struct err *e;
};

static char *key_of(const char *app, const char *company)
{
    return xasprintf("%s/%s", app, company ? company : "");
}

/* ---- a letter whose webhook is not here ---- */

struct refusing {
    const char *app, *client;
    int64_t at_ms; /* of the event */
    char *sentence;
};

/* A row is of an hour, and has the time of its last request. */
static int find_refusal(void *arg, const struct rejection *r)
{
    struct refusing *f = arg;
    int64_t first_ms = r->at_ms - (r->times > 1 ? HOUR_MS : OVERLAP_MS);
    int is_ours = (!r->client || str_eq(r->client, f->client)) &&
                  (!r->app || str_eq(r->app, f->app));
    if (!is_ours || f->at_ms > r->at_ms || f->at_ms < first_ms)
        return 0;
    f->sentence = xasprintf(
        "its webhook did not come in; about then %lld request%s to %s %s refused with "
        "%d: %s",
        (long long)r->times, r->times == 1 ? "" : "s", r->route,
        r->times == 1 ? "was" : "were", r->status, r->sentence);
    return 1;
}

/* Returns 1 when a trigger of the client has fired by the event: its delivery was removed
 * since. */
static int has_fired(const struct asked *a, const char *event)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(a->letters, "triggers"), i, name)
    {
        int fired = inbox_has_fired(report_db(a->m->report), a->client,
                                    json_string_value(name), event, a->e);
        if (fired != 0)
            return fired;
    }
    return 0;
}

/* Keeps what missed_start needs. */
static void keep_body(const struct asked *a, const json_t *letter,
                      const char *conversation)
{
    json_object_set_new(a->m->bodies, json_text_or(letter, "event", ""),
                        json_pack("{s:s, s:s, s:s, s:O*, s:O*}", "app", a->app, "company",
                                  a->company, "conversation", conversation, "type",
                                  json_object_get(letter, "type"), "body",
                                  json_object_get(letter, "body")));
}

/* Of the letters of a time of which the store has nothing any more, or had nothing yet,
 * none is started: the sentence says why. NULL for any other letter. */
static const char *out_of_reach(const struct asked *a, int64_t at_ms, enum cause_why *why)
{
    struct workspace *w = report_workspace(a->m->report);
    const struct settings_keep keep = settings_keep(workspace_settings(w, NULL));
    *why = CAUSE_GONE;
    if (at_ms < clock_wall_ms() - keep.deliveries_ms)
        return "foyer keeps nothing of that time any more (keep.deliveries in foyer.lua)";
    *why = CAUSE_UNROUTED;
    return at_ms < a->connected_ms ? "the client was not connected then" : NULL;
}

/* Sets C for a letter that is not to be started, and returns 1; 0; -1 with E. */
static int judge_known(const struct asked *a, const char *event, const char *conversation,
                       int64_t at_ms, struct cause *c)
{
    const struct delivery d = {.app = a->app, .company = a->company, .event = event};
    enum cause_why why = CAUSE_GONE;
    const char *says = NULL;
    int fired = has_fired(a, event);
    int forgotten = fired ? 0 : forgotten_has(report_db(a->m->report), &d, NULL, 0, a->e);
    int64_t erased_ms = 0;
    if (fired < 0 || forgotten < 0 ||
        forgotten_conversation(report_db(a->m->report), a->app, a->company, conversation,
                               &erased_ms, a->e) != 0)
        return -1;
    if (fired)
        says = "foyer had it; what became of it is older than `keep` in foyer.lua";
    else if (forgotten || at_ms <= erased_ms)
        says = "foyer has erased what it knew of it (foyer forget)";
    else
        says = out_of_reach(a, at_ms, &why);
    if (says)
        cause_set(c, why, json_object(), xstrdup(says));
    return says != NULL;
}

static int judge_absent(const struct asked *a, const json_t *letter,
                        const char *conversation, int is_stale, struct cause *c)
{
    double at = json_number_value(json_object_get(letter, "at"));
    struct refusing f = {a->app, a->client, (int64_t)(at * 1000), NULL};
    int known = is_stale ? 0
                         : judge_known(a, json_text_or(letter, "event", ""), conversation,
                                       f.at_ms, c);
    if (known != 0)
        return known < 0 ? -1 : 0;
    keep_body(a, letter, conversation);
    json_t *more = json_pack("{s:s}", "starts", "webhook");
    if (is_stale) {
        cause_set(c, CAUSE_REFUSED, more,
                  xstrdup("its webhook came too late, and was refused as stale"));
        return 0;
    }
    if (inbox_rejections(report_db(a->m->report), NULL, NULL, REJECTIONS_MAX,
                         find_refusal, &f, a->e) != 0) {
        json_decref(more);
        return -1;
    }
    if (f.sentence)
        cause_set(c, CAUSE_REFUSED, more, f.sentence);
    else
        cause_set(c, CAUSE_NEVER_CAME, more, xstrdup("its webhook never came"));
    return 0;
}

/* ---- a conversation ---- */

struct telling {
    const struct asked *a;
    json_t *tree;
};

static int on_delivery(void *arg, const struct delivery *d)
{
    struct telling *t = arg;
    t->tree = report_delivery(t->a->m->report, d, t->a->client, 1, t->a->e);
    return 1;
}

static int judge_letter(const struct asked *a, const json_t *letter,
                        const char *conversation, struct cause *c)
{
    const json_t *heard = json_object_get(a->m->heard, json_text_or(letter, "event", ""));
    struct inbox_filter filter = {
        .id = json_int(heard, "delivery"), .state = -1, .limit = 1};
    struct telling t = {a, NULL};
    if (!filter.id)
        return judge_absent(a, letter, conversation, heard != NULL, c);
    if (inbox_each(report_db(a->m->report), &filter, on_delivery, &t, a->e) != 0 ||
        !t.tree)
        return -1;
    const struct cause_of of = {a->m->report, a->client, a->app};
    cause_of_delivery(&of, t.tree, c);
    json_decref(t.tree);
    return 0;
}

static void add_row(const struct asked *a, const json_t *thread, struct cause *c)
{
    const json_t *letters = json_object_get(thread, "letters");
    const char *conversation = json_text_or(thread, "conversation", "");
    char *url = NULL;
    json_t *row = json_pack(
        "{s:s, s:s, s:s, s:O*, s:O*, s:O*, s:I, s:s}", "client", a->client, "app", a->app,
        "conversation", conversation, "customer", json_object_get(thread, "customer"),
        "subject", json_object_get(thread, "subject"), "wrote_at",
        json_object_get(json_array_get(letters, 0), "at"), "letters",
        (json_int_t)json_array_size(letters), "why", cause_name(c->why));
    report_is_conversation(a->m->report, conversation, &url);
    report_set_text(row, "link", url);
    free(url);
    json_object_update(row, c->more);
    json_array_append_new(a->m->rows, row);
}

static int judge_thread(const struct asked *a, const json_t *thread)
{
    const char *conversation = json_text_or(thread, "conversation", "");
    struct cause all = {CAUSES, NULL};
    json_t *events = json_array(), *letter;
    size_t i;
    int rc = 0;
    json_array_foreach(json_object_get(thread, "letters"), i, letter)
    {
        struct cause one = {CAUSES, NULL};
        if (rc == 0)
            rc = judge_letter(a, letter, conversation, &one);
        if (json_text(one.more, "starts"))
            json_array_append_new(
                events,
                json_pack("{s:O, s:O, s:O*}", "event", json_object_get(letter, "event"),
                          "starts", json_object_get(one.more, "starts"), "delivery",
                          json_object_get(one.more, "delivery")));
        cause_take(&all, &one);
    }
    if (rc == 0 && json_is_true(json_object_get(thread, "undelivered")))
        cause_set(&all, CAUSE_UNDELIVERED, json_object(),
                  xstrdup("an answer was sent, and the customer did not get it"));
    if (rc == 0 && all.more) {
        /* of letters that need no start by themselves, an earlier one may */
        json_object_del(all.more, "starts");
        if (json_array_size(events)) {
            json_object_set(all.more, "starts",
                            json_object_get(json_array_get(events, 0), "starts"));
            json_object_set(all.more, "to_start", events);
        }
        add_row(a, thread, &all);
    }
    json_decref(events);
    json_decref(all.more);
    return rc;
}

/* ---- a client ---- */

static int hear(void *arg, const struct delivery *d)
{
    const struct asked *a = arg;
    json_t *heard = json_object_get(a->m->heard, d->event);
    int is_all = !d->trigger;
    if (d->client && !str_eq(d->client, a->client))
        return 0;
    if (!heard) {
        heard = json_object();
        json_object_set_new(a->m->heard, d->event, heard);
    }
    if (d->state == DELIVERY_STALE || d->state == DELIVERY_CHANNEL)
        return 0;
    /* the one for all triggers tells more than one for a named trigger */
    if (!json_object_get(heard, "delivery") || is_all)
        json_object_set_new(heard, "delivery", json_integer(d->id));
    return 0;
}

static void on_progress(void *arg, int64_t listed)
{
    const struct asked *a = arg;
    if (a->m->ask.progress)
        a->m->ask.progress(a->m->ask.arg, a->client, listed);
}

/* Two clients of one company are told of the same letters. */
static int read_letters(struct asked *a)
{
    char *key = key_of(a->app, a->company);
    const struct letters_ask ask = {.app = a->app,
                                    .company = a->company,
                                    .client = a->client,
                                    .since_ms = a->m->ask.since_ms,
                                    .until_ms = a->m->ask.until_ms,
                                    .progress = on_progress,
                                    .arg = a};
    a->letters = json_object_get(a->m->letters, key);
    if (!a->letters) {
        json_t *tree = letters_read(a->m->session, &ask, a->e);
        a->letters = tree;
        if (tree)
            json_object_set_new(a->m->letters, key, tree);
    }
    free(key);
    return a->letters ? 0 : -1;
}

static int judge_all(struct asked *a)
{
    int64_t last = 0;
    size_t i;
    json_t *thread;
    json_decref(a->m->heard);
    a->m->heard = json_object();
    if (inbox_heard(report_db(a->m->report), a->app, a->company,
                    a->m->ask.since_ms - OVERLAP_MS, &last, hear, a, a->e) != 0)
        return -1;
    char *key = key_of(a->app, a->company);
    if (!json_object_get(a->m->up_to, key)) /* the first client's, which is older */
        json_object_set_new(a->m->up_to, key, json_integer(last));
    free(key);
    json_array_foreach(json_object_get(a->letters, "open"), i, thread)
    {
        if (judge_thread(a, thread) != 0)
            return -1;
    }
    return 0;
}

static void note_error(struct missed *m, json_t *row, const struct err *e)
{
    report_set_text(row, "error", e->text);
    if (m->failed == ERR_NONE)
        m->failed = e->kind;
}

static int ask_connection(struct missed *m, const char *client,
                          const struct store_connection *c, struct err *e)
{
    struct err why = {0};
    struct asked a = {m, client, c->app, c->id, c->created_ms, NULL, &why};
    json_t *row = json_pack("{s:s, s:s, s:s}", "client", client, "app", c->app, "company",
                            c->company ? c->company : c->id);
    json_array_append_new(m->clients, row);
    size_t before = json_array_size(m->rows);
    if (read_letters(&a) != 0 || judge_all(&a) != 0) {
        note_error(m, row, &why);
        if (why.kind != ERR_STORE && !session_interrupted(m->session))
            return 0;
        *e = why;
        return -1;
    }
    static const char *const told[] = {"oldest_at", "listed", "messages", "conversations",
                                       "binned"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (json_object_get(a.letters, told[i]))
            json_object_set(row, told[i], json_object_get(a.letters, told[i]));
    json_object_set_new(row, "open",
                        json_integer((json_int_t)(json_array_size(m->rows) - before)));
    return 0;
}

struct finding {
    struct missed *m;
    const char *client;
    json_t *apps; /* of the client, whose events say what a message is */
    struct err *e;
};

static int find_app(void *arg, const char *client, const struct store_connection *c)
{
    const struct finding *f = arg;
    const json_t *connector =
        workspace_connector(report_workspace(f->m->report), c->app, NULL);
    if (str_eq(client, f->client) && json_at(connector, "events.talk"))
        json_array_append_new(f->apps, json_string(c->app));
    return 0;
}

static int ask_client(struct missed *m, const char *client, struct err *e)
{
    struct store *store = workspace_store(report_workspace(m->report), e);
    struct finding f = {m, client, json_array(), e};
    size_t i;
    json_t *app;
    int rc = store ? store_connection_each(store, find_app, &f, e) : -1;
    if (rc == 0 && json_array_size(f.apps) == 0) {
        struct err why;
        err_set(&why, ERR_AUTH,
                "not connected to an app that lists its events: `foyer connect CLIENT`");
        json_t *row = json_pack("{s:s}", "client", client);
        note_error(m, row, &why);
        json_array_append_new(m->clients, row);
    }
    json_array_foreach(f.apps, i, app)
    {
        struct store_connection c = {0};
        if (rc == 0)
            rc = store_connection_find(store, client, json_string_value(app), &c, e);
        if (rc == 0)
            rc = ask_connection(m, client, &c, e);
        store_connection_fini(&c);
    }
    json_decref(f.apps);
    return rc;
}

static void sort_rows(json_t *rows)
{
    json_t *sorted = json_array(), *row;
    size_t i, at;
    json_array_foreach(rows, i, row)
    {
        double when = json_number_value(json_object_get(row, "wrote_at"));
        for (at = i; at > 0; at--)
            if (json_number_value(
                    json_object_get(json_array_get(sorted, at - 1), "at")) <= when)
                break;
        json_array_insert(sorted, at, row);
    }
    json_array_clear(rows);
    json_array_extend(rows, sorted);
    json_decref(sorted);
}

struct missed *missed_find(struct report *r, struct session *s,
                           const struct missed_ask *ask, struct err *e)
{
    struct missed *m = xcalloc(1, sizeof *m);
    size_t i;
    json_t *client;
    int rc = 0;
    *m = (struct missed){.report = r,
                         .session = s,
                         .ask = *ask,
                         .clients = json_array(),
                         .rows = json_array(),
                         .bodies = json_object(),
                         .letters = json_object(),
                         .heard = json_object(),
                         .up_to = json_object(),
                         .came = json_object(),
                         .failed = ERR_NONE};
    json_array_foreach(ask->clients, i, client)
    {
        if (rc == 0)
            rc = ask_client(m, json_string_value(client), e);
    }
    if (rc == 0) {
        sort_rows(m->rows);
        return m;
    }
    missed_free(m);
    return NULL;
}

void missed_free(struct missed *m)
{
    if (!m)
        return;
    json_decref(m->clients);
    json_decref(m->rows);
    json_decref(m->bodies);
    json_decref(m->letters);
    json_decref(m->heard);
    json_decref(m->up_to);
    json_decref(m->came);
    free(m);
}

const json_t *missed_clients(const struct missed *m)
{
    return m->clients;
}

const json_t *missed_rows(const struct missed *m)
{
    return m->rows;
}

enum err_kind missed_failed(const struct missed *m)
{
    return m->failed;
}

/* ---- starting ---- */

struct taking {
    struct missed *m;
    const char *event;
    int taken;
};

static int note_came(void *arg, const struct delivery *d)
{
    if (d->state != DELIVERY_STALE)
        json_object_set_new(arg, d->event, json_true());
    return 0;
}

/* Adds the delivery, unless the webhook has come meanwhile. */
static int take(struct db *db, void *arg, struct err *e)
{
    struct taking *t = arg;
    struct missed *m = t->m;
    const json_t *kept = json_object_get(m->bodies, t->event);
    const char *body = json_text_or(kept, "body", "{}");
    const struct delivery d = {.at_ms = clock_wall_ms(),
                               .app = json_text_or(kept, "app", ""),
                               .scheme = heal_scheme,
                               .company = json_text(kept, "company"),
                               .type = json_text(kept, "type"),
                               .event = t->event,
                               .conversation = json_text(kept, "conversation"),
                               .state = DELIVERY_WAITING};
    char *key = key_of(d.app, d.company);
    int64_t last = json_integer_value(json_object_get(m->up_to, key)), id;
    int rc = inbox_heard(db, d.app, d.company, 0, &last, note_came, m->came, e);
    json_object_set_new(m->up_to, key, json_integer(last));
    free(key);
    if (rc != 0 || json_object_get(m->came, t->event))
        return rc;
    rc = inbox_add(db, &d, body, strlen(body), &id, e);
    t->taken = rc == 0 && id != 0;
    return rc;
}

/* Lets the triggers of the row's delivery be asked again. */
static int replay(struct missed *m, const json_t *what, json_t *row, int *started,
                  struct err *e)
{
    const struct control control = {.verb = CONTROL_REPLAY};
    json_t *rows = json_pack("[{s:O}]", "id", json_object_get(what, "delivery"));
    enum err_kind failed;
    int rc = control_apply(m->report, &control, rows, &failed, e);
    const char *error = json_text(json_array_get(rows, 0), "error");
    report_set_text(row, "error", error);
    *started += rc == 0 && !error;
    json_decref(rows);
    return rc;
}

int missed_start(struct missed *m, int *started, struct err *e)
{
    json_t *done = json_object(); /* of two clients of a company the event is one */
    size_t i, k;
    json_t *row, *what;
    int rc = 0;
    *started = 0;
    json_array_foreach(m->rows, i, row)
        json_array_foreach(json_object_get(row, "to_start"), k, what)
    {
        const char *event = json_text_or(what, "event", "");
        struct taking t = {m, event, 0};
        if (rc != 0 || json_object_get(done, event))
            continue;
        json_object_set_new(done, event, json_true());
        if (str_eq(json_text(what, "starts"), "replay"))
            rc = replay(m, what, row, started, e);
        else
            rc = store_transaction(report_db(m->report), take, &t, e);
        *started += t.taken;
        if (rc == 0 && !json_text(row, "error"))
            json_object_set_new(row, "started", json_true());
    }
    json_decref(done);
    return rc;
}
