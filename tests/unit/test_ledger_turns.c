#include "ledgertest.h"

/* Which run may start: fairness, order keys, pauses, claims. */

static int busy_acme;

static int in_flight(void *arg, const char *client)
{
    (void)arg;
    return strcmp(client, "acme") == 0 ? busy_acme : 0;
}

static int collect(void *arg, const struct ledger_run *run)
{
    buf_addf(arg, "%lld ", (long long)run->id);
    return 0;
}

static void assert_due_full(const struct ledger_turns *turns, const char *expected)
{
    struct buf b;
    buf_init(&b, 10000);
    OK(ledger_due(db, turns, collect, &b, &e));
    if (strcmp(buf_str(&b), expected) != 0)
        fail_msg("due: \"%s\", not \"%s\"", buf_str(&b), expected);
    buf_free(&b);
}

static void assert_due(int64_t at_ms, const char *expected)
{
    assert_due_full(
        &(struct ledger_turns){.now_ms = at_ms, .limit = 64, .client_limit = 8},
        expected);
}

static void assert_next(int64_t expected)
{
    int64_t due;
    OK(ledger_next_due(db, &due, &e));
    assert_int_equal(due, expected);
}

static void due_by_time(void **state)
{
    (void)state;
    assert_due(now, "");
    assert_next(INT64_MAX);
    ADD(.due_ms = now + 20);
    ADD(.due_ms = now + 10);
    ADD(.due_ms = now + 10);
    assert_due(now + 9, "");
    assert_next(now + 10);
    assert_due(now + 10, "2 3 ");
    assert_due(now + 20, "2 3 1 ");
    int64_t epoch;
    assert_int_equal(claim_at(1, now + 19, &epoch), 0);
    assert_int_equal(claim_at(1, now + 20, &epoch), 1);
    assert_due(now + 20, "2 3 ");
}

static void only_some_states_start(void **state)
{
    (void)state;
    static const int starts[LEDGER_STATES] = {[LEDGER_QUEUED] = 1,
                                              [LEDGER_SLEEPING] = 1,
                                              [LEDGER_WAITING] = 1,
                                              [LEDGER_CONFIRMING] = 1};
    for (int s = 0; s < LEDGER_STATES; s++) {
        int64_t epoch, id = ADD_RUNNING(.client = "acme");
        char text[32], expected[32];
        snprintf(text, sizeof text, "%lld ", (long long)id);
        snprintf(expected, sizeof expected, "%s", starts[s] ? text : "");
        if (s != LEDGER_RUNNING)
            OK(ledger_commit(db,
                             CHANGE(id, 1, .state = s, .due_ms = now + 5,
                                    .wait_trigger = "t", .wait_match = "{}"),
                             &e));
        assert_due(now + 4, "");
        assert_due(now + 5, expected);
        assert_next(starts[s] ? now + 5 : INT64_MAX);
        assert_int_equal(claim_at(id, now + 5, &epoch), starts[s]);
        assert_due(now + 5, "");
    }
}

static void clients_take_turns(void **state)
{
    (void)state;
    /* 1-4 acme, 5-6 bolt, 7 cord */
    for (int i = 0; i < 4; i++)
        ADD(.client = "acme");
    for (int i = 0; i < 2; i++)
        ADD(.client = "bolt");
    ADD(.client = "cord");
    struct ledger_turns t = {
        .now_ms = now, .limit = 64, .client_limit = 8, .in_flight = in_flight};
    busy_acme = 0;
    assert_due_full(&t, "1 5 7 2 6 3 4 ");
    t.after = "acme";
    assert_due_full(&t, "5 7 1 6 2 3 4 ");
    t.after = "b"; /* a client without runs */
    assert_due_full(&t, "5 7 1 6 2 3 4 ");
    t.after = "cord";
    assert_due_full(&t, "1 5 7 2 6 3 4 ");
    t.limit = 2;
    t.after = "bolt";
    assert_due_full(&t, "7 1 ");
    t.limit = 0;
    assert_due_full(&t, "");
    /* what a client has in flight counts */
    t = (struct ledger_turns){
        .now_ms = now, .limit = 64, .client_limit = 3, .in_flight = in_flight};
    busy_acme = 2;
    assert_due_full(&t, "1 5 7 6 ");
    busy_acme = 3;
    assert_due_full(&t, "5 7 6 ");
    t.client_limit = 1;
    assert_due_full(&t, "5 7 ");
}

