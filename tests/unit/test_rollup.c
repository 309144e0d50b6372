#include "ledgertest.h"

#include "store/inbox.h"
#include "store/rollup.h"
#include "store/schema.h"

/* Each thing is counted once, in its hour: in any order of ends, by killed sweeps, by two
 * of them, and whatever the clock says. */

static const int64_t base = 1700000000000 / HOUR * HOUR; /* an hour's beginning */

static void sweep(struct db *with, int limit)
{
    int swept;
    do {
        OK(rollup_sweep(with, limit, &swept, &e));
    } while (swept >= limit);
}

static int describe(void *arg, const struct rollup *r)
{
    static const char *const names[ROLLUP_COUNTS] = {
        "events", "fired",  "replies",   "waits", "parked", "done", "skip",
        "dead",   "cancel", "first_ms=", "w0",    "w1",     "w2",   "w3",
        "w4",     "w5",     "w6",        "w7",    "later"};
    buf_addf(arg, "%lld %s:", (long long)(r->hour - base / HOUR), r->client);
    for (int i = 0; i < ROLLUP_COUNTS; i++)
        if (r->n[i])
            buf_addf(arg, " %s%lld", names[i], (long long)r->n[i]);
    buf_adds(arg, "\n");
    return 0;
}

static void assert_hours(const char *client, int64_t since_ms, const char *expected)
{
    struct buf b;
    buf_init(&b, 100000);
    OK(rollup_each(db, client, since_ms, describe, &b, &e));
    if (strcmp(buf_str(&b), expected) != 0)
        fail_msg("%s, not\n%s", buf_str(&b), expected);
    buf_free(&b);
}

static int64_t add_delivery(const char *client, const char *company,
                            enum delivery_state state, int64_t at_ms)
{
    int64_t id;
    const struct delivery d = {.at_ms = at_ms,
                               .app = "front",
                               .client = client,
                               .company = company,
                               .scheme = "application",
                               .state = state};
    OK(inbox_add(db, &d, "{}", 2, &id, &e));
    return id;
}

static int64_t fire(const char *client, int64_t delivery, int64_t at_ms)
{
    static int keys;
    int64_t id = 0;
    char key[32];
    snprintf(key, sizeof key, "k%d", keys++);
    const struct activation a = {.at_ms = at_ms,
                                 .client = client,
                                 .trigger = "t",
                                 .key = key,
                                 .delivery = delivery,
                                 .event = "{}"};
    OK(inbox_activate(db, &a, &id, &e) - 1);
    return id;
}

static void connect_client(const char *client, const char *company)
{
    OK(db_change(db,
                 "INSERT OR IGNORE INTO connection (app, id, company, token_version,"
                 " token, created_ms) VALUES ('front', ?, '', 1, x'00', 0)",
                 DB_ARGS(db_text(company)), NULL, &e));
    OK(db_change(db, "INSERT INTO client_connection VALUES (?, 'front', ?)",
                 DB_ARGS(db_text(client), db_text(company)), NULL, &e));
}

/* What came in counts for the clients that it is for. */
static void what_came_in(void **state)
{
    (void)state;
    connect_client("acme", "cmp_1");
    connect_client("cord", "cmp_1");
    add_delivery("acme", NULL, DELIVERY_DONE, base + 1);
    int64_t shared = add_delivery(NULL, "cmp_1", DELIVERY_WAITING, base + 2);
    add_delivery(NULL, "cmp_2", DELIVERY_UNROUTED, base + HOUR);
    add_delivery("acme", NULL, DELIVERY_STALE, base);
    add_delivery("acme", NULL, DELIVERY_CHANNEL, base);
    fire("cord", shared, base + HOUR + 1);
    sweep(db, 2);
    static const char expected[] = "0 acme: events2\n"
                                   "0 cord: events1\n"
                                   "1 : events1\n"
                                   "1 cord: fired1\n";
    assert_hours(NULL, 0, expected);
    OK(inbox_replay(db, shared, &e));
    sweep(db, 2000);
    assert_hours(NULL, 0, expected);
    assert_hours("cord", base + HOUR, "1 cord: fired1\n");
    add_delivery("acme", NULL, DELIVERY_DONE, base + 3);
    sweep(db, 2000);
    assert_hours("acme", 0, "0 acme: events3\n");
}

