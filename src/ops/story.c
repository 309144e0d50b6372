#include "ops/story.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/when.h"
#include "core/jsontree.h"
#include "core/reply.h"
#include "ops/cause.h"
#include "ops/heard.h"
#include "ops/maker.h"
#include "ops/quote.h"

enum {
    LATE_S = 120, /* a webhook that takes longer is told of */
    NEAR_S = 600  /* a message appears so long after it was accepted */
};

struct story {
    const struct story_of *of;
    const json_t *connector;
    json_t *items;
    json_t *answers; /* [{at, by, is_ours}] by time */
    json_t *ours;    /* [{at, uid, item}]: the replies of runs that were accepted */
    json_t *runs;    /* ids of those that were told */
    json_t *people;  /* names of those who answered */
    const char *customer, *subject;
    double first_at, last_at; /* of the customer's messages; 0: none */
    int nwrote, is_live;
    json_t *why; /* the sentence of the last message's cause, or NULL */
};

/* ---- items ---- */

static double at_of(const json_t *tree)
{
    return json_number_value(json_object_get(tree, "at"));
}

static void insert_by_time(json_t *list, json_t *item)
{
    size_t i = json_array_size(list);
    while (i > 0 && at_of(json_array_get(list, i - 1)) > at_of(item))
        i--;
    json_array_insert(list, i, item);
}

/* Adds an item, and frees TEXT. Borrowed. */
static json_t *add(struct story *s, double at, const char *kind, char *text)
{
    json_t *item = json_pack("{s:f, s:s}", "at", at, "kind", kind);
    report_set_text(item, "text", text);
    free(text);
    insert_by_time(s->items, item);
    json_decref(item);
    return item;
}

/* Adds an answer. Borrowed. */
static json_t *add_answer(struct story *s, double at, const char *by, int is_ours)
{
    json_t *answer = json_pack("{s:f, s:b}", "at", at, "is_ours", is_ours);
    report_set_text(answer, "by", by);
    insert_by_time(s->answers, answer);
    json_decref(answer);
    return answer;
}

/* ---- texts ---- */

/* "35 s later" */
static void format_later(double seconds, char out[80])
{
    char span[64];
    when_format_duration(seconds < 0 ? 0 : seconds, span);
    if (seconds < 1)
        snprintf(out, 80, "within a second");
    else
        snprintf(out, 80, "%s later", span);
}

/* ---- what a run did ---- */

/* Returns the recipe's summary, as its file has it, a new text; NULL: none. */
static char *summary_of(const struct story *s, const char *recipe)
{
    char name[300];
    struct err e;
    snprintf(name, sizeof name, "recipes/%.250s.lua", recipe);
    struct overlay_file *file =
        overlay_find(workspace_overlay(report_workspace(s->of->report)), s->of->client,
                     name, OVERLAY_CLIENT, &e);
    const char *at = file ? strstr(file->text, "summary") : NULL;
    at = at ? at + strcspn(at, "\"\n") : NULL;
    if (!at || *at != '"')
        return NULL;
    return xmemdup0(at + 1, strcspn(at + 1, "\"\\\n"));
}

static void tell_decision(struct story *s, const json_t *run)
{
    const char *recipe = json_text_or(run, "recipe", ""),
               *origin = json_text_or(run, "origin", "");
    char *summary = summary_of(s, recipe);
    json_t *item =
        add(s, json_number_value(json_object_get(run, "created_at")), "decided",
            xasprintf("%s the rule \"%s\"%s%s",
                      str_eq(origin, "hand")   ? "A person started"
                      : str_eq(origin, "cron") ? "Its time had come for"
                      : str_eq(origin, "each") ? "A list of tasks had work for"
                                               : "It was a case for",
                      recipe, summary ? ": " : ".", summary ? summary : ""));
    json_object_set(item, "run", json_object_get(run, "id"));
    json_object_set(item, "recipe", json_object_get(run, "recipe"));
    json_object_set(item, "release", json_object_get(run, "release"));
    free(summary);
}

