#include "serve/serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "serve/health.h"
#include "serve/ingest.h"
#include "serve/metrics.h"
#include "serve/recheck.h"
#include "serve/serve_config.h"
#include "serve/supervisor.h"
#include "serve/systemd.h"
#include "base/loopguard.h"
#include "base/log.h"
#include "base/str.h"
#include "core/limits.h"
#include "base/stats.h"
#include "io/httpd.h"
#include "io/loop.h"
#include "io/writer.h"
#include "store/release.h"
#include "store/running.h"

enum {
    METRICS_MAX = 8 * 1024 * 1024,
    DRAIN_POLL_MS = 20,
    RETIRE_MS = 1000,
    RETIRED_MAX = 16,
    TICK_MS = 1000,     /* how often it looks for another live release */
    DEV_TICK_MS = 1500, /* or for edited files */
    FILES = 256         /* kept for the store, the workers and retired configurations */
};

struct serve {
    const struct serve_spec *spec;
    struct loop *loop;
    struct httpd *httpd;
    struct writer *writer;
    struct ingest *ingest;
    struct supervisor *supervisor;
    struct health *health;
    struct metrics *metrics;
    struct running *running;
    int stats_fd;
    struct serve_config *config;
    /* replaced by reloads, each until its consents have ended */
    struct serve_config *retired[RETIRED_MAX];
    int nretired;
    struct loop_timer *retire;
    /* a reload under way: the configuration to put in force, and the check of scripts */
    struct serve_config *next;
    struct recheck *recheck;
    int reload_again;
    int is_announced; /* systemd knows of the reload under way */
    struct loop_timer *tick;
    int64_t generation, tried; /* of what is live: in force; opened or refused last */
    int is_asking;             /* a job reads the generation */
    json_t *seen;              /* with --dev: the stamps of the files that were tried */
    struct loop_timer *drain;  /* polls for the end */
    int is_stopping, workers_ended, is_hurried;
    int is_tls;
    int is_handed_over; /* the socket comes from systemd, which says where it listens */
};

/* ---- answers ---- */

static void answer(struct httpd_request *r, int status, const char *type,
                   const char *text, size_t len)
{
    const struct httpd_header headers[] = {{"Content-Type", type},
                                           {"Cache-Control", "no-store"}};
    httpd_reply(r, status, headers, 2, text, len);
}

static void answer_text(struct httpd_request *r, int status, const char *text)
{
    answer(r, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void answer_metrics(struct serve *s, struct httpd_request *r)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, METRICS_MAX);
    if (metrics_write(s->metrics, serve_config_workspace(s->config),
                      supervisor_alive(s->supervisor), &out, &e) == 0) {
        answer(r, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out),
               out.len);
    } else {
        log_line(LOG_WARN, "%s", e.text);
        answer_text(r, 503, "cannot read the store; the log says why\n");
    }
    buf_free(&out);
}

/* Only for this machine: the page holds company ids and the number of webhooks. */
static int may_see_metrics(const struct httpd_request *r)
{
    return httpd_is_local(r) && !httpd_header_get(r, "X-Forwarded-For") &&
           !httpd_header_get(r, "Forwarded");
}

static void on_request(void *arg, struct httpd_request *r)
{
    struct serve *s = arg;
    const char *path = httpd_path(r), *method = httpd_method(r);
    int is_get = strcmp(method, "GET") == 0;
    int is_read = is_get || strcmp(method, "HEAD") == 0;
    int is_callback = serve_config_is_callback(s->config, path);
    int is_health = strcmp(path, "/healthz") == 0;
    int is_metrics = strcmp(path, "/metrics") == 0 && may_see_metrics(r);
    if (ingest_takes(path))
        ingest_take(s->ingest, r);
    else if (is_callback && is_get)
        serve_config_consent(s->config, r);
    else if (is_health && is_read)
        health_answer(s->health, r);
    else if (is_metrics && is_read)
        answer_metrics(s, r);
    else if (is_callback || is_health || is_metrics)
        answer_text(r, 405, "method not allowed\n");
    else
        answer_text(r, 404, "not found\n");
}

static void on_stored(void *arg)
{
    struct serve *s = arg;
    supervisor_wake(s->supervisor);
}

/* ---- reload ---- */

static void on_retire(void *arg)
{
    struct serve *s = arg;
    int kept = 0;
    for (int i = 0; i < s->nretired; i++) {
        struct serve_config *old = s->retired[i];
        if (serve_config_busy(old) || ingest_busy(s->ingest))
            s->retired[kept++] = old;
        else
            serve_config_free(old);
    }
    s->nretired = kept;
    if (kept)
        loop_timer_set(s->retire, RETIRE_MS);
}

