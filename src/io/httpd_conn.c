#include "io/httpd_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

enum {
    SILENT_MS = 1000, /* after httpd_stop_accepting, for a connection without a byte */
    LOG_US = 10 * 1000 * 1000, /* between two log lines of one kind */
    UNWRITTEN_MAX =
        64 * 1024,   /* bytes of answers; with more, no further request is read */
    DRAIN_MS = 2000, /* of silence, after the last answer */
    DRAIN_MAX = 16 * 1024 * 1024 /* bytes to drop after it */
};

int httpd_may_log(int64_t *logged_us)
{
    int64_t now = clock_mono_us();
    if (*logged_us && now - *logged_us < LOG_US)
        return 0;
    *logged_us = now;
    return 1;
}

/* ---- phases and deadlines ---- */

/* Returns how long a connection may stay in PHASE without progress, or -1 for no limit.
 */
static int64_t phase_ms(const struct httpd *d, enum httpd_phase phase)
{
    int64_t request_ms = d->limits.request_ms;
    switch (phase) {
    case HTTPD_NEW:
        return d->is_stopping && request_ms > SILENT_MS ? SILENT_MS : request_ms;
    case HTTPD_HEAD:
    case HTTPD_BODY:
        return request_ms;
    case HTTPD_IDLE:
    case HTTPD_WRITING:
        return d->limits.idle_ms;
    case HTTPD_DRAINING:
        return DRAIN_MS;
    default:
        return -1;
    }
}

/* Returns the deadline. Only for a phase that has one. */
static int64_t deadline_us(const struct httpd_conn *c)
{
    return c->since_us + phase_ms(c->d, c->phase) * 1000;
}

void httpd_check_at(struct httpd *d, int64_t at_us)
{
    if (at_us >= d->check_us)
        return;
    d->check_us = at_us;
    /* rounded up: a deadline is over when it is checked */
    loop_timer_set(d->check, (at_us - clock_mono_us() + 999) / 1000);
}

/* Enters PHASE and restarts its time, also when it is in PHASE already. */
static void enter(struct httpd_conn *c, enum httpd_phase phase)
{
    struct httpd *d = c->d;
    TAILQ_REMOVE(&d->conns[c->phase], c, link);
    c->phase = phase;
    c->since_us = clock_mono_us();
    TAILQ_INSERT_TAIL(&d->conns[phase], c, link);
    if (phase_ms(d, phase) >= 0)
        httpd_check_at(d, deadline_us(c));
    if (d->is_paused)
        loop_timer_set(d->resume, 0);
}

/* ---- the end of a connection ---- */

size_t httpd_conn_unwritten(const struct httpd_conn *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->bev));
}

void httpd_conn_free(struct httpd_conn *c)
{
    struct httpd *d = c->d;
    if (c->is_running) {
        c->is_dropped = 1;
        return;
    }
    if (c->request)
        c->request->conn = NULL;
    if (c->drain)
        event_free(c->drain);
    http1_free(&c->reader);
    TAILQ_REMOVE(&d->conns[c->phase], c, link);
    d->nconns--;
    /* libevent closes the socket in the loop's next turn, which may not come */
    shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
    bufferevent_free(c->bev);
    free(c);
    if (d->is_paused)
        loop_timer_set(d->resume, 0);
}

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    static char scratch[64 * 1024];
    struct httpd_conn *c = arg;
    ssize_t n = recv(fd, scratch, sizeof scratch, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    c->drained += n > 0 ? (size_t)n : 0;
    if (n <= 0 || c->drained > DRAIN_MAX || clock_mono_us() > c->drain_until_us)
        httpd_conn_free(c);
    else
        enter(c, HTTPD_DRAINING);
}

