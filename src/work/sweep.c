#include "work/sweep.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "store/rollup.h"

enum { PAUSE_MS = 20 };

struct sweep {
    struct writer *writer;
    struct loop_timer *timer;
    int is_running, is_stopped;
    int swept; /* by the last step */
};

/* On the writer's thread. */
static int count(struct db *db, void *arg, struct err *e)
{
    struct sweep *s = arg;
    return rollup_sweep(db, SWEEP_ROWS, &s->swept, e);
}

static void on_counted(void *arg, const struct err *e)
{
    struct sweep *s = arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "cannot count what happened, it is counted later: %s",
                 e->text);
    if (e->kind == ERR_NONE && s->swept >= SWEEP_ROWS && !s->is_stopped)
        loop_timer_set(s->timer, PAUSE_MS);
    else
        s->is_running = 0;
}

/* Not durable: counts are lost together with the marks, and are then made again. */
static void step(void *arg)
{
    struct sweep *s = arg;
    if (s->is_stopped)
        s->is_running = 0;
    else
        writer_submit(s->writer, 0, count, on_counted, s);
}

struct sweep *sweep_new(struct loop *loop, struct writer *writer)
{
    struct sweep *s = xcalloc(1, sizeof *s);
    s->writer = writer;
    s->timer = loop_timer_new(loop, step, s);
    return s;
}

void sweep_start(struct sweep *s)
{
    if (s->is_running || s->is_stopped)
        return;
    s->is_running = 1;
    step(s);
}

void sweep_stop(struct sweep *s)
{
    s->is_stopped = 1;
}

void sweep_free(struct sweep *s)
{
    if (!s)
        return;
    loop_timer_free(s->timer);
    free(s);
}
