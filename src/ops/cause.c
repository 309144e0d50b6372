#include "ops/cause.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/reply.h"
#include "core/settings.h"

static const char *const cause_names[CAUSES] = {[CAUSE_NEEDS_YOU] = "needs_you",
                                                [CAUSE_RECONNECT] = "reconnect",
                                                [CAUSE_FAILED] = "failed",
                                                [CAUSE_PAUSED] = "paused",
                                                [CAUSE_REFUSED] = "refused",
                                                [CAUSE_NEVER_CAME] = "never_came",
                                                [CAUSE_UNROUTED] = "unrouted",
                                                [CAUSE_WAITING] = "waiting",
                                                [CAUSE_UNDELIVERED] = "undelivered",
                                                [CAUSE_CANCELLED] = "cancelled",
                                                [CAUSE_SKIPPED] = "skipped",
                                                [CAUSE_NO_REPLY] = "no_reply",
                                                [CAUSE_OFF_THEN] = "off",
                                                [CAUSE_OFF] = "off",
                                                [CAUSE_NO_RULE] = "no_rule",
                                                [CAUSE_GONE] = "gone"};

const char *cause_name(enum cause_why why)
{
    return cause_names[why];
}

void cause_set(struct cause *c, enum cause_why why, json_t *more, char *sentence)
{
    if (why < c->why) {
        json_decref(c->more);
        *c = (struct cause){why, more};
        report_set_text(more, "sentence", sentence);
    } else {
        json_decref(more);
    }
    free(sentence);
}

void cause_take(struct cause *c, struct cause *other)
{
    if (other->why < c->why) {
        json_decref(c->more);
        *c = *other;
    } else {
        json_decref(other->more);
    }
}

/* ---- a run ---- */

static json_t *about_run(const json_t *run)
{
    return json_pack("{s:O, s:O}", "run", json_object_get(run, "id"), "recipe",
                     json_object_get(run, "recipe"));
}

/* Returns the answer to the customer that the run sent last, and that was accepted. */
static const json_t *accepted_reply(const struct cause_of *a, const json_t *run)
{
    struct workspace *w = report_workspace(a->report);
    const json_t *found = NULL;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(run, "exchanges"), i, row)
    {
        json_int_t status = json_int(row, "status");
        char *to =
            reply_to(workspace_connector(w, json_text_or(row, "app", ""), NULL),
                     json_text_or(row, "method", ""), json_text_or(row, "path", ""));
        if (to && status >= 200 && status < 300)
            found = row;
        free(to);
    }
    return found;
}

/* The run is done, and yet the API lists no answer. */
static void judge_done(const struct cause_of *a, const json_t *run, struct cause *c)
{
    long long id = json_int(run, "id");
    const char *recipe = json_text_or(run, "recipe", "");
    const char *undelivered = json_text(run, "undelivered");
    const json_t *reply = accepted_reply(a, run);
    double at = json_number_value(json_object_get(reply, "at"));
    int is_young = (double)clock_wall_ms() / 1000 - at < 10 * 60;
    if (undelivered)
        cause_set(
            c, CAUSE_NEEDS_YOU, about_run(run),
            xasprintf("run %lld of %s answered, but the customer did not get it: %s", id,
                      recipe, undelivered));
    else if (json_is_true(json_object_get(reply, "dry")))
        cause_set(c, CAUSE_NO_REPLY, about_run(run),
                  xasprintf("run %lld of %s was a dry one: its answer was not sent", id,
                            recipe));
    else if (reply)
        cause_set(c, is_young ? CAUSE_WAITING : CAUSE_NEEDS_YOU, about_run(run),
                  xasprintf("the answer of run %lld of %s was accepted, but %s does not "
                            "list it%s",
                            id, recipe, a->app, is_young ? " yet" : ""));
    else
        cause_set(c, CAUSE_NO_REPLY, about_run(run),
                  xasprintf("run %lld of %s ended without an answer", id, recipe));
}

