#include "ledgertest.h"

/* Crashes, what a person does, receipts, retention. */

static int copy_run(void *arg, const struct ledger_run *run)
{
    struct ledger_run *copy = arg;
    *copy = *run;
    static char kind[32], reason[1024], undelivered[256];
    snprintf(kind, sizeof kind, "%s", run->kind ? run->kind : "");
    snprintf(reason, sizeof reason, "%s", run->reason ? run->reason : "");
    snprintf(undelivered, sizeof undelivered, "%s",
             run->undelivered ? run->undelivered : "");
    copy->kind = kind;
    copy->reason = reason;
    copy->undelivered = undelivered;
    return 0;
}

static struct ledger_run row(int64_t id)
{
    struct ledger_run run = {0};
    OK(ledger_read(db, id, copy_run, &run, &e));
    return run;
}

static int describe_step(void *arg, const struct journal_entry *s)
{
    buf_addf(arg, "%d%s", s->seq, s->is_done ? "!" : "");
    if (s->result)
        buf_addf(arg, "=%.*s", (int)s->len, s->result);
    buf_addc(arg, ' ');
    return 0;
}

static void assert_steps(int64_t run, const char *expected)
{
    struct buf b;
    buf_init(&b, 10000);
    OK(ledger_steps(db, run, describe_step, &b, &e));
    if (strcmp(buf_str(&b), expected) != 0)
        fail_msg("steps: \"%s\", not \"%s\"", buf_str(&b), expected);
    buf_free(&b);
}

/* ---- crashes ---- */

static struct ledger_reclaimed reclaim(const char *owner,
                                       const struct ledger_crash *crash, int64_t at_ms)
{
    struct ledger_reclaimed out;
    OK(ledger_reclaim(db, owner, NULL, 0, crash, at_ms, &out, &e));
    return out;
}

static void what_a_dead_process_held(void **state)
{
    (void)state;
    struct ledger_run of = {.client = "acme", .due_ms = now - 5};
    int64_t a = add_full(&of, "dead"), b = add_full(&of, "dead"),
            c = add_full(&of, "alive"), d = add_full(&of, "dead");
    end_at(d, 1, LEDGER_DONE, now, now);
    struct ledger_reclaimed out = reclaim("dead", NULL, now);
    assert_int_equal(out.freed, 2);
    assert_int_equal(out.died + out.suspended, 0);
    assert_state(a, LEDGER_QUEUED);
    assert_state(c, LEDGER_RUNNING);
    assert_state(d, LEDGER_DONE);
    struct ledger_run run = row(b);
    assert_null(run.owner);
    assert_int_equal(run.attempts, 1);
    assert_int_equal(run.failures, 0);
    assert_int_equal(run.crashes, 0);
    assert_int_equal(run.due_ms, now - 5);
    assert_int_equal(run.epoch, 2);
    FAILS(ledger_commit(db, CHANGE(b, 1), &e), ERR_CONFLICT, "lost its claim");
    FAILS(ledger_commit(db, CHANGE(b, 2), &e), ERR_CONFLICT, "lost its claim");
    assert_int_equal(claim_ok(b, now), 3);
    assert_int_equal(reclaim("dead", NULL, now).freed, 0);
    assert_int_equal(reclaim("unknown", NULL, now).freed, 0);
}

static int unsend(const char *owner, const struct unsent *writes, int n)
{
    int taken = -1;
    OK(ledger_unsend(db, owner, writes, n, now, &taken, &e));
    return taken;
}

static int count_unknown(void *arg, const struct journal_entry *s)
{
    *(int *)arg += s->is_intent && !s->is_done && s->at_ms != 0;
    return 0;
}

static int unknown_writes(int64_t run)
{
    int n = 0;
    OK(ledger_steps(db, run, count_unknown, &n, &e));
    return n;
}

static void what_had_not_left_is_taken_back(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme"), late = ADD_RUNNING(.client = "acme");
    const struct journal_entry steps[] = {step(0, "front/x", 0, 1, 0, NULL),
                                          step(1, "POST /a", 1, 0, 1, "200"),
                                          step(2, "POST /b", 0, 0, 1, NULL)};
    OK(ledger_commit(db, CHANGE(id, 1, .steps = steps, .nsteps = 3), &e));
    OK(ledger_commit(db, CHANGE(late, 1, .steps = steps, .nsteps = 3), &e));
    const struct unsent it = {.run = id, .epoch = 1, .seq = 2, .at_ms = now + 2};
    struct unsent other[6] = {it, it, it, it, it, it};
    other[0].run = 4711;
    other[1].epoch++;
    other[2].seq = 0; /* no intent */
    other[2].at_ms = now;
    other[3].seq = 1; /* has an outcome */
    other[3].at_ms = now + 1;
    other[4].at_ms++; /* sent another time */
    other[5].at_ms = 0;
    assert_int_equal(unsend("me", other, 6), 0);
    assert_int_equal(unsend("another", &it, 1), 0);
    assert_int_equal(unknown_writes(id), 1);
    assert_rows("SELECT what FROM history", "");
    assert_int_equal(unsend("me", &it, 1), 1);
    assert_int_equal(unsend("me", &it, 1), 0);
    assert_int_equal(unknown_writes(id), 0);
    assert_steps(id, "0 1!=200 2 ");
    assert_rows("SELECT what || run FROM history", "unsent1 ");
    assert_int_equal(reclaim("me", NULL, now).freed, 2);
    assert_state(id, LEDGER_QUEUED);
    /* of a run that another process has freed already */
    other[0] = it;
    other[0].run = late;
    assert_int_equal(unsend("me", other, 1), 0);
    assert_int_equal(unknown_writes(late), 1);
}