/* Returns the run's templates that the request names; all when it names none. */
static json_t *templates_of(const json_t *run, const json_t *exchange)
{
    const json_t *names = json_object_get(exchange, "templates");
    json_t *list = json_array(), *row, *name;
    size_t i, k;
    json_array_foreach(json_object_get(run, "templates"), i, row)
    {
        int is_named = !names && json_array_size(json_object_get(run, "exchanges")) == 1;
        json_array_foreach(names, k, name)
        {
            is_named |= str_eq(json_string_value(name), json_text(row, "name"));
        }
        if (is_named)
            json_array_append(list, row);
    }
    return list;
}

static const char *uid_of(const struct story *s, const json_t *exchange)
{
    const char *field = json_text(s->connector, "receipt.field");
    return field ? json_text(json_object_get(exchange, "answer"), field) : NULL;
}

static int has_line(const json_t *run, const char *what)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(run, "history"), i, row)
    {
        if (str_eq(json_text(row, "what"), what))
            return 1;
    }
    return 0;
}

static void tell_reply(struct story *s, const json_t *run, const json_t *exchange,
                       const char *to)
{
    const char *recipe = json_text_or(run, "recipe", "");
    int is_dry = json_is_true(json_object_get(exchange, "dry")) ||
                 json_is_true(json_object_get(run, "dry"));
    int is_lost = json_is_true(json_object_get(exchange, "unknown"));
    json_int_t status = json_int(exchange, "status");
    int is_sent = status >= 200 && status < 300 && !is_dry;
    if (!is_sent && !is_dry && !is_lost)
        return; /* the history says why */
    json_t *item =
        add(s, at_of(exchange),
            is_sent   ? "sent"
            : is_lost ? "problem"
                      : "did",
            xasprintf(is_sent ? "The rule \"%s\" sent this answer:"
                      : is_dry
                          ? "The rule \"%s\" would have sent this answer; it runs dry, "
                            "and nothing was sent:"
                          : "The rule \"%s\" sent this answer, and the line broke: it is "
                            "not known whether it arrived.",
                      recipe));
    json_t *templates = templates_of(run, exchange);
    json_object_set(item, "run", json_object_get(run, "id"));
    json_object_set(item, "recipe", json_object_get(run, "recipe"));
    json_object_set(item, "body_hash", json_object_get(exchange, "body_hash"));
    if (json_array_size(templates))
        json_object_set(item, "templates", templates);
    json_decref(templates);
    quote_body(item, json_object_get(exchange, "body"));
    if (!is_sent)
        return;
    char *by = xasprintf("by the rule \"%s\"", recipe);
    json_t *ours = json_pack("{s:f, s:O, s:O}", "at", at_of(exchange), "item", item,
                             "answer", add_answer(s, at_of(exchange), by, 1));
    json_object_set_new(ours, "here", json_boolean(str_eq(to, s->of->conversation)));
    json_object_set_new(
        ours, "doubted",
        json_boolean(has_line(run, "undelivered") || has_line(run, "resolved")));
    report_set_text(ours, "uid", uid_of(s, exchange));
    json_array_append_new(s->ours, ours);
    free(by);
}

/* Adds what else it changed, in one sentence, as its paths end. */
static void tell_others(struct story *s, const json_t *run, const json_t *done, double at)
{
    struct buf list;
    const char *what;
    json_t *n;
    buf_init(&list, 1024);
    json_object_foreach((json_t *)done, what, n)
    {
        buf_addf(&list, "%s%s", list.len ? ", " : "", what);
    }
    if (list.len)
        json_object_set(add(s, at, "did",
                            xasprintf("It also changed in %s: %s.",
                                      json_text_or(s->connector, "name", s->of->app),
                                      buf_str(&list))),
                        "run", json_object_get(run, "id"));
    buf_free(&list);
}

