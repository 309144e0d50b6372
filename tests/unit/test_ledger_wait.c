#include "ledgertest.h"
#include "store/ledger_wait.h"

/* ctx.wait_for */

static const char trigger[] = "front/message-received";
static const char of_cnv_1[] = "{\"payload.conversation.id\":\"cnv_1\"}";
static const char event_1[] = "{\"payload\":{\"conversation\":{\"id\":\"cnv_1\"}}}";
static const char event_2[] = "{\"payload\":{\"conversation\":{\"id\":\"cnv_2\"}}}";

/* The run waits in step SEQ, for a day. */
static void wait_for(int64_t id, int64_t epoch, int seq, const char *match)
{
    struct journal_entry open = step(seq, trigger, 0, 0, 0, NULL);
    open.kind = "wait";
    OK(ledger_commit(db,
                     CHANGE(id, epoch, .steps = &open, .nsteps = 1,
                            .state = LEDGER_WAITING, .due_ms = now + DAY, .wait_seq = seq,
                            .wait_trigger = trigger, .wait_match = match),
                     &e));
}

static int see_step(void *arg, const struct journal_entry *s)
{
    buf_addf(arg, "%d%s", s->seq, s->is_done ? "=" : " open ");
    if (s->result)
        buf_addf(arg, "%.*s ", (int)s->len, s->result);
    return 0;
}

