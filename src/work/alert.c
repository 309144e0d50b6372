#include "work/alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/connection.h"
#include "core/quiet.h"
#include "core/settings.h"
#include "core/settings_value.h"
#include "io/url_parse.h"
#include "work/alert_text.h"
#include "work/judge.h"

enum {
    FLUSH_US = 2 * 1000 * 1000,
    ROUND_US = 15 * 1000 * 1000,
    TOTAL_MS = 10 * 1000,
    SIGNS_MAX = 2000 /* kept in memory between two flushes; more are dropped */
};

struct sign { /* of trouble */
    char *kind, *key, *client, *sentence;
    int64_t first_ms, last_ms, good_ms;
    int64_t n;
    int is_new; /* it was well before first_ms */
};

struct signs {
    struct sign *list;
    size_t n;
    json_t *good; /* when what was well: {kind: {key: milliseconds}}; NULL: nothing was */
};

struct sending {
    LIST_ENTRY(sending) entry;
    struct alert *alert;
    struct httpc_call *call;
    char *body;
    struct judge_line *lines; /* that it says; owned */
    size_t nlines;
    int is_heartbeat;
    alert_sent *done; /* may be NULL */
    void *arg;
};

struct alert {
    struct workspace *w;
    struct httpc *httpc;
    struct writer *writer;
    void (*idle)(void *arg);
    void *arg;
    LIST_HEAD(, sending) sending;
    struct signs signs;
    int64_t flush_us, round_us; /* when each is due */
    int is_flushing, is_judging;
    struct judge judge;
    struct judge_client *clients; /* that the judge is given; names are owned */
    size_t nclients;
    char *received; /* the same */
};

struct flush { /* a job */
    struct alert *alert;
    struct signs signs;
};

struct unsaid { /* a job */
    struct judge_line *lines;
    size_t n;
};

struct alert *alert_new(struct workspace *w, struct httpc *httpc, struct writer *writer,
                        void (*idle)(void *arg), void *arg)
{
    struct alert *a = xcalloc(1, sizeof *a);
    *a = (struct alert){
        .w = w, .httpc = httpc, .writer = writer, .idle = idle, .arg = arg};
    return a;
}

static void free_lines(struct judge_line *lines, size_t n)
{
    struct judge j = {.lines = lines, .nlines = n};
    judge_fini(&j);
}

static void sending_free(struct sending *x)
{
    LIST_REMOVE(x, entry);
    if (x->call)
        httpc_cancel(x->call);
    free_lines(x->lines, x->nlines);
    free(x->body);
    free(x);
}

static void free_signs(struct signs *signs)
{
    for (size_t i = 0; i < signs->n; i++) {
        free(signs->list[i].kind);
        free(signs->list[i].key);
        free(signs->list[i].client);
        free(signs->list[i].sentence);
    }
    free(signs->list);
    json_decref(signs->good);
    *signs = (struct signs){0};
}

static void free_clients(struct alert *a)
{
    for (size_t i = 0; i < a->nclients; i++)
        free((char *)a->clients[i].client);
    free(a->clients);
    free(a->received);
    a->clients = NULL;
    a->received = NULL;
    a->nclients = 0;
}

void alert_free(struct alert *a)
{
    if (!a)
        return;
    while (!LIST_EMPTY(&a->sending))
        sending_free(LIST_FIRST(&a->sending));
    free_signs(&a->signs);
    judge_fini(&a->judge);
    free_clients(a);
    free(a);
}

int alert_is_sending(const struct alert *a)
{
    return !LIST_EMPTY(&a->sending) || a->is_flushing || a->is_judging;
}

static void maybe_idle(struct alert *a)
{
    if (!alert_is_sending(a))
        a->idle(a->arg);
}

/* ---- sending ---- */

/* On the writer's thread. */
static int write_unsaid(struct db *db, void *arg, struct err *e)
{
    struct unsaid *u = arg;
    for (size_t i = 0; i < u->n; i++)
        if (judge_unsay(db, &u->lines[i], e) != 0)
            return -1;
    return 0;
}

static void on_unsaid(void *arg, const struct err *e)
{
    struct unsaid *u = arg;
    (void)e; /* the next line in an hour says it */
    free_lines(u->lines, u->n);
    free(u);
}

static void unsay(struct sending *x)
{
    struct unsaid *u = xcalloc(1, sizeof *u);
    *u = (struct unsaid){x->lines, x->nlines};
    x->lines = NULL;
    x->nlines = 0;
    writer_submit(x->alert->writer, 0, write_unsaid, on_unsaid, u);
}

