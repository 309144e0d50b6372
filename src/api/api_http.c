#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "api/api.h"
#include "api/api_answer.h"
#include "core/credential.h"
#include "core/jsontree.h"
#include "api/exchange_dry.h"
#include "vm/conv.h"
#include "vm/env.h"
#include "api/exchange.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "api/form.h"

/* Stack of every function here: 1 target, 2 body, 3 options, 4 the exchange. */
enum { TARGET = 1, BODY, OPTIONS, EXCHANGE };

static int exchange_gc(lua_State *L)
{
    exchange_fini(lua_touserdata(L, 1));
    return 0;
}

static struct exchange *new_exchange(lua_State *L, const char *method,
                                     enum exchange_mode mode)
{
    lua_settop(L, OPTIONS);
    struct exchange *x = handles_push_owned(L, sizeof *x, "foyer.exchange", exchange_gc);
    exchange_init(x, run_of(L));
    x->mode = mode;
    x->method = xstrdup(method);
    for (char *p = x->method; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    x->reads = strcmp(x->method, "GET") == 0 || strcmp(x->method, "HEAD") == 0;
    return x;
}

/* ---- arguments ---- */

static void check_method(lua_State *L, const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(method, known[i]) == 0)
            return;
    fail_text(L, ERR_SCRIPT,
              "cannot send \"%.40s\": the methods are GET HEAD POST PUT PATCH DELETE",
              method);
}

static int is_one_of(const char *key, const char *const *names, size_t n)
{
    while (n > 0 && strcmp(key, names[n - 1]) != 0)
        n--;
    return n > 0;
}

static void check_options(lua_State *L, enum exchange_mode mode)
{
    static const char *const known[] = {"query",  "headers",    "multipart",
                                        "reads",  "connection", "raw",
                                        "method", "url",        "body"};
    static const char *const declared[] = {"merge", "file"}; /* of std.send alone */
    int request = mode == EXCHANGE_REQUEST || mode == EXCHANGE_DECLARED;
    size_t n = sizeof known / sizeof *known - (request ? 0 : 3);
    if (lua_isnil(L, OPTIONS))
        return;
    if (!lua_istable(L, OPTIONS))
        fail_text(L, ERR_SCRIPT, "cannot send: the options are a %s, not a table",
                  luaL_typename(L, OPTIONS));
    for (lua_pushnil(L); lua_next(L, OPTIONS); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (is_one_of(key, known, n) ||
            (mode == EXCHANGE_DECLARED && is_one_of(key, declared, 2)))
            continue;
        const char *near = str_nearest(key, known, n);
        fail_text(L, ERR_SCRIPT, "cannot send: unknown option \"%.60s\"%s%s%s", key,
                  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
}

/* Pushes t[name] without metamethods: C calls no Lua. */
static int push_raw(lua_State *L, int t, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, t);
}

/* Pushes options[name], or nil. */
static int option(lua_State *L, const char *name)
{
    if (!lua_isnil(L, OPTIONS))
        return push_raw(L, OPTIONS, name);
    lua_pushnil(L);
    return LUA_TNIL;
}

static int flag(lua_State *L, const char *name)
{
    option(L, name);
    int on = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return on;
}

static int is_header_text(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return 0;
    return 1;
}

/* The text of the secret at IDX. Its value is masked in X's answer. */
static const char *hidden_text(lua_State *L, int idx, struct exchange *x, size_t *len)
{
    const char *text = api_secret_text(L, idx, len);
    size_t before = strlen(handles_secret_before(L, idx));
    size_t behind = strlen(handles_secret_behind(L, idx));
    mask_add(&x->sent, text + before, *len - before - behind);
    return text;
}

static void check_header_name(lua_State *L, const struct exchange *x, const char *name)
{
    static const char *const ours[] = {"host", "content-length", "transfer-encoding",
                                       "connection", "expect"};
    if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789-_") != strlen(name))
        fail_text(L, ERR_SCRIPT, "cannot send: \"%.60s\" is not a header name", name);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcasecmp(name, ours[i]) == 0)
            fail_text(L, ERR_FORBIDDEN, "cannot send: the header %s is set by foyer",
                      name);
    const char *taken = x->connection ? credential_header_name(x->connector) : NULL;
    if (taken && strcasecmp(name, taken) == 0)
        fail_text(L, ERR_FORBIDDEN,
                  "cannot send: the connection's token is added by foyer, as the header "
                  "%s",
                  taken);
}

