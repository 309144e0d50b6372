#include "api/outbox.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/str.h"
#include "io/httpc.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "vm/run.h"

enum { HEADERS_MAX = 16, ANSWER_MAX = 64 * 1024, TIMEOUT_MS = 5000 };

struct sent { /* one request, from mock.send until mock.accept returns its outcome */
    TAILQ_ENTRY(sent) link;
    struct outbox *box;
    lua_Integer number;
    char *body, *headers[HEADERS_MAX];
    size_t nheaders;
    /* the outcome */
    int64_t total_us;
    struct err err;
    int status;
    char *answer;
    size_t answer_len;
    char *answer_headers[2 * HEADERS_MAX]; /* name, value, name, value, … */
    size_t nanswer_headers;
};

struct outbox {
    void (*told)(void *arg);
    void *arg;
    lua_Integer count;
    TAILQ_HEAD(sent_list, sent) pending, done; /* done: oldest outcome first */
};

static void sent_free(struct sent *s)
{
    for (size_t i = 0; i < s->nheaders; i++)
        free(s->headers[i]);
    for (size_t i = 0; i < s->nanswer_headers; i++)
        free(s->answer_headers[i]);
    free(s->body);
    free(s->answer);
    free(s);
}

static void free_all(struct sent_list *list)
{
    while (!TAILQ_EMPTY(list)) {
        struct sent *s = TAILQ_FIRST(list);
        TAILQ_REMOVE(list, s, link);
        sent_free(s);
    }
}

struct outbox *outbox_new(void (*told)(void *arg), void *arg)
{
    struct outbox *box = xcalloc(1, sizeof *box);
    box->told = told;
    box->arg = arg;
    TAILQ_INIT(&box->pending);
    TAILQ_INIT(&box->done);
    return box;
}

void outbox_free(struct outbox *box)
{
    if (!box)
        return;
    free_all(&box->pending);
    free_all(&box->done);
    free(box);
}

static void on_answer(void *arg, const struct httpc_answer *answer)
{
    struct sent *s = arg;
    struct outbox *box = s->box;
    TAILQ_REMOVE(&box->pending, s, link);
    s->err = answer->err;
    s->status = (int)answer->status;
    s->total_us = answer->total_us;
    s->answer = xmemdup0(answer->body, answer->body_len);
    s->answer_len = answer->body_len;
    for (size_t i = 0; i < answer->nheaders && i < HEADERS_MAX; i++) {
        char *name = xstrdup(answer->headers[i].name);
        for (char *p = name; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        s->answer_headers[s->nanswer_headers++] = name;
        s->answer_headers[s->nanswer_headers++] = xstrdup(answer->headers[i].value);
    }
    TAILQ_INSERT_TAIL(&box->done, s, link);
    box->told(box->arg);
}

/* Checks the headers at IDX before one is copied, because it may raise. */
static void check_headers(lua_State *L, int idx)
{
    int n = 0;
    if (lua_isnil(L, idx))
        return;
    luaL_checktype(L, idx, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING ||
            ++n > HEADERS_MAX)
            fail_text(L, ERR_SCRIPT,
                      "mock.send: headers: at most %d, names and values strings",
                      (int)HEADERS_MAX);
}

static void copy_headers(lua_State *L, int idx, struct sent *s)
{
    if (lua_isnil(L, idx))
        return;
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
        s->headers[s->nheaders++] =
            xasprintf("%s: %s", lua_tostring(L, -2), lua_tostring(L, -1));
}

int outbox_send(lua_State *L, struct outbox *box)
{
    struct err e;
    enum { METHOD = 2, URL, HEADERS, BODY, TIMEOUT };
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "method");
    lua_getfield(L, 1, "url");
    lua_getfield(L, 1, "headers");
    lua_getfield(L, 1, "body");
    lua_getfield(L, 1, "timeout");
    size_t len;
    const char *body = luaL_optlstring(L, BODY, "", &len);
    lua_Number timeout = luaL_optnumber(L, TIMEOUT, TIMEOUT_MS / 1000);
    const char *method = luaL_optstring(L, METHOD, "POST"),
               *url = luaL_checkstring(L, URL);
    check_headers(L, HEADERS);

    struct sent *s = xcalloc(1, sizeof *s);
    s->box = box;
    s->number = ++box->count;
    copy_headers(L, HEADERS, s);
    s->body = xmemdup0(body, len);
    struct httpc_request request = {.method = method,
                                    .url = url,
                                    .headers = (const char *const *)s->headers,
                                    .nheaders = s->nheaders,
                                    .body = s->body,
                                    .body_len = len,
                                    .total_ms = (int64_t)(timeout * 1000),
                                    .answer_max = ANSWER_MAX,
                                    .fresh = 1, /* each try is one request */
                                    .allow_private = 1};
    if (!httpc_start(run_httpc(run_of(L)), &request, on_answer, s, &e)) {
        sent_free(s);
        return fail_raise(L, &e);
    }
    TAILQ_INSERT_TAIL(&box->pending, s, link);
    lua_pushinteger(L, s->number);
    return 1;
}

int outbox_push(lua_State *L, struct outbox *box)
{
    struct sent *s = TAILQ_FIRST(&box->done);
    if (!s)
        return 0;
    TAILQ_REMOVE(&box->done, s, link);
    lua_createtable(L, 0, 5);
    handles_set_integer(L, "sent", s->number);
    lua_pushnumber(L, (lua_Number)s->total_us / 1e6);
    lua_setfield(L, -2, "seconds");
    if (s->err.kind != ERR_NONE) {
        handles_set_text(L, "kind", err_kind_name(s->err.kind));
        handles_set_text(L, "error", s->err.text);
    } else {
        handles_set_integer(L, "status", s->status);
        lua_pushlstring(L, s->answer, s->answer_len);
        lua_setfield(L, -2, "body");
        lua_newtable(L);
        for (size_t i = 0; i < s->nanswer_headers; i += 2) {
            handles_set_text(L, s->answer_headers[i], s->answer_headers[i + 1]);
        }
        lua_setfield(L, -2, "headers");
    }
    sent_free(s);
    return 1;
}