static void on_answer(void *arg, const struct httpc_answer *answer)
{
    struct sending *x = arg;
    struct alert *a = x->alert;
    const char *what = x->is_heartbeat ? "call the heartbeat's address" : "send an alert";
    int is_bad = answer->err.kind != ERR_NONE || answer->status >= 300;
    x->call = NULL;
    /* the URL is a secret, and the error's text may contain it: neither is shown */
    if (answer->err.kind != ERR_NONE)
        log_line(LOG_WARN, "cannot %s: %s", what, err_kind_name(answer->err.kind));
    else if (is_bad)
        log_line(LOG_WARN, "cannot %s: the server answers %ld", what, answer->status);
    if (is_bad && x->nlines)
        unsay(x);
    if (x->done)
        x->done(x->arg, (int)answer->status, &answer->err);
    sending_free(x);
    maybe_idle(a);
}

/* Appends the address VALUE, a text or a secret. */
static int open_address(struct workspace *w, const json_t *value, struct buf *url,
                        struct err *e)
{
    const char *secret = settings_secret(value);
    if (secret)
        return workspace_secret(w, secret, url, e);
    buf_adds(url, json_string_value(value));
    return 0;
}

/* Starts the request. TEXT NULL: a heartbeat. Returns NULL with E. */
static struct sending *start(struct alert *a, const json_t *to, const char *text,
                             struct err *e)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    struct url_parts u = {0};
    struct buf url;
    buf_init(&url, 16 * 1024);
    if (open_address(a->w, to, &url, e) != 0 || url_parse(buf_str(&url), &u, e) != 0) {
        if (e->kind == ERR_INVALID) /* it may quote the secret */
            err_set(e, ERR_SETTINGS, "its address is not a URL");
        vault_wipe(&url);
        return NULL;
    }
    struct sending *x = xcalloc(1, sizeof *x);
    json_t *body = text ? json_pack("{s:s}", "text", text) : NULL;
    x->alert = a;
    x->is_heartbeat = !text;
    x->body = body ? json_dumps(body, JSON_COMPACT) : NULL;
    LIST_INSERT_HEAD(&a->sending, x, entry);
    struct httpc_request request = {.method = text ? "POST" : "GET",
                                    .url = buf_str(&url),
                                    .shown = "the alert's URL",
                                    .headers = headers,
                                    .nheaders = text ? 1 : 0,
                                    .body = x->body,
                                    .body_len = x->body ? strlen(x->body) : 0,
                                    .total_ms = TOTAL_MS,
                                    .fresh = 1,
                                    .allow_private = host_is_address(u.host)};
    x->call = httpc_start(a->httpc, &request, on_answer, x, e);
    if (!x->call) {
        sending_free(x);
        x = NULL;
    }
    json_decref(body);
    url_parts_fini(&u);
    vault_wipe(&url);
    return x;
}

int alert_send(struct alert *a, const char *client, const char *text, alert_sent *done,
               void *arg, struct err *e)
{
    int is_own;
    const json_t *of = client ? workspace_client(a->w, client, e) : NULL;
    if (client && !of)
        return -1;
    const json_t *to = settings_alert_to(workspace_settings(a->w, NULL), of, &is_own);
    if (!to)
        return err_set(
            e, ERR_SETTINGS,
            "no alert is sent%s%s: set `alert` in foyer.lua%s, such as alert = "
            "secret \"chat.url\"",
            client ? " about " : "", client ? client : "",
            client ? " or client.lua" : "");
    struct sending *x = start(a, to, text, e);
    if (!x)
        return err_prefix(e, "cannot send an alert");
    x->done = done;
    x->arg = arg;
    return 0;
}

/* ---- signs ---- */

static struct sign *find_sign(struct alert *a, const char *kind, const char *key)
{
    struct signs *all = &a->signs;
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->list[i].kind, kind) == 0 && strcmp(all->list[i].key, key) == 0)
            return &all->list[i];
    return NULL;
}

static struct sign *add_sign(struct alert *a, const char *kind, const char *key,
                             const char *client)
{
    struct signs *all = &a->signs;
    if (all->n >= SIGNS_MAX)
        return NULL;
    array_grow(all->list, all->n);
    all->list[all->n] = (struct sign){.kind = xstrdup(kind),
                                      .key = xstrdup(key),
                                      .client = xstrdup(client),
                                      .first_ms = clock_wall_ms()};
    return &all->list[all->n++];
}

void alert_bad(struct alert *a, const char *kind, const char *key, const char *client,
               const char *sentence)
{
    struct sign *s = find_sign(a, kind, key);
    int64_t now = clock_wall_ms();
    if (!s)
        s = add_sign(a, kind, key, client);
    if (!s)
        return;
    if (s->good_ms) {
        s->first_ms = now;
        s->good_ms = 0;
        s->is_new = 1;
    }
    s->last_ms = now;
    s->n++;
    free(s->sentence);
    s->sentence = xstrdup(sentence);
}

