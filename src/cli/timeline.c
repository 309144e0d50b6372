#include "cli/timeline.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/table.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/when.h"
#include "core/settings.h"
#include "core/jsontree.h"
#include "core/words.h"

enum { DAY = 86400, AFTER_WIDTH = 12 };

int64_t timeline_ms(const json_t *tree, const char *key)
{
    return (int64_t)llround(json_number_value(json_object_get(tree, key)) * 1000);
}

struct timeline timeline_for(struct workspace *w, const char *client)
{
    const json_t *own = client && workspace_has_client(w, client)
                            ? workspace_client(w, client, NULL)
                            : NULL;
    struct timeline t = {
        .zone_name = settings_timezone(workspace_settings_for(w, client, NULL), own)};
    t.zone = zone_find(t.zone_name, NULL);
    if (!t.zone)
        t.zone_name = "UTC";
    return t;
}

/* ---- times ---- */

static int64_t local_seconds(const struct timeline *t, int64_t ms)
{
    struct zone_span span = {0};
    int64_t s = ms / 1000;
    if (t->zone)
        zone_span(t->zone, s, &span);
    return s + span.east;
}

static void format_day(int64_t day, char out[16])
{
    int64_t year;
    int month, dom;
    zone_date(day, &year, &month, &dom);
    snprintf(out, 16, "%04d-%02d-%02d", (int)(year % 10000), month, dom);
}

static void format_clock(int64_t second_of_day, char out[16])
{
    int s = (int)(second_of_day % DAY);
    snprintf(out, 16, "%02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
}

void timeline_format(const struct timeline *t, int64_t ms, char out[40])
{
    int64_t s = local_seconds(t, ms), east = s - ms / 1000, minutes = llabs(east) / 60;
    char date[16], clock[16];
    format_day(s / DAY, date);
    format_clock(s % DAY, clock);
    if (east == 0)
        snprintf(out, 40, "%s %s UTC", date, clock);
    else
        snprintf(out, 40, "%s %s %c%02d:%02d", date, clock, east < 0 ? '-' : '+',
                 (int)(minutes / 60 % 100), (int)(minutes % 60));
}

/* Formats "+35 ms", "+1.2 s", "+2 h 5 min"; "" when MS is not positive. */
static void format_after(int64_t ms, char out[80])
{
    char span[64];
    out[0] = '\0';
    if (ms <= 0)
        return;
    if (ms < 1000) {
        snprintf(out, 80, "+%d ms", (int)ms);
    } else if (ms < 60 * 1000) {
        snprintf(out, 80, "+%.1f s", (double)ms / 1000);
    } else {
        when_format_duration((double)(ms / 1000), span);
        snprintf(out, 80, "+%s", span);
    }
}

/* Prints one line. MS 0: without a time. */
__attribute__((format(printf, 4, 5))) static void line(struct timeline *t, int64_t ms,
                                                       int indent, const char *fmt, ...)
{
    char date[16] = "", clock[16] = "", millis[8] = "", after[80] = "";
    if (ms > 0) {
        int64_t s = local_seconds(t, ms), day = s / DAY;
        if (day != t->last_day)
            format_day(day, date);
        format_clock(s % DAY, clock);
        snprintf(millis, sizeof millis, ".%03d", (int)(ms % 1000));
        format_after(t->last_ms ? ms - t->last_ms : 0, after);
        t->last_day = day;
        t->last_ms = ms;
    }
    va_list ap;
    va_start(ap, fmt);
    char *text = xvasprintf(fmt, ap);
    va_end(ap);
    printf("%-10s %8s%4s %-*s %*s", date, clock, millis, AFTER_WIDTH, after, 2 * indent,
           "");
    table_printf(stdout, "%s\n", text);
    free(text);
}

/* ---- runs ---- */

/* The words for the kinds of a run's history; other kinds are printed as they are. */
static const struct {
    const char *what, *shown;
} words[] = {
    {"attempt", "attempt %s"},    {"code", "its code: %s"},
    {"intent", "sends %s"},       {"outcome", "answered: %s"},
    {"store", "ctx.store: %s"},   {"retry", "tries again %s"},
    {"look", "look %s"},          {"done", "done %s"},
    {"sleeping", "sleeps %s"},    {"waiting", "waits %s"},
    {"released", "put back: %s"}, {"retried", "retried %s"},
    {"resolved", "resolved %s"},  {"resend", "to be sent again: %s"},
    {"unsent", "not sent: %s"},   {"parked", WORD_NEEDS_YOU ": %s"},
    {"dead", WORD_FAILED ": %s"}, {"held", WORD_NEEDS_RECONNECT ": %s"},
    {"confirming", "unsure: %s"}, {"dry", "dry: %s"},
};

static void history_line(struct timeline *t, const json_t *event, int indent)
{
    const char *what = json_text_or(event, "what", ""),
               *text = json_text_or(event, "text", "");
    text += strspn(text, " ");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *hole = strstr(words[i].shown, "%s");
        if (strcmp(what, words[i].what) != 0)
            continue;
        line(t, timeline_ms(event, "at"), indent, "%.*s%s", (int)(hole - words[i].shown),
             words[i].shown, text);
        return;
    }
    line(t, timeline_ms(event, "at"), indent, "%s%s%s", what, *text ? ": " : "", text);
}

