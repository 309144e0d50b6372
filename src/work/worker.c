#include "work/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "work/access.h"
#include "work/alert.h"
#include "work/dispatch.h"
#include "work/look.h"
#include "work/mode.h"
#include "work/names.h"
#include "work/receipts.h"
#include "work/retention.h"
#include "work/schedule.h"
#include "work/sweep.h"
#include "base/loopguard.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "store/ahead.h"
#include "store/claims.h"
#include "store/release.h"
#include "base/stats.h"
#include "io/writer.h"

enum {
    TICK_MS =
        1000, /* how often the store is polled for what other processes have added */
    MINUTE_MS = 60 * 1000,
    RETENTION_MS = 10 * 60 * 1000,
    RETENTION_FIRST_MS = 60 * 1000,
    RETENTION_MOST_MS = 60 * 1000,
    ERRAND_RETENTION_MS = 1000,
    SWEEP_MS = 20 * 1000,
    LOOK_MS = 10 * 1000,
    NAMES_MS = 5 * 60 * 1000,
    NAMES_FIRST_MS = 30 * 1000,
    DRAIN_MS = 33 * 1000, /* a write is waited for 30 s */
    ALERTS_MS = 5 * 1000,
    PAUSE_MS = 20,
    LOST_US = 60 * 1000 * 1000 /* how often the log says that the store is gone */
};

struct worker {
    struct workspace *workspace;
    struct store *store;
    struct presence *presence;
    struct session *session;
    struct loop *loop;
    struct writer *writer;
    struct runner *runner;
    struct claims *claims;
    struct dispatch *dispatch;
    struct schedule *schedule;
    struct retention *retention;
    struct sweep *sweep;
    struct look *look;
    struct names *names;
    struct loop_timer *tick, *deadline, *pause;
    struct loop_fd *wake;
    int wake_fd;
    int64_t minute;       /* of the last schedule_wake */
    int64_t retention_us; /* when the next round begins */
    int64_t sweep_us;     /* when counting goes on */
    int64_t look_us;      /* when it is checked what is to be looked at */
    int64_t names_us;     /* when it is checked whether a look at names is due */
    int64_t lost_us; /* when the log last said that the store is gone; 0: it is not */
    int errand;      /* 1: ends when all is done */
    int begun;       /* of an errand: the claims of dead processes are free */
    int tidied;      /* of an errand: its round of retention has begun */
    int stopping, late;
    int is_repairing, repaired; /* times that were stored while the clock was ahead */
    struct err refused; /* why it must end before its time; of an errand also: why the
                           store refused a write */
    int has_worked;     /* since its memory was given back */
    int (*moved)(void *arg); /* worker_follow; NULL: what is live is not looked at */
    void *moved_arg;
    int64_t generation, tried; /* of what is live: read last; opened or tried last */
    int is_asking, is_moving;
};

static int is_idle(const struct worker *w)
{
    return dispatch_is_idle(w->dispatch) && schedule_is_idle(w->schedule) &&
           runner_is_idle(w->runner) && retention_is_idle(w->retention) &&
           look_is_idle(w->look) && names_is_idle(w->names);
}

/* One of its parts has nothing left to do. */
static void on_idle(void *arg)
{
    struct worker *w = arg;
    if (!(w->stopping || (w->errand && w->begun)) || !is_idle(w))
        return;
    if (w->errand && !w->stopping && !w->tidied) {
        w->tidied = 1;
        retention_start(w->retention, ERRAND_RETENTION_MS);
        return;
    }
    loop_stop(w->loop);
}

static void on_changed(void *arg)
{
    struct worker *w = arg;
    runner_wake(w->runner);
}

static void on_fired(void *arg)
{
    struct worker *w = arg;
    runner_wake_now(w->runner);
}

/* A look has added deliveries or runs. */
static void on_looked(void *arg)
{
    struct worker *w = arg;
    dispatch_wake(w->dispatch);
    runner_wake(w->runner);
}

static void on_delivery(void *arg, const char *app, const char *client,
                        const json_t *body)
{
    receipts_hear(runner_receipts(arg), app, client, body);
}

/* Returns 0 when the store's file was removed or replaced: the worker begins nothing, and
 * the log says so once a minute. */
