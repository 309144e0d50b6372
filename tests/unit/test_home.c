#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "base/str.h"
#include "io/db.h"
#include "store/home.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "store/store.h"
#include "workdir.h"

static char *dir;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    workdir_remove(dir);
    return 0;
}

static struct store *open_ok(void)
{
    struct err e = {0};
    struct store *s = store_open(dir, &e);
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static void test_same(void **state)
{
    (void)state;
    struct home_place a = {.machine = "m", .inode = 7, .born_ms = 5}, b = a;
    assert_true(home_is_same(&a, &b));
    b.born_ms = 0; /* a file system that does not say it */
    assert_true(home_is_same(&a, &b));
    b.born_ms = 6;
    assert_false(home_is_same(&a, &b));
    b = a;
    b.inode = 8;
    assert_false(home_is_same(&a, &b));
    b = a;
    b.machine[0] = 'n';
    assert_false(home_is_same(&a, &b));
}

static void test_stays(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t before, after;
    struct store *s = open_ok();
    assert_false(store_is_copy(s));
    if (store_compact(s, &before, &after, &e) != 0)
        fail_msg("%s", e.text);
    store_close(s);
    s = open_ok();
    assert_false(store_is_copy(s));
    store_close(s);
    char *other = xasprintf("%s-moved", dir);
    assert_int_equal(rename(dir, other), 0);
    s = store_open(other, &e);
    assert_non_null(s);
    assert_false(store_is_copy(s));
    store_close(s);
    assert_int_equal(rename(other, dir), 0);
    free(other);
}

/* Writes the same bytes to a new file. */
static void copy_file(const char *name)
{
    char *from = xasprintf("%s/state/%s", dir, name), *to = xasprintf("%s.new", from);
    char bytes[4096];
    size_t n;
    FILE *in = fopen(from, "r"), *out = in ? fopen(to, "w") : NULL;
    while (out && (n = fread(bytes, 1, sizeof bytes, in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    if (out)
        fclose(out);
    if (in)
        fclose(in);
    if (out)
        assert_int_equal(rename(to, from), 0);
    free(from);
    free(to);
}

static void copy_store(void)
{
    copy_file("foyer.db");
    copy_file("foyer.db-wal");
    char *shm = xasprintf("%s/state/foyer.db-shm", dir);
    unlink(shm);
    free(shm);
}

static int64_t add_run(struct db *db)
{
    struct err e = {0};
    struct ledger_run run = {.client = "acme",
                             .recipe = "x",
                             .origin = "hand",
                             .args = "{}",
                             .policy = "{}",
                             .created_ms = 1};
    int64_t id = 0;
    if (ledger_add(db, &run, NULL, &id, &e) != 0)
        fail_msg("%s", e.text);
    return id;
}

static int64_t add_delivery(struct db *db)
{
    struct err e = {0};
    struct delivery d = {.at_ms = 1, .scheme = "application", .app = "front"};
    int64_t id = 0;
    if (inbox_add(db, &d, "{}", 2, &id, &e) != 0)
        fail_msg("%s", e.text);
    return id;
}

static int count_run(void *arg, const struct ledger_run *run)
{
    (void)run;
    ++*(int *)arg;
    return 0;
}

static int count_delivery(void *arg, const struct delivery *d)
{
    (void)d;
    ++*(int *)arg;
    return 0;
}

/* How many runs and deliveries may be taken. */
static void assert_due(struct db *db, int runs, int deliveries)
{
    struct err e = {0};
    int n = 0;
    int64_t due, epoch;
    struct ledger_turns turns = {.now_ms = 100, .limit = 10, .client_limit = 10};
    assert_int_equal(ledger_due(db, &turns, count_run, &n, &e), 0);
    assert_int_equal(n, runs);
    assert_int_equal(ledger_next_due(db, &due, &e), 0);
    assert_int_equal(due == INT64_MAX, runs == 0);
    if (!runs)
        assert_int_equal(ledger_claim(db, 1, "1-a", 0, 100, &epoch, &e), 0);
    n = 0;
    assert_int_equal(inbox_due(db, 100, count_delivery, &n, &e), 0);
    assert_int_equal(n, deliveries);
}

static struct store *open_copy(void)
{
    struct store *s = open_ok();
    add_run(store_db(s));
    add_delivery(store_db(s));
    assert_due(store_db(s), 1, 1);
    store_close(s);
    copy_store();
    s = open_ok();
    assert_true(store_is_copy(s));
    return s;
}

static void test_copy(void **state)
{
    (void)state;
    struct err e = {0};
    struct store *s = open_copy();
    assert_due(store_db(s), 0, 0);
    assert_int_equal(store_check_home(s, "refresh a token", &e), -1);
    assert_non_null(strstr(e.text, "cannot refresh a token: "));
    assert_non_null(strstr(e.text, "`foyer promote`"));
    store_close(s);
    s = open_ok(); /* it stays one */
    assert_true(store_is_copy(s));
    add_run(store_db(s)); /* what comes to the copy is its own */
    add_delivery(store_db(s));
    assert_due(store_db(s), 1, 1);
    store_close(s);
}

static void promote(struct store *s, int is_moved, struct home_promoted *did)
{
    struct err e = {0};
    char *path = store_path(dir);
    if (home_promote(store_db(s), path, is_moved, 50, did, &e) != 0)
        fail_msg("%s", e.text);
    free(path);
    assert_int_equal(store_check_home(s, "x", &e), 0);
    assert_false(store_is_copy(s));
}

static int get_state(void *arg, const struct ledger_run *run)
{
    *(int *)arg = (int)run->state;
    return 0;
}

static void test_promote(void **state)
{
    (void)state;
    struct err e = {0};
    struct home_promoted did;
    int run_state = -1;
    struct store *s = open_copy();
    promote(s, 0, &did);
    assert_true(did.copied_ms > 0);
    assert_int_equal(did.runs, 1);
    assert_int_equal(did.deliveries, 1);
    assert_due(store_db(s), 0, 0); /* parked, and dead */
    assert_int_equal(ledger_read(store_db(s), 1, get_state, &run_state, &e), 0);
    assert_int_equal(run_state, LEDGER_PARKED);
    assert_int_equal(ledger_retry(store_db(s), 1, 0, 60, &e), 0);
    assert_int_equal(inbox_replay(store_db(s), 1, &e), 0);
    assert_due(store_db(s), 1, 1);
    promote(s, 0, &did);
    assert_int_equal(did.copied_ms, 0);
    assert_due(store_db(s), 1, 1);
    store_close(s);
}

static void test_moved(void **state)
{
    (void)state;
    struct home_promoted did;
    struct store *s = open_copy();
    promote(s, 1, &did);
    assert_int_equal(did.runs, 1);
    assert_due(store_db(s), 1, 1);
    store_close(s);
    s = open_ok();
    assert_false(store_is_copy(s));
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_promote, setup, teardown),
        cmocka_unit_test_setup_teardown(test_moved, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
