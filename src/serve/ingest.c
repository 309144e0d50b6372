#include "serve/ingest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "serve/channel.h"
#include "serve/hooks.h"
#include "serve/refusals.h"
#include "base/clock.h"
#include "base/jsonpick.h"
#include "base/log.h"
#include "base/str.h"
#include "store/inbox.h"
#include "base/stats.h"
#include "base/crypto.h"
#include "io/writer.h"

enum {
    ID_SIZE = 128, /* of a company's, an event's, a conversation's id, and a type */
    CHALLENGE_SIZE = 1025,
    QUEUED_MAX = 4096, /* jobs of the writer; past it nothing more is taken */
    STALE_KEPT = 256,
    STRANGERS_MAX = 20 /* unknown routes that are kept an hour */
};

static const int64_t HOUR_US = (int64_t)3600 * 1000 * 1000;

/* One delivery on its way to the disk. Its texts and its body stand behind it. */
struct job {
    LIST_ENTRY(job) link;
    struct ingest *in; /* NULL: it is over, nobody waits for the answer */
    struct httpd_request *r;
    struct delivery d;
    json_t *answer; /* NULL: the usual one */
    size_t len;
    int64_t id;
    char *body, tail[];
};

struct ingest {
    struct loop *loop;
    struct writer *writer;
    struct hooks *hooks;
    struct refusals *refusals;
    void (*stored)(void *arg);
    void *arg;
    struct loop_timer *wake;
    LIST_HEAD(, job) jobs;
    int njobs;
    int is_failing; /* the store could not be written the last time */
    /* signatures of stale requests that are stored already */
    unsigned char stale[STALE_KEPT][CRYPTO_SHA256_SIZE];
    size_t nstale;
    int strangers;
    int64_t strangers_us;
};

/* What a body says of itself; "" where it says nothing. */
struct said {
    char company[ID_SIZE], type[ID_SIZE], event[ID_SIZE], conversation[ID_SIZE];
    struct channel_said channel;
};

/* ---- answers ---- */

static void answer(struct httpd_request *r, int status, const char *body)
{
    static const struct httpd_header json[] = {{"Content-Type", "application/json"}};
    httpd_reply(r, status, json, 1, body, strlen(body));
}

static void answer_tree(struct httpd_request *r, int status, const json_t *tree)
{
    char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
    answer(r, status, text ? text : "{}");
    free(text);
}

static void answer_later(struct httpd_request *r)
{
    static const struct httpd_header headers[] = {{"Content-Type", "application/json"},
                                                  {"Retry-After", "5"}};
    static const char body[] = "{\"ok\":false,\"message\":\"cannot be stored now\"}";
    stats_rejected(503);
    httpd_reply(r, 503, headers, 2, body, strlen(body));
}

static void note_refusal(struct ingest *in, const struct hook *hook, int status,
                         const char *scheme, const char *sentence)
{
    stats_rejected(status);
    refusals_add(in->refusals, &(struct rejection){.route = hook->path,
                                                   .client = hook->client,
                                                   .app = hook->app,
                                                   .scheme = scheme,
                                                   .status = status,
                                                   .sentence = sentence});
}

/* The sentence is kept for the agency; who is not known gets a bare status. */
static void refuse(struct ingest *in, const struct hook *hook, struct httpd_request *r,
                   int status, const char *scheme, const char *sentence)
{
    note_refusal(in, hook, status, scheme, sentence);
    answer(r, status,
           status == 401 ? "{\"ok\":false,\"message\":\"unauthorized\"}"
           : status == 403
               ? "{\"ok\":false,\"message\":\"this client has another company\"}"
           : status == 415 ? "{\"ok\":false,\"message\":\"not taken compressed\"}"
                           : "{\"ok\":false,\"message\":\"not a JSON object\"}");
}

/* Anybody can make up names: a few are kept, since one may be a slip in a URL that was
 * pasted into the remote app's settings. */
