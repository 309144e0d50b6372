#include "io/httpc.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/array.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/httpc_check.h"
#include "io/httpc_fail.h"
#include "io/httpc_parts.h"
#include "io/multi.h"

#ifndef FOYER_VERSION
#define FOYER_VERSION "0"
#endif

#define CA_DIR    "/etc/ssl/certs" /* Debian's hashed directory */
#define DIRECT_TO "localhost,127.0.0.0/8,::1"

enum {
    ACTIVE_DEFAULT = 64, /* gives twice the throughput of 1,000 at a time */
    CONNECT_MS_DEFAULT = 5000,
    TOTAL_MS_DEFAULT = 30000,
    ANSWER_MAX_DEFAULT = 16 << 20,
    HEADERS_MAX = 64 << 10, /* all header lines of an answer */
    KEEP_MAX = 64 << 10     /* memory that an unused slot may keep */
};

/* The resources of a request that is being sent; reused. */
struct slot {
    CURL *easy;
    struct buf body;
    struct buf head; /* "name\0value\0", repeated */
    struct httpc_header *list;
    struct slot *next_spare;
    char error[CURL_ERROR_SIZE];
};

/* OFFERED and HELD: it has a slot; on_slot will be called, or was called. */
enum call_state {
    CALL_QUEUED,
    CALL_OFFERED,
    CALL_HELD,
    CALL_ACTIVE,
    CALL_FINISHED,
    CALL_REPORTED
};

struct httpc_call {
    TAILQ_ENTRY(httpc_call) entry; /* of client->calls[state] */
    struct httpc *client;
    enum call_state state;
    httpc_done *done;
    void (*on_slot)(void *arg);
    int (*on_sending)(void *arg);
    int (*on_piece)(void *arg, const struct httpc_piece *piece);
    void *arg;
    char *method, *url;
    char *shown, *host; /* for errors */
    struct curl_slist *headers;
    const void *body; /* borrowed */
    size_t body_len;
    const struct httpc_part *parts; /* borrowed */
    size_t nparts;
    curl_mime *form; /* made of them */
    int64_t total_ms;
    size_t answer_max;
    int fresh;
    int is_guarded; /* connecting to private addresses is refused */
    /* the result */
    struct slot *slot; /* from OFFERED on */
    CURLcode result;
    int sent, body_is_over, head_is_over, is_withdrawn;
    int is_asked, is_taken;       /* on_piece was called; it takes the body */
    char refused[ADDR_TEXT_SIZE]; /* the private address that was refused */
};

TAILQ_HEAD(calls, httpc_call);

struct httpc {
    struct loop *loop;
    struct multi *multi;
    struct calls calls[CALL_REPORTED]; /* by state, the oldest first */
    int nactive, max_active;           /* slots in use */
    int is_calling;
    struct loop_timer *offer; /* fires at once when a request has got a slot */
    struct slot *spare_slots;
    int64_t connect_ms, total_ms;
    size_t answer_max;
    char *proxy;
    char *ca_dir, *ca_file; /* at most one of them; neither: libcurl's built-in default */
    const char *lose;       /* see httpc_lose_next; NULL: no answer is dropped */
};

static struct httpc_call *first_call(const struct httpc *c, enum call_state state)
{
    return TAILQ_FIRST(&c->calls[state]);
}

static void set_state(struct httpc_call *call, enum call_state state)
{
    struct calls *calls = call->client->calls;
    TAILQ_REMOVE(&calls[call->state], call, entry);
    if (state != CALL_REPORTED)
        TAILQ_INSERT_TAIL(&calls[state], call, entry);
    call->state = state;
}

