#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/policy.h"

enum { NOW = 1000000, HOUR = 60 * 60 * 1000 };

static struct err of(enum err_kind kind, int status, int64_t retry_after_ms)
{
    struct err e;
    err_set(&e, kind, "cannot POST /x: it is away");
    e.status = status;
    e.retry_after_ms = retry_after_ms;
    return e;
}

/* Evenly distributed and the same at each run. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void test_the_wait_doubles_up_to_an_hour(void **state)
{
    (void)state;
    struct policy p = policy_default;
    struct err e = of(ERR_UNAVAILABLE, 503, -1), why;
    uint64_t seed = 7;
    p.attempts = 1000;
    for (int n = 1; n <= 20; n++) {
        int64_t most = n < 6 ? (int64_t)1000 << 2 * n : HOUR, low = HOUR, high = 0;
        if (most > HOUR)
            most = HOUR;
        for (int i = 0; i < 2000; i++) {
            struct policy_failures f = {n - 1, NOW - 5};
            int64_t due;
            assert_int_equal(
                policy_retry(&p, &e, NOW, next_random(&seed), &f, &due, &why), 1);
            assert_int_equal(f.count, n);
            assert_int_equal(f.first_ms, NOW - 5);
            low = due - NOW < low ? due - NOW : low;
            high = due - NOW > high ? due - NOW : high;
        }
        assert_in_range(low, 1000, 1000 + most / 50); /* full: it begins at the floor */
        assert_in_range(high, most - most / 50, most);
    }
}

static void test_retry_after_is_the_floor(void **state)
{
    (void)state;
    struct err e = of(ERR_RATE_LIMITED, 429, 90 * 1000), why;
    struct policy_failures f = {0, 0};
    int64_t due;
    assert_int_equal(policy_retry(&policy_default, &e, NOW, 12345, &f, &due, &why), 1);
    assert_in_range(due, NOW + 90 * 1000, NOW + 91 * 1000);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.first_ms, NOW);
}

static void test_enough(void **state)
{
    (void)state;
    struct err e = of(ERR_TIMEOUT, 0, -1), why;
    struct policy_failures f = {0, 0};
    int64_t due;
    for (int i = 1; i < 8; i++)
        assert_int_equal(policy_retry(&policy_default, &e, NOW, 0, &f, &due, &why), 1);
    assert_int_equal(policy_retry(&policy_default, &e, NOW, 0, &f, &due, &why), 0);
    assert_int_equal(why.kind, ERR_TIMEOUT);
    assert_string_equal(why.text,
                        "given up after 8 attempts: cannot POST /x: it is away");
    assert_int_equal(f.count, 8);
}

static void test_giving_up_by_time(void **state)
{
    (void)state;
    struct policy p = policy_default;
    struct err e = of(ERR_NETWORK, 0, -1), why;
    struct policy_failures f = {2, NOW - 59 * 1000};
    int64_t due;
    p.give_up_ms = 60 * 1000;
    assert_int_equal(policy_retry(&p, &e, NOW, 0, &f, &due, &why), 1);
    assert_int_equal(due, NOW + 1000);
    assert_int_equal(policy_retry(&p, &e, NOW, 1, &f, &due, &why), 0);
    assert_non_null(strstr(why.text, "60 s after the first failure"));
    /* a Retry-After past the end as well: the run would never be tried */
    e = of(ERR_RATE_LIMITED, 429, HOUR);
    f = (struct policy_failures){0, 0};
    assert_int_equal(policy_retry(&p, &e, NOW, 0, &f, &due, &why), 0);
}

static void test_our_own_queue_costs_no_attempt(void **state)
{
    (void)state;
    struct policy p = policy_default;
    struct err e = of(ERR_RATE_LIMITED, 0, 5000), why;
    struct policy_failures f = {0, 0};
    int64_t due;
    p.attempts = 2;
    for (int i = 0; i < 20; i++)
        assert_int_equal(policy_retry(&p, &e, NOW, 0, &f, &due, &why), 1);
    assert_int_equal(f.count, 0);
    assert_int_equal(f.first_ms, NOW); /* but give_up counts from here */
    p.give_up_ms = 1000;
    assert_int_equal(policy_retry(&p, &e, NOW, 0, &f, &due, &why), 0);
}

static void test_looks(void **state)
{
    (void)state;
    const struct policy *p = &policy_default;
    assert_int_equal(policy_look(p, 0, NOW, NOW), NOW + 15 * 1000);
    assert_int_equal(policy_look(p, 1, NOW, NOW + 20 * 1000), NOW + 60 * 1000);
    assert_int_equal(policy_look(p, 2, NOW, NOW + HOUR), NOW + HOUR);
    assert_int_equal(policy_look(p, 3, NOW, NOW), -1);
    /* sent while the clock was ahead */
    assert_int_equal(policy_look(p, 0, NOW + 35040 * (int64_t)HOUR, NOW),
                     NOW + 15 * 1000);
}

static json_t *tree_of(const char *text)
{
    json_t *tree = json_loads(text, 0, NULL);
    assert_non_null(tree);
    return tree;
}

static void test_reading(void **state)
{
    (void)state;
    struct policy p = policy_default;
    json_t *tree =
        tree_of("{\"attempts\": 3, \"give_up\": 7200, \"uncertain\": \"resend\"}");
    policy_read(&p, tree);
    json_decref(tree);
    assert_int_equal(p.attempts, 3);
    assert_int_equal(p.give_up_ms, 2 * HOUR);
    assert_int_equal(p.resend, 1);
    tree = tree_of("{\"give_up\": \"3h\", \"attempts\": \"x\"}");
    policy_read(&p, tree);
    json_decref(tree);
    assert_int_equal(p.attempts, 3);
    assert_int_equal(p.give_up_ms, 3 * HOUR);
    assert_int_equal(p.resend, 1);
    policy_read(&p, NULL);
    assert_int_equal(p.attempts, 3);

    static const char *const wrong[] = {"[]", "[\"1s\", 5]", "[\"soon\"]", "{}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tree = tree_of(wrong[i]);
        policy_read_looks(&p, tree);
        json_decref(tree);
        assert_int_equal(p.nlooks, 3);
        assert_int_equal(p.looks_ms[0], 15 * 1000);
    }
    tree = tree_of("[\"1s\", \"2m\"]");
    policy_read_looks(&p, tree);
    json_decref(tree);
    assert_int_equal(p.nlooks, 2);
    assert_int_equal(p.looks_ms[1], 2 * 60 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_wait_doubles_up_to_an_hour),
        cmocka_unit_test(test_retry_after_is_the_floor),
        cmocka_unit_test(test_enough),
        cmocka_unit_test(test_giving_up_by_time),
        cmocka_unit_test(test_our_own_queue_costs_no_attempt),
        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
