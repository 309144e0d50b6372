#include "serve/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/loopguard.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/budget.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "store/release.h"
#include "store/rollup.h"
#include "base/stats.h"

enum { GAUGES_MAX = 4 * 1024 * 1024, FRESH_US = 5 * 1000 * 1000 };

struct metrics {
    struct buf gauges;
    int64_t read_us; /* 0: never */
};

struct metrics *metrics_new(void)
{
    struct metrics *m = xcalloc(1, sizeof *m);
    buf_init(&m->gauges, GAUGES_MAX);
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    buf_free(&m->gauges);
    free(m);
}

static void gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
    stats_head(out, name, help, "gauge");
    buf_addf(out, "%s %" PRId64 "\n", name, value);
}

static int add_deliveries(struct buf *out, struct db *db, int64_t now_ms, struct err *e)
{
    int64_t counts[DELIVERY_STATES], oldest_ms = 0;
    if (inbox_count(db, counts, e) != 0 || inbox_oldest(db, &oldest_ms, e) != 0)
        return -1;
    gauge(out, "foyer_deliveries_waiting",
          "Deliveries that no worker has dealt with yet.", counts[DELIVERY_WAITING]);
    int64_t age_ms = oldest_ms && oldest_ms < now_ms ? now_ms - oldest_ms : 0;
    stats_head(out, "foyer_queue_age_seconds", "Age of the oldest waiting delivery.",
               "gauge");
    return buf_addf(out, "foyer_queue_age_seconds %" PRId64 ".%03" PRId64 "\n",
                    age_ms / 1000, age_ms % 1000);
}

static int add_runs(struct buf *out, struct db *db, struct err *e)
{
    int64_t counts[LEDGER_STATES], undelivered;
    if (ledger_count_open(db, counts, e) != 0)
        return -1;
    stats_head(out, "foyer_runs",
               "Runs that are not over, by state: parked ones need a person, held ones a "
               "connection that is connected again.",
               "gauge");
    for (int i = 0; i < LEDGER_STATES; i++)
        if (!ledger_is_over((enum ledger_state)i))
            buf_addf(out, "foyer_runs{state=\"%s\"} %" PRId64 "\n",
                     ledger_state_name((enum ledger_state)i), counts[i]);
    if (ledger_count_undelivered(db, &undelivered, e) != 0)
        return -1;
    gauge(out, "foyer_runs_undelivered",
          "Runs whose customer did not get the message: they need a person.",
          undelivered);
    return 0;
}

static void note_refused(void *arg, int64_t at_ms, const char *by, const char *text)
{
    (void)by, (void)text;
    *(int64_t *)arg = at_ms;
}

static int add_release(struct buf *out, struct db *db, struct err *e)
{
    int64_t live = 0, refused_ms = 0;
    if (release_live(db, "", &live, e) != 0 ||
        release_refused_get(db, note_refused, &refused_ms, e) != 0)
        return -1;
    gauge(out, "foyer_release", "The server's live release; 0: it runs the files.", live);
    gauge(out, "foyer_deploy_refused", "1: the last deploy was refused.", refused_ms > 0);
    return 0;
}

/* ---- counts ---- */

/* Adds the histogram of the time to the first reply. */
static void add_first_reply(struct buf *out, const int64_t n[ROLLUP_COUNTS])
{
    static const char name[] = "foyer_first_reply_seconds";
    int64_t count = 0;
    stats_head(out, name, "Time from the webhook to a run's first reply.", "histogram");
    for (int i = 0; i < ROLLUP_BOUNDS; i++) {
        count += n[ROLLUP_WITHIN + i];
        buf_addf(out, "%s_bucket{le=\"%g\"} %" PRId64 "\n", name,
                 (double)rollup_bounds_ms[i] / 1000, count);
    }
    count += n[ROLLUP_WITHIN + ROLLUP_BOUNDS];
    buf_addf(out,
             "%s_bucket{le=\"+Inf\"} %" PRId64 "\n%s_sum %" PRId64 ".%03" PRId64
             "\n%s_count %" PRId64 "\n",
             name, count, name, n[ROLLUP_FIRST_MS] / 1000, n[ROLLUP_FIRST_MS] % 1000,
             name, count);
}

/* Adds what workers counted, of all clients; it goes on where it was after a restart. A
 * label for each client would make as many series as an agency has clients, of what
 * `foyer stats` shows. */
