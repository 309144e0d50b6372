#include "ops/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/when.h"
#include "base/zone.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "ops/story.h"
#include "ops/trace.h"
#include "store/forgotten.h"
#include "store/store.h"

enum {
    CONVERSATIONS_MAX = 10,
    BODY_MAX = 4 << 20,   /* of a delivery */
    PART_BYTES = 1 << 20, /* about so much of bodies is read at once */
    WAIT_MS = 60 * 1000,  /* of a request, for the company's budget */
};

struct explain {
    struct report *report;
    struct session *session;
    const struct explain_ask *ask;
    char *app;      /* whose conversations they are; NULL: none is known */
    char *company;  /* NULL: the client is not connected */
    json_t *ids;    /* of conversations */
    json_t *strays; /* runs without a conversation */
    json_t *tree;   /* what the store knew of `what`; NULL: nothing */
    char *unasked;  /* why the app was not asked; NULL: it was */
    int64_t connected_ms;
    int is_cut;
    struct err *e;
};

/* ---- the app ---- */

static int find_app(void *arg, const char *client, const struct store_connection *c)
{
    struct explain *x = arg;
    const json_t *connector =
        workspace_connector(report_workspace(x->report), c->app, NULL);
    if (!str_eq(client, x->ask->client) || !json_at(connector, "events.talk"))
        return 0;
    x->app = xstrdup(c->app);
    x->company = xstrdup(c->id);
    x->connected_ms = c->created_ms;
    return 1;
}

/* Finds the client's app whose events say what a message is. */
static int find_connection(struct explain *x)
{
    struct store *store = workspace_store(report_workspace(x->report), x->e);
    if (!store || store_connection_each(store, find_app, x, x->e) != 0)
        return -1;
    if (!x->company)
        x->unasked = xasprintf("%s is not connected at the moment", x->ask->client);
    if (!x->app)
        x->app = xstrdup("front");
    return 0;
}

/* Runs the entry "talk" and frees ARGS. NULL with E. */
static json_t *talk(struct explain *x, json_t *args, struct err *e)
{
    json_object_set_new(args, "app", json_string(x->app));
    const struct session_call call = {.client = x->ask->client,
                                      .label = "explain",
                                      .entry = "talk",
                                      .args = args,
                                      .lane = WINDOW_LANE_BULK,
                                      .wait_ms = WAIT_MS};
    json_t *tree = session_run(x->session, &call, e);
    json_decref(args);
    return tree;
}

/* Notes that the app could not be asked, once. */
static void note_unasked(struct explain *x, const struct err *e)
{
    if (!x->unasked)
        x->unasked = xstrdup(e->text);
}

/* ---- which conversations ---- */

static void add_id(struct explain *x, const char *id)
{
    size_t i;
    json_t *known;
    if (!id)
        return;
    json_array_foreach(x->ids, i, known)
    {
        if (str_eq(json_string_value(known), id))
            return;
    }
    if (json_array_size(x->ids) < CONVERSATIONS_MAX)
        json_array_append_new(x->ids, json_string(id));
    else
        x->is_cut = 1;
}

static void add_stored(struct explain *x)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(x->tree, "deliveries"), i, item)
    {
        add_id(x, json_text(item, "conversation"));
    }
    json_array_foreach(json_object_get(x->tree, "runs"), i, item)
    {
        add_id(x, json_text(item, "conversation"));
        if (!json_text(item, "conversation"))
            json_array_append(x->strays, item);
    }
}

/* The app may know conversations of the address that foyer was never told of. */
static void add_listed(struct explain *x)
{
    struct err e = {0};
    size_t i;
    json_t *id;
    if (!x->company || (!strchr(x->ask->what, '@') && x->ask->what[0] != '+'))
        return;
    json_t *tree = talk(x, json_pack("{s:s}", "address", x->ask->what), &e);
    if (!tree)
        note_unasked(x, &e);
    json_array_foreach(json_object_get(tree, "conversations"), i, id)
    {
        add_id(x, json_string_value(id));
    }
    json_decref(tree);
}

