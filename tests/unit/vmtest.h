/* vmtest: real attempts for tests of src/vm: scripts in a temporary workspace, the
 * product's own std, one client "acme" with a connection to "front", and a small server
 * at the other end that does what the path says and keeps every request. */
#ifndef FOYER_VMTEST_H
#define FOYER_VMTEST_H

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"
#include "api/api.h"
#include "core/connection.h"
#include "core/limits.h"
#include "vm/overlay.h"
#include "io/httpc.h"
#include "io/loop.h"
#include "net.h"
#include "vm/data.h"
#include "vm/run.h"
#include "vm/vm.h"
#include "workdir.h"

/* ---- the other end ---- */

struct vmtest_server {
    int fd, port;
    pthread_t thread;
    struct buf log; /* every request as it came, after its port */
    int requests;
};

static struct vmtest_server vmtest_servers[2];
static pthread_mutex_t vmtest_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t vmtest_big = 1024 * 1024; /* bytes of the text in /big */

static inline void vmtest_answer(int fd, const char *status, const char *headers,
                                 const char *body, size_t len)
{
    char head[4096];
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status,
             len, headers);
    net_puts(fd, head);
    net_write(fd, body, len);
}

#define VMTEST_JSON "Content-Type: application/json\r\n"

static inline void vmtest_serve(int fd, const struct buf *r)
{
    static const struct {
        const char *path, *status, *headers, *body;
    } fixed[] = {
        {"/handles", "200 OK", VMTEST_JSON,
         "{\"s\":{\"$secret\":\"acme.key\"},\"f\":{\"$file\":[0,\"x\"]},\"d\":{\"$x\":1}"
         "}"},
        {"/list", "200 OK", VMTEST_JSON,
         "{\"_results\":[{\"id\":1},{\"id\":2}],\"_pagination\":{\"next\":null}}"},
        {"/foreign-page", "200 OK", VMTEST_JSON,
         "{\"_results\":[],\"_pagination\":{\"next\":\"https://evil.example/x\"}}"},
        {"/404", "404 Not Found", VMTEST_JSON,
         "{\"_error\":{\"status\":404,\"title\":\"Not found\",\"message\":\"No such "
         "thing.\",\"details\":[\"a\",\"b\"]}}"},
        {"/400", "400 Bad", VMTEST_JSON, "{\"_error\":{\"title\":\"Bad\"}}"},
        {"/500", "500 Oh", VMTEST_JSON, "{}"},
        {"/429", "429 Slow", VMTEST_JSON "Retry-After: 7\r\n", "{}"},
        {"/text", "200 OK", "Content-Type: text/plain\r\n", "plain"},
        {"/bad-json", "200 OK", VMTEST_JSON, "{\"a\":"},
        {"/deep", "200 OK", VMTEST_JSON, NULL},
        {"/cut", "200 OK", VMTEST_JSON, "{\"a\":\"\\ud83d\\ude00 \\ud83d\",\"n\":1.0}"},
        {"/empty", "204 No Content", "", ""},
        {"/401", "401 No", VMTEST_JSON, "{}"},
    };
    const char *target = strchr(r->data, ' ') + 1;
    size_t n = strcspn(target, " ?");
    if (strncmp(r->data, "HEAD", 4) == 0) {
        net_puts(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        return;
    }
    if (n > 3 && strncmp(target, "/to/", 4) == 0) { /* /to/301?LOCATION */
        char headers[2048], status[16];
        snprintf(status, sizeof status, "%.3s Moved", target + 4);
        const char *location = target + n + 1;
        snprintf(headers, sizeof headers, "Location: %.*s\r\n",
                 (int)strcspn(location, " "), location);
        vmtest_answer(fd, status, headers, "", 0);
        return;
    }
    if (strncmp(target, "/echo", 5) == 0) { /* what came, as text; /echo-404: with 404 */
        vmtest_answer(fd, strncmp(target, "/echo-404", 9) == 0 ? "404 No" : "200 OK",
                      "Content-Type: text/plain\r\n", r->data, r->len);
        return;
    }
    if (strncmp(target, "/loop ", 6) == 0) {
        vmtest_answer(fd, "301 Moved", "Location: /loop\r\n", "", 0);
        return;
    }
    if (strncmp(target, "/big ", 5) == 0) {
        char *body = xmalloc(vmtest_big + 8);
        memset(body, 'x', vmtest_big + 2);
        body[0] = body[vmtest_big + 1] = '"';
        vmtest_answer(fd, "200 OK", VMTEST_JSON, body, vmtest_big + 2);
        free(body);
        return;
    }
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (strlen(fixed[i].path) != n || strncmp(target, fixed[i].path, n) != 0)
            continue;
        char deep[201];
        memset(deep, '[', 100);
        memset(deep + 100, ']', 100);
        deep[200] = '\0';
        const char *body = fixed[i].body ? fixed[i].body : deep;
        vmtest_answer(fd, fixed[i].status, fixed[i].headers, body, strlen(body));
        return;
    }
    static const char ok[] = "{\"ok\":true}";
    vmtest_answer(fd, "200 OK", VMTEST_JSON, ok, sizeof ok - 1);
}

