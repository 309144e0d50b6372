#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "store/claims.h"
#include "workdir.h"

static const char ONE[] = "12-aaaaaa0000000001", TWO[] = "13-bbbbbb0000000002";

static char *dir;
static struct claims *one, *two;

static struct claims *open_ok(const char *owner)
{
    struct err e = {0};
    struct claims *c = claims_open(dir, owner, &e);
    if (!c)
        fail_msg("%s", e.text);
    return c;
}

static int setup(void **state)
{
    (void)state;
    struct err e;
    dir = workdir_make();
    char *path = path_join(dir, "state");
    assert_int_equal(path_make_dirs(path, 0700, &e), 0);
    free(path);
    one = open_ok(ONE);
    two = open_ok(TWO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    claims_close(one);
    claims_close(two);
    workdir_remove(dir);
    return 0;
}

static void one_of_two_gets_it(void **state)
{
    (void)state;
    assert_int_equal(claims_take(one, 7), 1);
    assert_int_equal(claims_take(one, 7), 0); /* it has it already */
    assert_int_equal(claims_take(two, 7), 0);
    assert_int_equal(claims_take(two, 7 + CLAIMS_SLOTS), 0); /* the same slot */
    assert_int_equal(claims_take(two, 8), 1);
    assert_int_equal(claims_is_taken(two, 7), 1);
    assert_int_equal(claims_is_taken(two, 9), 0);
    claims_drop(two, 7); /* not its own */
    assert_int_equal(claims_is_taken(two, 7), 1);
    claims_drop(one, 7);
    assert_int_equal(claims_take(two, 7), 1);
    /* an id that is larger than 32 bits is another one */
    assert_int_equal(claims_take(one, (1LL << 33) + 9), 1);
    claims_drop(one, 9);
    assert_int_equal(claims_is_taken(one, 9), 1);
}

static void a_dead_owner(void **state)
{
    (void)state;
    for (int id = 1; id <= 5; id++)
        assert_int_equal(claims_take(one, id), 1);
    assert_int_equal(claims_take(two, 6), 1);
    assert_int_equal(claims_take_from(two, 3, TWO), 0);
    assert_int_equal(claims_take_from(two, 3, ONE), 1);
    assert_int_equal(claims_take_from(two, 3, ONE), 0); /* one caller only */
    claims_free_owner(two, ONE);
    for (int id = 1; id <= 5; id++)
        assert_int_equal(claims_is_taken(two, id), 0);
    assert_int_equal(claims_is_taken(two, 6), 1);
}

struct asked {
    int n;
    uint32_t mark;
    int answer;
};

static int ask(void *arg, uint32_t mark)
{
    struct asked *asked = arg;
    asked->n++;
    asked->mark = mark;
    return asked->answer;
}

static void holders(void **state)
{
    (void)state;
    struct asked asked = {.answer = 1};
    assert_int_equal(claims_take(two, 1), 1);
    assert_int_equal(claims_each_holder(two, ask, &asked), 0); /* only its own */
    assert_int_equal(asked.n, 0);
    assert_int_equal(claims_take(one, 2), 1);
    assert_int_equal(claims_take(one, 3), 1);
    assert_int_equal(claims_each_holder(two, ask, &asked), 0);
    assert_int_equal(asked.n, 1);
    assert_int_equal(asked.mark, claims_mark(ONE));
    asked.answer = 0; /* it left no trace */
    assert_int_equal(claims_each_holder(two, ask, &asked), 2);
    assert_int_equal(claims_take(two, 2), 1);
}

/* A file that was damaged: what no process wrote holds up no delivery. */
static void garbage(void **state)
{
    (void)state;
    struct asked asked = {.answer = 0};
    char *path = path_join(dir, "state/claims");
    uint64_t slots[CLAIMS_SLOTS] = {0};
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    slots[3] = 3ULL << 24; /* of no process */
    slots[4] = UINT64_MAX;
    assert_int_equal(fwrite(slots, sizeof slots, 1, f), 1);
    assert_int_equal(fclose(f), 0);
    free(path);
    assert_int_equal(claims_take(one, 3), 0);
    assert_int_equal(claims_take(one, 4), 0);
    assert_int_equal(claims_each_holder(one, ask, &asked), 2);
    assert_int_equal(asked.n, 1);
    assert_int_equal(claims_take(one, 3), 1);
    assert_int_equal(claims_take(one, 4), 1);
}

/* Processes that take and drop the same few ids: two never hold one at the same time. */
static void many_processes(void **state)
{
    (void)state;
    enum { PROCESSES = 4, ROUNDS = 20000, IDS = 3 };
    char owner[32];
    pid_t pids[PROCESSES];
    /* the test's own table of holders is in a second file of the same kind */
    char *other = path_join(dir, "other/state");
    struct err e;
    assert_int_equal(path_make_dirs(other, 0700, &e), 0);
    for (int p = 0; p < PROCESSES; p++) {
        pids[p] = fork();
        if (pids[p] == 0) {
            snprintf(owner, sizeof owner, "%d-%06x0000000001", p, p + 1);
            struct claims *mine = open_ok(owner);
            char *place = path_join(dir, "other");
            struct claims *held = claims_open(place, owner, &e);
            int wrong = !held;
            for (int i = 0; i < ROUNDS && !wrong; i++) {
                int id = i % IDS;
                if (!claims_take(mine, id))
                    continue;
                wrong = !claims_take(held, id); /* no other process can be here */
                claims_drop(held, id);
                claims_drop(mine, id);
            }
            _exit(wrong);
        }
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status = 1;
        assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
        assert_int_equal(status, 0);
    }
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_two_gets_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dead_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(holders, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage, setup, teardown),
        cmocka_unit_test_setup_teardown(many_processes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