static void judge_pause(const json_t *run, struct cause *c)
{
    const json_t *pause = json_array_get(json_object_get(run, "paused"), 0);
    const char *reason = json_text_or(pause, "reason", "");
    json_t *more = about_run(run);
    json_object_set(more, "command", json_array_get(json_object_get(run, "commands"), 0));
    cause_set(
        c, CAUSE_PAUSED, more,
        xasprintf("run %lld of %s waits: it is %s%s%s", json_int(run, "id"),
                  json_text_or(run, "recipe", ""),
                  str_eq(json_text_or(pause, "by", ""), "hand") ? "paused" : "suspended",
                  *reason ? ": " : "", reason));
}

static void judge_run(const struct cause_of *a, const json_t *run, struct cause *c)
{
    static const struct {
        const char *state;
        enum cause_why why;
        const char *says;
    } states[] = {
        {"parked", CAUSE_NEEDS_YOU, "needs you"},
        {"held", CAUSE_RECONNECT, "waits until the client is connected again"},
        {"dead", CAUSE_FAILED, "failed"},
        {"skipped", CAUSE_SKIPPED, "skipped it"},
        {"cancelled", CAUSE_CANCELLED, "was cancelled"},
    };
    const char *state = json_text_or(run, "state", ""),
               *recipe = json_text_or(run, "recipe", "");
    const char *reason = json_text_or(run, "reason", "");
    long long id = json_int(run, "id");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (!str_eq(state, states[i].state))
            continue;
        json_t *more = about_run(run);
        if (states[i].why < CAUSE_PAUSED) {
            char *command = states[i].why == CAUSE_RECONNECT
                                ? xasprintf("foyer connect %s", a->client)
                                : xasprintf("foyer runs show %lld", id);
            report_set_text(more, "command", command);
            free(command);
        }
        cause_set(c, states[i].why, more,
                  xasprintf("run %lld of %s %s%s%s", id, recipe, states[i].says,
                            *reason ? ": " : "", reason));
        return;
    }
    if (str_eq(state, "done"))
        judge_done(a, run, c);
    else if (json_object_get(run, "paused"))
        judge_pause(run, c);
    else
        cause_set(c, CAUSE_WAITING, about_run(run),
                  xasprintf("run %lld of %s %s%s%s", id, recipe,
                            str_eq(state, "running") ? "is running"
                                                     : "waits, and goes on by itself",
                            *reason ? ": " : "", reason));
}

/* ---- a delivery ---- */

static json_t *about_delivery(const json_t *delivery, const char *starts)
{
    json_t *more = json_pack("{s:O, s:s*}", "delivery", json_object_get(delivery, "id"),
                             "starts", starts);
    return more;
}

static int is_on(const struct cause_of *a, const char *recipe)
{
    struct workspace *w = report_workspace(a->report);
    return settings_is_on(workspace_settings(w, NULL),
                          workspace_client(w, a->client, NULL), recipe);
}

/* Adds RECIPE to what C says of recipes that are off. */
static void add_off(struct cause *c, const char *recipe)
{
    json_t *names = json_object_get(c->more, "recipes"), *name;
    struct buf list;
    size_t i;
    buf_init(&list, 4096);
    json_array_foreach(names, i, name)
    {
        if (str_eq(json_string_value(name), recipe)) {
            buf_free(&list);
            return;
        }
        buf_addf(&list, "%s, ", json_string_value(name));
    }
    json_array_append_new(names, json_string(recipe));
    buf_adds(&list, recipe);
    char *sentence =
        xasprintf("the recipes for it are not switched on: %s", buf_str(&list));
    report_set_text(c->more, "sentence", sentence);
    free(sentence);
    buf_free(&list);
}

