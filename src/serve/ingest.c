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
    ID_SIZE = 128, /* the id of a company, event or conversation; a type */
    CHALLENGE_SIZE = 1025,
    QUEUED_MAX = 4096, /* jobs of the writer; past it webhooks get a 503 */
    STALE_KEPT = 256,
    UNKNOWN_MAX = 20 /* unknown paths that are listed each hour */
};

static const int64_t HOUR_US = (int64_t)3600 * 1000 * 1000;

/* A delivery that the writer has. Its texts and its body follow in the same memory. */
struct pending {
    LIST_ENTRY(pending) link;
    struct ingest *in; /* NULL: ingest is freed, there is no request to answer */
    struct httpd_request *r;
    struct delivery d;
    json_t *answer; /* a channel's; NULL: {"ok":true} */
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
    LIST_HEAD(, pending) pending;
    int npending;
    int is_failing; /* the last write failed */
    /* hashes of the signatures of stale requests that were stored */
    unsigned char stale[STALE_KEPT][CRYPTO_SHA256_SIZE];
    size_t nstale;
    int unknown; /* paths listed since unknown_us */
    int64_t unknown_us;
};

/* Members of a body; "" where it has none. */
struct body_ids {
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

/* Answers STATUS and keeps SENTENCE for the agency: the sender, which may be anyone on
 * the Internet, is not told why. */
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

/* Answers a path that is not a hook's. A few are listed, since one may be a slip in a URL
 * that was pasted into the remote app's settings; strangers may send any number. */
static void refuse_unknown(struct ingest *in, struct httpd_request *r, const char *why)
{
    int64_t now = clock_mono_us();
    if (now - in->unknown_us > HOUR_US) {
        in->unknown_us = now;
        in->unknown = 0;
    }
    struct rejection row = {.route = "/hooks/", .status = 404, .sentence = why};
    if (in->unknown < UNKNOWN_MAX && strlen(httpd_path(r)) < 200) {
        in->unknown++;
        row.route = httpd_path(r);
    } else {
        row.sentence = "more unknown routes";
    }
    stats_rejected(404);
    refusals_add(in->refusals, &row);
    answer(r, 404, "{\"ok\":false,\"message\":\"not found\"}");
}

/* ---- storing ---- */

static void on_wake(void *arg)
{
    struct ingest *in = arg;
    if (in->stored)
        in->stored(in->arg);
}

static int store_pending(struct db *db, void *arg, struct err *e)
{
    struct pending *j = arg;
    return inbox_add(db, &j->d, j->body, j->len, &j->id, e);
}

static void pending_free(struct pending *j)
{
    if (j->in) {
        LIST_REMOVE(j, link);
        j->in->npending--;
    }
    json_decref(j->answer);
    free(j);
}

static void count(const struct pending *j)
{
    stats_add(j->d.state == DELIVERY_STALE      ? STAT_DELIVERY_STALE
              : j->d.state == DELIVERY_UNROUTED ? STAT_DELIVERY_UNROUTED
              : j->answer                       ? STAT_DELIVERY_CHANNEL
                                                : STAT_DELIVERY_ACCEPTED,
              1);
}

static void on_stored(void *arg, const struct err *e)
{
    struct pending *j = arg;
    struct ingest *in = j->in;
    if (!in) {
        pending_free(j);
        return;
    }
    if (e->kind != ERR_NONE && !in->is_failing)
        log_line(LOG_ERROR, "webhooks are answered with 503: %s", e->text);
    else if (e->kind == ERR_NONE && in->is_failing)
        log_line(LOG_WARN, "webhooks are stored again");
    in->is_failing = e->kind != ERR_NONE;
    if (e->kind == ERR_NONE)
        count(j);
    if (j->d.state == DELIVERY_STALE) { /* a refusal, whether it was stored or not */
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
        loop_timer_set(in->wake, 0); /* once for all of one commit */
    pending_free(j);
}

/* Copies S to *P, and moves *P behind it. NULL for "". */
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

/* Hands D to the writer. Takes over R and ANSWERED; copies the rest. */
static void submit(struct ingest *in, struct httpd_request *r, const struct delivery *d,
                   const void *body, size_t len, json_t *answered)
{
    struct delivery copy = *d;
    const char **texts[] = {&copy.app,    &copy.client,      &copy.trigger,
                            &copy.scheme, &copy.company,     &copy.type,
                            &copy.event,  &copy.conversation};
    size_t n = sizeof texts / sizeof *texts, room = 0;
    for (size_t i = 0; i < n; i++)
        room += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    struct pending *j = xmalloc(sizeof *j + room + len);
    *j = (struct pending){.in = in, .r = r, .answer = answered, .len = len};
    char *p = j->tail;
    for (size_t i = 0; i < n; i++)
        *texts[i] = put(&p, *texts[i]);
    j->d = copy;
    j->body = p;
    memcpy(p, body, len);
    LIST_INSERT_HEAD(&in->pending, j, link);
    in->npending++;
    writer_submit(in->writer, WRITER_DURABLE | WRITER_CHECKS_FIRST, store_pending,
                  on_stored, j);
}

/* ---- reading a body ---- */

enum {
    PICK_COMPANY,
    PICK_TYPE,
    PICK_EVENT = PICK_TYPE + 2, /* each within its envelope, and without one */
    PICK_CONVERSATION = PICK_EVENT + 2,
    PICK_CHANNEL = PICK_CONVERSATION + 2,
    PICKS = PICK_CHANNEL + CHANNEL_PICKS
};

static struct jsonpick pick(const char *path)
{
    /* "\x01" is not a name in any body */
    return (struct jsonpick){path ? path : "\x01", NULL, 0};
}

/* PATH without its first name, the envelope's. */
static const char *bare(const char *path)
{
    const char *dot = path ? strchr(path, '.') : NULL;
    return dot ? dot + 1 : path;
}

static void read_either(const struct jsonpick *p, char out[ID_SIZE])
{
    if (jsonpick_text(&p[0], out, ID_SIZE) != 0)
        jsonpick_text(&p[1], out, ID_SIZE);
}

/* Checks the whole body, and reads IDS from it. -1 when it is not a JSON object. */
static int read_body(const struct hook_app *about, const char *body, size_t len,
                     struct body_ids *ids)
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
    memset(ids, 0, sizeof *ids);
    if (jsonpick_find(body, len, p, PICKS, NULL) != 0 ||
        body[strspn(body, " \t\r\n")] != '{')
        return -1;
    jsonpick_text(&p[PICK_COMPANY], ids->company, ID_SIZE);
    read_either(&p[PICK_TYPE], ids->type);
    read_either(&p[PICK_EVENT], ids->event);
    read_either(&p[PICK_CONVERSATION], ids->conversation);
    channel_read(about, &p[PICK_CHANNEL], &ids->channel);
    return 0;
}

/* ---- a request ---- */

static const char *get_header(void *arg, const char *name)
{
    return httpd_header_get(arg, name);
}

/* 1: this very request was stored before. Remembers it: a stranger that has recorded a
 * request could send it again for ever. */
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
                        const struct body_ids *ids)
{
    const char *name = hook->about->challenge;
    return name && !*ids->event && httpd_header_get(r, name) != NULL;
}