static int has_store(struct worker *w)
{
    struct err e;
    int64_t now = clock_mono_us();
    if (store_check_place(w->store, &e) == 0) {
        w->lost_us = 0;
        return 1;
    }
    if (w->lost_us == 0 || now - w->lost_us >= LOST_US) {
        log_line(LOG_ERROR, "nothing is begun: %s", e.text);
        w->lost_us = now;
    }
    return 0;
}

/* On the writer's thread. */
static int repair_times(struct db *db, void *arg, struct err *e)
{
    struct worker *w = arg;
    return ahead_repair(db, clock_wall_ms(), &w->repaired, e);
}

/* The clock was set back: 1 when something is due that was not before. */
static int report_repaired(struct worker *w, const struct err *e)
{
    w->is_repairing = 0;
    if (e->kind != ERR_NONE) {
        log_line(LOG_WARN, "cannot repair times that lie in the future: %s", e->text);
        return 0;
    }
    if (w->repaired)
        log_line(LOG_WARN,
                 "%d deliveries and runs are due now: the clock was ahead when they were "
                 "stored",
                 w->repaired);
    return w->repaired > 0;
}

static void on_repaired(void *arg, const struct err *e)
{
    struct worker *w = arg;
    if (!report_repaired(w, e) || w->stopping)
        return;
    dispatch_wake(w->dispatch);
    runner_wake(w->runner);
}

static void poll_due(struct worker *w)
{
    if (!has_store(w))
        return;
    int64_t minute = clock_wall_ms() / MINUTE_MS;
    if (minute != w->minute && !w->errand && !w->is_repairing) {
        w->is_repairing = 1;
        writer_submit(w->writer, 0, repair_times, on_repaired, w);
    }
    dispatch_wake(w->dispatch);
    runner_wake(w->runner);
    if (minute != w->minute)
        schedule_wake(w->schedule);
    w->minute = minute;
}

/* After a burst much of the heap is free: returns it to the kernel. */
static void give_back(struct worker *w)
{
    if (!is_idle(w)) {
        w->has_worked = 1;
    } else if (w->has_worked) {
        w->has_worked = 0;
        malloc_trim(0);
    }
}

static void stop(void *arg);

/* This process stood still, and others have taken its runs over. It waits for the answers
 * to what it has sent, whose outcomes still count, and ends: another one starts afresh.
 */
static void end_fenced(struct worker *w)
{
    if (w->stopping || !presence_is_fenced(w->presence))
        return;
    err_set(&w->refused, ERR_UNAVAILABLE,
            "this process stood still for %d s or more (stopped, or starved), and other "
            "processes have taken its runs over",
            (int)(heartbeat_limit_us() / 1000000));
    stop(w);
}

static int read_generation(struct db *db, void *arg, struct err *e)
{
    struct worker *w = arg;
    return release_generation(db, &w->generation, e);
}

static void on_generation(void *arg, const struct err *e)
{
    struct worker *w = arg;
    w->is_asking = 0;
    if (e->kind != ERR_NONE || w->stopping || w->generation == w->tried)
        return;
    w->tried = w->generation;
    if (!w->moved(w->moved_arg))
        return;
    w->is_moving = 1;
    stop(w);
}

static void look_for_moves(struct worker *w)
{
    if (!w->moved || w->is_asking)
        return;
    w->is_asking = 1;
    writer_read(w->writer, read_generation, on_generation, w);
}

void worker_follow(struct worker *w, int (*moved)(void *arg), void *arg)
{
    w->moved = moved;
    w->moved_arg = arg;
}

int worker_is_moving(const struct worker *w)
{
    return w->is_moving;
}

static void on_tick(void *arg)
{
    struct worker *w = arg;
    end_fenced(w);
    if (w->stopping)
        return;
    look_for_moves(w);
    give_back(w);
    poll_due(w);
    if (!w->errand)
        alert_tick(runner_alert(w->runner));
    if (!w->errand && clock_mono_us() >= w->retention_us) {
        retention_start(w->retention, RETENTION_MOST_MS);
        w->retention_us = clock_mono_us() + (int64_t)RETENTION_MS * 1000;
    }
    if (!w->errand && clock_mono_us() >= w->sweep_us) {
        sweep_start(w->sweep);
        w->sweep_us = clock_mono_us() + (int64_t)SWEEP_MS * 1000;
    }
    if (clock_mono_us() >= w->look_us) {
        look_wake(w->look, w->errand ? LOOK_POLLS : LOOK_POLLS | LOOK_HEALS);
        w->look_us = clock_mono_us() + (int64_t)LOOK_MS * 1000;
    }
    if (!w->errand && clock_mono_us() >= w->names_us) {
        names_tick(w->names);
        w->names_us = clock_mono_us() + (int64_t)NAMES_MS * 1000;
    }
    loop_timer_set(w->tick, TICK_MS);
}