static int find_conversations(struct explain *x)
{
    struct err e = {0};
    char *url;
    x->tree = trace_find(x->report, x->ask->what, x->ask->client, x->ask->progress, &e);
    if (!x->tree && e.kind != ERR_NOT_FOUND) {
        *x->e = e;
        return -1;
    }
    if (report_is_conversation(x->report, x->ask->what, &url))
        add_id(x, x->ask->what);
    free(url);
    add_stored(x);
    x->is_cut |= json_is_true(json_object_get(x->tree, "more"));
    add_listed(x);
    if (json_array_size(x->ids) + json_array_size(x->strays) > 0)
        return 0;
    *x->e = e;
    err_prefix(x->e, "nothing can be explained%s%s",
               x->unasked ? "; the app could not be asked: " : "",
               x->unasked ? x->unasked : "");
    return -1;
}

/* ---- messages ---- */

/* Returns the messages that the app has of the conversation, or NULL. */
static json_t *live_messages(struct explain *x, const char *id)
{
    struct err e = {0};
    if (!x->company || !id)
        return NULL;
    json_t *tree = talk(x, json_pack("{s:s}", "conversation", id), &e);
    if (!tree)
        note_unasked(x, &e);
    json_t *messages = json_incref(json_object_get(tree, "messages"));
    json_decref(tree);
    return messages;
}

struct telling { /* deliveries, a part of them at a time */
    struct explain *x;
    const json_t *deliveries;
    json_t *bodies, *places; /* of this part */
    size_t bytes;
    json_t *messages;
};

static void tell_part(struct telling *t)
{
    struct err e = {0};
    size_t i;
    json_t *message;
    json_t *tree = talk(t->x, json_pack("{s:O}", "bodies", t->bodies), &e);
    json_array_foreach(json_object_get(tree, "messages"), i, message)
    {
        size_t n = (size_t)json_int(message, "body") - 1;
        json_object_set(message, "delivery", json_array_get(t->places, n));
        json_array_append(t->messages, message);
    }
    json_decref(tree);
    json_array_clear(t->bodies);
    json_array_clear(t->places);
    t->bytes = 0;
}

/* Adds the body of the delivery at PLACE; or, when it is not kept or too large, what is
 * known without it. */
static void add_body(struct telling *t, size_t place)
{
    const json_t *delivery = json_array_get(t->deliveries, place);
    char *body = NULL;
    size_t len = 0;
    json_t *text = NULL;
    if (inbox_body(report_db(t->x->report), json_int(delivery, "id"), &body, &len,
                   NULL) == 0 &&
        len > 0 && len <= BODY_MAX)
        text = json_stringn(body, len);
    free(body);
    if (!text) {
        json_array_append_new(t->messages,
                              json_pack("{s:I, s:O*}", "delivery", (json_int_t)place,
                                        "at", json_object_get(delivery, "at")));
        return;
    }
    json_array_append_new(t->bodies, text);
    json_array_append_new(t->places, json_integer((json_int_t)place));
    t->bytes += len;
    if (t->bytes > PART_BYTES)
        tell_part(t);
}

/* Returns the messages that DELIVERIES are about, each with `delivery`, its place in the
 * list. */
static json_t *told_messages(struct explain *x, const json_t *deliveries)
{
    struct telling t = {.x = x,
                        .deliveries = deliveries,
                        .bodies = json_array(),
                        .places = json_array(),
                        .messages = json_array()};
    for (size_t i = 0; i < json_array_size(deliveries); i++)
        add_body(&t, i);
    if (json_array_size(t.bodies))
        tell_part(&t);
    json_decref(t.bodies);
    json_decref(t.places);
    return t.messages;
}