static void assert_steps(int64_t run, const char *expected)
{
    struct buf b;
    buf_init(&b, 10000);
    OK(ledger_steps(db, run, see_step, &b, &e));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

/* Stores an activation of DELIVERY, as dispatch does. Returns how many runs it woke. */
static int comes_with(int64_t delivery, const char *client, const char *of,
                      const char *event, int64_t at_ms)
{
    int woken = -1;
    int64_t id = add_activation_of(delivery, client, of, event);
    OK(ledger_wake(db, client, of, id, event, at_ms, &woken, &e));
    return woken;
}

static int comes(const char *client, const char *of, const char *event, int64_t at_ms)
{
    return comes_with(0, client, of, event, at_ms);
}

static void matches(void **state)
{
    (void)state;
    static const char event[] =
        "{\"type\":\"inbound\",\"n\":3,\"x\":2.5,\"yes\":true,\"no\":null,"
        "\"big\":12345678901234567890123,\"text\":\"gr\\u00fcn\","
        "\"payload\":{\"conversation\":{\"id\":\"cnv_1\"},\"tags\":[\"a\",\"b\"]}}";
    static const struct {
        const char *match;
        int answer;
    } cases[] = {
        {"{}", 1},
        {"{\"type\":\"inbound\"}", 1},
        {"{\"type\":\"outbound\"}", 0},
        {"{\"payload.conversation.id\":\"cnv_1\"}", 1},
        {"{\"payload.conversation.id\":\"cnv_1\",\"type\":\"x\"}", 0},
        {"{\"payload.conversation\":\"cnv_1\"}", 0},
        {"{\"payload.conversation.id.x\":\"cnv_1\"}", 0},
        {"{\"payload.nothing\":\"cnv_1\"}", 0},
        {"{\"payload.tags.2\":\"b\"}", 1},
        {"{\"payload.tags.1\":\"b\"}", 0},
        {"{\"n\":3}", 1},
        {"{\"n\":3.0}", 1},
        {"{\"n\":\"3\"}", 0},
        {"{\"x\":2.5}", 1},
        {"{\"yes\":true}", 1},
        {"{\"yes\":false}", 0},
        {"{\"yes\":1}", 0},
        {"{\"no\":null}", 1},
        {"{\"nothing\":null}", 0},
        {"{\"text\":\"gr\xc3\xbcn\"}", 1},
        {"{\"payload.conversation\":{\"id\":\"cnv_1\"}}", 0},
        {"[]", 0},
        {"nonsense", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t id = ADD_RUNNING(.client = "acme");
        wait_for(id, 1, 0, cases[i].match);
        if (comes("acme", trigger, event, now) != cases[i].answer)
            fail_msg("%s: not %d", cases[i].match, cases[i].answer);
    }
    wait_for(ADD_RUNNING(.client = "other"), 1, 0, "{}");
    assert_int_equal(comes("other", trigger, "nonsense", now), 0);
}

static int see_due(void *arg, const struct ledger_run *run)
{
    *(int64_t *)arg = run->due_ms;
    return 0;
}

static void an_event_wakes(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme"), due;
    wait_for(id, 1, 0, of_cnv_1);
    assert_state(id, LEDGER_WAITING);
    assert_int_equal(comes("acme", trigger, event_2, now), 0);
    assert_int_equal(comes("other", trigger, event_1, now), 0);
    assert_int_equal(comes("acme", "front/other", event_1, now), 0);
    assert_state(id, LEDGER_WAITING);
    assert_steps(id, "0 open ");
    assert_int_equal(comes("acme", trigger, event_1, now + 7), 1);
    assert_state(id, LEDGER_QUEUED);
    OK(ledger_read(db, id, see_due, &due, &e));
    assert_int_equal(due, 0); /* at once, whatever the clock */
    char expected[100];
    snprintf(expected, sizeof expected, "0=%s ", event_1);
    assert_steps(id, expected);
    assert_rows("SELECT text FROM history", "by activation 4 ");
    /* once */
    assert_int_equal(comes("acme", trigger, event_1, now + 8), 0);
    claim_ok(id, now + 9);
    assert_steps(id, expected);
}

static void several_wait(void **state)
{
    (void)state;
    int64_t a = ADD_RUNNING(.client = "acme"), b = ADD_RUNNING(.client = "acme"),
            c = ADD_RUNNING(.client = "acme");
    wait_for(a, 1, 0, of_cnv_1);
    wait_for(b, 1, 3, "{}");
    wait_for(c, 1, 0, "{\"payload.conversation.id\":\"cnv_2\"}");
    assert_int_equal(comes("acme", trigger, event_1, now), 2);
    assert_state(a, LEDGER_QUEUED);
    assert_state(b, LEDGER_QUEUED);
    assert_state(c, LEDGER_WAITING);
}

static void what_came_since_it_began_counts(void **state)
{
    (void)state;
    add_activation("acme", trigger, event_1); /* before the run */
    int64_t id = ADD_RUNNING(.client = "acme");
    add_activation("acme", trigger, event_2);
    add_activation("other", trigger, event_1);
    add_activation("acme", "front/other", event_1);
    wait_for(id, 1, 0, of_cnv_1);
    assert_state(id, LEDGER_WAITING);

    int64_t late = ADD_RUNNING(.client = "acme");
    add_activation("acme", trigger, event_2);
    add_activation("acme", trigger, event_1);
    wait_for(late, 1, 0, of_cnv_1);
    assert_state(late, LEDGER_QUEUED);
    char expected[100];
    snprintf(expected, sizeof expected, "0=%s ", event_1);
    assert_steps(late, expected);
    assert_int_equal(number("SELECT count(*) FROM wait"), 1);
    /* due at once */
    assert_int_equal(claim_ok(late, now), 2);
}

static const char created[] = "front/conversation-created";

/* The time before its first attempt does not change which activations a run sees. */
static void what_came_after_its_own_event_counts(void **state)
{
    (void)state;
    add_activation("acme", trigger, event_1); /* before it */
    int64_t own = add_activation("acme", created, event_1);
    int64_t id = ADD(.client = "acme", .activation = own);
    int64_t after = add_activation("acme", trigger, event_1);
    add_activation("acme", trigger, event_1);
    int64_t epoch = claim_ok(id, now + DAY);
    wait_for(id, epoch, 0, of_cnv_1);
    assert_state(id, LEDGER_QUEUED);
    assert_int_equal(number("SELECT since FROM run"), after);
    /* a later attempt does not start anew, nor after retention has removed its event */
    OK(db_exec(db, "DELETE FROM activation WHERE id <= 3", &e));
    epoch = claim_ok(id, now + DAY);
    wait_for(id, epoch, 1, of_cnv_1);
    assert_state(id, LEDGER_QUEUED);
    epoch = claim_ok(id, now + DAY);
    wait_for(id, epoch, 2, of_cnv_1);
    assert_state(id, LEDGER_WAITING);
}

static void its_own_activation_ends_no_wait(void **state)
{
    (void)state;
    int64_t id =
        ADD(.client = "acme", .activation = add_activation("acme", trigger, event_1));
    wait_for(id, claim_ok(id, now), 0, of_cnv_1);
    assert_state(id, LEDGER_WAITING);
}

/* Runs by hand and by cron see activations since their first attempt began. */
static void without_an_event_the_beginning_counts(void **state)
{
    (void)state;
    static const char *const origins[] = {"hand", "cron"};
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        int64_t id = ADD(.client = "acme", .origin = origins[i]);
        add_activation("acme", trigger, event_1);
        int64_t epoch = claim_ok(id, now);
        wait_for(id, epoch, 0, of_cnv_1);
        assert_state(id, LEDGER_WAITING);
        int64_t other = ADD(.client = "acme", .origin = origins[i]);
        epoch = claim_ok(other, now);
        assert_int_equal(comes("acme", trigger, event_1, now), 1);
        wait_for(other, epoch, 0, of_cnv_1);
        assert_state(other, LEDGER_QUEUED);
    }
}

/* When one delivery fires several triggers, that is one event, also after a replay. */
static void its_own_delivery_ends_no_wait(void **state)
{
    (void)state;
    int64_t own = add_activation_of(7, "acme", created, event_1);
    int64_t id = ADD(.client = "acme", .activation = own);
    add_activation_of(7, "acme", trigger, event_1);
    int64_t epoch = claim_ok(id, now);
    wait_for(id, epoch, 0, of_cnv_1);
    assert_state(id, LEDGER_WAITING);
    assert_int_equal(comes_with(7, "acme", trigger, event_1, now), 0);
    assert_int_equal(comes_with(8, "acme", trigger, event_1, now), 1);
    epoch = claim_ok(id, now);
    add_activation_of(9, "acme", trigger, event_1);
    wait_for(id, epoch, 1, of_cnv_1);
    assert_state(id, LEDGER_QUEUED);
}

/* Any match, also one that no literal text of the event shows. */
static void what_came_before_the_wait_by_any_match(void **state)
{
    (void)state;
    static const char event[] = "{\"n\":5,\"name\":\"a\\/b \\u00fc\",\"ok\":true}";
    static const char *const found[] = {"{}", "{\"n\":5}", "{\"name\":\"a/b \xc3\xbc\"}",
                                        "{\"ok\":true}"};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        int64_t id = ADD_RUNNING(.client = "acme");
        add_activation("acme", trigger, event);
        wait_for(id, 1, 0, found[i]);
        assert_state(id, LEDGER_QUEUED);
    }
}