/* Ends C after its answers are written. */
static void conn_end(struct httpd_conn *c)
{
    if (c->has_ended) {
        httpd_conn_free(c);
        return;
    }
    int fd = bufferevent_getfd(c->bev);
    bufferevent_disable(c->bev, EV_READ | EV_WRITE);
    if (c->is_tls)
        httpd_tls_end(c->bev);
    shutdown(fd, SHUT_WR);
    http1_free(&c->reader);
    struct evbuffer *in = bufferevent_get_input(c->bev);
    evbuffer_drain(in, evbuffer_get_length(in));
    c->drain = event_new(loop_base(c->d->loop), fd, EV_READ | EV_PERSIST, on_drain, c);
    loop_must(c->drain && event_add(c->drain, NULL) == 0, "httpd: event_new");
    c->drain_until_us = clock_mono_us() + c->d->limits.request_ms * 1000;
    enter(c, HTTPD_DRAINING);
}

/* ---- answers ---- */

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].reason;
    return "";
}

/* Appends the date in English, in any locale (RFC 9110, 5.6.7). */
static void add_date(struct buf *out)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm t = {0};
    gmtime_r(&now, &t);
    buf_addf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[t.tm_wday],
             t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
             t.tm_sec);
}

/* Returns 1 for a header that the server adds itself. */
static int is_ours(const char *name)
{
    return str_ieq(name, "Content-Length") || str_ieq(name, "Transfer-Encoding") ||
           str_ieq(name, "Connection");
}

static void add_header(struct buf *out, const struct httpd_header *h)
{
    if (http1_is_field(h->name, h->value) && !is_ours(h->name))
        buf_addf(out, "%s: %s\r\n", h->name, h->value);
    else
        log_line(LOG_ERROR, "httpd: the answer's header %s is malformed, left out",
                 h->name);
}

static int has_body(int status)
{
    return status != 204 && status != 304;
}

void httpd_conn_answer(struct httpd_conn *c, const struct http1 *request, int status,
                       const struct httpd_header *headers, size_t nheaders,
                       const void *body, size_t len)
{
    int has_date = 0;
    struct buf head;
    buf_init(&head, SIZE_MAX / 2);
    buf_addf(&head, "HTTP/1.1 %d %s\r\n", status, reason(status));
    for (size_t i = 0; i < nheaders; i++) {
        add_header(&head, &headers[i]);
        has_date |= str_ieq(headers[i].name, "Date");
    }
    if (!has_date)
        add_date(&head);
    if (has_body(status))
        buf_addf(&head, "Content-Length: %zu\r\n", len);
    if (c->is_last)
        buf_adds(&head, "Connection: close\r\n");
    else if (http1_is_old(request)) /* else the client closes the connection */
        buf_adds(&head, "Connection: keep-alive\r\n");
    buf_adds(&head, "\r\n");
    struct evbuffer *out = bufferevent_get_output(c->bev);
    loop_must(evbuffer_add(out, buf_str(&head), head.len) == 0, "httpd: evbuffer_add");
    if (len && !http1_is_head(request) && has_body(status))
        loop_must(evbuffer_add(out, body, len) == 0, "httpd: evbuffer_add");
    buf_free(&head);
}

void httpd_conn_peer(const struct httpd_conn *c, struct sockaddr_storage *peer)
{
    socklen_t len = sizeof *peer;
    memset(peer, 0, sizeof *peer);
    getpeername(bufferevent_getfd(c->bev), (struct sockaddr *)peer, &len);
}

static void say_refused(struct httpd_conn *c, int status, const char *why)
{
    struct httpd *d = c->d;
    if (!httpd_may_log(&d->said_refused_us)) {
        d->unlogged++;
        return;
    }
    char peer[ADDR_TEXT_SIZE], more[64] = "";
    struct sockaddr_storage from;
    httpd_conn_peer(c, &from);
    addr_format((const struct sockaddr *)&from, peer);
    if (d->unlogged)
        snprintf(more, sizeof more, " (and %d more since the last such line)",
                 d->unlogged);
    d->unlogged = 0;
    log_line(LOG_WARN, "a request from %s was refused with %d: %s%s", peer, status, why,
             more);
}

