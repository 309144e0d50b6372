#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>

#include <openssl/ssl.h>

#include "base/str.h"
#include "io/addr.h"
#include "io/httpc.h"
#include "net.h"
#include "workdir.h"

/* ---- a server that does what the path says, a thread for each connection ---- */

static struct {
    int fd, port;
    pthread_t thread;
    pthread_mutex_t lock;
    struct buf log; /* every request, as it came */
    int connections, requests;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int path_is(const struct buf *r, const char *path)
{
    const char *at = strchr(r->data, ' ');
    size_t n = strlen(path);
    return at && strncmp(at + 1, path, n) == 0 && strchr(" ?", at[1 + n]);
}

static void flood(int fd, const char *unit, size_t times)
{
    for (size_t i = 0; i < times; i++)
        if (net_puts(fd, unit) != 0)
            return;
}

/* gzip of {"a":"é"} and of 4,000 zeros (RFC 1952), by gzip -n. */
static const unsigned char gzip_json[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
                                          0x02, 0x03, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x52,
                                          0x3a, 0xbc, 0x52, 0xa9, 0x16, 0x00, 0xa5, 0x00,
                                          0xf0, 0x20, 0x0a, 0x00, 0x00, 0x00};
static const unsigned char gzip_zeros[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01,
    0x00, 0x00, 0x00, 0xc2, 0xa0, 0x4a, 0xeb, 0x9f, 0xce, 0x18, 0x3e, 0x40, 0x01, 0x00,
    0x00, 0x00, 0x6f, 0x03, 0x1d, 0x96, 0xee, 0xfa, 0xa0, 0x0f, 0x00, 0x00};

/* What /coded answers with: set while no request is under way. */
static struct {
    const char *coding;
    const void *data;
    size_t len;
    int is_chunked;
} coded;

static int serve_coded(int fd)
{
    /* The client may have the last byte, and the test set the next answer, while this
     * thread is still here: it looks once. */
    const int is_chunked = coded.is_chunked;
    char head[256];
    if (is_chunked)
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nX-Kept: 1\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n%zx\r\n",
                 coded.coding, coded.len);
    else
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nX-Kept: 1\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 coded.coding, coded.len);
    return net_puts(fd, head) == 0 && net_write(fd, coded.data, coded.len) == 0 &&
           (!is_chunked || net_puts(fd, "\r\n0\r\n\r\n") == 0);
}