/* A run that ends long after later ones counts in its own hour. */
static void ends_out_of_order(void **state)
{
    (void)state;
    int64_t first = ADD_RUNNING(.client = "acme"), second = ADD_RUNNING(.client = "acme");
    end_at(second, 1, LEDGER_DONE, base, 0);
    sweep(db, 2000);
    assert_hours(NULL, 0, "0 acme: done1\n");
    assert_rows("SELECT run FROM rollup_open", "1 ");
    int64_t third = ADD_RUNNING(.client = "acme");
    end_at(third, 1, LEDGER_SKIPPED, base + 9 * (int64_t)HOUR, 0);
    sweep(db, 2000);
    end_at(first, 1, LEDGER_DONE, base + 5 * (int64_t)HOUR, 0);
    assert_rows("SELECT run FROM rollup_due", "1 ");
    sweep(db, 2000);
    sweep(db, 2000);
    assert_hours(NULL, 0, "0 acme: done1\n5 acme: done1\n9 acme: skip1\n");
    assert_int_equal(number("SELECT (SELECT count(*) FROM rollup_open)"
                            " + (SELECT count(*) FROM rollup_due)"),
                     0);
}

/* Equal times, and a clock that was set back by a day between two sweeps. */
static void a_clock_that_was_set_back(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        end_at(ADD_RUNNING(.client = "acme"), 1, LEDGER_DONE, base, 0);
        end_at(ADD_RUNNING(.client = "acme"), 1, LEDGER_DONE, base, 0);
        sweep(db, 1);
    }
    int64_t open = ADD_RUNNING(.client = "acme");
    sweep(db, 2000);
    end_at(ADD_RUNNING(.client = "acme"), 1, LEDGER_DONE, base - DAY, 0);
    end_at(open, 1, LEDGER_DEAD, base - DAY, 0);
    sweep(db, 2000);
    assert_hours(NULL, 0, "-24 acme: done1 dead1\n0 acme: done6\n");
}

static int sweep_and_die(struct db *with, void *arg, struct err *why)
{
    int swept;
    (void)arg;
    OK(rollup_sweep(with, 2000, &swept, &e));
    return err_set(why, ERR_INTERNAL, "killed");
}

static void a_killed_sweep(void **state)
{
    (void)state;
    ADD_RUNNING(.client = "acme");
    end_at(ADD_RUNNING(.client = "acme"), 1, LEDGER_DONE, base, 0);
    add_delivery("acme", NULL, DELIVERY_DONE, base);
    FAILS(db_transaction(db, sweep_and_die, NULL, &e), ERR_INTERNAL, "killed");
    assert_hours(NULL, 0, "");
    assert_rows("SELECT run FROM rollup_open", "");
    sweep(db, 2000);
    assert_hours(NULL, 0, "0 acme: events1 done1\n");
}

/* ---- retried by hand ---- */

static void each_end_counts(void **state)
{
    (void)state;
    /* before any sweep; between; after */
    for (int when = 0; when < 4; when++) {
        int64_t id = ADD_RUNNING(.client = "acme");
        end_at(id, 1, LEDGER_DEAD, base, 0);
        if (when & 1)
            sweep(db, 2000);
        OK(ledger_retry(db, id, 0, base, &e));
        if (when & 2)
            sweep(db, 2000);
        end_at(id, claim_ok(id, now), LEDGER_DEAD, base, 0);
        OK(ledger_retry(db, id, 0, base, &e));
        end_at(id, claim_ok(id, now), LEDGER_DONE, base + HOUR, 0);
    }
    sweep(db, 2000);
    assert_hours(NULL, 0, "0 acme: dead8\n1 acme: done4\n");
    int64_t id = ADD_RUNNING(.client = "acme");
    end_at(id, 1, LEDGER_DEAD, base, 0);
    OK(ledger_cancel(db, id, NULL, base + HOUR, &e));
    id = ADD_RUNNING(.client = "acme");
    sweep(db, 2000);
    OK(ledger_cancel(db, id, NULL, base + HOUR, &e));
    sweep(db, 2000);
    assert_hours(NULL, 0, "0 acme: dead9\n1 acme: done4 cancel2\n");
}