/* Refuses the current request with the connection's last answer. */
static void conn_refuse(struct httpd_conn *c, int status, const char *why)
{
    static const struct httpd_header headers[] = {
        {"Content-Type", "text/plain; charset=utf-8"}};
    char *text = xasprintf("cannot take this request: %s\n", why);
    say_refused(c, status, why);
    c->is_last = 1;
    httpd_conn_answer(c, &c->reader, status, headers, 1, text, strlen(text));
    free(text);
}

/* ---- a connection's course ---- */

static void hand_out(struct httpd_conn *c)
{
    struct httpd *d = c->d;
    struct httpd_request *r = xmalloc(sizeof *r);
    const struct http1_limits limits = c->reader.limits;
    *r = (struct httpd_request){.conn = c, .http = c->reader};
    http1_init(&c->reader, &limits);
    c->request = r;
    enter(c, HTTPD_HANDED);
    LIST_INSERT_HEAD(&d->requests, r, link);
    d->handler(d->arg, r);
}

/* Reads on. Returns 1 when a request went to the handler. */
static int read_request(struct httpd_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    struct evbuffer_iovec piece;
    while (http1_state(&c->reader) < HTTP1_WHOLE) {
        if (evbuffer_get_length(in) == 0 || evbuffer_peek(in, -1, NULL, &piece, 1) < 1)
            return 0;
        evbuffer_drain(in, http1_read(&c->reader, piece.iov_base, piece.iov_len));
    }
    if (http1_state(&c->reader) == HTTP1_REFUSED) {
        conn_refuse(c, http1_status(&c->reader), http1_why(&c->reader));
        return 0;
    }
    hand_out(c);
    return 1;
}

static void set_reading(struct httpd_conn *c, int on)
{
    int is_on = (bufferevent_get_enabled(c->bev) & EV_READ) != 0;
    if (on && !is_on)
        bufferevent_enable(c->bev, EV_READ);
    else if (!on && is_on)
        bufferevent_disable(c->bev, EV_READ);
}

/* Waits for more bytes from the client. */
static void wait_for_input(struct httpd_conn *c)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    enum http1_state state = http1_state(&c->reader);
    enum httpd_phase phase = state == HTTP1_BODY     ? HTTPD_BODY
                             : state == HTTP1_HEAD   ? HTTPD_HEAD
                             : c->phase == HTTPD_NEW ? HTTPD_NEW
                                                     : HTTPD_IDLE;
    if (http1_take_continue(&c->reader))
        bufferevent_write(c->bev, go_on, sizeof go_on - 1);
    if (c->phase != phase)
        enter(c, phase);
    set_reading(c, 1);
}

void httpd_conn_settle(struct httpd_conn *c)
{
    int is_over = c->has_ended && !c->request &&
                  evbuffer_get_length(bufferevent_get_input(c->bev)) == 0;
    int is_quiet = http1_state(&c->reader) == HTTP1_START && c->phase != HTTPD_NEW;
    if (is_over && !c->is_last && http1_has_begun(&c->reader))
        conn_refuse(c, 400, "the client has ended the connection in the middle of it");
    if (is_over || (c->d->is_stopping && !c->request && is_quiet))
        c->is_last = 1;
    size_t left = httpd_conn_unwritten(c);
    if (c->request) {
        set_reading(c, 0);
    } else if (c->is_last && left == 0) {
        conn_end(c);
    } else if (c->is_last || left > UNWRITTEN_MAX) {
        set_reading(c, 0);
        if (c->phase != HTTPD_WRITING)
            enter(c, HTTPD_WRITING);
        c->unwritten = left;
    } else {
        wait_for_input(c);
    }
}

/* Runs C until it waits for the client, the handler or the network. May free C. */
static void conn_run(struct httpd_conn *c)
{
    if (c->is_running || c->phase == HTTPD_DRAINING)
        return;
    c->is_running = 1;
    while (!c->request && !c->is_last && !c->is_dropped &&
           httpd_conn_unwritten(c) <= UNWRITTEN_MAX && read_request(c))
        ;
    c->is_running = 0;
    if (c->is_dropped)
        httpd_conn_free(c);
    else
        httpd_conn_settle(c);
}

static void on_input(struct bufferevent *bev, void *arg)
{
    (void)bev;
    conn_run(arg);
}

