#include "ops/timetable.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/cron.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "store/ledger.h"
#include "store/store.h"

enum { LOOK_BACK_MS = 7 * 24 * 3600 * 1000, SLOTS_MAX = 7 * 24 * 60 };

struct table {
    struct session *session;
    struct workspace *w;
    struct db *db;
    const struct choice *choice;
    int64_t now_ms;
    json_t *rows;
    struct err *e;
    int failed;
};

struct runs { /* of one recipe, that cron started lately */
    int64_t *slots;
    size_t n;
    int64_t last_slot_ms, last_run;
    enum ledger_state last_state;
};

static int add_run(void *arg, const struct ledger_run *run)
{
    struct runs *runs = arg;
    if (!str_eq(run->origin, "cron"))
        return 0;
    if (runs->n == 0) { /* the newest comes first */
        runs->last_slot_ms = run->slot_ms;
        runs->last_run = run->id;
        runs->last_state = run->state;
    }
    array_grow(runs->slots, runs->n);
    runs->slots[runs->n++] = run->slot_ms;
    return 0;
}

static int has_slot(const struct runs *runs, int64_t slot_ms)
{
    for (size_t i = 0; i < runs->n; i++)
        if (runs->slots[i] == slot_ms)
            return 1;
    return 0;
}

static json_t *seconds(int64_t ms)
{
    return json_integer((json_int_t)(ms / 1000));
}

/* Returns the slots that came since the oldest known run without one of their own. */
static json_t *find_missed(const struct table *t, const json_t *row,
                           const struct runs *runs, int64_t handled_ms)
{
    json_t *missed = json_array();
    int64_t since = t->now_ms - LOOK_BACK_MS, oldest = handled_ms;
    for (size_t i = 0; i < runs->n; i++)
        if (runs->slots[i] < oldest)
            oldest = runs->slots[i];
    if (handled_ms == 0) /* the recipe is new: it starts from now */
        return missed;
    if (oldest > since)
        since = oldest;
    int64_t slot = since;
    for (int i = 0; i < SLOTS_MAX; i++) {
        struct err e;
        if (cron_next(json_text(row, "cron"), json_text(row, "timezone"), slot, &slot,
                      &e) != 0 ||
            slot > t->now_ms)
            break;
        if (has_slot(runs, slot))
            continue;
        json_array_append_new(missed, seconds(slot));
        if (json_array_size(missed) > TIMETABLE_MISSED)
            json_array_remove(missed, 0);
    }
    return missed;
}

static json_t *find_next(const struct table *t, json_t *row)
{
    json_t *next = json_array();
    int64_t slot = t->now_ms;
    for (int i = 0; i < TIMETABLE_NEXT; i++) {
        struct err e;
        if (cron_next(json_text(row, "cron"), json_text(row, "timezone"), slot, &slot,
                      &e) != 0) {
            json_object_set_new(row, "error", json_string(e.text));
            break;
        }
        json_array_append_new(next, seconds(slot));
    }
    return next;
}

static int add_row(struct table *t, const char *client, const char *zone,
                   const json_t *item)
{
    struct runs runs = {0};
    const char *recipe = json_text_or(item, "name", "");
    const struct ledger_filter filter = {.client = client,
                                         .recipe = recipe,
                                         .since_ms = t->now_ms - LOOK_BACK_MS,
                                         .activation = -1,
                                         .limit = SLOTS_MAX};
    int64_t handled_ms;
    if (ledger_slot(t->db, client, recipe, &handled_ms, t->e) != 0 ||
        ledger_each(t->db, &filter, add_run, &runs, t->e) != 0) {
        free(runs.slots);
        return -1;
    }
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s}", "client", client, "recipe",
                            recipe, "cron", json_text_or(item, "cron", ""), "catch_up",
                            json_text_or(item, "catch_up", ""), "timezone", zone);
    json_object_set_new(row, "next", find_next(t, row));
    if (runs.n)
        json_object_set_new(row, "last",
                            json_pack("{s:o, s:I, s:s}", "at", seconds(runs.last_slot_ms),
                                      "run", (json_int_t)runs.last_run, "state",
                                      ledger_state_name(runs.last_state)));
    json_object_set_new(row, "missed", find_missed(t, row, &runs, handled_ms));
    json_array_append_new(t->rows, row);
    free(runs.slots);
    return 0;
}

static void add_broken(struct table *t, const char *client, const json_t *item)
{
    json_array_append_new(t->rows,
                          json_pack("{s:s, s:s, s:s, s:[], s:[]}", "client", client,
                                    "recipe", json_text_or(item, "recipe", ""), "error",
                                    json_text_or(item, "why", ""), "next", "missed"));
}

static int add_recipes(struct table *t, const char *client, const char *zone,
                       const json_t *result)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(result, "recipes"), i, item)
    {
        if (add_row(t, client, zone, item) != 0)
            return -1;
    }
    json_array_foreach(json_object_get(result, "broken"), i, item)
    {
        add_broken(t, client, item);
    }
    return 0;
}

static void add_client(void *arg, const char *client)
{
    struct table *t = arg;
    struct err why;
    if (t->failed || !choice_has(t->choice, client))
        return;
    const json_t *workspace = workspace_settings_for(t->w, client, &why);
    const json_t *settings = workspace ? workspace_client(t->w, client, &why) : NULL;
    if (!settings) {
        json_array_append_new(t->rows,
                              json_pack("{s:s, s:s, s:[], s:[]}", "client", client,
                                        "error", why.text, "next", "missed"));
        return;
    }
    if (!settings_has_recipes(workspace, settings))
        return;
    json_t *args = json_object();
    struct session_call call = {
        .client = client, .label = "schedule", .entry = "schedule", .args = args};
    json_t *result = session_run(t->session, &call, t->e);
    t->failed = !result || add_recipes(t, client, settings_timezone(workspace, settings),
                                       result) != 0;
    json_decref(result);
    json_decref(args);
}

static int by_name(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int order = strcmp(json_text_or(x, "client", ""), json_text_or(y, "client", ""));
    return order ? order
                 : strcmp(json_text_or(x, "recipe", ""), json_text_or(y, "recipe", ""));
}

static json_t *sorted(json_t *rows)
{
    size_t i, n = json_array_size(rows);
    json_t **list = xcalloc(n + 1, sizeof *list), *row, *out = json_array();
    json_array_foreach(rows, i, row)
    {
        list[i] = row;
    }
    qsort(list, n, sizeof *list, by_name);
    for (i = 0; i < n; i++)
        json_array_append(out, list[i]);
    free(list);
    json_decref(rows);
    return out;
}

json_t *timetable(struct session *s, struct db *db, const struct choice *choice,
                  struct err *e)
{
    struct table t = {.session = s,
                      .w = session_workspace(s),
                      .db = db,
                      .choice = choice,
                      .now_ms = clock_wall_ms(),
                      .rows = json_array(),
                      .e = e};
    workspace_each_client(t.w, add_client, &t);
    if (!t.failed)
        return sorted(t.rows);
    json_decref(t.rows);
    return NULL;
}
