#include "serve/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/stats.h"

enum {
    NICE = 5,
    STOP_MS = 35 * 1000,           /* workers wait up to 30 s for the answer to a write */
    HEALTHY_US = 60 * 1000 * 1000, /* after this, earlier deaths do not count */
    DELAY_MAX_S = 30
};

struct worker {
    LIST_ENTRY(worker) link;
    struct supervisor *s;
    struct slot *slot; /* NULL: the worker was asked to end */
    struct child *child;
    struct loop_timer *late; /* kills a worker that does not end */
    int fd;                  /* our end of its socketpair */
    int64_t started_us;
};

struct slot {
    struct supervisor *s;
    struct worker *worker; /* NULL: `again` starts the next one */
    struct loop_timer *again;
    int deaths; /* in a row */
};

struct supervisor {
    struct loop *loop;
    char *dir;
    int stats_fd, nslots, dev, is_stopping;
    struct slot *slots;
    LIST_HEAD(, worker) workers;
    loop_fn *ended;
    void *arg;
};

static void worker_free(struct worker *w)
{
    LIST_REMOVE(w, link);
    child_free(w->child);
    loop_timer_free(w->late);
    close(w->fd);
    free(w);
}

/* The delay before the next start: none after the first death, then 1 s, 2 s, 4 s, ... */
static int64_t next_delay_s(struct slot *slot, int64_t lived_us)
{
    if (lived_us >= HEALTHY_US)
        slot->deaths = 0;
    int n = slot->deaths++;
    if (n == 0)
        return 0;
    return n > 5 || 1 << (n - 1) > DELAY_MAX_S ? DELAY_MAX_S : 1 << (n - 1);
}

/* Explains a worker's exit code. */
static const char *why_exit(int status)
{
    switch (WIFEXITED(status) ? WEXITSTATUS(status) : 0) {
    case 70:
        return ": the watchdog, the store or a bug; its own last line says more";
    case 78:
        return ": the settings or the sealing key cannot be used";
    default:
        return "";
    }
}

static void plan(struct slot *slot, int64_t lived_us, const char *what)
{
    int64_t delay_s = next_delay_s(slot, lived_us);
    if (delay_s)
        log_line(LOG_ERROR, "%s; the next one starts in %d s", what, (int)delay_s);
    else
        log_line(LOG_ERROR, "%s; the next one starts now", what);
    loop_timer_set(slot->again, delay_s * 1000);
}

static void on_ended(void *arg, struct child *c, int status)
{
    struct worker *w = arg;
    struct supervisor *s = w->s;
    struct slot *slot = w->slot;
    char how[CHILD_WORDS_SIZE];
    int64_t lived_us = clock_mono_us() - w->started_us;
    child_say(status, how);
    if (slot) {
        slot->worker = NULL;
        stats_add(STAT_WORKER_CRASHES, 1);
        char *what =
            xasprintf("worker %d %s%s", (int)child_pid(c), how, why_exit(status));
        plan(slot, lived_us, what);
        free(what);
    } else {
        log_line(status == 0 ? LOG_INFO : LOG_WARN, "worker %d %s, as it was asked to",
                 (int)child_pid(c), how);
    }
    worker_free(w);
    if (s->is_stopping && LIST_EMPTY(&s->workers))
        s->ended(s->arg);
}

static void on_late(void *arg)
{
    struct worker *w = arg;
    log_line(LOG_WARN, "worker %d has not ended in %d s; it is killed",
             (int)child_pid(w->child), STOP_MS / 1000);
    child_signal(w->child, SIGKILL);
}

/* Asks W to end. Its socket stays open, whose end would ask the same. */
static void dismiss(struct worker *w)
{
    if (w->slot && w->slot->worker == w) /* else it is replaced already */
        w->slot->worker = NULL;
    w->slot = NULL;
    child_signal(w->child, SIGTERM);
    loop_timer_set(w->late, STOP_MS);
}