struct vmtest_peer {
    struct vmtest_server *server;
    int fd;
};

static inline void *vmtest_connection(void *arg)
{
    struct vmtest_peer peer = *(struct vmtest_peer *)arg;
    free(arg);
    struct buf left, r;
    buf_init(&left, 64 << 20);
    buf_init(&r, 64 << 20);
    while (net_read_message(peer.fd, &left, &r, 1) == 0) {
        pthread_mutex_lock(&vmtest_lock);
        buf_addf(&peer.server->log, "%d ", peer.server->port);
        buf_add(&peer.server->log, r.data, r.len);
        buf_adds(&peer.server->log, "\n--\n");
        peer.server->requests++;
        pthread_mutex_unlock(&vmtest_lock);
        vmtest_serve(peer.fd, &r);
    }
    close(peer.fd);
    buf_free(&left);
    buf_free(&r);
    return NULL;
}

static inline void *vmtest_listen(void *arg)
{
    struct vmtest_server *server = arg;
    int fd;
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        struct vmtest_peer *peer = xmalloc(sizeof *peer);
        *peer = (struct vmtest_peer){server, fd};
        pthread_t t;
        if (pthread_create(&t, NULL, vmtest_connection, peer) != 0)
            abort();
        pthread_detach(t);
    }
    return NULL;
}

/* Two servers, for redirects from one to the other; once in a process. */
static inline void vmtest_serve_both(void)
{
    for (int i = 0; i < 2; i++) {
        struct vmtest_server *server = &vmtest_servers[i];
        if (server->port)
            continue;
        buf_init(&server->log, 64 << 20);
        server->fd = net_listen(&server->port);
        if (pthread_create(&server->thread, NULL, vmtest_listen, server) != 0)
            abort();
    }
}

static inline void vmtest_forget(void)
{
    pthread_mutex_lock(&vmtest_lock);
    for (int i = 0; i < 2; i++) {
        buf_reset(&vmtest_servers[i].log);
        vmtest_servers[i].requests = 0;
    }
    pthread_mutex_unlock(&vmtest_lock);
}

static inline int vmtest_requests(int i)
{
    pthread_mutex_lock(&vmtest_lock);
    int n = vmtest_servers[i].requests;
    pthread_mutex_unlock(&vmtest_lock);
    return n;
}

/* Whether server I got PART, in head or body. */
static inline int vmtest_got(int i, const char *part)
{
    pthread_mutex_lock(&vmtest_lock);
    const struct buf *log = &vmtest_servers[i].log;
    int found = log->len && memmem(log->data, log->len, part, strlen(part)) != NULL;
    pthread_mutex_unlock(&vmtest_lock);
    return found;
}

/* ---- the workspace and its host ---- */

struct vmtest {
    char *dir;     /* the workspace */
    char *builtin; /* replaces the built-in layer; NULL: the product's */
    struct limits limits;
    const char *run_id;
    int files, dry;
    struct mock *mock; /* NULL: an ordinary run */
    /* of runs that are kept; NULL: they live in memory */
    void (*prepare)(struct vmtest *t, struct run_spec *spec, struct overlay *overlay);
    void (*ending)(struct vmtest *t, const struct run_result *result);
    /* of the host; NULL: each request is granted. ACCESS is the vmtest */
    void (*admit)(void *access, const struct run_ask *ask, run_admitted *done,
                  void *done_arg, void **pending);
    json_t *values; /* ctx.store */
    json_t *client, *workspace, *connectors;
    struct connection connection;
    char *hosts[4], *base;
    struct loop *loop;
    struct httpc *httpc;
    /* the last attempt's end */
    int ended;
    enum run_outcome outcome;
    struct err err;
    char *json;
};

static const char vmtest_token[] = "tok-0123456789abcdef";
static const char vmtest_secret[] = "s3cr3t-value";

