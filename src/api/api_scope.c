#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/crypto.h"
#include "api/api.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "vm/run.h"

/* Scopes: one script calls another, and the input and the result are copies. Part of the
 * std table, for lua/std. */

static enum run_effect check_effect(lua_State *L, int idx)
{
    static const char *const names[] = {"read", "idempotent", "write", NULL};
    return (enum run_effect)luaL_checkoption(L, idx, "read", names);
}

/* Pushes a buffer for what a step may have. */
static struct buf *push_step_buf(lua_State *L)
{
    return handles_push_buf(L, vm_limits(run_vm(run_of(L)))->step_bytes);
}

/* Pushes a buffer with the JSON of the value at IDX. Raises for a value that is not data:
 * the script's mistake, not its input's. */
static struct buf *push_data(lua_State *L, int idx, const char *doing, const char *name,
                             const char *what)
{
    struct err e;
    struct buf *bytes = push_step_buf(L);
    if (conv_encode(L, idx, bytes, CONV_HANDLES, &e) != 0) {
        if (e.kind == ERR_INVALID)
            e.kind = ERR_SCRIPT;
        err_prefix(&e, "cannot %s %s: its %s", doing, name, what);
        fail_raise(L, &e);
    }
    return bytes;
}

/* Closes a scope that an error, such as one when memory runs out, left open: the calling
 * script must not continue in it. A to-be-closed userdata. */
struct guard {
    struct run *run; /* NULL: the scope is closed */
    int depth, seq;
};

/* Neither raises nor allocates Lua memory. */
static void close_guard(struct guard *guard)
{
    static const char lost[] = "{\"error\":{\"kind\":\"limit\",\"message\":"
                               "\"the script was cut short\"}}";
    if (!guard->run)
        return;
    run_pop_scopes(guard->run, guard->depth);
    journal_unwind(run_journal(guard->run), guard->seq, lost, sizeof lost - 1);
    guard->run = NULL;
}

static int guard_close(lua_State *L)
{
    close_guard(luaL_checkudata(L, 1, "foyer.guard"));
    return 0;
}

static struct guard *push_guard(lua_State *L)
{
    static const luaL_Reg meta[] = {{"__close", guard_close}, {NULL, NULL}};
    struct guard *guard = lua_newuserdatauv(L, sizeof *guard, 0);
    *guard = (struct guard){0};
    if (luaL_newmetatable(L, "foyer.guard"))
        luaL_setfuncs(L, meta, 0);
    lua_setmetatable(L, -2);
    return guard;
}

/* Enters the scope NAME of the journal with the input BYTES, which it frees. Returns 1
 * with GUARD closing the scope, down to DEPTH; 0 for a recorded scope, with nil and its
 * result pushed. */
static int enter(lua_State *L, const char *name, struct buf *bytes, int depth,
                 struct guard *guard, struct journal_step *step)
{
    struct run *run = run_of(L);
    struct err e;
    int answer = journal_enter(run_journal(run), name, bytes->data, bytes->len, step, &e);
    buf_free(bytes); /* now: its finalizer fails when the C stack is full */
    if (answer == JOURNAL_NEW) {
        *guard = (struct guard){run, depth, step->seq};
        return 1;
    }
    run_pop_scopes(run, depth);
    if (answer < 0)
        fail_raise(L, &e);
    lua_pushnil(L);
    conv_push(L, step->result, step->len, CONV_HANDLES);
    return 0;
}

/* std.enter(kind, name, app, effect, input, bulk, catches)
 *   -> copy of the input, nil, guard | nil, recorded result
 * The caller closes the guard when the scope ends. BULK: its reads let replies and
 * activations go first. CATCHES: retryable failures are raised. */
