#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/db.h"
#include "store/budget.h"
#include "store/live.h"
#include "workdir.h"

static char *dir;
static struct live *live;
static struct budget *budget;

static const char company[] = "front/cmp_1a2b";
static const int64_t start = 1700000000000;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    live = live_new(dir);
    budget = budget_new(live);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    budget_free(budget);
    live_free(live);
    workdir_remove(dir);
    return 0;
}

/* Returns the time to wait when it was denied, 0 when it was granted. */
static int64_t take_of(struct budget *b, const struct budget_ask *ask, int64_t now_ms)
{
    struct err e = {0};
    int64_t wait_ms = -1;
    int rc = budget_take(b, ask, now_ms, &wait_ms, &e);
    if (rc < 0)
        fail_msg("%s", e.text);
    if (rc == 0)
        assert_in_range(wait_ms, 1, 10 * 60 * 1000);
    if (wait_ms > WINDOW_WAIT_MAX_MS)
        wait_ms = WINDOW_WAIT_MAX_MS;
    return rc == 1 ? 0 : wait_ms;
}

static int64_t take(enum window_lane lane, int64_t now_ms)
{
    return take_of(budget, &(struct budget_ask){company, lane, NULL, 0}, now_ms);
}

static int64_t take_resource(const char *resource, int64_t now_ms)
{
    return take_of(budget, &(struct budget_ask){company, WINDOW_LANE_REPLY, resource, 0},
                   now_ms);
}

static void learn_of(struct budget *b, int64_t limit, int64_t remaining, int64_t reset_ms,
                     int64_t now_ms)
{
    struct err e = {0};
    if (budget_learn(b, company, &(struct window_said){limit, remaining, reset_ms},
                     now_ms, &e) != 0)
        fail_msg("%s", e.text);
}

static void learn(int64_t limit, int64_t remaining, int64_t reset_ms, int64_t now_ms)
{
    learn_of(budget, limit, remaining, reset_ms, now_ms);
}

static void refused(const char *resource, int64_t retry_ms, int burst, int64_t now_ms)
{
    struct err e = {0};
    if (budget_refused(budget, company, resource, retry_ms, burst, now_ms, &e) != 0)
        fail_msg("%s", e.text);
}

static struct budget_state state_at(int64_t now_ms)
{
    struct err e = {0};
    struct budget_state s;
    if (budget_state(budget, company, now_ms, &s, &e) != 0)
        fail_msg("%s", e.text);
    return s;
}

/* How many are granted at once. */
static int drain(enum window_lane lane, int64_t now_ms)
{
    int n = 0;
    while (n < 10000 && take(lane, now_ms) == 0)
        n++;
    return n;
}

static void reopen(void)
{
    budget_free(budget);
    live_free(live);
    live = live_new(dir);
    budget = budget_new(live);
}

static void test_an_unknown_company_is_asked_gently(void **state)
{
    (void)state;
    struct budget_state s = state_at(start);
    assert_int_equal(s.limit, WINDOW_DEFAULT_LIMIT);
    assert_int_equal(s.learned, 0);
    assert_int_equal(s.ends_ms, 0);
    assert_int_equal(take(WINDOW_LANE_BULK, start), 0); /* a one-shot does not wait */
    assert_int_equal(take(WINDOW_LANE_BULK, start), 0);
    assert_true(take(WINDOW_LANE_BULK, start) > 0);
    assert_int_equal(take(WINDOW_LANE_BULK, start + 200), 0);
    /* It is not starved when no answer has headers. */
    int n = 3;
    for (int64_t t = start + 400; t < start + 60000; t += 100)
        n += take(WINDOW_LANE_BULK, t) == 0;
    assert_int_equal(n, 45); /* bulk never takes the last tenth */
    assert_int_equal(state_at(start + 59999).left, 5);
}

static void test_the_limit_is_learned(void **state)
{
    (void)state;
    take(WINDOW_LANE_BULK, start);
    learn(100, 99, start + 37000, start + 100);
    struct budget_state s = state_at(start + 100);
    assert_int_equal(s.limit, 100);
    assert_int_equal(s.left, 99);
    assert_int_equal(s.learned, 1);
    assert_in_range(s.ends_ms, start + 37000, start + 38000);
    assert_int_equal(drain(WINDOW_LANE_BULK, start + 200), 89);
    assert_int_equal(drain(WINDOW_LANE_ACTIVATION, start + 200), 5);
    assert_int_equal(drain(WINDOW_LANE_REPLY, start + 200), 5);
    /* The window ends when the header said, not a minute after it began. */
    assert_true(take(WINDOW_LANE_REPLY, start + 36999) > 0);
    assert_int_equal(take(WINDOW_LANE_REPLY, start + 38000), 0);
    assert_int_equal(state_at(start + 38000).learned, 1);
}

