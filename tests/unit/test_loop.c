#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/loop.h"

#define LETTER(s) ((void *)(uintptr_t)(s))

static struct loop *loop;
static char trace[64];
static int traced;

static int setup(void **state)
{
    (void)state;
    struct err e;
    loop = loop_new(&e);
    traced = 0;
    trace[0] = '\0';
    return loop ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static void note(void *letter)
{
    trace[traced++] = *(const char *)letter;
    trace[traced] = '\0';
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void note_and_defer(void *letter)
{
    note(letter);
    loop_defer(loop, note, LETTER("d"));
    loop_defer(loop, note, LETTER("e"));
}

static void empty_loop_returns(void **state)
{
    (void)state;
    loop_run(loop);
    loop_run(loop);
}

static void deferred_run_in_order(void **state)
{
    (void)state;
    loop_defer(loop, note_and_defer, LETTER("a"));
    loop_defer(loop, note, LETTER("b"));
    loop_defer(loop, note, LETTER("c"));
    loop_run(loop);
    assert_string_equal(trace, "abcde");
}

static void on_readable(evutil_socket_t fd, short what, void *letter)
{
    (void)fd, (void)what;
    note(letter);
    loop_defer(loop, note, LETTER("z"));
}

/* What is deferred by the first of a turn's callbacks runs after its last one. */
static void deferred_run_after_the_turn(void **state)
{
    (void)state;
    int a[2], b[2];
    assert_int_equal(pipe(a), 0);
    assert_int_equal(pipe(b), 0);
    assert_int_equal(write(a[1], "", 1), 1);
    assert_int_equal(write(b[1], "", 1), 1);
    struct event *ev_a =
        event_new(loop_base(loop), a[0], EV_READ, on_readable, LETTER("r"));
    struct event *ev_b =
        event_new(loop_base(loop), b[0], EV_READ, on_readable, LETTER("r"));
    event_add(ev_a, NULL);
    event_add(ev_b, NULL);
    loop_run(loop);
    assert_string_equal(trace, "rrzz");
    event_free(ev_a);
    event_free(ev_b);
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

static int turns;

static void defer_for_ever(void *arg)
{
    turns++;
    loop_defer(loop, defer_for_ever, arg);
}

/* Whoever defers again and again does not keep a timer from being seen. */
static void deferring_does_not_starve_the_loop(void **state)
{
    (void)state;
    struct loop_timer *t = loop_timer_new(loop, stop, NULL);
    turns = 0;
    loop_timer_set(t, 1);
    loop_defer(loop, defer_for_ever, NULL);
    loop_run(loop);
    assert_true(turns > 0);
    loop_timer_free(t);
}

static void stop_leaves_the_rest_for_later(void **state)
{
    (void)state;
    loop_defer(loop, note, LETTER("a"));
    loop_defer(loop, stop, NULL);
    loop_defer(loop, note, LETTER("b"));
    loop_run(loop);
    assert_string_equal(trace, "a");
    loop_run(loop);
    assert_string_equal(trace, "ab");
}

static void timers(void **state)
{
    (void)state;
    struct loop_timer *late = loop_timer_new(loop, note, LETTER("l"));
    struct loop_timer *early = loop_timer_new(loop, note, LETTER("e"));
    struct loop_timer *never = loop_timer_new(loop, note, LETTER("n"));
    loop_timer_set(never, 1);
    loop_timer_set(late, 40);
    loop_timer_set(early, 3600 * 1000);
    loop_timer_set(early, -5); /* replaces the hour, and counts as 0 */
    loop_timer_clear(never);
    loop_run(loop);
    assert_string_equal(trace, "el");
    loop_timer_set(late, 0); /* one-shot, and good for another time */
    loop_run(loop);
    assert_string_equal(trace, "ell");
    loop_timer_free(late);
    loop_timer_free(early);
    loop_timer_free(never);
    loop_timer_free(NULL);
}

static void note_and_stop(void *letter)
{
    note(letter);
    loop_stop(loop);
}

static void raise_signal(void *arg)
{
    (void)arg;
    raise(SIGUSR1);
}

static void signals_do_not_keep_it_going(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(loop_on_signal(loop, SIGUSR1, note, LETTER("x"), &e), 0);
    assert_int_equal(loop_on_signal(loop, 4711, note, LETTER("s"), &e), -1);
    loop_run(loop); /* returns */
    struct loop_timer *t = loop_timer_new(loop, note, LETTER("t"));
    loop_timer_set(t, 3600 * 1000);
    assert_int_equal(loop_on_signal(loop, SIGUSR1, note_and_stop, LETTER("s"), &e), 0);
    loop_defer(loop, raise_signal, NULL);
    loop_run(loop);
    assert_string_equal(trace, "s");
    loop_timer_free(t);
}

static void broken_pipes_are_errors(void **state)
{
    (void)state;
    int p[2];
    assert_int_equal(pipe(p), 0);
    close(p[0]);
    assert_int_equal(write(p[1], "", 1), -1); /* and we are still here */
    close(p[1]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(empty_loop_returns),
        TEST(deferred_run_in_order),
        TEST(deferred_run_after_the_turn),
        TEST(deferring_does_not_starve_the_loop),
        TEST(stop_leaves_the_rest_for_later),
        TEST(timers),
        TEST(signals_do_not_keep_it_going),
        TEST(broken_pipes_are_errors),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
