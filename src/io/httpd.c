#include "io/httpd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/httpd_conn.h"

enum {
    GRACE_MS = 250, /* before a busy connection is closed for a new one */
    RETRY_MS = 100  /* until it tries to accept again */
};

/* ---- accepting ---- */

/* Returns the first connection in PHASE if its grace has passed, else NULL. */
static struct httpd_conn *find_aged(const struct httpd *d, enum httpd_phase phase)
{
    struct httpd_conn *c = TAILQ_FIRST(&d->conns[phase]);
    return c && clock_mono_us() - c->since_us >= GRACE_MS * 1000 ? c : NULL;
}

/* Returns the connection that has waited longer. Either may be NULL. */
static struct httpd_conn *older(struct httpd_conn *a, struct httpd_conn *b)
{
    return !a || (b && b->since_us < a->since_us) ? b : a;
}

/* Returns the connection to close for a new one, or NULL. First the one that is idle
 * longest, then the one whose request arrives slowest, then the one that reads its answer
 * slowest. Never one whose request the handler has. */
static struct httpd_conn *find_victim(const struct httpd *d)
{
    struct httpd_conn *c = find_aged(d, HTTPD_DRAINING);
    if (!c)
        c = older(TAILQ_FIRST(&d->conns[HTTPD_IDLE]), find_aged(d, HTTPD_NEW));
    if (!c)
        c = older(find_aged(d, HTTPD_HEAD), find_aged(d, HTTPD_BODY));
    return c ? c : find_aged(d, HTTPD_WRITING);
}

static int has_room(const struct httpd *d)
{
    return d->nconns < d->limits.connections_max || find_victim(d);
}

/* Lets new connections wait in the kernel until there is room, and until UNTIL_US. */
static void pause_accepting(struct httpd *d, int64_t until_us)
{
    d->is_paused = 1;
    d->paused_until_us = until_us;
    evconnlistener_disable(d->listener);
    loop_timer_set(d->resume, RETRY_MS);
}

static void on_resume(void *arg)
{
    struct httpd *d = arg;
    if (!d->listener)
        d->is_paused = 0;
    if (!d->is_paused)
        return;
    if (clock_mono_us() < d->paused_until_us || !has_room(d)) {
        pause_accepting(d, d->paused_until_us);
        return;
    }
    d->is_paused = 0;
    evconnlistener_enable(d->listener);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                      struct sockaddr *peer, int len, void *arg)
{
    (void)listener, (void)peer, (void)len;
    struct httpd *d = arg;
    struct httpd_conn *victim =
        has_room(d) && d->nconns >= d->limits.connections_max ? find_victim(d) : NULL;
    if (victim) {
        if (httpd_may_log(&d->said_full_us))
            log_line(LOG_WARN,
                     "%d connections are open, the maximum: the one that has been "
                     "idle longest is closed for each new one",
                     d->nconns);
        httpd_conn_free(victim);
    }
    httpd_conn_new(d, fd);
    if (!has_room(d))
        pause_accepting(d, 0);
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)listener;
    int why = errno;
    struct httpd *d = arg;
    if (httpd_may_log(&d->said_files_us))
        log_line(LOG_WARN, "cannot accept a connection on %s: %s", d->address,
                 strerror(why));
    /* else the loop would spin until a file is closed */
    pause_accepting(d, clock_mono_us() + RETRY_MS * 1000);
}

/* ---- requests ---- */

static void request_free(struct httpd_request *r)
{
    if (r->conn)
        r->conn->request = NULL;
    LIST_REMOVE(r, link);
    http1_free(&r->http);
    free(r);
}

const char *httpd_method(const struct httpd_request *r)
{
    return http1_method(&r->http);
}

const char *httpd_path(const struct httpd_request *r)
{
    return http1_path(&r->http);
}

const char *httpd_query(const struct httpd_request *r)
{
    return http1_query(&r->http);
}

const char *httpd_header_get(const struct httpd_request *r, const char *name)
{
    return http1_field(&r->http, name);
}

void httpd_each_header(const struct httpd_request *r,
                       void (*fn)(void *arg, const char *name, const char *value),
                       void *arg)
{
    const char *value;
    for (const char *name = NULL; (name = http1_next_field(&r->http, name, &value));)
        fn(arg, name, value);
}

int httpd_is_local(const struct httpd_request *r)
{
    struct sockaddr_storage peer;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&peer;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)&peer)->sin6_addr;
    if (!r->conn)
        return 0;
    httpd_conn_peer(r->conn, &peer);
    if (peer.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return peer.ss_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(v6) ||
            (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127));
}

const char *httpd_body(const struct httpd_request *r, size_t *len)
{
    *len = r->http.body.len;
    return *len ? r->http.body.data : "";
}