static void test_counters_survive_a_restart(void **state)
{
    (void)state;
    take(WINDOW_LANE_BULK, start);
    learn(100, 99, start + 50000, start);
    assert_int_equal(drain(WINDOW_LANE_BULK, start), 89);
    reopen();
    assert_int_equal(state_at(start).left, 10);
    assert_true(take(WINDOW_LANE_BULK, start) > 0);
}

static void test_others_use_the_companys_limit_too(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        take(WINDOW_LANE_REPLY, start);
    learn(100, 40, start + 50000, start + 100); /* 58 by others */
    assert_int_equal(state_at(start + 100).left, 40);
    /* An answer that was sent before two newer requests does not raise the count. */
    take(WINDOW_LANE_REPLY, start + 200);
    take(WINDOW_LANE_REPLY, start + 1300);
    int64_t left = state_at(start + 1300).left;
    learn(100, 40, start + 50000, start + 1400);
    learn(100, 90, start + 50000, start + 1400);
    assert_true(state_at(start + 1400).left <= left);
    learn(100, 0, start + 50000, start + 1500);
    assert_true(take(WINDOW_LANE_REPLY, start + 1500) > 0);
}

/* A permit in memory was surely not seen by the company. */
static void test_permits_in_hand_count_as_ours(void **state)
{
    (void)state;
    take(WINDOW_LANE_BULK, start);
    learn(400, 399, start + 50000, start);
    for (int i = 0; i < 9; i++)
        take(WINDOW_LANE_BULK, start);
    int64_t in_hand = 390 - state_at(start).left;
    assert_true(in_hand > 0);
    learn(400, 390, start + 50000, start); /* no other program */
    assert_int_equal(state_at(start).left, 390 - in_hand);
    learn(400, 383, start + 50000, start); /* seven by others */
    assert_int_equal(state_at(start).left, 383 - in_hand);
}

static void test_late_and_odd_headers(void **state)
{
    (void)state;
    take(WINDOW_LANE_REPLY, start);
    learn(100, 99, start + 10000, start);
    assert_int_equal(take(WINDOW_LANE_REPLY, start + 11500), 0); /* the next window */
    learn(100, 99, start + 70000, start + 11600);
    int64_t left = state_at(start + 11700).left;
    learn(100, 3, start + 10000, start + 11700); /* of the last one */
    assert_int_equal(state_at(start + 11700).left, left);
    learn(-1, -1, -1, start + 11700);
    assert_int_equal(state_at(start + 11700).left, left);
    learn(100, 98, start + 3600 * 1000, start + 11700); /* a clock an hour off */
    assert_true(state_at(start + 11700).ends_ms <= start + 72000);
    learn(100, 98, 0, start + 11700);
    learn(0, 500, start + 70000, start + 11700);
    assert_int_equal(state_at(start + 11700).limit, 100);
    /* Another plan, from now on. */
    learn(200, 150, start + 70000, start + 11800);
    assert_int_equal(state_at(start + 11800).limit, 200);
    assert_int_equal(state_at(start + 11800).left, 149); /* one is in memory */
    /* A window that began earlier than we thought. */
    learn(200, 199, start + 90000, start + 12000);
    assert_int_equal(state_at(start + 12000).left, 199);
}

static void test_a_clock_that_is_set_back(void **state)
{
    (void)state;
    take(WINDOW_LANE_REPLY, start);
    learn(20, 19, start + 50000, start);
    drain(WINDOW_LANE_REPLY, start);
    refused(NULL, 30000, 0, start);
    take_resource("cnv_1", start);
    int64_t then = start - 3600 * 1000;
    assert_int_equal(take(WINDOW_LANE_REPLY, then), 0);
    assert_int_equal(state_at(then).ends_ms, then + WINDOW_MS);
}