static void refuse_stranger(struct ingest *in, struct httpd_request *r, const char *why)
{
    int64_t now = clock_mono_us();
    if (now - in->strangers_us > HOUR_US) {
        in->strangers_us = now;
        in->strangers = 0;
    }
    struct rejection row = {.route = "/hooks/", .status = 404, .sentence = why};
    if (in->strangers < STRANGERS_MAX && strlen(httpd_path(r)) < 200) {
        in->strangers++;
        row.route = httpd_path(r);
    } else {
        row.sentence = "more unknown routes";
    }
    stats_rejected(404);
    refusals_add(in->refusals, &row);
    answer(r, 404, "{\"ok\":false,\"message\":\"not found\"}");
}

/* ---- the way to the disk ---- */

static void on_wake(void *arg)
{
    struct ingest *in = arg;
    if (in->stored)
        in->stored(in->arg);
}

static int store_job(struct db *db, void *arg, struct err *e)
{
    struct job *j = arg;
    return inbox_add(db, &j->d, j->body, j->len, &j->id, e);
}

static void job_free(struct job *j)
{
    if (j->in) {
        LIST_REMOVE(j, link);
        j->in->njobs--;
    }
    json_decref(j->answer);
    free(j);
}

static void count(const struct job *j)
{
    stats_add(j->d.state == DELIVERY_STALE      ? STAT_DELIVERY_STALE
              : j->d.state == DELIVERY_UNROUTED ? STAT_DELIVERY_UNROUTED
              : j->answer                       ? STAT_DELIVERY_CHANNEL
                                                : STAT_DELIVERY_ACCEPTED,
              1);
}

static void on_stored(void *arg, const struct err *e)
{
    struct job *j = arg;
    struct ingest *in = j->in;
    if (!in) {
        job_free(j);
        return;
    }
    if (e->kind != ERR_NONE && !in->is_failing)
        log_line(LOG_ERROR, "webhooks are answered with 503: %s", e->text);
    else if (e->kind == ERR_NONE && in->is_failing)
        log_line(LOG_WARN, "webhooks are stored again");
    in->is_failing = e->kind != ERR_NONE;
    if (e->kind == ERR_NONE)
        count(j);
    if (j->d.state == DELIVERY_STALE) { /* refused, stored or not */
        answer(j->r, 401, "{\"ok\":false,\"message\":\"unauthorized\"}");
    } else if (e->kind != ERR_NONE) {
        answer_later(j->r);
    } else if (j->answer) {
        channel_complete(j->answer, j->id);
        answer_tree(j->r, 200, j->answer);
    } else {
        answer(j->r, 200, "{\"ok\":true}");
    }
    if (e->kind == ERR_NONE && j->d.state == DELIVERY_WAITING)
        loop_timer_set(in->wake, 0); /* once for all that were committed together */
    job_free(j);
}