/* An API has answered, or not. */
static void on_heard(void *arg, const struct access_news *news)
{
    struct worker *w = arg;
    alert_heard(runner_alert(w->runner), news);
}

static void on_pause(void *arg)
{
    struct worker *w = arg;
    loop_stop(w->loop);
}

static void on_deadline(void *arg)
{
    struct worker *w = arg;
    w->late = 1;
    loop_stop(w->loop);
}

/* Begins nothing more and frees the claims. */
static void cease(struct worker *w)
{
    loop_timer_clear(w->tick);
    schedule_stop(w->schedule);
    dispatch_stop(w->dispatch);
    retention_stop(w->retention);
    sweep_stop(w->sweep);
    look_stop(w->look);
    names_stop(w->names);
    runner_stop(w->runner);
}

static void stop(void *arg)
{
    struct worker *w = arg;
    if (w->stopping)
        return;
    w->stopping = 1;
    loop_timer_set(w->deadline, DRAIN_MS);
    cease(w);
    session_interrupt(w->session, !w->errand);
}

static void on_signal(void *arg)
{
    struct worker *w = arg;
    w->is_moving = 0;
    stop(w);
}

/* When the store refuses a write, an errand ends, where a serving worker tries again.
 * Nothing is lost: the next errand starts with what this one had claimed. */
static void on_refused(void *arg, const struct err *e)
{
    struct worker *w = arg;
    if (!w->errand || w->stopping)
        return;
    w->refused = *e;
    w->begun = w->stopping = 1;
    loop_timer_set(w->deadline, DRAIN_MS);
    cease(w);
    on_idle(w);
}

static void on_wake(void *arg)
{
    struct worker *w = arg;
    char bytes[256];
    ssize_t n;
    while ((n = read(w->wake_fd, bytes, sizeof bytes)) > 0)
        ;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        dispatch_wake(w->dispatch);
        runner_wake(w->runner);
        return;
    }
    loop_fd_free(w->wake); /* `foyer serve` has ended */
    w->wake = NULL;
    stop(w);
}

struct worker *worker_open(struct workspace *workspace, attempt_done *ended, void *arg,
                           struct err *e)
{
    const json_t *settings = workspace_settings(workspace, e);
    struct store *store = settings ? workspace_store(workspace, e) : NULL;
    struct presence *presence = store ? workspace_presence(workspace, e) : NULL;
    if (!presence)
        return NULL;
    struct worker *w = xcalloc(1, sizeof *w);
    *w = (struct worker){
        .workspace = workspace, .store = store, .presence = presence, .wake_fd = -1};
    w->session = session_open(workspace, e);
    if (w->session && session_use_thread(w->session, e) == 0) {
        char *path = store_path(workspace_dir(workspace));
        w->loop = session_loop(w->session);
        w->writer = writer_open(path, w->loop, e);
        free(path);
    }
    if (w->writer) {
        writer_watch(w->writer, stats_commit);
        w->runner = runner_new(w->session, w->writer, presence, e);
    }
    if (w->runner)
        w->claims = claims_open(workspace_dir(workspace), presence_id(presence), e);
    if (w->claims)
        w->dispatch = dispatch_new(w->session, w->writer, presence, w->claims, w->runner,
                                   on_fired, on_idle, w);
    if (w->dispatch)
        w->schedule = schedule_new(w->session, w->writer, on_changed, on_idle, w, e);
    if (w->schedule)
        w->look = look_new(w->session, w->writer, presence, on_looked, on_idle, w, e);
    if (!w->look || loop_on_signal(w->loop, SIGTERM, on_signal, w, e) != 0 ||
        loop_on_signal(w->loop, SIGINT, on_signal, w, e) != 0) {
        worker_close(w);
        return NULL;
    }
    w->generation = w->tried = workspace_generation(workspace);
    w->retention = retention_new(settings, w->loop, w->writer, on_idle, w);
    w->sweep = sweep_new(w->loop, w->writer);
    w->names = names_new(w->session, w->writer, NULL, on_idle, w);
    w->tick = loop_timer_new(w->loop, on_tick, w);
    w->deadline = loop_timer_new(w->loop, on_deadline, w);
    w->pause = loop_timer_new(w->loop, on_pause, w);
    access_on_answer(session_access(w->session), on_heard, w);
    runner_on_idle(w->runner, on_idle, w);
    runner_on_end(w->runner, ended, arg);
    runner_share_claims(w->runner, w->claims);
    runner_blame_deliveries(w->runner, dispatch_label_id);
    dispatch_on_delivery(w->dispatch, on_delivery, w->runner);
    return w;
}