static inline const json_t *vmtest_client(void *arg, const char *client, struct err *e)
{
    struct vmtest *t = arg;
    if (strcmp(client, "acme") == 0)
        return t->client;
    err_set(e, ERR_NOT_FOUND, "no client %s", client);
    return NULL;
}

static inline const json_t *vmtest_workspace(void *arg, const char *client, struct err *e)
{
    (void)e, (void)client;
    return ((struct vmtest *)arg)->workspace;
}

static inline const json_t *vmtest_connector(void *arg, const char *app, struct err *e)
{
    struct vmtest *t = arg;
    const json_t *known = json_object_get(t->connectors, app);
    if (known)
        return known;
    struct overlay *overlay = overlay_new(t->dir);
    char *name = xasprintf("lua/%s/connector.lua", app);
    struct overlay_file *file = overlay_find(overlay, NULL, name, OVERLAY_WORKSPACE, e);
    json_t *tree = file ? data_load(file->text, file->len, name, e) : NULL;
    free(name);
    overlay_free(overlay);
    if (tree)
        json_object_set_new(t->connectors, app, tree);
    return tree;
}

static inline const struct connection *vmtest_find(void *arg, const char *client,
                                                   const char *app, const char *company,
                                                   struct err *e)
{
    struct vmtest *t = arg;
    (void)company;
    if (strcmp(client, "acme") == 0 && strcmp(app, "front") == 0)
        return &t->connection;
    err_set(e, ERR_AUTH, "cannot find a connection of %s to %s", client, app);
    return NULL;
}

static inline int vmtest_open_secret(void *arg, const char *name, struct buf *out,
                                     struct err *e)
{
    (void)arg;
    if (strcmp(name, "acme.key") == 0)
        return buf_adds(out, vmtest_secret);
    if (strcmp(name, "acme.url") == 0)
        return buf_addf(out, "http://127.0.0.1:%d/hook/s3cr3t-path",
                        vmtest_servers[1].port);
    if (strcmp(name, "acme.echo") == 0)
        return buf_addf(out, "http://127.0.0.1:%d/echo?k=0123456789abcdef",
                        vmtest_servers[1].port);
    return err_set(e, ERR_NOT_FOUND, "cannot find the secret %s", name);
}

static inline void
vmtest_each_client(void *arg, void (*fn)(void *arg, const char *client), void *fn_arg)
{
    (void)arg;
    fn(fn_arg, "acme");
}

struct vmtest_loading {
    char *value;
    run_loaded *done;
    void *arg;
};

static inline void vmtest_loaded(void *arg)
{
    static const struct err none;
    struct vmtest_loading *l = arg;
    if (l->done)
        l->done(l->arg, l->value, &none);
    free(l->value);
    free(l);
}

static inline void vmtest_load_value(void *arg, const char *client, const char *key,
                                     run_loaded *done, void *done_arg, void **pending)
{
    (void)client;
    struct vmtest *t = arg;
    json_t *found = json_object_get(t->values, key);
    struct vmtest_loading *l = xcalloc(1, sizeof *l);
    *l = (struct vmtest_loading){found ? xstrdup(json_string_value(found)) : NULL, done,
                                 done_arg};
    *pending = l;
    loop_defer(t->loop, vmtest_loaded, l);
}

static inline void vmtest_withdraw_value(void *arg, void *pending)
{
    (void)arg;
    ((struct vmtest_loading *)pending)->done = NULL;
}

static inline int vmtest_save_value(void *arg, const char *client, const char *key,
                                    const char *value, struct err *e)
{
    (void)client, (void)e;
    json_t *values = ((struct vmtest *)arg)->values;
    if (value)
        json_object_set_new(values, key, json_string(value));
    else
        json_object_del(values, key);
    return 0;
}

/* SERVE 1: with the servers: the connection is the first, the client's host the second.
 */
