#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>

#include "auth/connections.h"
#include "serve/ingest.h"
#include "base/clock.h"
#include "base/path.h"
#include "store/inbox.h"
#include "core/limits.h"
#include "store/schema.h"
#include "store/store_secret.h"
#include "base/crypto.h"
#include "io/writer.h"
#include "net.h"
#include "workdir.h"

/* The server, its writer and its store run as in `foyer serve`, on a thread of their own;
 * the test is a blocking client with a handle on the same store. */

static char *dir;
static struct err e;
static struct db *db; /* the test's own */

static struct {
    pthread_t thread;
    int port, orders[2], answers[2];
    int woken;
} server;

static struct {
    struct loop *loop;
    struct ingest *in;
    struct workspace *w, *next;
} inside; /* the server's thread only */

static void on_request(void *arg, struct httpd_request *r)
{
    (void)arg;
    char text[32];
    if (ingest_takes(httpd_path(r))) {
        ingest_take(inside.in, r);
        return;
    }
    snprintf(text, sizeof text, "%d %d", ingest_busy(inside.in), server.woken);
    httpd_reply(r, 200, NULL, 0, text, strlen(text));
}

static void on_stored(void *arg)
{
    (void)arg;
    server.woken++;
}

/* 'q' ends the server, 'r' reads the settings again. */
static void on_order(void *arg)
{
    (void)arg;
    char order;
    if (read(server.orders[0], &order, 1) != 1)
        abort();
    if (order == 'q') {
        loop_stop(inside.loop);
        return;
    }
    struct err why;
    inside.next = workspace_open(dir, 0, &why);
    ingest_reload(inside.in, inside.next);
    workspace_close(inside.w);
    inside.w = inside.next;
    (void)!write(server.answers[1], "r", 1);
}

static void *serve(void *arg)
{
    (void)arg;
    struct err why = {0};
    struct httpd_limits limits = {.body_max = 4096,
                                  .headers_max = 16 * 1024,
                                  .connections_max = 64,
                                  .request_ms = 10000,
                                  .idle_ms = 60000};
    char *path = xasprintf("%s/state/foyer.db", dir);
    inside.loop = loop_new(&why);
    inside.w = workspace_open(dir, 0, &why);
    struct writer *writer = NULL;
    if (inside.w && workspace_store(inside.w, &why))
        writer = writer_open(path, inside.loop, &why);
    if (writer)
        inside.in = ingest_new(inside.w, inside.loop, writer, on_stored, NULL, &why);
    struct httpd *d =
        httpd_open(inside.loop, "127.0.0.1:0", &limits, on_request, NULL, &why);
    if (!inside.in || !d) {
        fprintf(stderr, "%s\n", why.text);
        abort();
    }
    struct loop_fd *orders = loop_fd_new(inside.loop, server.orders[0], on_order, NULL);
    server.port = atoi(strrchr(httpd_address(d), ':') + 1);
    (void)!write(server.answers[1], "", 1);
    loop_run(inside.loop);
    loop_fd_free(orders);
    ingest_free(inside.in);
    httpd_close(d);
    writer_close(writer);
    workspace_close(inside.w);
    loop_free(inside.loop);
    free(path);
    return NULL;
}

static void order(char what)
{
    char c;
    if (write(server.orders[1], &what, 1) != 1)
        abort();
    if (what == 'q')
        pthread_join(server.thread, NULL);
    else if (read(server.answers[0], &c, 1) != 1)
        abort();
}

static void put_file(const char *name, const char *text)
{
    char *path = path_join(dir, name), *slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(path_make_dirs(path, 0700, &e), 0);
    *slash = '/';
    assert_int_equal(path_write(path, text, strlen(text), 0600, &e), 0);
    free(path);
}

/* Another process, for a moment. */
static void set_secret(const char *name, const char *value, int keep_older)
{
    struct workspace *w = workspace_open(dir, 0, &e);
    struct store *store = workspace_store(w, &e);
    struct vault *vault = workspace_sealer(w, &e);
    int64_t version = store_secret_version(store, name, &e);
    struct vault_place place = {"secret", "", name, version + 1};
    struct buf sealed;
    buf_init(&sealed, 4096);
    assert_int_equal(vault_seal(vault, &place, value, strlen(value), &sealed, &e), 0);
    struct store_secret row = {
        .name = (char *)name,
        .value = {version + 1, (unsigned char *)sealed.data, sealed.len}};
    assert_int_equal(store_secret_put(store, &row, keep_older, &e), 0);
    buf_free(&sealed);
    workspace_close(w);
}

