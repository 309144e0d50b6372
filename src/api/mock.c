#include "api/mock.h"

#include <ctype.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/limits.h"
#include "io/httpd.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "api/outbox.h"
#include "vm/run.h"

enum { BODY_MAX = 32 * 1024 * 1024, ANSWER_MAX = 512 * 1024 * 1024, HEADERS_MAX = 32 };

struct waiting { /* one request, from its arrival to its answer */
    TAILQ_ENTRY(waiting) link;
    struct mock *mock;
    struct httpd_request *request;
    int accepted; /* 1: the script has it */
    /* the answer, until it is sent */
    struct loop_timer *timer;
    int status, drop;
    struct httpd_header headers[HEADERS_MAX];
    size_t nheaders;
    char *body;
    size_t len;
};

struct mock {
    struct loop *loop;
    struct httpd *httpd;
    TAILQ_HEAD(, waiting) requests; /* oldest first */
    struct outbox *outbox;
    struct run *run; /* waits in mock.accept, or NULL */
    struct loop_timer *timer;
    int is_due; /* 1: the time that accept waits is over */
};

static void waiting_free(struct waiting *w)
{
    TAILQ_REMOVE(&w->mock->requests, w, link);
    loop_timer_free(w->timer);
    for (size_t i = 0; i < w->nheaders; i++) {
        free((char *)w->headers[i].name);
        free((char *)w->headers[i].value);
    }
    free(w->body);
    free(w);
}

static void wake(void *arg)
{
    struct mock *m = arg;
    struct run *run = m->run;
    if (!run)
        return;
    m->run = NULL;
    loop_timer_clear(m->timer);
    run_ready(run);
}

static void on_due(void *arg)
{
    struct mock *m = arg;
    m->is_due = 1;
    wake(m);
}

static void on_request(void *arg, struct httpd_request *r)
{
    struct mock *m = arg;
    struct waiting *w = xcalloc(1, sizeof *w);
    w->mock = m;
    w->request = r;
    TAILQ_INSERT_TAIL(&m->requests, w, link);
    wake(m);
}

struct mock *mock_open(struct loop *loop, const char *listen, struct err *e)
{
    struct mock *m = xcalloc(1, sizeof *m);
    m->loop = loop;
    TAILQ_INIT(&m->requests);
    struct httpd_limits limits = {.body_max = BODY_MAX,
                                  .headers_max = 64 * 1024,
                                  .connections_max = limits_default.connections,
                                  .request_ms = 60 * 1000,
                                  .idle_ms = limits_default.idle_ms};
    m->httpd = httpd_open(loop, listen, &limits, on_request, m, e);
    if (!m->httpd) {
        free(m);
        return NULL;
    }
    m->timer = loop_timer_new(loop, on_due, m);
    m->outbox = outbox_new(wake, m);
    return m;
}

void mock_close(struct mock *m)
{
    if (!m)
        return;
    while (!TAILQ_EMPTY(&m->requests)) {
        struct waiting *w = TAILQ_FIRST(&m->requests);
        httpd_drop(w->request);
        waiting_free(w);
    }
    httpd_close(m->httpd);
    loop_timer_free(m->timer);
    outbox_free(m->outbox);
    free(m);
}

const char *mock_address(const struct mock *m)
{
    return httpd_address(m->httpd);
}