static void a_kept_run_stays(void **state)
{
    (void)state;
    struct ledger_run of = {.client = "acme"};
    int64_t a = add_full(&of, "dead"), b = add_full(&of, "dead");
    struct ledger_reclaimed out;
    OK(ledger_reclaim(db, "dead", &b, 1, NULL, now, &out, &e));
    assert_int_equal(out.freed, 1);
    assert_state(a, LEDGER_QUEUED);
    assert_state(b, LEDGER_RUNNING);
    assert_int_equal(reclaim("dead", NULL, now).freed, 1);
    assert_state(b, LEDGER_QUEUED);
}

/* What the process that stored the intent says of it is taken once, in each state that
 * the run may be in by then. */
static void a_late_outcome_counts(void **state)
{
    (void)state;
    static const enum ledger_state states[] = {
        LEDGER_QUEUED, LEDGER_RUNNING, LEDGER_CONFIRMING, LEDGER_HELD, LEDGER_PARKED};
    struct journal_entry open = step(2, "POST /b", 0, 0, 1, NULL), done = open;
    done.is_done = 1;
    done.result = "200";
    done.len = 3;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        int64_t id = add_full(&(struct ledger_run){.client = "acme"}, "frozen");
        OK(ledger_commit(db, CHANGE(id, 1, .steps = &open, .nsteps = 1), &e));
        reclaim("frozen", NULL, now);
        if (states[i] != LEDGER_QUEUED)
            assert_int_equal(claim_ok(id, now), 3);
        if (states[i] != LEDGER_QUEUED && states[i] != LEDGER_RUNNING)
            end_at(id, 3, states[i], now, now + HOUR);
        /* nothing else of the old claim, and nothing of another one */
        FAILS(ledger_commit(db, CHANGE(id, 1), &e), ERR_CONFLICT, "lost its claim");
        FAILS(ledger_commit(db, CHANGE(id, 1, .steps = &open, .nsteps = 1), &e),
              ERR_CONFLICT, "lost its claim");
        FAILS(ledger_commit(db, CHANGE(id, 2, .steps = &done, .nsteps = 1), &e),
              ERR_CONFLICT, "lost its claim");
        FAILS(
            ledger_commit(
                db, CHANGE(id, 1, .steps = &done, .nsteps = 1, .state = LEDGER_DONE), &e),
            ERR_CONFLICT, "lost its claim");
        OK(ledger_commit(db, CHANGE(id, 1, .steps = &done, .nsteps = 1), &e));
        assert_steps(id, "2!=200 ");
        assert_state(id, LEDGER_QUEUED);
        /* the process that has looked for it knows less */
        FAILS(ledger_commit(db, CHANGE(id, 3, .drop = 2, .state = LEDGER_QUEUED), &e),
              ERR_CONFLICT, "lost its claim");
        FAILS(ledger_commit(db, CHANGE(id, 1, .steps = &done, .nsteps = 1), &e),
              ERR_CONFLICT, "lost its claim");
        end_at(id, claim_ok(id, now), LEDGER_DONE, now, now);
        FAILS(ledger_commit(db, CHANGE(id, 1, .steps = &done, .nsteps = 1), &e),
              ERR_CONFLICT, "lost its claim");
    }
}

static void a_late_outcome_comes_too_late(void **state)
{
    (void)state;
    struct journal_entry open = step(2, "POST /b", 0, 0, 1, NULL), done = open;
    done.is_done = 1;
    done.result = "200";
    done.len = 3;
    int64_t id = add_full(&(struct ledger_run){.client = "acme"}, "frozen");
    OK(ledger_commit(db, CHANGE(id, 1, .steps = &open, .nsteps = 1), &e));
    reclaim("frozen", NULL, now);
    /* the other process sends it again */
    int64_t epoch = claim_ok(id, now);
    OK(ledger_commit(db, CHANGE(id, epoch, .drop = 2, .steps = &open, .nsteps = 1), &e));
    FAILS(ledger_commit(db, CHANGE(id, 1, .steps = &done, .nsteps = 1), &e), ERR_CONFLICT,
          "lost its claim");
    assert_state(id, LEDGER_RUNNING);
    /* or has found it */
    done.result = "found";
    done.len = 5;
    OK(ledger_commit(db, CHANGE(id, epoch, .drop = 2, .steps = &done, .nsteps = 1), &e));
    FAILS(ledger_commit(db, CHANGE(id, 1, .steps = &done, .nsteps = 1), &e), ERR_CONFLICT,
          "lost its claim");
    assert_steps(id, "2!=found ");
}

