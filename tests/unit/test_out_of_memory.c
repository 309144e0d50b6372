/* Wraps lua_newstate by the linker (WRAP_test_out_of_memory), to put an allocator that
 * fails in front of the attempt's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lauxlib.h>

#include "vmtest.h"

/* Attempts that run out of memory at every place where they can: Lua's Nth allocation
 * fails, for N = 1, 2, … until none does. The attempt fails with kind limit or gets
 * through; the process lives, nothing is lost, and the next attempt works. */

static lua_Alloc real_alloc;
static void *real_ud;
static long count, fail_from, fail_times; /* 0 times: for good */

static void *failing(void *ud, void *ptr, size_t osize, size_t nsize)
{
    (void)ud;
    const struct vm_state *state = real_ud;
    /* the codec is never refused in mid-call, for lua-cjson would leak its buffers */
    if (nsize > (ptr ? osize : 0) && state->allowance == 0) {
        count++;
        if (fail_from && count >= fail_from &&
            (fail_times == 0 || count < fail_from + fail_times))
            return NULL;
    }
    return real_alloc(real_ud, ptr, osize, nsize);
}

/* the linker's --wrap */
lua_State *__wrap_lua_newstate(lua_Alloc f, void *ud);
lua_State *__real_lua_newstate(lua_Alloc f, void *ud);

lua_State *__wrap_lua_newstate(lua_Alloc f, void *ud)
{
    const struct vm_state *state = ud;
    if (!state->owner) /* a settings file's, not an attempt's */
        return __real_lua_newstate(f, ud);
    real_alloc = f;
    real_ud = ud;
    return __real_lua_newstate(failing, ud);
}

struct scenario {
    const char *body, *want;
    long times;
};

static void fail_each(void **state)
{
    const struct scenario *s = *state;
    fail_times = 0;
    struct vmtest t;
    vmtest_init(&t, 1);
    t.limits.resume_cpu_ms = t.limits.attempt_cpu_ms = 60 * 1000;
    static const char action[] = "return { summary = \"x\", effect = \"write\", input = "
                                 "{ n = { \"integer\" } }, run = "
                                 "function(ctx, input) local r = ctx.http.post(\"/x\", { "
                                 "n = input.n, list = { 1, 2 "
                                 "} }) return { ok = r.ok, results = { 1, 2, 3 } } end }";
    vmtest_write(&t, "lua/front/actions/post.lua", action, sizeof action - 1);
    fail_from = count = 0;
    vmtest_probe(&t, s->body);
    if (t.outcome != RUN_DONE)
        fail_msg("%s", t.err.text);
    assert_string_equal(t.json, s->want);
    long needed = count, limited = 0;
    fail_times = s->times;
    for (fail_from = 1;; fail_from++) {
        count = 0;
        vmtest_probe(&t, s->body);
        if (t.outcome == RUN_DONE) {
            assert_string_equal(t.json, s->want);
            if (count < fail_from)
                break; /* it got through without the failure */
            continue;
        }
        limited++;
        if (t.err.kind != ERR_LIMIT)
            fail_msg("allocation %ld: %s: %s", fail_from, err_kind_name(t.err.kind),
                     t.err.text);
    }
    print_message("# %ld allocations, %ld attempts ended by the limit\n", needed,
                  limited);
    assert_true(needed > 100 && limited > 50);
    fail_from = 0;
    vmtest_probe(&t, s->body);
    assert_int_equal(t.outcome, RUN_DONE);
    vmtest_fini(&t);
}

int main(void)
{
    static struct scenario start = {"return { 1, 2 }", "{\"result\":[1,2]}", 0};
    static struct scenario start_once = {"return { 1, 2 }", "{\"result\":[1,2]}", 2};
#define CALL                                                                             \
    "return { ctx.call(\"front/post\", { n = 5 }).ok, json.encode(json.decode('[1,{"     \
    "\"a\":[]}]')), text.trim(\" x \") }"
    static struct scenario call = {CALL,
                                   "{\"result\":[true,\"[1,{\\\"a\\\":[]}]\",\"x\"]}", 0};
    static struct scenario call_once = {
        CALL, "{\"result\":[true,\"[1,{\\\"a\\\":[]}]\",\"x\"]}", 2};
    const struct CMUnitTest tests[] = {
        {"a start, for good", fail_each, NULL, NULL, &start},
        {"a start, for a moment", fail_each, NULL, NULL, &start_once},
        {"a call that posts, for good", fail_each, NULL, NULL, &call},
        {"a call that posts, for a moment", fail_each, NULL, NULL, &call_once},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