/* Whether VALUE is printable ASCII of a header's length. */
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

/* Sets D's state when no client is connected to the company. -1: R was refused, since the
 * path's client has another company. */
static int route(struct ingest *in, const struct hook *hook, struct httpd_request *r,
                 const struct body_ids *ids, struct delivery *d)
{
    struct err e = {0};
    if (!hook->client) {
        if (*ids->company ? !hooks_has_company(in->hooks, hook, ids->company)
                          : !ids->channel.is_one)
            d->state = DELIVERY_UNROUTED;
        return 0;
    }
    if (*ids->company && !hooks_fits_company(in->hooks, hook, ids->company, &e)) {
        refuse(in, hook, r, 403, d->scheme, e.text);
        return -1;
    }
    return 0;
}

/* Returns the channel's own answer, or NULL when it has refused R. */
static json_t *channel_answer(struct ingest *in, const struct hook *hook,
                              struct httpd_request *r, const struct body_ids *ids,
                              const char *scheme)
{
    struct err e = {0};
    char *url = hooks_url(in->hooks, hook);
    json_t *tree = channel_prepare(hook->about, &ids->channel, url, &e);
    free(url);
    if (tree)
        return tree;
    note_refusal(in, hook, 400, scheme, e.text);
    tree = channel_refusal(hook->about, e.text);
    answer_tree(r, 400, tree);
    json_decref(tree);
    return NULL;
}