static void a_run_that_crashes_dies(void **state)
{
    (void)state;
    struct ledger_crash crash = {.cause = "watchdog: a pattern that never ends",
                                 .kind = "limit",
                                 .run_max = 2,
                                 .recipe_max = 100,
                                 .within_ms = 10 * MINUTE};
    int64_t id = ADD(.client = "acme"), other = ADD(.client = "acme");
    crash.run = id;
    for (int i = 1; i <= 3; i++) {
        claim_ok(id, now);
        if (i == 1)
            claim_ok(other, now);
        struct ledger_reclaimed out = reclaim("me", &crash, now + i);
        assert_int_equal(out.freed, i == 1 ? 2 : 1);
        assert_int_equal(out.died, i == 3);
        assert_int_equal(row(id).crashes, i);
        assert_state(id, i == 3 ? LEDGER_DEAD : LEDGER_QUEUED);
    }
    assert_int_equal(row(other).crashes, 0);
    struct ledger_run run = row(id);
    assert_string_equal(run.kind, "limit");
    assert_non_null(strstr(run.reason, "3 times"));
    assert_non_null(strstr(run.reason, "a pattern that never ends"));
    assert_int_equal(run.ended_ms, now + 3);
    assert_rows("SELECT what FROM history", "crashed crashed crashed dead ");
    /* after a retry by hand it may crash twice more */
    OK(ledger_retry(db, id, 0, now, &e));
    claim_ok(id, now);
    crash.kind = NULL;
    assert_int_equal(reclaim("me", &crash, now).died, 0);
    crash.run_max = 0;
    claim_ok(id, now);
    assert_int_equal(reclaim("me", &crash, now).died, 1);
    assert_string_equal(row(id).kind, "internal");
}

static void only_the_dead_ones_own_run_crashed(void **state)
{
    (void)state;
    struct ledger_run of = {.client = "acme"};
    int64_t mine = add_full(&of, "alive");
    struct ledger_crash crash = {.run = mine,
                                 .cause = "signal 11",
                                 .run_max = 0,
                                 .recipe_max = 1,
                                 .within_ms = MINUTE};
    struct ledger_reclaimed out = reclaim("dead", &crash, now);
    assert_int_equal(out.died + out.suspended + out.freed, 0);
    assert_state(mine, LEDGER_RUNNING);
    assert_int_equal(row(mine).crashes, 0);
}

static int describe_pause(void *arg, const struct ledger_pause *pause)
{
    buf_addf(arg, "%s/%s@%d by %s: %s\n", pause->client, pause->recipe,
             (int)(pause->at_ms - now), pause->by, pause->reason);
    return 0;
}