static void connect_client(const char *client, const char *company)
{
    struct workspace *w = workspace_open(dir, 0, &e);
    struct store *store = workspace_store(w, &e);
    struct oauth_token token = {.access = (char *)"at-1"};
    struct store_connection row = {
        .id = (char *)company, .app = (char *)"front", .company = (char *)"Company"};
    int64_t version = store_connection_version(store, "front", company, &e);
    assert_int_equal(connections_seal_token(w, &row, version + 1, &token, &e), 0);
    assert_int_equal(store_connection_put(store, client, &row, 1, &e), 0);
    free(row.token.data);
    free(row.refresh.data);
    workspace_close(w);
}

static const char settings[] =
    "return {\n"
    "  public_url = \"https://hooks.agency.example/\",\n"
    "  apps = { front = { signing_key = secret \"front.signing_key\" } },\n"
    "}\n";

static int start(void **state)
{
    (void)state;
    char c;
    dir = workdir_make();
    char *key = path_join(dir, "key"), *path = path_join(dir, "state/foyer.db");
    setenv("FOYER_KEY_FILE", key, 1);
    free(key);
    if (vault_create(&e) != 0)
        return -1;
    put_file("foyer.lua", settings);
    put_file(
        "clients/acme/client.lua",
        "return { name = \"Acme\", front = { rule_key = secret \"acme.rule_key\" } }");
    put_file("clients/bolt/client.lua", "return { name = \"Bolt\" }");
    put_file("clients/own/client.lua",
             "return { name = \"Own\", front = { company = \"cmp_own\", signing_key = "
             "{ \"plain-1\", secret \"own.key\" } } }");
    put_file("clients/acme/lua/front/triggers/mine.lua", "return {}");
    put_file("lua/nohooks/connector.lua",
             "return { name = \"No\", api = { base = \"https://no.example\", hosts = { "
             "\"no.example\" } } }");
    set_secret("front.signing_key", "app-key", 0);
    set_secret("acme.rule_key", "rule-key", 0);
    connect_client("acme", "cmp_1");
    server.woken = 0;
    if (pipe(server.orders) != 0 || pipe(server.answers) != 0 ||
        pthread_create(&server.thread, NULL, serve, NULL) != 0 ||
        read(server.answers[0], &c, 1) != 1)
        return -1;
    db = db_open(path, &e);
    free(path);
    return db ? 0 : -1;
}

static void end_server(void)
{
    order('q');
    for (int i = 0; i < 2; i++) {
        close(server.orders[i]);
        close(server.answers[i]);
    }
    server.port = 0;
}

static int stop(void **state)
{
    (void)state;
    if (server.port)
        end_server();
    db_close(db);
    workdir_remove(dir);
    return 0;
}

/* ---- the client's side ---- */

static char reply[8192]; /* the last answer, whole */

static const char *body_of(const char *message)
{
    return strstr(message, "\r\n\r\n") + 4;
}

static int read_reply(int fd)
{
    struct buf left, out;
    buf_init(&left, 65536);
    buf_init(&out, sizeof reply - 1);
    int rc = net_read_message(fd, &left, &out, 1);
    snprintf(reply, sizeof reply, "%s", buf_str(&out));
    buf_free(&left);
    buf_free(&out);
    return rc == 0 ? atoi(reply + strlen("HTTP/1.1 ")) : -1;
}

/* EXTRA are header lines, each with its end. */
static int begin(const char *method, const char *path, const char *extra,
                 const char *body)
{
    int fd = net_connect(server.port);
    char *text = xasprintf("%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
                           method, path, extra, strlen(body), body);
    assert_int_equal(net_puts(fd, text), 0);
    free(text);
    return fd;
}

static int ask(const char *method, const char *path, const char *extra, const char *body)
{
    int fd = begin(method, path, extra, body);
    int status = read_reply(fd);
    close(fd);
    return status;
}

static char *mac(const char *name, const char *key, const char *text)
{
    unsigned char out[CRYPTO_SHA256_SIZE];
    return str_base64(out, crypto_hmac(name, key, strlen(key), text, strlen(text), out));
}