/* Adds the header NAME, whose value is on top. */
static void add_header(lua_State *L, struct exchange *x, const char *name)
{
    int secret = handles_to_secret(L, -1) != NULL;
    size_t len;
    if (!secret && lua_type(L, -1) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER)
        fail_text(L, ERR_SCRIPT, "cannot send: the header %s is a %s", name,
                  luaL_typename(L, -1));
    const char *value =
        secret ? hidden_text(L, -1, x, &len) : luaL_tolstring(L, -1, &len);
    if (!is_header_text(value, len))
        fail_text(L, ERR_INVALID, "cannot send: the header %s holds a control character",
                  name);
    exchange_add_header(x, name, value);
    if (secret)
        x->secret_header = 1;
    else
        lua_pop(L, 1);
}

static void read_headers(lua_State *L, struct exchange *x)
{
    if (option(L, "headers") != LUA_TNIL) {
        if (!lua_istable(L, -1))
            fail_text(L, ERR_SCRIPT, "cannot send: `headers` is a %s, not a table",
                      luaL_typename(L, -1));
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
            check_header_name(L, x, name);
            add_header(L, x, name);
        }
    }
    lua_pop(L, 1);
}

static int has_header(const struct exchange *x, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < x->nheaders; i++)
        if (strncasecmp(x->headers[i], name, n) == 0 && x->headers[i][n] == ':')
            return 1;
    return 0;
}

/* Encodes a body that holds secrets, and no files: with handles in their place, which
 * exchange_send replaces. In JSON a text cannot have a '"' without '\\' before it. */
static int encode_with_secrets(lua_State *L, struct exchange *x)
{
    struct err ignored;
    buf_reset(&x->body);
    if (!lua_istable(L, BODY) ||
        conv_encode(L, BODY, &x->body, CONV_HANDLES, &ignored) != 0 ||
        !strstr(buf_str(&x->body), "{\"$secret\":") ||
        strstr(buf_str(&x->body), "{\"$file\":["))
        return -1;
    x->has_secrets = x->secret_header = 1; /* to no other host */
    return 0;
}

static void read_body(lua_State *L, struct exchange *x)
{
    struct err e;
    int multipart = flag(L, "multipart");
    if (lua_isnil(L, BODY))
        return;
    if (multipart) {
        if (!lua_istable(L, BODY))
            fail_text(L, ERR_SCRIPT, "cannot send a form: the body is a %s, not a table",
                      luaL_typename(L, BODY));
        form_flatten(L, BODY, x);
        return;
    }
    x->has_body = 1;
    if (lua_type(L, BODY) == LUA_TSTRING) {
        size_t len;
        const char *text = lua_tolstring(L, BODY, &len);
        if (buf_add(&x->body, text, len) != 0)
            fail_text(L, ERR_LIMIT, "cannot send: the body is larger than %zu MiB",
                      x->body.max >> 20);
        return;
    }
    if (conv_encode(L, BODY, &x->body, CONV_PLAIN, &e) != 0 &&
        encode_with_secrets(L, x) != 0) {
        err_prefix(&e, "cannot send %s", x->what);
        fail_raise(L, &e);
    }
    if (!has_header(x, "content-type"))
        exchange_add_header(x, "Content-Type", "application/json");
}

/* Reads the option `merge`: {from = PATH, at = DOTTED PATH}. */
static void read_merge(lua_State *L, struct exchange *x)
{
    if (x->mode == EXCHANGE_DECLARED && option(L, "merge") == LUA_TTABLE) {
        push_raw(L, lua_gettop(L), "from");
        push_raw(L, lua_gettop(L) - 1, "at");
        const char *from = lua_tostring(L, -2), *at = lua_tostring(L, -1);
        if (!x->has_body || x->reads || x->has_secrets || !from || !at)
            fail_text(L, ERR_INVALID,
                      "cannot send %s: only a JSON body without secrets can be merged "
                      "with what the API has; send a file or a secret in a call of its "
                      "own",
                      x->what);
        x->merge = merge_new(from, at, &x->body);
    }
    lua_settop(L, EXCHANGE);
}

/* The app whose connection a path belongs to. */
static const char *read_app(lua_State *L, const struct exchange *x)
{
    const struct run_scope *scope = run_scope(x->run);
    if (option(L, "connection") == LUA_TSTRING)
        return lua_tostring(L, -1);
    if (!lua_isnil(L, -1))
        fail_text(L, ERR_SCRIPT, "cannot send: `connection` is the name of an app");
    return scope ? scope->app : "";
}

