#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/ahead.h"
#include "api/api.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "vm/run.h"

/* Part of the std table, for lua/std: sleeping and waiting, which end the attempt and
 * need a committer that keeps the run; parking; and the values of ctx.store. */

/* Raises where ctx.sleep and ctx.wait_for cannot end the attempt, or no worker would
 * continue the run. */
static void check_can_end(lua_State *L, const char *what)
{
    if (!lua_isyieldable(L))
        fail_text(L, ERR_SCRIPT,
                  "cannot use %s here: inside string.gsub, tostring or a sort's order "
                  "nothing can wait",
                  what);
    const struct run_spec *spec = run_spec(run_of(L));
    if (!spec->committer && !spec->dry && !spec->is_replay)
        fail_text(
            L, ERR_SCRIPT,
            "cannot use %s here: only a recipe's run is kept while it waits (`foyer "
            "run`, cron, or an event)",
            what);
}

/* std.sleep(seconds) */
int api_std_sleep(lua_State *L)
{
    struct journal_step step;
    char text[32];
    lua_Number seconds = luaL_checknumber(L, 1);
    check_can_end(L, "ctx.sleep");
    int n = snprintf(text, sizeof text, "%.3f", seconds);
    int answer = api_step_begin(L, "sleep", text, text, (size_t)n, &step);
    int64_t now_ms = clock_wall_ms(), until_ms = now_ms + (int64_t)(seconds * 1000);
    if (answer == JOURNAL_RECORDED) {
        snprintf(text, sizeof text, "%.*s", (int)step.len, step.result);
        until_ms = strtoll(text, NULL, 10);
        return until_ms <= now_ms || ahead_is_sleep(until_ms, now_ms)
                   ? 0
                   : run_sleep(L, until_ms);
    }
    n = snprintf(text, sizeof text, "%lld", (long long)until_ms);
    api_step_end(L, step.seq, text, (size_t)n);
    return run_sleep(L, until_ms);
}

/* std.wait(trigger, match, seconds) -> the event, or null when none came in time */
int api_std_wait(lua_State *L)
{
    struct journal_step step;
    struct err e;
    const char *trigger = luaL_checkstring(L, 1);
    lua_Number seconds = luaL_checknumber(L, 3);
    check_can_end(L, "ctx.wait_for");
    lua_settop(L, 3);
    struct buf *match = handles_push_buf(L, 16 * 1024);
    if (conv_encode(L, 2, match, CONV_PLAIN, &e) != 0) {
        err_prefix(&e, "cannot wait for %s", trigger);
        return fail_raise(L, &e);
    }
    if (api_step_begin(L, "wait", trigger, match->data, match->len, &step) ==
        JOURNAL_RECORDED)
        return conv_push(L, step.result, step.len, CONV_PLAIN);
    return run_wait_for(L, step.seq, trigger, buf_str(match),
                        clock_wall_ms() + (int64_t)(seconds * 1000));
}

/* std.park(kind, sentence): parks the run until a person decides; a run in memory fails.
 * Never returns. */
int api_std_park(lua_State *L)
{
    struct err e;
    enum err_kind kind = err_kind_find(luaL_checkstring(L, 1));
    err_set(&e, kind, "%s", luaL_checkstring(L, 2));
    return run_committer(run_of(L)) ? run_park_here(L, &e) : fail_raise(L, &e);
}

/* ---- ctx.store ---- */

static const char *check_client(lua_State *L)
{
    const char *client = run_client(run_of(L));
    if (!client)
        fail_text(L, ERR_SCRIPT, "cannot use ctx.store: no client is named");
    return client;
}

struct loading { /* a userdata; zeroed but for run, seq and value */
    struct run *run;
    int seq;           /* of the step */
    void *pending;     /* of the host, or NULL */
    struct buf *value; /* the step's result */
    struct err err;    /* it is raised in the script */
};

static void withdraw_loading(void *arg)
{
    struct loading *l = arg;
    const struct run_host *host = run_host(l->run);
    if (l->pending)
        host->withdraw_value(host->access, l->pending);
    l->pending = NULL;
}

