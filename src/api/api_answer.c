#include "api/api_answer.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/jsontext.h"
#include "base/str.h"
#include "core/answer.h"
#include "core/jsontree.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "core/packed.h"

/* Gives up the attempt because an answer cannot be read: a read may work later; a write
 * may have been done. */
static int unreadable(lua_State *L, struct exchange *x, const char *why)
{
    struct err e;
    if (x->reads)
        err_set(&e, ERR_UNAVAILABLE, "cannot %s: %s", x->what, why);
    else
        err_set(&e, ERR_UNCERTAIN,
                "cannot tell whether it was done (look before you send it again): %s: %s",
                x->what, why);
    /* so that a replay sends the read again, or looks for what the write did */
    journal_reopen(run_journal(x->run), x->seq);
    return run_give_up(L, &e);
}

/* As conv_decode, but accepts a text that was cut within an emoji. */
static int decode_answer(lua_State *L, const struct packed_answer *a, struct err *e)
{
    if (conv_decode(L, a->body, a->len, CONV_PLAIN, e) == 0)
        return 0;
    if (e->kind != ERR_INVALID)
        return -1;
    char *copy = lua_newuserdatauv(L, a->len, 0); // 1
    memcpy(copy, a->body, a->len);
    int rc = jsontext_mend(copy, a->len) > 0 ? conv_decode(L, copy, a->len, CONV_PLAIN, e)
                                             : -1;
    lua_remove(L, rc == 0 ? -2 : -1);
    return rc;
}

/* Copies the NAME of a file from "attachment; filename=\"NAME\"". 0: there is none. */
static int name_in(const char *disposition, char *name, size_t size)
{
    const char *at = strstr(disposition, "filename=");
    if (!at)
        return 0;
    at += strlen("filename=");
    int quoted = *at == '"';
    size_t len = strcspn(at + quoted, quoted ? "\"" : "; ");
    snprintf(name, size, "%.*s", (int)len, at + quoted);
    return 1;
}

/* Finds what to call the file of an answer: the API's name for it, else the last part of
 * the request's path. The API must not choose a directory. */