static void no_event_is_seen_twice(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme");
    add_activation("acme", trigger, event_1);
    wait_for(id, 1, 0, of_cnv_1);
    int64_t epoch = claim_ok(id, now);
    wait_for(id, epoch, 1, of_cnv_1);
    assert_state(id, LEDGER_WAITING);
    assert_int_equal(comes("acme", trigger, event_1, now), 1);
    /* the activation that woke it is removed, too */
    epoch = claim_ok(id, now);
    wait_for(id, epoch, 2, of_cnv_1);
    assert_state(id, LEDGER_WAITING);
    /* two came while it waited or ran: each once, in order */
    assert_int_equal(comes("acme", trigger, event_1, now), 1);
    add_activation("acme", trigger, event_1);
    epoch = claim_ok(id, now);
    wait_for(id, epoch, 3, of_cnv_1);
    assert_state(id, LEDGER_QUEUED);
    epoch = claim_ok(id, now);
    wait_for(id, epoch, 4, of_cnv_1);
    assert_state(id, LEDGER_WAITING);
}

static void a_wait_runs_out(void **state)
{
    (void)state;
    int64_t epoch, id = ADD_RUNNING(.client = "acme");
    wait_for(id, 1, 2, of_cnv_1);
    assert_int_equal(claim_at(id, now + DAY - 1, &epoch), 0);
    assert_steps(id, "2 open ");
    claim_ok(id, now + DAY);
    assert_steps(id, "2=null ");
    assert_int_equal(number("SELECT count(*) FROM wait"), 0);
    OK(ledger_wait_end(db, id, now + DAY, &e));
    assert_rows("SELECT what FROM history", "timeout ");
    /* too late */
    assert_int_equal(comes("acme", trigger, event_1, now + DAY), 0);
    assert_steps(id, "2=null ");
    assert_state(id, LEDGER_RUNNING);
}

static void a_cancelled_run_waits_no_more(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme");
    wait_for(id, 1, 0, of_cnv_1);
    OK(ledger_cancel(db, id, "why", now, &e));
    assert_int_equal(number("SELECT count(*) FROM wait"), 0);
    assert_int_equal(comes("acme", trigger, event_1, now), 0);
    assert_state(id, LEDGER_CANCELLED);
}

static int see_trigger(void *arg, const char *name)
{
    buf_addf(arg, "%s ", name);
    return 0;
}

static void what_is_waited_for(void **state)
{
    (void)state;
    struct buf b;
    int64_t a = ADD_RUNNING(.client = "acme"), c = ADD_RUNNING(.client = "acme");
    wait_for(a, 1, 0, of_cnv_1);
    wait_for(c, 1, 0, of_cnv_1);
    buf_init(&b, 1000);
    OK(ledger_waited_for(db, "other", see_trigger, &b, &e));
    OK(ledger_waited_for(db, "acme", see_trigger, &b, &e));
    assert_string_equal(buf_str(&b), "front/message-received ");
    buf_free(&b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(matches),
        TEST(an_event_wakes),
        TEST(several_wait),
        TEST(what_came_since_it_began_counts),
        TEST(what_came_after_its_own_event_counts),
        TEST(its_own_activation_ends_no_wait),
        TEST(without_an_event_the_beginning_counts),
        TEST(its_own_delivery_ends_no_wait),
        TEST(what_came_before_the_wait_by_any_match),
        TEST(no_event_is_seen_twice),
        TEST(a_wait_runs_out),
        TEST(a_cancelled_run_waits_no_more),
        TEST(what_is_waited_for),
    };
    return cmocka_run_group_tests_name("ledger_wait", tests, NULL, NULL);
}
