#include "io/httpd.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/httpd_tls.h"

enum {
    SWEEP_MS = 100,
    SILENT_US = 1000 * 1000,
    SAY_US = 10 * 1000 * 1000, /* between two lines of the log that say the same */
    IDLE_S = 60,               /* without a byte in either direction */
    AHEAD_MAX = 64 * 1024,     /* of one read, also through TLS */
    BACKLOG = 4096             /* a burst waits in the kernel, up to net.core.somaxconn */
};

/* One accepted connection. evhttp says nothing of a connection before its first request
 * is complete, so this holds a reference to the bufferevent until evhttp has let go. */
struct conn {
    LIST_ENTRY(conn) link;
    struct httpd *d;
    struct bufferevent *bev;
    struct evhttp_connection *evcon; /* from its first request on */
    int64_t started_us;              /* the running request's first byte; 0: none */
    struct httpd_request *request;   /* handed out, not answered */
    int fd;                          /* -1 until the first byte */
};

struct httpd {
    LIST_ENTRY(httpd) link;
    struct evhttp *http;
    struct evhttp_bound_socket *bound; /* owned by http; NULL: it accepts no more */
    struct evconnlistener *listener;   /* owned by bound */
    SSL_CTX *tls;                      /* NULL: plain */
    struct event *sweep;
    struct event *last;   /* closes the listening socket */
    struct event *refuse; /* ends, in the turn that accepted them, the connections in */
    LIST_HEAD(, conn) refused;
    struct httpd_limits limits;
    size_t input_max; /* a whole chunk, and a read that began before its end */
    httpd_handler *handler;
    void *arg;
    LIST_HEAD(, conn) conns;
    int nconns;
    struct conn **by_fd;
    int by_fd_len;
    LIST_HEAD(, httpd_request) requests;
    int is_stopping;
    int is_full; /* of file descriptors: the listener rests */
    int64_t said_full_us;
    char address[ADDR_TEXT_SIZE + 10];
};

struct httpd_request {
    LIST_ENTRY(httpd_request) link;
    struct evhttp_request *req;
    struct conn *conn; /* NULL when the client has gone */
    char *path;        /* with its query behind a NUL */
    const char *query;
};

/* libevent gives a listener's error callback evhttp's argument instead of ours: there the
 * server is found by its listener. */
static LIST_HEAD(, httpd) servers = LIST_HEAD_INITIALIZER(servers);

static void must(int ok, const char *what)
{
    if (ok)
        return;
    log_line(LOG_ERROR, "httpd: %s failed", what);
    abort();
}

/* ---- connections ---- */

static void sweep_later(struct httpd *d)
{
    const struct timeval tv = {.tv_usec = SWEEP_MS * 1000};
    if (!event_pending(d->sweep, EV_TIMEOUT, NULL))
        event_add(d->sweep, &tv);
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info,
                     void *arg);

/* Lets go of the bufferevent; evhttp's own reference may live on. */
static void conn_forget(struct conn *c)
{
    struct httpd *d = c->d;
    if (c->request)
        c->request->conn = NULL;
    if (c->evcon)
        evhttp_connection_set_closecb(c->evcon, NULL, NULL);
    if (c->fd >= 0 && d->by_fd[c->fd] == c)
        d->by_fd[c->fd] = NULL;
    evbuffer_remove_cb(bufferevent_get_input(c->bev), on_input, c);
    bufferevent_decref(c->bev);
    LIST_REMOVE(c, link);
    d->nconns--;
    free(c);
}

/* evhttp sees the end of the stream in the next turn and frees the connection. */
static void conn_close(struct conn *c)
{
    shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
    conn_forget(c);
}

static void on_evcon_closed(struct evhttp_connection *evcon, void *arg)
{
    (void)evcon;
    struct conn *c = arg;
    c->evcon = NULL;
    conn_forget(c);
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info,
                     void *arg)
{
    struct conn *c = arg;
    struct httpd *d = c->d;
    if (info->n_added == 0)
        return;
    if (c->fd < 0) {
        c->fd = bufferevent_getfd(c->bev);
        if (c->fd >= d->by_fd_len) {
            int len = (c->fd + 1) * 2;
            d->by_fd = xrealloc(d->by_fd, (size_t)len * sizeof(*d->by_fd));
            memset(d->by_fd + d->by_fd_len, 0,
                   (size_t)(len - d->by_fd_len) * sizeof(*d->by_fd));
            d->by_fd_len = len;
        }
        d->by_fd[c->fd] = c;
    }
    if (!c->request && c->started_us == 0) {
        c->started_us = clock_mono_us();
        sweep_later(d);
    }
    /* evhttp looks for the end of a chunk's size for ever: late at the next sweep */
    if (!c->request && evbuffer_get_length(input) > d->input_max)
        c->started_us = 1;
}