static struct worker *start(struct slot *slot, struct err *e)
{
    struct supervisor *s = slot->s;
    int ends[2];
    /* closed on exec but for the worker's end: if another child kept our end open, the
     * worker would not see that the server died */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        err_set(e, ERR_INTERNAL, "cannot make a socketpair: %s", strerror(errno));
        return NULL;
    }
    char wake[16], stats[16];
    snprintf(wake, sizeof wake, "%d", ends[1]);
    snprintf(stats, sizeof stats, "%d", s->stats_fd);
    const char *argv[] = {"foyer",      "work",      "-w",
                          s->dir,       "--wake-fd", wake,
                          "--stats-fd", stats,       s->dev ? "--dev" : NULL,
                          NULL};
    struct child_spec spec = {.argv = argv,
                              .keep = {ends[1], s->stats_fd},
                              .nkeep = 2,
                              .output = -1,
                              .nice = NICE};
    struct worker *w = xcalloc(1, sizeof *w);
    *w = (struct worker){
        .s = s, .slot = slot, .fd = ends[0], .started_us = clock_mono_us()};
    LIST_INSERT_HEAD(&s->workers, w, link);
    w->late = loop_timer_new(s->loop, on_late, w);
    w->child = child_start(s->loop, &spec, on_ended, w, e);
    close(ends[1]);
    if (!w->child) {
        worker_free(w);
        return NULL;
    }
    stats_add(STAT_WORKER_STARTS, 1);
    log_line(LOG_INFO, "worker %d has started", (int)child_pid(w->child));
    return slot->worker = w;
}

static void on_again(void *arg)
{
    struct slot *slot = arg;
    struct err e = {0};
    if (!slot->s->is_stopping && !slot->worker && !start(slot, &e))
        plan(slot, 0, e.text);
}

struct supervisor *supervisor_new(struct loop *loop, const char *dir, int workers,
                                  int dev, int stats_fd)
{
    struct supervisor *s = xcalloc(1, sizeof *s);
    *s = (struct supervisor){.loop = loop,
                             .dir = xstrdup(dir),
                             .nslots = workers,
                             .dev = dev,
                             .stats_fd = stats_fd};
    LIST_INIT(&s->workers);
    s->slots = xcalloc((size_t)workers + 1, sizeof *s->slots);
    for (int i = 0; i < workers; i++) {
        s->slots[i].s = s;
        s->slots[i].again = loop_timer_new(loop, on_again, &s->slots[i]);
    }
    return s;
}

void supervisor_start(struct supervisor *s)
{
    for (int i = 0; i < s->nslots; i++)
        on_again(&s->slots[i]);
}

void supervisor_wake(struct supervisor *s)
{
    struct worker *w;
    /* a full socket holds bytes that wake the worker already */
    LIST_FOREACH(w, &s->workers, link)
    if (w->slot)
        (void)!send(w->fd, "w", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void supervisor_replace(struct supervisor *s)
{
    for (int i = 0; i < s->nslots; i++) {
        struct slot *slot = &s->slots[i];
        struct worker *old = slot->worker;
        struct err e = {0};
        loop_timer_clear(slot->again);
        slot->deaths = 0;
        if (start(slot, &e)) {
            if (old)
                dismiss(old);
        } else if (old) { /* an old worker is better than none */
            log_line(LOG_ERROR, "%s; worker %d goes on with what it has loaded", e.text,
                     (int)child_pid(old->child));
        } else {
            plan(slot, 0, e.text);
        }
    }
}

void supervisor_stop(struct supervisor *s, loop_fn *ended, void *arg)
{
    struct worker *w;
    s->is_stopping = 1;
    s->ended = ended;
    s->arg = arg;
    for (int i = 0; i < s->nslots; i++)
        loop_timer_clear(s->slots[i].again);
    LIST_FOREACH(w, &s->workers, link)
    if (w->slot)
        dismiss(w);
    if (LIST_EMPTY(&s->workers))
        ended(arg);
}

int supervisor_alive(const struct supervisor *s)
{
    int n = 0;
    struct worker *w;
    LIST_FOREACH(w, &s->workers, link)
    n++;
    return n;
}

void supervisor_free(struct supervisor *s)
{
    if (!s)
        return;
    while (!LIST_EMPTY(&s->workers))
        worker_free(LIST_FIRST(&s->workers));
    for (int i = 0; i < s->nslots; i++)
        loop_timer_free(s->slots[i].again);
    free(s->slots);
    free(s->dir);
    free(s);
}