/* A request whose signature is right. */
struct verified {
    struct httpd_request *r;
    const char *scheme, *body;
    size_t len;
    int is_stale, is_delete;
    struct body_ids ids;
};

/* Stores V as a delivery, unless it is refused for its company or its channel. */
static void store(struct ingest *in, const struct hook *hook, struct verified *v)
{
    const struct channel_said *channel = &v->ids.channel;
    int64_t now_ms = clock_wall_ms();
    json_t *answered = NULL;
    struct delivery d = {.at_ms = now_ms,
                         .due_ms = now_ms,
                         .app = hook->app,
                         .client = hook->client,
                         .trigger = hook->trigger,
                         .scheme = v->scheme,
                         .company = v->ids.company,
                         .type = channel->is_one ? channel->type : v->ids.type,
                         .event = v->ids.event,
                         .conversation = *channel->conversation ? channel->conversation
                                                                : v->ids.conversation};
    if (v->is_stale) {
        d.state = DELIVERY_STALE;
    } else {
        v->ids.channel.is_one &= !*v->ids.company && !hook->trigger;
        if (route(in, hook, v->r, &v->ids, &d) != 0)
            return;
        if (channel->is_one &&
            !(answered = channel_answer(in, hook, v->r, &v->ids, v->scheme)))
            return;
    }
    submit(in, v->r, &d, v->body, v->len, answered);
}

/* Reads the body of V. -1: it is not a JSON object. Nothing signs the body of a DELETE,
 * so nothing is read from it; {} is stored in place of one that is not JSON. */
static int read_verified(const struct hook *hook, struct verified *v)
{
    int rc = read_body(hook->about, v->body, v->len, &v->ids);
    if (!v->is_delete)
        return rc;
    memset(&v->ids, 0, sizeof v->ids);
    channel_read_deleted(&v->ids.channel);
    if (rc != 0) {
        v->body = "{}";
        v->len = 2;
    }
    return 0;
}

static void take_verified(struct ingest *in, const struct hook *hook, struct verified *v)
{
    const char *signature = httpd_header_get(v->r, hook->about->signature);
    if (read_verified(hook, v) != 0)
        refuse(in, hook, v->r, v->is_stale ? 401 : 400, v->scheme,
               "its body is not a JSON object");
    else if (v->is_stale && is_known_stale(in, signature))
        refuse(in, hook, v->r, 401, v->scheme,
               "rightly signed, but its time is too far from this machine's: again");
    else if (!v->is_stale && !v->is_delete && is_challenge(hook, v->r, &v->ids))
        answer_challenge(in, hook, v->r, v->scheme);
    else
        store(in, hook, v);
}

/* Whether the body is compressed. No scheme says whether the signature is over the
 * compressed bytes, so such a request is refused for this reason alone. */
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
        struct verified v = {.r = r,
                             .scheme = result.scheme->name,
                             .body = body,
                             .len = len,
                             .is_stale = result.verdict == SIGN_STALE,
                             .is_delete = is_delete};
        take_verified(in, hook, &v);
    }
}

void ingest_take(struct ingest *in, struct httpd_request *r)
{
    struct err e = {0};
    const char *method = httpd_method(r);
    const struct hook *hook = hooks_find(in->hooks, httpd_path(r), &e);
    if (!hook && (e.kind == ERR_NOT_FOUND || e.kind == ERR_INVALID)) {
        refuse_unknown(in, r, e.text);
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

/* ---- opening, reloading, closing ---- */

int ingest_takes(const char *path)
{
    return str_starts(path, "/hooks/");
}

struct ingest *ingest_new(struct workspace *w, struct loop *loop, struct writer *writer,
                          void (*stored)(void *arg), void *arg, struct err *e)
{
    /* opened now, so that the command fails at its start rather than at a request */
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
    in->unknown_us = clock_mono_us();
    return in;
}

void ingest_reload(struct ingest *in, struct workspace *w)
{
    hooks_free(in->hooks);
    in->hooks = hooks_new(w);
}

int ingest_busy(const struct ingest *in)
{
    return in->npending;
}

void ingest_free(struct ingest *in)
{
    if (!in)
        return;
    struct pending *j;
    while ((j = LIST_FIRST(&in->pending))) { /* freed by on_stored */
        LIST_REMOVE(j, link);
        httpd_drop(j->r);
        j->in = NULL;
    }
    refusals_free(in->refusals);
    hooks_free(in->hooks);
    loop_timer_free(in->wake);
    free(in);
}