void worker_close(struct worker *w)
{
    if (!w)
        return;
    writer_close(w->writer);
    retention_free(w->retention);
    sweep_free(w->sweep);
    look_free(w->look);
    names_free(w->names);
    schedule_free(w->schedule);
    dispatch_free(w->dispatch);
    runner_free(w->runner);
    claims_close(w->claims);
    loop_fd_free(w->wake);
    loop_timer_free(w->tick);
    loop_timer_free(w->deadline);
    loop_timer_free(w->pause);
    session_close(w->session);
    free(w);
}

static int is_done(const struct worker *w)
{
    return w->late || ((w->stopping || (w->errand && w->tidied)) && is_idle(w));
}

/* Runs the loop until the worker must end and has nothing left to wait for. */
static void work(struct worker *w)
{
    loopguard_set(1);
    while (!is_done(w))
        loop_run(w->loop);
    if (!w->stopping) {
        alert_flush(runner_alert(w->runner));
        cease(w);
        loop_timer_set(w->deadline, ALERTS_MS);
    }
    /* alerts under way are sent */
    while (!w->late && !(is_idle(w) && !alert_is_sending(runner_alert(w->runner)))) {
        loop_timer_set(w->pause, PAUSE_MS);
        loop_run(w->loop);
    }
    loopguard_set(0);
}

/* ---- one version of the files ---- */

static void preload_client(void *arg, const char *client)
{
    struct worker *w = arg;
    struct err e;
    if (overlay_preload(workspace_overlay(w->workspace), client, &e) != 0 ||
        !workspace_settings_for(w->workspace, client, &e) ||
        !workspace_client(w->workspace, client, &e))
        log_line(LOG_WARN, "client %s: %s", client, e.text);
}

int worker_serve(struct worker *w, int wake_fd, struct err *e)
{
    if (wake_fd >= 0) {
        int flags = fcntl(wake_fd, F_GETFL);
        if (flags < 0 || fcntl(wake_fd, F_SETFL, flags | O_NONBLOCK) != 0)
            return err_set(e, ERR_USAGE, "cannot use --wake-fd %d: %s", wake_fd,
                           strerror(errno));
        w->wake_fd = wake_fd;
        w->wake = loop_fd_new(w->loop, wake_fd, on_wake, w);
    }
    if (overlay_preload(workspace_overlay(w->workspace), NULL, e) != 0)
        return -1;
    workspace_each_client(w->workspace, preload_client, w);
    const char *why;
    if (work_mode(w->workspace, NULL, &why) != MODE_LIVE)
        log_line(LOG_WARN, "nothing is sent: %s", why);
    w->retention_us = clock_mono_us() + (int64_t)RETENTION_FIRST_MS * 1000;
    w->names_us = clock_mono_us() + (int64_t)NAMES_FIRST_MS * 1000;
    on_tick(w);
    work(w);
    if (w->refused.kind == ERR_NONE)
        return 0;
    *e = w->refused;
    return -1;
}

static void on_begun(void *arg, const struct err *e)
{
    struct worker *w = arg;
    report_repaired(w, e);
    w->begun = 1;
    if (!w->stopping)
        on_tick(w);
}

int worker_errand(struct worker *w, struct err *e)
{
    w->errand = 1;
    writer_on_refused(w->writer, on_refused, w);
    /* the runner first frees the claims of dead processes; the writer keeps this order */
    runner_wake(w->runner);
    writer_submit(w->writer, 0, repair_times, on_begun, w);
    work(w);
    if (w->refused.kind == ERR_NONE)
        return session_interrupted(w->session) ? 130 : 0;
    *e = w->refused;
    e->kind = ERR_UNAVAILABLE;
    return err_prefix(e, "what is due is not done, or not all of it; try again later");
}