/* Notes that KEY is well. */
static void note_good(struct alert *a, const char *kind, const char *key)
{
    struct sign *s = a->signs.n ? find_sign(a, kind, key) : NULL;
    int64_t now = clock_wall_ms();
    if (s)
        s->good_ms = now;
    if (!a->signs.good)
        a->signs.good = json_object();
    json_t *of = json_object_get(a->signs.good, kind);
    if (!of) {
        of = json_object();
        json_object_set_new(a->signs.good, kind, of);
    }
    if (json_object_size(of) < SIGNS_MAX || json_object_get(of, key))
        json_object_set_new(of, key, json_integer(now));
}

static char *recipe_key(const char *client, const char *recipe)
{
    return xasprintf("%s/%s", client, recipe ? recipe : "");
}

void alert_bad_recipe(struct alert *a, const char *kind, const char *client,
                      const char *recipe, const char *sentence)
{
    char *key = recipe_key(client, recipe);
    alert_bad(a, kind, key, client, sentence);
    free(key);
}

void alert_good_recipe(struct alert *a, const char *client, const char *recipe)
{
    char *key = recipe_key(client, recipe);
    note_good(a, INCIDENT_RECIPE, key); /* stored for both kinds */
    free(key);
}

void alert_heard(struct alert *a, const struct access_news *news)
{
    char *key = xasprintf("%s/%s", news->app, news->company), text[64];
    const struct err *e = news->err;
    snprintf(text, sizeof text, "%d", news->status);
    if (news->is_well)
        note_good(a, INCIDENT_COMPANY, key);
    else
        alert_bad(a, INCIDENT_COMPANY, key, news->client ? news->client : "",
                  e->kind == ERR_TIMEOUT   ? "nothing in time"
                  : e->kind == ERR_NETWORK ? "nothing"
                                           : text);
    free(key);
}

static int write_good(struct db *db, json_t *good, struct err *e)
{
    const char *kind, *key;
    json_t *of, *at;
    int64_t any = 0;
    if (!good || incident_any(db, &any, e) != 0 || !any)
        return e->kind == ERR_NONE ? 0 : -1;
    json_object_foreach(good, kind, of)
    {
        json_object_foreach(of, key, at)
        {
            int64_t at_ms = json_integer_value(at);
            if (incident_good(db, kind, key, at_ms, e) != 0 ||
                (strcmp(kind, INCIDENT_RECIPE) == 0 &&
                 incident_good(db, INCIDENT_GIVEN_UP, key, at_ms, e) != 0))
                return -1;
        }
    }
    return 0;
}

/* On the writer's thread. Trouble first: what is well has no row otherwise. */
static int write_signs(struct db *db, void *arg, struct err *e)
{
    const struct flush *f = arg;
    err_clear(e);
    for (size_t i = 0; i < f->signs.n; i++) {
        const struct sign *s = &f->signs.list[i];
        struct incident_sign sign = {.kind = s->kind,
                                     .key = s->key,
                                     .client = s->client,
                                     .sentence = s->sentence,
                                     .first_ms = s->first_ms,
                                     .last_ms = s->last_ms,
                                     .n = s->n,
                                     .is_new = s->is_new};
        if (incident_bad(db, &sign, e) != 0)
            return -1;
    }
    return write_good(db, f->signs.good, e);
}

static void on_flushed(void *arg, const struct err *e)
{
    struct flush *f = arg;
    struct alert *a = f->alert;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "signs of trouble are not stored: %s", e->text);
    free_signs(&f->signs);
    free(f);
    a->is_flushing = 0;
    maybe_idle(a);
}

static void flush(struct alert *a)
{
    a->flush_us = clock_mono_us() + FLUSH_US;
    if (a->is_flushing || (a->signs.n == 0 && !a->signs.good))
        return;
    struct flush *f = xcalloc(1, sizeof *f);
    *f = (struct flush){a, a->signs};
    a->signs = (struct signs){0};
    a->is_flushing = 1;
    writer_submit(a->writer, 0, write_signs, on_flushed, f);
}

/* ---- rounds ---- */

static void add_client(void *arg, const char *client)
{
    struct alert *a = arg;
    const json_t *settings = workspace_settings(a->w, NULL);
    const json_t *of = *client ? workspace_client(a->w, client, NULL) : NULL;
    int is_own, index = (int)a->nclients;
    const json_t *to = settings_alert_to(settings, of, &is_own);
    struct quiet q;
    const char *hours = settings_alert_quiet(settings, of);
    const struct zone *z = zone_find(settings_timezone(settings, of), NULL);
    array_grow(a->clients, a->nclients);
    a->clients[a->nclients++] = (struct judge_client){
        .client = xstrdup(client),
        .target = !to      ? -1
                  : is_own ? index
                           : 0,
        .is_quiet = hours && z && quiet_parse(hours, &q) == 0 &&
                    quiet_is_now(&q, z, clock_wall_ms()),
        .silence = *client ? settings_alert_silence(settings, of) : 0,
        .zone = z ? z : zone_find("UTC", NULL)};
}