static struct mock *self(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- accept ---- */

static void set_header(void *arg, const char *name, const char *value)
{
    lua_State *L = arg;
    char lower[128];
    size_t n = 0;
    for (; n < sizeof lower - 1 && name[n]; n++)
        lower[n] = (char)tolower((unsigned char)name[n]);
    lower[n] = '\0';
    handles_set_text(L, lower, value);
}

static int push_request(lua_State *L, struct waiting *w)
{
    size_t len;
    lua_createtable(L, 0, 6);
    lua_pushlightuserdata(L, w);
    lua_setfield(L, -2, "id");
    handles_set_text(L, "method", httpd_method(w->request));
    handles_set_text(L, "path", httpd_path(w->request));
    handles_set_text(L, "query", httpd_query(w->request));
    const char *body = httpd_body(w->request, &len);
    lua_pushlstring(L, body ? body : "", body ? len : 0);
    lua_setfield(L, -2, "body");
    lua_newtable(L);
    httpd_each_header(w->request, set_header, L);
    lua_setfield(L, -2, "headers");
    w->accepted = 1;
    return 1;
}

static void stop_waiting(void *arg)
{
    struct mock *m = arg;
    m->run = NULL;
    loop_timer_clear(m->timer);
}

static int accept_next(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct mock *m = self(L);
    if (outbox_push(L, m->outbox))
        return 1;
    struct waiting *w;
    TAILQ_FOREACH(w, &m->requests, link)
    {
        if (!w->accepted)
            return push_request(L, w);
    }
    if (m->is_due)
        return 0;
    m->run = run_of(L);
    run_wait(m->run, stop_waiting, m);
    return lua_yieldk(L, 0, 0, accept_next);
}

/* mock.accept([seconds]) -> {id, method, path, query, headers, body}, or the outcome of a
 * request that mock.send sent (see outbox_push), or nothing after SECONDS */
static int api_mock_accept(lua_State *L)
{
    struct mock *m = self(L);
    lua_Number seconds = luaL_optnumber(L, 1, -1);
    luaL_argcheck(L, seconds < 1e9, 1, "too long");
    m->is_due = 0;
    if (seconds >= 0) /* rounded up, so that it is never too short */
        loop_timer_set(m->timer, (int64_t)ceil((double)seconds * 1000));
    else
        loop_timer_clear(m->timer);
    return accept_next(L, LUA_OK, 0);
}

/* mock.send{method, url, headers, body, timeout} -> the number that its outcome has */
static int api_mock_send(lua_State *L)
{
    return outbox_send(L, self(L)->outbox);
}

/* ---- reply ---- */

static void answer(void *arg)
{
    struct waiting *w = arg;
    if (w->drop)
        httpd_drop(w->request);
    else
        httpd_reply(w->request, w->status, w->headers, w->nheaders, w->body, w->len);
    waiting_free(w);
}

static struct waiting *check_request(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "id");
    const void *id = lua_touserdata(L, -1);
    lua_pop(L, 1);
    struct waiting *w;
    TAILQ_FOREACH(w, &self(L)->requests, link)
    {
        if (w == id && w->accepted && !w->timer)
            return w;
    }
    fail_text(L, ERR_SCRIPT, "mock.reply: this request is answered already");
    return NULL;
}

static void add_header(struct waiting *w, const char *name, const char *value)
{
    if (w->nheaders < HEADERS_MAX)
        w->headers[w->nheaders++] = (struct httpd_header){xstrdup(name), xstrdup(value)};
}

/* Copies the field `headers`. 1 when one of them is the content type. */
static int read_reply_headers(lua_State *L, int idx, struct waiting *w)
{
    int typed = 0;
    lua_getfield(L, idx, "headers");
    if (lua_istable(L, -1)) {
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "x";
            const char *value = luaL_tolstring(L, -1, NULL);
            typed |= str_ieq(name, "content-type");
            add_header(w, name, value);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return typed;
}

/* mock.reply(request, {status, headers, body, after, drop, times}) */
static int api_mock_reply(lua_State *L)
{
    struct err e;
    lua_settop(L, 2);
    struct waiting *w = check_request(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "status");
    lua_Integer status = luaL_optinteger(L, -1, 200);
    lua_getfield(L, 2, "after");
    lua_Number after = luaL_optnumber(L, -1, 0);
    lua_getfield(L, 2, "times");
    lua_Integer times = luaL_optinteger(L, -1, 1);
    lua_getfield(L, 2, "drop");
    int drop = lua_toboolean(L, -1);
    struct buf *body = handles_push_buf(L, ANSWER_MAX);
    lua_getfield(L, 2, "body");
    int json = lua_istable(L, -1);
    if (json && conv_encode(L, -1, body, CONV_PLAIN, &e) != 0)
        return fail_raise(L, &e);
    if (!json && !lua_isnil(L, -1)) {
        size_t len;
        const char *text = luaL_checklstring(L, -1, &len);
        for (lua_Integer i = 0; i < times; i++)
            if (buf_add(body, text, len) != 0)
                return fail_text(L, ERR_LIMIT, "mock.reply: the body is too large");
    }
    w->status = (int)status;
    w->drop = drop;
    int typed = read_reply_headers(L, 2, w);
    if (json && !typed)
        add_header(w, "Content-Type", "application/json");
    w->body = buf_take(body, &w->len);
    w->timer = loop_timer_new(self(L)->loop, answer, w);
    if (after > 0)
        loop_timer_set(w->timer, (int64_t)(after * 1000));
    else
        answer(w);
    return 0;
}

static int api_mock_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)clock_wall_ms() / 1000);
    return 1;
}

/* mock.clock() -> seconds of a monotonic clock, finer than mock.now() */
static int api_mock_clock(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)clock_mono_us() / 1e6);
    return 1;
}

static int api_mock_log(lua_State *L)
{
    log_line(LOG_WARN, "mock: %s", luaL_checkstring(L, 1));
    return 0;
}

void mock_push(lua_State *L, struct mock *m)
{
    static const luaL_Reg functions[] = {{"accept", api_mock_accept},
                                         {"reply", api_mock_reply},
                                         {"send", api_mock_send},
                                         {"now", api_mock_now},
                                         {"clock", api_mock_clock},
                                         {"log", api_mock_log},
                                         {NULL, NULL}};
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, m);
    luaL_setfuncs(L, functions, 1);
    lua_pushfstring(L, "http://%s", mock_address(m));
    lua_setfield(L, -2, "address");
}