/* ---- what libcurl calls while a request is live ---- */

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
    struct httpc_call *call = arg;
    struct slot *slot = call->slot;
    size_t len = size * n;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) { /* the final answer, after a 1xx */
        buf_reset(&slot->head);
        return len;
    }
    const char *colon = memchr(line, ':', len);
    if (!colon || slot->body.len > 0) /* the blank line; trailers are ignored */
        return len;
    const char *value = colon + 1, *end = line + len;
    while (value < end && isspace((unsigned char)*value))
        value++;
    while (end > value && isspace((unsigned char)end[-1]))
        end--;
    if (buf_add(&slot->head, line, (size_t)(colon - line)) == 0 &&
        buf_addc(&slot->head, '\0') == 0 &&
        buf_add(&slot->head, value, (size_t)(end - value)) == 0 &&
        buf_addc(&slot->head, '\0') == 0)
        return len;
    call->head_is_over = 1;
    return 0;
}

/* Returns the value of the answer's first header NAME, or NULL. */
static const char *header_of(const struct slot *slot, const char *name)
{
    const char *p = buf_str(&slot->head), *end = p + slot->head.len;
    while (p < end) {
        const char *value = p + strlen(p) + 1;
        if (strcasecmp(p, name) == 0)
            return value;
        p = value + strlen(value) + 1;
    }
    return NULL;
}

/* Offers a piece of the body to on_piece. 1: it has it; 0: it is to be kept. */
static int offer_piece(struct httpc_call *call, const char *data, size_t len)
{
    const char *type = header_of(call->slot, "Content-Type");
    curl_off_t total = -1;
    if (!call->on_piece || (call->is_asked && !call->is_taken))
        return 0;
    struct httpc_piece piece = {
        .type = type ? type : "", .is_first = !call->is_asked, .data = data, .len = len};
    curl_easy_getinfo(call->slot->easy, CURLINFO_RESPONSE_CODE, &piece.status);
    if (!header_of(call->slot, "Content-Encoding"))
        curl_easy_getinfo(call->slot->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
    piece.total = total;
    int taken = call->on_piece(call->arg, &piece);
    call->is_asked = 1;
    call->is_taken = taken == 1;
    return taken;
}

/* Appends a piece of the decoded body. The maximum holds for the decoded size;
 * CURLOPT_MAXFILESIZE_LARGE limits the size on the wire. */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct httpc_call *call = arg;
    size_t len = size * n;
    int taken = offer_piece(call, data, len);
    if (taken)
        return taken > 0 ? len : 0;
    if (buf_add(&call->slot->body, data, len) == 0)
        return len;
    call->body_is_over = 1;
    return 0;
}

/* Checks every address that a name resolves to. With a proxy this is the proxy's address,
 * which the configuration chose: then only literal addresses in URLs are checked, in
 * httpc_start. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    (void)purpose;
    struct httpc_call *call = arg;
    if (call->is_guarded && addr_is_private(&address->addr)) {
        addr_format(&address->addr, call->refused);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Notes that the request is about to be sent. libcurl calls this on a ready connection
 * (name lookup, TCP, TLS and a proxy's CONNECT done) right before it writes the request.
 * Before that certainly no byte of the request was sent, since TLS 1.3 early data and TCP
 * Fast Open are off by default. CURLINFO_PRETRANSFER_TIME (0 in the first microsecond of
 * a reused connection) and CURLINFO_REQUEST_SIZE (counts complete sends only) do not tell
 * as much. It also runs on reused connections, which on_open_socket does not see. */
static int on_ready(void *arg, char *remote_ip, char *local_ip, int remote_port,
                    int local_port)
{
    (void)local_ip, (void)remote_port, (void)local_port;
    struct httpc_call *call = arg;
    if (call->is_guarded && addr_text_is_private(remote_ip)) {
        snprintf(call->refused, sizeof(call->refused), "%s", remote_ip);
        return CURL_PREREQFUNC_ABORT;
    }
    if (call->on_sending && call->on_sending(call->arg) != 0) {
        call->is_withdrawn = 1;
        return CURL_PREREQFUNC_ABORT;
    }
    call->sent = 1; /* stays set when libcurl tries again on another connection */
    return CURL_PREREQFUNC_OK;
}

/* ---- one request's life ---- */