static void on_refuse(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct httpd *d = arg;
    struct conn *c;
    while ((c = LIST_FIRST(&d->refused)))
        conn_close(c);
}

static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
    struct httpd *d = arg;
    struct conn *c = xcalloc(1, sizeof(*c));
    c->d = d;
    c->fd = -1;
    c->bev = d->tls ? httpd_tls_accept(d->tls, base)
                    : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    must(c->bev != NULL, "bufferevent_socket_new");
    bufferevent_incref(c->bev);
    if (d->nconns++ < d->limits.connections_max) {
        LIST_INSERT_HEAD(&d->conns, c, link);
        c->started_us = clock_mono_us(); /* who says nothing holds a place as well */
        must(evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c) != NULL,
             "evbuffer_add_cb");
        sweep_later(d);
    } else { /* its socket comes after this callback */
        LIST_INSERT_HEAD(&d->refused, c, link);
        event_active(d->refuse, EV_TIMEOUT, 0);
    }
    return c->bev;
}

static size_t unwritten(const struct conn *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static int is_idle(const struct conn *c)
{
    return !c->request && !c->started_us && unwritten(c) == 0;
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct httpd *d = arg;
    int64_t now = clock_mono_us(), late_us = now - d->limits.request_ms * 1000;
    /* At the end, who has not said a word gets a second more to say it. */
    int64_t silent_us =
        d->is_stopping && late_us < now - SILENT_US ? now - SILENT_US : late_us;
    int again = 0;
    struct conn *c, *next;
    for (c = LIST_FIRST(&d->conns); c; c = next) {
        next = LIST_NEXT(c, link);
        bufferevent_event_cb is_owned; /* while evhttp writes it has no read callback */
        bufferevent_getcb(c->bev, NULL, NULL, &is_owned, NULL);
        if (!is_owned) /* evhttp freed it */
            conn_forget(c);
        else if (c->started_us && c->started_us <= (c->fd < 0 ? silent_us : late_us))
            conn_close(c);
        else if (d->is_stopping && is_idle(c))
            conn_close(c);
        else
            again |= !c->evcon || c->started_us || d->is_stopping;
    }
    if (d->is_full) {
        d->is_full = 0;
        if (d->bound)
            evconnlistener_enable(d->listener);
    }
    if (again)
        sweep_later(d);
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)arg;
    int why = errno;
    struct httpd *d = LIST_FIRST(&servers);
    while (d && (!d->bound || d->listener != listener))
        d = LIST_NEXT(d, link);
    if (!d)
        return;
    int64_t now = clock_mono_us();
    if (d->said_full_us == 0 || now - d->said_full_us >= SAY_US) {
        d->said_full_us = now;
        log_line(LOG_WARN, "cannot accept a connection on %s: %s", d->address,
                 strerror(why));
    }
    evconnlistener_disable(listener); /* else the loop spins until a file is closed */
    d->is_full = 1;
    sweep_later(d);
}

/* ---- requests ---- */

static int is_token(const char *s)
{
    if (!*s)
        return 0;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("!#$%&'*+-.^_`|~", *s))
            return 0;
    return 1;
}

/* What evhttp lets through although two readers could see two different messages in it
 * (RFC 9112, 5.1 and 6.3): answered with 400, and the connection ends. */