static void tell_exchanges(struct story *s, const json_t *run)
{
    json_t *done = json_object(), *row;
    double at = 0;
    size_t i;
    json_array_foreach(json_object_get(run, "exchanges"), i, row)
    {
        const char *method = json_text_or(row, "method", ""),
                   *path = json_text_or(row, "path", "");
        json_int_t status = json_int(row, "status");
        char *to = reply_to(s->connector, method, path);
        const char *last = strrchr(path, '/');
        if (to) {
            tell_reply(s, run, row, to);
        } else if (!str_eq(method, "GET") && !str_eq(method, "HEAD") && last &&
                   !json_object_get(row, "dry") && status >= 200 && status < 300) {
            json_object_set_new(done, strchr(last, '_') ? "the conversation" : last + 1,
                                json_true());
            at = at_of(row);
        }
        free(to);
    }
    tell_others(s, run, done, at);
    json_decref(done);
}

/* The kinds of a run's history that are told, and how; %s is the line's text. */
static const struct {
    const char *what, *kind, *says;
} told_lines[] = {
    {"retry", "problem", "It could not be done at once, and was tried again %s"},
    {"sleeping", "wait", "It waited %s, as the rule says."},
    {"waiting", "wait", "It waited %s"},
    {"held", "problem", "It could not go on: the connection has to be made again. %s"},
    {"parked", "problem", "It stopped, because a person has to decide: %s"},
    {"dead", "problem", "It failed: %s"},
    {"cancelled", "problem", "It was given up: %s"},
    {"undelivered", "problem", "The customer did not get the answer: %s"},
    {"retried", "decided", "A person had it tried again. %s"},
    {"resolved", "decided", "A person decided how it goes on: %s"},
    {"skipped", "decided", "The rule decided not to answer: %s"},
};

static void tell_history(struct story *s, const json_t *run)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(run, "history"), i, row)
    {
        const char *what = json_text_or(row, "what", ""),
                   *text = json_text_or(row, "text", "");
        for (size_t k = 0; k < sizeof told_lines / sizeof *told_lines; k++) {
            const char *hole = strstr(told_lines[k].says, "%s");
            if (!str_eq(what, told_lines[k].what))
                continue;
            int len =
                str_eq(what, "parked") ? (int)strcspn(text, ";") : (int)strlen(text);
            char *said = xasprintf("%.*s%.*s%s", (int)(hole - told_lines[k].says),
                                   told_lines[k].says, len, text, hole + 2);
            json_object_set(add(s, at_of(row), told_lines[k].kind, said), "run",
                            json_object_get(run, "id"));
        }
    }
}

static void tell_run(struct story *s, const json_t *run)
{
    const char *state = json_text_or(run, "state", "");
    char id[32];
    snprintf(id, sizeof id, "%lld", (long long)json_int(run, "id"));
    if (json_object_get(s->runs, id))
        return;
    json_object_set_new(s->runs, id, json_true());
    tell_decision(s, run);
    tell_exchanges(s, run); /* of the same moment, what was sent comes first */
    tell_history(s, run);
    if (str_eq(state, "skipped") && !has_line(run, "skipped"))
        add(s, json_number_value(json_object_get(run, "ended_at")), "decided",
            xasprintf("The rule decided not to answer: %s",
                      json_text_or(run, "reason", "")));
}

/* ---- what came of a message's webhook ---- */

static void tell_lateness(struct story *s, const json_t *delivery, const json_t *message)
{
    double late = at_of(delivery) - at_of(message);
    char span[80];
    format_later(late, span);
    if (str_eq(json_text(delivery, "scheme"), "heal"))
        add(s, at_of(delivery), "wait",
            xasprintf("foyer was not told of this message; it found it by itself, %s.",
                      span));
    else if (late > LATE_S)
        add(s, at_of(delivery), "wait",
            xasprintf("foyer was told of this message %s.", span));
}

static size_t tell_runs_of(struct story *s, const json_t *delivery)
{
    size_t i, k, r, n = 0;
    json_t *part, *trigger, *run;
    json_array_foreach(json_object_get(delivery, "clients"), i, part)
    {
        if (!str_eq(json_text(part, "client"), s->of->client))
            continue;
        json_array_foreach(json_object_get(part, "triggers"), k, trigger)
            json_array_foreach(json_object_get(trigger, "runs"), r, run)
        {
            tell_run(s, run);
            n++;
        }
    }
    return n;
}