static struct slot *slot_take(struct httpc *c, size_t answer_max)
{
    struct slot *slot = c->spare_slots;
    if (slot) {
        c->spare_slots = slot->next_spare;
    } else {
        slot = xcalloc(1, sizeof(*slot));
        buf_init(&slot->head, HEADERS_MAX);
        slot->easy = curl_easy_init();
        loop_must(slot->easy != NULL, "httpc: curl_easy_init");
    }
    slot->body.max = answer_max;
    slot->error[0] = '\0';
    return slot;
}

static void slot_free(struct slot *slot)
{
    curl_easy_cleanup(slot->easy);
    buf_free(&slot->body);
    buf_free(&slot->head);
    free(slot->list);
    free(slot);
}

static void slot_put(struct httpc *c, struct slot *slot)
{
    curl_easy_reset(slot->easy); /* keeps nothing of the request, but the connections */
    if (slot->body.cap > KEEP_MAX)
        buf_free(&slot->body);
    buf_reset(&slot->body);
    buf_reset(&slot->head);
    slot->next_spare = c->spare_slots;
    c->spare_slots = slot;
}

static void call_free(struct httpc_call *call)
{
    struct httpc *c = call->client;
    curl_mime_free(call->form);
    if (call->slot) {
        slot_put(c, call->slot);
        c->nactive--;
    }
    curl_slist_free_all(call->headers);
    free(call->method);
    free(call->url);
    free(call->shown);
    free(call->host);
    free(call);
}