static int is_ambiguous(struct evhttp_request *req)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
    const char *length = NULL;
    int is_chunked = 0;
    for (struct evkeyval *h = headers->tqh_first; h; h = h->next.tqe_next) {
        if (!is_token(h->key))
            return 1;
        if (strcasecmp(h->key, "Content-Length") == 0) {
            if (!*h->value || h->value[strspn(h->value, "0123456789")] != '\0')
                return 1;
            if (length && strcmp(length, h->value) != 0)
                return 1;
            length = h->value;
        } else if (strcasecmp(h->key, "Transfer-Encoding") == 0) {
            if (is_chunked || strcasecmp(h->value, "chunked") != 0)
                return 1;
            is_chunked = 1;
        }
    }
    return length && is_chunked;
}

static void reject(struct evhttp_request *req)
{
    evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
    evhttp_send_reply(req, HTTP_BADREQUEST, NULL, NULL);
}

/* NULL when the connection was given up: what it had sent before may still be read. */
static struct conn *find_conn(struct httpd *d, struct evhttp_connection *evcon)
{
    struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);
    int fd = bufferevent_getfd(bev);
    struct conn *c = fd >= 0 && fd < d->by_fd_len ? d->by_fd[fd] : NULL;
    if (!c || c->bev != bev)
        return NULL;
    if (!c->evcon) {
        c->evcon = evcon;
        evhttp_connection_set_closecb(evcon, on_evcon_closed, c);
    }
    return c;
}

static void split_target(struct httpd_request *r)
{
    const char *target = evhttp_request_get_uri(r->req);
    if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0)
        target = strchr(target, ':') + 3 + strcspn(strchr(target, ':') + 3, "/?");
    r->path = xstrdup(target);
    char *mark = strchr(r->path, '?');
    r->query = mark ? mark + 1 : "";
    if (mark)
        *mark = '\0';
}

/* From here to the answer evhttp reads nothing from the connection: what a client sends
 * ahead stays in the kernel, and that it has gone is found out by answering it. */
static void on_request(struct evhttp_request *req, void *arg)
{
    struct httpd *d = arg;
    struct evhttp_connection *evcon = evhttp_request_get_connection(req);
    struct conn *c = find_conn(d, evcon);
    if (!c) {
        evhttp_connection_free(evcon);
        return;
    }
    c->started_us = 0;
    if (is_ambiguous(req)) {
        reject(req);
        return;
    }
    struct httpd_request *r = xcalloc(1, sizeof(*r));
    r->req = req;
    r->conn = c;
    c->request = r;
    split_target(r);
    LIST_INSERT_HEAD(&d->requests, r, link);
    d->handler(d->arg, r);
}

/* R is over; what waits behind it in the connection starts a new clock. */
static void request_free(struct httpd_request *r)
{
    struct conn *c = r->conn;
    if (c) {
        c->request = NULL;
        if (evbuffer_get_length(bufferevent_get_input(c->bev)) > 0) {
            c->started_us = clock_mono_us();
            sweep_later(c->d);
        }
    }
    LIST_REMOVE(r, link);
    free(r->path);
    free(r);
}

const char *httpd_method(const struct httpd_request *r)
{
    switch (evhttp_request_get_command(r->req)) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_OPTIONS:
        return "OPTIONS";
    case EVHTTP_REQ_PATCH:
        return "PATCH";
    default:
        return "";
    }
}

const char *httpd_path(const struct httpd_request *r)
{
    return r->path;
}

const char *httpd_query(const struct httpd_request *r)
{
    return r->query;
}

const char *httpd_header_get(const struct httpd_request *r, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(r->req), name);
}

void httpd_each_header(const struct httpd_request *r,
                       void (*fn)(void *arg, const char *name, const char *value),
                       void *arg)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(r->req);
    for (struct evkeyval *h = headers->tqh_first; h; h = h->next.tqe_next)
        fn(arg, h->key, h->value);
}

int httpd_is_local(const struct httpd_request *r)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&peer;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)&peer)->sin6_addr;
    if (!r->conn ||
        getpeername(bufferevent_getfd(r->conn->bev), (struct sockaddr *)&peer, &len) != 0)
        return 0;
    if (peer.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return peer.ss_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(v6) ||
            (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127));
}

const char *httpd_body(const struct httpd_request *r, size_t *len)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(r->req);
    *len = evbuffer_get_length(body);
    return *len ? (const char *)evbuffer_pullup(body, -1) : "";
}

