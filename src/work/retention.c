#include "work/retention.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "store/rollup.h"
#include "core/settings.h"
#include "work/sweep.h"

enum { STEP_ROWS = 500, PAUSE_MS = 20 };

static const int64_t day_ms = 24 * 60 * 60 * 1000;
enum { KEYS_DAYS = 400, COUNTS_DAYS = 400 };

struct retention {
    struct loop *loop;
    struct writer *writer;
    struct loop_timer *timer;
    void (*done)(void *arg);
    void *arg;
    struct settings_keep keep;
    int64_t until_us;
    int is_running, is_stopped;
    int swept, removed_deliveries, removed_runs, removed_counts; /* by the last step */
    int64_t now_ms;                                              /* of this step */
};

/* On the writer's thread. What is removed is counted before. Runs first: an activation
 * stays as long as its runs. */
static int prune(struct db *db, void *arg, struct err *e)
{
    struct retention *r = arg;
    const struct settings_keep *keep = &r->keep;
    const struct inbox_kept since = {.deliveries_ms = r->now_ms - keep->deliveries_ms,
                                     .bodies_ms = r->now_ms - keep->bodies_ms,
                                     .rejections_ms = r->now_ms - keep->rejections_ms,
                                     .keys_ms = r->now_ms - KEYS_DAYS * day_ms};
    r->removed_runs = r->removed_deliveries = r->removed_counts = 0;
    if (rollup_sweep(db, SWEEP_ROWS, &r->swept, e) != 0)
        return -1;
    if (r->swept >= SWEEP_ROWS)
        return 0;
    if (rollup_prune(db, r->now_ms - COUNTS_DAYS * day_ms, STEP_ROWS, &r->removed_counts,
                     e) != 0 ||
        ledger_prune(db, r->now_ms - keep->runs_ms, r->now_ms - keep->exchanges_ms,
                     r->now_ms, STEP_ROWS, &r->removed_runs, e) != 0)
        return -1;
    return inbox_prune(db, &since, STEP_ROWS, &r->removed_deliveries, e);
}

static void end_round(struct retention *r)
{
    r->is_running = 0;
    if (r->done)
        r->done(r->arg);
}

static void on_pruned(void *arg, const struct err *e)
{
    struct retention *r = arg;
    int more = r->swept >= SWEEP_ROWS || r->removed_counts >= STEP_ROWS ||
               r->removed_runs >= STEP_ROWS || r->removed_deliveries >= STEP_ROWS;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "retention: %s", e->text);
    if (e->kind == ERR_NONE && more && !r->is_stopped && clock_mono_us() < r->until_us)
        loop_timer_set(r->timer, PAUSE_MS);
    else
        end_round(r);
}

/* Not durable: rows that a power cut brings back are removed again. */
static void step(void *arg)
{
    struct retention *r = arg;
    if (r->is_stopped) {
        end_round(r);
    } else if (writer_queued(r->writer) > 0 && clock_mono_us() < r->until_us) {
        loop_timer_set(r->timer, PAUSE_MS); /* others have work to do */
    } else {
        r->now_ms = clock_wall_ms();
        writer_submit(r->writer, 0, prune, on_pruned, r);
    }
}

struct retention *retention_new(const json_t *settings, struct loop *loop,
                                struct writer *writer, void (*done)(void *arg), void *arg)
{
    struct retention *r = xcalloc(1, sizeof *r);
    *r = (struct retention){.loop = loop,
                            .writer = writer,
                            .done = done,
                            .arg = arg,
                            .keep = settings_keep(settings)};
    r->timer = loop_timer_new(loop, step, r);
    return r;
}

void retention_start(struct retention *r, int64_t most_ms)
{
    if (r->is_running || r->is_stopped)
        return;
    r->is_running = 1;
    r->until_us = clock_mono_us() + most_ms * 1000;
    loop_timer_set(r->timer, 0);
}

int retention_is_idle(const struct retention *r)
{
    return !r->is_running;
}

void retention_stop(struct retention *r)
{
    r->is_stopped = 1;
}

void retention_free(struct retention *r)
{
    if (!r)
        return;
    loop_timer_free(r->timer);
    free(r);
}
