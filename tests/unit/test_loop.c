#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
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

/* A callback that defers again and again does not keep a timer from being seen. */
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

static struct loop_wake *new_wake(loop_fn *fn, void *arg)
{
    struct err e;
    struct loop_wake *w = loop_wake_new(loop, fn, arg, &e);
    assert_non_null(w);
    return w;
}

enum { SENDS = 20000 };

struct sender {
    struct loop_wake *wake;
    pthread_mutex_t lock;
    int sent;
    pthread_t receiver;
    int seen, calls;
};

static void *send_many(void *arg)
{
    struct sender *s = arg;
    for (int i = 0; i < SENDS; i++) {
        pthread_mutex_lock(&s->lock);
        s->sent++;
        pthread_mutex_unlock(&s->lock);
        loop_wake_send(s->wake);
    }
    return NULL;
}

static void receive(void *arg)
{
    struct sender *s = arg;
    assert_true(pthread_equal(pthread_self(), s->receiver));
    s->calls++;
    pthread_mutex_lock(&s->lock);
    s->seen = s->sent;
    pthread_mutex_unlock(&s->lock);
    if (s->seen == SENDS)
        loop_wake_hold(s->wake, 0);
}

/* Whenever it looks, all that was sent before is there, and the last send is seen. */
static void another_thread_wakes_the_loop(void **state)
{
    (void)state;
    struct sender s = {.lock = PTHREAD_MUTEX_INITIALIZER, .receiver = pthread_self()};
    s.wake = new_wake(receive, &s);
    loop_wake_hold(s.wake, 1);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_many, &s), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
    assert_int_equal(s.seen, SENDS);
    assert_in_range(s.calls, 1, SENDS);
    loop_wake_free(s.wake);
}

static void sends_are_one(void **state)
{
    (void)state;
    struct loop_wake *w = new_wake(note_and_stop, LETTER("w"));
    for (int i = 0; i < 100; i++)
        loop_wake_send(w);
    loop_wake_hold(w, 1);
    loop_run(loop);
    assert_string_equal(trace, "w");
    loop_wake_free(w);
}

static struct loop_wake *again;

static void send_again(void *arg)
{
    (void)arg;
    note(LETTER("a"));
    if (traced < 3)
        loop_wake_send(again);
    else
        loop_wake_hold(again, 0);
}

static void a_send_while_it_runs_runs_it_again(void **state)
{
    (void)state;
    again = new_wake(send_again, NULL);
    loop_wake_hold(again, 1);
    loop_wake_send(again);
    loop_run(loop);
    assert_string_equal(trace, "aaa");
    loop_wake_free(again);
}

static void only_a_held_wake_keeps_it_going(void **state)
{
    (void)state;
    struct loop_wake *w = new_wake(note, LETTER("w"));
    loop_run(loop); /* returns */
    loop_wake_hold(w, 1);
    loop_wake_hold(w, 1); /* no second hold */
    loop_wake_hold(w, 0);
    loop_run(loop);
    loop_wake_hold(w, 1);
    loop_wake_free(w);
    loop_run(loop); /* a freed one holds nothing */
    loop_wake_free(NULL);
    /* And it is counted right afterwards: a timer still does. */
    struct loop_timer *t = loop_timer_new(loop, note, LETTER("t"));
    loop_timer_set(t, 1);
    loop_run(loop);
    assert_string_equal(trace, "t");
    loop_timer_free(t);
}

struct peer {
    struct loop_fd *watch;
    int fd;
};

static void read_one(void *arg)
{
    struct peer *p = arg;
    char c;
    if (read(p->fd, &c, 1) == 1) {
        note(&c);
        return;
    }
    note(LETTER("."));
    loop_fd_free(p->watch); /* the last reason to go on */
    p->watch = NULL;
}

static void write_and_close(void *arg)
{
    int fd = *(int *)arg;
    assert_int_equal(write(fd, "ab", 2), 2);
    close(fd);
}

static void a_watched_fd_calls_until_freed(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct peer p = {.fd = fds[0]};
    p.watch = loop_fd_new(loop, fds[0], read_one, &p);
    struct loop_timer *t = loop_timer_new(loop, write_and_close, &fds[1]);
    loop_timer_set(t, 1);
    loop_run(loop);
    assert_string_equal(trace, "ab.");
    loop_timer_free(t);
    loop_fd_free(NULL);
    close(fds[0]);
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
        TEST(another_thread_wakes_the_loop),
        TEST(sends_are_one),
        TEST(a_send_while_it_runs_runs_it_again),
        TEST(only_a_held_wake_keeps_it_going),
        TEST(a_watched_fd_calls_until_freed),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