void httpd_reply(struct httpd_request *r, int status, const struct httpd_header *headers,
                 size_t nheaders, const void *body, size_t len)
{
    struct evhttp_request *req = r->req;
    struct evkeyvalq *out = evhttp_request_get_output_headers(req);
    for (size_t i = 0; i < nheaders; i++)
        if (evhttp_add_header(out, headers[i].name, headers[i].value) != 0)
            log_line(LOG_ERROR, "httpd: the answer's header %s is malformed, left out",
                     headers[i].name);
    if (r->conn && r->conn->d->is_stopping)
        evhttp_add_header(out, "Connection", "close");
    struct evbuffer *data = NULL;
    if (evhttp_request_get_command(req) == EVHTTP_REQ_HEAD) {
        char size[32]; /* evhttp would not say it, having no body to send */
        snprintf(size, sizeof(size), "%zu", len);
        evhttp_add_header(out, "Content-Length", size);
    } else if (len) {
        data = evbuffer_new();
        must(data != NULL && evbuffer_add(data, body, len) == 0, "evbuffer_add");
    }
    request_free(r);
    evhttp_send_reply(req, status, NULL, data); /* frees REQ, also without a client */
    if (data)
        evbuffer_free(data);
}

void httpd_drop(struct httpd_request *r)
{
    struct evhttp_request *req = r->req;
    struct evhttp_connection *evcon = evhttp_request_get_connection(req);
    request_free(r);
    if (evcon)
        evhttp_connection_free(evcon); /* and REQ with it */
    else
        evhttp_request_free(req);
}

/* ---- the server ---- */

/* "host:port" or "[host]:port" to an address. */
static struct addrinfo *resolve(const char *listen_on, struct err *e)
{
    char host[256];
    const char *colon = strrchr(listen_on, ':');
    int64_t port = -1;
    size_t n = colon ? (size_t)(colon - listen_on) : 0;
    if (n == 0 || n >= sizeof(host) || str_parse_int(colon + 1, &port) != 0 || port < 0 ||
        port > 65535) {
        err_set(e, ERR_SETTINGS,
                "cannot listen on \"%s\": write it as 127.0.0.1:8080 (port 0 takes a "
                "free one)",
                listen_on);
        return NULL;
    }
    int has_brackets = listen_on[0] == '[' && listen_on[n - 1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)n - 2 * has_brackets,
             listen_on + has_brackets);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(host, colon + 1, &hints, &found);
    if (failed) {
        err_set(e, ERR_SETTINGS, "cannot listen on %s: %s", listen_on,
                gai_strerror(failed));
        return NULL;
    }
    return found;
}

static void remember_address(struct httpd *d)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof(a);
    char text[ADDR_TEXT_SIZE];
    memset(&a, 0, sizeof(a));
    getsockname(evconnlistener_get_fd(d->listener), (struct sockaddr *)&a, &len);
    addr_format((struct sockaddr *)&a, text);
    int is_six = a.ss_family == AF_INET6;
    int port = ntohs(is_six ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
                            : ((struct sockaddr_in *)(void *)&a)->sin_port);
    snprintf(d->address, sizeof(d->address), is_six ? "[%s]:%d" : "%s:%d", text, port);
}

static void on_last(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct httpd *d = arg;
    evhttp_del_accept_socket(d->http, d->bound); /* frees the listener too */
    d->bound = NULL;
}

static struct httpd *open_on(struct event_base *base, struct evconnlistener *listener,
                             const struct httpd_limits *limits, httpd_handler *handler,
                             void *arg)
{
    struct httpd *d = xcalloc(1, sizeof(*d));
    d->limits = *limits;
    d->input_max = limits->body_max + limits->headers_max + AHEAD_MAX;
    d->handler = handler;
    d->arg = arg;
    d->listener = listener;
    LIST_INIT(&d->conns);
    LIST_INIT(&d->refused);
    LIST_INIT(&d->requests);
    LIST_INSERT_HEAD(&servers, d, link);
    remember_address(d);
    d->sweep = evtimer_new(base, on_sweep, d);
    d->last = evtimer_new(base, on_last, d);
    d->refuse = event_new(base, -1, 0, on_refuse, d);
    d->http = evhttp_new(base);
    must(d->sweep && d->last && d->refuse && d->http, "evhttp_new");
    d->bound = evhttp_bind_listener(d->http, listener);
    must(d->bound != NULL, "evhttp_bind_listener");
    int on = 1; /* its connections inherit it */
    setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &on,
               sizeof(on));
    evconnlistener_set_error_cb(listener, on_accept_error);
    evhttp_set_bevcb(d->http, on_accept, d);
    evhttp_set_gencb(d->http, on_request, d);
    evhttp_set_allowed_methods(
        d->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
                     EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_default_content_type(d->http, NULL);
    evhttp_set_max_headers_size(d->http, (ev_ssize_t)limits->headers_max);
    evhttp_set_max_body_size(d->http, (ev_ssize_t)limits->body_max);
    evhttp_set_timeout(d->http, IDLE_S);
    /* Reads an oversized body to its end, else a reset could overtake the 413. The
     * request's clock ends that as well. */
    evhttp_set_flags(d->http, EVHTTP_SERVER_LINGERING_CLOSE);
    return d;
}