static void on_loaded(void *arg, const char *value, const struct err *e)
{
    struct loading *l = arg;
    struct journal *journal = run_journal(l->run);
    l->pending = NULL;
    if (e->kind != ERR_NONE) {
        journal_cancel(journal, l->seq);
        if (err_kind_is_retryable(e->kind)) {
            run_fail(l->run, e);
            return;
        }
        l->err = *e;
    } else if (buf_adds(l->value, value ? value : "null") != 0) {
        journal_cancel(journal, l->seq);
        err_set(&l->err, ERR_LIMIT, "cannot read a value of ctx.store: it is too large");
    } else if (journal_end(journal, l->seq, l->value->data, l->value->len, &l->err) ==
               0) {
        err_clear(&l->err);
    }
    run_ready(l->run);
}

/* Resumes when the value is read. Stack: 2 its bytes, 3 the loading. */
static int after_loading(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    const struct loading *l = lua_touserdata(L, 3);
    if (l->err.kind != ERR_NONE)
        return fail_raise(L, &l->err);
    return conv_push(L, l->value->data, l->value->len, CONV_PLAIN);
}

/* A dry run keeps what it sets for itself: foyer's store, too, stays as it is. */
static void keep_dry_value(struct run *run, const char *key, const char *value)
{
    json_t *tree = value ? jsontree_reads(value, NULL) : NULL;
    json_object_set_new(run_dry(run)->values, key, tree ? tree : json_null());
}

/* Returns 1 with the value that the dry run has set KEY to. */
static int has_dry_value(struct run *run, const char *key, struct buf *out)
{
    const json_t *value = json_object_get(run_dry(run)->values, key);
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    int has = text && buf_adds(out, text) == 0;
    free(text);
    return has;
}

/* std.load_value(key) -> value, or null */
int api_std_load_value(lua_State *L)
{
    struct run *run = run_of(L);
    const struct run_host *host = run_host(run);
    struct journal_step step;
    size_t len;
    const char *key = luaL_checklstring(L, 1, &len);
    const char *client = check_client(L);
    if (!lua_isyieldable(L))
        fail_text(
            L, ERR_SCRIPT,
            "cannot get \"%.100s\" from ctx.store here: inside string.gsub, tostring "
            "or a sort's order nothing can wait",
            key);
    lua_settop(L, 1);
    /* allocated before the step, which an error must not leave open */
    struct buf *value = handles_push_buf(L, limits_default.step_bytes);
    struct loading *l = lua_newuserdatauv(L, sizeof *l, 0);
    if (api_step_begin(L, "load", key, key, len, &step) == JOURNAL_RECORDED)
        return conv_push(L, step.result, step.len, CONV_PLAIN);
    if (run_spec(run)->dry && has_dry_value(run, key, value)) {
        api_step_end(L, step.seq, value->data, value->len);
        return conv_push(L, value->data, value->len, CONV_PLAIN);
    }
    *l = (struct loading){.run = run, .seq = step.seq, .value = value};
    host->load_value(host->access, client, key, on_loaded, l, &l->pending);
    run_wait(run, withdraw_loading, l);
    return lua_yieldk(L, 0, 0, after_loading);
}

struct saving { /* a userdata; zeroed but for run and seq */
    struct run *run;
    int seq;          /* of the step */
    void *committing; /* the pending commit, or NULL */
    struct err err; /* ERR_LIMIT: the store has no room, which is raised in the script */
};

static void withdraw_saving(void *arg)
{
    struct saving *s = arg;
    if (s->committing)
        run_committer(s->run)->withdraw(run_committer(s->run)->arg, s->committing);
    s->committing = NULL;
}

static void on_saved(void *arg, const struct err *e)
{
    struct saving *s = arg;
    s->committing = NULL;
    if (e->kind == ERR_NONE) {
        run_ready(s->run);
        return;
    }
    journal_reopen(run_journal(s->run), s->seq); /* the value is not stored */
    s->err = *e;
    if (e->kind == ERR_LIMIT)
        run_ready(s->run);
    else
        run_fail(s->run, e);
}

/* Begins the step that sets the value at index 2 (nil: removes it), which is encoded in
 * the buffer at index 3 (nothing for nil). */