#define SET(easy, option, value)                                                         \
    loop_must(curl_easy_setopt(easy, option, value) == CURLE_OK, "httpc: " #option)

static void set_common(struct httpc *c, struct httpc_call *call, CURL *h)
{
    SET(h, CURLOPT_PRIVATE, call);
    SET(h, CURLOPT_ERRORBUFFER, call->slot->error);
    SET(h, CURLOPT_NOSIGNAL, 1L);
    /* Else cancelling a name lookup waits for the resolver's thread. */
    SET(h, CURLOPT_QUICK_EXIT, 1L);
    SET(h, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(h, CURLOPT_PATH_AS_IS, 1L);
    SET(h, CURLOPT_USERAGENT, "foyer/" FOYER_VERSION);
    SET(h, CURLOPT_ACCEPT_ENCODING, "");             /* everything libcurl can decode */
    SET(h, CURLOPT_PROXY, c->proxy ? c->proxy : ""); /* "" also disables http_proxy */
    SET(h, CURLOPT_NOPROXY, DIRECT_TO);              /* disables no_proxy */
    SET(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(h, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms);
    SET(h, CURLOPT_TIMEOUT_MS, call->on_piece ? 0L : (long)call->total_ms);
    if (call->on_piece) {
        SET(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
        SET(h, CURLOPT_LOW_SPEED_TIME, (long)(call->total_ms + 999) / 1000);
    }
    SET(h, CURLOPT_HEADERFUNCTION, on_header);
    SET(h, CURLOPT_HEADERDATA, call);
    SET(h, CURLOPT_WRITEFUNCTION, on_body);
    SET(h, CURLOPT_WRITEDATA, call);
    SET(h, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(h, CURLOPT_OPENSOCKETDATA, call);
    SET(h, CURLOPT_PREREQFUNCTION, on_ready);
    SET(h, CURLOPT_PREREQDATA, call);
    SET(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Libcurl verifies the peer and the name by default, and foyer never changes that.
     * With a directory OpenSSL reads the one certificate that it needs, not a bundle of
     * 144. */
    if (c->ca_dir || c->ca_file) {
        SET(h, CURLOPT_CAINFO, c->ca_file);
        SET(h, CURLOPT_CAPATH, c->ca_dir);
        SET(h, CURLOPT_PROXY_CAINFO, c->ca_file);
        SET(h, CURLOPT_PROXY_CAPATH, c->ca_dir);
    }
}

static void call_begin(struct httpc *c, struct httpc_call *call)
{
    set_state(call, CALL_ACTIVE);
    CURL *h = call->slot->easy;
    set_common(c, call, h);
    SET(h, CURLOPT_URL, call->url);
    SET(h, CURLOPT_HTTPHEADER, call->headers);
    if (call->fresh) { /* not kept either, so that writes do not pile up connections */
        SET(h, CURLOPT_FRESH_CONNECT, 1L);
        SET(h, CURLOPT_FORBID_REUSE, 1L);
    }
    int takes_body = str_eq(call->method, "POST") || str_eq(call->method, "PUT") ||
                     str_eq(call->method, "PATCH");
    if (str_eq(call->method, "HEAD")) {
        SET(h, CURLOPT_NOBODY, 1L);
    } else {
        /* Refuses an answer by its announced size, before reading it. */
        SET(h, CURLOPT_MAXFILESIZE_LARGE,
            call->on_piece ? 0 : (curl_off_t)call->answer_max);
        if (call->nparts) {
            call->form = httpc_parts_new(h, call->parts, call->nparts);
            SET(h, CURLOPT_MIMEPOST, call->form);
        } else if (call->body || takes_body) {
            SET(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
            SET(h, CURLOPT_POSTFIELDS, call->body ? call->body : "");
        }
        SET(h, CURLOPT_CUSTOMREQUEST, call->method);
    }
    loop_must(curl_multi_add_handle(multi_handle(c->multi), h) == CURLM_OK,
              "httpc: curl_multi_add_handle");
}

static void admit(struct httpc *c)
{
    struct httpc_call *call;
    while ((call = first_call(c, CALL_QUEUED)) && c->nactive < c->max_active) {
        call->slot = slot_take(c, call->answer_max);
        c->nactive++;
        if (!call->on_slot) {
            call_begin(c, call);
            continue;
        }
        set_state(call, CALL_OFFERED);
        loop_timer_set(c->offer, 0); /* never before httpc_start returns */
    }
}

static void offer(void *arg)
{
    struct httpc *c = arg;
    struct httpc_call *call;
    c->is_calling = 1; /* slots that become free now are offered in the next turn */
    while ((call = first_call(c, CALL_OFFERED))) {
        set_state(call, CALL_HELD);
        call->on_slot(call->arg);
    }
    c->is_calling = 0;
    admit(c);
}

void httpc_go(struct httpc_call *call)
{
    loop_must(call->state == CALL_HELD, "httpc: httpc_go without a slot");
    call_begin(call->client, call);
}

/* ---- the answer ---- */

static void explain(const struct httpc_call *call, struct err *e)
{
    const struct httpc *c = call->client;
    long os_errno = 0;
    curl_easy_getinfo(call->slot->easy, CURLINFO_OS_ERRNO, &os_errno);
    httpc_fail_explain(
        &(struct httpc_fail){
            .result = call->result,
            .method = call->method,
            .shown = call->shown,
            .host = call->host,
            .refused = call->refused,
            .detail = call->slot->error,
            .coding = header_of(call->slot, "Content-Encoding"),
            .ca = c->ca_file  ? c->ca_file
                  : c->ca_dir ? c->ca_dir
                              : "the system's store",
            .os_errno = (int)os_errno,
            .sent = call->sent,
            .is_withdrawn = call->is_withdrawn,
            .body_is_over = call->body_is_over,
            .head_is_over = call->head_is_over,
            .body_max = call->answer_max,
            .head_max = HEADERS_MAX,
            .connect_ms = c->connect_ms,
            .total_ms = call->total_ms,
        },
        e);
}

/* Returns whether header NAME describes the body on the wire, not the decoded one. */
static int is_of_wire(const char *name)
{
    return strcasecmp(name, "Content-Encoding") == 0 ||
           strcasecmp(name, "Content-Length") == 0;
}

static void list_headers(const struct httpc_call *call, struct httpc_answer *a)
{
    struct slot *slot = call->slot;
    const char *p = buf_str(&slot->head), *end = p + slot->head.len;
    int is_decoded = header_of(slot, "Content-Encoding") && !str_eq(call->method, "HEAD");
    size_t n = 0;
    while (p < end) {
        array_grow(slot->list, n);
        struct httpc_header *h = &slot->list[n];
        h->name = p;
        h->value = p + strlen(p) + 1;
        p = h->value + strlen(h->value) + 1;
        n += !is_decoded || !is_of_wire(h->name);
    }
    a->headers = slot->list;
    a->nheaders = n;
}

void httpc_lose_next(struct httpc *c, const char *method)
{
    c->lose = method;
}

static void report(struct httpc_call *call)
{
    struct slot *slot = call->slot;
    struct httpc_answer a = {.sent = call->sent, .body = ""};
    curl_off_t us = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_TOTAL_TIME_T, &us);
    curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &a.status);
    a.total_us = us;
    a.is_taken = call->is_taken;
    err_clear(&a.err);
    if (call->result == CURLE_OK && str_eq(call->client->lose, call->method)) {
        call->client->lose = NULL;
        call->result = CURLE_RECV_ERROR;
    }
    if (call->result == CURLE_OK) {
        list_headers(call, &a);
        a.body = buf_str(&slot->body);
        a.body_len = slot->body.len;
    } else {
        explain(call, &a.err);
        a.err.status = (int)a.status;
    }
    set_state(call, CALL_REPORTED);
    call->done(call->arg, &a);
}

/* Calls DONE of finished requests, the only place that does. Never inside of libcurl,
 * which cannot be re-entered. */
static void collect(void *arg)
{
    struct httpc *c = arg;
    CURLM *multi = multi_handle(c->multi);
    CURLMsg *msg;
    int left;
    while ((msg = curl_multi_info_read(multi, &left))) {
        if (msg->msg != CURLMSG_DONE)
            continue;
        struct httpc_call *call = NULL;
        CURLcode result = msg->data.result; /* invalid after remove_handle */
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        curl_multi_remove_handle(multi, msg->easy_handle);
        call->result = result;
        set_state(call, CALL_FINISHED);
    }
    c->is_calling = 1; /* new requests queue up after those that wait */
    struct httpc_call *call;
    while ((call = first_call(c, CALL_FINISHED))) {
        report(call);
        call_free(call);
    }
    c->is_calling = 0;
    admit(c);
}

/* ---- the client ---- */

static int set_ca(struct httpc *c, const char *ca_dir, struct err *e)
{
    if (!ca_dir) {
        if (httpc_check_is_hashed_dir(CA_DIR))
            c->ca_dir = xstrdup(CA_DIR);
        return 0;
    }
    if (path_is_dir(ca_dir)) {
        if (!httpc_check_is_hashed_dir(ca_dir))
            return err_set(e, ERR_SETTINGS,
                           "cannot use ca_dir %s: it holds no hashed certificates; run "
                           "`openssl rehash %s`",
                           ca_dir, ca_dir);
        c->ca_dir = xstrdup(ca_dir);
        return 0;
    }
    if (access(ca_dir, R_OK) != 0)
        return err_set(e, ERR_SETTINGS, "cannot use ca_dir %s: %s", ca_dir,
                       strerror(errno));
    c->ca_file = xstrdup(ca_dir);
    return 0;
}

struct httpc *httpc_new(struct loop *loop, const struct httpc_config *config,
                        struct err *e)
{
    static const struct httpc_config defaults;
    if (!config)
        config = &defaults;
    struct httpc *c = xcalloc(1, sizeof(*c));
    for (int i = 0; i < CALL_REPORTED; i++)
        TAILQ_INIT(&c->calls[i]);
    c->loop = loop;
    c->max_active = config->max_active > 0 ? config->max_active : ACTIVE_DEFAULT;
    c->connect_ms = config->connect_ms > 0 ? config->connect_ms : CONNECT_MS_DEFAULT;
    c->total_ms = config->total_ms > 0 ? config->total_ms : TOTAL_MS_DEFAULT;
    c->answer_max = config->answer_max ? config->answer_max : ANSWER_MAX_DEFAULT;
    c->proxy = xstrdup_null(config->proxy);
    if (set_ca(c, config->ca_dir, e) != 0) {
        httpc_free(c);
        return NULL;
    }
    c->offer = loop_timer_new(loop, offer, c);
    c->multi = multi_new(loop, c->max_active, collect, c);
    return c;
}

void httpc_free(struct httpc *c)
{
    if (!c)
        return;
    struct httpc_call *call;
    c->is_calling = 1; /* start no waiting request */
    for (int i = 0; i < CALL_REPORTED; i++)
        while ((call = first_call(c, (enum call_state)i)))
            httpc_cancel(call);
    loop_timer_free(c->offer);
    for (struct slot *slot = c->spare_slots, *next; slot; slot = next) {
        next = slot->next_spare;
        slot_free(slot);
    }
    multi_free(c->multi);
    free(c->proxy);
    free(c->ca_dir);
    free(c->ca_file);
    free(c);
}

static void append(struct httpc_call *call, const char *line)
{
    struct curl_slist *list = curl_slist_append(call->headers, line);
    loop_must(list != NULL, "httpc: curl_slist_append");
    call->headers = list;
}

/* libcurl reads "Name:" as "omit this header" and "Name;" as an empty one. */
static void add_header(struct httpc_call *call, const char *line)
{
    const char *colon = strchr(line, ':');
    if (!colon || colon[1 + strspn(colon + 1, " \t")] != '\0') {
        append(call, line);
        return;
    }
    char *empty = xasprintf("%.*s;", (int)(colon - line), line);
    append(call, empty);
    free(empty);
}

static void copy_headers(struct httpc_call *call, const struct httpc_request *r)
{
    int has_type = 0;
    for (size_t i = 0; i < r->nheaders; i++) {
        add_header(call, r->headers[i]);
        has_type |= strncasecmp(r->headers[i], "Content-Type:", 13) == 0;
    }
    append(call, "Expect:");
    if (!has_type && !r->nparts) /* else libcurl calls the body a form */
        append(call, "Content-Type:");
}

struct httpc_call *httpc_start(struct httpc *c, const struct httpc_request *r,
                               httpc_done *done, void *arg, struct err *e)
{
    char *shown = r->shown ? xstrdup(r->shown) : httpc_check_shown(r->url);
    char *host = httpc_check_host(r->url);
    int ok = httpc_check_request(r, shown, e) == 0;
    int is_proxied = c->proxy && !httpc_check_is_loopback(host);
    if (ok && is_proxied && !r->allow_private && httpc_check_is_private(r->url)) {
        err_set(e, ERR_FORBIDDEN,
                "cannot connect to %s: it is a private address; it is reached only where "
                "the settings name the address itself, with its port",
                host);
        ok = 0;
    }
    if (!ok) {
        free(shown);
        free(host);
        return NULL;
    }
    struct httpc_call *call = xcalloc(1, sizeof(*call));
    call->client = c;
    call->done = done;
    call->on_slot = r->on_slot;
    call->on_sending = r->on_sending;
    call->on_piece = r->on_piece;
    call->arg = arg;
    call->method = xstrdup(r->method);
    call->url = xstrdup(r->url);
    call->shown = shown;
    call->host = host;
    call->body = r->body;
    call->body_len = r->body ? r->body_len : 0;
    call->parts = r->parts;
    call->nparts = r->nparts;
    call->total_ms = r->total_ms > 0 ? r->total_ms : c->total_ms;
    call->answer_max = r->answer_max ? r->answer_max : c->answer_max;
    call->fresh = r->fresh || (!str_eq(r->method, "GET") && !str_eq(r->method, "HEAD"));
    call->is_guarded = !r->allow_private && !is_proxied;
    copy_headers(call, r);
    TAILQ_INSERT_TAIL(&c->calls[CALL_QUEUED], call, entry);
    if (!c->is_calling)
        admit(c);
    return call;
}

void httpc_cancel(struct httpc_call *call)
{
    struct httpc *c = call->client;
    if (call->state == CALL_REPORTED)
        return; /* collect frees it */
    if (call->state == CALL_ACTIVE)
        curl_multi_remove_handle(multi_handle(c->multi), call->slot->easy);
    TAILQ_REMOVE(&c->calls[call->state], call, entry);
    call_free(call);
    if (!c->is_calling)
        admit(c);
}

const char *httpc_header(const struct httpc_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->nheaders; i++)
        if (strcasecmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return NULL;
}

const char *httpc_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}