static inline void vmtest_init(struct vmtest *t, int serve)
{
    *t = (struct vmtest){.limits = limits_default, .run_id = "run-1", .files = 1};
    t->limits.watchdog_ms = 20000; /* a slow build must not be mistaken for a hang */
    struct err e;
    struct httpc_config config = {.max_active = 8,
                                  .connect_ms = 5000,
                                  .total_ms = 20000,
                                  .answer_max = limits_default.answer_bytes};
    if (serve)
        vmtest_serve_both();
    vmtest_forget();
    t->dir = workdir_make();
    t->workspace = json_object();
    t->connectors = json_object();
    t->values = json_object();
    t->base = xasprintf("http://127.0.0.1:%d", vmtest_servers[0].port);
    t->hosts[0] = t->base + 7;
    char second[32];
    snprintf(second, sizeof second, "127.0.0.1:%d", vmtest_servers[1].port);
    t->client = json_pack(
        "{s:s, s:s, s:{s:{s:s}, s:{s:s}}, s:{s:s}, s:[s, s, s], s:{s:{s:{s:s}}}}", "name",
        "Acme", "timezone", "UTC", "front", "inboxes", "support", "inb_1", "teammates",
        "leela", "alt:email:leela@acme.example", "vars", "phone", "+1", "hosts", second,
        "allowed.example", "*.wild.example", "recipes", "probe", "key", "$secret",
        "acme.key");
    t->connection = (struct connection){.app = (char *)"front",
                                        .company = (char *)"cmp_1",
                                        .name = (char *)"Acme",
                                        .base = t->base,
                                        .hosts = t->hosts,
                                        .nhosts = 1,
                                        .token = (char *)vmtest_token};
    t->loop = loop_new(&e);
    t->httpc = t->loop ? httpc_new(t->loop, &config, &e) : NULL;
    if (!t->httpc) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
}

static inline void vmtest_fini(struct vmtest *t)
{
    httpc_free(t->httpc);
    loop_free(t->loop);
    json_decref(t->client);
    json_decref(t->workspace);
    json_decref(t->connectors);
    json_decref(t->values);
    free(t->json);
    free(t->base);
    free(t->builtin);
    workdir_remove(t->dir);
}

/* Writes a file of the workspace; its directories are made. */
static inline void vmtest_write(struct vmtest *t, const char *name, const void *data,
                                size_t len)
{
    char *path = path_join(t->dir, name);
    for (char *p = path + strlen(t->dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        mkdir(path, 0700);
    }
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0) {
        perror(path);
        abort();
    }
    free(path);
}

static inline void vmtest_done(void *arg, const struct run_result *result)
{
    struct vmtest *t = arg;
    t->ended++;
    t->outcome = result->outcome;
    t->err = result->err;
    if (t->ending)
        t->ending(t, result);
    free(t->json);
    t->json = result->outcome == RUN_DONE ? xmemdup0(result->json, result->len) : NULL;
    loop_stop(t->loop);
}

/* One attempt, in fresh caches: a file is read again. ARGS is JSON. */
static inline void vmtest_run(struct vmtest *t, const char *entry, const char *args)
{
    struct run_host host = {.arg = t,
                            .client = vmtest_client,
                            .workspace = vmtest_workspace,
                            .connector = vmtest_connector,
                            .connection = vmtest_find,
                            .secret = vmtest_open_secret,
                            .access = t,
                            .load_value = vmtest_load_value,
                            .withdraw_value = vmtest_withdraw_value,
                            .save_value = vmtest_save_value,
                            .each_client = vmtest_each_client,
                            .admit = t->admit};
    struct run_spec spec = {.id = t->run_id,
                            .client = "acme",
                            .label = "recipe probe",
                            .entry = entry,
                            .args = args,
                            .args_len = strlen(args),
                            .files = t->files,
                            .dry = t->dry,
                            .mock = t->mock};
    if (t->builtin)
        setenv("FOYER_LUA_DIR", t->builtin, 1);
    struct overlay *overlay = overlay_new(t->dir);
    struct vm *vm = vm_new(&t->limits, overlay);
    struct runs *runs = runs_new(vm, t->loop, t->httpc, &host, api_open);
    t->ended = 0;
    t->err = (struct err){0};
    if (t->prepare)
        t->prepare(t, &spec, overlay);
    run_start(runs, &spec, vmtest_done, t);
    while (!t->ended)
        loop_run(t->loop);
    if (t->ended != 1)
        abort();
    runs_free(runs);
    vm_free(vm);
    overlay_free(overlay);
}

/* One attempt of a recipe whose body is BODY: function(ctx, event) BODY end. */
static inline void vmtest_probe(struct vmtest *t, const char *body)
{
    static const char head[] =
        "return { summary = \"x\", options = { key = { \"any\" } }, "
        "run = function(ctx, event) ";
    struct buf text;
    buf_init(&text, 4 << 20);
    buf_adds(&text, head);
    buf_adds(&text, body);
    buf_adds(&text, " end }\n");
    vmtest_write(t, "recipes/probe.lua", text.data, text.len);
    buf_free(&text);
    vmtest_run(t, "run", "{\"recipe\":\"probe\"}");
}

#endif