/* ---- replies ---- */

/* Sends a reply as step SEQ, which RESULT answers at AT_MS; NULL: not at all. */
static void reply(int64_t id, int64_t epoch, int seq, const char *result, int64_t at_ms)
{
    struct journal_entry sent = step(seq, "POST /x", 0, 0, 1, NULL);
    OK(ledger_commit(
        db,
        CHANGE(id, epoch, .steps = &sent, .nsteps = 1, .is_reply = 1, .now_ms = at_ms),
        &e));
    struct journal_entry got = step(seq, "POST /x", 1, 0, 1, result);
    if (result)
        OK(ledger_commit(
            db, CHANGE(id, epoch, .steps = &got, .nsteps = 1, .now_ms = at_ms), &e));
}

static int64_t run_of_webhook(int64_t at_ms)
{
    int64_t a = fire("acme", add_delivery("acme", NULL, DELIVERY_DONE, at_ms), at_ms);
    return ADD_RUNNING(.client = "acme", .activation = a);
}

static void the_time_to_the_first_reply(void **state)
{
    (void)state;
    static const int64_t took[] = {100, 101, 5000, HOUR, HOUR + 1};
    for (size_t i = 0; i < sizeof took / sizeof *took; i++) {
        int64_t id = run_of_webhook(base);
        reply(id, 1, 0, "202\n\n{}", base + took[i]);
        if (i & 1)
            sweep(db, 2000);
        reply(id, 1, 1, "202\n\n{}", base + took[i] + 1);
        end_at(id, 1, LEDGER_DONE, base, 0);
    }
    sweep(db, 2000);
    assert_hours(NULL, 0,
                 "0 acme: events5 fired5 replies6 done5 first_ms=5201 w01 w11 w31\n"
                 "1 acme: replies4 first_ms=7200001 w71 later1\n");
}

static void what_is_a_reply(void **state)
{
    (void)state;
    int64_t id = run_of_webhook(base);
    /* refused, sent again; lost */
    reply(id, 1, 0, "429\n\n{}", base + 10);
    reply(id, 1, 0, "202\n\n{}", base + 20);
    reply(id, 1, 1, NULL, base + 30);
    /* a step that is stored twice, and a write that is no reply */
    struct journal_entry steps[] = {step(0, "POST /x", 1, 0, 1, "202\n\n{}"),
                                    step(2, "PUT /y", 1, 0, 1, "200\n\n{}")};
    OK(ledger_commit(db, CHANGE(id, 1, .steps = steps, .nsteps = 2), &e));
    sweep(db, 2000);
    assert_hours(NULL, 0, "0 acme: events1 fired1 replies1 first_ms=20 w01\n");
    /* a person says that the lost one was sent */
    end_at(id, 1, LEDGER_PARKED, base + 40, 0);
    OK(ledger_resolve(db, id, 1, NULL, base + HOUR, &e));
    sweep(db, 2000);
    end_at(id, claim_ok(id, now), LEDGER_DONE, base + HOUR, 0);
    /* one of another run, its first: nothing says when it was accepted */
    id = run_of_webhook(base);
    reply(id, 1, 0, NULL, base);
    end_at(id, 1, LEDGER_PARKED, base, 0);
    OK(ledger_resolve(db, id, 1, NULL, base + HOUR, &e));
    reply(id, claim_ok(id, now), 1, "202\n\n{}", base + HOUR);
    /* of a run by hand; of one whose delivery is gone */
    reply(ADD_RUNNING(.client = "acme", .origin = "hand"), 1, 0, "202\n\n{}",
          base + HOUR);
    id = run_of_webhook(base);
    reply(id, 1, 0, "202\n\n{}", base + HOUR);
    OK(db_exec(db, "DELETE FROM delivery WHERE id = (SELECT max(id) FROM delivery)", &e));
    sweep(db, 2000);
    assert_hours(NULL, 0,
                 "0 acme: events2 fired3 replies1 first_ms=20 w01\n"
                 "1 acme: replies5 done1\n");
}