/* An application's headers; AGE_MS ago. A new string. */
static char *by_application(const char *key, const char *body, int64_t age_ms)
{
    char *text = xasprintf("%lld:%s", (long long)(clock_wall_ms() - age_ms), body);
    char *signature = mac("sha256", key, text);
    char *headers =
        xasprintf("X-Front-Signature: %s\r\nX-Front-Request-Timestamp: %.*s\r\n",
                  signature, (int)strcspn(text, ":"), text);
    free(text);
    free(signature);
    return headers;
}

static char *by_body(const char *name, const char *key, const char *body)
{
    char *signature = mac(name, key, body);
    char *headers = xasprintf("x-front-signature: %s\r\n", signature);
    free(signature);
    return headers;
}

/* HEADERS is freed. */
static int post(const char *path, char *headers, const char *body)
{
    int status = ask("POST", path, headers, body);
    free(headers);
    return status;
}

static int post_app(const char *path, const char *body)
{
    return post(path, by_application("app-key", body, 0), body);
}

static int show(void *arg, const struct delivery *d)
{
    return buf_addf(arg, "%d %s %s %s %s %s %s %s %s %s\n", (int)d->id, d->app,
                    d->client ? d->client : "-", d->trigger ? d->trigger : "-", d->scheme,
                    d->company ? d->company : "-", d->type ? d->type : "-",
                    d->event ? d->event : "-", d->conversation ? d->conversation : "-",
                    delivery_state_name(d->state));
}

/* What is stored, newest first. */
static const char *stored(int limit)
{
    static char out[4096];
    struct buf b;
    buf_init(&b, sizeof out - 1);
    struct inbox_filter filter = {.state = -1, .limit = limit};
    assert_int_equal(inbox_each(db, &filter, show, &b, &e), 0);
    snprintf(out, sizeof out, "%s", buf_str(&b));
    buf_free(&b);
    return out;
}

static int show_rejection(void *arg, const struct rejection *r)
{
    return buf_addf(arg, "%s %s %d x%d: %s\n", r->route, r->scheme ? r->scheme : "-",
                    r->status, (int)r->times, r->sentence);
}