static int begin_saving(lua_State *L, struct journal_step *step)
{
    const char *key = lua_tostring(L, 1);
    const struct buf *bytes = lua_touserdata(L, 3);
    return api_step_begin(L, "save", key, buf_str(bytes), bytes->len, step);
}

/* Resumes after the commit. Without room, the step ends with the reason, so that a replay
 * raises it too. */
static int after_saving(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    struct saving *s = lua_touserdata(L, 4);
    struct journal_step step;
    if (s->err.kind == ERR_NONE)
        return 0;
    begin_saving(L, &step);
    api_step_end(L, step.seq, s->err.text, strlen(s->err.text));
    return fail_raise(L, &s->err);
}

/* Raises where ctx.store.set is not allowed. */
static void check_saving(lua_State *L, const char *key)
{
    struct run *run = run_of(L);
    const struct run_scope *scope = run_scope(run);
    if (scope && scope->effect == RUN_EFFECT_READ)
        fail_text(L, ERR_FORBIDDEN,
                  "cannot set \"%.100s\" in ctx.store: %s %s declares effect = \"read\"",
                  key, scope->kind, scope->name);
    if (run_committer(run) && !lua_isyieldable(L))
        fail_text(L, ERR_SCRIPT,
                  "cannot set \"%.100s\" in ctx.store here: inside string.gsub, tostring "
                  "or a sort's order nothing can wait",
                  key);
}

/* The recorded result is "null", or the reason why there was no room. */
static int replay_saving(lua_State *L, const struct journal_step *step)
{
    if (step->len == 4 && memcmp(step->result, "null", 4) == 0)
        return 0;
    return fail_text(L, ERR_LIMIT, "%.*s", (int)step->len, step->result);
}

/* Stores the value of a run in memory at once. */
static int save_now(lua_State *L, const char *key, const char *value, int seq)
{
    struct run *run = run_of(L);
    const struct run_host *host = run_host(run);
    struct err e;
    if (!run_spec(run)->dry &&
        host->save_value(host->arg, run_client(run), key, value, &e) != 0) {
        journal_cancel(run_journal(run), seq);
        return err_kind_is_retryable(e.kind) ? run_give_up(L, &e) : fail_raise(L, &e);
    }
    api_step_end(L, seq, "null", 4);
    return 0;
}

/* Commits the value with the end of its step. */
static int commit_value(lua_State *L, struct saving *s, const char *key,
                        const char *value)
{
    const struct run_committer *committer = run_committer(s->run);
    api_step_end(L, s->seq, "null", 4);
    struct run_commit commit = {
        .kind = RUN_COMMIT_VALUE, .text = key, .key = key, .value = value};
    committer->commit(committer->arg, s->run, &commit, on_saved, s, &s->committing);
    run_wait(s->run, withdraw_saving, s);
    return lua_yieldk(L, 0, 0, after_saving);
}

/* std.save_value(key, value | nil). Stack: 3 the bytes, 4 the saving. */
int api_std_save_value(lua_State *L)
{
    struct run *run = run_of(L);
    struct journal_step step;
    struct err e;
    const char *key = luaL_checkstring(L, 1);
    check_client(L);
    check_saving(L, key);
    lua_settop(L, 2);
    struct buf *bytes = handles_push_buf(L, 64 * 1024);
    if (!lua_isnil(L, 2) && conv_encode(L, 2, bytes, CONV_PLAIN, &e) != 0) {
        err_prefix(&e, "cannot set \"%.100s\" in ctx.store", key);
        return fail_raise(L, &e);
    }
    const char *value = lua_isnil(L, 2) ? NULL : buf_str(bytes);
    /* allocated before the step, which an error must not leave open */
    struct saving *s = lua_newuserdatauv(L, sizeof *s, 0);
    int answer = begin_saving(L, &step);
    if (run_spec(run)->dry)
        keep_dry_value(run, key, value);
    if (answer == JOURNAL_RECORDED)
        return replay_saving(L, &step);
    if (!run_committer(run) || run_spec(run)->dry)
        return save_now(L, key, value, step.seq);
    *s = (struct saving){.run = run, .seq = step.seq};
    return commit_value(L, s, key, value);
}