/* Appends the option `query` to TARGET in URL. What follows a '#' is never sent, so a
 * query behind it would be lost. -1 when it is too long. */
static int add_query(lua_State *L, const char *target, struct buf *url)
{
    if (option(L, "query") == LUA_TNIL)
        return buf_adds(url, target);
    if (!lua_istable(L, -1))
        fail_text(L, ERR_SCRIPT, "cannot send: `query` is a %s, not a table",
                  luaL_typename(L, -1));
    if (buf_add(url, target, strcspn(target, "#")) != 0)
        return -1;
    return api_url_add_query(L, lua_gettop(L), url,
                             strchr(buf_str(url), '?') ? '&' : '?');
}

static void read_target(lua_State *L, struct exchange *x)
{
    struct err e;
    const char *app = read_app(L, x), *target = NULL;
    int secret = handles_to_secret(L, TARGET) != NULL;
    size_t len = 0;
    if (secret)
        target = hidden_text(L, TARGET, x, &len);
    else if (lua_type(L, TARGET) == LUA_TSTRING)
        target = lua_tolstring(L, TARGET, &len);
    if (!target || strlen(target) != len)
        fail_text(L, ERR_SCRIPT, "cannot %s: the address is a %s, not a text", x->method,
                  luaL_typename(L, TARGET));
    struct buf *url = handles_push_buf(L, 64 * 1024);
    if (add_query(L, target, url) != 0)
        fail_text(L, ERR_LIMIT, "cannot %s: the address is longer than 64 KiB",
                  x->method);
    int refused = exchange_resolve(x, buf_str(url), app, secret, &e);
    if (secret)
        mask_add_url(&x->sent, target);
    buf_free(url);
    if (refused)
        fail_raise(L, &e);
    lua_settop(L, EXCHANGE);
}

/* ---- the request ---- */

static void check_effect(lua_State *L, const struct exchange *x)
{
    const struct run_scope *scope = run_scope(x->run);
    if (!scope)
        fail_text(L, ERR_SCRIPT, "cannot %s outside of a script's run", x->what);
    if (!x->reads && scope->effect == RUN_EFFECT_READ)
        fail_text(
            L, ERR_FORBIDDEN,
            "cannot %s: %s %s declares effect = \"read\", which may only GET and HEAD "
            "(a POST that only reads says reads = true)",
            x->what, scope->kind, scope->name);
}

/* Returns the body of the script's request, a new reference, with handles in the place of
 * files and secrets; NULL: there is none. */
static json_t *asked_body(lua_State *L, const struct exchange *x)
{
    struct err e;
    if (x->merge) /* it is merged by now */
        return jsontree_read(x->body.data, x->body.len, NULL);
    if (lua_isnil(L, BODY))
        return NULL;
    struct buf *bytes = handles_push_buf(L, x->body.max);
    if (conv_encode(L, BODY, bytes, CONV_HANDLES, &e) != 0)
        fail_raise(L, &e);
    json_t *body = jsontree_read(bytes->data, bytes->len, NULL);
    buf_free(bytes);
    lua_settop(L, EXCHANGE);
    return body;
}

/* Ends the step of a request that is not sent, and returns its invented answer. */
static int answer_dry(lua_State *L, struct exchange *x)
{
    struct err e;
    json_t *body = x->reads ? NULL : asked_body(L, x);
    int rc = exchange_answer_dry(x, body, &e);
    json_decref(body);
    if (rc != 0)
        return fail_raise(L, &e);
    int n = api_answer_push(L, x, x->packed.data, x->packed.len);
    exchange_fini(x);
    return n;
}

/* A run that has written cannot go on as though it had not: what it made is there, and
 * what it would make is not. */
static int park_dry(lua_State *L, struct exchange *x)
{
    struct err e;
    err_set(&e, ERR_CONFLICT, "%s is not sent: %s", x->what, run_spec(x->run)->dry_parks);
    journal_cancel(run_journal(x->run), x->seq);
    return run_committer(x->run) ? run_park_here(L, &e) : run_give_up(L, &e);
}

static int continue_exchange(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct exchange *x = lua_touserdata(L, EXCHANGE);
    if (x->merge && x->packed.len == 0)
        return answer_dry(L, x);
    int n = api_answer_push(L, x, x->packed.data, x->packed.len);
    exchange_fini(x); /* now: the collector knows nothing of the memory that x holds */
    return n;
}