static int stop_at_two(void *arg, const struct ledger_run *run)
{
    (void)run;
    return ++*(int *)arg == 2;
}

static void the_callback_may_stop(void **state)
{
    (void)state;
    int seen = 0;
    for (int i = 0; i < 4; i++)
        ADD(.client = "acme");
    struct ledger_turns t = {.now_ms = now, .limit = 64, .client_limit = 8};
    OK(ledger_due(db, &t, stop_at_two, &seen, &e));
    assert_int_equal(seen, 2);
}

/* More due runs than are read one by one: the other query gives the same answer. */
static void a_backlog_leaves_the_others_their_turn(void **state)
{
    (void)state;
    OK(db_exec(db, "BEGIN", &e));
    for (int i = 0; i < 300; i++)
        ADD(.client = "big", .recipe = i % 2 ? "x" : "y");
    ADD(.client = "acme", .due_ms = now - 5);
    ADD(.client = "cord", .recipe = "z");
    ADD(.client = "cord", .recipe = "a", .due_ms = now + 1);
    OK(db_exec(db, "COMMIT", &e));
    busy_acme = 0;
    assert_due(now, "301 1 302 2 3 4 5 6 7 8 ");
    assert_due(now + 1, "301 1 302 2 303 3 4 5 6 7 8 ");
    assert_next(now - 5);
    /* x is paused: the odd ones remain */
    OK(ledger_pause(db, &(struct ledger_pause){"big", "x", now, "hand", "why"}, &e));
    assert_due(now, "301 1 302 3 5 7 9 11 13 15 ");
    OK(ledger_pause(db, &(struct ledger_pause){"acme", "", now, "hand", "why"}, &e));
    assert_due(now, "1 302 3 5 7 9 11 13 15 ");
    assert_next(now);
    OK(ledger_pause(db, &(struct ledger_pause){"", "z", now, "hand", "why"}, &e));
    OK(ledger_pause(db, &(struct ledger_pause){"big", "", now, "hand", "why"}, &e));
    assert_due(now + 1, "303 ");
    assert_next(now + 1);
    OK(ledger_pause(db, &(struct ledger_pause){"", "", now, "hand", "why"}, &e));
    assert_due(now + 1, "");
    assert_next(INT64_MAX);
}

static void paused_ones_are_left_out(void **state)
{
    (void)state;
    static const struct ledger_pause pauses[] = {{"acme", "x", 0, "hand", ""},
                                                 {"acme", "", 0, "hand", ""},
                                                 {"", "x", 0, "hand", ""},
                                                 {"", "", 0, "hand", ""}};
    static const char *const left[] = {"2 3 ", "3 ", "2 ", ""};
    int64_t epoch;
    int lifted;
    ADD(.client = "acme", .recipe = "x");
    ADD(.client = "acme", .recipe = "y", .due_ms = now + 1);
    ADD(.client = "bolt", .recipe = "x", .due_ms = now - 1);
    for (int i = 0; i < 4; i++) {
        OK(ledger_pause(db, &pauses[i], &e));
        assert_due(now + 1, left[i]);
        assert_int_equal(claim_at(1, now + 1, &epoch), 0);
        OK(ledger_resume(db, pauses[i].client, pauses[i].recipe, &lifted, &e));
        assert_int_equal(lifted, 1);
    }
    assert_next(now - 1);
    OK(ledger_pause(db, &pauses[2], &e));
    assert_next(now + 1);
    OK(ledger_resume(db, "", "x", &lifted, &e));
    assert_due(now + 1, "1 3 2 ");
    assert_int_equal(claim_at(1, now + 1, &epoch), 1);
}