static void name_file(const struct exchange *x, const struct packed_answer *a, char *name,
                      size_t size)
{
    char disposition[512] = "";
    packed_header(a, "content-disposition", disposition, sizeof disposition);
    if (!name_in(disposition, name, size)) {
        const char *slash = strrchr(x->what, '/');
        snprintf(name, size, "%s", slash ? slash + 1 : "");
    }
    char *base = name;
    for (char *p = name; *p; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    memmove(name, base, strlen(base) + 1);
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            name[0] = '\0';
    if (!*name || name[0] == '.' || !str_is_utf8(name, strlen(name)))
        snprintf(name, size, "download");
}

/* Pushes a handle of the body as a file. */
static void push_file(lua_State *L, const struct exchange *x,
                      const struct packed_answer *a)
{
    struct err e;
    char name[200];
    int id = run_add_answer(x->run, x->seq, a->body, a->len, &e);
    if (id < 0)
        fail_raise(L, &e);
    name_file(x, a, name, sizeof name);
    handles_push_file(L, id, name);
}

/* 1 when a declared request's answer of content type TYPE is neither JSON nor text. */
static int is_binary(const char *type)
{
    return *type && !strstr(type, "json") && strncmp(type, "text/", 5) != 0;
}

/* Pushes what the run's sink has got: {bytes, type}. */
static void push_taken(lua_State *L, const struct exchange *x,
                       const struct packed_answer *a)
{
    char type[512] = "";
    packed_header(a, "content-type", type, sizeof type);
    lua_createtable(L, 0, 2);
    handles_set_integer(L, "bytes", (lua_Integer)x->taken);
    handles_set_text(L, "type", type);
}

/* Pushes the body and returns 1; 0 when it has given up the attempt. */
static int push_body(lua_State *L, struct exchange *x, const struct packed_answer *a)
{
    char type[128] = "";
    struct err e;
    packed_header(a, "content-type", type, sizeof type);
    int json = strstr(type, "json") != NULL;
    if (x->is_taken) {
        push_taken(L, x, a);
        return 1;
    }
    if (x->is_file ||
        (x->mode == EXCHANGE_DECLARED && a->len && !x->raw && is_binary(type))) {
        push_file(L, x, a);
        return 1;
    }
    if (a->len == 0 && x->mode == EXCHANGE_DECLARED && (!x->reads || a->status == 204)) {
        lua_newtable(L);
        return 1;
    }
    if (a->len == 0) {
        /* an API answers 204 when it has no body to send */
        if (x->mode != EXCHANGE_REQUEST && x->connection && !x->raw && a->status != 204 &&
            strcmp(x->method, "HEAD") != 0) {
            char why[64];
            snprintf(why, sizeof why, "the answer %d is empty", a->status);
            unreadable(L, x, why);
            return 0;
        }
        lua_pushnil(L);
        return 1;
    }
    if (x->raw || (!json && !x->connection)) {
        lua_pushlstring(L, a->body, a->len);
        return 1;
    }
    if (decode_answer(L, a, &e) == 0)
        return 1;
    if (!json && a->status >= 300) {
        lua_pushlstring(L, a->body, a->len);
        return 1;
    }
    if (e.kind == ERR_LIMIT && x->reads)
        return fail_raise(L, &e);
    if (!json && e.kind != ERR_LIMIT) {
        char why[256];
        snprintf(why, sizeof why, "the answer is %.80s, not JSON%s",
                 *type ? type : "untyped",
                 x->reads ? " (raw = true takes it as it is)" : "");
        unreadable(L, x, why);
    } else {
        unreadable(L, x, e.text);
    }
    return 0;
}

static void push_headers(lua_State *L, const struct packed_answer *a)
{
    lua_newtable(L);
    const char *p = a->headers, *end = a->headers + a->headers_len;
    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        eol = eol ? eol : end;
        const char *colon = memchr(p, ':', (size_t)(eol - p));
        if (colon && colon + 2 <= eol) {
            lua_pushlstring(L, p, (size_t)(colon - p));
            lua_pushlstring(L, colon + 2, (size_t)(eol - colon - 2));
            lua_rawset(L, -3);
        }
        p = eol + 1;
    }
}

/* Replaces the value on top by the one at the dotted PATH below it, or by nil. */
static void dig(lua_State *L, const char *path)
{
    while (*path) {
        size_t n = strcspn(path, ".");
        if (!lua_istable(L, -1)) {
            lua_pop(L, 1);
            lua_pushnil(L);
            return;
        }
        lua_pushlstring(L, path, n);
        lua_rawget(L, -2);
        lua_remove(L, -2);
        path += n + (path[n] == '.');
    }
}

/* Sets FIELD of the table below the top to the value at PATH (NULL: none) of the table on
 * top, if it has TYPE. */
static void set_dug(lua_State *L, const char *field, const char *path, int type)
{
    lua_pushvalue(L, -1); // to from from
    dig(L, path ? path : "");
    if (path && lua_type(L, -1) == type)
        lua_setfield(L, -3, field);
    else
        lua_pop(L, 1);
}

static int raise_status(lua_State *L, struct exchange *x, const struct packed_answer *a)
{
    struct err e, ignored;
    answer_error(&e, x->what, a->status, !x->reads, NULL, json_at(x->connector, "errors"),
                 a->body, a->len, clock_wall_ms());
    if (!x->connection)
        answer_without_token(&e);
    fail_push(L, &e);
    const char *details = json_text(x->connector, "errors.details");
    const char *title = json_text(x->connector, "errors.title");
    if ((details || title) &&
        conv_decode(L, a->body, a->len, CONV_PLAIN, &ignored) == 0) { // error body
        set_dug(L, "title", title, LUA_TSTRING);
        set_dug(L, "details", details, LUA_TTABLE);
        lua_pop(L, 1); // error
    }
    return lua_error(L);
}

