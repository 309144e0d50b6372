#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "api/api.h"
#include "vm/bounded.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "vm/run.h"

/* The fields of ctx that are C functions; lua/std/call.lua makes the table. */

/* ctx.now() -> seconds since 1970. A recorded step, so that a replay sees the same time.
 */
static int api_ctx_now(lua_State *L)
{
    struct journal_step step;
    char text[32];
    if (api_step_begin(L, "now", "now", "", 0, &step) == JOURNAL_RECORDED) {
        snprintf(text, sizeof text, "%.*s", (int)step.len, step.result);
    } else {
        int64_t ms = clock_wall_ms();
        int n = snprintf(text, sizeof text, "%lld.%03d", (long long)(ms / 1000),
                         (int)(ms % 1000));
        api_step_end(L, step.seq, text, (size_t)n);
    }
    lua_pushnumber(L, strtod(text, NULL));
    return 1;
}

/* ctx.log(text) or ctx.log(level, text): logs a line, but not while recorded steps are
 * replayed. */
static int api_ctx_log(lua_State *L)
{
    static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
    struct run *run = run_of(L);
    enum log_level level = LOG_INFO;
    int text = 1;
    if (lua_gettop(L) >= 2) {
        level = (enum log_level)luaL_checkoption(L, 1, "info", levels);
        text = 2;
    }
    const char *message = bounded_push_text(L, text);
    if (!journal_is_replaying(run_journal(run)))
        log_line(level, "%s: %s", run_spec(run)->label, message);
    return 0;
}

/* ctx.skip(reason): ends the run as skipped. Never returns. */
static int api_ctx_skip(lua_State *L)
{
    return run_skip(L, luaL_optstring(L, 1, "skipped"));
}

int api_ctx_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"now", api_ctx_now}, {"log", api_ctx_log}, {"skip", api_ctx_skip}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}

/* ---- for the other tables ---- */

int api_step_begin(lua_State *L, const char *kind, const char *name, const void *input,
                   size_t len, struct journal_step *step)
{
    struct err e;
    struct journal *journal = run_journal(run_of(L));
    int answer = journal_begin(journal, kind, name, input, len, 0, step, &e);
    return answer < 0 ? fail_raise(L, &e) : answer;
}

void api_step_end(lua_State *L, int seq, const char *result, size_t len)
{
    struct err e;
    if (journal_end(run_journal(run_of(L)), seq, result, len, &e) != 0)
        fail_raise(L, &e);
}

const char *api_file_bytes(lua_State *L, int id, size_t *len)
{
    const char *data = run_file(run_of(L), id, len);
    if (!data)
        fail_text(L, ERR_INTERNAL, "cannot read a file: it is not part of this run");
    return data;
}

const char *api_secret_text(lua_State *L, int idx, size_t *len)
{
    const char *name = handles_to_secret(L, idx);
    struct run *run = run_of(L);
    struct err e;
    struct buf *value = run_secret_buf(run);
    buf_adds(value, handles_secret_before(L, idx));
    if (run_host(run)->secret(run_host(run)->arg, name, value, &e) != 0)
        fail_raise(L, &e);
    buf_adds(value, handles_secret_behind(L, idx));
    *len = value->len;
    return buf_str(value);
}