/* ---- order keys ---- */

static const char order_key[] = "acme/first-reply/cnv_1";

static void one_after_the_other(void **state)
{
    (void)state;
    int64_t epoch, a = ADD(.order_key = order_key), b = ADD(.order_key = order_key),
                   c = ADD(.order_key = order_key);
    ADD(.order_key = "another");
    assert_due(now, "1 4 ");
    assert_int_equal(claim_at(b, now, &epoch), 0);
    assert_int_equal(claim_at(c, now, &epoch), 0);
    epoch = claim_ok(a, now);
    assert_due(now, "4 ");
    assert_int_equal(claim_at(b, now, &epoch), 0);
    end_at(a, epoch, LEDGER_DONE, now, now);
    assert_due(now, "2 4 ");
    assert_int_equal(claim_at(c, now, &epoch), 0);
    epoch = claim_ok(b, now);
    end_at(b, epoch, LEDGER_SKIPPED, now, now);
    epoch = claim_ok(c, now);
    end_at(c, epoch, LEDGER_DONE, now, now);
    assert_due(now, "4 ");
    ADD(.order_key = order_key);
    assert_due(now, "4 5 ");
}

/* Which states let the next run of the order key start, and which do not. */
static void which_states_block_the_order(void **state)
{
    (void)state;
    static const int holds[LEDGER_STATES] = {
        [LEDGER_QUEUED] = 1, [LEDGER_RUNNING] = 1, [LEDGER_CONFIRMING] = 1};
    for (int s = 0; s < LEDGER_STATES; s++) {
        char key[32], expected[32];
        int64_t epoch;
        snprintf(key, sizeof key, "key-%d", s);
        int64_t a = ADD(.order_key = key), b = ADD(.order_key = key);
        epoch = claim_ok(a, now);
        if (s != LEDGER_RUNNING)
            OK(ledger_commit(db,
                             CHANGE(a, epoch, .state = s, .due_ms = now + HOUR,
                                    .failures = s == LEDGER_QUEUED, .wait_trigger = "t",
                                    .wait_match = "{}"),
                             &e));
        snprintf(expected, sizeof expected, "%lld ", (long long)b);
        assert_due(now, holds[s] ? "" : expected);
        assert_int_equal(claim_at(b, now, &epoch), !holds[s]);
        if (!ledger_is_over((enum ledger_state)s))
            OK(ledger_cancel(db, a, NULL, now, &e));
        if (holds[s])
            claim_ok(b, now);
    }
}

static void a_retrying_one_holds_it_for_a_while(void **state)
{
    (void)state;
    int64_t epoch, a = ADD(.order_key = order_key), b = ADD(.order_key = order_key),
                   c = ADD(.order_key = order_key);
    epoch = claim_ok(a, now);
    end_at(a, epoch, LEDGER_QUEUED, now, now + MINUTE);
    assert_due(now + MINUTE - 1, "");
    assert_due(now + MINUTE, "1 ");
    /* its turn began at its first claim, not at its last */
    epoch = claim_ok(a, now + 5 * MINUTE);
    end_at(a, epoch, LEDGER_QUEUED, now + 6 * MINUTE, now + HOUR);
    const int64_t end = now + LEDGER_ORDER_WAIT_MS;
    assert_due(end - 1, "");
    assert_int_equal(claim_at(b, end - 1, &epoch), 0);
    assert_due(end, "2 ");
    epoch = claim_ok(b, end);
    /* while b runs, a waits although it is due */
    assert_due(now + HOUR, "");
    assert_int_equal(claim_at(a, now + HOUR, &epoch), 0);
    epoch = -1;
    OK(db_select_int(db, "SELECT epoch FROM run WHERE id = 2", DB_NONE, &epoch, &e));
    end_at(b, epoch, LEDGER_DONE, now + HOUR, now + HOUR);
    /* c does not wait for a */
    assert_due(now + HOUR, "3 1 ");
    claim_ok(a, now + HOUR);
    assert_int_equal(claim_at(c, now + HOUR, &epoch), 0);
}

