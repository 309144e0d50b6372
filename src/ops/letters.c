#include "ops/letters.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"

enum {
    EVENTS_MAX = 15,          /* a page; fewer when they are too large for an answer */
    WAIT_MS = 10 * 60 * 1000, /* of a request, for the company's budget */
    AHEAD_MS = 10 * 60 * 1000 /* the app's clock may be so far ahead */
};

struct letters {
    struct session *session;
    const struct letters_ask *ask;
    int64_t now_ms;
    json_t
        *threads; /* conversation -> {subject, customer, binned, open, undone, message} */
    json_t *merged; /* conversation -> the one that took it in */
    json_t *seen;   /* ids of events: a page may be listed again */
    json_t *triggers;
    int64_t listed, messages;
    double oldest; /* seconds; 0: none */
    struct err *e;
};

/* ---- what an event says ---- */

static const char *home_of(const struct letters *l, const char *conversation)
{
    const char *into;
    for (int i = 0;
         i < 8 && (into = json_string_value(json_object_get(l->merged, conversation)));
         i++)
        conversation = into;
    return conversation;
}

static json_t *thread_of(struct letters *l, const char *conversation)
{
    json_t *thread = json_object_get(l->threads, conversation);
    if (!thread) {
        thread = json_pack("{s:[], s:[]}", "open", "undone");
        json_object_set_new(l->threads, conversation, thread);
    }
    return thread;
}

static double at_of(const json_t *event)
{
    return json_number_value(json_object_get(event, "at"));
}

static void insert_by_time(json_t *list, json_t *letter)
{
    size_t i = json_array_size(list);
    while (i > 0 && at_of(json_array_get(list, i - 1)) > at_of(letter))
        i--;
    json_array_insert(list, i, letter);
}

static void receive(struct letters *l, json_t *thread, const json_t *event)
{
    if (at_of(event) * 1000 > (double)l->ask->until_ms)
        return;
    json_t *letter = json_pack(
        "{s:O*, s:O*, s:O*, s:O*, s:O*}", "event", json_object_get(event, "id"), "at",
        json_object_get(event, "at"), "type", json_object_get(event, "type"), "body",
        json_object_get(event, "body"), "webhook", json_object_get(event, "webhook"));
    insert_by_time(json_object_get(thread, "open"), letter);
    json_decref(letter);
    json_object_del(thread, "binned");
    json_object_set_new(thread, "wrote", json_true());
    l->messages++;
}

/* One message may have more than one event that says that it was sent. */
static void answer(json_t *thread, const json_t *event)
{
    const char *message = json_text_or(event, "message", "");
    if (*message && str_eq(message, json_text(thread, "message")) &&
        json_array_size(json_object_get(thread, "open")) == 0)
        return;
    json_object_set(thread, "undone", json_object_get(thread, "open"));
    json_object_set_new(thread, "open", json_array());
    json_object_set_new(thread, "message", json_string(message));
    json_object_del(thread, "undelivered");
}

/* The customer did not get the message: what it answered is open again. */
static void undo(json_t *thread, const json_t *event)
{
    size_t i;
    json_t *letter;
    if (!str_eq(json_text(event, "message"), json_text(thread, "message")) ||
        json_array_size(json_object_get(thread, "undone")) == 0)
        return;
    json_array_foreach(json_object_get(thread, "undone"), i, letter)
    {
        insert_by_time(json_object_get(thread, "open"), letter);
    }
    json_object_set_new(thread, "undone", json_array());
    json_object_set_new(thread, "undelivered", json_true());
}

static void merge(struct letters *l, const char *into, const json_t *event)
{
    size_t i, k;
    json_t *id, *letter;
    json_array_foreach(json_object_get(event, "merged"), i, id)
    {
        const char *from = home_of(l, json_string_value(id));
        json_t *old = json_object_get(l->threads, from);
        if (str_eq(from, into))
            continue;
        json_t *thread = thread_of(l, into);
        json_array_foreach(json_object_get(old, "open"), k, letter)
        {
            insert_by_time(json_object_get(thread, "open"), letter);
        }
        if (json_object_get(old, "wrote"))
            json_object_set_new(thread, "wrote", json_true());
        json_object_set_new(l->merged, from, json_string(into));
        json_object_del(l->threads, from);
    }
}

static void take_event(struct letters *l, const json_t *event)
{
    const char *id = json_text_or(event, "id", ""),
               *kind = json_text_or(event, "kind", "");
    const char *named = json_text(event, "conversation");
    if (!named || json_object_get(l->seen, id))
        return;
    json_object_set_new(l->seen, id, json_true());
    l->listed++;
    const char *conversation = home_of(l, named);
    if (str_eq(kind, "merged")) {
        merge(l, conversation, event);
        return;
    }
    json_t *thread = thread_of(l, conversation);
    if (json_text(event, "subject"))
        json_object_set(thread, "subject", json_object_get(event, "subject"));
    if (json_text(event, "customer"))
        json_object_set(thread, "customer", json_object_get(event, "customer"));
    if (str_eq(kind, "received"))
        receive(l, thread, event);
    else if (str_eq(kind, "sent"))
        answer(thread, event);
    else if (str_eq(kind, "failed"))
        undo(thread, event);
    else if (str_eq(kind, "binned"))
        json_object_set_new(thread, "binned", json_true());
    else if (str_eq(kind, "restored"))
        json_object_del(thread, "binned");
}

/* ---- listing ---- */

struct span {
    double from, before; /* seconds; from 0: from the first that is listed */
    const json_t *kinds;
    int limit;
};

