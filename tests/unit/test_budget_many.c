/* Many processes under one company's limit. Time is virtual: it moves to the next wake-up
 * when all of them are parked, so that minutes pass in a second and nothing depends on
 * the machine's speed. */
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/budget.h"
#include "store/live.h"
#include "workdir.h"

enum {
    LIMIT = 100,
    BULK = 8, /* processes */
    REPLIES = 2,
    ALL = BULK + REPLIES,
    CALLS = 300,
    WINDOWS = 16,
    WAY_MS = 40, /* to the server, and back */
    REPLY_STARTS_MS = 30000,
    HANG_S = 120
};

static const char company[] = "front/cmp_1a2b";
static const int64_t start = 1700000000000;
/* The server's windows end at odd times, and its header cuts the milliseconds off. */
static const int64_t phase = start - 39400;

static struct world {
    atomic_llong now;
    atomic_int seen[WINDOWS]; /* by the server, in each of its windows */
    atomic_int served, over;
    atomic_llong reply_waited[REPLIES];
    struct {
        sem_t go, parked;
        int64_t wake; /* 0: it has ended */
    } each[ALL];
} * world;

static char *dir;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    assert_ptr_not_equal(world, MAP_FAILED);
    world->now = start;
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(sem_init(&world->each[i].go, 1, 0), 0);
        assert_int_equal(sem_init(&world->each[i].parked, 1, 0), 0);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    munmap(world, sizeof *world);
    workdir_remove(dir);
    return 0;
}

/* ---- a process ---- */

static void park(int me, int64_t until)
{
    world->each[me].wake = until;
    sem_post(&world->each[me].parked);
    while (until && sem_wait(&world->each[me].go) != 0)
        ;
}

static void request(int me, struct budget *b)
{
    park(me, world->now + WAY_MS);
    int64_t window = (world->now - phase) / WINDOW_MS;
    int64_t end = phase + (window + 1) * WINDOW_MS;
    int seen = atomic_fetch_add(&world->seen[window], 1) + 1;
    int64_t retry_ms = (end - world->now + 999) / 1000 * 1000;
    atomic_fetch_add(seen > LIMIT ? &world->over : &world->served, 1);
    park(me, world->now + WAY_MS);
    struct window_said said = {LIMIT, seen > LIMIT ? 0 : LIMIT - seen, end / 1000 * 1000};
    struct err e;
    if (budget_learn(b, company, &said, world->now, &e) != 0 ||
        (seen > LIMIT &&
         budget_refused(b, company, NULL, retry_ms, 0, world->now, &e) != 0))
        _exit(2);
}

static void wait_in_line(int me, struct budget *b, enum window_lane lane)
{
    struct budget_ask ask = {company, lane, NULL, 0};
    struct err e;
    int64_t wait_ms;
    int rc;
    while ((rc = budget_take(b, &ask, world->now, &wait_ms, &e)) == 0)
        park(me, world->now +
                     (wait_ms < WINDOW_WAIT_MAX_MS ? wait_ms : WINDOW_WAIT_MAX_MS) +
                     7 * me); /* its jitter */
    if (rc < 0) {
        fprintf(stderr, "%s\n", e.text);
        _exit(2);
    }
}

static void live_a_life(int me)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(HANG_S);
    struct live *live = live_new(dir);
    struct budget *b = budget_new(live);
    if (me >= BULK) {
        int64_t begin = start + REPLY_STARTS_MS * (me - BULK + 1);
        park(me, begin);
        wait_in_line(me, b, WINDOW_LANE_REPLY);
        world->reply_waited[me - BULK] = world->now - begin;
        request(me, b);
    } else {
        park(me, start);
        while (world->served < CALLS) {
            wait_in_line(me, b, WINDOW_LANE_BULK);
            request(me, b);
        }
    }
    budget_free(b);
    live_free(live);
    park(me, 0);
    _exit(0);
}

/* ---- the clock ---- */

static int64_t next_wake(void)
{
    int64_t next = 0;
    for (int i = 0; i < ALL; i++)
        if (world->each[i].wake && (!next || world->each[i].wake < next))
            next = world->each[i].wake;
    return next;
}

/* VICTIM is killed after KILL_AFTER wake-ups, at whatever point; -1: no process. */
static void run_world(int victim, int kill_after)
{
    pid_t pids[ALL];
    alarm(HANG_S);
    for (int i = 0; i < ALL; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            live_a_life(i);
    }
    for (int i = 0; i < ALL; i++)
        while (sem_wait(&world->each[i].parked) != 0)
            ;
    for (int64_t now; (now = next_wake()) != 0;) {
        if (now > world->now)
            world->now = now;
        int released[ALL] = {0};
        for (int i = 0; i < ALL; i++) {
            if (!world->each[i].wake || world->each[i].wake > world->now)
                continue;
            released[i] = 1;
            sem_post(&world->each[i].go);
            if (i == victim && --kill_after == 0) {
                assert_int_equal(kill(pids[i], SIGKILL), 0);
                assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
                world->each[i].wake = 0;
                released[i] = 0;
            }
        }
        for (int i = 0; i < ALL; i++)
            while (released[i] && sem_wait(&world->each[i].parked) != 0)
                ;
    }
    for (int i = 0; i < ALL; i++) {
        int status = 0;
        if (i == victim && kill_after <= 0)
            continue;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    alarm(0);
}

static void check(int64_t most_ms)
{
    print_message("%d served, %d over, %lld s, replies waited %lld and %lld ms\n",
                  world->served, world->over, (long long)(world->now - start) / 1000,
                  (long long)world->reply_waited[0], (long long)world->reply_waited[1]);
    assert_true(world->served >= CALLS);
    assert_true(world->over <= 3);
    for (int i = 0; i < REPLIES; i++)
        assert_true(world->reply_waited[i] < 5000);
    assert_true(world->now - start < most_ms);
}

static void test_eight_processes_share_a_limit(void **state)
{
    (void)state;
    run_world(-1, 0);
    check(3 * WINDOW_MS); /* 90 in each: the fourth window begins after 140 s */
}

static void test_one_is_killed_in_the_middle(void **state)
{
    (void)state;
    run_world(3, 20);
    check(3 * WINDOW_MS);
}

static void test_others_use_half_of_it(void **state)
{
    (void)state;
    for (int i = 0; i < WINDOWS; i++)
        world->seen[i] = LIMIT / 2;
    run_world(-1, 0);
    check(9 * WINDOW_MS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_eight_processes_share_a_limit),
        TEST(test_one_is_killed_in_the_middle),
        TEST(test_others_use_half_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