static void two_that_retry_do_not_wait_for_each_other(void **state)
{
    (void)state;
    int64_t epoch, a = ADD(.order_key = order_key), b = ADD(.order_key = order_key);
    epoch = claim_ok(a, now);
    end_at(a, epoch, LEDGER_PARKED, now, now);
    epoch = claim_ok(b, now);
    end_at(b, epoch, LEDGER_QUEUED, now, now);
    OK(ledger_retry(db, a, 0, now, &e));
    /* the turn of a has ended; it is now of b */
    assert_due(now, "2 ");
    epoch = claim_ok(b, now);
    end_at(b, epoch, LEDGER_CONFIRMING, now, now + 1);
    assert_due(now + 1, "2 ");
    /* both between attempts: the older one goes */
    OK(db_exec(db, "UPDATE run SET held_ms = 1699999999999, state = 0, due_ms = 0", &e));
    assert_due(now + 1, "1 ");
    OK(db_exec(db, "UPDATE run SET state = 4", &e));
    assert_due(now + 1, "1 ");
}

static void a_sleeper_comes_back_to_a_taken_place(void **state)
{
    (void)state;
    int64_t epoch, a = ADD(.order_key = order_key), b = ADD(.order_key = order_key);
    epoch = claim_ok(a, now);
    end_at(a, epoch, LEDGER_SLEEPING, now, now + 10);
    epoch = claim_ok(b, now);
    assert_due(now + 10, "");
    end_at(b, epoch, LEDGER_DONE, now + 11, now + 11);
    assert_due(now + 11, "1 ");
    epoch = claim_ok(a, now + 11);
    /* its turn begins then */
    end_at(a, epoch, LEDGER_QUEUED, now + 12, now + HOUR);
    ADD(.order_key = order_key);
    assert_due(now + LEDGER_ORDER_WAIT_MS + 10, "");
    assert_due(now + LEDGER_ORDER_WAIT_MS + 11, "3 ");
}

/* Runs of two order keys end in all ways at random: none stays blocked. */
static void no_run_stays_blocked(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int i = 0; i < 100; i++)
        ADD(.order_key = i % 3 ? order_key : "other");
    int64_t at = now;
    for (int turn = 0; turn < 2000; turn++) {
        static const enum ledger_state ends[] = {
            LEDGER_DONE, LEDGER_QUEUED, LEDGER_SLEEPING, LEDGER_CONFIRMING,
            LEDGER_DEAD, LEDGER_PARKED, LEDGER_SKIPPED,  LEDGER_HELD};
        struct buf b;
        int64_t epoch = 0;
        buf_init(&b, 10000);
        struct ledger_turns t = {.now_ms = at, .limit = 1, .client_limit = 64};
        OK(ledger_due(db, &t, collect, &b, &e));
        long long id = strtoll(buf_str(&b), NULL, 10);
        buf_free(&b);
        seed = seed * 1103515245 + 12345;
        at += MINUTE;
        if (turn < 500 && (seed >> 18) % 5 == 0)
            ADD(.order_key = order_key, .due_ms = at);
        if (id == 0)
            continue;
        assert_int_equal(claim_at(id, at, &epoch), 1);
        /* one of an order key at a time */
        assert_int_equal(
            number("SELECT max(n) FROM (SELECT count(*) AS n FROM run WHERE state = 1"
                   " GROUP BY place)"),
            1);
        if ((seed >> 20) % 11 == 0) {
            struct ledger_reclaimed out;
            struct ledger_crash crash = {.run = id,
                                         .cause = "x",
                                         .run_max = 0,
                                         .recipe_max = 1000,
                                         .within_ms = 1};
            OK(ledger_reclaim(db, "me", NULL, 0, &crash, at, &out, &e));
        } else if ((seed >> 20) % 13 == 0) {
            OK(ledger_cancel(db, id, NULL, at, &e));
        } else if ((seed >> 20) % 7 == 0) {
            struct journal_entry intent = step(0, "POST", 0, 0, 1, NULL);
            OK(ledger_commit(db,
                             CHANGE(id, epoch, .steps = &intent, .nsteps = 1,
                                    .state = LEDGER_CONFIRMING, .due_ms = at + HOUR),
                             &e));
            OK(ledger_resolve(db, id, (seed >> 22) & 1, NULL, at, &e));
        } else {
            end_at(id, epoch, ends[(seed >> 16) % 8], at, at + (seed >> 24) * 1000);
        }
    }
    assert_int_equal(number("SELECT count(*) FROM run WHERE behind = 1"), 0);
    assert_int_equal(number("SELECT count(*) FROM run WHERE state IN (0, 2, 4)"), 0);
}