static void assert_pauses(const char *expected)
{
    struct buf b;
    buf_init(&b, 10000);
    OK(ledger_pauses(db, describe_pause, &b, &e));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static int crash_once(const char *client, const char *recipe, int64_t at_ms)
{
    struct ledger_run of = {.client = client, .recipe = recipe};
    struct ledger_crash crash = {.run = add_full(&of, "dead"),
                                 .cause = "signal 11",
                                 .run_max = 2,
                                 .recipe_max = 3,
                                 .within_ms = 10 * MINUTE};
    return reclaim("dead", &crash, at_ms).suspended;
}

/* A run whose process was killed three times suspends its recipe, however far apart. */
static void a_run_that_is_killed_suspends(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme", .recipe = "x");
    struct ledger_crash crash = {.run = id,
                                 .kind = "limit",
                                 .cause = "it was killed",
                                 .run_max = 2,
                                 .recipe_max = 3,
                                 .within_ms = MINUTE,
                                 .suspends = 1};
    for (int i = 0; i < 2; i++) {
        struct ledger_reclaimed out = reclaim("me", &crash, now + i * HOUR);
        assert_int_equal(out.died + out.suspended, 0);
        claim_ok(id, now + i * HOUR);
    }
    /* only crashes in a row count: a run that reached a sleep has none */
    end_at(id, number("SELECT epoch FROM run"), LEDGER_SLEEPING, now, now);
    for (int i = 0; i < 3; i++) {
        assert_pauses("");
        claim_ok(id, now + i * HOUR);
        struct ledger_reclaimed out = reclaim("me", &crash, now + i * HOUR);
        assert_int_equal(out.died, i == 2);
        assert_int_equal(out.suspended, i == 2);
    }
    assert_state(id, LEDGER_DEAD);
    assert_rows(
        "SELECT reason FROM pause",
        "x crashed in each attempt for acme, last in run 1: it was killed; repair "
        "it, then: foyer resume --client acme --recipe x ");
}

static void the_third_crash_suspends(void **state)
{
    (void)state;
    int lifted;
    assert_int_equal(crash_once("acme", "x", now), 0);
    assert_int_equal(crash_once("acme", "y", now), 0);
    assert_int_equal(crash_once("bolt", "x", now), 0);
    assert_int_equal(crash_once("acme", "x", now + MINUTE), 0);
    /* the first one is ten minutes old */
    assert_int_equal(crash_once("acme", "x", now + 10 * MINUTE), 0);
    assert_pauses("");
    assert_int_equal(crash_once("acme", "x", now + 10 * MINUTE + 1), 1);
    assert_pauses(
        "acme/x@600001 by crash: x crashed 3 times for acme within 10 minutes, last in "
        "run 6: signal 11; repair it, then: foyer resume --client acme --recipe x\n");
    /* a further crash suspends nothing more */
    assert_int_equal(crash_once("acme", "x", now + 10 * MINUTE + 2), 0);
    /* after a resume it may crash twice again, whatever had paused it last */
    OK(ledger_pause(db, &(struct ledger_pause){"acme", "x", now, "hand", "why"}, &e));
    OK(ledger_resume(db, "acme", "x", &lifted, &e));
    assert_int_equal(lifted, 1);
    assert_pauses("");
    assert_int_equal(crash_once("acme", "x", now + 10 * MINUTE + 3), 0);
    assert_int_equal(crash_once("acme", "x", now + 10 * MINUTE + 3), 0);
    assert_int_equal(crash_once("acme", "x", now + 10 * MINUTE + 3), 1);
}

static void pauses(void **state)
{
    (void)state;
    int lifted;
    OK(ledger_pause(db, &(struct ledger_pause){"acme", "x", now, "hand", "one"}, &e));
    OK(ledger_pause(db, &(struct ledger_pause){"acme", "", now, "hand", "all"}, &e));
    OK(ledger_pause(db, &(struct ledger_pause){"", "", now, "hand", "each"}, &e));
    OK(ledger_pause(db, &(struct ledger_pause){"", "x", now, "hand", "x"}, &e));
    OK(ledger_pause(db, &(struct ledger_pause){"acme", "x", now + 1, "hand", "two"}, &e));
    assert_pauses("/@0 by hand: each\n/x@0 by hand: x\nacme/@0 by hand: all\n"
                  "acme/x@1 by hand: two\n");
    OK(ledger_resume(db, "", "", &lifted, &e));
    assert_int_equal(lifted, 1);
    assert_pauses("/x@0 by hand: x\nacme/@0 by hand: all\nacme/x@1 by hand: two\n");
    OK(ledger_resume(db, "bolt", "x", &lifted, &e));
    assert_int_equal(lifted, 0);
    OK(ledger_resume(db, "acme", "", &lifted, &e));
    assert_int_equal(lifted, 2);
    OK(ledger_resume(db, "", "x", &lifted, &e));
    assert_int_equal(lifted, 1);
    assert_pauses("");
}

/* ---- retry, cancel, release ---- */

/* A run that has ended its attempt in STATE, with code and one step. */
static int64_t ended(enum ledger_state state)
{
    static const unsigned char pins[CRYPTO_SHA256_SIZE] = {1};
    struct journal_entry kept = step(0, "now", 1, 0, 0, "1");
    int64_t id = ADD_RUNNING(.client = "acme");
    if (state == LEDGER_RUNNING)
        return id;
    OK(ledger_commit(db,
                     CHANGE(id, 1, .steps = &kept, .nsteps = 1, .pins = pins,
                            .pins_list = "", .state = (int)state, .due_ms = now + DAY,
                            .failures = 4, .looks = 2, .first_failure_ms = 9,
                            .kind = "limit", .reason = "why", .wait_trigger = "t",
                            .wait_match = "{}"),
                     &e));
    return id;
}

static void what_may_be_retried(void **state)
{
    (void)state;
    static const int may[LEDGER_STATES] = {[LEDGER_QUEUED] = 1, /* it is retrying */
                                           [LEDGER_HELD] = 1,
                                           [LEDGER_PARKED] = 1,
                                           [LEDGER_DEAD] = 1};
    for (int s = 0; s < LEDGER_STATES; s++) {
        int64_t id = ended((enum ledger_state)s);
        char sentence[100];
        snprintf(sentence, sizeof sentence, "cannot retry run %lld: it is %s",
                 (long long)id, ledger_state_name((enum ledger_state)s));
        if (!may[s]) {
            FAILS(ledger_retry(db, id, 0, now, &e), ERR_CONFLICT, sentence);
            assert_state(id, (enum ledger_state)s);
            continue;
        }
        OK(ledger_retry(db, id, 0, now + 1, &e));
        struct ledger_run run = row(id);
        assert_int_equal(run.state, LEDGER_QUEUED);
        assert_int_equal(run.due_ms, 0); /* at once, whatever the clock */
        assert_int_equal(run.failures, 0);
        assert_int_equal(run.first_failure_ms, 0);
        assert_int_equal(run.looks, 0);
        assert_int_equal(run.ended_ms, 0);
        assert_int_equal(run.attempts, 1);
        assert_string_equal(run.kind, "");
        assert_string_equal(run.reason, "");
        assert_non_null(run.pins);
        assert_steps(id, "0!=1 ");
        assert_int_equal(claim_ok(id, now + 1), 2);
    }
    int64_t fresh = ADD(.client = "acme");
    FAILS(ledger_retry(db, fresh, 0, now, &e), ERR_CONFLICT, "it is queued");
    FAILS(ledger_retry(db, 4711, 0, now, &e), ERR_NOT_FOUND, "run 4711");
}

static void retried_with_new_code(void **state)
{
    (void)state;
    int64_t id = ended(LEDGER_DEAD);
    OK(ledger_retry(db, id, 1, now, &e));
    assert_null(row(id).pins);
    assert_steps(id, "0!=1 ");
    assert_rows("SELECT text FROM history", "by hand, with today's code ");
}

static void what_may_be_cancelled(void **state)
{
    (void)state;
    for (int s = 0; s < LEDGER_STATES; s++) {
        int64_t id = ended((enum ledger_state)s);
        if (ledger_is_over((enum ledger_state)s) && s != LEDGER_DEAD) {
            FAILS(ledger_cancel(db, id, NULL, now, &e), ERR_CONFLICT, "already");
            continue;
        }
        OK(ledger_cancel(db, id, "not wanted", now + 2, &e));
        struct ledger_run run = row(id);
        assert_int_equal(run.state, LEDGER_CANCELLED);
        assert_string_equal(run.reason, "not wanted");
        assert_int_equal(run.ended_ms, now + 2);
        assert_steps(id, "");
        if (s == LEDGER_RUNNING)
            FAILS(ledger_commit(db, CHANGE(id, 1), &e), ERR_CONFLICT, "lost its claim");
    }
}

static void a_cancelled_one_lets_the_next_go(void **state)
{
    (void)state;
    int64_t a = ADD(.order_key = "p"), b = ADD(.order_key = "p"), epoch;
    assert_int_equal(claim_at(b, now, &epoch), 0);
    OK(ledger_cancel(db, a, NULL, now, &e));
    assert_int_equal(number("SELECT behind FROM run WHERE id = 2"), 0);
    claim_ok(b, now);
    /* one that is blocked itself */
    int64_t c = ADD(.order_key = "p");
    OK(ledger_cancel(db, c, NULL, now, &e));
    assert_state(c, LEDGER_CANCELLED);
}

static int add_client(void *arg, const char *client)
{
    return buf_addf(arg, "%s ", client);
}

static void assert_releasable(const char *expected)
{
    struct buf clients;
    buf_init(&clients, 100);
    OK(ledger_releasable(db, add_client, &clients, &e));
    assert_string_equal(buf_str(&clients), expected);
    buf_free(&clients);
}

static void a_connection_is_back(void **state)
{
    (void)state;
    int released;
    int64_t a = ended(LEDGER_HELD), b = ended(LEDGER_PARKED);
    ended(LEDGER_HELD);
    OK(db_exec(db, "UPDATE run SET client = 'bolt' WHERE id = 3", &e));
    assert_releasable(""); /* no client is connected */
    OK(db_exec(
        db,
        "INSERT INTO connection (app, id, company, token_version, token, created_ms,"
        " reconnect) VALUES ('front', 'a', 'A', 1, x'00', 1, 0),"
        " ('front', 'b', 'B', 1, x'00', 1, 0), ('shop', 'c', 'C', 1, x'00', 1, 1);"
        "INSERT INTO client_connection VALUES ('acme', 'front', 'a'),"
        " ('bolt', 'front', 'b'), ('bolt', 'shop', 'c'), ('cord', 'front', 'a')",
        &e));
    assert_releasable("acme ");
    OK(db_exec(db, "UPDATE connection SET reconnect = 0", &e));
    assert_releasable("acme bolt ");
    OK(ledger_release(db, "acme", now + 3, &released, &e));
    assert_int_equal(released, 1);
    assert_state(a, LEDGER_QUEUED);
    assert_state(b, LEDGER_PARKED);
    assert_state(3, LEDGER_HELD);
    assert_int_equal(row(a).due_ms, 0);
    assert_rows("SELECT run || what FROM history", "1released ");
    OK(ledger_release(db, "acme", now + 3, &released, &e));
    assert_int_equal(released, 0);
}

/* ---- uncertain writes ---- */

/* recipe { action { GET done, POST intent } }, or without the action. */
static int64_t uncertain(enum ledger_state state, int in_action)
{
    int64_t id = ADD_RUNNING(.client = "acme");
    struct journal_entry with[] = {
        step(0, "first-reply", 0, 1, 0, NULL), step(1, "front/other", 1, 1, 0, "{}"),
        step(2, "front/send", 0, 1, 0, NULL), step(3, "GET /x", 1, 0, 0, "200\n\n"),
        step(4, "POST /x", 0, 0, 1, NULL)};
    struct journal_entry without[] = {step(0, "first-reply", 0, 1, 0, NULL),
                                      step(1, "now", 1, 0, 0, "1"),
                                      step(2, "POST /x", 0, 0, 1, NULL)};
    OK(ledger_commit(db,
                     CHANGE(id, 1, .steps = in_action ? with : without,
                            .nsteps = in_action ? 5 : 3, .state = (int)state,
                            .due_ms = now + DAY, .looks = 3, .kind = "uncertain"),
                     &e));
    return id;
}

static void it_did_happen(void **state)
{
    (void)state;
    int64_t id = uncertain(LEDGER_PARKED, 1);
    OK(ledger_resolve(db, id, 1, "{\"id\":\"msg_1\"}", now + 1, &e));
    /* the request has its answer; the action is not over */
    assert_steps(id, "0 1!={} 2 3!=200\n\n 4!=200\n\n{\"id\":\"msg_1\"} ");
    struct ledger_run run = row(id);
    assert_int_equal(run.state, LEDGER_QUEUED);
    assert_int_equal(run.due_ms, 0); /* at once, whatever the clock */
    assert_int_equal(run.looks, 0);
    assert_rows("SELECT what || ':' || text FROM history",
                "resolved:by hand: POST /x was sent ");
    int64_t unknown = uncertain(LEDGER_CONFIRMING, 1);
    OK(ledger_resolve(db, unknown, 1, NULL, now, &e));
    assert_steps(unknown, "0 1!={} 2 3!=200\n\n 4!=200\n\n{} ");
}

static void it_did_happen_in_the_recipe_itself(void **state)
{
    (void)state;
    int64_t id = uncertain(LEDGER_PARKED, 0);
    OK(ledger_resolve(db, id, 1, "[7]", now, &e));
    assert_steps(id, "0 1!=1 2!=200\n\n[7] ");
}

/* A walk over pages goes on after the write. */
static void it_did_happen_in_a_walk(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme");
    struct journal_entry steps[] = {
        step(0, "first-reply", 0, 1, 0, NULL), step(1, "front/send", 0, 1, 0, NULL),
        step(2, "each front/list", 0, 1, 1, "{\"pages\":1}"),
        step(3, "GET /x", 1, 0, 0, "200\n\n"), step(4, "POST /x", 0, 0, 1, NULL)};
    OK(ledger_commit(db,
                     CHANGE(id, 1, .steps = steps, .nsteps = 5, .state = LEDGER_PARKED,
                            .kind = "uncertain"),
                     &e));
    OK(ledger_resolve(db, id, 1, "[7]", now, &e));
    assert_steps(id, "0 1 2={\"pages\":1} 3!=200\n\n 4!=200\n\n[7] ");
}

static void it_did_not_happen(void **state)
{
    (void)state;
    int64_t id = uncertain(LEDGER_CONFIRMING, 1);
    OK(ledger_resolve(db, id, 0, NULL, now, &e));
    assert_steps(id, "0 1!={} 2 3!=200\n\n ");
    assert_state(id, LEDGER_QUEUED);
    claim_ok(id, now);
}

static void only_a_write_in_doubt_is_resolved(void **state)
{
    (void)state;
    int64_t id = ended(LEDGER_PARKED);
    FAILS(ledger_resolve(db, id, 1, NULL, now, &e), ERR_CONFLICT,
          "cannot resolve run 1: it is parked, but no write of it is uncertain");
    for (int s = 0; s < LEDGER_STATES; s++) {
        if (s == LEDGER_PARKED || s == LEDGER_CONFIRMING)
            continue;
        id = ended((enum ledger_state)s);
        FAILS(ledger_resolve(db, id, 1, NULL, now, &e), ERR_CONFLICT, "cannot resolve");
    }
    /* a write whose outcome is known is not in doubt */
    struct journal_entry done = step(0, "POST", 1, 0, 1, "200\n\n");
    id = ADD_RUNNING(.client = "acme");
    OK(ledger_commit(
        db, CHANGE(id, 1, .steps = &done, .nsteps = 1, .state = LEDGER_PARKED), &e));
    FAILS(ledger_resolve(db, id, 0, NULL, now, &e), ERR_CONFLICT, "no write");
    /* nor is one that was refused and not sent again */
    struct journal_entry refused = step(0, "POST", 0, 0, 1, NULL);
    refused.at_ms = 0;
    id = ADD_RUNNING(.client = "acme");
    OK(ledger_commit(
        db, CHANGE(id, 1, .steps = &refused, .nsteps = 1, .state = LEDGER_PARKED), &e));
    FAILS(ledger_resolve(db, id, 1, NULL, now, &e), ERR_CONFLICT, "no write");
}

/* ---- receipts ---- */

static int64_t sent(const char *uid)
{
    int64_t id = ADD_RUNNING(.client = "acme");
    OK(ledger_commit(db,
                     CHANGE(id, 1, .app = "front", .company = "cmp_1", .refs = &uid,
                            .nrefs = 1, .receipt = uid,
                            .receipt_due_ms = now + 10 * MINUTE),
                     &e));
    end_at(id, 1, LEDGER_DONE, now, now);
    return id;
}

static int see_receipt(void *arg, const struct ledger_receipt *r)
{
    buf_addf(arg, "%s/%s/%s:%lld%s%s ", r->client, r->app, r->ref, (long long)r->run,
             r->company ? "@" : "", r->company ? r->company : "");
    return 0;
}

static void assert_receipts(int64_t at_ms, int limit, const char *expected)
{
    struct buf b;
    buf_init(&b, 1000);
    OK(ledger_receipts(db, at_ms, limit, see_receipt, &b, &e));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static void receipts(void **state)
{
    (void)state;
    /* two clients of one company */
    OK(db_exec(db,
               "INSERT INTO connection (app, id, company, token_version, token,"
               " created_ms) VALUES ('front', 'cmp_1', 'A', 1, x'00', 1);"
               "INSERT INTO client_connection VALUES ('acme', 'front', 'cmp_1'),"
               " ('bolt', 'front', 'cmp_1')",
               &e));
    int64_t run, a = sent("u1"), b = sent("u2");
    assert_receipts(now + 10 * MINUTE - 1, 9, "");
    assert_receipts(now + 10 * MINUTE, 9, "acme/front/u1:1@cmp_1 acme/front/u2:2@cmp_1 ");
    assert_receipts(now + 10 * MINUTE, 1, "acme/front/u1:1@cmp_1 ");
    OK(ledger_receipt_again(db, &(struct ledger_receipt){"acme", "front", "u1", a, NULL},
                            now + DAY, &e));
    assert_receipts(now + 10 * MINUTE, 9, "acme/front/u2:2@cmp_1 ");
    /* sent to a company that no client is connected to any more */
    OK(db_exec(db, "UPDATE effect SET company = 'cmp_2'", &e));
    assert_receipts(now + 10 * MINUTE, 9, "acme/front/u2:2 ");
    OK(db_exec(db, "UPDATE effect SET company = 'cmp_1'", &e));
    OK(ledger_maker(db, "front", "cmp_1", "u2", &run, &e));
    assert_int_equal(run, b);
    OK(ledger_maker(db, "front", "cmp_2", "u2", &run, &e));
    assert_int_equal(run, 0);
    /* one message appears, one does not */
    OK(ledger_delivered(db, "acme", "front", "u1", NULL, now, &run, &e));
    assert_int_equal(run, a);
    OK(ledger_delivered(db, "acme", "front", "u2", "no message", now, &run, &e));
    assert_int_equal(run, b);
    assert_receipts(now + 2 * (int64_t)DAY, 9, "");
    assert_string_equal(row(a).undelivered, "");
    assert_string_equal(row(b).undelivered, "no message");
    assert_rows("SELECT run || what || ':' || text FROM history ORDER BY run",
                "1delivered:u1 2undelivered:no message ");
    /* the same news again, by the id alone: the receipt is gone */
    OK(ledger_delivered(db, "acme", "front", "u2", "no message", now, &run, &e));
    assert_int_equal(run, b);
    assert_int_equal(number("SELECT count(*) FROM history"), 2);
    OK(ledger_delivered(db, "acme", "front", "u1", "bounced", now, &run, &e));
    assert_int_equal(run, a);
    assert_string_equal(row(a).undelivered, "bounced");
    /* the message appeared late */
    OK(ledger_delivered(db, "acme", "front", "u2", NULL, now, &run, &e));
    assert_string_equal(row(b).undelivered, "");
    OK(ledger_delivered(db, "acme", "front", "u3", NULL, now, &run, &e));
    assert_int_equal(run, 0);
    OK(ledger_delivered(db, "bolt", "front", "u1", NULL, now, &run, &e));
    assert_int_equal(run, 0);
}

/* ---- retention ---- */

static int prune(int64_t before_ms, int64_t at_ms, int limit)
{
    int removed = -1;
    OK(ledger_prune(db, before_ms, 0, at_ms, limit, &removed, &e));
    return removed;
}

static void old_runs_go(void **state)
{
    (void)state;
    for (int s = 0; s < LEDGER_STATES; s++) /* ended at now */
        ended((enum ledger_state)s);
    ended(LEDGER_DONE); /* the newest stays */
    OK(db_exec(db,
               "INSERT INTO entry (id, at_ms, kind, name)"
               " SELECT (id << 24) + 8388609, 0, 'x', 'y' FROM run",
               &e));
    assert_int_equal(prune(now, now, 100), 0);
    assert_int_equal(number("SELECT count(*) FROM run"), LEDGER_STATES + 1);
    assert_int_equal(prune(now + 1, now, 3), 3);
    assert_int_equal(prune(now + 1, now, 3), 1);
    assert_int_equal(prune(now + 1, now, 3), 0);
    assert_rows("SELECT state FROM run ORDER BY id", "0 1 2 3 4 5 6 7 ");
    assert_int_equal(number("SELECT count(*) FROM history"), 8);
    assert_int_equal(number("SELECT count(DISTINCT run) FROM step"), 6);
    assert_int_equal(number("SELECT max(run) FROM step"), 7);
}

static void put_code(int64_t id, unsigned char set, const char *list,
                     const struct ledger_code *codes, size_t n)
{
    unsigned char pins[CRYPTO_SHA256_SIZE] = {set};
    OK(ledger_commit(
        db, CHANGE(id, 1, .pins = pins, .pins_list = list, .codes = codes, .ncodes = n),
        &e));
}

static void code_that_no_run_has_goes(void **state)
{
    (void)state;
    struct ledger_code codes[3] = {
        {.text = "a", .len = 1}, {.text = "b", .len = 1}, {.text = "c", .len = 1}};
    char hex[3][65], old[300], new[300];
    for (int i = 0; i < 3; i++) {
        memset(codes[i].hash, 0xa0 + i, sizeof codes[i].hash);
        str_hex(codes[i].hash, sizeof codes[i].hash, hex[i]);
    }
    snprintf(old, sizeof old, "lua/a.lua workspace %s\nlua/b.lua builtin %s\n", hex[0],
             hex[1]);
    snprintf(new, sizeof new, "lua/b.lua builtin %s\nrecipes/c.lua client %s\n", hex[1],
             hex[2]);
    int64_t a = ADD_RUNNING(.client = "acme"), b = ADD_RUNNING(.client = "acme");
    ADD_RUNNING(.client = "acme"); /* the newest, which stays */
    put_code(a, 1, old, codes, 2);
    put_code(b, 2, new, codes, 3);
    assert_int_equal(prune(now + 1, now, 100), 0);
    end_at(a, 1, LEDGER_DONE, now, now);
    assert_int_equal(prune(now + 1, now, 100), 2); /* the run, and its set */
    assert_rows("SELECT CAST(text AS TEXT) FROM code ORDER BY hash", "b c ");
    assert_int_equal(number("SELECT count(*) FROM pins"), 1);
    end_at(b, 1, LEDGER_DONE, now, now);
    assert_int_equal(prune(now + 1, now, 1), 1);
    assert_int_equal(prune(now + 1, now, 1), 1);
    assert_int_equal(prune(now + 1, now, 1), 0);
    assert_int_equal(number("SELECT count(*) FROM code"), 0);
    assert_int_equal(number("SELECT count(*) FROM pins"), 0);
}

static void counts_that_no_longer_matter_go(void **state)
{
    (void)state;
    const char *const ref = "msg_1";
    int64_t id = ADD_RUNNING(.client = "acme");
    OK(ledger_commit(db,
                     CHANGE(id, 1, .app = "front", .company = "cmp_1", .refs = &ref,
                            .nrefs = 1, .reply_to = "cnv_1", .replies_max = 9),
                     &e));
    crash_once("bolt", "x", now);
    assert_int_equal(prune(0, now + 2 * HOUR, 100), 0);
    assert_int_equal(prune(0, now + 2 * HOUR + 1, 100), 1);
    assert_int_equal(number("SELECT count(*) FROM reply"), 0);
    assert_int_equal(prune(0, now + DAY, 100), 0);
    assert_int_equal(prune(0, now + DAY + 1, 100), 1);
    assert_int_equal(number("SELECT count(*) FROM crash"), 0);
    assert_int_equal(prune(0, now + 90 * (int64_t)DAY, 100), 0);
    assert_int_equal(prune(0, now + 90 * (int64_t)DAY + 1, 100), 1);
    assert_int_equal(number("SELECT count(*) FROM effect"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_a_dead_process_held),
        TEST(what_had_not_left_is_taken_back),
        TEST(a_kept_run_stays),
        TEST(a_late_outcome_counts),
        TEST(a_late_outcome_comes_too_late),
        TEST(a_run_that_crashes_dies),
        TEST(only_the_dead_ones_own_run_crashed),
        TEST(a_run_that_is_killed_suspends),
        TEST(the_third_crash_suspends),
        TEST(pauses),
        TEST(what_may_be_retried),
        TEST(retried_with_new_code),
        TEST(what_may_be_cancelled),
        TEST(a_cancelled_one_lets_the_next_go),
        TEST(a_connection_is_back),
        TEST(it_did_happen),
        TEST(it_did_happen_in_the_recipe_itself),
        TEST(it_did_happen_in_a_walk),
        TEST(it_did_not_happen),
        TEST(only_a_write_in_doubt_is_resolved),
        TEST(receipts),
        TEST(old_runs_go),
        TEST(code_that_no_run_has_goes),
        TEST(counts_that_no_longer_matter_go),
    };
    return cmocka_run_group_tests_name("ledger_hand", tests, NULL, NULL);
}