/* Reads the arguments. Raises for a request that cannot be sent. */
static void read_request(lua_State *L, struct exchange *x)
{
    read_target(L, x);
    read_headers(L, x);
    read_body(L, x);
    read_merge(L, x);
    x->raw = flag(L, "raw");
    x->is_file = x->mode == EXCHANGE_DECLARED && flag(L, "file");
    if (!flag(L, "reads"))
        return;
    if (!x->reads && strcmp(x->method, "POST") != 0)
        fail_text(L, ERR_SCRIPT, "cannot %s with reads = true: that is for a POST",
                  x->what);
    x->reads = 1;
}

/* Returns the path below the address that the connection has now; NULL: X goes to none,
 * or elsewhere on its hosts. */
static const char *path_below(const struct exchange *x)
{
    const char *base = x->connection ? x->connection->base : NULL;
    if (!base || !str_starts(x->url, base) || x->url[strlen(base)] != '/')
        return NULL;
    return x->url + strlen(base);
}

/* Makes the step's input, by which a replay recognizes the request. It has the size of a
 * file instead of its bytes; of a connection, APP and PATH, as the API may give the
 * company another address meanwhile. PATH NULL: the whole address. */
static int make_input(lua_State *L, const struct exchange *x, const char *path,
                      struct buf **out)
{
    struct buf *input = *out = handles_push_buf(L, x->body.max + 128 * 1024);
    int rc = path ? buf_addf(input, "%s %s:%s\n", x->method, x->connection->app, path)
                  : buf_addf(input, "%s %s\n", x->method, x->url);
    for (size_t i = 0; i < x->nparts; i++) {
        const struct httpc_part *part = &x->parts[i];
        rc |= buf_addf(input, "%s=%zu:", part->name, part->len);
        rc |= buf_add(input, part->data, part->filename ? 0 : part->len);
    }
    return rc | buf_add(input, x->body.data, x->body.len);
}

static int begin_step(lua_State *L, struct exchange *x, struct journal_step *step,
                      struct err *e)
{
    struct journal *journal = run_journal(x->run);
    const char *path = path_below(x);
    struct buf *input;
    int rc = make_input(L, x, path, &input);
    if (rc == 0 && path && journal_is_replaying(journal) &&
        !journal_is_next(journal, input->data, input->len)) {
        buf_free(input); /* an older foyer recorded the whole address */
        rc = make_input(L, x, NULL, &input);
        if (rc == 0 && !journal_is_next(journal, input->data, input->len)) {
            buf_free(input);
            rc = make_input(L, x, path, &input);
        }
    }
    if (rc != 0)
        return err_set(e, ERR_LIMIT, "cannot send: the request is too large");
    int answer = journal_begin(journal, "http", x->what, input->data, input->len,
                               !x->reads, step, e);
    buf_free(input);
    if (!x->reads && answer >= 0)
        x->templates = run_take_rendered(x->run);
    return answer;
}

/* Sends the request and waits. When it cannot be sent, raises, or gives up the attempt if
 * it may work later. */
static int send_request(lua_State *L, struct exchange *x)
{
    struct err e;
    if (run_spec(x->run)->is_replay)
        err_set(&e, ERR_UNAVAILABLE, "nothing is sent in a replay");
    else if (exchange_send(x, &e) == 0)
        return lua_yieldk(L, 0, 0, continue_exchange);
    int is_retryable = err_kind_is_retryable(e.kind);
    if (is_retryable && run_is_catching(x->run)) {
        /* recorded, so that a replay raises it too */
        packed_error(&x->packed, &e);
        if (exchange_end(x, &e) != 0)
            return fail_raise(L, &e);
        return api_answer_push(L, x, x->packed.data, x->packed.len);
    }
    journal_cancel(run_journal(x->run), x->seq);
    if (is_retryable || e.kind == ERR_AUTH || e.kind == ERR_CONFLICT)
        return run_give_up(L, &e);
    return fail_raise(L, &e);
}