/* MESSAGE NULL: the delivery is about something else than a customer's message. */
static void tell_delivery(struct story *s, const json_t *delivery, const json_t *message)
{
    const struct cause_of of = {s->of->report, s->of->client, s->of->app};
    struct cause c = {CAUSES, NULL};
    if (message)
        tell_lateness(s, delivery, message);
    size_t n = tell_runs_of(s, delivery);
    if (!message)
        return;
    cause_of_delivery(&of, delivery, &c);
    const char *sentence = json_text_or(c.more, "sentence", "it is not known why");
    if (n == 0)
        add(s, at_of(delivery), "decided", xasprintf("Nothing was sent: %s.", sentence));
    if (at_of(message) >= s->last_at) {
        json_decref(s->why);
        /* behind a semicolon stands what the agency may do */
        s->why = json_stringn(sentence, c.why == CAUSE_NEEDS_YOU ? strcspn(sentence, ";")
                                                                 : strlen(sentence));
    }
    json_decref(c.more);
}

/* ---- messages ---- */

/* Returns the item of our reply that MESSAGE is, and takes it off the list; NULL when it
 * is not ours. Without a uid the next one in time counts. */
static json_t *take_ours(struct story *s, const json_t *message)
{
    const char *uid = json_text(message, "uid");
    size_t i;
    json_t *ours;
    json_array_foreach(s->ours, i, ours)
    {
        const char *own = json_text(ours, "uid");
        double later = at_of(message) - at_of(ours);
        int is_it = own && uid ? str_eq(own, uid) : later > -60 && later < NEAR_S;
        if (!is_it)
            continue;
        json_t *item = json_object_get(ours, "item"); /* the story has it, too */
        json_array_remove(s->ours, i);
        return item;
    }
    return NULL;
}

static void note_person(struct story *s, const char *name)
{
    size_t i;
    json_t *known;
    json_array_foreach(s->people, i, known)
    {
        if (str_eq(json_string_value(known), name))
            return;
    }
    json_array_append_new(s->people, json_string(name));
}

/* Returns 1 when `foyer forget` erased what the store had of that time. */
static int is_erased(const struct story *s, double at)
{
    return s->of->erased_at > 0 && at <= s->of->erased_at;
}

/* Tells of an automatic answer of a time of which foyer's own runs were erased. */
static json_t *tell_erased_answer(struct story *s, const json_t *message)
{
    const char *date = s->of->erased_on;
    char *by = xasprintf("by a program: whether by foyer was erased on %s", date);
    add_answer(s, at_of(message), by, 0);
    free(by);
    return add(s, at_of(message), "other",
               xasprintf("A program answered; whether it was foyer is not known: what "
                         "foyer knew was erased on %s.",
                         date));
}

/* Tells of an answer that foyer sent for another client. Returns 0 when it did not. */
static int tell_sibling(struct story *s, const json_t *message)
{
    json_t *maker =
        maker_find(s->of->report, s->of->app, s->of->company, json_text(message, "uid"));
    const char *client = json_text_or(maker, "client", s->of->client);
    if (str_eq(client, s->of->client)) { /* or none */
        json_decref(maker);
        return 0;
    }
    json_t *item =
        add(s, at_of(message), "other",
            xasprintf("The client %s, which has the same company here, answered by its "
                      "rule \"%s\":",
                      client, json_text_or(maker, "recipe", "")));
    json_object_set(item, "run", json_object_get(maker, "run"));
    quote_message(item, message);
    char *by = xasprintf("by foyer for the client %s", client);
    add_answer(s, at_of(message), by, 0);
    free(by);
    json_decref(maker);
    return 1;
}

