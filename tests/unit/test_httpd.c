#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include <event2/event.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "io/httpd.h"
#include "workdir.h"

/* What a test does with a client's socket, by net.h or itself, goes through TLS where
 * dial has made it so: the same tests serve for both. */
enum { FDS = 256 };
static SSL *tls_of[FDS];

static ssize_t tls_result(SSL *ssl, int n)
{
    if (n > 0)
        return n;
    switch (SSL_get_error(ssl, n)) {
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    default:
        errno = ECONNRESET;
        return -1;
    }
}

static ssize_t client_send(int fd, const void *data, size_t len, int flags)
{
    SSL *ssl = fd < FDS ? tls_of[fd] : NULL;
    return ssl ? tls_result(ssl, SSL_write(ssl, data, (int)len))
               : send(fd, data, len, flags);
}

static ssize_t client_recv(int fd, void *data, size_t len, int flags)
{
    SSL *ssl = fd < FDS ? tls_of[fd] : NULL;
    return ssl ? tls_result(ssl, SSL_read(ssl, data, (int)len))
               : recv(fd, data, len, flags);
}

static int client_close(int fd)
{
    if (fd < FDS && tls_of[fd]) {
        SSL_free(tls_of[fd]);
        tls_of[fd] = NULL;
    }
    return close(fd);
}

#define send  client_send
#define recv  client_recv
#define close client_close
#include "net.h"

/* The server runs on a thread of its own, the test is its blocking client; what the
 * handler saw is read after the thread has ended. */

static struct {
    pthread_t thread;
    struct httpd_limits limits;
    struct httpd *httpd;
    struct loop *loop;
    int port, stop[2], ready[2];
    int is_tls, busy_at_end;
} server;

/* Made by openssl: "one" and "two" with a certificate and a key each. */
static char *tls_dir;
static SSL_CTX *tls_client;
static char pem_space[8][512];

static const char *pem(const char *name)
{
    static int next;
    char *out = pem_space[next++ % 8];
    snprintf(out, sizeof(pem_space[0]), "%s/%s.pem", tls_dir, name);
    return out;
}

/* What the handler saw, and the requests that it kept for later. */
static struct {
    struct buf log;
    struct httpd_request *kept[8];
    int nkept;
    struct loop_timer *late[2]; /* answers given in a while */
    int nlate;
    int queued; /* a client's connection */
} seen;

enum { LARGE = 16 << 20 }; /* more than a socket's buffers hold */

static void log_header(void *arg, const char *name, const char *value)
{
    buf_addf(arg, " %s=%s", name, value);
}

static void reply(struct httpd_request *r, int status, const char *body)
{
    httpd_reply(r, status, NULL, 0, body, strlen(body));
}

static void on_late(void *arg)
{
    struct httpd_request *r = arg;
    reply(r, 200, "late");
}

