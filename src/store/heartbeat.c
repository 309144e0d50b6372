#include "store/heartbeat.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/testhook.h"

enum {
    LIMIT_MS = 30 * 1000,
    BEATS = 15, /* within the limit */
    LATE = 6,   /* a part of the limit */
    GAP_MS = 3000,
    STACK = 64 * 1024
};

int64_t heartbeat_limit_us(void)
{
    return (int64_t)testhook_frozen_ms(LIMIT_MS) * 1000;
}

int64_t heartbeat_late_us(void)
{
    return heartbeat_limit_us() / LATE;
}

void heartbeat_beat(struct heartbeat *h, int64_t now_us)
{
    __atomic_store_n(&h->at_us, now_us, __ATOMIC_SEQ_CST);
}

/* ---- the thread ---- */

struct heartbeat_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t must_end;
    int is_ending; /* under LOCK */
    struct heartbeat *heartbeat;
    int64_t every_us;
};

static struct timespec in_us(int64_t us)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + us % 1000000 * 1000;
    at.tv_sec += us / 1000000 + ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    return at;
}

static void *run_thread(void *arg)
{
    struct heartbeat_thread *t = arg;
    pthread_mutex_lock(&t->lock);
    while (!t->is_ending) {
        heartbeat_beat(t->heartbeat, clock_mono_us());
        struct timespec next = in_us(t->every_us);
        pthread_cond_timedwait(&t->must_end, &t->lock, &next);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static void thread_free(struct heartbeat_thread *t)
{
    pthread_cond_destroy(&t->must_end);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct heartbeat_thread *heartbeat_start(struct heartbeat *h)
{
    struct heartbeat_thread *t = xcalloc(1, sizeof *t);
    pthread_condattr_t clock;
    pthread_attr_t attr;
    sigset_t all, before;
    t->heartbeat = h;
    t->every_us = heartbeat_limit_us() / BEATS;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&t->must_end, &clock);
    pthread_condattr_destroy(&clock);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    heartbeat_beat(h, clock_mono_us()); /* before the first claim */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&t->thread, &attr, run_thread, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc == 0)
        return t;
    heartbeat_beat(h, 0);
    thread_free(t);
    return NULL;
}

void heartbeat_stop(struct heartbeat_thread *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->is_ending = 1;
    pthread_cond_signal(&t->must_end);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    thread_free(t);
}

/* ---- the judge ---- */

/* Returns what was seen of ID; else the place of the process that was judged longest ago,
 * emptied. */
static struct heartbeat_seen *seen_of(struct heartbeat_watch *w, const char *id)
{
    struct heartbeat_seen *oldest = w->seen;
    for (int i = 0; i < HEARTBEAT_SEEN; i++) {
        struct heartbeat_seen *s = &w->seen[i];
        if (strcmp(s->id, id) == 0)
            return s;
        if (!s->id[0] || (oldest->id[0] && s->judged_us < oldest->judged_us))
            oldest = s;
    }
    *oldest = (struct heartbeat_seen){0};
    snprintf(oldest->id, sizeof oldest->id, "%s", id);
    return oldest;
}

enum heartbeat_verdict heartbeat_judge(struct heartbeat_watch *w, const char *id,
                                       int64_t at_us, int64_t now_us)
{
    const int64_t limit = heartbeat_limit_us(), most = (int64_t)GAP_MS * 1000;
    struct heartbeat_seen *s = seen_of(w, id);
    if (at_us == 0) /* it has no beat */
        return HEARTBEAT_FINE;
    if (s->at_us == at_us) {
        int64_t gap = now_us - s->judged_us;
        s->watched_us += gap < most ? gap : most;
    } else {
        s->has_changed = s->at_us != 0;
        s->at_us = at_us;
        s->watched_us = 0;
    }
    s->judged_us = now_us;
    if (s->watched_us >= limit)
        return HEARTBEAT_STILL;
    /* A process whose beat was seen to change goes on: its clock is another one, or it
     * has just woken. Only the judge's own time counts then. */
    if (s->has_changed || now_us - at_us < limit)
        return HEARTBEAT_FINE;
    return s->watched_us >= heartbeat_late_us() ? HEARTBEAT_STILL : HEARTBEAT_SUSPECT;
}
