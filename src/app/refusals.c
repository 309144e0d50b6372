#include "app/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

enum { KINDS_MAX = 64, FLUSH_MS = 1000 };

struct batch {
    struct rejection rows[KINDS_MAX]; /* their texts are owned */
    size_t n;
};

struct refusals {
    struct writer *writer;
    struct loop_timer *timer;
    struct batch *batch; /* NULL: none */
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

static void on_time(void *arg)
{
    struct refusals *f = arg;
    struct batch *b = f->batch;
    f->batch = NULL;
    if (b)
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