/* RECIPE listens, and was not switched on when the event came. */
static void judge_off(const struct cause_of *a, const json_t *delivery,
                      const char *recipe, struct cause *c)
{
    int on_now = is_on(a, recipe);
    if (!on_now && c->why == CAUSE_OFF) {
        add_off(c, recipe);
        return;
    }
    json_t *more = about_delivery(delivery, on_now ? "replay" : NULL);
    json_object_set_new(more, "recipes", json_pack("[s]", recipe));
    cause_set(c, on_now ? CAUSE_OFF_THEN : CAUSE_OFF, more,
              xasprintf(on_now ? "the recipe %s was not switched on then; it is now"
                               : "the recipe %s is not switched on",
                        recipe));
}

static void judge_fired(const struct cause_of *a, const json_t *delivery,
                        const json_t *trigger, struct cause *c)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(trigger, "runs"), i, item)
    {
        judge_run(a, item, c);
    }
    json_array_foreach(json_object_get(trigger, "not_on"), i, item)
    {
        judge_off(a, delivery, json_string_value(item), c);
    }
}

/* The words of lua/std/deliver.lua. */
static void judge_quiet(const struct cause_of *a, const json_t *delivery,
                        const json_t *trigger, struct cause *c)
{
    static const char off[] = "not switched on: ", unheard[] = "no recipe";
    const char *why = json_text_or(trigger, "why", "");
    const char *names = strstr(why, off);
    if (names) {
        char *list = xstrdup(names + sizeof off - 1), *rest = list, *name;
        while ((name = strsep(&rest, ",")))
            judge_off(a, delivery, name + strspn(name, " "), c);
        free(list);
    } else if (!str_starts(why, unheard)) {
        cause_set(c, CAUSE_NO_RULE, about_delivery(delivery, NULL),
                  xasprintf("no recipe is for it: %s did not fire: %s",
                            json_text_or(trigger, "trigger", "?"), why));
    }
}

static void judge_part(const struct cause_of *a, const json_t *delivery,
                       const json_t *part, struct cause *c)
{
    size_t i;
    json_t *item;
    if (json_text(part, "error"))
        cause_set(c, CAUSE_FAILED, about_delivery(delivery, "replay"),
                  xasprintf("its triggers failed: %s", json_text_or(part, "error", "")));
    json_array_foreach(json_object_get(part, "triggers"), i, item)
    {
        if (json_is_true(json_object_get(item, "fired")))
            judge_fired(a, delivery, item, c);
        else
            judge_quiet(a, delivery, item, c);
    }
    json_array_foreach(json_object_get(part, "broken"), i, item)
    {
        cause_set(c, CAUSE_FAILED, about_delivery(delivery, "replay"),
                  xasprintf("the recipe %s cannot be loaded: %s",
                            json_text_or(item, "recipe", ""),
                            json_text_or(item, "why", "")));
    }
    cause_set(c, CAUSE_NO_RULE, about_delivery(delivery, NULL),
              xstrdup("no recipe that is switched on is for such a message"));
}

void cause_of_delivery(const struct cause_of *a, const json_t *delivery, struct cause *c)
{
    const char *state = json_text_or(delivery, "state", ""),
               *why = json_text_or(delivery, "why", "");
    size_t i;
    json_t *part;
    if (str_eq(state, "waiting")) {
        cause_set(c, CAUSE_WAITING, about_delivery(delivery, NULL),
                  xasprintf("its webhook is here, and waits for a worker%s%s",
                            *why ? ": " : "", why));
        return;
    }
    if (str_eq(state, "unrouted")) {
        cause_set(c, CAUSE_UNROUTED, about_delivery(delivery, "replay"),
                  xstrdup("its webhook came while no client was connected to the "
                          "company"));
        return;
    }
    if (str_eq(state, "dead")) {
        cause_set(c, CAUSE_FAILED, about_delivery(delivery, "replay"),
                  xasprintf("its triggers failed: %s", why));
        return;
    }
    json_array_foreach(json_object_get(delivery, "clients"), i, part)
    {
        if (str_eq(json_text(part, "client"), a->client))
            judge_part(a, delivery, part, c);
    }
    cause_set(c, CAUSE_NO_RULE, about_delivery(delivery, NULL),
              xstrdup("no trigger was asked about it for this client"));
}