/* ---- claims ---- */

static int copy_run(void *arg, const struct ledger_run *run)
{
    struct ledger_run *copy = arg;
    *copy = *run;
    copy->owner = run->owner && strcmp(run->owner, "me") == 0 ? "me" : NULL;
    return 0;
}

static void a_claim_counts(void **state)
{
    (void)state;
    struct ledger_run run;
    int64_t id = ADD(.client = "acme");
    add_activation("acme", "t", "{}");
    assert_int_equal(claim_ok(id, now + 1), 1);
    OK(ledger_read(db, id, copy_run, &run, &e));
    assert_int_equal(run.state, LEDGER_RUNNING);
    assert_string_equal(run.owner, "me");
    assert_int_equal(run.attempts, 1);
    assert_int_equal(run.began_ms, now + 1);
    assert_int_equal(run.order_since_ms, now + 1);
    assert_int_equal(run.since, 1);
    int64_t epoch;
    assert_int_equal(claim_at(id, now + 2, &epoch), 0);
    end_at(id, 1, LEDGER_QUEUED, now + 3, now + 3);
    add_activation("acme", "t", "{}");
    assert_int_equal(claim_ok(id, now + 4), 2);
    OK(ledger_read(db, id, copy_run, &run, &e));
    assert_int_equal(run.attempts, 2);
    assert_int_equal(run.failures, 1);
    assert_int_equal(run.began_ms, now + 1);
    assert_int_equal(run.since, 1);
    assert_int_equal(claim_at(4711, now, &epoch), 0);
}

static int see_owner(void *arg, const char *owner)
{
    buf_addf(arg, "%s ", owner);
    return 0;
}

static void owners_of_claims(void **state)
{
    (void)state;
    struct buf b;
    struct ledger_run run = {.client = "acme"};
    add_full(&run, "one");
    add_full(&run, "one");
    add_full(&run, "two");
    int64_t ended = add_full(&run, "three");
    end_at(ended, 1, LEDGER_DONE, now, now);
    buf_init(&b, 1000);
    OK(ledger_owners(db, see_owner, &b, &e));
    assert_string_equal(buf_str(&b), "one two ");
    buf_free(&b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(due_by_time),
        TEST(only_some_states_start),
        TEST(clients_take_turns),
        TEST(the_callback_may_stop),
        TEST(a_backlog_leaves_the_others_their_turn),
        TEST(paused_ones_are_left_out),
        TEST(one_after_the_other),
        TEST(which_states_block_the_order),
        TEST(a_retrying_one_holds_it_for_a_while),
        TEST(two_that_retry_do_not_wait_for_each_other),
        TEST(a_sleeper_comes_back_to_a_taken_place),
        TEST(no_run_stays_blocked),
        TEST(a_claim_counts),
        TEST(owners_of_claims),
    };
    return cmocka_run_group_tests_name("ledger_turns", tests, NULL, NULL);
}
