/* delivery_order: deliveries of one conversation, one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/path.h"
#include "io/db.h"
#include "store/inbox.h"
#include "store/schema.h"
#include "store/delivery_order.h"
#include "workdir.h"

static const int64_t NOW = INT64_C(1750000000000);

static char *dir;
static struct db *db;
static struct err e;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    char *path = path_join(dir, "foyer.db");
    db = db_open(path, &e);
    free(path);
    return !db || db_migrate(db, schema_steps, schema_version, &e) != 0;
}

static int teardown(void **state)
{
    (void)state;
    db_close(db);
    workdir_remove(dir);
    return 0;
}

static int64_t add(const char *app, const char *conversation, int64_t at_ms)
{
    int64_t id = 0;
    struct delivery d = {.app = app,
                         .scheme = "application",
                         .conversation = conversation,
                         .at_ms = at_ms,
                         .due_ms = at_ms};
    assert_int_equal(inbox_add(db, &d, "{}", 2, &id, &e), 0);
    return id;
}

static int turn(int64_t id, const char *app, const char *conversation, int64_t now)
{
    return delivery_order_has_come(db, id, app, conversation, now, &e);
}

static int count(void *arg, const struct delivery *d)
{
    (void)d;
    ++*(int *)arg;
    return 0;
}

static int due(int64_t now)
{
    int n = 0;
    assert_int_equal(inbox_due(db, now, count, &n, &e), 0);
    return n;
}

static void test_the_older_one_first(void **state)
{
    (void)state;
    int64_t first = add("front", "cnv_1", NOW), second = add("front", "cnv_1", NOW);
    int64_t other = add("front", "cnv_2", NOW), none = add("front", NULL, NOW);
    assert_int_equal(turn(first, "front", "cnv_1", NOW), 1);
    assert_int_equal(turn(second, "front", "cnv_1", NOW), 0);
    assert_int_equal(turn(other, "front", "cnv_2", NOW), 1);
    assert_int_equal(turn(none, "front", NULL, NOW), 1);
    assert_int_equal(turn(add("desk", "cnv_1", NOW), "desk", "cnv_1", NOW), 1);
    /* until it has ended */
    assert_int_equal(turn(second, "front", "cnv_1", NOW), 0);
    assert_int_equal(due(NOW), 5); /* it is unchanged */
    assert_int_equal(inbox_end(db, first, DELIVERY_DONE, NOW, NULL, &e), 0);
    assert_int_equal(turn(second, "front", "cnv_1", NOW), 1);
}

static void test_one_that_is_tried_again(void **state)
{
    (void)state;
    int64_t first = add("front", "cnv_1", NOW), second = add("front", "cnv_1", NOW);
    assert_int_equal(inbox_end(db, first, DELIVERY_WAITING, NOW + 5000, NULL, &e), 0);
    assert_int_equal(turn(second, "front", "cnv_1", NOW), 0);
    assert_int_equal(due(NOW), 0); /* both are due together */
    assert_int_equal(due(NOW + 5000), 2);
    assert_int_equal(turn(second, "front", "cnv_1", NOW + 5000), 0);
    /* an older delivery holds up the others for a limited time */
    assert_int_equal(turn(second, "front", "cnv_1", NOW + DELIVERY_ORDER_WAIT_MS - 1), 0);
    assert_int_equal(turn(second, "front", "cnv_1", NOW + DELIVERY_ORDER_WAIT_MS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_older_one_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_that_is_tried_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