/* A run that waits, after a sweep has met it. */
static void a_run_that_waits(void **state)
{
    (void)state;
    const struct ledger_note waiting = {"waiting", "for t"}, parked = {"parked", "why"};
    int64_t id = run_of_webhook(base);
    reply(id, 1, 0, "200\n\n{}", base + 1);
    sweep(db, 2000);
    OK(ledger_commit(db,
                     CHANGE(id, 1, .state = LEDGER_WAITING, .due_ms = base,
                            .now_ms = base, .wait_trigger = "t", .wait_match = "{}",
                            .notes = &waiting, .nnotes = 1),
                     &e));
    sweep(db, 2000);
    static const char in_hour[] =
        "0 acme: events1 fired1 replies1 waits1 first_ms=1 w01\n";
    assert_hours(NULL, 0, in_hour);
    OK(ledger_commit(db,
                     CHANGE(id, claim_ok(id, now), .state = LEDGER_PARKED,
                            .now_ms = base + DAY, .notes = &parked, .nnotes = 1),
                     &e));
    sweep(db, 2000);
    sweep(db, 2000);
    assert_hours(NULL, base + HOUR, "24 acme: parked1\n");
    assert_hours(NULL, base - HOUR,
                 "0 acme: events1 fired1 replies1 waits1 first_ms=1 "
                 "w01\n24 acme: parked1\n");
}

/* ---- all of it, in a random order, by two sweepers that are killed now and then ---- */

static uint64_t seed = 20260;
static int chance(int n) /* 0 to N - 1 */
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int)((seed >> 33) % (uint64_t)n);
}

static int killed_at_random(struct db *with, void *arg, struct err *why)
{
    int swept;
    if (rollup_sweep(with, 1 + chance(6), &swept, why) != 0)
        return -1;
    (void)arg;
    return chance(3) ? 0 : err_set(why, ERR_INTERNAL, "killed");
}

static void any_order(void **state)
{
    enum { RUNS = 300, TURNS = 6000 };
    struct run {
        int64_t id, epoch;
        enum ledger_state state;
    } runs[RUNS];
    int64_t ends[LEDGER_STATES] = {0}, replies = 0, n[ROLLUP_COUNTS];
    struct err said;
    int nruns = 0;
    (void)state;
    struct store *other = store_open(dir, &said);
    assert_non_null(other);
    for (int turn = 0; turn < TURNS; turn++) {
        struct run *r = nruns ? &runs[chance(nruns)] : NULL;
        int64_t at = base + chance(48) * (int64_t)HOUR;
        int what = chance(8);
        if (what == 0 && nruns < RUNS) {
            runs[nruns++] =
                (struct run){ADD_RUNNING(.client = "acme"), 1, LEDGER_RUNNING};
        } else if (what == 1) {
            (void)db_transaction(chance(2) ? db : store_db(other), killed_at_random, NULL,
                                 &said);
        } else if (r && r->state == LEDGER_RUNNING && what == 2) {
            reply(r->id, r->epoch, chance(100), "202\n\n{}", at);
            replies++;
        } else if (r && r->state == LEDGER_RUNNING && what < 5) {
            static const enum ledger_state next[] = {
                LEDGER_DONE, LEDGER_SKIPPED, LEDGER_DEAD, LEDGER_QUEUED, LEDGER_PARKED};
            r->state = next[chance(5)];
            end_at(r->id, r->epoch, r->state, at, 0);
            ends[r->state]++;
        } else if (r && r->state == LEDGER_QUEUED) {
            r->epoch = claim_ok(r->id, now);
            r->state = LEDGER_RUNNING;
        } else if (r && (r->state == LEDGER_DEAD || r->state == LEDGER_PARKED)) {
            int cancels = chance(4) == 0;
            OK(cancels ? ledger_cancel(db, r->id, NULL, at, &e)
                       : ledger_retry(db, r->id, 0, at, &e));
            r->state = cancels ? LEDGER_CANCELLED : LEDGER_QUEUED;
            ends[LEDGER_CANCELLED] += cancels;
        }
    }
    sweep(db, 7);
    sweep(store_db(other), 7);
    OK(rollup_total(db, n, &e));
    assert_int_equal(n[ROLLUP_REPLIES], replies);
    assert_int_equal(n[ROLLUP_DONE], ends[LEDGER_DONE]);
    assert_int_equal(n[ROLLUP_SKIPPED], ends[LEDGER_SKIPPED]);
    assert_int_equal(n[ROLLUP_DEAD], ends[LEDGER_DEAD]);
    assert_int_equal(n[ROLLUP_CANCELLED], ends[LEDGER_CANCELLED]);
    assert_int_equal(number("SELECT sum(done) FROM rollup WHERE hour >= 0"),
                     ends[LEDGER_DONE]);
    assert_int_equal(number("SELECT count(*) FROM rollup_open"),
                     number("SELECT count(*) FROM run WHERE state < 7"));
    assert_true(ends[LEDGER_DEAD] > 100 && ends[LEDGER_DONE] > 50 && replies > 100);
    store_close(other);
}