/* Logs which new settings need a restart. */
static void warn_of_restart(struct serve *s, const struct serve_config *old)
{
    struct httpd_tls tls;
    if (!s->spec->listen && !s->is_handed_over &&
        !str_eq(serve_config_listen(s->config), serve_config_listen(old)))
        log_line(LOG_WARN,
                 "foyer.lua says listen = \"%s\" now: this takes a restart; until then "
                 "it is %s",
                 serve_config_listen(s->config), httpd_address(s->httpd));
    if (serve_config_tls(s->config, &tls) != s->is_tls)
        log_line(LOG_WARN,
                 "foyer.lua says to speak %s now: this takes a restart; until then it is "
                 "%s",
                 s->is_tls ? "HTTP" : "HTTPS", s->is_tls ? "HTTPS" : "HTTP");
}

/* ---- what `foyer reload` and `foyer status` read of this server ---- */

struct verdict {
    int64_t generation;
    char *error; /* NULL: it is in force */
};

static int store_verdict(struct db *db, void *arg, struct err *e)
{
    const struct verdict *v = arg;
    return release_serving_set(db, getpid(), v->generation, v->error, e);
}

static void on_verdict(void *arg, const struct err *e)
{
    struct verdict *v = arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "cannot store which release is in force: %s", e->text);
    free(v->error);
    free(v);
}

static void tell_verdict(struct serve *s, const char *error)
{
    if (s->spec->dev)
        return;
    struct verdict *v = xcalloc(1, sizeof *v);
    *v = (struct verdict){s->tried, xstrdup_null(error)};
    writer_submit(s->writer, 0, store_verdict, on_verdict, v);
}

static void put_in_force(struct serve *s)
{
    struct serve_config *old = s->config;
    s->config = s->next;
    s->next = NULL;
    serve_config_tell_moves(s->config, old);
    ingest_reload(s->ingest, serve_config_workspace(s->config));
    s->retired[s->nretired++] = old;
    loop_timer_set(s->retire, RETIRE_MS);
    supervisor_replace(s->supervisor);
    log_line(LOG_INFO, "reloaded: %zu client%s, before %zu",
             serve_config_clients(s->config),
             serve_config_clients(s->config) == 1 ? "" : "s", serve_config_clients(old));
    warn_of_restart(s, old);
}

static void refuse(struct serve *s, const char *why)
{
    tell_verdict(s, why);
    log_line(LOG_ERROR, "not reloaded, what was loaded before stays in force: %s", why);
    serve_config_free(s->next);
    s->next = NULL;
}

static void reload(struct serve *s);
static void on_hangup(void *arg);

static void end_reload(struct serve *s)
{
    recheck_free(s->recheck);
    s->recheck = NULL;
    if (s->reload_again) {
        s->reload_again = 0;
        reload(s);
    } else {
        s->is_announced = 0;
        systemd_notify("READY=1");
    }
}

static void on_checked(void *arg, int good)
{
    struct serve *s = arg;
    struct httpd_tls tls;
    struct err e = {0};
    if (!good)
        refuse(s, "`foyer check` found mistakes in the scripts");
    else if (s->nretired == RETIRED_MAX) {
        refuse(s, "too many reloads in a row; try again");
        s->tried = -1; /* the next tick does */
    } else if (s->is_tls && serve_config_tls(s->next, &tls) &&
               httpd_set_tls(s->httpd, &tls, &e) != 0)
        refuse(s, e.text);
    else if (!s->reload_again) { /* else files have changed meanwhile */
        put_in_force(s);
        tell_verdict(s, NULL);
    }
    serve_config_free(s->next);
    s->next = NULL;
    end_reload(s);
}

static void reload(struct serve *s)
{
    struct err e = {0};
    const char *dir = workspace_dir(serve_config_workspace(s->config));
    if (!s->is_announced)
        systemd_notify("RELOADING=1");
    loopguard_lift("opening: changed settings");
    s->next = serve_config_open(dir, s->config, s->spec->dev, s->loop, &e);
    loopguard_restore();
    if (!s->next) {
        refuse(s, e.text);
        end_reload(s);
        return;
    }
    int64_t opened = workspace_generation(serve_config_workspace(s->next));
    if (opened > s->tried)
        s->tried = opened;
    if (!s->spec->dev) { /* what is live was checked before it became live */
        on_checked(s, 1);
        return;
    }
    json_t *changed = serve_config_changed(s->next, s->config);
    if (changed && json_array_size(changed) == 0) {
        on_checked(s, 1);
    } else if (!(s->recheck = recheck_start(s->loop, dir, changed, on_checked, s, &e))) {
        refuse(s, e.text);
        end_reload(s);
    }
    json_decref(changed);
}