/* 1 to go on with the connection. */
static int serve_one(int fd, const struct buf *r, int nth)
{
    char out[256];
    if (path_is(r, "/ok") || path_is(r, "/x/../ok") || strncmp(r->data, "HEAD", 4) == 0) {
        snprintf(
            out, sizeof(out),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Nth: %d\r\nX-Empty:\r\n\r\n%s",
            nth, strncmp(r->data, "HEAD", 4) == 0 ? "" : "ok");
        return net_puts(fd, out) == 0;
    }
    if (path_is(r, "/then-close")) { /* keep-alive, then closed after reading the next */
        if (nth > 1)
            return 0;
        return net_puts(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") == 0;
    }
    if (path_is(r, "/301"))
        return net_puts(fd, "HTTP/1.1 301 Moved\r\nLocation: /ok\r\n"
                            "Content-Length: 0\r\n\r\n") == 0;
    if (path_is(r, "/500"))
        return net_puts(fd, "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops") == 0;
    if (path_is(r, "/100"))
        return net_puts(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n") == 0;
    if (path_is(r, "/coded"))
        return serve_coded(fd);
    if (path_is(r, "/nothing"))
        return 0;
    if (path_is(r, "/half"))
        net_puts(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    else if (path_is(r, "/garbage"))
        net_puts(fd, "SSH-2.0-OpenSSH_9.2\r\nhello\r\n");
    else if (path_is(r, "/big"))
        net_puts(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n");
    else if (path_is(r, "/big-chunked")) {
        net_puts(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        flood(fd,
              "3c\r\n012345678901234567890123456789012345678901234567890123456789\r\n",
              30000);
    } else if (path_is(r, "/header-flood")) {
        net_puts(fd, "HTTP/1.1 200 OK\r\n");
        flood(fd, "X-Flood: 0123456789012345678901234567890123456789\r\n", 20000);
    } else if (path_is(r, "/long-header")) {
        net_puts(fd, "HTTP/1.1 200 OK\r\nX-Long: ");
        flood(fd, "0123456789012345678901234567890123456789", 20000);
    } else if (path_is(r, "/never")) {
        char c;
        (void)!recv(fd, &c, 1, 0); /* until the client gives up */
    }
    return 0;
}

static void *serve_connection(void *arg)
{
    int fd = (int)(intptr_t)arg, nth = 0, go_on = 1;
    struct buf left, r;
    buf_init(&left, 64 << 20);
    buf_init(&r, 64 << 20);
    char first;
    if (recv(fd, &first, 1, MSG_PEEK) == 1 && first == 0x16) /* a TLS handshake */
        go_on = 0;
    while (go_on && net_read_message(fd, &left, &r, 1) == 0) {
        pthread_mutex_lock(&server.lock);
        buf_add(&server.log, r.data, r.len);
        buf_adds(&server.log, "\n--\n");
        server.requests++;
        pthread_mutex_unlock(&server.lock);
        go_on = serve_one(fd, &r, ++nth);
    }
    close(fd);
    buf_free(&left);
    buf_free(&r);
    return NULL;
}

static void *serve(void *arg)
{
    (void)arg;
    int fd;
    while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
        pthread_t t;
        pthread_mutex_lock(&server.lock);
        server.connections++;
        pthread_mutex_unlock(&server.lock);
        if (pthread_create(&t, NULL, serve_connection, (void *)(intptr_t)fd) != 0)
            abort();
        pthread_detach(t);
    }
    return NULL;
}

/* ---- the client's side ---- */

struct result {
    int times, leaves;
    struct err err;
    int sent, is_taken;
    long status;
    char body[256], nth[16];
    size_t body_len, nheaders;
};

static struct loop *loop;
static char url_space[512];

static const char *at(const char *path)
{
    snprintf(url_space, sizeof(url_space), "http://127.0.0.1:%d%s", server.port, path);
    return url_space;
}

static void on_done(void *arg, const struct httpc_answer *a)
{
    struct result *r = arg;
    r->times++;
    r->err = a->err;
    r->sent = a->sent;
    r->status = a->status;
    r->body_len = a->body_len;
    r->is_taken = a->is_taken;
    r->nheaders = a->nheaders;
    snprintf(r->body, sizeof(r->body), "%s", a->body);
    const char *nth = httpc_header(a, "x-nth");
    snprintf(r->nth, sizeof(r->nth), "%s", nth ? nth : "");
}

static int count_leave(void *arg)
{
    ((struct result *)arg)->leaves++;
    return 0;
}

static struct httpc *client(const struct httpc_config *config)
{
    struct err e;
    struct httpc *c = httpc_new(loop, config, &e);
    if (!c)
        fail_msg("%s", e.text);
    return c;
}

static struct result ask(struct httpc *c, struct httpc_request q)
{
    struct result r = {0};
    struct err e;
    if (!q.method)
        q.method = "GET";
    q.on_sending = count_leave;
    if (!httpc_start(c, &q, on_done, &r, &e))
        fail_msg("%s", e.text);
    assert_int_equal(r.times, 0); /* never before it returns */
    loop_run(loop);
    assert_int_equal(r.times, 1);
    assert_int_equal(r.leaves > 0, r.sent); /* whatever comes of it */
    return r;
}

static int log_has(const char *part)
{
    pthread_mutex_lock(&server.lock);
    int found =
        server.log.len && memmem(server.log.data, server.log.len, part, strlen(part));
    if (!found)
        print_error("no \"%s\" in \"%.2000s\"\n", part, buf_str(&server.log));
    pthread_mutex_unlock(&server.lock);
    return found;
}

static int log_lacks(const char *part)
{
    pthread_mutex_lock(&server.lock);
    int found = strcasestr(buf_str(&server.log), part) != NULL;
    pthread_mutex_unlock(&server.lock);
    return !found;
}

static void forget(void)
{
    pthread_mutex_lock(&server.lock);
    buf_reset(&server.log);
    server.connections = server.requests = 0;
    pthread_mutex_unlock(&server.lock);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new(NULL);
    forget();
    return loop ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static void get_reuses_its_connection(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    struct httpc_request q = {.url = at("/ok"), .allow_private = 1};
    struct result r = ask(c, q);
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.sent, 1);
    assert_string_equal(r.body, "ok");
    assert_string_equal(r.nth, "1");
    assert_int_equal(r.nheaders, 3);
    assert_string_equal(ask(c, q).nth, "2");
    q.fresh = 1;
    assert_string_equal(ask(c, q).nth, "1");
    q.fresh = 0;
    assert_string_equal(ask(c, q).nth, "3"); /* the first connection is still there */
    assert_int_equal(server.connections, 2);
    httpc_free(c);
}

/* libcurl repeats a request whose reused connection dies before the first byte, which is
 * right for a GET; a write is never on a reused connection, asked or not. */
static void a_write_is_seen_once(void **state)
{
    (void)state;
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    struct httpc *c = client(NULL);
    struct httpc_request q = {.url = at("/ok"), .allow_private = 1};
    ask(c, q);
    char *close_second = xstrdup(at("/then-close")), *close = xstrdup(at("/nothing"));
    q.url = close_second;
    struct result r = ask(c, q); /* second on its connection: closed unanswered */
    assert_int_equal(r.status, 200);
    assert_int_equal(server.requests, 3); /* the two, and the second again */
    q.url = at("/ok");
    ask(c, q); /* a connection that is kept alive */
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        forget();
        q = (struct httpc_request){.method = methods[i],
                                   .url = close,
                                   .body = "{}",
                                   .body_len = 2,
                                   .allow_private = 1};
        r = ask(c, q);
        assert_int_equal(r.err.kind, ERR_NETWORK);
        assert_int_equal(r.sent, 1);
        assert_has(r.err.text, "closed without an answer");
        assert_int_equal(server.requests, 1);
        assert_int_equal(server.connections, 1);
        /* Nor is its connection there for the next. */
        q.url = close_second;
        assert_int_equal(ask(c, q).status, 200);
        assert_int_equal(ask(c, q).status, 200);
        assert_int_equal(server.requests, 3);
        assert_int_equal(server.connections, 3);
    }
    free(close_second);
    free(close);
    httpc_free(c);
}

struct leaving {
    struct result result;
    int listener, fd, times, refuses;
};

/* The connection is there, and nothing has come through it. */
static int on_sending(void *arg)
{
    struct leaving *l = arg;
    char byte;
    l->times++;
    l->fd = accept(l->listener, NULL, NULL);
    assert_true(l->fd >= 0);
    assert_int_equal(recv(l->fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_true(errno == EAGAIN || errno == EWOULDBLOCK);
    return l->refuses;
}

static void on_left(void *arg, const struct httpc_answer *a)
{
    on_done(&((struct leaving *)arg)->result, a);
}

static void it_is_told_before_the_first_byte(void **state)
{
    (void)state;
    struct err e;
    struct leaving l = {.fd = -1};
    char url[64], request[4096];
    int port;
    l.listener = net_listen(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", port);
    struct httpc *c = client(&(struct httpc_config){.total_ms = 300});
    struct httpc_request q = {.method = "POST",
                              .url = url,
                              .body = "{}",
                              .body_len = 2,
                              .allow_private = 1,
                              .on_sending = on_sending};
    assert_non_null(httpc_start(c, &q, on_left, &l, &e));
    loop_run(loop); /* there is no answer */
    assert_int_equal(l.times, 1);
    assert_int_equal(l.result.sent, 1);
    assert_int_equal(l.result.err.kind, ERR_TIMEOUT);
    assert_true(recv(l.fd, request, sizeof(request), MSG_DONTWAIT) > 2);
    assert_memory_equal(request, "POST /x", 7);
    close(l.fd);
    close(l.listener);
    httpc_free(c);
}

static void it_is_withdrawn_before_the_first_byte(void **state)
{
    (void)state;
    struct err e;
    struct leaving l = {.fd = -1, .refuses = 1};
    char url[64], byte;
    int port;
    l.listener = net_listen(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", port);
    struct httpc *c = client(NULL);
    struct httpc_request q = {
        .method = "POST", .url = url, .allow_private = 1, .on_sending = on_sending};
    assert_non_null(httpc_start(c, &q, on_left, &l, &e));
    loop_run(loop);
    assert_int_equal(l.times, 1);
    assert_int_equal(l.result.sent, 0);
    assert_int_equal(l.result.err.kind, ERR_CONFLICT);
    assert_int_equal(recv(l.fd, &byte, 1, 0), 0); /* its end, and nothing before */
    close(l.fd);
    close(l.listener);
    httpc_free(c);
}

/* ---- a slot first, then go ---- */

struct held {
    struct httpc *client;
    struct httpc_call *call;
    struct result result;
    int offers;
    void (*then)(struct held *); /* in on_slot */
};

static void on_slot(void *arg)
{
    struct held *h = arg;
    h->offers++;
    if (h->then)
        h->then(h);
    else
        loop_stop(loop);
}

static void on_held_done(void *arg, const struct httpc_answer *a)
{
    on_done(&((struct held *)arg)->result, a);
}

static void hold(struct held *h, const char *path)
{
    struct err e;
    char *url = xstrdup(at(path));
    h->call = httpc_start(h->client,
                          &(struct httpc_request){.method = "POST",
                                                  .url = url,
                                                  .body = "{}",
                                                  .body_len = 2,
                                                  .allow_private = 1,
                                                  .on_slot = on_slot},
                          on_held_done, h, &e);
    free(url);
    assert_non_null(h->call);
    assert_int_equal(h->offers, 0); /* never before it returns */
}

static int connections(void)
{
    pthread_mutex_lock(&server.lock);
    int n = server.connections;
    pthread_mutex_unlock(&server.lock);
    return n;
}

static void nothing_is_connected_before_go(void **state)
{
    (void)state;
    struct held h = {.client = client(NULL)};
    hold(&h, "/ok");
    loop_run(loop); /* until on_slot */
    assert_int_equal(h.offers, 1);
    /* Another request's whole life: the held one is where it was. */
    assert_int_equal(
        ask(h.client, (struct httpc_request){.url = at("/ok"), .allow_private = 1})
            .status,
        200);
    assert_int_equal(connections(), 1);
    assert_int_equal(h.result.times, 0);
    httpc_go(h.call);
    loop_run(loop);
    assert_int_equal(h.result.times, 1);
    assert_int_equal(h.result.status, 200);
    assert_int_equal(h.offers, 1);
    assert_int_equal(connections(), 2);
    httpc_free(h.client);
}

static void go_at_once(struct held *h)
{
    httpc_go(h->call);
}

static void go_may_come_at_once(void **state)
{
    (void)state;
    struct held h = {.client = client(NULL), .then = go_at_once};
    hold(&h, "/ok");
    loop_run(loop);
    assert_int_equal(h.result.status, 200);
    httpc_free(h.client);
}

/* The time of a request begins when it goes, however long its intent took. */
static void total_begins_with_go(void **state)
{
    (void)state;
    struct held h = {.client = client(&(struct httpc_config){.total_ms = 3000})};
    hold(&h, "/ok");
    loop_run(loop);
    usleep(3100 * 1000);
    httpc_go(h.call);
    loop_run(loop);
    assert_int_equal(h.result.err.kind, ERR_NONE);
    h = (struct held){.client = h.client, .then = go_at_once};
    hold(&h, "/never");
    loop_run(loop);
    assert_int_equal(h.result.err.kind, ERR_TIMEOUT);
    httpc_free(h.client);
}

static void a_held_slot_counts(void **state)
{
    (void)state;
    struct err e;
    struct held a = {.client = client(&(struct httpc_config){.max_active = 2})};
    struct held b = {.client = a.client}, late = {.client = a.client};
    struct result r = {0};
    hold(&a, "/ok");
    loop_run(loop);
    hold(&b, "/ok");
    loop_run(loop);
    hold(&late, "/ok");
    struct httpc_request get = {.method = "GET", .url = at("/ok"), .allow_private = 1};
    assert_non_null(httpc_start(a.client, &get, on_done, &r, &e));
    loop_run(loop); /* nothing can happen */
    assert_int_equal(late.offers + r.times + connections(), 0);
    httpc_cancel(a.call); /* its slot is the next one's, in order */
    loop_run(loop);
    assert_int_equal(late.offers, 1);
    assert_int_equal(r.times, 0);
    httpc_go(late.call); /* and when that is over, the GET's */
    loop_run(loop);
    assert_int_equal(late.result.status, 200);
    assert_int_equal(r.status, 200);
    assert_int_equal(a.result.times + b.result.times, 0);
    assert_int_equal(b.offers, 1);
    httpc_go(b.call);
    loop_run(loop);
    assert_int_equal(b.result.status, 200);
    httpc_free(a.client);
}

static struct held *other;

static void cancel_both(struct held *h)
{
    httpc_cancel(other->call);
    httpc_cancel(h->call);
}

/* Cancelled while queued, offered or held, by itself or by another, or freed with all. */
static void held_requests_can_be_cancelled(void **state)
{
    (void)state;
    struct held a = {.client = client(&(struct httpc_config){.max_active = 3})};
    struct held b = {.client = a.client}, c = {.client = a.client},
                d = {.client = a.client};
    hold(&a, "/ok");
    httpc_cancel(a.call); /* offered, not told yet */
    loop_run(loop);
    assert_int_equal(a.offers, 0);
    a.then = cancel_both;
    other = &b;
    hold(&a, "/ok");
    hold(&b, "/ok");
    hold(&c, "/ok");
    hold(&d, "/ok"); /* queued */
    loop_run(loop);
    assert_int_equal(a.offers, 1);
    assert_int_equal(b.offers, 0);
    assert_int_equal(c.offers, 1);
    if (!d.offers)
        loop_run(loop);
    assert_int_equal(d.offers, 1);
    hold(&b, "/ok");
    assert_int_equal(connections(), 0);
    httpc_free(a.client); /* c and d held, b offered */
    loop_run(loop);
    assert_int_equal(b.offers + a.result.times + c.result.times + d.result.times, 0);
}

/* A request is written as it was given, with nothing of libcurl's own ideas. */
static void requests_are_written_as_given(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    static const char *const headers[] = {"Authorization: Bearer t0",
                                          "X-Empty:", "Content-Type: application/json"};
    struct httpc_request q = {.method = "DELETE",
                              .url = at("/x/../ok?a=%2F&b="),
                              .headers = headers,
                              .nheaders = 3,
                              .body = "{\"a\":1}",
                              .body_len = 7,
                              .allow_private = 1};
    assert_int_equal(ask(c, q).status, 200);
    char expected[512];
    snprintf(expected, sizeof(expected),
             "DELETE /x/../ok?a=%%2F&b= HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
             "User-Agent: foyer/",
             server.port);
    assert_true(log_has(expected));
    assert_true(log_has("\r\nAccept: */*\r\nAccept-Encoding: "));
    assert_true(log_has("\r\nAuthorization: Bearer t0\r\nX-Empty:\r\n"
                        "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n"
                        "{\"a\":1}\n--\n"));

    static const char *const methods[] = {"POST",   "PUT", "PATCH",
                                          "DELETE", "GET", "OPTIONS"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        forget();
        q = (struct httpc_request){
            .method = methods[i], .url = at("/ok"), .allow_private = 1};
        assert_int_equal(ask(c, q).status, 200);
        snprintf(expected, sizeof(expected), "%s /ok HTTP/1.1\r\n", methods[i]);
        assert_true(log_has(expected));
        assert_true(log_lacks("Content-Type"));
        if (i < 3) /* methods of which a body is expected */
            assert_true(log_has("Content-Length: 0\r\n"));
        else
            assert_true(log_lacks("Content-Length"));
        forget();
        q.body = "x";
        q.body_len = 1;
        assert_int_equal(ask(c, q).status, 200);
        assert_true(log_has(expected));
        assert_true(log_has("Content-Length: 1\r\n\r\nx\n--\n"));
        assert_true(log_lacks("Content-Type"));
    }
    q = (struct httpc_request){.method = "HEAD", .url = at("/big"), .allow_private = 1};
    q.answer_max = 1; /* of bodies, which HEAD has none of */
    struct result r = ask(c, q);
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(r.body_len, 0);
    httpc_free(c);
}

/* Above 1 MiB libcurl would ask for permission and wait a second for it. */
static void large_bodies_leave_at_once(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    size_t len = 3 << 20;
    char *body = xmalloc(len);
    memset(body, 'b', len);
    struct httpc_request q = {.method = "POST",
                              .url = at("/ok"),
                              .body = body,
                              .body_len = len,
                              .allow_private = 1};
    assert_int_equal(ask(c, q).status, 200);
    assert_true(log_lacks("Expect"));
    assert_true(log_has("Content-Length: 3145728\r\n"));
    assert_true(server.log.len > len);
    free(body);
    httpc_free(c);
}

static void multipart(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    static const char file[] = "a\0b\r\n";
    const struct httpc_part parts[] = {
        {.name = "body", .data = "hello", .len = 5},
        {.name = "attachments[0]",
         .filename = "o\"k\r\n.txt",
         .type = "text/plain",
         .data = file,
         .len = 5},
        {.name = "empty"},
    };
    static const char *const headers[] = {"X-A: 1"};
    struct httpc_request q = {.method = "POST",
                              .url = at("/ok"),
                              .headers = headers,
                              .nheaders = 1,
                              .parts = parts,
                              .nparts = 3,
                              .allow_private = 1};
    for (int i = 0; i < 2; i++) { /* a handle is used again after it */
        forget();
        assert_int_equal(ask(c, q).status, 200);
        assert_true(log_has("Content-Type: multipart/form-data; boundary="));
        assert_true(
            log_has("Content-Disposition: form-data; name=\"body\"\r\n\r\nhello"));
        assert_true(log_has("name=\"attachments[0]\"; filename=\"o%22k%0D%0A.txt\"\r\n"
                            "Content-Type: text/plain\r\n\r\na"));
        pthread_mutex_lock(&server.lock);
        assert_non_null(
            memmem(server.log.data, server.log.len, "\r\n\r\na\0b\r\n\r\n--", 13));
        pthread_mutex_unlock(&server.lock);
    }
    q.method = "PUT";
    assert_int_equal(ask(c, q).status, 200);
    assert_true(log_has("PUT /ok HTTP/1.1"));
    httpc_free(c);
}

static void answers_come_whatever_their_status(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    struct result r =
        ask(c, (struct httpc_request){.url = at("/301"), .allow_private = 1});
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(r.status, 301); /* not followed */
    assert_int_equal(server.requests, 1);
    r = ask(c, (struct httpc_request){.url = at("/500"), .allow_private = 1});
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(r.status, 500);
    assert_string_equal(r.body, "oops");
    r = ask(c, (struct httpc_request){.url = at("/100"), .allow_private = 1});
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "abc");
    assert_int_equal(r.nheaders, 1); /* neither early nor trailing ones */
    httpc_free(c);
}

/* Every way to fail: kind, whether the request may have left, and the sentence, which
 * never shows the query. */
static void failures(void **state)
{
    (void)state;
    const struct httpc_config config = {.total_ms = 20000};
    struct httpc *c = client(&config);
    static const struct {
        const char *path;
        enum err_kind kind;
        const char *why;
        size_t answer_max;
    } cases[] = {
        {"/nothing?q=bob", ERR_NETWORK, "closed without an answer", 0},
        {"/half?q=bob", ERR_NETWORK, "the connection broke", 0},
        {"/garbage?q=bob", ERR_NETWORK, "does not speak HTTP/1.1", 0},
        {"/big?q=bob", ERR_LIMIT, "answers more than 1 KiB", 1024},
        {"/big?q=bob", ERR_LIMIT, "answers more than 1999 bytes", 1999},
        {"/big-chunked?q=bob", ERR_LIMIT, "answers more than 1 KiB", 1024},
        {"/big-chunked?q=bob", ERR_LIMIT, "answers more than 1 MiB", 0},
        {"/header-flood?q=bob", ERR_LIMIT, "answers more than 64 KiB of headers", 0},
        {"/long-header?q=bob", ERR_LIMIT, "answers more than 64 KiB of headers", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct httpc_request q = {.url = at(cases[i].path), .allow_private = 1};
        q.answer_max = cases[i].answer_max ? cases[i].answer_max : 1 << 20;
        struct result r = ask(c, q);
        if (r.err.kind != cases[i].kind)
            fail_msg("%s: %s", cases[i].path, r.err.text);
        assert_int_equal(r.sent, 1);
        assert_int_equal(r.body_len, 0);
        char start[128];
        snprintf(start, sizeof(start), "cannot GET http://127.0.0.1:%d/", server.port);
        assert_int_equal(strncmp(r.err.text, start, strlen(start)), 0);
        assert_has(r.err.text, cases[i].why);
        assert_null(strstr(r.err.text, "bob"));
    }
    httpc_free(c);
}

static void compressed_answers_are_decoded(void **state)
{
    (void)state;
    static const char *const codings[] = {"gzip", "GZIP", "x-gzip"};
    struct httpc *c = client(NULL);
    struct httpc_request q = {.url = at("/coded"), .allow_private = 1};
    for (size_t i = 0; i < 2 * sizeof(codings) / sizeof(codings[0]); i++) {
        coded.coding = codings[i / 2];
        coded.data = gzip_json;
        coded.len = sizeof gzip_json;
        coded.is_chunked = i % 2;
        q.method = i % 2 ? "POST" : "GET";
        struct result r = ask(c, q);
        if (r.err.kind != ERR_NONE)
            fail_msg("%s", r.err.text);
        assert_string_equal(r.body, "{\"a\":\"\xc3\xa9\"}");
        assert_int_equal(r.body_len, 10);
        /* neither Content-Encoding nor Content-Length is true any more */
        assert_int_equal(r.nheaders, coded.is_chunked ? 2 : 1);
    }
    assert_true(log_has("Accept-Encoding: "));
    assert_true(log_has("gzip"));
    httpc_free(c);
}

/* The decoded bytes count as they come, not those that were sent. */
/* ---- bodies piece by piece ---- */

static struct taker {
    int answer; /* what it returns */
    int times, firsts;
    int64_t total;
    size_t got;
    char begin[8];
} taker;

static int on_piece(void *arg, const struct httpc_piece *piece)
{
    (void)arg;
    if (!taker.got)
        snprintf(taker.begin, sizeof taker.begin, "%.*s", (int)piece->len, piece->data);
    taker.times++;
    taker.firsts += piece->is_first;
    taker.total = piece->total;
    taker.got += piece->len;
    return taker.answer;
}

static struct result take(struct httpc *c, const char *path, int answer)
{
    taker = (struct taker){.answer = answer};
    return ask(c, (struct httpc_request){
                      .url = at(path), .allow_private = 1, .on_piece = on_piece});
}

static void a_body_is_taken_piece_by_piece(void **state)
{
    (void)state;
    struct httpc *c = client(&(struct httpc_config){.answer_max = 1000});
    struct result r = take(c, "/ok", 1);
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(r.is_taken, 1);
    assert_int_equal(r.body_len, 0);
    assert_string_equal(taker.begin, "ok");
    assert_int_equal(taker.total, 2);
    /* more than an answer may have in memory; it ends early */
    r = take(c, "/big-chunked", 1);
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_true(taker.got > 100 * 1000);
    assert_true(taker.times > 1);
    assert_int_equal(taker.firsts, 1);
    assert_int_equal(taker.total, -1);
    r = take(c, "/half", 1);
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(taker.got, 4);
    coded.coding = "gzip";
    coded.data = gzip_json;
    coded.len = sizeof gzip_json;
    coded.is_chunked = 0;
    r = take(c, "/coded", 1);
    assert_int_equal(r.err.kind, ERR_NONE);
    assert_int_equal(taker.total, -1);
    assert_string_equal(taker.begin, "{\"a\":\"\xc3");
    httpc_free(c);
}

static void a_body_is_left(void **state)
{
    (void)state;
    struct httpc *c = client(&(struct httpc_config){.answer_max = 1000});
    struct result r = take(c, "/500", 0);
    assert_int_equal(r.is_taken, 0);
    assert_string_equal(r.body, "oops");
    assert_int_equal(taker.times, 1);
    r = take(c, "/big-chunked", 0);
    assert_int_equal(r.err.kind, ERR_LIMIT);
    assert_int_equal(taker.times, 1);
    r = take(c, "/ok", -1);
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(taker.times, 1);
    httpc_free(c);
}

static void a_bomb_is_refused(void **state)
{
    (void)state;
    struct httpc *c = client(&(struct httpc_config){.answer_max = 1024});
    struct httpc_request q = {.url = at("/coded"), .allow_private = 1};
    coded.coding = "gzip";
    coded.data = gzip_zeros;
    coded.len = sizeof gzip_zeros;
    assert_true(coded.len < 100);
    for (coded.is_chunked = 0; coded.is_chunked < 2; coded.is_chunked++) {
        struct result r = ask(c, q);
        assert_int_equal(r.err.kind, ERR_LIMIT);
        assert_has(r.err.text, "it answers more than 1 KiB");
    }
    coded.is_chunked = 0;
    q.answer_max = 4000;
    assert_int_equal(ask(c, q).body_len, 4000);
    httpc_free(c);
}

static void what_cannot_be_decoded_is_named(void **state)
{
    (void)state;
    static char damaged[] = "{\"a\":1}", twice[2 * sizeof gzip_json];
    memcpy(twice, gzip_json, sizeof gzip_json);
    memcpy(twice + sizeof gzip_json, gzip_json, sizeof gzip_json);
    static const struct {
        const char *coding;
        const void *data;
        size_t len;
        const char *shown;
    } cases[] = {
        {"compress", gzip_json, sizeof gzip_json, "content coding \"compress\""},
        {"gzip, compress", gzip_json, sizeof gzip_json, "\"gzip,?compress\""},
        {"gzip", damaged, sizeof damaged - 1, "content coding \"gzip\""},
        {"gzip", twice, sizeof twice, "content coding \"gzip\""},
        {"\033[2J", damaged, sizeof damaged - 1, "content coding \"?[2J\""},
    };
    struct httpc *c = client(NULL);
    struct httpc_request q = {.url = at("/coded"), .allow_private = 1};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        coded.coding = cases[i].coding;
        coded.data = cases[i].data;
        coded.len = cases[i].len;
        struct result r = ask(c, q);
        assert_int_equal(r.err.kind, ERR_UNAVAILABLE);
        assert_has(r.err.text, "cannot GET http://127.0.0.1");
        assert_has(r.err.text, cases[i].shown);
        assert_int_equal(r.sent, 1);
    }
    httpc_free(c);
}

static void timeouts(void **state)
{
    (void)state;
    const struct httpc_config config = {.total_ms = 300};
    struct httpc *c = client(&config);
    struct result r =
        ask(c, (struct httpc_request){.url = at("/never"), .allow_private = 1});
    assert_int_equal(r.err.kind, ERR_TIMEOUT);
    assert_int_equal(r.sent, 1);
    assert_has(r.err.text, "no complete answer within 0.3 s");
    r = ask(c, (struct httpc_request){
                   .url = at("/never"), .allow_private = 1, .total_ms = 200});
    assert_has(r.err.text, "no complete answer within 0.2 s");
    /* A listener that accepts nothing: TLS does not begin, so nothing has been sent. */
    int port;
    int fd = net_listen(&port);
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", port);
    r = ask(c, (struct httpc_request){.url = url, .allow_private = 1});
    assert_int_equal(r.err.kind, ERR_TIMEOUT);
    assert_int_equal(r.sent, 0);
    assert_has(r.err.text, "no connection within 0.3 s");
    close(fd);
    httpc_free(c);
}

static void nothing_is_sent_without_a_connection(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    int port;
    close(net_listen(&port)); /* a port without a listener */
    char url[128], expected[256];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", port);
    struct httpc_request q = {
        .method = "POST", .url = url, .body = "x", .body_len = 1, .allow_private = 1};
    struct result r = ask(c, q);
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(r.sent, 0);
    assert_has(r.err.text, "/x: no connection to 127.0.0.1: Connection refused");
    /* A label of 64 bytes is no name: no resolver is asked, wherever the test runs. */
    const char *name = "a123456789b123456789c123456789d123456789e123456789f123456789g123";
    snprintf(url, sizeof(url), "http://%s/x", name);
    q.url = url;
    q.shown = "the chat webhook";
    r = ask(c, q);
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(r.sent, 0);
    snprintf(expected, sizeof(expected),
             "cannot POST the chat webhook: the name %s cannot be resolved", name);
    assert_string_equal(r.err.text, expected);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/ok", server.port);
    q = (struct httpc_request){.url = url, .allow_private = 1}; /* it speaks no TLS */
    r = ask(c, q);
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(r.sent, 0);
    assert_has(r.err.text, "no TLS connection");
    httpc_free(c);
}

static void private_addresses_are_refused(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    static const char *const hosts[] = {"127.0.0.1", "localhost",          "[::1]",
                                        "0x7f.1",    "[::ffff:127.0.0.1]", "0.0.0.0"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char url[128], start[128];
        snprintf(url, sizeof(url), "http://u:p@%s:%d/ok", hosts[i], server.port);
        struct result r = ask(c, (struct httpc_request){.url = url});
        assert_int_equal(r.err.kind, ERR_FORBIDDEN);
        assert_int_equal(r.sent, 0);
        snprintf(start, sizeof(start), "cannot connect to %s: ", hosts[i]);
        assert_int_equal(strncmp(r.err.text, start, strlen(start)), 0);
        assert_has(r.err.text, " is a private address");
    }
    assert_int_equal(server.connections, 0);
    /* Nor is a connection used that another request was allowed to open. */
    struct httpc_request q = {.url = at("/ok"), .allow_private = 1};
    assert_int_equal(ask(c, q).status, 200);
    q.allow_private = 0;
    struct result r = ask(c, q);
    assert_int_equal(r.err.kind, ERR_FORBIDDEN);
    assert_int_equal(r.sent, 0);
    assert_string_equal(
        r.err.text, "cannot connect to 127.0.0.1: 127.0.0.1 is a private address; it is "
                    "reached only where the settings name the address itself, with its "
                    "port");
    assert_int_equal(server.requests, 1);
    httpc_free(c);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const private[] = {"0.0.0.0",
                                          "0.1.2.3",
                                          "10.0.0.1",
                                          "100.64.0.1",
                                          "100.127.255.255",
                                          "127.0.0.1",
                                          "127.255.255.255",
                                          "169.254.169.254",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.168.0.1",
                                          "192.0.0.1",
                                          "198.18.0.1",
                                          "198.19.255.255",
                                          "224.0.0.1",
                                          "239.255.255.255",
                                          "240.0.0.1",
                                          "255.255.255.255",
                                          "::",
                                          "::1",
                                          "::127.0.0.1",
                                          "::ffff:10.0.0.1",
                                          "[::ffff:a9fe:a9fe]",
                                          "64:ff9b::a00:1",
                                          "64:ff9b:1::1",
                                          "fe80::1%eth0",
                                          "fec0::1",
                                          "fc00::1",
                                          "fdff::1",
                                          "ff02::1",
                                          "2002:7f00:1::",
                                          "2001:0:1::1",
                                          "2001:db8::1",
                                          "100::1"};
    static const char *const public[] = {
        "1.1.1.1",      "9.255.255.255",   "11.0.0.0",         "100.63.255.255",
        "100.128.0.0",  "128.0.0.1",       "169.253.255.255",  "172.15.255.255",
        "172.32.0.0",   "192.167.255.255", "192.169.0.0",      "198.17.255.255",
        "198.20.0.0",   "223.255.255.255", "2600::1",          "2001:4860:4860::8888",
        "2a00:1450::1", "::ffff:1.1.1.1",  "64:ff9b::101:101", "2002:101:101::1",
        "localhost",    "10.0.0",          "example.com",      ""};
    for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
        if (!addr_text_is_private(private[i]))
            fail_msg("%s is private", private[i]);
    for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++)
        if (addr_text_is_private(public[i]))
            fail_msg("%s is not private", public[i]);
    char text[ADDR_TEXT_SIZE];
    const struct sockaddr_in four = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(0x0a000001)};
    addr_format((const struct sockaddr *)&four, text);
    assert_string_equal(text, "10.0.0.1");
    assert_true(addr_is_private((const struct sockaddr *)&four));
    const struct sockaddr unknown = {.sa_family = AF_UNIX};
    assert_true(addr_is_private(&unknown));
}

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    static const struct {
        const char *method, *url, *header, *why;
    } cases[] = {
        {"get", "http://a/", NULL, "its method \"get\""},
        {"", "http://a/", NULL, "its method \"\""},
        {"GET /x HTTP/1.1\r\nX:", "http://a/", NULL, "its method"},
        {"GET", "ftp://a/", NULL, "not an absolute URL"},
        {"GET", "/conversations", NULL, "not an absolute URL"},
        {"GET", "http:///x", NULL, "not an absolute URL"},
        {"GET", "http://a/x y?q=1", NULL, "percent-encode"},
        {"GET", "http://a/\r\nX: 1", NULL, "percent-encode"},
        {"GET", "http://a/", "X-A: 1\r\nX-B: 2", "X-A holds a control character"},
        {"GET", "http://a/", "no colon", "name is malformed"},
        {"GET", "http://a/", ": x", "name is malformed"},
        {"GET", "http://a/", "X A: 1", "name is malformed"},
        {"GET", "http://a/", "host: b", "the header Host cannot be given"},
        {"GET", "http://a/", "Content-Length: 1", "Content-Length cannot be given"},
        {"GET", "http://a/", "transfer-encoding: chunked", "cannot be given"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err e;
        struct result r = {0};
        struct httpc_request q = {.method = cases[i].method,
                                  .url = cases[i].url,
                                  .headers = &cases[i].header,
                                  .nheaders = cases[i].header != NULL};
        assert_null(httpc_start(c, &q, on_done, &r, &e));
        assert_int_equal(e.kind, ERR_INVALID);
        assert_has(e.text, cases[i].why);
        assert_null(strchr(e.text, '\n'));
        assert_int_equal(r.times, 0);
    }
    /* what only libcurl finds */
    struct result r = ask(c, (struct httpc_request){.url = "http://a:b:c/x"});
    assert_int_equal(r.err.kind, ERR_INVALID);
    assert_int_equal(r.sent, 0);
    assert_has(r.err.text, "this is not a URL");
    httpc_free(c);
}

/* ---- many at once ---- */

static struct {
    struct httpc *c;
    int started, done, live, most_live, limit;
    char order[64];
} crowd;

static void crowd_start(void);

static void on_crowd_done(void *arg, const struct httpc_answer *a)
{
    (void)arg;
    assert_int_equal(a->status, 200);
    crowd.done++;
    if (crowd.started < crowd.limit) /* from inside a callback */
        crowd_start();
}

static void crowd_start(void)
{
    struct httpc_request q = {.method = "GET", .url = at("/ok"), .allow_private = 1};
    crowd.started++;
    assert_non_null(httpc_start(crowd.c, &q, on_crowd_done, NULL, NULL));
}

static void many_requests_share_few_connections(void **state)
{
    (void)state;
    const struct httpc_config config = {.max_active = 8};
    crowd.c = client(&config);
    crowd.started = crowd.done = 0;
    crowd.limit = 3000;
    for (int i = 0; i < 1000; i++)
        crowd_start();
    loop_run(loop);
    assert_int_equal(crowd.done, 3000);
    assert_int_equal(server.requests, 3000);
    assert_in_range(server.connections, 1, 8);
    httpc_free(crowd.c);
}

static void on_order(void *arg, const struct httpc_answer *a)
{
    (void)a;
    strcat(crowd.order, arg);
}

static void waiting_requests_keep_their_order(void **state)
{
    (void)state;
    const struct httpc_config config = {.max_active = 1};
    struct httpc *c = client(&config);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct httpc_call *calls[5];
    crowd.order[0] = '\0';
    struct httpc_request q = {.method = "GET", .url = at("/ok"), .allow_private = 1};
    for (int i = 0; i < 5; i++)
        calls[i] = httpc_start(c, &q, on_order, (void *)(uintptr_t)names[i], NULL);
    httpc_cancel(calls[0]); /* live: the next one is admitted */
    httpc_cancel(calls[2]); /* waiting */
    loop_run(loop);
    assert_string_equal(crowd.order, "bde");
    httpc_free(c);
}

static struct httpc_call *victims[3];

static void on_done_cancel_others(void *arg, const struct httpc_answer *a)
{
    crowd.done++;
    assert_string_equal(a->body, "ok");
    for (int i = 0; i < 3; i++)
        if (victims[i]) {
            httpc_cancel(victims[i]); /* one of them is this call itself */
            victims[i] = NULL;
        }
    assert_string_equal(a->body, "ok"); /* still ours */
    (void)arg;
}

static void callbacks_may_cancel(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    struct httpc_request q = {.method = "GET", .url = at("/ok"), .allow_private = 1};
    crowd.done = 0;
    for (int i = 0; i < 3; i++)
        victims[i] = httpc_start(c, &q, on_done_cancel_others, NULL, NULL);
    loop_run(loop);
    assert_int_equal(crowd.done, 1);
    struct result r = ask(c, q);
    assert_int_equal(r.status, 200);
    httpc_free(c);
}

static void free_cancels_everything(void **state)
{
    (void)state;
    const struct httpc_config config = {.max_active = 2};
    struct httpc *c = client(&config);
    struct result r = {0};
    struct httpc_request q = {.method = "GET", .url = at("/never"), .allow_private = 1};
    struct err e;
    for (int i = 0; i < 4; i++)
        assert_non_null(httpc_start(c, &q, on_done, &r, &e));
    struct result ok = {0};
    q.url = "http://no-such-host.invalid/"; /* a resolver's thread may be at work */
    assert_non_null(httpc_start(c, &q, on_done, &ok, &e));
    struct loop_timer *t = loop_timer_new(loop, (loop_fn *)(void *)loop_stop, loop);
    loop_timer_set(t, 20);
    loop_run(loop);
    loop_timer_free(t);
    httpc_free(c);
    loop_run(loop);
    assert_int_equal(r.times + ok.times, 0);
}

/* ---- proxy ---- */

static void proxy_is_the_configured_one(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    struct httpc *c = client(NULL);
    struct httpc_request q = {.url = at("/ok"), .allow_private = 1};
    assert_int_equal(ask(c, q).status, 200); /* the environment counts for nothing */
    httpc_free(c);

    setenv("no_proxy", "*", 1);
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
    const struct httpc_config config = {.proxy = proxy};
    c = client(&config);
    forget();
    /* our server is taken for the proxy, and answers the absolute target with nothing */
    struct result r = ask(c, (struct httpc_request){.url = "http://api.example/ok?x"});
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(r.sent, 1);
    assert_true(log_has("GET http://api.example/ok?x HTTP/1.1\r\n"));
    r = ask(c, (struct httpc_request){.url = "https://api.example/ok"});
    assert_true(log_has("CONNECT api.example:443 HTTP/1.1\r\n"));
    assert_int_equal(r.sent, 0);             /* that is no request of ours */
    assert_int_equal(ask(c, q).status, 200); /* loopback goes straight */
    assert_true(log_has("GET /ok HTTP/1.1\r\n"));
    q.allow_private = 0;
    assert_int_equal(ask(c, q).err.kind, ERR_FORBIDDEN);
    static const char *const hidden[] = {"http://10.0.0.1/", "http://0xa.1/",
                                         "http://[::ffff:10.0.0.1]/"};
    for (size_t i = 0; i < 3; i++) {
        struct err e;
        struct httpc_request p = {.method = "GET", .url = hidden[i]};
        assert_null(httpc_start(c, &p, on_done, &r, &e));
        assert_int_equal(e.kind, ERR_FORBIDDEN);
    }
    httpc_free(c);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    unsetenv("no_proxy");
}

/* ---- TLS ---- */

static struct {
    char *dir;
    SSL_CTX *ctx;
    int fd, port;
    pthread_t thread;
} tls;

static void *serve_tls(void *arg)
{
    (void)arg;
    int fd;
    while ((fd = accept(tls.fd, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(tls.ctx);
        char request[4096];
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
            static const char answer[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                         "Content-Length: 2\r\n\r\nok";
            SSL_write(ssl, answer, sizeof(answer) - 1);
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static char *tls_path(const char *name)
{
    return xasprintf("%s/%s", tls.dir, name);
}

static void shell(const char *format, ...)
{
    char command[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(command, sizeof(command), format, ap);
    va_end(ap);
    if (system(command) != 0)
        fail_msg("%s", command);
}

static int tls_setup(void **state)
{
    tls.dir = workdir_make();
    shell(
        "cd %s && exec >log 2>&1 && mkdir right wrong empty && for d in right wrong; do "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=$d -keyout $d.key -out $d/ca.pem && openssl rehash $d || exit 1; done "
        "&& openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-subj /CN=server -keyout server.key -out server.csr "
        "&& echo subjectAltName=IP:127.0.0.1 >ext "
        "&& openssl x509 -req -in server.csr -CA right/ca.pem -CAkey right.key "
        "-CAcreateserial -days 2 -extfile ext -out server.pem",
        tls.dir);
    char *cert = tls_path("server.pem"), *key = tls_path("server.key");
    tls.ctx = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_file(tls.ctx, cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls.ctx, key, SSL_FILETYPE_PEM) != 1)
        abort();
    free(cert);
    free(key);
    tls.fd = net_listen(&tls.port);
    if (pthread_create(&tls.thread, NULL, serve_tls, NULL) != 0)
        abort();
    return setup(state);
}

static int tls_teardown(void **state)
{
    shutdown(tls.fd, SHUT_RDWR);
    pthread_join(tls.thread, NULL);
    close(tls.fd);
    SSL_CTX_free(tls.ctx);
    workdir_remove(tls.dir);
    return teardown(state);
}

static struct result ask_tls(const char *ca, const char *host)
{
    char url[64], *ca_path = ca ? tls_path(ca) : NULL;
    const struct httpc_config config = {.ca_dir = ca_path};
    struct httpc *c = client(&config);
    snprintf(url, sizeof(url), "https://%s:%d/ok", host, tls.port);
    struct result r = ask(c, (struct httpc_request){.url = url, .allow_private = 1});
    httpc_free(c);
    free(ca_path);
    return r;
}

static void tls_is_verified(void **state)
{
    (void)state;
    struct result r = ask_tls("right", "127.0.0.1");
    assert_string_equal(r.err.text, "");
    assert_string_equal(r.body, "ok");
    assert_string_equal(ask_tls("right/ca.pem", "127.0.0.1").body, "ok");
    static const char *const untrusted[] = {"wrong", "wrong/ca.pem", NULL};
    for (size_t i = 0; i < 3; i++) {
        r = ask_tls(untrusted[i], "127.0.0.1");
        assert_int_equal(r.err.kind, ERR_NETWORK);
        assert_int_equal(r.sent, 0);
        assert_has(r.err.text,
                   "its certificate is not trusted: unable to get local issuer");
    }
    r = ask_tls("right", "localhost"); /* the right issuer, another host's certificate */
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(r.sent, 0);
    assert_has(r.err.text, "its certificate is not trusted");
    r = ask_tls("server.key", "127.0.0.1"); /* a file without a certificate */
    assert_int_equal(r.err.kind, ERR_SETTINGS);
    assert_has(r.err.text, "server.key cannot be read");
}

static void ca_dir_is_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"empty", "missing"};
    for (size_t i = 0; i < 2; i++) {
        struct err e;
        char *path = tls_path(bad[i]);
        const struct httpc_config config = {.ca_dir = path};
        assert_null(httpc_new(loop, &config, &e));
        assert_int_equal(e.kind, ERR_SETTINGS);
        assert_has(e.text, i == 0 ? "openssl rehash" : "No such file or directory");
        free(path);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(get_reuses_its_connection),
        TEST(a_write_is_seen_once),
        TEST(it_is_told_before_the_first_byte),
        TEST(it_is_withdrawn_before_the_first_byte),
        TEST(nothing_is_connected_before_go),
        TEST(go_may_come_at_once),
        TEST(total_begins_with_go),
        TEST(a_held_slot_counts),
        TEST(held_requests_can_be_cancelled),
        TEST(requests_are_written_as_given),
        TEST(large_bodies_leave_at_once),
        TEST(multipart),
        TEST(answers_come_whatever_their_status),
        TEST(failures),
        TEST(compressed_answers_are_decoded),
        TEST(a_body_is_taken_piece_by_piece),
        TEST(a_body_is_left),
        TEST(a_bomb_is_refused),
        TEST(what_cannot_be_decoded_is_named),
        TEST(timeouts),
        TEST(nothing_is_sent_without_a_connection),
        TEST(private_addresses_are_refused),
        TEST(addresses),
        TEST(malformed_requests_are_refused),
        TEST(many_requests_share_few_connections),
        TEST(waiting_requests_keep_their_order),
        TEST(callbacks_may_cancel),
        TEST(free_cancels_everything),
        TEST(proxy_is_the_configured_one),
        cmocka_unit_test_setup_teardown(tls_is_verified, tls_setup, tls_teardown),
        cmocka_unit_test_setup_teardown(ca_dir_is_checked, tls_setup, tls_teardown),
    };
    signal(SIGPIPE, SIG_IGN);
    server.fd = net_listen(&server.port);
    buf_init(&server.log, 64 << 20);
    if (pthread_create(&server.thread, NULL, serve, NULL) != 0)
        abort();
    int failed = cmocka_run_group_tests_name("httpc", tests, NULL, NULL);
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    pthread_mutex_lock(&server.lock); /* a connection's thread may still be ending */
    buf_free(&server.log);
    pthread_mutex_unlock(&server.lock);
    return failed;
}