/* ---- retention, an older store ---- */

static void old_hours(void **state)
{
    (void)state;
    int64_t n[ROLLUP_COUNTS];
    int removed;
    for (int i = 0; i < 5; i++)
        add_delivery("acme", NULL, DELIVERY_DONE, base + i * (int64_t)HOUR);
    sweep(db, 2000);
    OK(rollup_prune(db, base + 3 * (int64_t)HOUR, 2, &removed, &e));
    assert_int_equal(removed, 2);
    OK(rollup_prune(db, base + 3 * (int64_t)HOUR, 2, &removed, &e));
    assert_int_equal(removed, 1);
    OK(rollup_prune(db, base + 3 * (int64_t)HOUR, 2, &removed, &e));
    assert_int_equal(removed, 0);
    assert_hours(NULL, 0, "3 acme: events1\n4 acme: events1\n");
    OK(rollup_total(db, n, &e));
    assert_int_equal(n[ROLLUP_EVENTS], 5);
}

/* What an older foyer stored is not counted, but for the ends that come. */
static void an_older_store(void **state)
{
    (void)state;
    int before = 0;
    const struct ledger_note waiting = {"waiting", "for t"};
    while (!strstr(schema_steps[before], "CREATE TABLE rollup "))
        before++;
    add_delivery("acme", NULL, DELIVERY_DONE, base);
    int64_t id = ADD_RUNNING(.client = "acme");
    OK(ledger_commit(db, CHANGE(id, 1, .notes = &waiting, .nnotes = 1), &e));
    int64_t dead = ADD_RUNNING(.client = "acme");
    end_at(dead, 1, LEDGER_DEAD, base, 0);
    OK(db_exec(db,
               "DROP TABLE rollup; DROP TABLE rollup_mark; DROP TABLE rollup_open;"
               "DROP TABLE rollup_due;"
               "INSERT INTO sqlite_sequence SELECT 'delivery', max(id) FROM delivery;"
               "INSERT INTO sqlite_sequence SELECT 'run', max(id) FROM run",
               &e));
    OK(db_exec(db, schema_steps[before], &e));
    sweep(db, 2000);
    assert_hours(NULL, 0, "");
    end_at(id, 1, LEDGER_DONE, base, 0);
    OK(ledger_retry(db, dead, 0, base, &e));
    end_at(dead, claim_ok(dead, now), LEDGER_DONE, base, 0);
    add_delivery("acme", NULL, DELIVERY_DONE, base);
    sweep(db, 2000);
    assert_hours(NULL, 0, "0 acme: events1 done2\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_came_in),    TEST(ends_out_of_order), TEST(a_clock_that_was_set_back),
        TEST(a_killed_sweep),  TEST(each_end_counts),   TEST(the_time_to_the_first_reply),
        TEST(what_is_a_reply), TEST(a_run_that_waits),  TEST(any_order),
        TEST(old_hours),       TEST(an_older_store),
    };
    return cmocka_run_group_tests_name("rollup", tests, NULL, NULL);
}