/* ---- what is live ---- */

static int read_generation(struct db *db, void *arg, struct err *e)
{
    struct serve *s = arg;
    return release_generation(db, &s->generation, e);
}

static void on_generation(void *arg, const struct err *e)
{
    struct serve *s = arg;
    s->is_asking = 0;
    if (e->kind != ERR_NONE || s->is_stopping || s->recheck || s->generation == s->tried)
        return;
    s->tried = s->generation;
    reload(s);
}

static void look_for_moves(struct serve *s)
{
    if (s->is_asking || s->recheck)
        return;
    s->is_asking = 1;
    writer_read(s->writer, read_generation, on_generation, s);
}

static void on_tick(void *arg)
{
    struct serve *s = arg;
    if (s->is_stopping)
        return;
    if (!s->spec->dev)
        look_for_moves(s);
    else if (!s->recheck && serve_config_stale(s->config, &s->seen))
        reload(s);
    loop_timer_set(s->tick, s->spec->dev ? DEV_TICK_MS : TICK_MS);
}

/* `foyer reload` has ended; a release that it stored is taken up as any other. */
static void on_stored_reload(void *arg, int good)
{
    struct serve *s = arg;
    recheck_free(s->recheck);
    s->recheck = NULL;
    if (s->reload_again) {
        on_hangup(s);
    } else if (good) {
        look_for_moves(s);
    } else {
        log_line(LOG_ERROR, "not reloaded, what was loaded before stays in force");
        s->is_announced = 0;
        systemd_notify("READY=1");
    }
}

static void on_hangup(void *arg)
{
    struct serve *s = arg;
    struct err e;
    if (s->is_stopping)
        return;
    s->reload_again = s->recheck != NULL;
    if (s->recheck)
        return;
    if (s->spec->dev) {
        serve_config_stale(s->config, &s->seen);
        reload(s);
        return;
    }
    if (!s->is_announced)
        systemd_notify("RELOADING=1");
    s->is_announced = 1;
    s->recheck = recheck_reload(s->loop, workspace_dir(serve_config_workspace(s->config)),
                                on_stored_reload, s, &e);
    if (!s->recheck) {
        log_line(LOG_ERROR, "not reloaded: %s", e.text);
        s->is_announced = 0;
        systemd_notify("READY=1");
    }
}

/* ---- ending ---- */

static void on_drain(void *arg)
{
    struct serve *s = arg;
    if (s->workers_ended && !ingest_busy(s->ingest) && !httpd_busy(s->httpd))
        loop_stop(s->loop);
    else
        loop_timer_set(s->drain, DRAIN_POLL_MS);
}

static void on_workers_ended(void *arg)
{
    struct serve *s = arg;
    s->workers_ended = 1;
}

static void on_end(void *arg)
{
    struct serve *s = arg;
    if (s->is_stopping) {
        s->is_hurried = 1;
        loop_stop(s->loop);
        return;
    }
    s->is_stopping = 1;
    systemd_notify("STOPPING=1");
    log_line(LOG_INFO, "ending: no new connections; workers end what they have begun");
    recheck_free(s->recheck);
    s->recheck = NULL;
    httpd_stop_accepting(s->httpd);
    supervisor_stop(s->supervisor, on_workers_ended, s);
    on_drain(s);
}

/* ---- opening and closing ---- */

/* Returns how many connections may be open at once, so that a flood of them leaves files
 * for the store and for a worker's restart. Raises this process's limit, which is 1024 in
 * most logins. */
static int find_room(int wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    rlim_t all = (rlim_t)wanted + FILES;
    if (files.rlim_cur < all) {
        files.rlim_cur = files.rlim_max < all ? files.rlim_max : all;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= all)
        return wanted;
    int room =
        (int)(files.rlim_cur > 2 * FILES ? files.rlim_cur - FILES : files.rlim_cur / 2);
    log_line(LOG_WARN,
             "at most %d connections at once instead of %d: this process may open %d "
             "files (ulimit -Hn)",
             room, wanted, (int)files.rlim_cur);
    return room;
}

static int open_httpd(struct serve *s, const struct httpd_limits *limits, struct err *e)
{
    int fd;
    if (systemd_take_socket(&fd, e) != 0)
        return -1;
    const char *listen =
        s->spec->listen ? s->spec->listen : serve_config_listen(s->config);
    s->is_handed_over = fd != SYSTEMD_NO_SOCKET;
    if (fd == SYSTEMD_NO_SOCKET)
        s->httpd = httpd_open(s->loop, listen, limits, on_request, s, e);
    else
        s->httpd = httpd_open_fd(s->loop, fd, limits, on_request, s, e);
    return s->httpd ? 0 : -1;
}

