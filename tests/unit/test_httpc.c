#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "base/str.h"
#include "io/addr.h"
#include "io/httpc.h"
#include "net.h"

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

/* 1 to go on with the connection. */
static int serve_one(int fd, const struct buf *r, int nth)
{
    char out[256];
    if (path_is(r, "/ok") || strncmp(r->data, "HEAD", 4) == 0) {
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
        flood(fd, "a\r\n0123456789\r\n", 20000);
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
    int times;
    struct err err;
    int sent;
    long status;
    char body[256], nth[16], type[64];
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
    r->nheaders = a->nheaders;
    snprintf(r->body, sizeof(r->body), "%s", a->body);
    const char *nth = httpc_header(a, "x-nth");
    snprintf(r->nth, sizeof(r->nth), "%s", nth ? nth : "");
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
    if (!httpc_start(c, &q, on_done, &r, &e))
        fail_msg("%s", e.text);
    assert_int_equal(r.times, 0); /* never before it returns */
    loop_run(loop);
    assert_int_equal(r.times, 1);
    return r;
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new(NULL);
    pthread_mutex_lock(&server.lock);
    buf_reset(&server.log);
    server.connections = server.requests = 0;
    pthread_mutex_unlock(&server.lock);
    return 0;
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

/* What makes `fresh` necessary: without it libcurl sends a POST a second time. */
static void fresh_posts_once(void **state)
{
    (void)state;
    struct httpc *c = client(NULL);
    struct httpc_request get = {.url = at("/ok"), .allow_private = 1};
    struct httpc_request post = {
        .method = "POST", .body = "{}", .body_len = 2, .allow_private = 1};
    char *url = xstrdup(at("/then-close"));
    post.url = url;
    ask(c, get);
    struct result r = ask(c, post); /* second on its connection: closed unanswered */
    assert_int_equal(r.status, 200);
    assert_int_equal(server.requests, 3); /* the GET, the POST, and the POST again */

    server.requests = 0;
    post.fresh = 1;
    char *nothing = xstrdup(at("/nothing"));
    post.url = nothing;
    r = ask(c, post);
    assert_int_equal(r.err.kind, ERR_NETWORK);
    assert_int_equal(r.sent, 1);
    assert_non_null(strstr(r.err.text, "closed without an answer"));
    assert_int_equal(server.requests, 1);
    free(url);
    free(nothing);
    httpc_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(get_reuses_its_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(fresh_posts_once, setup, teardown),
    };
    server.fd = net_listen(&server.port);
    buf_init(&server.log, 64 << 20);
    if (pthread_create(&server.thread, NULL, serve, NULL) != 0)
        abort();
    int failed = cmocka_run_group_tests_name("httpc", tests, NULL, NULL);
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    buf_free(&server.log);
    return failed;
}