/* What was refused, once the server has ended and so has written all of it. */
static const char *refused(void)
{
    static char out[8192];
    struct buf b;
    if (server.port)
        end_server();
    buf_init(&b, sizeof out - 1);
    assert_int_equal(inbox_rejections(db, NULL, NULL, 100, show_rejection, &b, &e), 0);
    snprintf(out, sizeof out, "%s", buf_str(&b));
    buf_free(&b);
    return out;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static const char event[] =
    "{\"authorization\":{\"id\":\"cmp_1\"},\"type\":\"inbound_received\",\"payload\":{"
    "\"id\":\"evt_1\",\"type\":\"inbound\",\"conversation\":{\"id\":\"cnv_1\"}}}";
static const char bare_event[] =
    "{\"id\":\"evt_2\",\"type\":\"assign\",\"conversation\":{\"id\":\"cnv_2\"}}";

/* ---- tests ---- */

static void test_accepted(void **state)
{
    (void)state;
    assert_int_equal(post_app("/hooks/front", event), 200);
    assert_string_equal(body_of(reply), "{\"ok\":true}");
    assert_string_equal(stored(9),
                        "1 front - - application cmp_1 inbound evt_1 cnv_1 waiting\n");
    char *kept;
    size_t len;
    assert_int_equal(inbox_body(db, 1, &kept, &len, &e), 0);
    assert_string_equal(kept, event);
    free(kept);
    assert_int_equal(post_app("/hooks/acme/front", event), 200);
    assert_int_equal(post_app("/hooks/acme/front/conversation-created", event), 200);
    assert_int_equal(post_app("/hooks/acme/front/mine", event), 200);
    assert_string_equal(
        stored(3), "4 front acme mine application cmp_1 inbound evt_1 cnv_1 waiting\n"
                   "3 front acme conversation-created application cmp_1 inbound "
                   "evt_1 cnv_1 waiting\n"
                   "2 front acme - application cmp_1 inbound evt_1 cnv_1 waiting\n");
    assert_int_equal(post("/hooks/front", by_body("sha256", "app-key", event), event),
                     200);
    assert_string_equal(stored(1),
                        "5 front - - body cmp_1 inbound evt_1 cnv_1 waiting\n");
    assert_int_equal(
        post("/hooks/acme/front", by_body("sha1", "rule-key", bare_event), bare_event),
        200);
    assert_string_equal(stored(1), "6 front acme - rule - assign evt_2 cnv_2 waiting\n");
    /* a private app's key, in the settings themselves */
    assert_int_equal(
        post("/hooks/own/front", by_application("plain-1", bare_event, 0), bare_event),
        200);
    ask("GET", "/", "", "");
    int busy = -1, woken = 0;
    assert_int_equal(sscanf(body_of(reply), "%d %d", &busy, &woken), 2);
    assert_int_equal(busy, 0);
    assert_in_range(woken, 1, 7);
    assert_string_equal(refused(), "");
}

static void test_unknown_routes(void **state)
{
    (void)state;
    static const char *const paths[] = {"/hooks/",
                                        "/hooks/nope",
                                        "/hooks/nohooks",
                                        "/hooks/unknown/front",
                                        "/hooks/acme/nope",
                                        "/hooks/acme/front/nope",
                                        "/hooks/bolt/front/mine",
                                        "/hooks/acme/front/mine/x",
                                        "/hooks/acme/front/",
                                        "/hooks//front",
                                        "/hooks/%61cme/front",
                                        "/hooks/../front",
                                        "/hooks/acme/front/../x",
                                        "/hooks/std"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(post_app(paths[i], event), 404);
        assert_int_equal(ask("GET", paths[i], "", ""), 404);
    }
    for (int i = 0; i < 30; i++) {
        char path[32];
        snprintf(path, sizeof path, "/hooks/x%d", i);
        assert_int_equal(ask("POST", path, "", ""), 404);
    }
    assert_string_equal(stored(9), "");
    const char *all = refused();
    assert_has(all, "/hooks/unknown/front - 404 x2: there is no client \"unknown\"");
    assert_has(all, "the app \"front\" has no trigger \"nope\"");
    assert_has(all, "/hooks/ - 404 x");
    assert_has(all, "more unknown routes");
    int lines = 0;
    for (const char *p = all; (p = strchr(p, '\n')); p++)
        lines++;
    assert_in_range(lines, 10, 21);
}

static void test_methods(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/hooks/front", "", ""), 405);
    assert_has(reply, "Allow: DELETE, POST\r\n");
    assert_int_equal(ask("PUT", "/hooks/acme/front", "", "{}"), 405);
    assert_int_equal(ask("DELETE", "/hooks/acme/front/mine", "", ""), 405);
    assert_has(reply, "Allow: POST\r\n");
    char *big = xmalloc(5001);
    memset(big, 'x', 5000);
    big[5000] = '\0';
    assert_int_equal(ask("POST", "/hooks/front", "", big), 413);
    free(big);
}

static void test_wrongly_signed(void **state)
{
    (void)state;
    assert_int_equal(ask("POST", "/hooks/front", "", event), 401);
    assert_string_equal(body_of(reply), "{\"ok\":false,\"message\":\"unauthorized\"}");
    assert_int_equal(ask("POST", "/hooks/front", "X-Front-Signature: ???\r\n", event),
                     401);
    assert_int_equal(post("/hooks/front", by_application("other", event, 0), event), 401);
    assert_int_equal(post("/hooks/front", by_body("sha256", "other", event), event), 401);
    /* another body, another time */
    assert_int_equal(post("/hooks/front", by_application("app-key", "{}", 0), event),
                     401);
    /* the body's own MAC is none when there is a time */
    char *headers = by_body("sha256", "app-key", event), *both;
    both = xasprintf("%sX-Front-Request-Timestamp: %lld\r\n", headers,
                     (long long)clock_wall_ms());
    free(headers);
    assert_int_equal(post("/hooks/front", both, event), 401);
    /* a rule's, where no client has said its key */
    assert_int_equal(post("/hooks/front", by_body("sha1", "app-key", event), event), 401);
    assert_int_equal(post("/hooks/bolt/front", by_body("sha1", "app-key", event), event),
                     401);
    assert_int_equal(post("/hooks/acme/front", by_body("sha1", "app-key", event), event),
                     401);
    /* a client's own key replaces the app's, and is not the app's */
    assert_int_equal(post_app("/hooks/own/front", bare_event), 401);
    assert_int_equal(post("/hooks/front", by_application("plain-1", event, 0), event),
                     401);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ask("POST", "/hooks/acme/front", "", "x"), 401);
    assert_string_equal(stored(9), "");
    const char *all = refused();
    assert_has(all, "/hooks/front - 401 x1: it has no X-Front-Signature: ");
    assert_has(all, "/hooks/front - 401 x1: its X-Front-Signature is not base64\n");
    assert_has(all, "/hooks/front application 401 x4: no key in force made its signature "
                    "(SHA-256, with its time)");
    assert_has(all, "/hooks/bolt/front - 401 x1: signed with SHA-1: this is a rule "
                    "webhook; set rule_key of client bolt\n");
    assert_has(all, "/hooks/front - 401 x1: signed with SHA-1: this is a rule webhook, "
                    "whose URL names the client: /hooks/CLIENT/front\n");
    assert_has(all, "/hooks/acme/front - 401 x1: no key in force made its signature "
                    "(SHA-1, over the body alone)");
    assert_has(all, "/hooks/acme/front - 401 x100: it has no X-Front-Signature");
}