static int open_all(struct serve *s, struct err *e)
{
    const struct limits *limits = &limits_default;
    struct httpd_limits server = {.body_max = limits->webhook_body_bytes,
                                  .headers_max = limits->webhook_header_bytes,
                                  .connections_max = find_room(limits->connections),
                                  .request_ms = limits->request_ms,
                                  .idle_ms = limits->idle_ms};
    if (!(s->loop = loop_new(e)) ||
        !(s->config = serve_config_open(s->spec->dir, NULL, s->spec->dev, s->loop, e)) ||
        (s->stats_fd = stats_create(e)) < 0)
        return -1;
    struct workspace *w = serve_config_workspace(s->config);
    s->supervisor = supervisor_new(s->loop, workspace_dir(w), s->spec->workers,
                                   s->spec->dev, s->stats_fd);
    s->generation = s->tried = workspace_generation(w);
    s->tick = loop_timer_new(s->loop, on_tick, s);
    s->retire = loop_timer_new(s->loop, on_retire, s);
    s->drain = loop_timer_new(s->loop, on_drain, s);
    s->metrics = metrics_new();
    char *path = store_path(workspace_dir(w));
    s->writer = writer_open(path, s->loop, e);
    free(path);
    if (!s->writer)
        return -1;
    writer_watch(s->writer, stats_commit);
    s->health = health_new(s->writer);
    if (!(s->ingest = ingest_new(w, s->loop, s->writer, on_stored, s, e)))
        return -1;
    struct httpd_tls tls;
    s->is_tls = serve_config_tls(s->config, &tls);
    if (open_httpd(s, &server, e) != 0 ||
        (s->is_tls && httpd_set_tls(s->httpd, &tls, e) != 0) ||
        loop_on_signal(s->loop, SIGINT, on_end, s, e) != 0 ||
        loop_on_signal(s->loop, SIGTERM, on_end, s, e) != 0 ||
        loop_on_signal(s->loop, SIGHUP, on_hangup, s, e) != 0)
        return -1;
    return 0;
}

/* Says to other commands that this server runs, or no longer runs. */
static void register_server(struct serve *s, int runs)
{
    struct err e = {0};
    struct store *store =
        s->config ? workspace_store(serve_config_workspace(s->config), &e) : NULL;
    if (!store || s->spec->dev)
        return;
    if (runs)
        release_serving_set(store_db(store), getpid(), s->tried, NULL, &e);
    else
        release_serving_forget(store_db(store), getpid(), &e);
    if (e.kind != ERR_NONE)
        log_line(LOG_WARN, "cannot store that this server %s: %s", runs ? "runs" : "ends",
                 e.text);
}

/* In this order: ingest_free submits its last rows to the writer, and writer_close calls
 * back health. */
static void close_all(struct serve *s)
{
    running_close(s->running);
    recheck_free(s->recheck);
    supervisor_free(s->supervisor);
    ingest_free(s->ingest);
    writer_close(s->writer);
    health_free(s->health);
    metrics_free(s->metrics);
    register_server(s, 0);
    json_decref(s->seen);
    serve_config_free(s->next);
    for (int i = 0; i < s->nretired; i++)
        serve_config_free(s->retired[i]);
    serve_config_free(s->config);
    httpd_close(s->httpd);
    loop_timer_free(s->retire);
    loop_timer_free(s->tick);
    loop_timer_free(s->drain);
    if (s->stats_fd >= 0)
        close(s->stats_fd);
    loop_free(s->loop);
}

/* Blocks the signals that the loop has handled: one more would kill the process while it
 * closes its files. */
static void block_signals(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
}

int serve_run(const struct serve_spec *spec, struct err *e)
{
    struct serve s = {.spec = spec, .stats_fd = -1};
    int rc = open_all(&s, e);
    if (rc == 0) {
        supervisor_start(s.supervisor);
        register_server(&s, 1);
        on_tick(&s);
        printf("listening: %s://%s\n", s.is_tls ? "https" : "http",
               httpd_address(s.httpd));
        fflush(stdout);
        s.running = running_open(workspace_dir(serve_config_workspace(s.config)), "serve",
                                 httpd_address(s.httpd), spec->dev);
        systemd_notify("READY=1");
        loopguard_set(1);
        loop_run(s.loop);
        loopguard_set(0);
        rc = s.is_hurried ? 130 : 0;
        block_signals();
    }
    close_all(&s);
    return rc;
}