void timeline_history(struct timeline *t, const json_t *run, int indent)
{
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(run, "history"), i, event)
    {
        history_line(t, event, indent);
    }
}

/* Formats "1.2 MB". */
static void format_size(int64_t bytes, char out[32])
{
    if (bytes < 1000)
        snprintf(out, 32, "%d bytes", (int)bytes);
    else if (bytes < 1000 * 1000)
        snprintf(out, 32, "%.1f KB", (double)bytes / 1e3);
    else
        snprintf(out, 32, "%.1f MB", (double)bytes / 1e6);
}

static void print_body(const json_t *body)
{
    char *text = json_is_string(body)
                     ? xstrdup(json_string_value(body))
                     : json_dumps(body, JSON_INDENT(2) | JSON_ENCODE_ANY);
    if (text)
        table_print_lines(stdout, text);
    free(text);
}

static void print_part(struct timeline *t, const json_t *row, const char *key,
                       const char *word, int indent)
{
    const json_t *value = json_object_get(row, key);
    int64_t left_out = json_int(json_object_get(row, "left_out"), key);
    char size[32];
    if (left_out) {
        format_size(left_out, size);
        line(t, 0, indent, "%s left out: %s", word, size);
    } else if (value && t->bodies) {
        line(t, 0, indent, "%s:", word);
        print_body(value);
    }
}

/* Prints what a write was made of, and the hash of a body that is not there any more. */
static void print_made_of(struct timeline *t, const json_t *row, int indent)
{
    const char *hash = json_text(row, "body_hash");
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(row, "templates"), i, name)
    {
        line(t, 0, indent, "made of the template %s", json_string_value(name));
    }
    if (hash)
        line(t, 0, indent, "its body is not kept; its SHA-256: %s", hash);
}

static void exchange_line(struct timeline *t, const json_t *row, int indent)
{
    const char *method = json_text_or(row, "method", ""),
               *path = json_text_or(row, "path", "");
    int64_t ms = json_int(row, "ms"), status = json_int(row, "status");
    char in[40] = "", got[40];
    if (ms)
        snprintf(in, sizeof in, ", %lld ms", (long long)ms);
    snprintf(got, sizeof got, "%lld", (long long)status);
    if (json_object_get(row, "dry")) {
        line(t, timeline_ms(row, "at"), indent, "%s %s: not sent, as the run is dry",
             method, path);
        print_made_of(t, row, indent + 1);
        print_part(t, row, "body", "would send", indent + 1);
        return;
    }
    line(t, timeline_ms(row, "at"), indent, "%s %s: %s%s", method, path,
         status                            ? got
         : json_object_get(row, "unknown") ? "its answer was lost"
                                           : json_text_or(row, "error", ""),
         in);
    print_made_of(t, row, indent + 1);
    print_part(t, row, "body", "sent", indent + 1);
    print_part(t, row, "answer", "got", indent + 1);
}

