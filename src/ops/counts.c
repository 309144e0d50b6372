#include "ops/counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "ops/report.h"
#include "store/rollup.h"

static const int64_t hour_ms = 60 * 60 * 1000;

/* ---- a row ---- */

/* Returns the bound, in seconds, that a part of PERCENT of the COUNT times does not
 * exceed, or null. */
static json_t *percentile(const int64_t *within, int64_t count, int percent)
{
    int64_t rank = (count * percent + 99) / 100, seen = 0;
    for (int i = 0; count && i < ROLLUP_BOUNDS; i++) {
        seen += within[i];
        if (seen >= rank)
            return json_real((double)rollup_bounds_ms[i] / 1000);
    }
    return json_null();
}

static json_t *first_reply(const int64_t n[ROLLUP_COUNTS])
{
    json_t *list = json_array();
    int64_t count = 0;
    for (int i = 0; i <= ROLLUP_BOUNDS; i++) {
        int64_t runs = n[ROLLUP_WITHIN + i];
        json_t *item = json_pack("{s:I}", "runs", (json_int_t)runs);
        if (i < ROLLUP_BOUNDS)
            json_object_set_new(item, "seconds",
                                json_real((double)rollup_bounds_ms[i] / 1000));
        json_array_append_new(list, item);
        count += runs;
    }
    json_t *mean =
        count ? json_real((double)n[ROLLUP_FIRST_MS] / 1000 / (double)count) : NULL;
    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "runs", (json_int_t)count, "mean",
                     mean ? mean : json_null(), "median",
                     percentile(n + ROLLUP_WITHIN, count, 50), "p99",
                     percentile(n + ROLLUP_WITHIN, count, 99), "within", list);
}

/* CLIENT NULL: of no single client. */
static json_t *make_row(const char *client, const int64_t n[ROLLUP_COUNTS])
{
    static const struct {
        const char *name;
        enum rollup_count count;
    } plain[] = {{"events", ROLLUP_EVENTS},
                 {"fired", ROLLUP_FIRED},
                 {"replies", ROLLUP_REPLIES},
                 {"waits", ROLLUP_WAITS},
                 {"parked", ROLLUP_PARKED}},
      ends[] = {{"done", ROLLUP_DONE},
                {"skipped", ROLLUP_SKIPPED},
                {"dead", ROLLUP_DEAD},
                {"cancelled", ROLLUP_CANCELLED}};
    json_t *row = json_object(), *runs = json_object();
    if (client && *client)
        report_set_text(row, "client", client);
    else if (client)
        json_object_set_new(row, "client", json_null());
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        json_object_set_new(row, plain[i].name, json_integer(n[plain[i].count]));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        json_object_set_new(runs, ends[i].name, json_integer(n[ends[i].count]));
    json_object_set_new(row, "runs", runs);
    json_object_set_new(row, "first_reply", first_reply(n));
    return row;
}

static json_t *make_tree(int64_t since_ms, const char *name, json_t *list)
{
    json_t *tree = json_object();
    report_set_time(tree, "since_at", since_ms / hour_ms * hour_ms);
    json_object_set_new(tree, name, list);
    return tree;
}

/* ---- by client ---- */

struct sum {
    char *client; /* owned */
    int64_t n[ROLLUP_COUNTS];
};

struct sums {
    const struct choice *clients;
    struct sum *items;
    size_t n;
    int64_t all[ROLLUP_COUNTS];
};

static int add_to_sums(void *arg, const struct rollup *r)
{
    struct sums *sums = arg;
    size_t i = 0;
    if (!choice_has(sums->clients, r->client))
        return 0;
    while (i < sums->n && !str_eq(sums->items[i].client, r->client))
        i++;
    if (i == sums->n) {
        array_grow(sums->items, sums->n);
        sums->items[sums->n++] = (struct sum){.client = xstrdup(r->client)};
    }
    for (int c = 0; c < ROLLUP_COUNTS; c++) {
        sums->items[i].n[c] += r->n[c];
        sums->all[c] += r->n[c];
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sum *)a)->client, ((const struct sum *)b)->client);
}

json_t *counts_by_client(struct db *db, const struct choice *clients, int64_t since_ms,
                         struct err *e)
{
    struct sums sums = {.clients = clients};
    json_t *tree = NULL;
    if (rollup_each(db, choice_only(clients), since_ms, add_to_sums, &sums, e) == 0) {
        json_t *list = json_array();
        if (sums.n)
            qsort(sums.items, sums.n, sizeof *sums.items, compare);
        for (size_t i = 0; i < sums.n; i++)
            json_array_append_new(list, make_row(sums.items[i].client, sums.items[i].n));
        tree = make_tree(since_ms, "clients", list);
        json_object_set_new(tree, "all", make_row(NULL, sums.all));
    }
    for (size_t i = 0; i < sums.n; i++)
        free(sums.items[i].client);
    free(sums.items);
    return tree;
}

/* ---- by hour ---- */

struct by_hour {
    const struct choice *clients;
    json_t *list;
};

static int add_hour(void *arg, const struct rollup *r)
{
    struct by_hour *hours = arg;
    if (!choice_has(hours->clients, r->client))
        return 0;
    json_t *row = make_row(r->client, r->n);
    report_set_time(row, "hour_at", r->hour * hour_ms);
    json_array_append_new(hours->list, row);
    return 0;
}

json_t *counts_by_hour(struct db *db, const struct choice *clients, int64_t since_ms,
                       struct err *e)
{
    struct by_hour hours = {clients, json_array()};
    if (rollup_each(db, choice_only(clients), since_ms, add_hour, &hours, e) == 0)
        return make_tree(since_ms, "hours", hours.list);
    json_decref(hours.list);
    return NULL;
}