static int perform(lua_State *L, struct exchange *x)
{
    struct err e;
    struct journal_step step;
    if (!lua_isyieldable(L)) /* before anything is sent */
        fail_text(L, ERR_SCRIPT,
                  "cannot %s here: a request waits, and inside string.gsub, tostring or "
                  "string.format nothing can; do it before or after",
                  x->method);
    read_request(L, x);
    check_effect(L, x);
    if (!x->reads && run_refuses_writes(x->run)) {
        err_set(&e, ERR_INTERNAL, "interrupted before %s", x->what);
        return run_give_up(L, &e);
    }
    /* A write waits for the disk and the API: other runs can have the memory meanwhile.
     * Before the step begins, because a finalizer may raise. */
    if (!x->reads && run_committer(x->run))
        lua_gc(L, LUA_GCCOLLECT);
    int answer = begin_step(L, x, &step, &e);
    if (answer < 0)
        return fail_raise(L, &e);
    x->seq = step.seq;
    x->is_again = step.is_again;
    if (answer == JOURNAL_RECORDED) {
        if (step.is_dry)
            exchange_remember_dry(x, step.result, step.len);
        return api_answer_push(L, x, step.result, step.len);
    }
    if (answer == JOURNAL_PENDING) {
        err_set(&e, ERR_UNCERTAIN, "cannot tell whether it was done: %s was sent before",
                x->what);
        return run_give_up(L, &e);
    }
    if (!x->reads && run_spec(x->run)->dry_parks)
        return park_dry(L, x);
    if (!x->reads && run_spec(x->run)->dry && !x->merge)
        return answer_dry(L, x);
    if (x->reads && run_spec(x->run)->dry && exchange_is_of_dry(x))
        return answer_dry(L, x);
    return send_request(L, x);
}

/* Of ctx.http:get(…) the first argument is ctx.http itself. */
static void check_no_self(lua_State *L)
{
    if (lua_istable(L, TARGET))
        luaL_error(L, "the address is a table, not a text: is it ctx.http:… where "
                      "ctx.http.… is meant?");
}

static const struct verb {
    const char *name, *method;
    enum exchange_mode mode;
    int has_body;
} verbs[] = {{"get", "GET", EXCHANGE_VERB, 0},      {"head", "HEAD", EXCHANGE_VERB, 0},
             {"page", "GET", EXCHANGE_PAGE, 0},     {"post", "POST", EXCHANGE_VERB, 1},
             {"put", "PUT", EXCHANGE_VERB, 1},      {"patch", "PATCH", EXCHANGE_VERB, 1},
             {"delete", "DELETE", EXCHANGE_VERB, 1}};

/* ctx.http.get(target, opts), ctx.http.post(target, body, opts), and the other verbs. The
 * upvalue is the verb. */
static int api_http_verb(lua_State *L)
{
    const struct verb *verb = lua_touserdata(L, lua_upvalueindex(1));
    check_no_self(L);
    lua_settop(L, verb->has_body ? 3 : 2);
    if (!verb->has_body) {
        lua_pushnil(L);
        lua_insert(L, BODY);
    }
    struct exchange *x = new_exchange(L, verb->method, verb->mode);
    check_options(L, verb->mode);
    return perform(L, x);
}

static int send_table(lua_State *L, enum exchange_mode mode)
{
    if (!lua_istable(L, 1))
        return fail_text(L, ERR_SCRIPT,
                         "ctx.http.request takes one table: {method=, url=, …}");
    lua_settop(L, 1);
    push_raw(L, 1, "url");
    push_raw(L, 1, "body");
    lua_rotate(L, 1, -1); // url body options
    push_raw(L, OPTIONS, "method");
    const char *method = lua_isnil(L, -1) ? "GET" : lua_tostring(L, -1);
    if (!method)
        return fail_text(L, ERR_SCRIPT, "cannot send: `method` is a %s",
                         luaL_typename(L, -1));
    check_method(L, method);
    struct exchange *x = new_exchange(L, method, mode);
    check_options(L, mode);
    return perform(L, x);
}

/* ctx.http.request{method=, url=, …} */
static int api_http_request(lua_State *L)
{
    return send_table(L, EXCHANGE_REQUEST);
}

/* std.send{method=, url=, …} -> the answer's body; {} for none; a page of a list */
int api_http_send(lua_State *L)
{
    return send_table(L, EXCHANGE_DECLARED);
}

int api_http_open(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        lua_pushlightuserdata(L, (void *)&verbs[i]);
        lua_pushcclosure(L, api_http_verb, 1);
        lua_setfield(L, -2, verbs[i].name);
    }
    lua_pushcfunction(L, api_http_request);
    lua_setfield(L, -2, "request");
    env_push_readonly(L, "ctx.http"); /* the scripts of a run share it */
    return 1;
}