static void test_a_burst_is_per_resource(void **state)
{
    (void)state;
    take(WINDOW_LANE_REPLY, start);
    learn(1000, 999, start + 50000, start);
    for (int i = 0; i < WINDOW_BURST; i++)
        assert_int_equal(take_resource("cnv_1", start + 10 * i), 0);
    assert_int_equal(take_resource("cnv_1", start + 100), 1000);
    assert_int_equal(take_resource("cnv_2", start + 100), 0);
    assert_int_equal(take(WINDOW_LANE_BULK, start + 100), 0);
    /* Never six in any stretch of a second, also when windows would allow it. */
    assert_int_equal(take_resource("cnv_1", start + WINDOW_BURST_MS), 0);
    assert_int_equal(take_resource("cnv_1", start + WINDOW_BURST_MS), 10);
    /* And for all processes together. */
    reopen();
    assert_int_equal(take_resource("cnv_1", start + WINDOW_BURST_MS), 10);
    int64_t left = state_at(start + WINDOW_BURST_MS).left;
    for (int i = 0; i < 5; i++)
        take_resource("cnv_1", start + WINDOW_BURST_MS);
    assert_int_equal(state_at(start + WINDOW_BURST_MS).left, left); /* costs no permit */
}

static void test_a_429_of_a_burst(void **state)
{
    (void)state;
    take(WINDOW_LANE_REPLY, start);
    learn(100, 90, start + 50000, start);
    refused("cnv_1", 341, 1, start);
    assert_int_equal(take_resource("cnv_1", start), 341);
    assert_int_equal(take_resource("cnv_2", start), 0);
    assert_int_equal(take(WINDOW_LANE_BULK, start), 0);
    assert_int_equal(take_resource("cnv_1", start + 341), 0);
    assert_int_equal(state_at(start).blocked_until_ms, 0);
    refused(NULL, -1, 1, start + 5000);
    assert_int_equal(take(WINDOW_LANE_BULK, start + 5000), WINDOW_BURST_MS);
    assert_int_equal(take_resource("cnv_1", start + 5000), 0);
    assert_int_equal(take(WINDOW_LANE_BULK, start + 5000 + WINDOW_BURST_MS), 0);
}

static void test_a_429_of_the_company(void **state)
{
    (void)state;
    struct live *live2 = live_new(dir);
    struct budget *other = budget_new(live2);
    struct budget_ask ask = {company, WINDOW_LANE_BULK, NULL, 0};
    take(WINDOW_LANE_REPLY, start);
    learn(400, 300, start + 50000, start);
    /* The other process holds a block. */
    for (int i = 0; i < 10; i++)
        assert_int_equal(take_of(other, &ask, start), 0);
    refused(NULL, 20000, 0, start + 10);
    assert_true(take_of(other, &ask, start + 20) > 0); /* its block is void */
    assert_true(take(WINDOW_LANE_REPLY, start + 20) > 0);
    assert_int_equal(state_at(start + 20).blocked_until_ms, start + 20010);
    refused(NULL, 5000, 0,
            start + 30); /* of an earlier request: the rest is not shortened */
    learn_of(other, 400, 200, start + 50000, start + 40);
    assert_true(take(WINDOW_LANE_REPLY, start + 20009) > 0);
    /* Then requests are sent one by one. */
    assert_int_equal(take(WINDOW_LANE_REPLY, start + 20010), 0);
    assert_int_equal(take(WINDOW_LANE_REPLY, start + 20010), 0);
    assert_true(take(WINDOW_LANE_REPLY, start + 20010) > 0);
    assert_true(take_of(other, &ask, start + 20010) > 0);
    learn(400, 390, start + 80000, start + 20100);
    assert_int_equal(take(WINDOW_LANE_REPLY, start + 20300), 0);
    assert_int_equal(take_of(other, &ask, start + 20300), 0);
    assert_true(drain(WINDOW_LANE_REPLY, start + 20300) > 300);
    budget_free(other);
    live_free(live2);
}

static void test_retry_after_is_clamped(void **state)
{
    (void)state;
    refused(NULL, 0, 0, start);
    assert_int_equal(state_at(start).blocked_until_ms, start + 1000);
    refused(NULL, -1, 0, start);
    assert_int_equal(state_at(start).blocked_until_ms, start + 60000);
    refused(NULL, INT64_MAX, 0, start);
    assert_int_equal(state_at(start).blocked_until_ms, start + 600000);
}

static void test_searches_have_their_share(void **state)
{
    (void)state;
    struct budget_ask search = {company, WINDOW_LANE_REPLY, NULL, 1};
    take(WINDOW_LANE_REPLY, start);
    learn(100, 99, start + 50000, start);
    int n = 0;
    while (take_of(budget, &search, start) == 0)
        n++;
    assert_int_equal(n, 40);
    assert_int_equal(state_at(start).left, 59);
    assert_int_equal(drain(WINDOW_LANE_REPLY, start), 59);
    assert_int_equal(take_of(budget, &search, start + 51000), 0);
}

