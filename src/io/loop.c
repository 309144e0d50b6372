#include "io/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/str.h"

struct deferred {
    STAILQ_ENTRY(deferred) entry;
    loop_fn *fn;
    void *arg;
};

/* An event that calls FN. */
struct callback {
    struct event *ev;
    loop_fn *fn;
    void *arg;
};

struct loop_timer {
    struct callback call;
};

struct loop_fd {
    struct callback call;
};

struct loop {
    struct event_base *base;
    struct event *turn_end;                  /* runs the deferred functions */
    STAILQ_HEAD(, deferred) deferred, spare; /* spare: nodes to use again */
    size_t ndeferred;
    struct callback signals[NSIG]; /* without an event: none for this signal */
    int nquiet; /* events that do not keep loop_run running: signals, and wakes that are
                   not held */
    int is_draining, is_stopped;
};

void loop_must(int ok, const char *what)
{
    if (ok)
        return;
    log_line(LOG_ERROR, "%s failed", what);
    abort();
}

/* Runs what was deferred before it began. Functions that defer themselves again must not
 * keep sockets and timers waiting. */
static void on_turn_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct loop *loop = arg;
    loop->is_draining = 1;
    for (size_t n = loop->ndeferred; n > 0 && !loop->is_stopped; n--) {
        struct deferred *d = STAILQ_FIRST(&loop->deferred), now = *d;
        STAILQ_REMOVE_HEAD(&loop->deferred, entry);
        loop->ndeferred--;
        STAILQ_INSERT_HEAD(&loop->spare, d, entry);
        now.fn(now.arg);
    }
    loop->is_draining = 0;
    if (!STAILQ_EMPTY(&loop->deferred)) {
        /* a timer of 0 fires in the next turn, event_active would fire in this one */
        const struct timeval next_turn = {0, 0};
        event_add(loop->turn_end, &next_turn);
    }
}

struct loop *loop_new(struct err *e)
{
    /* makes a write to a closed socket an error instead of the end of the process */
    signal(SIGPIPE, SIG_IGN);
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config) {
        /* libcurl often changes what it waits for: collect the changes, then call
         * epoll_ctl */
        event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
        base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (!base) {
        err_set(e, ERR_INTERNAL, "cannot make an event loop: epoll is not available");
        return NULL;
    }
    struct loop *loop = xcalloc(1, sizeof(*loop));
    loop->base = base;
    STAILQ_INIT(&loop->deferred);
    STAILQ_INIT(&loop->spare);
    loop->turn_end = evtimer_new(base, on_turn_end, loop);
    loop_must(loop->turn_end != NULL, "loop: event_new");
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (int i = 0; i < NSIG; i++)
        if (loop->signals[i].ev)
            event_free(loop->signals[i].ev);
    event_free(loop->turn_end);
    event_base_free(loop->base);
    struct deferred *d;
    STAILQ_CONCAT(&loop->spare, &loop->deferred);
    while ((d = STAILQ_FIRST(&loop->spare))) {
        STAILQ_REMOVE_HEAD(&loop->spare, entry);
        free(d);
    }
    free(loop);
}

void loop_run(struct loop *loop)
{
    loop->is_stopped = 0;
    /* libevent runs while any event exists */
    while (!loop->is_stopped &&
           event_base_get_num_events(loop->base, EVENT_BASE_COUNT_ADDED) > loop->nquiet)
        event_base_loop(loop->base, EVLOOP_ONCE);
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = 1;
    event_base_loopbreak(loop->base);
}

void loop_defer(struct loop *loop, loop_fn *fn, void *arg)
{
    struct deferred *d = STAILQ_FIRST(&loop->spare);
    if (d)
        STAILQ_REMOVE_HEAD(&loop->spare, entry);
    else
        d = xmalloc(sizeof(*d));
    *d = (struct deferred){.fn = fn, .arg = arg};
    int was_empty = STAILQ_EMPTY(&loop->deferred);
    STAILQ_INSERT_TAIL(&loop->deferred, d, entry);
    loop->ndeferred++;
    /* activated last, it runs after the callbacks of this turn */
    if (was_empty && !loop->is_draining)
        event_active(loop->turn_end, EV_TIMEOUT, 0);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    const struct callback *call = arg;
    call->fn(call->arg);
}