static int add_counts(struct buf *out, struct db *db, struct err *e)
{
    static const struct {
        const char *name, *help;
        enum rollup_count count;
    } totals[] = {
        {"foyer_events_total", "Deliveries, once for each client.", ROLLUP_EVENTS},
        {"foyer_replies_total", "Replies that an API accepted.", ROLLUP_REPLIES},
        {"foyer_waits_total", "Waits of runs for an event.", ROLLUP_WAITS}};
    int64_t n[ROLLUP_COUNTS];
    if (rollup_total(db, n, e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        stats_head(out, totals[i].name, totals[i].help, "counter");
        buf_addf(out, "%s %" PRId64 "\n", totals[i].name, n[totals[i].count]);
    }
    add_first_reply(out, n);
    return 0;
}

/* ---- companies ---- */

struct companies {
    struct budget *budget;
    json_t *seen; /* "front/cmp_1" -> true: several clients may share a company */
    struct buf left, limit;
    int64_t connected, reconnect, now_ms;
    struct err *e;
};

/* Appends NAME="VALUE", escaped. */
static void add_label(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_addc(out, '\\');
        buf_addc(out, (unsigned char)*value < ' ' ? ' ' : *value);
    }
    buf_addc(out, '"');
}

static void add_sample(struct buf *out, const char *name, const char *app, const char *id,
                       int64_t value)
{
    buf_addf(out, "%s{", name);
    add_label(out, "app", app);
    buf_addc(out, ',');
    add_label(out, "company", id);
    buf_addf(out, "} %" PRId64 "\n", value);
}

static int add_company(void *arg, const char *client, const struct store_connection *c)
{
    (void)client;
    struct companies *all = arg;
    struct budget_state state;
    char *key = xasprintf("%s/%s", c->app, c->id);
    int is_new = !json_object_get(all->seen, key), rc = 0;
    if (is_new) {
        json_object_set_new(all->seen, key, json_true());
        *(c->reconnect ? &all->reconnect : &all->connected) += 1;
        rc = budget_state(all->budget, key, all->now_ms, &state, all->e);
    }
    if (is_new && rc == 0) {
        add_sample(&all->left, "foyer_budget_left", c->app, c->id,
                   state.blocked_until_ms ? 0 : state.left);
        add_sample(&all->limit, "foyer_budget_limit", c->app, c->id, state.limit);
    }
    free(key);
    return rc;
}

static int add_companies(struct buf *out, struct workspace *w, int64_t now_ms,
                         struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct companies all = {.now_ms = now_ms, .e = e};
    err_clear(e);
    all.budget = budget_new(workspace_live(w));
    all.seen = json_object();
    buf_init(&all.left, GAUGES_MAX / 2);
    buf_init(&all.limit, GAUGES_MAX / 2);
    int rc = store_connection_each(store, add_company, &all, e);
    if (rc == 0 && e->kind != ERR_NONE) /* the walk was stopped */
        rc = -1;
    if (rc == 0) {
        stats_head(out, "foyer_budget_left",
                   "Requests that are left to a company in this window.", "gauge");
        buf_adds(out, buf_str(&all.left));
        stats_head(out, "foyer_budget_limit", "Requests that a window has.", "gauge");
        buf_adds(out, buf_str(&all.limit));
        stats_head(
            out, "foyer_connections",
            "Connected companies, by state: reconnect ones must be connected again.",
            "gauge");
        buf_addf(out,
                 "foyer_connections{state=\"ok\"} %" PRId64
                 "\nfoyer_connections{state=\"reconnect\"} %" PRId64 "\n",
                 all.connected, all.reconnect);
    }
    buf_free(&all.left);
    buf_free(&all.limit);
    json_decref(all.seen);
    budget_free(all.budget);
    return rc;
}

static int read_gauges(struct buf *out, struct workspace *w, struct err *e)
{
    struct store *store = workspace_store(w, e);
    int64_t now_ms = clock_wall_ms();
    buf_reset(out);
    if (!store)
        return -1;
    gauge(out, "foyer_store_in_place",
          "0: the store's file was removed or replaced, and nothing is stored.",
          store_check_place(store, NULL) == 0);
    if (add_deliveries(out, store_db(store), now_ms, e) != 0 ||
        add_runs(out, store_db(store), e) != 0 ||
        add_release(out, store_db(store), e) != 0 ||
        add_counts(out, store_db(store), e) != 0)
        return -1;
    return add_companies(out, w, now_ms, e);
}

int metrics_write(struct metrics *m, struct workspace *w, int workers, struct buf *out,
                  struct err *e)
{
    int64_t now_us = clock_mono_us();
    if (!m->read_us || now_us - m->read_us >= FRESH_US) {
        m->read_us = 0;
        loopguard_lift("/metrics, every five seconds at most");
        int rc = read_gauges(&m->gauges, w, e);
        loopguard_restore();
        if (rc != 0)
            return -1;
        m->read_us = now_us;
    }
    stats_head(out, "foyer_build_info", "The version that runs.", "gauge");
    buf_addf(out, "foyer_build_info{version=\"%s\"} 1\n", FOYER_VERSION);
    gauge(out, "foyer_workers", "Worker processes that live.", workers);
    if (buf_adds(out, buf_str(&m->gauges)) == 0 && stats_write(out) == 0)
        return 0;
    return err_set(e, ERR_LIMIT, "cannot show the metrics: there are too many");
}