static void test_not_json(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",  "x",        "[1]",
                                         "7", "{\"a\":}", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(post_app("/hooks/front", bodies[i]), 400);
        assert_int_equal(
            post("/hooks/front", by_body("sha256", "app-key", bodies[i]), bodies[i]),
            400);
    }
    /* what an application's MAC is over is itself signed by `body`, and is no JSON */
    char *caught = xasprintf("%lld:%s", (long long)clock_wall_ms(), event);
    assert_int_equal(post("/hooks/front", by_body("sha256", "app-key", caught), caught),
                     400);
    free(caught);
    assert_string_equal(stored(9), "");
    assert_has(refused(),
               "/hooks/front application 400 x13: its body is not a JSON object");
}

static void test_compressed(void **state)
{
    (void)state;
    static const char *const codings[] = {"gzip", "br", "GZIP", "deflate, gzip", "x"};
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        char *headers = by_application("app-key", event, 0);
        char *all = xasprintf("%sContent-Encoding: %s\r\n", headers, codings[i]);
        assert_int_equal(ask("POST", "/hooks/front", all, event), 415);
        assert_has(body_of(reply), "not taken compressed");
        free(all);
        free(headers);
    }
    assert_string_equal(stored(9), "");
    char *headers = by_application("app-key", event, 0);
    char *all = xasprintf("%sContent-Encoding: Identity\r\n", headers);
    assert_int_equal(ask("POST", "/hooks/front", all, event), 200);
    free(all);
    free(headers);
    assert_has(refused(), "/hooks/front - 415 x5: its body has a Content-Encoding: have "
                          "it sent uncompressed");
}

static void test_challenge(void **state)
{
    (void)state;
    static const char sync[] =
        "{\"type\":\"sync\",\"authorization\":{\"id\":\"cmp_new\"}}";
    static const char *const routes[] = {"/hooks/front", "/hooks/bolt/front",
                                         "/hooks/bolt/front/conversation-created"};
    for (int i = 0; i < 3; i++) { /* none of these is connected */
        char *headers = by_application("app-key", sync, 0);
        char *with = xasprintf("%sX-Front-Challenge: ab\"c\\d\r\n", headers);
        free(headers);
        assert_int_equal(post(routes[i], with, sync), 200);
        assert_string_equal(body_of(reply), "{\"challenge\":\"ab\\\"c\\\\d\"}");
        assert_has(reply, "Content-Type: application/json\r\n");
    }
    /* not for everybody */
    assert_int_equal(ask("POST", "/hooks/front", "X-Front-Challenge: abc\r\n", sync),
                     401);
    char *old = by_application("app-key", sync, 600000);
    char *with = xasprintf("%sX-Front-Challenge: abc\r\n", old);
    free(old);
    assert_int_equal(post("/hooks/front", with, sync), 401);
    assert_null(strstr(reply, "abc"));
    /* not of any length */
    char *headers = by_application("app-key", sync, 0), longest[1030];
    memset(longest, 'c', sizeof longest);
    for (int i = 1024; i <= 1025; i++) {
        longest[i] = '\0';
        with = xasprintf("%sX-Front-Challenge: %s\r\n", headers, longest);
        assert_int_equal(post("/hooks/front", with, sync), i == 1024 ? 200 : 400);
        longest[i] = 'c';
    }
    /* an event is one, whatever it brings along */
    free(headers);
    headers = by_application("app-key", event, 0);
    with = xasprintf("%sX-Front-Challenge: abc\r\n", headers);
    free(headers);
    assert_int_equal(post("/hooks/front", with, event), 200);
    assert_has(stored(1), " evt_1 cnv_1 waiting\n");
}