/* Returns since when foyer would know of a webhook, in seconds. */
static double known_since(const struct explain *x)
{
    struct workspace *w = report_workspace(x->report);
    const struct settings_keep keep = settings_keep(workspace_settings(w, NULL));
    int64_t kept_ms = clock_wall_ms() - keep.deliveries_ms;
    return (double)(x->connected_ms > kept_ms ? x->connected_ms : kept_ms) / 1000;
}

/* ---- one conversation ---- */

/* Writes the date in the client's time zone. */
static void format_date(const struct explain *x, int64_t at_ms, struct buf *out)
{
    struct workspace *w = report_workspace(x->report);
    const json_t *client = workspace_client(w, x->ask->client, NULL);
    const struct zone *z =
        zone_find(settings_timezone(workspace_settings(w, NULL), client), NULL);
    struct zone_span span = {0};
    if (z)
        zone_span(z, at_ms / 1000, &span);
    when_format(out, "%F", at_ms / 1000 + span.east, NULL);
}

/* NULL with x->e. */
static json_t *explain_one(struct explain *x, const char *id, const json_t *tree)
{
    int64_t erased_ms = 0;
    if (x->company && forgotten_conversation(report_db(x->report), x->app, x->company, id,
                                             &erased_ms, x->e) != 0)
        return NULL;
    struct buf date;
    buf_init(&date, 64);
    format_date(x, erased_ms, &date);
    const struct story_of of = {.report = x->report,
                                .client = x->ask->client,
                                .app = x->app,
                                .company = x->company,
                                .conversation = id,
                                .erased_at = (double)erased_ms / 1000,
                                .erased_on = buf_str(&date),
                                .known_since = known_since(x),
                                .deliveries = json_object_get(tree, "deliveries"),
                                .runs = json_object_get(tree, "runs")};
    json_t *told = told_messages(x, of.deliveries);
    json_t *live = live_messages(x, id);
    json_t *story = story_tell(&of, told, live);
    if (!live && x->unasked)
        report_set_text(story, "note", x->unasked);
    json_decref(told);
    json_decref(live);
    buf_free(&date);
    return story;
}

static int explain_all(struct explain *x, json_t *list)
{
    size_t i;
    json_t *id;
    json_array_foreach(x->ids, i, id)
    {
        const char *text = json_string_value(id);
        struct err e = {0};
        json_t *tree = trace_find(x->report, text, x->ask->client, NULL, &e);
        if (!tree && e.kind != ERR_NOT_FOUND) {
            *x->e = e;
            return -1;
        }
        json_t *story = explain_one(x, text, tree);
        json_decref(tree);
        if (!story)
            return -1;
        json_array_append_new(list, story);
    }
    if (json_array_size(x->strays)) {
        json_t *tree = json_pack("{s:[], s:O}", "deliveries", "runs", x->strays);
        json_array_append_new(list, explain_one(x, NULL, tree));
        json_decref(tree);
    }
    return 0;
}

json_t *explain_find(struct report *r, struct session *s, const struct explain_ask *ask,
                     struct err *e)
{
    struct explain x = {.report = r,
                        .session = s,
                        .ask = ask,
                        .ids = json_array(),
                        .strays = json_array(),
                        .e = e};
    json_t *list = json_array(), *tree = NULL;
    const json_t *settings = workspace_client(report_workspace(r), ask->client, NULL);
    if (find_connection(&x) == 0 && find_conversations(&x) == 0 &&
        explain_all(&x, list) == 0) {
        tree =
            json_pack("{s:s, s:s, s:O}", "client", ask->client, "name",
                      json_text_or(settings, "name", ask->client), "conversations", list);
        report_set_text(tree, "what", ask->what);
        if (x.is_cut)
            json_object_set_new(tree, "more", json_true());
    }
    json_decref(list);
    json_decref(x.ids);
    json_decref(x.strays);
    json_decref(x.tree);
    free(x.app);
    free(x.company);
    free(x.unasked);
    return tree;
}