/* Copies S behind *P; NULL for "". */
static const char *put(char **p, const char *s)
{
    if (!s || !*s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *to = *p;
    memcpy(to, s, n);
    *p += n;
    return to;
}

static size_t room(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

/* Owns R and ANSWER. */
static void submit(struct ingest *in, struct httpd_request *r, const struct delivery *d,
                   const void *body, size_t len, json_t *answered)
{
    size_t texts = room(d->app) + room(d->client) + room(d->trigger) + room(d->scheme) +
                   room(d->company) + room(d->type) + room(d->event) +
                   room(d->conversation);
    struct job *j = xmalloc(sizeof *j + texts + len);
    *j = (struct job){.in = in, .r = r, .d = *d, .answer = answered, .len = len};
    char *p = j->tail;
    j->d.app = put(&p, d->app);
    j->d.client = put(&p, d->client);
    j->d.trigger = put(&p, d->trigger);
    j->d.scheme = put(&p, d->scheme);
    j->d.company = put(&p, d->company);
    j->d.type = put(&p, d->type);
    j->d.event = put(&p, d->event);
    j->d.conversation = put(&p, d->conversation);
    j->body = p;
    memcpy(p, body, len);
    LIST_INSERT_HEAD(&in->jobs, j, link);
    in->njobs++;
    writer_submit(in->writer, WRITER_DURABLE | WRITER_CHECKS_FIRST, store_job, on_stored,
                  j);
}

/* ---- what a body says ---- */

enum {
    PICK_COMPANY,
    PICK_TYPE,
    PICK_EVENT = PICK_TYPE + 2, /* each in its envelope, and bare */
    PICK_CONVERSATION = PICK_EVENT + 2,
    PICK_CHANNEL = PICK_CONVERSATION + 2,
    PICKS = PICK_CHANNEL + CHANNEL_PICKS
};

static struct jsonpick pick(const char *path)
{
    /* a name that no body has */
    return (struct jsonpick){path ? path : "\x01", NULL, 0};
}

/* PATH behind its first name: a bare event has no envelope. */
static const char *bare(const char *path)
{
    const char *dot = path ? strchr(path, '.') : NULL;
    return dot ? dot + 1 : path;
}

static void say(const struct jsonpick *p, char out[ID_SIZE])
{
    if (jsonpick_text(&p[0], out, ID_SIZE) != 0)
        jsonpick_text(&p[1], out, ID_SIZE);
}

/* -1 when the body is no JSON object. */
static int read_body(const struct hook_app *about, const char *body, size_t len,
                     struct said *said)
{
    struct jsonpick p[PICKS] = {
        [PICK_COMPANY] = pick(about->company),
        [PICK_TYPE] = pick(about->type),
        [PICK_TYPE + 1] = pick(bare(about->type)),
        [PICK_EVENT] = pick(about->event),
        [PICK_EVENT + 1] = pick(bare(about->event)),
        [PICK_CONVERSATION] = pick(about->conversation),
        [PICK_CONVERSATION + 1] = pick(bare(about->conversation)),
    };
    channel_picks(about, &p[PICK_CHANNEL]);
    struct err ignored;
    memset(said, 0, sizeof *said);
    if (jsonpick_find(body, len, p, PICKS, &ignored) != 0 ||
        body[strspn(body, " \t\r\n")] != '{')
        return -1;
    jsonpick_text(&p[PICK_COMPANY], said->company, ID_SIZE);
    say(&p[PICK_TYPE], said->type);
    say(&p[PICK_EVENT], said->event);
    say(&p[PICK_CONVERSATION], said->conversation);
    channel_read(about, &p[PICK_CHANNEL], &said->channel);
    return 0;
}

/* ---- a request ---- */

static const char *get_header(void *arg, const char *name)
{
    return httpd_header_get(arg, name);
}

/* 1 when this very request was stored before: who has caught one may send it for ever. */
static int is_known_stale(struct ingest *in, const char *signature)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    crypto_sha256(signature, strlen(signature), hash);
    size_t n = in->nstale < STALE_KEPT ? in->nstale : STALE_KEPT;
    for (size_t i = 0; i < n; i++)
        if (memcmp(in->stale[i], hash, sizeof hash) == 0)
            return 1;
    memcpy(in->stale[in->nstale++ % STALE_KEPT], hash, sizeof hash);
    return 0;
}

static int is_challenge(const struct hook *hook, struct httpd_request *r,
                        const struct said *said)
{
    const char *name = hook->about->challenge;
    return name && !*said->event && httpd_header_get(r, name) != NULL;
}

/* Printable ASCII, as long as a header may hold it. */
static int is_echo(const char *value)
{
    size_t n = strlen(value);
    for (const char *p = value; *p; p++)
        if (*p < 0x20 || *p > 0x7e)
            return 0;
    return n > 0 && n < CHALLENGE_SIZE;
}

static void answer_challenge(struct ingest *in, const struct hook *hook,
                             struct httpd_request *r, const char *scheme)
{
    const char *value = httpd_header_get(r, hook->about->challenge);
    if (!is_echo(value)) {
        refuse(in, hook, r, 400, scheme,
               "its challenge is not 1 to 1024 printable characters");
        return;
    }
    json_t *tree = json_pack("{s:s}", hook->about->challenge_answer, value);
    log_line(LOG_INFO, "%s: %s tried this address, rightly signed", hook->path,
             hook->app);
    answer_tree(r, 200, tree);
    json_decref(tree);
}

/* Where it goes, in D; -1 when it was refused. */
static int route(struct ingest *in, const struct hook *hook, struct httpd_request *r,
                 const struct said *said, struct delivery *d)
{
    struct err e = {0};
    if (!hook->client) {
        if (*said->company ? !hooks_has_company(in->hooks, hook, said->company)
                           : !said->channel.is_one)
            d->state = DELIVERY_UNROUTED;
        return 0;
    }
    if (*said->company && !hooks_fits_company(in->hooks, hook, said->company, &e)) {
        refuse(in, hook, r, 403, d->scheme, e.text);
        return -1;
    }
    return 0;
}

/* The channel's own answer, or NULL when R was refused. */
static json_t *channel_answer(struct ingest *in, const struct hook *hook,
                              struct httpd_request *r, const struct said *said,
                              const char *scheme)
{
    struct err e = {0};
    char *url = hooks_url(in->hooks, hook);
    json_t *tree = channel_prepare(hook->about, &said->channel, url, &e);
    free(url);
    if (tree)
        return tree;
    note_refusal(in, hook, 400, scheme, e.text);
    tree = channel_refusal(hook->about, e.text);
    answer_tree(r, 400, tree);
    json_decref(tree);
    return NULL;
}

static void take_verified(struct ingest *in, const struct hook *hook,
                          struct httpd_request *r, const struct sign_result *signed_by,
                          const char *body, size_t len)
{
    struct said said;
    int is_delete = strcmp(httpd_method(r), "DELETE") == 0;
    int64_t now_ms = clock_wall_ms();
    const char *scheme = signed_by->scheme->name;
    int rc = read_body(hook->about, body, len, &said);
    if (is_delete) { /* nobody signed its body */
        memset(&said, 0, sizeof said);
        channel_read_deleted(&said.channel);
    }
    if (signed_by->verdict == SIGN_STALE) {
        if (is_known_stale(in, httpd_header_get(r, hook->about->signature))) {
            refuse(in, hook, r, 401, scheme,
                   "rightly signed, but its time is too far from this machine's: again");
            return;
        }
    } else if (rc != 0 && !is_delete) {
        refuse(in, hook, r, 400, scheme, "its body is not a JSON object");
        return;
    } else if (!is_delete && is_challenge(hook, r, &said)) {
        answer_challenge(in, hook, r, scheme);
        return;
    }
    struct delivery d = {.at_ms = now_ms,
                         .due_ms = now_ms,
                         .app = hook->app,
                         .client = hook->client,
                         .trigger = hook->trigger,
                         .scheme = scheme,
                         .company = said.company,
                         .type = said.channel.is_one ? said.channel.type : said.type,
                         .event = said.event,
                         .conversation = *said.channel.conversation
                                             ? said.channel.conversation
                                             : said.conversation};
    json_t *answered = NULL;
    if (signed_by->verdict == SIGN_STALE) {
        d.state = DELIVERY_STALE;
    } else {
        said.channel.is_one &= !*said.company && !hook->trigger;
        if (route(in, hook, r, &said, &d) != 0)
            return;
        if (said.channel.is_one &&
            !(answered = channel_answer(in, hook, r, &said, scheme)))
            return;
    }
    submit(in, r, &d, body, len, answered);
}

/* Returns 1 when the body is compressed. Whether its signature is over the compressed
 * bytes no scheme says, so neither "not signed" nor "no JSON" would be the reason. */
static int is_encoded(const struct httpd_request *r)
{
    const char *coding = httpd_header_get(r, "Content-Encoding");
    return coding && *coding && !str_ieq(coding, "identity");
}

static void take_signed(struct ingest *in, const struct hook *hook,
                        struct httpd_request *r, int is_delete)
{
    size_t len;
    const char *body = httpd_body(r, &len);
    const char *over = is_delete ? hook->about->channel_deleted : NULL;
    struct sign_request asked = {.signature = httpd_header_get(r, hook->about->signature),
                                 .header = get_header,
                                 .arg = r,
                                 .body = over ? over : body,
                                 .len = over ? strlen(over) : len,
                                 .now_ms = clock_wall_ms()};
    struct sign_result result;
    struct err e = {0};
    if (hooks_verify(in->hooks, hook, &asked, &result, &e) != 0) {
        log_line(LOG_ERROR, "%s: the keys cannot be read: %s", hook->path, e.text);
        answer_later(r);
    } else if (result.verdict != SIGN_OK && result.verdict != SIGN_STALE) {
        refuse(in, hook, r, 401, result.scheme ? result.scheme->name : NULL,
               hooks_explain(in->hooks, hook, &asked, &result));
    } else {
        take_verified(in, hook, r, &result, body, len);
    }
}

void ingest_take(struct ingest *in, struct httpd_request *r)
{
    struct err e = {0};
    const char *method = httpd_method(r);
    const struct hook *hook = hooks_find(in->hooks, httpd_path(r), &e);
    if (!hook && (e.kind == ERR_NOT_FOUND || e.kind == ERR_INVALID)) {
        refuse_stranger(in, r, e.text);
        return;
    }
    if (!hook) {
        log_line(LOG_ERROR, "%s: %s", httpd_path(r), e.text);
        answer_later(r);
        return;
    }
    int deletes = hook->about->channel && !hook->trigger;
    int is_delete = deletes && strcmp(method, "DELETE") == 0;
    if (!is_delete && strcmp(method, "POST") != 0) {
        static const char body[] = "{\"ok\":false,\"message\":\"method not allowed\"}";
        const struct httpd_header headers[] = {
            {"Content-Type", "application/json"},
            {"Allow", deletes ? "DELETE, POST" : "POST"}};
        stats_rejected(405);
        httpd_reply(r, 405, headers, 2, body, strlen(body));
        return;
    }
    if (writer_queued(in->writer) >= QUEUED_MAX)
        answer_later(r);
    else if (!is_delete && is_encoded(r))
        refuse(in, hook, r, 415, NULL,
               "its body has a Content-Encoding: have it sent uncompressed");
    else
        take_signed(in, hook, r, is_delete);
}

/* ---- its life ---- */

int ingest_takes(const char *path)
{
    return str_starts(path, "/hooks/");
}

struct ingest *ingest_new(struct workspace *w, struct loop *loop, struct writer *writer,
                          void (*stored)(void *arg), void *arg, struct err *e)
{
    /* what every request will want, while somebody reads the error */
    if (!workspace_settings(w, e) || !workspace_store(w, e) || !workspace_vault(w, e))
        return NULL;
    struct ingest *in = xcalloc(1, sizeof *in);
    in->loop = loop;
    in->writer = writer;
    in->hooks = hooks_new(w);
    in->refusals = refusals_new(loop, writer);
    in->stored = stored;
    in->arg = arg;
    in->wake = loop_timer_new(loop, on_wake, in);
    in->strangers_us = clock_mono_us();
    return in;
}

void ingest_reload(struct ingest *in, struct workspace *w)
{
    hooks_free(in->hooks);
    in->hooks = hooks_new(w);
}

int ingest_busy(const struct ingest *in)
{
    return in->njobs;
}

void ingest_free(struct ingest *in)
{
    if (!in)
        return;
    struct job *j;
    while ((j = LIST_FIRST(&in->jobs))) { /* the writer still has it */
        LIST_REMOVE(j, link);
        httpd_drop(j->r);
        j->in = NULL;
    }
    refusals_free(in->refusals);
    hooks_free(in->hooks);
    loop_timer_free(in->wake);
    free(in);
}