static void test_higher_lanes_go_first(void **state)
{
    (void)state;
    struct live *live2 = live_new(dir);
    struct budget *other = budget_new(live2);
    struct budget_ask reply = {company, WINDOW_LANE_REPLY, NULL, 0};
    take(WINDOW_LANE_REPLY, start);
    learn(20, 10, start + 50000, start);
    drain(WINDOW_LANE_REPLY, start);
    int64_t end = start + 51000;
    assert_true(take_of(other, &reply, end - 1000) > 0); /* it waits */
    assert_int_equal(take(WINDOW_LANE_BULK, end), 100);  /* and goes first */
    assert_int_equal(take(WINDOW_LANE_ACTIVATION, end), 100);
    assert_int_equal(take_of(other, &reply, end), 0);
    assert_int_equal(take(WINDOW_LANE_BULK, end + 100), 100); /* after the activation */
    assert_int_equal(take(WINDOW_LANE_ACTIVATION, end + 100), 0);
    assert_int_equal(take(WINDOW_LANE_BULK, end + 200), 0);

    /* A process that waited and ended does not delay the others for long. */
    drain(WINDOW_LANE_REPLY, end + 300);
    int64_t next = end + 61000;
    take_of(other, &reply, next - 3000);
    assert_int_equal(take(WINDOW_LANE_BULK, next), 100);
    assert_int_equal(take(WINDOW_LANE_BULK, next + 600), 0);
    budget_free(other);
    live_free(live2);
}

static void test_a_permit_of_bulk_serves_a_reply(void **state)
{
    (void)state;
    take(WINDOW_LANE_BULK, start);
    learn(400, 399, start + 50000, start);
    for (int i = 0; i < 20; i++)
        take(WINDOW_LANE_BULK, start);
    int64_t left = state_at(start).left;
    assert_true(left < 400 - 21); /* a block is in memory */
    take(WINDOW_LANE_REPLY, start);
    assert_int_equal(state_at(start).left, left);
}

static void test_unused_permits_are_given_back(void **state)
{
    (void)state;
    take(WINDOW_LANE_BULK, start);
    learn(400, 399, start + 50000, start);
    for (int i = 0; i < 20; i++)
        take(WINDOW_LANE_BULK, start);
    assert_true(state_at(start).left < 379);
    assert_int_equal(budget_give_back(budget, start + 999, NULL), 0);
    assert_true(state_at(start).left < 379);
    assert_int_equal(budget_give_back(budget, start + 1000, NULL), 0);
    assert_int_equal(state_at(start).left, 379);
    for (int i = 0; i < 20; i++)
        take(WINDOW_LANE_BULK, start + 1000);
    assert_true(state_at(start).left < 359);
    take(WINDOW_LANE_BULK, start + 3000); /* by the next ask */
    assert_int_equal(state_at(start).left, 358);
    for (int i = 0; i < 20; i++)
        take(WINDOW_LANE_BULK, start + 3000);
    reopen(); /* or when the process ends */
    assert_int_equal(state_at(start).left, 338);
}