void httpd_reply(struct httpd_request *r, int status, const struct httpd_header *headers,
                 size_t nheaders, const void *body, size_t len)
{
    struct httpd_conn *c = r->conn;
    if (!c) {
        request_free(r);
        return;
    }
    c->is_last |= !http1_keeps_alive(&r->http) || c->d->is_stopping;
    httpd_conn_answer(c, &r->http, status, headers, nheaders, body, len);
    request_free(r);
    httpd_conn_answered(c);
}

void httpd_drop(struct httpd_request *r)
{
    struct httpd_conn *c = r->conn;
    request_free(r);
    if (c)
        httpd_conn_free(c);
}

/* ---- the server ---- */

static void on_last(void *arg)
{
    struct httpd *d = arg;
    evconnlistener_free(d->listener);
    d->listener = NULL;
}

static struct httpd *httpd_new(struct loop *loop, const struct httpd_limits *limits,
                               httpd_handler *handler, void *arg)
{
    struct httpd *d = xcalloc(1, sizeof(*d));
    d->loop = loop;
    d->limits = *limits;
    d->handler = handler;
    d->arg = arg;
    httpd_conns_init(d);
    d->last = loop_timer_new(loop, on_last, d);
    d->resume = loop_timer_new(loop, on_resume, d);
    return d;
}

/* Frees D when LISTENER is NULL. */
static struct httpd *start(struct httpd *d, struct evconnlistener *listener)
{
    if (!listener) {
        httpd_close(d);
        return NULL;
    }
    d->listener = listener;
    httpd_listen_address(listener, d->address);
    evconnlistener_set_error_cb(listener, on_accept_error);
    return d;
}

struct httpd *httpd_open(struct loop *loop, const char *listen,
                         const struct httpd_limits *limits, httpd_handler *handler,
                         void *arg, struct err *e)
{
    struct httpd *d = httpd_new(loop, limits, handler, arg);
    return start(d, httpd_listen(loop_base(loop), listen, on_accept, d, e));
}

struct httpd *httpd_open_fd(struct loop *loop, int fd, const struct httpd_limits *limits,
                            httpd_handler *handler, void *arg, struct err *e)
{
    struct httpd *d = httpd_new(loop, limits, handler, arg);
    return start(d, httpd_listen_fd(loop_base(loop), fd, on_accept, d, e));
}

int httpd_set_tls(struct httpd *d, const struct httpd_tls *files, struct err *e)
{
    SSL_CTX *tls = httpd_tls_load(files, e);
    if (!tls)
        return -1;
    SSL_CTX_free(d->tls); /* open connections have references to it */
    d->tls = tls;
    return 0;
}

void httpd_stop_accepting(struct httpd *d)
{
    if (d->is_stopping)
        return;
    d->is_stopping = 1;
    /* In the next turn, where sockets come before timers: closing the socket resets
     * connections that the kernel has accepted and this process has not. */
    loop_timer_set(d->last, 0);
    struct httpd_conn *c, *next;
    for (c = TAILQ_FIRST(&d->conns[HTTPD_IDLE]); c; c = next) {
        next = TAILQ_NEXT(c, link);
        if (httpd_conn_unwritten(c) == 0)
            httpd_conn_free(c);
        else
            httpd_conn_settle(c);
    }
    httpd_check_at(d,
                   clock_mono_us()); /* connections without a byte have a new deadline */
}

/* Returns 1 when C has an answer to write, or a request to receive. */
static int is_busy(const struct httpd_conn *c)
{
    if (c->request)
        return 0;
    return httpd_conn_unwritten(c) > 0 ||
           (c->phase == HTTPD_NEW ? c->d->is_stopping : c->phase != HTTPD_IDLE);
}

int httpd_busy(const struct httpd *d)
{
    int n = d->is_stopping && d->listener;
    const struct httpd_request *r;
    LIST_FOREACH(r, &d->requests, link)
    n++;
    const struct httpd_conn *c;
    for (int i = 0; i < HTTPD_PHASES; i++)
        TAILQ_FOREACH(c, &d->conns[i], link)
    n += is_busy(c);
    return n;
}

void httpd_close(struct httpd *d)
{
    if (!d)
        return;
    if (d->listener)
        evconnlistener_free(d->listener);
    d->listener = NULL;
    struct httpd_request *r;
    while ((r = LIST_FIRST(&d->requests)))
        httpd_drop(r);
    httpd_conns_free(d);
    loop_timer_free(d->last);
    loop_timer_free(d->resume);
    SSL_CTX_free(d->tls);
    free(d);
}

const char *httpd_address(const struct httpd *d)
{
    return d->address;
}