static void test_stale(void **state)
{
    (void)state;
    char *headers = by_application("app-key", event, 301000);
    assert_int_equal(ask("POST", "/hooks/front", headers, event), 401);
    assert_string_equal(stored(9),
                        "1 front - - application cmp_1 inbound evt_1 cnv_1 stale\n");
    /* a stranger that recorded one cannot fill the disk with it */
    for (int i = 0; i < 50; i++)
        assert_int_equal(ask("POST", "/hooks/front", headers, event), 401);
    free(headers);
    assert_int_equal(
        post("/hooks/front", by_application("app-key", event, -301000), event), 401);
    assert_int_equal(
        post("/hooks/front", by_application("app-key", event, 290000), event), 200);
    assert_string_equal(stored(9),
                        "3 front - - application cmp_1 inbound evt_1 cnv_1 waiting\n"
                        "2 front - - application cmp_1 inbound evt_1 cnv_1 stale\n"
                        "1 front - - application cmp_1 inbound evt_1 cnv_1 stale\n");
    assert_has(refused(),
               "/hooks/front application 401 x50: rightly signed, but its time");
}

static void test_companies(void **state)
{
    (void)state;
    static const char other[] =
        "{\"authorization\":{\"id\":\"cmp_2\"},\"type\":\"x\",\"payload\":{}}";
    static const char own[] = "{\"authorization\":{\"id\":\"cmp_own\"}}";
    assert_int_equal(post_app("/hooks/front", other), 200);
    assert_string_equal(stored(1), "1 front - - application cmp_2 x - - unrouted\n");
    assert_int_equal(post_app("/hooks/front", "{}"), 200);
    assert_string_equal(stored(1), "2 front - - application - - - - unrouted\n");
    /* a client that is connected to another company */
    assert_int_equal(post_app("/hooks/acme/front", other), 403);
    /* by its connection, or before by its settings */
    assert_int_equal(post("/hooks/own/front", by_application("plain-1", other, 0), other),
                     403);
    assert_int_equal(post("/hooks/own/front", by_application("plain-1", own, 0), own),
                     200);
    /* without either, any company will do; without a company, any client */
    assert_int_equal(post_app("/hooks/bolt/front", other), 200);
    assert_int_equal(post_app("/hooks/acme/front", "{}"), 200);
    /* connected while the server runs */
    connect_client("bolt", "cmp_2");
    assert_int_equal(post_app("/hooks/front", other), 200);
    assert_string_equal(stored(1), "6 front - - application cmp_2 x - - waiting\n");
    connect_client("acme", "cmp_2");
    assert_int_equal(post_app("/hooks/acme/front", other), 200);
    assert_has(refused(),
               "/hooks/acme/front application 403 x1: it is from the company cmp_2, and "
               "client acme is connected to cmp_1\n");
}

static void test_rotation(void **state)
{
    (void)state;
    assert_int_equal(post_app("/hooks/front", event), 200);
    set_secret("front.signing_key", "app-key-2", 1);
    assert_int_equal(post("/hooks/front", by_application("app-key-2", event, 0), event),
                     200);
    assert_int_equal(post_app("/hooks/front", event), 200);
    set_secret("front.signing_key", "app-key-3", 0);
    assert_int_equal(post("/hooks/front", by_application("app-key-3", event, 0), event),
                     200);
    assert_int_equal(post_app("/hooks/front", event), 401);
    /* a secret that is set only now */
    assert_int_equal(
        post("/hooks/own/front", by_application("own-key", bare_event, 0), bare_event),
        401);
    set_secret("own.key", "own-key", 0);
    assert_int_equal(
        post("/hooks/own/front", by_application("own-key", bare_event, 0), bare_event),
        200);
}

static void test_reload(void **state)
{
    (void)state;
    assert_int_equal(post_app("/hooks/front", event), 200);
    put_file("foyer.lua", "return { apps = { front = { signing_key = \"typed\" } } }");
    put_file("clients/late/client.lua", "return { name = \"Late\" }");
    assert_int_equal(post("/hooks/front", by_application("typed", event, 0), event), 401);
    order('r');
    assert_int_equal(post("/hooks/front", by_application("typed", event, 0), event), 200);
    assert_int_equal(post_app("/hooks/front", event), 401);
    assert_int_equal(post("/hooks/late/front", by_application("typed", "{}", 0), "{}"),
                     200);
}

