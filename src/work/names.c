#include "work/names.h"

#include <stdlib.h>
#include <string.h>

#include "auth/connections.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loopguard.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "store/incident.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, WAIT_MS = 10 * 60 * 1000, TEXT_MAX = 1500 };

struct target { /* one app of one client */
    char *client, *app;
};

struct names {
    struct session *s;
    struct writer *writer;
    names_seen *seen;
    void (*idle)(void *arg);
    void *arg;
    struct target *targets; /* of this round */
    size_t n, at;
    struct run *run; /* of targets[at] */
    int is_asking;   /* whether a round is due */
    int is_due, is_stopped;
};

struct result {              /* a job: what was found of one client */
    char *client, *sentence; /* sentence NULL: all is well */
    int64_t n, at_ms;
};

struct names *names_new(struct session *s, struct writer *writer, names_seen *seen,
                        void (*idle)(void *arg), void *arg)
{
    struct names *n = xcalloc(1, sizeof *n);
    *n = (struct names){.s = s, .writer = writer, .seen = seen, .idle = idle, .arg = arg};
    return n;
}

static void free_targets(struct names *n)
{
    for (size_t i = 0; i < n->n; i++) {
        free(n->targets[i].client);
        free(n->targets[i].app);
    }
    free(n->targets);
    n->targets = NULL;
    n->n = n->at = 0;
}

void names_free(struct names *n)
{
    if (!n)
        return;
    if (n->run)
        run_kill(n->run);
    free_targets(n);
    free(n);
}

int names_is_idle(const struct names *n)
{
    return !n->targets && !n->is_asking;
}

/* ---- what was found ---- */

/* On the writer's thread. */
static int write_result(struct db *db, void *arg, struct err *e)
{
    const struct result *r = arg;
    struct incident_sign sign = {.kind = INCIDENT_NAMES,
                                 .key = r->client,
                                 .client = r->client,
                                 .sentence = r->sentence,
                                 .first_ms = r->at_ms,
                                 .last_ms = r->at_ms,
                                 .n = r->n,
                                 .is_retold = 1};
    if (!r->sentence)
        return incident_good(db, INCIDENT_NAMES, r->client, r->at_ms, e);
    return incident_bad(db, &sign, e);
}

static void on_written(void *arg, const struct err *e)
{
    struct result *r = arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "client %s: what its settings name is not noted: %s",
                 r->client, e->text);
    free(r->client);
    free(r->sentence);
    free(r);
}

static void take_result(struct names *n, const char *client, const json_t *answer)
{
    const json_t *lost = json_object_get(answer, "lost");
    struct result *r = xcalloc(1, sizeof *r);
    struct buf text;
    size_t i;
    json_t *one;
    buf_init(&text, TEXT_MAX);
    json_array_foreach(lost, i, one)
    {
        buf_addf(&text, "%s%s", text.len ? "; " : "", json_text_or(one, "sentence", "?"));
    }
    *r = (struct result){.client = xstrdup(client),
                         .sentence = text.len ? xstrdup(buf_str(&text)) : NULL,
                         .n = (int64_t)json_array_size(lost),
                         .at_ms = clock_wall_ms()};
    buf_free(&text);
    writer_submit(n->writer, 0, write_result, on_written, r);
}

/* ---- a round ---- */

static void next(struct names *n);

static void on_done(void *arg, const struct run_result *result)
{
    struct names *n = arg;
    const struct target *t = &n->targets[n->at];
    json_t *answer = result->outcome == RUN_DONE
                         ? jsontree_read(result->json, result->len, NULL)
                         : NULL;
    n->run = NULL;
    if (answer)
        take_result(n, t->client, answer);
    else
        log_line(LOG_INFO, "client %s: what its settings name was not looked for: %s",
                 t->client, err_kind_name(result->err.kind));
    if (n->seen)
        n->seen(n->arg, t->client, t->app, answer, &result->err);
    json_decref(answer);
    n->at++;
    next(n);
}

static void next(struct names *n)
{
    if (n->at >= n->n || n->is_stopped) {
        free_targets(n);
        n->idle(n->arg);
        return;
    }
    const struct target *t = &n->targets[n->at];
    loopguard_lift("once a day, the connections whose settings are looked at");
    json_t *own = workspace_client_file(session_workspace(n->s), t->client, NULL);
    loopguard_restore();
    json_t *args =
        json_pack("{s:s, s:O*}", "app", t->app, "own", settings_client_app(own, t->app));
    json_decref(own);
    struct session_call call = {.client = t->client,
                                .label = "names",
                                .entry = "names",
                                .args = args,
                                .lane = WINDOW_LANE_BULK,
                                .wait_ms = WAIT_MS};
    n->run = session_start(n->s, &call, on_done, n);
    json_decref(args);
}

static int add_target(void *arg, const char *client, const struct store_connection *c)
{
    struct names *n = arg;
    if (c->reconnect || !workspace_has_client(session_workspace(n->s), client))
        return 0;
    array_grow(n->targets, n->n);
    n->targets[n->n++] = (struct target){xstrdup(client), xstrdup(c->app)};
    return 0;
}

static void begin(struct names *n)
{
    struct err e;
    struct store *store = workspace_store(session_workspace(n->s), &e);
    loopguard_lift("once a day, the connections whose settings are looked at");
    if (!store || store_connection_each(store, add_target, n, &e) != 0)
        log_line(LOG_WARN, "cannot look for what settings name: %s", e.text);
    loopguard_restore();
    next(n);
}

void names_start(struct names *n)
{
    if (names_is_idle(n) && !n->is_stopped)
        begin(n);
}

/* On the writer's thread. */
static int ask(struct db *db, void *arg, struct err *e)
{
    struct names *n = arg;
    return incident_timer(db, "names", clock_wall_ms(), DAY_MS, &n->is_due, e);
}

static void on_asked(void *arg, const struct err *e)
{
    struct names *n = arg;
    n->is_asking = 0;
    if (e->kind == ERR_NONE && n->is_due && !n->is_stopped)
        begin(n);
}

void names_tick(struct names *n)
{
    if (!names_is_idle(n) || n->is_stopped)
        return;
    n->is_asking = 1;
    n->is_due = 0;
    writer_submit(n->writer, 0, ask, on_asked, n);
}

void names_stop(struct names *n)
{
    n->is_stopped = 1;
    if (n->run) {
        run_kill(n->run);
        n->run = NULL;
        free_targets(n);
        n->idle(n->arg);
    }
}