int api_std_enter(lua_State *L)
{
    struct run *run = run_of(L);
    struct err e;
    struct journal_step step;
    const char *kind = luaL_checkstring(L, 1), *name = luaL_checkstring(L, 2);
    const char *app = luaL_checkstring(L, 3);
    enum run_effect effect = check_effect(L, 4);
    int bulk = lua_toboolean(L, 6), catches = lua_toboolean(L, 7);
    lua_settop(L, 5);
    struct guard *guard = push_guard(L);                        // 6
    struct buf *bytes = push_data(L, 5, "call", name, "input"); // 7
    const struct run_scope *outer = run_scope(run);
    enum run_effect most = outer ? outer->effect : RUN_EFFECT_WRITE;
    int depth = run_depth(run);
    /* before the scope is open, because it may fail */
    conv_push(L, bytes->data, bytes->len, CONV_HANDLES); // 8: the copy
    struct run_scope *scope = run_push_scope(run, &e);
    if (!scope)
        return fail_raise(L, &e);
    if (!enter(L, name, bytes, depth, guard, &step)) {
        if (effect != RUN_EFFECT_READ && strcmp(kind, "action") == 0)
            json_decref(run_take_rendered(run)); /* its writes are not asked for again */
        return 2;
    }
    snprintf(scope->kind, sizeof scope->kind, "%s", kind);
    snprintf(scope->name, sizeof scope->name, "%s", name);
    snprintf(scope->app, sizeof scope->app, "%s", app);
    scope->effect = effect < most ? effect : most;
    scope->seq = step.seq;
    scope->bulk |= bulk;
    scope->catches |= catches;
    lua_pushnil(L);
    lua_pushvalue(L, 6);
    return 3;
}

/* {error = …}, from lua/std */
static int is_failure(lua_State *L, int idx)
{
    int fails = lua_getfield(L, idx, "error") != LUA_TNIL;
    lua_pop(L, 1);
    return fails;
}

/* Ends the scope of GUARD with the value at IDX, pushes a copy of it and returns 1. */
static int leave(lua_State *L, struct guard *guard, int idx, const char *name,
                 const char *what)
{
    struct err e;
    lua_settop(L, 2);
    struct buf *bytes = push_data(L, idx, "return from", name, what);
    conv_push(L, bytes->data, bytes->len, CONV_HANDLES);
    if (journal_leave(run_journal(guard->run), guard->seq, is_failure(L, idx),
                      bytes->data, bytes->len, &e) != 0)
        return fail_raise(L, &e);
    buf_free(bytes);
    run_pop_scopes(guard->run, guard->depth);
    guard->run = NULL;
    return 1;
}

/* std.leave(result, guard) -> a copy of the result. {error = …} is the result of a scope
 * that failed. When it raises because the result is not data, the scope is still open. */
int api_std_leave(lua_State *L)
{
    struct guard *guard = luaL_checkudata(L, 2, "foyer.guard");
    const struct run_scope *scope = run_scope(run_of(L));
    if (!scope || !guard->run || scope->seq != guard->seq)
        return luaL_error(L, "this scope is not open");
    return leave(L, guard, 1, scope->name, "result");
}

/* std.dry() -> Unix seconds in a run that sends no write, else nil */
int api_std_dry(lua_State *L)
{
    if (run_spec(run_of(L))->dry)
        lua_pushinteger(L, clock_wall_ms() / 1000);
    else
        lua_pushnil(L);
    return 1;
}

/* std.dry_answer(value): what the answers to writes of the innermost scope look like. */
int api_std_dry_answer(lua_State *L)
{
    struct run_scope *scope = run_scope(run_of(L));
    lua_settop(L, 1);
    if (!scope)
        return luaL_error(L, "no scope is open");
    struct buf *bytes = push_data(L, 1, "call", scope->name, "output");
    free(scope->dry);
    scope->dry = xmemdup0(bytes->data, bytes->len);
    buf_free(bytes);
    return 0;
}

/* ---- ctx.each: a scope of the journal alone, with a checkpoint at each page's end ----
 */

/* std.enter_each(name, first) -> where to begin, nil, guard | nil, recorded result
 * A walk begins at FIRST, which is data; a replay begins at the last checkpoint. */
int api_std_enter_each(lua_State *L)
{
    struct err e;
    struct journal_step step;
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 2);
    struct guard *guard = push_guard(L); // 3
    struct buf *bytes = push_data(L, 2, "walk", name, "input");
    /* before the scope is open, because it may fail */
    conv_push(L, bytes->data, bytes->len, CONV_HANDLES);
    if (!enter(L, name, bytes, run_depth(run_of(L)), guard, &step))
        return 2;
    if (step.result && conv_decode(L, step.result, step.len, CONV_HANDLES, &e) != 0) {
        close_guard(guard);
        return fail_raise(L, &e);
    }
    lua_pushnil(L);
    lua_pushvalue(L, 3);
    return 3;
}

struct page_end { /* a userdata: its __gc withdraws */
    struct run *run;
    void *committing;
};

static void withdraw_page_end(void *arg)
{
    struct page_end *end = arg;
    if (end->committing)
        run_committer(end->run)->withdraw(run_committer(end->run)->arg, end->committing);
    end->committing = NULL;
}

static void on_page_stored(void *arg, const struct err *e)
{
    struct page_end *end = arg;
    end->committing = NULL;
    if (e->kind != ERR_NONE)
        run_fail(end->run, e);
    else
        run_ready(end->run);
}

