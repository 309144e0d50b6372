#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "vmtest.h"

/* The entry "deliver" where it meets the network and the limits; what it decides is in
 * tests/lua/deliver.lua. */

static const char trigger[] = "return { summary = \"x\", on = { \"probe\" }, "
                              "needs = { \"payload.conversation\" }, %s }";

/* Delivers an event whose conversation is a preview at TARGET, with a trigger that has
 * MORE and a run that waits for it. */
static void deliver(struct vmtest *t, const char *target, const char *more)
{
    char text[500];
    snprintf(text, sizeof text, trigger, more);
    vmtest_write(t, "lua/front/triggers/probe.lua", text, strlen(text));
    char *args = xasprintf("{\"app\":\"front\",\"delivery\":1,\"wanted\":[\"front/"
                           "probe\"],\"body\":{\"type\":\"probe\",\"payload\":{"
                           "\"conversation\":{\"_links\":{\"self\":\"%s%s\"}}}}}",
                           t->base, target);
    vmtest_run(t, "deliver", args);
    free(args);
}

static void has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" lacks \"%s\"", text ? text : "(none)", part);
}

static const char key[] = "key = function(event) return \"k\" end";

static void test_a_preview_is_fetched(void **state)
{
    (void)state;
    struct vmtest t;
    vmtest_init(&t, 1);
    deliver(&t, "/conversations/cnv_1", key);
    assert_int_equal(t.outcome, RUN_DONE);
    has(t.json, "\"envelope\":{\"actor\":{\"kind\":\"unknown\"},\"payload\":{"
                "\"conversation\":{\"ok\":true}},\"type\":\"probe\"}");
    has(t.json, "\"key\":\"k\"");
    assert_int_equal(vmtest_requests(0), 1);
    assert_true(vmtest_got(0, "GET /conversations/cnv_1 "));
    assert_true(vmtest_got(0, vmtest_token));
    vmtest_fini(&t);
}

static void test_what_may_pass_ends_the_attempt(void **state)
{
    (void)state;
    struct vmtest t;
    vmtest_init(&t, 1);
    deliver(&t, "/429", key);
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_RATE_LIMITED);
    assert_int_equal(t.err.retry_after_ms, 7000);
    deliver(&t, "/500", key);
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_UNAVAILABLE);
    vmtest_fini(&t);
}

static void test_an_answer_is_a_reason(void **state)
{
    (void)state;
    struct vmtest t;
    vmtest_init(&t, 1);
    deliver(&t, "/404", key);
    assert_int_equal(t.outcome, RUN_DONE);
    has(t.json, "\"fired\":[]");
    has(t.json, "No such thing.");
    assert_null(strstr(t.json, "\"error\""));
    deliver(&t, "/400", key);
    assert_int_equal(t.outcome, RUN_DONE);
    has(t.json, "{\"error\":true,\"trigger\":\"front/probe\",\"why\":");
    deliver(&t, "/empty", key);
    has(t.json, "answered no object");
    /* another host is none of the connection's */
    char *base = t.base;
    t.base = (char *)"https://evil.example";
    deliver(&t, "/x", key);
    t.base = base;
    assert_int_equal(t.outcome, RUN_DONE);
    has(t.json, "evil.example");
    vmtest_fini(&t);
}

static void test_limits_name_the_trigger(void **state)
{
    (void)state;
    struct vmtest t;
    vmtest_init(&t, 1);
    t.limits.resume_cpu_ms = 50;
    deliver(&t, "/conversations/cnv_1", "key = function() while true do end end");
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_LIMIT);
    has(t.err.text, "front/probe");
    t.limits.resume_cpu_ms = t.limits.attempt_cpu_ms = 60 * 1000;
    deliver(&t, "/conversations/cnv_1",
            "key = function() local t = {} while true do t[#t + 1] = (\"x\"):rep(1e6) "
            "end end");
    assert_int_equal(t.outcome, RUN_DONE);
    has(t.json, "front/probe needs more than the 32 MiB");
    /* there is nothing to act with */
    deliver(&t, "/conversations/cnv_1",
            "key = function(_, ctx) return ctx.http.get(\"/x\") end");
    assert_int_equal(t.outcome, RUN_DONE);
    has(t.json, "attempt to index a nil value");
    vmtest_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_preview_is_fetched),
        cmocka_unit_test(test_what_may_pass_ends_the_attempt),
        cmocka_unit_test(test_an_answer_is_a_reason),
        cmocka_unit_test(test_limits_name_the_trigger),
    };
    return cmocka_run_group_tests_name("deliver", tests, NULL, NULL);
}
