#include "serve/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

enum { KINDS_MAX = 64, FLUSH_MS = 1000, LINES_MAX = 20 };

static const int64_t LINES_US = 60 * 1000000LL; /* in which LINES_MAX lines are logged */

struct batch {
    struct rejection rows[KINDS_MAX]; /* their texts are owned */
    size_t n;
};

struct refusals {
    struct writer *writer;
    struct loop_timer *timer;
    struct batch *batch; /* NULL: none */
    int64_t window_us;   /* when the count of lines began */
    int64_t lines, more; /* logged since; requests that were not */
};

static int write_batch(struct db *db, void *arg, struct err *e)
{
    const struct batch *b = arg;
    for (size_t i = 0; i < b->n; i++)
        if (inbox_reject(db, &b->rows[i], e) != 0)
            return -1;
    return 0;
}

static void on_written(void *arg, const struct err *e)
{
    struct batch *b = arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "%zu kinds of refused requests are not kept: %s", b->n,
                 e->text);
    for (size_t i = 0; i < b->n; i++) {
        free((char *)b->rows[i].route);
        free((char *)b->rows[i].client);
        free((char *)b->rows[i].app);
        free((char *)b->rows[i].scheme);
        free((char *)b->rows[i].sentence);
    }
    free(b);
}

/* Begins a new window when the last one has ended, and logs how many requests had no
 * line. */
static void begin_window(struct refusals *f)
{
    int64_t now = clock_mono_us();
    if (f->window_us && now - f->window_us < LINES_US)
        return;
    if (f->more)
        log_line(LOG_WARN, "%lld more requests were refused: foyer hooks lists them",
                 (long long)f->more);
    f->window_us = now;
    f->lines = f->more = 0;
}

static void log_batch(struct refusals *f, const struct batch *b)
{
    begin_window(f);
    for (size_t i = 0; i < b->n; i++) {
        const struct rejection *r = &b->rows[i];
        if (f->lines == LINES_MAX) {
            f->more += r->times;
            continue;
        }
        f->lines++;
        log_line(LOG_WARN, "%s: refused with %d, %lld time%s: %s", r->route, r->status,
                 (long long)r->times, r->times == 1 ? "" : "s", r->sentence);
    }
}

static void on_time(void *arg)
{
    struct refusals *f = arg;
    struct batch *b = f->batch;
    f->batch = NULL;
    if (!b)
        return;
    log_batch(f, b);
    writer_submit(f->writer, 0, write_batch, on_written, b);
}

struct refusals *refusals_new(struct loop *loop, struct writer *writer)
{
    struct refusals *f = xcalloc(1, sizeof *f);
    f->writer = writer;
    f->timer = loop_timer_new(loop, on_time, f);
    return f;
}

void refusals_free(struct refusals *f)
{
    if (!f)
        return;
    on_time(f);
    loop_timer_free(f->timer);
    free(f);
}

void refusals_add(struct refusals *f, const struct rejection *r)
{
    if (!f->batch) {
        f->batch = xcalloc(1, sizeof *f->batch);
        loop_timer_set(f->timer, FLUSH_MS);
    }
    struct batch *b = f->batch;
    size_t i = 0;
    while (i < b->n &&
           (b->rows[i].status != r->status || strcmp(b->rows[i].route, r->route) != 0 ||
            strcmp(b->rows[i].sentence, r->sentence) != 0))
        i++;
    if (i == KINDS_MAX)
        return;
    if (i == b->n)
        b->rows[b->n++] = (struct rejection){.route = xstrdup(r->route),
                                             .client = xstrdup_null(r->client),
                                             .app = xstrdup_null(r->app),
                                             .scheme = xstrdup_null(r->scheme),
                                             .sentence = xstrdup(r->sentence),
                                             .status = r->status};
    b->rows[i].at_ms = clock_wall_ms();
    b->rows[i].times++;
}
