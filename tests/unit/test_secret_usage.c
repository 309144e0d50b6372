#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "io/db.h"
#include "store/secret_usage.h"
#include "workdir.h"

static const int64_t day = 24 * 3600 * 1000, now = 1700000000000;

static void note(struct live *live, const char *name, int64_t version, int64_t at)
{
    struct err e = {0};
    if (secret_usage_note(live, name, version, at, &e) != 0)
        fail_msg("%s", e.text);
}

static int64_t last(struct live *live, const char *name, int64_t version)
{
    struct err e = {0};
    int64_t ms = secret_usage_last(live, name, version, &e);
    if (ms < 0)
        fail_msg("%s", e.text);
    return ms;
}

static int64_t changes(struct live *live)
{
    int64_t n = -1;
    db_select_int(live_db(live, NULL), "SELECT total_changes()", DB_NONE, &n, NULL);
    return n;
}

static void test_last_use(void **state)
{
    (void)state;
    char *dir = workdir_make();
    struct live *live = live_new(dir), *other = live_new(dir);
    int64_t today = now - now % day;
    assert_int_equal(last(live, "a", 1), 0);
    note(live, "a", 1, now);
    int64_t written = changes(live);
    for (int i = 0; i < 50; i++)
        note(live, "a", 1, now + i);
    assert_int_equal(changes(live), written); /* once a day */
    assert_int_equal(last(other, "a", 1), today);
    assert_int_equal(last(live, "a", 2), 0);
    assert_int_equal(last(live, "b", 1), 0);
    note(other, "a", 2, now + day);
    note(other, "a", 1, now + 2 * day);
    note(other, "a", 1, now); /* a clock that went back */
    assert_int_equal(last(live, "a", 1), today + 2 * day);
    assert_int_equal(last(live, "a", 2), today + day);
    note(other, "a", 1, now - day); /* what was noted is no day that has been */
    assert_int_equal(last(live, "a", 1), today - day);
    live_free(live);
    live_free(other);
    workdir_remove(dir);
}

static void test_errors(void **state)
{
    (void)state;
    struct live *live = live_new("/dev/null/x");
    struct err e;
    assert_int_equal(secret_usage_note(live, "a", 1, now, &e), -1);
    assert_int_equal(secret_usage_last(live, "a", 1, &e), -1);
    live_free(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_use),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