static void on_request(void *arg, struct httpd_request *r)
{
    (void)arg;
    size_t len;
    const char *body = httpd_body(r, &len);
    const char *path = httpd_path(r);
    buf_addf(&seen.log, "%s %s ?%s [%.*s]", httpd_method(r), path, httpd_query(r),
             (int)(len > 100 ? 100 : len), body);
    if (httpd_header_get(r, "x-show"))
        httpd_each_header(r, log_header, &seen.log);
    buf_adds(&seen.log, "\n");
    if (str_eq(path, "/drop")) {
        httpd_drop(r);
    } else if (str_eq(path, "/keep")) {
        seen.kept[seen.nkept++] = r;
    } else if (str_eq(path, "/late")) {
        loop_timer_free(seen.late[seen.nlate % 2]);
        seen.late[seen.nlate % 2] = loop_timer_new(server.loop, on_late, r);
        loop_timer_set(seen.late[seen.nlate++ % 2], 300);
    } else if (str_eq(path, "/kept")) {
        char n[16];
        snprintf(n, sizeof(n), "kept %d", seen.nkept);
        reply(r, 200, n);
    } else if (str_eq(path, "/release")) {
        for (int i = 0; i < seen.nkept; i++)
            reply(seen.kept[i], 200, "at last");
        seen.nkept = 0;
        reply(r, 200, "released");
    } else if (str_eq(path, "/drop-kept")) {
        for (int i = 0; i < seen.nkept; i++)
            httpd_drop(seen.kept[i]);
        seen.nkept = 0;
        reply(r, 200, "dropped");
    } else if (str_eq(path, "/headers")) {
        const struct httpd_header h[] = {{"X-One", "1"},
                                         {"Content-Type", "application/json"},
                                         {"X-Bad", "a\r\nX-Injected: 1"}};
        httpd_reply(r, 429, h, 3, "{}", 2);
    } else if (str_eq(path, "/large")) {
        char *large = xcalloc(1, LARGE + 1);
        memset(large, 'x', LARGE);
        reply(r, 200, large);
        free(large);
    } else if (str_eq(path, "/stop") || str_eq(path, "/stop-after")) {
        int is_after = str_eq(path, "/stop-after");
        if (!is_after)
            httpd_stop_accepting(server.httpd);
        char n[16], *large = xcalloc(1, LARGE + 1);
        snprintf(n, sizeof(n), "busy %d", httpd_busy(server.httpd));
        memset(large, 'x', LARGE);
        reply(r, 200, is_after ? large : n);
        free(large);
        if (is_after) {
            httpd_stop_accepting(server.httpd);
            httpd_stop_accepting(server.httpd); /* a second time: nothing */
            buf_addf(&seen.log, "busy %d\n", httpd_busy(server.httpd));
        }
    } else if (str_eq(path, "/stop-queued")) { /* accepted by the kernel alone */
        seen.queued = net_connect(server.port);
        net_puts(seen.queued, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        httpd_stop_accepting(server.httpd);
        reply(r, 200, "stopping");
    } else if (str_eq(path, "/renew")) {
        struct err e;
        const struct httpd_tls bad = {pem("two"), pem("one-key")};
        const struct httpd_tls good = {pem("two"), pem("two-key")};
        int is_bad = httpd_query(r)[0] != '\0';
        int rc = httpd_set_tls(server.httpd, is_bad ? &bad : &good, &e);
        reply(r, 200, rc == 0 ? "renewed" : e.text);
    } else if (str_eq(path, "/none")) {
        httpd_reply(r, 204, NULL, 0, NULL, 0);
    } else {
        reply(r, 200, "hello");
    }
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    loop_stop(arg);
}

static void *serve(void *arg)
{
    (void)arg;
    struct err e;
    struct loop *loop = loop_new(&e);
    struct httpd *d =
        httpd_open(loop, "127.0.0.1:0", &server.limits, on_request, NULL, &e);
    if (!loop || !d)
        abort();
    if (server.is_tls) {
        const struct httpd_tls files = {pem("one"), pem("one-key")};
        if (httpd_set_tls(d, &files, &e) != 0)
            abort();
    }
    server.httpd = d;
    server.loop = loop;
    struct event *stop =
        event_new(loop_base(loop), server.stop[0], EV_READ, on_stop, loop);
    event_add(stop, NULL);
    server.port = atoi(strrchr(httpd_address(d), ':') + 1);
    (void)!write(server.ready[1], "", 1);
    loop_run(loop);
    server.busy_at_end = httpd_busy(d);
    event_free(stop);
    for (int i = 0; i < 2; i++) {
        loop_timer_free(seen.late[i]);
        seen.late[i] = NULL;
    }
    httpd_close(d);
    loop_free(loop);
    return NULL;
}

static void start(struct httpd_limits limits)
{
    char c;
    server.limits = limits;
    if (pipe(server.stop) != 0 || pipe(server.ready) != 0 ||
        pthread_create(&server.thread, NULL, serve, NULL) != 0 ||
        read(server.ready[0], &c, 1) != 1)
        abort();
}

static const char *stop(void)
{
    (void)!write(server.stop[1], "", 1);
    pthread_join(server.thread, NULL);
    for (int i = 0; i < 2; i++) {
        close(server.stop[i]);
        close(server.ready[i]);
    }
    return buf_str(&seen.log);
}

static int setup(void **state)
{
    (void)state;
    buf_init(&seen.log, 1 << 20);
    seen.nkept = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_free(&seen.log);
    return 0;
}

static const struct httpd_limits usual = {.body_max = 1000,
                                          .headers_max = 2000,
                                          .connections_max = 20,
                                          .request_ms = 10000,
                                          .idle_ms = 60000};

/* ---- the client's side ---- */

static int dial(void)
{
    int fd = net_connect(server.port);
    if (!server.is_tls)
        return fd;
    assert_true(fd < FDS);
    SSL *ssl = SSL_new(tls_client);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1) {
        tls_of[fd] = ssl;
    } else { /* a server that is full */
        SSL_free(ssl);
        char c;
        while (recv(fd, &c, 1, 0) > 0)
            ;
    }
    return fd;
}

static void say(int fd, const char *text)
{
    if (net_puts(fd, text) != 0)
        fail_msg("cannot write to the server: %s", strerror(errno));
}

/* Everything until the server closes; "never" when it does not within 20 s. */
static const char *hear_all(int fd)
{
    static char out[1 << 16];
    size_t len = 0;
    ssize_t n;
    while ((n = recv(fd, out + len, sizeof(out) - 1 - len, 0)) > 0)
        len += (size_t)n;
    out[len] = '\0';
    close(fd);
    return n < 0 && errno != ECONNRESET ? "never" : out;
}