static void on_output(struct bufferevent *bev, void *arg)
{
    (void)bev;
    struct httpd_conn *c = arg;
    if (c->phase == HTTPD_WRITING)
        conn_run(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct httpd_conn *c = arg;
    if (what & BEV_EVENT_EOF) {
        c->has_ended = 1;
        /* bufferevent_openssl also disables writing */
        bufferevent_enable(bev, EV_WRITE);
        conn_run(c);
    } else if (!(what & BEV_EVENT_CONNECTED)) {
        httpd_conn_free(c);
    }
}

static void on_answered(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct httpd *d = arg;
    struct httpd_conn *c;
    while ((c = TAILQ_FIRST(&d->conns[HTTPD_ANSWERED])))
        conn_run(c);
}

void httpd_conn_answered(struct httpd_conn *c)
{
    if (c->is_running) /* conn_run, which called the handler, continues */
        return;
    enter(c, HTTPD_ANSWERED);
    event_active(c->d->answered, EV_TIMEOUT, 0);
}

void httpd_conn_new(struct httpd *d, int fd)
{
    struct httpd_conn *c = xcalloc(1, sizeof *c);
    c->d = d;
    c->is_tls = d->tls != NULL;
    c->bev = c->is_tls
                 ? httpd_tls_accept(d->tls, loop_base(d->loop), fd)
                 : bufferevent_socket_new(loop_base(d->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    loop_must(c->bev != NULL, "httpd: bufferevent_socket_new");
    http1_init(&c->reader, &(struct http1_limits){.head_max = d->limits.headers_max,
                                                  .body_max = d->limits.body_max});
    bufferevent_setcb(c->bev, on_input, on_output, on_event, c);
    bufferevent_setwatermark(c->bev, EV_WRITE, UNWRITTEN_MAX, 0);
    d->nconns++;
    TAILQ_INSERT_TAIL(&d->conns[HTTPD_NEW], c, link);
    enter(c, HTTPD_NEW);
    set_reading(c, 1);
}

/* ---- deadlines ---- */

static void expire(struct httpd_conn *c)
{
    int is_moving = c->phase == HTTPD_WRITING && httpd_conn_unwritten(c) < c->unwritten;
    if (is_moving) {
        c->unwritten = httpd_conn_unwritten(c);
        enter(c, HTTPD_WRITING);
    } else if ((c->phase == HTTPD_HEAD || c->phase == HTTPD_BODY) &&
               http1_has_begun(&c->reader)) {
        conn_refuse(c, 408,
                    c->phase == HTTPD_HEAD ? "its head takes too long"
                                           : "its body takes too long");
        conn_run(c);
    } else {
        httpd_conn_free(c);
    }
}

static void on_check(void *arg)
{
    struct httpd *d = arg;
    int64_t now = clock_mono_us();
    struct httpd_conn *c;
    d->check_us = INT64_MAX;
    for (int i = 0; i < HTTPD_PHASES; i++) {
        if (phase_ms(d, (enum httpd_phase)i) < 0)
            continue;
        while ((c = TAILQ_FIRST(&d->conns[i])) && deadline_us(c) <= now)
            expire(c);
        if (c)
            httpd_check_at(d, deadline_us(c));
    }
}

/* ---- all of them ---- */

void httpd_conns_init(struct httpd *d)
{
    d->check_us = INT64_MAX;
    LIST_INIT(&d->requests);
    for (int i = 0; i < HTTPD_PHASES; i++)
        TAILQ_INIT(&d->conns[i]);
    d->check = loop_timer_new(d->loop, on_check, d);
    d->answered = event_new(loop_base(d->loop), -1, 0, on_answered, d);
    loop_must(d->answered != NULL, "httpd: event_new");
}

void httpd_conns_free(struct httpd *d)
{
    struct httpd_conn *c;
    for (int i = 0; i < HTTPD_PHASES; i++)
        while ((c = TAILQ_FIRST(&d->conns[i])))
            httpd_conn_free(c);
    loop_timer_free(d->check);
    event_free(d->answered);
}