static int after_page(lua_State *L, int status, lua_KContext context)
{
    (void)L, (void)status, (void)context;
    return 0;
}

/* std.page(guard, where): notes and stores WHERE a replay continues from. */
int api_std_page(lua_State *L)
{
    struct run *run = run_of(L);
    struct err e;
    struct guard *guard = luaL_checkudata(L, 1, "foyer.guard");
    lua_settop(L, 2);
    struct buf *bytes = push_data(L, 2, "walk", "ctx.each", "state");
    struct page_end *end = lua_newuserdatauv(L, sizeof *end, 0);
    *end = (struct page_end){.run = run};
    if (journal_checkpoint(run_journal(run), guard->seq, bytes->data, bytes->len, &e) !=
        0)
        return fail_raise(L, &e);
    buf_free(bytes);
    if (!run_committer(run))
        return 0;
    static const struct run_commit commit = {.kind = RUN_COMMIT_CHECKPOINT,
                                             .text = "a page"};
    run_committer(run)->commit(run_committer(run)->arg, run, &commit, on_page_stored, end,
                               &end->committing);
    run_wait(run, withdraw_page_end, end);
    return lua_yieldk(L, 0, 0, after_page);
}

/* std.leave_each(guard, result) -> a copy of the result; {error = …} is the result of a
 * walk that failed */
int api_std_leave_each(lua_State *L)
{
    struct guard *guard = luaL_checkudata(L, 1, "foyer.guard");
    if (!guard->run)
        return luaL_error(L, "this walk is over");
    return leave(L, guard, 2, "ctx.each", "state");
}

/* std.copy(value) -> a copy through canonical JSON, and the number of its bytes */
int api_std_copy(lua_State *L)
{
    struct err e;
    lua_settop(L, 1);
    struct buf *bytes = push_step_buf(L);
    if (conv_encode(L, 1, bytes, CONV_HANDLES, &e) != 0)
        return fail_raise(L, &e);
    conv_push(L, bytes->data, bytes->len, CONV_HANDLES);
    lua_pushinteger(L, (lua_Integer)bytes->len);
    buf_free(bytes);
    return 2;
}

enum { FINGERPRINT_SIZE = 8 };

/* std.fingerprint(value) -> 11 characters of base64: the first 64 bits of SHA-256 over
 * its canonical JSON */
int api_std_fingerprint(lua_State *L)
{
    struct err e;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    lua_settop(L, 1);
    struct buf *bytes = push_step_buf(L);
    if (conv_encode(L, 1, bytes, CONV_PLAIN, &e) != 0)
        return fail_raise(L, &e);
    crypto_sha256(bytes->data, bytes->len, hash);
    buf_free(bytes);
    char *text = str_base64(hash, FINGERPRINT_SIZE), mark[16];
    snprintf(mark, sizeof mark, "%.11s", text); /* without its padding */
    free(text);
    lua_pushstring(L, mark);
    return 1;
}

enum { CLONE_DEPTH = 100 };

static void clone(lua_State *L, int idx, int depth)
{
    luaL_checkstack(L, 5, NULL);
    if (lua_type(L, idx) != LUA_TTABLE) {
        lua_pushvalue(L, idx);
        return;
    }
    if (depth == CLONE_DEPTH)
        luaL_error(L, "cannot copy: more than %d levels", CLONE_DEPTH);
    lua_createtable(L, (int)lua_rawlen(L, idx), 0); // copy
    if (lua_getmetatable(L, idx))                   // [] stays []
        lua_setmetatable(L, -2);
    for (lua_pushnil(L); lua_next(L, idx);) { // copy key value
        lua_pushvalue(L, -2);
        clone(L, lua_gettop(L) - 1, depth + 1); // copy key value key value'
        lua_rawset(L, -5);                      // copy key value
        lua_pop(L, 1);
    }
}

/* std.clone(value) -> a copy of a value that came from JSON, ten times as fast as
 * std.copy
 */
int api_std_clone(lua_State *L)
{
    lua_settop(L, 1);
    clone(L, 1, 0);
    return 1;
}

/* std.finish(result): sets the result of the run */
int api_std_finish(lua_State *L)
{
    struct err e;
    lua_settop(L, 1);
    if (conv_encode(L, 1, run_result_buf(run_of(L)), CONV_PLAIN, &e) != 0) {
        err_prefix(&e, "cannot hand out the result");
        return fail_raise(L, &e);
    }
    return 0;
}