char *timeline_template(const json_t *row)
{
    static const struct {
        const char *layer, *whose;
    } owners[] = {{"client", "the client's own"},
                  {"workspace", "the agency's"},
                  {"built-in", "foyer's"}};
    const char *layer = json_text_or(row, "layer", ""), *whose = layer;
    char release[40] = "";
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
        if (str_eq(layer, owners[i].layer))
            whose = owners[i].whose;
    if (json_object_get(row, "release"))
        snprintf(release, sizeof release, ", release %lld",
                 (long long)json_int(row, "release"));
    return xasprintf("It was written from the template \"%s\" (%s, version %.8s%s).",
                     json_text_or(row, "name", ""), whose, json_text_or(row, "hash", ""),
                     release);
}

void timeline_exchanges(struct timeline *t, const json_t *run, int indent)
{
    size_t i;
    json_t *row;
    const json_t *more = json_object_get(run, "exchanges_left_out");
    char size[32];
    t->last_ms = 0; /* they begin before the history ends */
    json_array_foreach(json_object_get(run, "exchanges"), i, row)
    {
        exchange_line(t, row, indent);
    }
    if (more) {
        format_size(json_int(more, "bytes"), size);
        line(t, 0, indent, "%lld more left out: %s",
             (long long)json_int(more, "requests"), size);
    }
    json_array_foreach(json_object_get(run, "templates"), i, row)
    {
        char release[40] = "";
        if (json_object_get(row, "release"))
            snprintf(release, sizeof release, ", release %lld",
                     (long long)json_int(row, "release"));
        line(t, 0, indent, "template %s (%s) %.8s%s", json_text_or(row, "file", ""),
             json_text_or(row, "layer", ""), json_text_or(row, "hash", ""), release);
    }
}

void timeline_paused(struct timeline *t, const json_t *run, int indent)
{
    size_t i;
    json_t *pause;
    char at[40];
    json_array_foreach(json_object_get(run, "paused"), i, pause)
    {
        const char *client = json_text_or(pause, "client", ""),
                   *recipe = json_text_or(pause, "recipe", "");
        const char *reason = json_text_or(pause, "reason", "");
        timeline_format(t, timeline_ms(pause, "paused_at"), at);
        line(t, 0, indent, "PAUSED: %s%s%s%s%s %s since %s%s%s", *client ? "client " : "",
             client, *client && *recipe ? ", " : "", *recipe ? "recipe " : "",
             *client || *recipe ? recipe : "everything",
             str_eq(json_text_or(pause, "by", ""), "hand") ? "is paused" : "is suspended",
             at, *reason ? ": " : "", reason);
    }
}

/* Prints the state of a run that is not over, and what a person can do. */
static void run_now(struct timeline *t, const json_t *run, int indent)
{
    int64_t due = timeline_ms(run, "due_at"), now = clock_wall_ms();
    const char *undelivered = json_text_or(run, "undelivered", "");
    char at[40];
    size_t i;
    json_t *command;
    if (*undelivered)
        line(t, 0, indent, "NOT DELIVERED: %s", undelivered);
    if (due > 0) {
        timeline_format(t, due, at);
        line(t, 0, indent, "now %s, %s %s", json_text_or(run, "word", ""),
             due > now ? "due at" : "due since", at);
    } else if (!json_object_get(run, "ended_at")) {
        line(t, 0, indent, "now %s", json_text_or(run, "word", ""));
    }
    timeline_paused(t, run, indent);
    json_array_foreach(json_object_get(run, "commands"), i, command)
    {
        line(t, 0, indent, "%s %s",
             i ? "       or" : "you may:", json_string_value(command));
    }
}

void timeline_run(struct timeline *t, const json_t *run, int indent)
{
    const char *origin = json_text_or(run, "origin", "");
    const char *how = str_eq(origin, "hand")   ? ", started by hand"
                      : str_eq(origin, "cron") ? ", by cron"
                      : str_eq(origin, "each") ? ", for a line of a file"
                                               : "";
    char release[40] = "";
    if (json_int(run, "release"))
        snprintf(release, sizeof release, ", release %lld", json_int(run, "release"));
    line(t, timeline_ms(run, "created_at"), indent, "run %lld of %s%s%s: %s%s",
         json_int(run, "id"), json_text_or(run, "recipe", ""), how, release,
         json_text_or(run, "word", ""),
         json_object_get(run, "dry") ? ", dry: nothing was sent" : "");
    timeline_history(t, run, indent + 1);
    timeline_exchanges(t, run, indent + 1);
    run_now(t, run, indent + 1);
}