static json_t *list_page(struct letters *l, const struct span *span, const char *next)
{
    json_t *args = json_pack("{s:s, s:s, s:f, s:i, s:s*, s:O*}", "app", l->ask->app,
                             "company", l->ask->company, "before", span->before, "limit",
                             span->limit, "next", next, "talk", span->kinds);
    if (span->from > 0)
        json_object_set_new(args, "from", json_real(span->from));
    const struct session_call call = {.client = l->ask->client,
                                      .label = "missed",
                                      .entry = "sweep",
                                      .args = args,
                                      .lane = WINDOW_LANE_BULK,
                                      .wait_ms = WAIT_MS,
                                      .patient = 1};
    json_t *page = session_run(l->session, &call, l->e);
    json_decref(args);
    if (page && session_interrupted(l->session)) {
        json_decref(page);
        err_set(l->e, ERR_UNAVAILABLE, "interrupted");
        return NULL;
    }
    return page;
}

/* An answer that is too large: lists fewer events a page, from the last one on. */
static int list_fewer(struct letters *l, struct span *span, double last, char **next)
{
    if (l->e->kind != ERR_LIMIT || span->limit == 1)
        return 0;
    span->limit = span->limit / 4 > 1 ? span->limit / 4 : 1;
    if (last > 0)
        span->from = last;
    free(*next);
    *next = NULL;
    return 1;
}

static void take_page(struct letters *l, const json_t *page, double *last)
{
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(page, "events"), i, event)
    {
        take_event(l, event);
    }
    if (json_is_number(json_object_get(page, "last")))
        *last = json_number_value(json_object_get(page, "last"));
    if (!l->triggers)
        l->triggers = json_incref(json_object_get(page, "triggers"));
    if (l->ask->progress)
        l->ask->progress(l->ask->arg, l->listed);
}

static int list_span(struct letters *l, struct span *span)
{
    char *next = NULL;
    double last = 0;
    int rc = 0, more = 1;
    while (rc == 0 && more) {
        json_t *page = list_page(l, span, next);
        if (!page) {
            rc = list_fewer(l, span, last, &next) ? 0 : -1;
            continue;
        }
        take_page(l, page, &last);
        const char *to = json_text(page, "next");
        if (to && next && strcmp(to, next) == 0)
            rc = err_set(l->e, ERR_INVALID, "%s named the same next page twice",
                         l->ask->app);
        free(next);
        next = xstrdup_null(to);
        more = next != NULL;
        json_decref(page);
    }
    free(next);
    return rc;
}

/* Sets `oldest`: the first event that the API lists. */
static int find_oldest(struct letters *l)
{
    const struct span span = {.before = (double)(l->now_ms + AHEAD_MS) / 1000,
                              .limit = 1};
    json_t *page = list_page(l, &span, NULL);
    if (!page)
        return -1;
    l->oldest = at_of(json_array_get(json_object_get(page, "events"), 0));
    json_decref(page);
    return 0;
}

/* Up to the end of the time all is listed, later on what answers it. */
static int list_all(struct letters *l)
{
    const struct letters_ask *ask = l->ask;
    json_t *rest =
        json_pack("[s, s, s, s, s]", "sent", "failed", "merged", "binned", "restored");
    json_t *all = json_copy(rest);
    json_array_append_new(all, json_string("received"));
    double until = (double)ask->until_ms / 1000;
    struct span first = {.from = (double)ask->since_ms / 1000,
                         .before = until + 0.001,
                         .kinds = all,
                         .limit = EVENTS_MAX};
    struct span second = {.from = until,
                          .before = (double)(l->now_ms + AHEAD_MS) / 1000,
                          .kinds = rest,
                          .limit = EVENTS_MAX};
    int rc = list_span(l, &first);
    if (rc == 0)
        rc = list_span(l, &second);
    json_decref(rest);
    json_decref(all);
    return rc;
}

/* ---- the whole ---- */

static json_t *tree_of(const struct letters *l)
{
    const char *conversation;
    json_t *thread, *open = json_array();
    int64_t binned = 0, conversations = 0;
    json_object_foreach(l->threads, conversation, thread)
    {
        json_t *letters = json_object_get(thread, "open");
        conversations += json_object_get(thread, "wrote") != NULL;
        if (json_array_size(letters) == 0)
            continue;
        if (json_object_get(thread, "binned")) {
            binned++;
            continue;
        }
        json_array_append_new(
            open, json_pack("{s:s, s:O*, s:O*, s:O*, s:O}", "conversation", conversation,
                            "subject", json_object_get(thread, "subject"), "customer",
                            json_object_get(thread, "customer"), "undelivered",
                            json_object_get(thread, "undelivered"), "letters", letters));
    }
    json_t *tree = json_pack("{s:I, s:I, s:I, s:I, s:o, s:O*}", "listed",
                             (json_int_t)l->listed, "messages", (json_int_t)l->messages,
                             "conversations", (json_int_t)conversations, "binned",
                             (json_int_t)binned, "open", open, "triggers", l->triggers);
    if (l->oldest > 0)
        json_object_set_new(tree, "oldest_at", json_real(l->oldest));
    return tree;
}

json_t *letters_read(struct session *s, const struct letters_ask *ask, struct err *e)
{
    struct letters l = {.session = s,
                        .ask = ask,
                        .now_ms = clock_wall_ms(),
                        .threads = json_object(),
                        .merged = json_object(),
                        .seen = json_object(),
                        .e = e};
    json_t *tree = find_oldest(&l) == 0 && list_all(&l) == 0 ? tree_of(&l) : NULL;
    json_decref(l.threads);
    json_decref(l.merged);
    json_decref(l.seen);
    json_decref(l.triggers);
    return tree;
}