static void test_channels(void **state)
{
    (void)state;
    static const char authorization[] =
        "{\"type\":\"authorization\",\"payload\":{\"channel_id\":\"cha_1\"}}";
    static const char message[] =
        "{\"type\":\"message\",\"payload\":{\"_links\":{\"self\":\"x\",\"related\":{"
        "\"conversation\":\"https://api2.frontapp.com/conversations/"
        "cnv_55\"}},\"id\":\"msg_1\",\"type\":\"custom\"},\"metadata\":{}}";
    static const char imported[] =
        "{\"type\":\"message_imported\",\"payload\":{\"id\":\"msg_2\"}}";
    static const char other[] =
        "{\"type\":\"message\",\"payload\":{\"conversation\":{\"id\":\"cnv_7\"}}}";
    assert_int_equal(post_app("/hooks/front", authorization), 200);
    assert_string_equal(body_of(reply), "{\"type\":\"success\",\"webhook_url\":\"https://"
                                        "hooks.agency.example/hooks/front\"}");
    assert_int_equal(post_app("/hooks/acme/front", authorization), 200);
    assert_has(reply, "\"https://hooks.agency.example/hooks/acme/front\"");
    assert_int_equal(post_app("/hooks/acme/front", message), 200);
    assert_string_equal(body_of(reply),
                        "{\"external_conversation_id\":\"cnv_55\",\"external_id\":"
                        "\"foyer-3\",\"type\":\"success\"}");
    assert_string_equal(stored(1),
                        "3 front acme - application - message msg_1 cnv_55 waiting\n");
    assert_int_equal(post_app("/hooks/front", imported), 200);
    assert_string_equal(body_of(reply),
                        "{\"external_conversation_id\":\"foyer-4\",\"external_id\":"
                        "\"foyer-4\",\"type\":\"success\"}");
    assert_string_equal(stored(1),
                        "4 front - - application - message_imported msg_2 - waiting\n");
    assert_int_equal(post_app("/hooks/acme/front", other), 200);
    assert_has(reply, "\"external_conversation_id\":\"cnv_7\"");
    /* one that names a company is a webhook */
    assert_int_equal(
        post_app(
            "/hooks/front",
            "{\"type\":\"message\",\"authorization\":{\"id\":\"cmp_1\"},\"payload\":{}}"),
        200);
    assert_string_equal(body_of(reply), "{\"ok\":true}");
    /* about a channel, and not known */
    assert_int_equal(
        post_app("/hooks/acme/front",
                 "{\"type\":\"typing\",\"payload\":{\"channel_id\":\"cha_1\"}}"),
        400);
    assert_string_equal(body_of(reply),
                        "{\"message\":\"no channel request of the type \\\"typing\\\" is "
                        "known here\",\"type\":\"bad_request\"}");
    /* but not to a client that cannot sign */
    assert_int_equal(
        post("/hooks/acme/front", by_application("no", authorization, 0), authorization),
        401);
    assert_has(refused(), "/hooks/acme/front application 400 x1: no channel request");
}

static void test_deleted_channel(void **state)
{
    (void)state;
    static const char body[] =
        "{\"type\":\"delete\",\"payload\":{\"channel_id\":\"cha_1\"}}";
    char *headers = by_application("app-key", "undefined", 0);
    assert_int_equal(ask("DELETE", "/hooks/acme/front", headers, body), 200);
    assert_string_equal(body_of(reply), "{\"type\":\"success\"}");
    assert_string_equal(stored(1), "1 front acme - application - delete - - waiting\n");
    assert_int_equal(ask("DELETE", "/hooks/front", headers, ""), 200);
    assert_string_equal(stored(1), "2 front - - application - delete - - waiting\n");
    /* its MAC is good for a DELETE alone, and not for ever */
    assert_int_equal(ask("POST", "/hooks/front", headers, body), 401);
    free(headers);
    headers = by_application("app-key", body, 0);
    assert_int_equal(ask("DELETE", "/hooks/front", headers, body), 401);
    free(headers);
    headers = by_application("app-key", "undefined", 400000);
    assert_int_equal(ask("DELETE", "/hooks/front", headers, body), 401);
    free(headers);
    assert_int_equal(
        post("/hooks/front", by_application("app-key", "undefined", 0), "undefined"),
        400);
}