/* ---- deliveries ---- */

static void delivery_line(struct timeline *t, const json_t *d)
{
    const char *state = json_text_or(d, "state", ""),
               *event = json_text_or(d, "event", "");
    const char *conversation = json_text_or(d, "conversation", ""),
               *type = json_text_or(d, "type", "");
    const char *became = str_eq(state, "done")      ? "accepted"
                         : str_eq(state, "waiting") ? "accepted, waits for a worker"
                         : str_eq(state, "stale")
                             ? "refused as stale: its signature is right, "
                               "but it is too old (answered 401)"
                         : str_eq(state, "channel") ? "answered on the spot"
                                                    : words_of(state);
    line(t, timeline_ms(d, "at"), 0, "delivery %lld: %s%s%s%s%s%s, signed as %s: %s",
         json_int(d, "id"), *type ? type : "(no type)", *event ? " " : "", event,
         *conversation ? " (" : "", conversation, *conversation ? ")" : "",
         json_text_or(d, "scheme", ""), became);
    if (json_object_get(d, "why"))
        line(t, 0, 1, "%s%s", str_eq(state, "waiting") ? "to be tried again: " : "",
             json_text_or(d, "why", ""));
}

static void fired(struct timeline *t, const json_t *trigger, int indent)
{
    size_t i;
    json_t *item;
    const json_t *runs = json_object_get(trigger, "runs");
    const json_t *not_on = json_object_get(trigger, "not_on");
    line(t, timeline_ms(trigger, "at"), indent, "%s fired (activation %lld)",
         json_text_or(trigger, "trigger", ""), json_int(trigger, "activation"));
    json_array_foreach(runs, i, item)
    {
        timeline_run(t, item, indent + 1);
    }
    json_array_foreach(not_on, i, item)
    {
        line(t, 0, indent + 1, "recipe %s listens to it, but is not switched on",
             json_string_value(item));
    }
    if (json_array_size(runs) + json_array_size(not_on) == 0)
        line(t, 0, indent + 1, "no recipe listens to it");
}

static void client_part(struct timeline *t, const json_t *part, int indent)
{
    size_t i;
    json_t *item;
    if (json_object_get(part, "error"))
        line(t, 0, indent, "its triggers failed: %s", json_text_or(part, "error", ""));
    json_array_foreach(json_object_get(part, "triggers"), i, item)
    {
        if (json_is_true(json_object_get(item, "fired")))
            fired(t, item, indent);
    }
    json_array_foreach(json_object_get(part, "triggers"), i, item)
    {
        if (!json_is_true(json_object_get(item, "fired")))
            line(t, 0, indent, "%s did not fire: %s", json_text_or(item, "trigger", ""),
                 json_text_or(item, "why", ""));
    }
    if (json_object_get(part, "others"))
        line(t, 0, indent, "%s: %s",
             json_array_size(json_object_get(part, "triggers"))
                 ? "the other triggers did not fire"
                 : "no trigger fired",
             json_text_or(part, "others", ""));
    json_array_foreach(json_object_get(part, "broken"), i, item)
    {
        line(t, 0, indent, "recipe %s cannot be loaded: %s",
             json_text_or(item, "recipe", ""), json_text_or(item, "why", ""));
    }
}

void timeline_delivery(struct timeline *t, const json_t *delivery)
{
    const json_t *clients = json_object_get(delivery, "clients");
    int several = json_array_size(clients) > 1;
    size_t i;
    json_t *part;
    delivery_line(t, delivery);
    json_array_foreach(clients, i, part)
    {
        if (several)
            line(t, 0, 1, "client %s", json_text_or(part, "client", ""));
        client_part(t, part, several ? 2 : 1);
    }
}

void timeline_progress(size_t done, size_t all)
{
    char text[80];
    snprintf(text, sizeof text, "searched %zu of %zu deliveries", done, all);
    if (done == all)
        log_progress(NULL);
    else if (done % 500 == 0)
        log_progress(text);
}
