#include "ledgertest.h"

#include "store/activity.h"
#include "store/inbox.h"
#include "store/rollup.h"

/* What clients heard and said last: by the app's address and by their own, exact while
 * the rows are there, to the hour after that. */

static const int64_t base = 1700000000000 / HOUR * HOUR;

static void heard(const char *client, const char *company, const char *scheme,
                  int64_t at_ms)
{
    int64_t id;
    const struct delivery d = {.at_ms = at_ms,
                               .app = "front",
                               .client = client,
                               .company = company,
                               .scheme = scheme,
                               .state = DELIVERY_DONE};
    OK(inbox_add(db, &d, "{}", 2, &id, &e));
}

static int describe(void *arg, const struct activity *a)
{
    buf_addf(arg, "%s %lld/%lld at %lld and %lld, %lld parked;", a->client,
             (long long)a->events, (long long)a->replies,
             (long long)(a->event_ms ? a->event_ms - base : 0),
             (long long)(a->reply_ms ? a->reply_ms - base : 0), (long long)a->parked);
    return 0;
}

static void assert_activity(const char *expected)
{
    struct buf b;
    int swept;
    buf_init(&b, 10000);
    OK(rollup_sweep(db, 1000, &swept, &e));
    OK(activity_each(db, describe, &b, &e));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static void test_activity(void **state)
{
    (void)state;
    struct activity_heard got;
    OK(db_exec(
        db,
        "INSERT INTO connection (app, id, company, token_version, token, created_ms)"
        " VALUES ('front', 'cmp_1', 'One', 1, x'00', 1);"
        "INSERT INTO client_connection VALUES ('acme', 'front', 'cmp_1');"
        "INSERT INTO client_connection VALUES ('beta', 'front', 'cmp_1')",
        &e));
    assert_activity("");
    OK(activity_heard(db, "acme", "front", &got, &e));
    assert_int_equal(got.company_ms, 0);
    assert_int_equal(got.own_ms, 0);

    heard(NULL, "cmp_1", "application", base + 5);
    heard(NULL, "cmp_1", "heal", base + 6); /* was listed, came by no webhook */
    heard("acme", "cmp_1", "rule", base + 7);
    heard(NULL, "cmp_2", "application", base + 8);
    assert_activity("acme 3/0 at 7 and 0, 0 parked;beta 2/0 at 6 and 0, 0 parked;");
    OK(activity_heard(db, "acme", "front", &got, &e));
    assert_int_equal(got.company_ms, base + 5);
    assert_int_equal(got.own_ms, base + 7);
    OK(activity_heard(db, "beta", "front", &got, &e));
    assert_int_equal(got.own_ms, 0);

    OK(db_exec(db,
               "INSERT INTO reply VALUES ('beta', 'cnv_1', 1, 1, 1700000000123);"
               "DELETE FROM delivery WHERE client = 'acme'",
               &e));
    char text[200];
    snprintf(text, sizeof text,
             "acme 3/0 at 6 and 0, 0 parked;beta 2/0 at 6 and %lld, 0 parked;",
             (long long)(1700000000123 - base));
    assert_activity(text);
    /* disconnected: what fired is known */
    OK(db_exec(db,
               "DELETE FROM client_connection WHERE client = 'acme';"
               "INSERT INTO activation (at_ms, client, trigger, key, delivery, event)"
               " SELECT at_ms, 'acme', 'front/new', 'k', id, '{}' FROM delivery"
               " WHERE scheme = 'application' AND company = 'cmp_1'",
               &e));
    snprintf(text, sizeof text,
             "acme 3/0 at 5 and 0, 0 parked;beta 2/0 at 6 and %lld, 0 parked;",
             (long long)(1700000000123 - base));
    assert_activity(text);
    /* what retention has removed: the beginning of its hour */
    OK(db_exec(db, "DELETE FROM delivery", &e));
    snprintf(text, sizeof text,
             "acme 3/0 at 0 and 0, 0 parked;beta 2/0 at 0 and %lld, 0 parked;",
             (long long)(1700000000123 - base));
    assert_activity(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_activity, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