/* 1 when the value on top, the address of the next page, is null, "" or missing. */
static int is_last(lua_State *L)
{
    return lua_isnil(L, -1) || handles_is_null(L, -1) ||
           (lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) == 0);
}

/* Replaces the body on top by {results, next, total}. The host of `next` is checked when
 * the script follows it, as that of any address. */
static int push_page(lua_State *L, struct exchange *x)
{
    int body = lua_gettop(L);
    if (!lua_istable(L, body))
        return unreadable(L, x, "the answer is not a page of a list");
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, body);
    dig(L, json_text_or(x->connector, "paging.results", "_results"));
    if (!lua_istable(L, -1))
        return unreadable(L, x, "the answer holds no list of results");
    lua_setfield(L, -2, "results");
    lua_pushvalue(L, body);
    dig(L, json_text_or(x->connector, "paging.total", "_total"));
    if (lua_isinteger(L, -1))
        lua_setfield(L, -2, "total");
    else
        lua_pop(L, 1);
    lua_pushvalue(L, body);
    dig(L, json_text_or(x->connector, "paging.next", "_pagination.next"));
    if (is_last(L)) {
        lua_pop(L, 1);
        return 1;
    }
    if (lua_type(L, -1) != LUA_TSTRING) /* to end here would miss pages */
        return unreadable(L, x, "the answer's next page is not an address");
    lua_setfield(L, -2, "next");
    return 1;
}

/* 1 when the body on top has results where the connector's lists have them. */
static int is_page(lua_State *L, const struct exchange *x)
{
    const char *path = json_text(x->connector, "paging.results");
    if (!path || !lua_istable(L, -1))
        return 0;
    lua_pushvalue(L, -1);
    dig(L, path);
    int is = lua_istable(L, -1);
    lua_pop(L, 1);
    return is;
}

/* Raises for a redirect that is not followed, such as a 302. */
static int raise_redirect(lua_State *L, const struct exchange *x,
                          const struct packed_answer *a)
{
    struct err e;
    char location[256] = "";
    packed_header(a, "location", location, sizeof location);
    char *to = exchange_shown_location(location, x->secret);
    err_set(&e, ERR_INVALID, "cannot %s: answered %d, which is not a result%s%s", x->what,
            a->status, *to ? "; it leads to " : "", to);
    free(to);
    return fail_raise(L, &e);
}

int api_std_refuse(lua_State *L)
{
    struct err e;
    const struct run_host *host = run_host(run_of(L));
    const json_t *connector = host->connector(host->arg, luaL_checkstring(L, 1), NULL);
    size_t len;
    const char *what = luaL_checkstring(L, 2);
    int status = (int)luaL_checkinteger(L, 3), writes = lua_toboolean(L, 4);
    const char *body = luaL_optlstring(L, 5, "", &len);
    answer_error(&e, what, status, writes, NULL, json_at(connector, "errors"), body, len,
                 clock_wall_ms());
    return fail_raise(L, &e);
}

int api_answer_push(lua_State *L, struct exchange *x, const char *packed, size_t len)
{
    struct packed_answer a;
    struct err e;
    if (packed_read(packed, len, &a, &e) != 0)
        return fail_raise(L, &e);
    if (a.status == 0)
        return fail_raise(L, &a.err);
    if (x->mode == EXCHANGE_REQUEST) {
        lua_createtable(L, 0, 3);
        handles_set_integer(L, "status", a.status);
        push_headers(L, &a);
        lua_setfield(L, -2, "headers");
        if (!push_body(L, x, &a))
            return 0;
        lua_setfield(L, -2, "body");
        return 1;
    }
    if (a.status >= 400)
        return raise_status(L, x, &a);
    if (a.status >= 300)
        return raise_redirect(L, x, &a);
    if (!push_body(L, x, &a))
        return 0;
    if (x->mode == EXCHANGE_PAGE || (x->mode == EXCHANGE_DECLARED && is_page(L, x)))
        return push_page(L, x);
    return 1;
}