static void test_a_lost_file_is_begun_anew(void **state)
{
    (void)state;
    take(WINDOW_LANE_BULK, start);
    learn(400, 399, start + 50000, start);
    for (int i = 0; i < 20; i++)
        take(WINDOW_LANE_BULK, start);
    char *path = xasprintf("%s/state/live.db", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(take(WINDOW_LANE_BULK, start), 0);
    assert_int_equal(state_at(start).limit, WINDOW_DEFAULT_LIMIT);
    assert_int_equal(state_at(start).left, WINDOW_DEFAULT_LIMIT - 1);
    free(path);
}

static void test_an_api_that_names_no_limit_has_none(void **state)
{
    (void)state;
    assert_int_equal(take(WINDOW_LANE_REPLY, start), 0);
    learn(WINDOW_NO_LIMIT, -1, -1, start);
    assert_int_equal(drain(WINDOW_LANE_BULK, start), 10000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(take_resource("cnv_1", start), 0);
    /* but it may still answer with a 429 */
    refused(NULL, 5000, 0, start);
    assert_int_not_equal(take(WINDOW_LANE_REPLY, start + 4999), 0);
    assert_int_equal(take(WINDOW_LANE_REPLY, start + 5000), 0);
    learn(WINDOW_NO_LIMIT, -1, -1, start + 5010);
    assert_int_equal(drain(WINDOW_LANE_REPLY, start + 5010), 10000);
    /* a limit that it names later counts at once, for blocks in memory too */
    learn(100, 90, start + 60000, start + 5010);
    assert_int_equal(drain(WINDOW_LANE_REPLY, start + 5010), 90);
    /* and is not lifted by one answer without headers */
    learn(WINDOW_NO_LIMIT, -1, -1, start + 5010);
    assert_int_equal(state_at(start + 5010).limit, 100);
    assert_int_equal(drain(WINDOW_LANE_REPLY, start + 5010), 0);
}

static void test_a_burst_without_an_id_holds_blocks_too(void **state)
{
    (void)state;
    learn(1000, 999, start + 60000, start);
    for (int i = 0; i < 10; i++) /* more than half of the last block is in memory */
        assert_int_equal(take(WINDOW_LANE_REPLY, start), 0);
    refused(NULL, 500, 1, start);
    assert_int_equal(take(WINDOW_LANE_REPLY, start), 500);
    assert_int_equal(take_resource("cnv_1", start), 0);
    assert_int_equal(take(WINDOW_LANE_REPLY, start + 500), 0);
}

/* A process that reads the clock and then waits for the lock has an older time. */
static void test_a_burst_counts_what_lies_a_little_ahead(void **state)
{
    (void)state;
    learn(1000, 999, start + 60000, start);
    for (int i = 0; i < WINDOW_BURST; i++)
        assert_int_equal(take_resource("cnv_1", start + 10), 0);
    assert_int_equal(take_resource("cnv_1", start), 10 + WINDOW_BURST_MS);
    /* but not for ever, when the clock is set back */
    assert_int_equal(take_resource("cnv_1", start - WINDOW_BURST_MS - 10), 0);
}

static void test_old_rows_are_removed(void **state)
{
    (void)state;
    take(WINDOW_LANE_REPLY, start);
    learn(1000, 999, start + 50000, start);
    for (int i = 0; i < 100; i++) {
        char resource[16];
        snprintf(resource, sizeof resource, "cnv_%d", i);
        take_resource(resource, start);
    }
    take_resource("cnv_1000", start + 60000);
    char *path = xasprintf("%s/state/live.db", dir);
    struct db *db = db_open(path, NULL);
    struct err e = {0};
    int changed = 0;
    assert_int_equal(
        db_change(db, "UPDATE resource SET last_ms = 0", DB_NONE, &changed, &e), 0);
    assert_int_equal(changed, 1);
    db_close(db);
    free(path);
}

static void test_resources_of_paths(void **state)
{
    (void)state;
    static const struct {
        const char *url, *resource;
    } cases[] = {
        {"https://api2.frontapp.com/conversations/cnv_55c8c149/messages", "cnv_55c8c149"},
        {"/conversations/cnv_55c8c149", "cnv_55c8c149"},
        {"/teams/tim_1/signatures/sig_2?x=cnv_3", "tim_1"},
        {"/contacts/alt:email:a@b.c/notes", "alt:email:a@b.c"},
        {"/contacts/alt%3Aemail%3Aa/notes", "alt%3Aemail%3Aa"},
        {"http://127.0.0.1:8099/v2/orders/1234#x", "1234"},
        {"/a//7", "7"},
        {"/conversations?q=cnv_1", ""},
        {"/contact_lists", ""},
        {"/conversations/search/tag:tag_1%20is:open", ""},
        {"https://cnv_1.example", ""},
        {"/me?u=http://x/1", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[BUDGET_RESOURCE_SIZE];
        int rc = budget_resource(cases[i].url, out, sizeof out);
        assert_string_equal(out, cases[i].resource);
        assert_int_equal(rc, cases[i].resource[0] != '\0');
    }
    char small[5];
    assert_int_equal(budget_resource("/x/cnv_123456", small, sizeof small), 1);
    assert_string_equal(small, "cnv_");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_unknown_company_is_asked_gently),
        TEST(test_the_limit_is_learned),
        TEST(test_counters_survive_a_restart),
        TEST(test_others_use_the_companys_limit_too),
        TEST(test_permits_in_hand_count_as_ours),
        TEST(test_late_and_odd_headers),
        TEST(test_a_clock_that_is_set_back),
        TEST(test_a_burst_is_per_resource),
        TEST(test_a_429_of_a_burst),
        TEST(test_a_429_of_the_company),
        TEST(test_retry_after_is_clamped),
        TEST(test_searches_have_their_share),
        TEST(test_higher_lanes_go_first),
        TEST(test_a_permit_of_bulk_serves_a_reply),
        TEST(test_unused_permits_are_given_back),
        TEST(test_a_lost_file_is_begun_anew),
        TEST(test_an_api_that_names_no_limit_has_none),
        TEST(test_a_burst_without_an_id_holds_blocks_too),
        TEST(test_a_burst_counts_what_lies_a_little_ahead),
        TEST(test_old_rows_are_removed),
        TEST(test_resources_of_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