struct httpd *httpd_open(struct loop *loop, const char *listen,
                         const struct httpd_limits *limits, httpd_handler *handler,
                         void *arg, struct err *e)
{
    struct addrinfo *where = resolve(listen, e);
    if (!where)
        return NULL;
    struct event_base *base = loop_base(loop);
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, NULL, NULL,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
        where->ai_addr, (int)where->ai_addrlen);
    int saved = errno;
    freeaddrinfo(where);
    if (listener)
        return open_on(base, listener, limits, handler, arg);
    err_set(e, ERR_SETTINGS, "cannot listen on %s: %s", listen, strerror(saved));
    return NULL;
}

struct httpd *httpd_open_fd(struct loop *loop, int fd, const struct httpd_limits *limits,
                            httpd_handler *handler, void *arg, struct err *e)
{
    struct event_base *base = loop_base(loop);
    /* backlog 0: it listens already (event2/listener.h) */
    struct evconnlistener *listener =
        evutil_make_socket_nonblocking(fd) == 0
            ? evconnlistener_new(base, NULL, NULL,
                                 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd)
            : NULL;
    if (listener)
        return open_on(base, listener, limits, handler, arg);
    err_set(e, ERR_SETTINGS, "cannot listen on the socket that was handed over: %s",
            strerror(errno));
    close(fd);
    return NULL;
}

int httpd_set_tls(struct httpd *d, const struct httpd_tls *files, struct err *e)
{
    SSL_CTX *tls = httpd_tls_load(files, e);
    if (!tls)
        return -1;
    SSL_CTX_free(d->tls); /* its connections hold it as long as they need it */
    d->tls = tls;
    return 0;
}

void httpd_stop_accepting(struct httpd *d)
{
    if (d->is_stopping)
        return;
    d->is_stopping = 1;
    /* In the next turn, in which sockets come before timers: to close it resets what the
     * kernel has taken and nobody has accepted. */
    const struct timeval now = {0};
    event_add(d->last, &now);
    for (struct conn *c = LIST_FIRST(&d->conns), *next; c; c = next) {
        next = LIST_NEXT(c, link);
        if (is_idle(c))
            conn_close(c);
    }
    sweep_later(d);
}

int httpd_busy(const struct httpd *d)
{
    int n = 0;
    const struct httpd_request *r;
    LIST_FOREACH(r, &d->requests, link)
    n++;
    const struct conn *c;
    LIST_FOREACH(c, &d->conns, link)
    n += !c->request &&
         ((c->started_us && (c->fd >= 0 || d->is_stopping)) || unwritten(c) > 0);
    return n + (d->is_stopping && d->bound);
}

void httpd_close(struct httpd *d)
{
    if (!d)
        return;
    struct httpd_request *r;
    while ((r = LIST_FIRST(&d->requests)))
        httpd_drop(r);
    evhttp_free(d->http); /* closes the listener and every connection */
    struct conn *c;
    while ((c = LIST_FIRST(&d->conns)) || (c = LIST_FIRST(&d->refused)))
        conn_forget(c);
    event_free(d->sweep);
    event_free(d->last);
    event_free(d->refuse);
    LIST_REMOVE(d, link);
    SSL_CTX_free(d->tls);
    free(d->by_fd);
    free(d);
}

const char *httpd_address(const struct httpd *d)
{
    return d->address;
}