static void test_no_public_url(void **state)
{
    (void)state;
    put_file("foyer.lua", "return { apps = { front = { signing_key = \"app-key\" } } }");
    order('r');
    assert_int_equal(
        post_app("/hooks/acme/front",
                 "{\"type\":\"authorization\",\"payload\":{\"channel_id\":\"cha_1\"}}"),
        400);
    assert_has(reply, "\"type\":\"bad_request\"");
    assert_has(reply, "public_url");
    assert_string_equal(stored(1), "");
}

static void test_unreadable_client(void **state)
{
    (void)state;
    put_file("clients/broken/client.lua", "return {");
    assert_int_equal(post_app("/hooks/broken/front", event), 503);
    assert_has(reply, "Retry-After: 5\r\n");
    put_file("clients/broken/client.lua", "return { name = \"Mended\" }");
    assert_int_equal(post_app("/hooks/broken/front", "{}"), 200);
}

/* How many requests the server has taken and not answered. */
static int busy(void)
{
    assert_int_equal(ask("GET", "/", "", ""), 200);
    return atoi(body_of(reply));
}

static void wait_busy(int n)
{
    for (int i = 0; i < 20000 && busy() != n; i++)
        ;
    assert_int_equal(busy(), n);
}

/* Not a byte before the commit, and nothing lost when the client has gone. */
static void test_after_the_commit(void **state)
{
    (void)state;
    char *headers = by_application("app-key", event, 0);
    assert_int_equal(db_exec(db, "BEGIN IMMEDIATE", &e), 0); /* the writer waits */
    int first = begin("POST", "/hooks/front", headers, event);
    int gone = begin("POST", "/hooks/acme/front", headers, event);
    wait_busy(2);
    struct pollfd readable = {first, POLLIN, 0};
    assert_int_equal(poll(&readable, 1, 0), 0);
    close(gone);
    assert_int_equal(db_exec(db, "ROLLBACK", &e), 0);
    assert_int_equal(read_reply(first), 200);
    close(first);
    wait_busy(0);
    free(headers);
    assert_has(stored(9), "1 front - - application");
    assert_has(stored(9), "2 front acme - application");
}

static void test_store_unavailable(void **state)
{
    (void)state;
    assert_int_equal(db_exec(db, "ALTER TABLE delivery_body RENAME TO elsewhere", &e), 0);
    assert_int_equal(post_app("/hooks/front", event), 503);
    assert_has(reply, "Retry-After: 5\r\n");
    /* neither a challenge nor what is refused needs the store */
    assert_int_equal(ask("POST", "/hooks/front", "", event), 401);
    assert_int_equal(
        post("/hooks/front", by_application("app-key", event, 400000), event), 401);
    assert_int_equal(db_exec(db, "ALTER TABLE elsewhere RENAME TO delivery_body", &e), 0);
    assert_int_equal(post_app("/hooks/front", event), 200);
    assert_has(stored(9), " waiting\n");
    assert_null(strchr(strchr(stored(9), '\n') + 1, '\n'));
}

/* Ended with requests under way: they are dropped, and what was submitted is kept. */
static void test_ended_at_work(void **state)
{
    (void)state;
    char *headers = by_application("app-key", event, 0);
    assert_int_equal(db_exec(db, "BEGIN IMMEDIATE", &e), 0);
    int fd = begin("POST", "/hooks/front", headers, event);
    free(headers);
    wait_busy(1);
    (void)!write(server.orders[1], "q", 1);
    assert_int_equal(read_reply(fd), -1);
    close(fd);
    assert_int_equal(db_exec(db, "ROLLBACK", &e), 0);
    pthread_join(server.thread, NULL);
    for (int i = 0; i < 2; i++) {
        close(server.orders[i]);
        close(server.answers[i]);
    }
    server.port = 0;
    assert_has(stored(9), " waiting\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_accepted),
        TEST(test_unknown_routes),
        TEST(test_methods),
        TEST(test_wrongly_signed),
        TEST(test_not_json),
        TEST(test_compressed),
        TEST(test_challenge),
        TEST(test_stale),
        TEST(test_companies),
        TEST(test_rotation),
        TEST(test_reload),
        TEST(test_channels),
        TEST(test_deleted_channel),
        TEST(test_no_public_url),
        TEST(test_unreadable_client),
        TEST(test_after_the_commit),
        TEST(test_store_unavailable),
        TEST(test_ended_at_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