static void callback_init(struct callback *call, struct loop *loop, int fd, short what,
                          loop_fn *fn, void *arg)
{
    *call = (struct callback){event_new(loop->base, fd, what, on_event, call), fn, arg};
    loop_must(call->ev != NULL, "loop: event_new");
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
    struct loop_timer *t = xmalloc(sizeof(*t));
    callback_init(&t->call, loop, -1, 0, fn, arg);
    return t;
}

void loop_timer_set(struct loop_timer *t, int64_t delay_ms)
{
    if (delay_ms < 0)
        delay_ms = 0;
    struct timeval tv = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};
    evtimer_add(t->call.ev, &tv);
}

void loop_timer_clear(struct loop_timer *t)
{
    evtimer_del(t->call.ev);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    event_free(t->call.ev);
    free(t);
}

int loop_on_signal(struct loop *loop, int signo, loop_fn *fn, void *arg, struct err *e)
{
    if (signo <= 0 || signo >= NSIG)
        return err_set(e, ERR_INTERNAL, "cannot wait for signal %d: no such signal",
                       signo);
    struct callback *h = &loop->signals[signo];
    if (h->ev) {
        h->fn = fn;
        h->arg = arg;
        return 0;
    }
    callback_init(h, loop, signo, EV_SIGNAL | EV_PERSIST, fn, arg);
    if (event_add(h->ev, NULL) != 0) {
        event_free(h->ev);
        h->ev = NULL;
        return err_set(e, ERR_INTERNAL, "cannot wait for signal %d: not allowed", signo);
    }
    loop->nquiet++;
    return 0;
}

struct loop_fd *loop_fd_new(struct loop *loop, int fd, loop_fn *fn, void *arg)
{
    struct loop_fd *f = xmalloc(sizeof(*f));
    callback_init(&f->call, loop, fd, EV_READ | EV_PERSIST, fn, arg);
    loop_must(event_add(f->call.ev, NULL) == 0, "loop: event_add");
    return f;
}

void loop_fd_free(struct loop_fd *f)
{
    if (!f)
        return;
    event_free(f->call.ev);
    free(f);
}

/* Uses an eventfd: libevent's own threading would take a lock in each call. */
struct loop_wake {
    struct loop *loop;
    struct loop_fd *watch;
    int fd, is_held;
    loop_fn *fn;
    void *arg;
};

static void on_wake(void *arg)
{
    struct loop_wake *w = arg;
    eventfd_t sends;
    /* Before FN: a send from now on is for work that FN may have missed. */
    eventfd_read(w->fd, &sends);
    w->fn(w->arg);
}

struct loop_wake *loop_wake_new(struct loop *loop, loop_fn *fn, void *arg, struct err *e)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) {
        err_set(e, ERR_INTERNAL, "cannot make a wake-up for another thread: %s",
                strerror(errno));
        return NULL;
    }
    struct loop_wake *w = xmalloc(sizeof(*w));
    *w = (struct loop_wake){.loop = loop, .fd = fd, .fn = fn, .arg = arg};
    w->watch = loop_fd_new(loop, fd, on_wake, w);
    loop->nquiet++;
    return w;
}

void loop_wake_send(struct loop_wake *w)
{
    /* fails only when 2^64 - 2 sends wait */
    eventfd_write(w->fd, 1);
}

void loop_wake_hold(struct loop_wake *w, int held)
{
    w->loop->nquiet += w->is_held - (held != 0);
    w->is_held = held != 0;
}

void loop_wake_free(struct loop_wake *w)
{
    if (!w)
        return;
    loop_wake_hold(w, 1); /* the loop does not count it any more */
    loop_fd_free(w->watch);
    close(w->fd);
    free(w);
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

const char *loop_version(void)
{
    return event_get_version();
}