static void tell_outbound(struct story *s, const json_t *message)
{
    json_t *ours = take_ours(s, message), *item;
    if (ours) {
        if (!json_object_get(ours, "quote"))
            quote_message(ours, message);
        return;
    }
    if (tell_sibling(s, message))
        return;
    int is_person = str_eq(json_text(message, "kind"), "teammate");
    const char *name = json_text(message, "name");
    if (is_person) {
        item = add(s, at_of(message), "person",
                   xasprintf("%s answered:", name ? name : "A person"));
        note_person(s, name ? name : "a person");
        char *by = xasprintf("by %s", name ? name : "a person");
        add_answer(s, at_of(message), by, 0);
        free(by);
    } else if (is_erased(s, at_of(message))) {
        item = tell_erased_answer(s, message);
    } else {
        item = add(s, at_of(message), "other",
                   xasprintf("Another program%s%s%s answered:", name ? " (" : "",
                             name ? name : "", name ? ")" : ""));
        add_answer(s, at_of(message), "by another program", 0);
    }
    quote_message(item, message);
}

/* Takes back each answer of ours that was accepted and is no message of the app's: one
 * that a person decided about, or that had the time to appear. */
static void tell_absent(struct story *s, const json_t *live)
{
    const char *name = json_text_or(s->connector, "name", s->of->app);
    double now = (double)clock_wall_ms() / 1000, since = now;
    size_t i;
    json_t *message, *ours;
    json_array_foreach(live, i, message) /* the oldest ones may not have been asked for */
    {
        since = at_of(message) < since ? at_of(message) : since;
    }
    json_array_foreach(s->ours, i, ours)
    {
        json_t *item = json_object_get(ours, "item");
        int had_time =
            json_is_true(json_object_get(ours, "doubted")) || now - at_of(ours) >= NEAR_S;
        if (!had_time || !json_is_true(json_object_get(ours, "here")) ||
            at_of(ours) < since)
            continue;
        char *text = xasprintf("The rule \"%s\" sent this answer, and %s accepted it; "
                               "but %s has no such message:",
                               json_text_or(item, "recipe", ""), name, name);
        report_set_text(item, "kind", "problem");
        report_set_text(item, "text", text);
        free(text);
        json_object_set_new(json_object_get(ours, "answer"), "absent", json_true());
        if (at_of(ours) >= s->last_at) {
            json_decref(s->why);
            s->why = json_sprintf("%s accepted one, and has no such message", name);
        }
    }
}

static void tell_inbound(struct story *s, const json_t *message, int is_heard)
{
    const char *name = json_text(message, "name"),
               *subject = json_text(message, "subject");
    if (!s->customer && name)
        s->customer = name;
    if (!s->subject && subject)
        s->subject = subject;
    json_t *item =
        add(s, at_of(message), "wrote",
            xasprintf("%s wrote%s%s%s:", name ? name : "The customer",
                      subject ? " \"" : "", subject ? subject : "", subject ? "\"" : ""));
    quote_message(item, message);
    if (is_heard)
        return;
    if (is_erased(s, at_of(message))) {
        const char *date = s->of->erased_on;
        add(s, at_of(message), "unheard",
            xasprintf("What foyer knew of this message was erased on %s.", date));
        if (at_of(message) >= s->last_at) {
            json_decref(s->why);
            s->why = json_sprintf("what foyer did was erased on %s", date);
        }
        return;
    }
    if (at_of(message) < s->of->known_since) {
        if (at_of(message) >= s->last_at && !s->why)
            s->why = json_string("what foyer did then is not known any more");
        return;
    }
    add(s, at_of(message), "unheard",
        xstrdup("foyer was not told of this message, so no rule has seen it."));
    if (at_of(message) >= s->last_at) {
        json_decref(s->why);
        s->why = json_string("foyer was not told of it");
    }
}

/* Counts the customer's messages first: what is said of the last one needs to know it. */
static void measure(struct story *s, const json_t *messages)
{
    size_t i;
    json_t *message;
    json_array_foreach(messages, i, message)
    {
        double at = at_of(message);
        if (!json_is_true(json_object_get(message, "inbound")))
            continue;
        s->nwrote++;
        if (s->first_at <= 0 || at < s->first_at)
            s->first_at = at;
        if (at > s->last_at)
            s->last_at = at;
    }
}