/* The next answer on a connection that stays open. */
static const char *hear(int fd)
{
    static struct buf left, out;
    buf_free(&left);
    buf_free(&out);
    buf_init(&left, 1 << 16);
    buf_init(&out, 1 << 16);
    if (net_read_message(fd, &left, &out, 1) != 0)
        return "closed";
    return buf_str(&out);
}

/* Asks until the handler keeps N requests. */
static void wait_until_kept(int fd, int n)
{
    char wanted[16];
    snprintf(wanted, sizeof(wanted), "kept %d", n);
    do
        say(fd, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
    while (!strstr(hear(fd), wanted));
}

static int has(const char *text, const char *part)
{
    if (strstr(text, part))
        return 1;
    print_error("no \"%s\" in \"%s\"\n", part, text);
    return 0;
}

#define ASSERT_HAS(text, part) assert_true(has(text, part))

static void keeps_targets_and_methods(void **state)
{
    (void)state;
    start(usual);
    int fd = dial();
    say(fd, "GET /conversations/search/a%2Fb%20c?q=%26x HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    say(fd, "DELETE /c HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n{\"a\"");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    say(fd, "PATCH /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    say(fd, "PUT http://h:1/abs?x HTTP/1.1\r\nHost: h\r\nX-Show: 1\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    say(fd, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    say(fd, "BREW / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 501");
    assert_string_equal(stop(), "GET /conversations/search/a%2Fb%20c ?q=%26x []\n"
                                "DELETE /c ? [{\"a\"]\n"
                                "PATCH /c ? [abcde]\n"
                                "PUT /abs ?x [] Host=h X-Show=1\n"
                                "OPTIONS * ? []\n");
}

static void answers_with_headers_and_without_bodies(void **state)
{
    (void)state;
    start(usual);
    int fd = dial();
    say(fd, "GET /headers HTTP/1.1\r\nHost: h\r\n\r\n");
    const char *a = hear(fd);
    ASSERT_HAS(a, "HTTP/1.1 429");
    ASSERT_HAS(a, "X-One: 1\r\n");
    ASSERT_HAS(a, "Content-Type: application/json\r\n");
    ASSERT_HAS(a, "Content-Length: 2\r\n");
    ASSERT_HAS(a, "\r\n\r\n{}");
    assert_null(strstr(a, "X-Injected"));
    say(fd, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n"
            "Connection: close\r\n\r\n");
    a = hear_all(fd);
    ASSERT_HAS(a, "Content-Length: 5\r\n");
    assert_null(strstr(a, "hello"));
    ASSERT_HAS(a, "HTTP/1.1 204");
    stop();
}

static void pipelined_requests_take_turns(void **state)
{
    (void)state;
    start(usual);
    int fd = dial();
    say(fd, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /two HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    int other = dial();
    wait_until_kept(other, 1);
    say(other, "GET /release HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_HAS(hear_all(other), "released");
    const char *a = hear_all(fd);
    ASSERT_HAS(a, "at last");
    ASSERT_HAS(strstr(a, "at last"), "hello");
    ASSERT_HAS(stop(), "GET /release ? []\nGET /two ? []\n");
}

static void refuses_what_is_too_large(void **state)
{
    (void)state;
    static char body[4001], head[4001];
    memset(body, 'b', 4000);
    memset(head, 'h', 4000);
    start(usual);
    int fd = dial();
    say(fd, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    say(fd, body + 3000);
    ASSERT_HAS(hear(fd), "HTTP/1.1 200"); /* just at the maximum */
    /* The answer comes although a client writes its whole body first. */
    say(fd, "POST /y HTTP/1.1\r\nHost: h\r\nContent-Length: 16000000\r\n\r\n");
    for (int i = 0; i < 4000; i++)
        say(fd, body);
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 413");
    fd = dial();
    say(fd, "POST /y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfa0\r\n");
    say(fd, body);
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 413");
    fd = dial();
    say(fd, "GET /y HTTP/1.1\r\nHost: h\r\nX-Long: ");
    say(fd, head);
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 431");
    fd = dial();
    say(fd, "GET /");
    say(fd, head);
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 414");
    assert_int_equal(strncmp(stop(), "POST /x ? [bbb", 14), 0);
    assert_null(strstr(buf_str(&seen.log), "/y"));
}

/* The line with a chunk's size ends some time, or the connection does. */
static void what_makes_no_progress_is_limited(void **state)
{
    (void)state;
    static char zeros[64 << 10];
    memset(zeros, '0', sizeof(zeros));
    struct httpd_limits limits = usual;
    limits.request_ms = 600 * 1000;
    start(limits);
    int fd = dial();
    const struct timeval tv = {.tv_sec = 2}; /* the end may be silent: a window shut */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
    say(fd, "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    size_t taken = 0, enough = 48 << 20;
    ssize_t n;
    while (taken < enough && (n = send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL)) > 0)
        taken += (size_t)n;
    assert_true(taken < enough);
    close(fd);
    assert_string_equal(stop(), "");
}

static void refuses_what_can_be_read_in_two_ways(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\nabc",
        "Content-Length: +3\r\n\r\nabc",
        "Content-Length: 3, 3\r\n\r\nabc",
        "Content-Length: -1\r\n\r\n",
        "Content-Length : 3\r\n\r\nabc",
        "X Y: 3\r\n\r\n",
        "no colon\r\n\r\n",
    };
    start(usual);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int fd = dial();
        say(fd, "POST /never HTTP/1.1\r\nHost: h\r\n");
        say(fd, bad[i]);
        ASSERT_HAS(hear_all(fd), "HTTP/1.1 400");
    }
    assert_string_equal(stop(), "");
}

static void slow_clients_are_closed(void **state)
{
    (void)state;
    struct httpd_limits limits = usual;
    limits.request_ms = 300;
    start(limits);
    int fd = dial(), sent = 0;
    /* A byte at a time would satisfy a timeout between bytes for ever. */
    while (send(fd, "G", 1, MSG_NOSIGNAL) == 1 && ++sent < 2000)
        usleep(10000);
    assert_in_range(sent, 2, 1999);
    close(fd);
    fd = dial(); /* a client that says nothing at all has asked for nothing */
    assert_string_equal(hear_all(fd), "");
    fd = dial();
    say(fd, "\r\n\r\n");
    assert_string_equal(hear_all(fd), "");
    fd = dial();
    say(fd, "GET / HTTP/1.1\r\nHost: h\r\n");
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 408");
    fd = dial(); /* the body counts as well, and later requests of a connection */
    say(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    say(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcd");
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 408");
    fd = dial(); /* also what waits behind a request that is answered */
    say(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HT");
    const char *a = hear_all(fd);
    ASSERT_HAS(a, "hello");
    ASSERT_HAS(a, "HTTP/1.1 408");
    fd = dial(); /* the handler's own time does not count */
    say(fd, "GET /keep HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    usleep(600000);
    int other = dial();
    wait_until_kept(other, 1);
    say(other, "GET /release HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_HAS(hear_all(other), "released");
    ASSERT_HAS(hear_all(fd), "at last");
    stop();
}

/* Head and body each have a deadline of their own, and the time between two requests has
 * another. */
static void idle_connections_are_closed(void **state)
{
    (void)state;
    struct httpd_limits limits = usual;
    limits.idle_ms = 200;
    start(limits);
    int fd = dial();
    say(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(fd), "hello");
    assert_string_equal(hear_all(fd), "");
    fd = dial(); /* a client that takes no more of its answer */
    say(fd, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    int other = dial();
    say(other, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 3; i++) { /* these take turns with what ends FD */
        say(other = dial(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        ASSERT_HAS(hear(other), "hello");
        assert_string_equal(hear_all(other), "");
    }
    size_t len = 0;
    static char out[1 << 16];
    for (ssize_t n; (n = recv(fd, out, sizeof out, 0)) > 0;)
        len += (size_t)n;
    assert_in_range(len, 1, LARGE - 1);
    close(fd);
    stop();
    seen.nkept = 0;
}

/* Looking after connections while an answer is on its way loses none of them. */
static void a_slow_reader_may_ask_again(void **state)
{
    (void)state;
    start(usual);
    int silent = dial(); /* keeps the sweep going */
    int fd = dial();
    struct buf left, message;
    buf_init(&left, 2 * LARGE);
    buf_init(&message, 2 * LARGE);
    say(fd, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    usleep(400000); /* several sweeps */
    assert_int_equal(net_read_message(fd, &left, &message, 1), 0);
    assert_true(message.len > LARGE);
    buf_reset(&message);
    say(fd, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(net_read_message(fd, &left, &message, 1), 0);
    buf_free(&left);
    buf_free(&message);
    close(fd);
    close(silent);
    stop();
}

/* The connection that has been idle longest gives way to a new one. When every request
 * is with the handler, new connections wait. */
static void connections_are_limited(void **state)
{
    (void)state;
    struct httpd_limits limits = usual;
    limits.connections_max = 3;
    start(limits);
    int a = dial(), b = dial(), kept = dial();
    say(kept, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
    say(a, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(a), "hello");
    say(b, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(b), "hello");
    wait_until_kept(a, 1); /* now B has been idle longer */
    int c = dial();
    say(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(c), "hello");
    assert_string_equal(hear_all(b), "");
    for (int i = 0; i < 20; i++) {
        int d = dial();
        say(d, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        ASSERT_HAS(hear(d), "hello");
        close(d);
    }
    wait_until_kept(a = dial(), 1); /* the one that is kept has given way to none */
    say(a, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_until_kept(c = dial(), 2);
    say(c, "GET /release HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(c), "released");
    ASSERT_HAS(hear(kept), "at last");
    ASSERT_HAS(hear(a), "at last");
    close(a);
    close(c);
    close(kept);
    stop();
}

/* All places are taken by requests that the handler has: none of them is dropped. */
static void connections_wait_for_a_place(void **state)
{
    (void)state;
    struct httpd_limits limits = usual;
    limits.connections_max = 2;
    start(limits);
    int a = dial(), b = dial();
    say(a, "GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    say(b, "GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        int c = dial();
        say(c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        ASSERT_HAS(hear_all(c), "hello");
    }
    ASSERT_HAS(hear_all(a), "late");
    ASSERT_HAS(hear_all(b), "late");
    stop();
}

/* Connections that have begun to say something, or that say nothing, keep no place for
 * long either. */
static void slow_connections_give_way(void **state)
{
    (void)state;
    static const char *const starts[] = {
        "", "G", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"};
    struct httpd_limits limits = usual;
    limits.connections_max = 6;
    limits.request_ms = 600 * 1000;
    start(limits);
    int slow[6];
    for (int i = 0; i < 6; i++)
        say(slow[i] = dial(), starts[i % 3]);
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        say(fd, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        ASSERT_HAS(hear_all(fd), "hello");
    }
    for (int i = 0; i < 6; i++)
        close(slow[i]);
    stop();
}

/* The client closes, or resets, before the answer is given. */
static void clients_may_vanish(void **state)
{
    (void)state;
    static const char *const ends[] = {"release", "drop-kept", NULL};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        start(usual);
        int fd = dial();
        say(fd, "POST /keep HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
        int staying = dial();
        say(staying, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
        int other = dial();
        wait_until_kept(other, 2);
        const struct linger reset = {.l_onoff = 1};
        if (i == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(fd);
        if (ends[i]) {
            char request[100];
            snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\nHost: h\r\n\r\n",
                     ends[i]);
            say(other, request);
            ASSERT_HAS(hear(other), i == 0 ? "released" : "dropped");
            ASSERT_HAS(hear(staying), i == 0 ? "at last" : "closed");
        }
        close(staying);
        close(other);
        stop(); /* with i == 2 the server closes with both unanswered */
        seen.nkept = 0;
    }
}

/* Behind an unanswered request a client cannot fill our memory with more of them. */
static void what_is_read_ahead_is_limited(void **state)
{
    (void)state;
    static char much[64 << 10];
    memset(much, 'x', sizeof(much));
    start(usual);
    int fd = dial();
    const struct timeval tv = {.tv_usec = 300000}; /* a slow machine only helps */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
    say(fd, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
    size_t taken = 0, enough = 256 << 20;
    ssize_t n;
    while (taken < enough && (n = send(fd, much, sizeof(much), MSG_NOSIGNAL)) > 0)
        taken += (size_t)n;
    assert_true(taken < enough);
    close(fd);
    stop();
    seen.nkept = 0;
}

static void drop_closes_without_an_answer(void **state)
{
    (void)state;
    start(usual);
    int fd = dial();
    say(fd, "GET /drop HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(hear_all(fd), "");
    fd = dial();
    say(fd, "POST /drop HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"
            "GET /after HTTP/1.1\r\n\r\n");
    assert_string_equal(hear_all(fd), "");
    assert_null(strstr(stop(), "after"));
}

static void continues_when_it_is_expected(void **state)
{
    (void)state;
    start(usual);
    int fd = dial();
    say(fd, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
            "Content-Length: 2\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 100");
    say(fd, "{}");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    say(fd, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 100");
    say(fd, "1\r\na\r\n0\r\n\r\n");
    ASSERT_HAS(hear(fd), "HTTP/1.1 200");
    close(fd);
    static const char *const others[][2] = {
        /* no body is due, or it has come */
        {"HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
         "HTTP/1.1 200"},
        {"HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
         "HTTP/1.1 200"},
        {"HTTP/1.0\r\nHost: h\r\nContent-Length: 1\r\n\r\na", "HTTP/1.1 200"},
        /* what would be refused is refused at once */
        {"HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 413"},
        {"HTTP/1.1\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 400"},
        {"HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 400"},
        {"HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n",
         "HTTP/1.1 417"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char request[200];
        snprintf(request, sizeof request, "POST / %s", others[i][0]);
        char *fields = strstr(request, "\r\n") + 2;
        memmove(fields + 22, fields, strlen(fields) + 1);
        memcpy(fields, "Expect: 100-continue\r\n", 22);
        say(fd = dial(), request);
        const char *a = hear_all(fd);
        assert_int_equal(strncmp(a, others[i][1], 12), 0);
        assert_null(strstr(a + 1, "HTTP/1.1"));
    }
    stop();
}

/* However a stream is cut, its requests are the same. */
static void requests_come_in_pieces(void **state)
{
    (void)state;
    static const char stream[] =
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\r\n"
        "PUT /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"
        "HEAD /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /"
        "GET /4 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    static const char once[] = "POST /1 ? [abc]\nPUT /2 ? [abcde]\nHEAD /3 ? [GET /]\n"
                               "GET /4 ? []\n";
    static const size_t steps[] = {1, 2, 7, 50, sizeof stream - 1};
    start(usual);
    struct buf all;
    buf_init(&all, 1 << 16);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int fd = dial();
        for (size_t at = 0; at < sizeof stream - 1; at += steps[i]) {
            size_t left = sizeof stream - 1 - at;
            net_write(fd, stream + at, left < steps[i] ? left : steps[i]);
            if (steps[i] > 1)
                usleep(1000); /* so that the server reads most pieces alone */
        }
        const char *a = hear_all(fd);
        int answers = 0;
        for (const char *p = a; (p = strstr(p, "HTTP/1.1 200")); p++)
            answers++;
        assert_int_equal(answers, 4);
        buf_adds(&all, once);
    }
    assert_string_equal(stop(), buf_str(&all));
    buf_free(&all);
}

/* Closing while the client still sends would reset the connection, and the client would
 * not see why. */
static void refusals_arrive(void **state)
{
    (void)state;
    static const struct {
        const char *head, *status;
    } bad[] = {
        {"POST / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n", "HTTP/1.1 413"},
        {"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"},
    };
    static char much[64 << 10];
    memset(much, 'x', sizeof much);
    start(usual);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = dial();
        say(fd, bad[i].head);
        for (int n = 0; n < 60; n++)
            assert_int_equal(net_write(fd, much, sizeof much), 0);
        const char *a = hear_all(fd);
        ASSERT_HAS(a, bad[i].status);
        ASSERT_HAS(a, "Connection: close\r\n");
    }
    stop();
}

/* Ends what the client sends; it still hears. */
static void half_close(int fd)
{
    if (fd < FDS && tls_of[fd])
        SSL_shutdown(tls_of[fd]);
    shutdown(fd, SHUT_WR);
}

static void clients_may_end_what_they_send(void **state)
{
    (void)state;
    start(usual);
    int fd = dial(), other = dial();
    say(fd, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    half_close(fd);
    wait_until_kept(other, 1);
    say(other, "GET /release HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(other), "released");
    const char *a = hear_all(fd);
    ASSERT_HAS(a, "at last");
    ASSERT_HAS(a, "hello");
    fd = dial();
    say(fd, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    half_close(fd);
    size_t len = 0;
    static char out[1 << 16];
    for (ssize_t n; (n = recv(fd, out, sizeof out, 0)) > 0;)
        len += (size_t)n;
    assert_true(len > LARGE);
    close(fd);
    fd = dial(); /* in the middle of a request */
    say(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{");
    half_close(fd);
    ASSERT_HAS(hear_all(fd), "HTTP/1.1 400");
    close(other);
    stop();
}

/* More answers than may wait unwritten: each comes, in turn with reading. */
static void pipelined_answers_are_limited(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    static char out[1 << 16];
    start(usual);
    int fd = dial(), answers = 0;
    for (int i = 0; i < MANY; i++)
        say(fd, request);
    say(fd, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    for (ssize_t n; (n = recv(fd, out, sizeof out, 0)) > 0;)
        for (ssize_t i = 0; i < n; i++) /* no other line holds one */
            answers += out[i] == '/';
    assert_int_equal(answers, MANY + 1);
    close(fd);
    stop();
}

static void old_clients_are_answered(void **state)
{
    (void)state;
    start(usual);
    int fd = dial();
    say(fd, "GET / HTTP/1.0\r\n\r\n");
    const char *a = hear_all(fd);
    ASSERT_HAS(a, "hello");
    ASSERT_HAS(a, "Connection: close\r\n");
    fd = dial();
    say(fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ASSERT_HAS(hear(fd), "Connection: keep-alive\r\n");
    say(fd, "GET / HTTP/1.0\r\n\r\n");
    ASSERT_HAS(hear_all(fd), "hello");
    stop();
}

/* Idle connections end at once, silent ones soon, what has begun is answered. */
static void stops_gracefully(void **state)
{
    (void)state;
    start(usual);
    int idle = dial(), kept = dial(), half = dial(), stopping = dial(), silent = dial();
    say(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(idle), "hello");
    say(kept, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_until_kept(stopping, 1);
    say(half, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(half), "hello");
    say(half, "POST /release HTTP/1.1\r\nHost: h\r\n");
    /* The server has read that when it reads what is said later, in another turn. */
    wait_until_kept(stopping, 1);
    say(stopping, "GET /stop HTTP/1.1\r\nHost: h\r\n\r\n");
    const char *a = hear_all(stopping);
    ASSERT_HAS(a, "busy 5"); /* three requests, a silent client, and one that may wait */
    ASSERT_HAS(a, "Connection: close\r\n");
    assert_string_equal(hear_all(idle), "");
    assert_string_equal(hear_all(silent), "");
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)server.port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&where, sizeof(where)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(late);
    say(half, "Content-Length: 2\r\n\r\n{}");
    a = hear_all(half);
    ASSERT_HAS(a, "released");
    ASSERT_HAS(a, "Connection: close\r\n");
    a = hear_all(kept);
    ASSERT_HAS(a, "at last");
    ASSERT_HAS(a, "Connection: close\r\n");
    stop();
    assert_int_equal(server.busy_at_end, 0);
}

/* To close a listening socket resets what is in its queue. */
static void who_waits_to_be_accepted_is_answered(void **state)
{
    (void)state;
    start(usual);
    int fd = dial();
    say(fd, "GET /stop-queued HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear_all(fd), "stopping");
    const char *a = hear_all(seen.queued);
    ASSERT_HAS(a, "hello");
    ASSERT_HAS(a, "Connection: close\r\n");
    stop();
    assert_int_equal(server.busy_at_end, 0);
}

/* An answer on its way is one that is busy, and arrives whole. */
static void what_is_being_written_is_written(void **state)
{
    (void)state;
    start(usual);
    int fd = dial(), idle = dial();
    say(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(idle), "hello");
    struct buf left, message;
    buf_init(&left, 2 * LARGE);
    buf_init(&message, 2 * LARGE);
    say(fd, "GET /stop-after HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(hear_all(idle), "");
    usleep(400000); /* several sweeps */
    assert_int_equal(net_read_message(fd, &left, &message, 1), 0);
    assert_true(message.len > LARGE);
    assert_string_equal(hear_all(fd), ""); /* it did not know that it was the last */
    buf_free(&left);
    buf_free(&message);
    ASSERT_HAS(stop(), "busy 2\n"); /* and one that may wait to be accepted */
    assert_int_equal(server.busy_at_end, 0);
}

/* ---- TLS ---- */

static void shell(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *command = xvasprintf(format, ap);
    va_end(ap);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
    free(command);
}

static void assert_speaks_as(int fd, const char *name)
{
    X509 *cert = SSL_get1_peer_certificate(tls_of[fd]);
    char cn[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, cn,
                              sizeof(cn));
    X509_free(cert);
    assert_string_equal(cn, name);
}

static void a_certificate_is_renewed(void **state)
{
    (void)state;
    start(usual);
    int old = dial();
    assert_speaks_as(old, "one");
    say(old, "GET /renew?bad HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(old), "does not belong to the certificate");
    int still = dial(); /* as it was */
    assert_speaks_as(still, "one");
    say(old, "GET /renew HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(old), "renewed");
    int renewed = dial();
    assert_speaks_as(renewed, "two");
    int all[] = {old, still, renewed};
    for (int i = 0; i < 3; i++) {
        say(all[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        ASSERT_HAS(hear(all[i]), "hello");
        close(all[i]);
    }
    stop();
}

/* A client that never ends a handshake, speaks no TLS, or an old one, delays no other. */
static void handshakes_that_fail(void **state)
{
    (void)state;
    struct httpd_limits limits = usual;
    limits.request_ms = 300;
    start(limits);
    int half = net_connect(server.port);
    assert_int_equal(net_write(half, "\x16\x03\x01\x01\x00\x01", 6), 0);
    int plain = net_connect(server.port);
    say(plain, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_null(strstr(hear_all(plain), "HTTP/1.1"));
    SSL_CTX_set_max_proto_version(tls_client, TLS1_1_VERSION);
    int old = dial();
    SSL_CTX_set_max_proto_version(tls_client, 0);
    assert_null(tls_of[old]);
    close(old);
    hear_all(half);
    int fd = dial();
    say(fd, "GET /good HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_HAS(hear(fd), "hello");
    close(fd);
    assert_string_equal(stop(), "GET /good ? []\n");
}

static void files_are_checked(void **state)
{
    (void)state;
    struct err e;
    struct loop *loop = loop_new(&e);
    struct httpd *d = httpd_open(loop, "127.0.0.1:0", &usual, on_request, NULL, &e);
    const struct {
        const char *cert, *key, *says;
    } bad[] = {
        {"none", "one-key", "cannot use the certificate "},
        {"none", "one-key", "none.pem: No such file"},
        {"junk", "one-key", "junk.pem: it holds no PEM certificate"},
        {"one-key", "one-key", "it holds no PEM certificate"},
        {"one", "none", "cannot use the key "},
        {"one", "junk", "junk.pem: it holds no PEM private key"},
        {"one", "one", "it holds no PEM private key"},
        {"one", "two-key", "it does not belong to the certificate "},
        {"one", "secret-key", "it has a passphrase"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct httpd_tls files = {pem(bad[i].cert), pem(bad[i].key)};
        assert_int_equal(httpd_set_tls(d, &files, &e), -1);
        assert_int_equal(e.kind, ERR_SETTINGS);
        ASSERT_HAS(e.text, bad[i].says);
    }
    const struct httpd_tls files = {pem("one"), pem("one-key")};
    assert_int_equal(httpd_set_tls(d, &files, &e), 0);
    httpd_close(d);
    loop_free(loop);
}

static int tls_setup(void **state)
{
    (void)state;
    static const char *const names[] = {"one", "two"};
    tls_dir = workdir_make();
    for (int i = 0; i < 2; i++)
        shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
              "-days 2 -subj /CN=%s -keyout %s -out %s 2>/dev/null",
              names[i], pem(i ? "two-key" : "one-key"), pem(names[i]));
    shell("openssl pkey -in %s -aes128 -passout pass:tiger -out %s", pem("one-key"),
          pem("secret-key"));
    shell("echo nothing >%s", pem("junk"));
    tls_client = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_options(tls_client, SSL_OP_IGNORE_UNEXPECTED_EOF);
    server.is_tls = 1;
    return 0;
}

static int tls_teardown(void **state)
{
    (void)state;
    SSL_CTX_free(tls_client);
    workdir_remove(tls_dir);
    return 0;
}

static void addresses(void **state)
{
    (void)state;
    struct err e;
    struct loop *loop = loop_new(&e);
    static const char *const bad[] = {
        "", "8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":80", "not a name:0"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(httpd_open(loop, bad[i], &usual, on_request, NULL, &e));
        assert_int_equal(e.kind, ERR_SETTINGS);
        ASSERT_HAS(e.text, "cannot listen on");
        ASSERT_HAS(e.text, bad[i]);
    }
    struct httpd *d = httpd_open(loop, "localhost:0", &usual, on_request, NULL, &e);
    assert_non_null(d);
    assert_null(httpd_open(loop, httpd_address(d), &usual, on_request, NULL, &e));
    ASSERT_HAS(e.text, "Address already in use");
    httpd_close(d);
    d = httpd_open(loop, "[::1]:0", &usual, on_request, NULL, &e);
    if (d) /* a machine without IPv6 has none */
        assert_int_equal(strncmp(httpd_address(d), "[::1]:", 6), 0);
    httpd_close(d);
    loop_free(loop);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define FOR_BOTH                                                                         \
    TEST(keeps_targets_and_methods), TEST(answers_with_headers_and_without_bodies),      \
        TEST(pipelined_requests_take_turns), TEST(refuses_what_is_too_large),            \
        TEST(what_makes_no_progress_is_limited),                                         \
        TEST(refuses_what_can_be_read_in_two_ways), TEST(slow_clients_are_closed),       \
        TEST(a_slow_reader_may_ask_again), TEST(connections_are_limited),                \
        TEST(clients_may_vanish), TEST(what_is_read_ahead_is_limited),                   \
        TEST(drop_closes_without_an_answer), TEST(continues_when_it_is_expected),        \
        TEST(idle_connections_are_closed), TEST(slow_connections_give_way),              \
        TEST(connections_wait_for_a_place), TEST(requests_come_in_pieces),               \
        TEST(refusals_arrive), TEST(clients_may_end_what_they_send),                     \
        TEST(pipelined_answers_are_limited), TEST(old_clients_are_answered),             \
        TEST(stops_gracefully), TEST(what_is_being_written_is_written)

int main(void)
{
    const struct CMUnitTest plain[] = {FOR_BOTH, TEST(addresses),
                                       TEST(who_waits_to_be_accepted_is_answered)};
    const struct CMUnitTest tls[] = {FOR_BOTH, TEST(a_certificate_is_renewed),
                                     TEST(handshakes_that_fail), TEST(files_are_checked)};
    int failed = cmocka_run_group_tests_name("httpd", plain, NULL, NULL);
    return failed +
           cmocka_run_group_tests_name("httpd, TLS", tls, tls_setup, tls_teardown);
}