/* Returns the types of events by which a customer writes, of all apps, as JSON. */
static char *received_types(struct workspace *w)
{
    const struct settings_app *apps;
    size_t n = 0;
    json_t *all = json_array();
    if (workspace_apps(w, &apps, &n, NULL) != 0)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *actor = json_object_get(
            json_object_get(workspace_connector(w, apps[i].name, NULL), "events"),
            "actor");
        json_array_extend(all, json_object_get(actor, "received"));
    }
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

/* On the writer's thread. */
static int hold_round(struct db *db, void *arg, struct err *e)
{
    return judge_round(db, &((struct alert *)arg)->judge, e);
}

static const json_t *address_of(const struct alert *a, int target)
{
    int is_own;
    const char *client = a->clients[target].client;
    return settings_alert_to(workspace_settings(a->w, NULL),
                             *client ? workspace_client(a->w, client, NULL) : NULL,
                             &is_own);
}

/* Moves the lines of TARGET out of the judge's. */
static void take_lines(struct judge *j, int target, struct sending *x)
{
    size_t left = 0;
    for (size_t i = 0; i < j->nlines; i++) {
        if (j->lines[i].target != target) {
            j->lines[left++] = j->lines[i];
            continue;
        }
        array_grow(x->lines, x->nlines);
        x->lines[x->nlines++] = j->lines[i];
    }
    j->nlines = left;
}

/* A copy of a store sends no alert: the original does. */
static int is_copy(const struct alert *a)
{
    const struct store *store = workspace_store(a->w, NULL);
    return store && store_is_copy(store);
}

/* Sends what the first line's target is told. */
static void send_first(struct alert *a)
{
    struct judge *j = &a->judge;
    struct err e;
    int target = j->lines[0].target;
    char *text = alert_text(a->w, j->lines, j->nlines, target, j->now_ms);
    const json_t *to = is_copy(a) ? NULL : address_of(a, target);
    if (is_copy(a))
        log_line(LOG_WARN, "%s (no alert is sent, as this store is a copy)", text);
    struct sending *x = to ? start(a, to, text, &e) : NULL, none = {.alert = a};
    if (to && !x)
        log_line(LOG_WARN, "cannot send an alert: %s", e.text);
    take_lines(j, target, x ? x : &none);
    if (to && !x)
        unsay(&none);
    else if (!x)
        free_lines(none.lines, none.nlines);
    free(text);
}

static void beat(struct alert *a)
{
    int64_t every_ms;
    struct err e;
    const json_t *to = settings_heartbeat(workspace_settings(a->w, NULL), &every_ms);
    if (to && !is_copy(a) && !start(a, to, NULL, &e))
        log_line(LOG_WARN, "cannot call the heartbeat's address: %s", e.text);
}

static void on_judged(void *arg, const struct err *e)
{
    struct alert *a = arg;
    a->is_judging = 0;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "cannot look for what alerts are about: %s", e->text);
    for (size_t i = 0; i < a->judge.nlines; i++)
        log_line(LOG_INFO, "alert: %s %s: %s", a->judge.lines[i].incident.kind,
                 a->judge.lines[i].incident.key,
                 a->judge.lines[i].what == JUDGE_OPENED  ? "begins"
                 : a->judge.lines[i].what == JUDGE_LASTS ? "lasts"
                                                         : "is over");
    while (e->kind == ERR_NONE && a->judge.nlines)
        send_first(a);
    if (e->kind == ERR_NONE && a->judge.is_heartbeat)
        beat(a);
    judge_fini(&a->judge);
    free_clients(a);
    maybe_idle(a);
}

static void hold(struct alert *a, int is_forced)
{
    int64_t every_ms;
    a->round_us = clock_mono_us() + ROUND_US;
    if (a->is_judging)
        return;
    a->is_judging = 1;
    add_client(a, "");
    workspace_each_client(a->w, add_client, a);
    a->received = received_types(a->w);
    const json_t *beats = settings_heartbeat(workspace_settings(a->w, NULL), &every_ms);
    a->judge = (struct judge){.now_ms = clock_wall_ms(),
                              .is_forced = is_forced,
                              .received = a->received,
                              .clients = a->clients,
                              .nclients = a->nclients,
                              .heartbeat_ms = beats ? every_ms : 0};
    writer_submit(a->writer, 0, hold_round, on_judged, a);
}

void alert_tick(struct alert *a)
{
    int64_t now = clock_mono_us();
    int is_round = now >= a->round_us;
    if (is_round || (now >= a->flush_us && a->signs.n))
        flush(a);
    if (is_round)
        hold(a, 0);
}

void alert_flush(struct alert *a)
{
    flush(a);
    hold(a, 1);
}