static void tell_messages(struct story *s, const json_t *messages, const json_t *told)
{
    json_t *sorted = json_array(), *message;
    size_t i;
    json_array_foreach(messages, i, message)
    {
        insert_by_time(sorted, message);
    }
    json_array_foreach(sorted, i, message)
    {
        if (json_is_true(json_object_get(message, "draft")))
            continue;
        if (json_is_true(json_object_get(message, "inbound")))
            tell_inbound(s, message,
                         heard_find(told, json_text(message, "id")) != NULL ||
                             heard_maybe(told, at_of(message)));
        else
            tell_outbound(s, message);
    }
    json_decref(sorted);
}

/* ---- the summary ---- */

static void say(json_t *summary, char *text)
{
    json_array_append_new(summary, json_string(text));
    free(text);
}

static void say_people(const struct story *s, json_t *summary, int nours)
{
    char *names = json_join(s->people, 0);
    if (*names && nours)
        say(summary, xasprintf("A person answered too: %s.", names));
    else if (!*names && nours)
        say(summary, xstrdup(s->is_live ? "No person answered."
                                        : "Of an answer by a person nothing is known "
                                          "here."));
    free(names);
}

static json_t *summarize(const struct story *s)
{
    json_t *summary = json_array(), *answer;
    const json_t *first = NULL, *last = NULL;
    char span[80];
    int nours = 0;
    size_t i;
    json_array_foreach(s->answers, i, answer)
    {
        if (json_object_get(answer, "absent"))
            continue;
        nours += json_is_true(json_object_get(answer, "is_ours"));
        if (!first && at_of(answer) >= s->first_at)
            first = answer;
        last = answer;
    }
    if (s->nwrote == 0) {
        say(summary, xstrdup("No message of a customer is known here."));
    } else {
        const char *who = s->customer ? s->customer : "The customer";
        say(summary, s->nwrote == 1 ? xasprintf("%s wrote once.", who)
                                    : xasprintf("%s wrote %d messages.", who, s->nwrote));
    }
    if (first && s->nwrote) {
        format_later(at_of(first) - s->first_at, span);
        say(summary, xasprintf("The first answer came %s, %s.", span,
                               json_text_or(first, "by", "")));
    }
    say_people(s, summary, nours);
    if (s->nwrote && (!last || at_of(last) < s->last_at))
        say(summary,
            xasprintf("%s has no answer: %s.",
                      s->nwrote == 1 ? "The message" : "The last message",
                      s->why ? json_string_value(s->why) : "it is not known why"));
    return summary;
}

/* ---- the whole ---- */

static void set_head(const struct story *s, json_t *tree)
{
    char *url = NULL;
    report_set_text(tree, "conversation", s->of->conversation);
    if (s->of->conversation)
        report_is_conversation(s->of->report, s->of->conversation, &url);
    report_set_text(tree, "link", url);
    report_set_text(tree, "subject", s->subject);
    report_set_text(tree, "customer", s->customer);
    free(url);
}

json_t *story_tell(const struct story_of *of, const json_t *told, const json_t *live)
{
    struct story s = {
        .of = of,
        .connector = workspace_connector(report_workspace(of->report), of->app, NULL),
        .items = json_array(),
        .answers = json_array(),
        .ours = json_array(),
        .runs = json_object(),
        .people = json_array(),
        .is_live = live != NULL};
    json_t *once = heard_once(told);
    const json_t *messages = live ? live : once;
    size_t i;
    json_t *item;
    measure(&s, messages);
    json_array_foreach(of->deliveries, i, item)
    {
        tell_delivery(&s, item, heard_at(told, i));
    }
    json_array_foreach(of->runs, i, item)
    {
        tell_run(&s, item);
    }
    tell_messages(&s, messages, told);
    if (live)
        tell_absent(&s, live);
    json_t *summary = summarize(&s);
    json_t *tree = json_pack("{s:s, s:o, s:O}", "read", live ? "now" : "store", "summary",
                             summary, "items", s.items);
    set_head(&s, tree);
    json_decref(once);
    json_decref(s.items);
    json_decref(s.answers);
    json_decref(s.ours);
    json_decref(s.runs);
    json_decref(s.people);
    json_decref(s.why);
    return tree;
}
