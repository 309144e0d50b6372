#include "store/schema.h"
#include "ledgertest.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Rows of runs, and the changes that a run writes. */

static void names_of_states(void **state)
{
    (void)state;
    for (int s = 0; s < LEDGER_STATES; s++)
        assert_int_equal(ledger_state_find(ledger_state_name((enum ledger_state)s)), s);
    assert_int_equal(ledger_state_find("nope"), -1);
    assert_true(ledger_is_over(LEDGER_DONE) && ledger_is_over(LEDGER_CANCELLED));
    assert_false(ledger_is_over(LEDGER_PARKED));
}

static int see_new(void *arg, const struct ledger_run *run)
{
    (*(int *)arg)++;
    assert_string_equal(run->client, "acme");
    assert_string_equal(run->origin, "cron");
    assert_string_equal(run->conversation, "cnv_1");
    assert_string_equal(run->order_key, "acme/x/cnv_1");
    assert_int_equal(run->activation, 7);
    assert_int_equal(run->slot_ms, 99);
    assert_int_equal(run->due_ms, now + 5);
    assert_int_equal(run->created_ms, now);
    assert_int_equal(run->state, LEDGER_QUEUED);
    assert_int_equal(run->attempts, 0);
    assert_int_equal(run->epoch, 0);
    assert_null(run->owner);
    assert_null(run->pins);
    assert_null(run->reason);
    return 0;
}

static int copy_seed(void *arg, const struct ledger_run *run)
{
    snprintf(arg, 32, "%s", run->seed);
    return 0;
}

static void a_row_as_it_was_added(void **state)
{
    (void)state;
    int seen = 0;
    char seed[32];
    int64_t id =
        ADD(.origin = "cron", .conversation = "cnv_1", .order_key = "acme/x/cnv_1",
            .activation = 7, .slot_ms = 99, .due_ms = now + 5);
    OK(ledger_read(db, id, see_new, &seen, &e));
    assert_int_equal(seen, 1);
    OK(ledger_read(db, id, copy_seed, seed, &e));
    int64_t other = ADD(.client = "acme");
    char other_seed[32];
    OK(ledger_read(db, other, copy_seed, other_seed, &e));
    assert_string_not_equal(seed, other_seed);
    int64_t given = ADD(.seed = "s");
    OK(ledger_read(db, given, copy_seed, seed, &e));
    assert_string_equal(seed, "s");
    FAILS(ledger_read(db, 4711, copy_seed, seed, &e), ERR_NOT_FOUND, "run 4711");
}

static int see_running(void *arg, const struct ledger_run *run)
{
    (*(int *)arg)++;
    assert_int_equal(run->state, LEDGER_RUNNING);
    assert_string_equal(run->owner, "me");
    assert_int_equal(run->epoch, 1);
    assert_int_equal(run->attempts, 1);
    assert_int_equal(run->began_ms, now);
    assert_int_equal(run->since, 2);
    return 0;
}

static void a_run_that_starts_at_once(void **state)
{
    (void)state;
    int seen = 0;
    add_activation("acme", "t", "{}");
    add_activation("acme", "t", "{}");
    int64_t id = ADD_RUNNING(.client = "acme");
    OK(ledger_read(db, id, see_running, &seen, &e));
    assert_int_equal(seen, 1);
    int64_t epoch;
    assert_int_equal(claim_at(id, now, &epoch), 0);
}

static int collect(void *arg, const struct ledger_run *run)
{
    buf_addf(arg, "%lld ", (long long)run->id);
    return 0;
}

static void assert_each(const struct ledger_filter *filter, const char *expected)
{
    struct buf b;
    buf_init(&b, 1000);
    OK(ledger_each(db, filter, collect, &b, &e));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static void filters(void **state)
{
    (void)state;
    const int queued = LEDGER_QUEUED, over[] = {LEDGER_DONE, LEDGER_RUNNING};
    ADD(.client = "a", .recipe = "x", .conversation = "cnv_1");
    ADD(.client = "a", .recipe = "y", .activation = 5);
    ADD(.client = "b", .recipe = "x", .created_ms = now + 10);
    ADD_RUNNING(.client = "b", .recipe = "y");
    assert_each(&(struct ledger_filter){0}, "4 3 2 1 ");
    assert_each(&(struct ledger_filter){.limit = 2}, "4 3 ");
    assert_each(&(struct ledger_filter){.client = "a"}, "2 1 ");
    assert_each(&(struct ledger_filter){.client = "a", .recipe = "x"}, "1 ");
    assert_each(&(struct ledger_filter){.conversation = "cnv_1"}, "1 ");
    assert_each(&(struct ledger_filter){.activation = 5}, "2 ");
    assert_each(&(struct ledger_filter){.since_ms = now + 1}, "3 ");
    assert_each(&(struct ledger_filter){.states = &queued, .nstates = 1}, "3 2 1 ");
    assert_each(&(struct ledger_filter){.states = over, .nstates = 2}, "4 ");
    assert_each(&(struct ledger_filter){.undelivered = 1}, "");
    OK(db_exec(db, "UPDATE run SET undelivered = 'no' WHERE id = 3", &e));
    assert_each(&(struct ledger_filter){.undelivered = 1}, "3 ");
    int64_t counts[LEDGER_STATES];
    end_at(4, 1, LEDGER_DONE, now, now);
    OK(ledger_count_open(db, counts, &e));
    assert_int_equal(counts[LEDGER_QUEUED], 3);
    assert_int_equal(counts[LEDGER_RUNNING], 0);
    assert_int_equal(counts[LEDGER_DONE], 0);
}

/* ---- commits ---- */

static int describe_step(void *arg, const struct journal_entry *s)
{
    assert_int_equal(s->hash[31], s->seq + 1);
    assert_int_equal(s->at_ms, now + s->seq);
    buf_addf(arg, "%d:%s/%s%s%s%s", s->seq, s->kind, s->name, s->is_done ? "!" : "",
             s->is_scope ? "{" : "", s->is_intent ? "?" : "");
    if (s->input)
        buf_addf(arg, "<%.*s", (int)s->input_len, s->input);
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
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static void steps_and_their_delta(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme");
    struct journal_entry first[] = {
        step(0, "first-reply", 0, 1, 0, NULL), step(1, "now", 1, 0, 0, "17"),
        step(2, "front/send", 0, 1, 0, NULL), step(3, "POST", 0, 0, 1, NULL)};
    first[2].input = "{}";
    first[2].input_len = 2;
    OK(ledger_commit(db, CHANGE(id, 1, .steps = first, .nsteps = 4), &e));
    assert_steps(id, "0:call/first-reply{ 1:http/now!=17 2:call/front/send{<{} "
                     "3:http/POST? ");
    /* the scope ended: its inner steps are gone, a next one came */
    struct journal_entry second[] = {step(2, "front/send", 1, 1, 0, "{}"),
                                     step(3, "later", 1, 0, 0, "")};
    OK(ledger_commit(db, CHANGE(id, 1, .drop = 2, .steps = second, .nsteps = 2), &e));
    assert_steps(id, "0:call/first-reply{ 1:http/now!=17 2:call/front/send!{={} "
                     "3:http/later!= ");
    assert_state(id, LEDGER_RUNNING);
}

static void a_changed_step_needs_no_drop(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme");
    struct journal_entry open = step(0, "POST", 0, 0, 1, NULL),
                         done = step(0, "POST", 1, 0, 1, "200\n\n");
    OK(ledger_commit(db, CHANGE(id, 1, .steps = &open, .nsteps = 1), &e));
    OK(ledger_commit(db, CHANGE(id, 1, .steps = &done, .nsteps = 1), &e));
    assert_steps(id, "0:http/POST!?=200\n\n ");
}

static void the_epoch_guards_every_write(void **state)
{
    (void)state;
    int64_t id = ADD(.client = "acme");
    FAILS(ledger_commit(db, CHANGE(id, 0), &e), ERR_CONFLICT, "lost its claim");
    int64_t epoch = claim_ok(id, now);
    OK(ledger_commit(db, CHANGE(id, epoch), &e));
    FAILS(ledger_commit(db, CHANGE(id, epoch + 1), &e), ERR_CONFLICT, "lost its claim");
    /* another process takes the run over because it considers the first one dead; then
     * the first one writes */
    struct ledger_reclaimed out;
    OK(ledger_reclaim(db, "me", NULL, 0, NULL, now, &out, &e));
    FAILS(ledger_commit(db, CHANGE(id, epoch), &e), ERR_CONFLICT, "lost its claim");
    int64_t next = claim_ok(id, now);
    assert_true(next > epoch);
    FAILS(ledger_commit(db, CHANGE(id, epoch), &e), ERR_CONFLICT, "lost its claim");
    OK(ledger_commit(db, CHANGE(id, next), &e));
    /* an attempt that has ended writes no more */
    end_at(id, next, LEDGER_SLEEPING, now, now + DAY);
    FAILS(ledger_commit(db, CHANGE(id, next), &e), ERR_CONFLICT, "lost its claim");
    FAILS(ledger_commit(db, CHANGE(99, 1), &e), ERR_NOT_FOUND, "run 99");
}

static void code_is_stored_once(void **state)
{
    (void)state;
    unsigned char pins[CRYPTO_SHA256_SIZE] = {1};
    struct ledger_code codes[] = {{.hash = {7}, .text = "return 1", .len = 8},
                                  {.hash = {8}, .text = "", .len = 0}};
    for (int i = 0; i < 2; i++) {
        int64_t id = ADD_RUNNING(.client = "acme");
        OK(ledger_commit(db,
                         CHANGE(id, 1, .pins = pins, .pins_list = "a list",
                                .codes = codes, .ncodes = 2),
                         &e));
    }
    assert_int_equal(number("SELECT count(*) FROM code"), 2);
    assert_int_equal(number("SELECT count(*) FROM pins"), 1);
    assert_int_equal(number("SELECT count(DISTINCT pins) FROM run"), 1);
    char *text;
    size_t len;
    OK(ledger_pins(db, pins, &text, &e));
    assert_string_equal(text, "a list");
    free(text);
    OK(ledger_code(db, codes[0].hash, &text, &len, &e));
    assert_string_equal(text, "return 1");
    assert_int_equal(len, 8);
    free(text);
    pins[0] = 0xab;
    FAILS(ledger_pins(db, pins, &text, &e), ERR_NOT_FOUND, "ab0000");
    FAILS(ledger_code(db, pins, &text, &len, &e), ERR_NOT_FOUND, "ab0000");
}

static int describe_event(void *arg, const struct ledger_event *event)
{
    buf_addf(arg, "%d:%s=%s ", (int)(event->at_ms - now), event->what, event->text);
    return 0;
}

static int count_step(void *arg, const struct journal_entry *step)
{
    (void)step;
    ++*(int *)arg;
    return 0;
}

static int see_text(void *arg, const struct ledger_run *run)
{
    buf_addf(arg, "%s %s %s %s epoch %lld attempts %d began %d ended %d %s %s %s",
             run->origin, run->conversation, run->seed, ledger_state_name(run->state),
             (long long)run->epoch, run->attempts, run->began_ms == now,
             run->ended_ms ? (int)(run->ended_ms - now) : -1,
             run->owner ? run->owner : "-", run->result ? run->result : "-",
             run->pins ? "pins" : "-");
    return 0;
}

static int copy_state(void *arg, const struct ledger_run *run)
{
    *(enum ledger_state *)arg = run->state;
    return 0;
}

static void assert_text(int64_t id, const char *expected)
{
    struct buf b;
    buf_init(&b, 1000);
    OK(ledger_read(db, id, see_text, &b, &e));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

/* A run is stored with its first write, or with its end. */
static void a_run_that_began_outside_of_the_store(void **state)
{
    (void)state;
    const struct ledger_run run = {.client = "acme",
                                   .recipe = "look",
                                   .origin = "hand",
                                   .conversation = "cnv_1",
                                   .args = "{}",
                                   .seed = "s",
                                   .policy = "{}",
                                   .due_ms = now,
                                   .created_ms = now};
    const struct ledger_note notes[] = {{"attempt", "1"}, {"done", "x"}};
    const unsigned char pins[CRYPTO_SHA256_SIZE] = {7};
    struct ledger_change *done = CHANGE(0, 0, .state = LEDGER_DONE, .now_ms = now + 5,
                                        .result = "42", .notes = notes, .nnotes = 2);
    OK(ledger_add_with(db, &run, NULL, done, &e));
    assert_text(done->run, "hand cnv_1 s done epoch 1 attempts 1 began 1 ended 5 - 42 -");
    struct buf b;
    buf_init(&b, 1000);
    OK(ledger_history(db, done->run, describe_event, &b, &e));
    assert_string_equal(buf_str(&b), "5:attempt=1 5:done=x ");
    buf_free(&b);

    /* a dead run can be retried, so that its steps and its code are kept */
    const struct journal_entry step = {.seq = 0, .kind = "http", .name = "GET /x"};
    struct ledger_change *dead =
        CHANGE(0, 0, .state = LEDGER_DEAD, .now_ms = now + 6, .steps = &step, .nsteps = 1,
               .pins = pins, .pins_list = "a");
    OK(ledger_add_with(db, &run, NULL, dead, &e));
    assert_true(dead->run > done->run);
    assert_text(dead->run,
                "hand cnv_1 s dead epoch 1 attempts 1 began 1 ended 6 - - pins");
    int n = 0;
    OK(ledger_steps(db, dead->run, count_step, &n, &e));
    assert_int_equal(n, 1);

    /* what it waits for may have come since it began */
    const struct ledger_run early = {.client = "acme",
                                     .recipe = "look",
                                     .origin = "hand",
                                     .args = "{}",
                                     .seed = "s",
                                     .policy = "{}",
                                     .created_ms = now,
                                     .since = -1};
    struct ledger_run late = early;
    late.since = add_activation("acme", "t", "{}");
    for (int i = 0; i < 2; i++) {
        struct journal_entry open = {.seq = 0, .kind = "wait", .name = "t"};
        struct ledger_change *wait =
            CHANGE(0, 0, .state = LEDGER_WAITING, .due_ms = now + HOUR, .steps = &open,
                   .nsteps = 1, .wait_trigger = "t", .wait_match = "{}");
        OK(ledger_add_with(db, i ? &late : &early, NULL, wait, &e));
        enum ledger_state is;
        OK(ledger_read(db, wait->run, copy_state, &is, &e));
        assert_int_equal(is, i ? LEDGER_WAITING : LEDGER_QUEUED);
    }

    /* the attempt goes on, and the run is claimed */
    struct ledger_change *value = CHANGE(0, 0, .key = "k", .value = "1");
    OK(ledger_add_with(db, &run, "me", value, &e));
    assert_text(value->run,
                "hand cnv_1 s running epoch 1 attempts 1 began 1 ended -1 me - -");
    OK(ledger_commit(db, CHANGE(value->run, value->epoch, .state = LEDGER_QUEUED), &e));
    assert_text(value->run,
                "hand cnv_1 s queued epoch 1 attempts 1 began 1 ended -1 - - -");
}

static void history_in_order(void **state)
{
    (void)state;
    const struct ledger_note notes[] = {{"step", "a"}, {"step", "b"}};
    int64_t other = ADD_RUNNING(.client = "acme"), id = ADD_RUNNING(.client = "acme");
    OK(ledger_commit(db, CHANGE(other, 1, .notes = notes, .nnotes = 1), &e));
    for (int i = 0; i < 2; i++)
        OK(ledger_commit(
            db, CHANGE(id, 1, .now_ms = now + i, .notes = notes, .nnotes = 2), &e));
    struct buf b;
    buf_init(&b, 1000);
    OK(ledger_history(db, id, describe_event, &b, &e));
    assert_string_equal(buf_str(&b), "0:step=a 0:step=b 1:step=a 1:step=b ");
    buf_free(&b);
}

#define AT(company_) .app = "front", .company = (company_)

static void an_effect_belongs_to_one_run(void **state)
{
    (void)state;
    const char *const refs[] = {"msg_1", "uid-1"}, *const more[] = {"msg_2", "msg_1"};
    /* clients may share a company */
    int64_t a = ADD_RUNNING(.client = "acme"), b = ADD_RUNNING(.client = "bolt");
    const struct intent sought = {"front", "cmp_1", "POST", "/c/1", NULL, NULL, NULL};
    OK(ledger_commit(db, CHANGE(a, 1, AT("cmp_1"), .refs = refs, .nrefs = 2), &e));
    OK(ledger_commit(db, CHANGE(a, 1, AT("cmp_1"), .refs = refs, .nrefs = 2), &e));
    FAILS(ledger_commit(db,
                        CHANGE(b, 1, AT("cmp_1"), .refs = more, .nrefs = 2,
                               .sought = &sought, .key = "k", .value = "1"),
                        &e),
          ERR_UNCERTAIN, "cannot take msg_1 as made by run 2: run 1 has made it");
    /* nothing of that change was written */
    assert_rows("SELECT ref FROM effect ORDER BY ref", "msg_1 uid-1 ");
    assert_int_equal(number("SELECT count(*) FROM value"), 0);
    int64_t elsewhere = ADD_RUNNING(.client = "other");
    OK(ledger_commit(db, CHANGE(elsewhere, 1, AT("cmp_2"), .refs = refs, .nrefs = 2),
                     &e));
}

/* Two answers name the same id when one request changes what the other made. But a search
 * may have found what a request made that was sent before it. */
static void an_answer_and_what_others_claimed(void **state)
{
    (void)state;
    const char *const made[] = {"com_1"}, *const found[] = {"com_2"};
    const struct intent sought = {"front", "cmp_1", "POST", "/c/1", NULL, NULL, NULL};
    struct journal_entry answer = step(0, "POST", 1, 0, 1, "200\n\n");
    int64_t a = ADD_RUNNING(.client = "acme"), b = ADD_RUNNING(.client = "bolt");
    OK(ledger_commit(db, CHANGE(a, 1, AT("cmp_1"), .refs = made, .nrefs = 1), &e));
    OK(ledger_commit(db,
                     CHANGE(a, 1, AT("cmp_1"), .refs = found, .nrefs = 1,
                            .sought = &sought, .looked_ms = now + 1),
                     &e));
    struct ledger_change *named = CHANGE(b, 1, AT("cmp_1"), .refs = made, .nrefs = 1,
                                         .steps = &answer, .nsteps = 1);
    OK(ledger_commit(db, named, &e));
    named->refs = found;
    answer.at_ms = now + 1;
    OK(ledger_commit(db, named, &e));
    answer.at_ms = now;
    FAILS(ledger_commit(db, named, &e), ERR_UNCERTAIN, "run 1 has made it");
    assert_rows("SELECT ref || run FROM effect ORDER BY ref", "com_11 com_21 ");
}

static struct journal_entry sent_to(const char *company, const char *path, char **text)
{
    struct journal_entry intent = step(0, "POST", 0, 0, 1, NULL);
    *text =
        intent_text(&(struct intent){"front", company, "POST", path, NULL, NULL, NULL});
    intent.input = *text;
    intent.input_len = strlen(*text);
    return intent;
}

static int64_t add_sent(const char *client, const char *company, const char *path)
{
    char *text;
    int64_t id = ADD_RUNNING(.client = client);
    struct journal_entry intent = sent_to(company, path, &text);
    OK(ledger_commit(db, CHANGE(id, 1, .steps = &intent, .nsteps = 1), &e));
    free(text);
    return id;
}

static int see_write(void *arg, const struct ledger_write *write)
{
    buf_addf(arg, "%lld%s%s ", (long long)write->run, write->is->company,
             write->is_under_way ? "!" : "");
    return 0;
}

static void assert_others(int64_t run, const char *expected)
{
    const struct intent sought = {"front", "cmp_1", "POST", "/c/1", NULL, NULL, NULL};
    struct buf b;
    buf_init(&b, 1000);
    OK(ledger_others(db, run, &sought, see_write, &b, &e));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

/* A search may find what another run's request to the same place made. */
static void writes_to_the_same_place(void **state)
{
    (void)state;
    int64_t a = add_sent("acme", "cmp_1", "/c/1");
    int64_t b = add_sent("bolt", "cmp_1", "/c/1");
    add_sent("bolt", "cmp_1", "/c/2");
    add_sent("other", "cmp_2", "/c/1");
    assert_others(a, "2cmp_1! ");
    const struct intent sought = {"front", "cmp_1", "POST", "/c/1", NULL, NULL, NULL};
    const char *const ref[] = {"msg_1"};
    struct ledger_change *found =
        CHANGE(a, 1, AT("cmp_1"), .refs = ref, .nrefs = 1, .sought = &sought,
               .looked_ms = now + 1, .state = -1);
    FAILS(ledger_commit(db, found, &e), ERR_UNCERTAIN, "run 2 sends to the same place");
    /* it is searched for: a claim that is newer than the request gets no answer */
    OK(ledger_commit(
        db, CHANGE(b, 1, .state = LEDGER_CONFIRMING, .due_ms = now, .looks = 0), &e));
    int64_t epoch = claim_ok(b, now);
    assert_others(a, "2cmp_1 ");
    found->looked_ms = now; /* was it there when the search began? */
    FAILS(ledger_commit(db, found, &e), ERR_UNCERTAIN, "run 2 sends to the same place");
    found->looked_ms = now + 1;
    OK(ledger_commit(db, found, &e));
    /* and the second run finds it taken */
    found = CHANGE(b, epoch, AT("cmp_1"), .refs = ref, .nrefs = 1, .sought = &sought,
                   .looked_ms = now + 1, .state = -1);
    FAILS(ledger_commit(db, found, &e), ERR_UNCERTAIN, "run 1 has made it");
    struct journal_entry answered = step(0, "POST", 1, 0, 1, "200\n\n");
    OK(ledger_commit(db, CHANGE(b, epoch, .steps = &answered, .nsteps = 1), &e));
    assert_others(a, "");
}

static void put_value(const char *client, const char *key, const char *value, size_t max)
{
    OK(ledger_value_put(db, client, key, value, max, now, &e));
}

static void a_clients_store_has_a_limit(void **state)
{
    (void)state;
    static const char total[] = "SELECT bytes FROM value_total WHERE client = 'acme'";
    put_value("acme", "k", "12345678", 20);
    put_value("acme", "k2", "12345678", 20);
    assert_int_equal(number(total), 19);
    FAILS(ledger_value_put(db, "acme", "k3", "1", 20, now, &e), ERR_LIMIT,
          "client acme would have");
    assert_int_equal(number("SELECT count(*) FROM value"), 2);
    assert_int_equal(number(total), 19);
    /* the same bytes again, or fewer, whatever the limit is now */
    put_value("acme", "k2", "123456789", 20);
    put_value("acme", "k2", "12", 1);
    put_value("other", "k", "12345678", 20);
    assert_int_equal(number(total), 13);
    put_value("acme", "k", NULL, 1);
    put_value("acme", "nothing", NULL, 1);
    assert_int_equal(number(total), 4);
    /* by a run: the whole change or nothing */
    int64_t a = ADD_RUNNING(.client = "acme");
    FAILS(ledger_commit(
              db, CHANGE(a, 1, .key = "k", .value = "12345678", .values_max = 12), &e),
          ERR_LIMIT, "limits.store_mib");
    OK(ledger_commit(db, CHANGE(a, 1, .key = "k", .value = "1234567", .values_max = 12),
                     &e));
    assert_int_equal(number(total), 12);
}

/* A store from before totals were kept. */
static void totals_of_an_older_store(void **state)
{
    (void)state;
    int before = 0;
    while (!strstr(schema_steps[before], "value_total"))
        before++;
    put_value("acme", "k\xc3\xa9", "12345678", 0);
    put_value("acme", "k", "1", 0);
    put_value("other", "k", "12", 0);
    OK(db_exec(db, "DROP TABLE value_total", &e));
    OK(db_exec(db, schema_steps[before], &e));
    assert_rows("SELECT client || bytes FROM value_total ORDER BY client",
                "acme13 other3 ");
}

static int see_ref(void *arg, const char *ref)
{
    buf_addf(arg, "%s ", ref);
    return 0;
}

static void refs_since(void **state)
{
    (void)state;
    const char *const one[] = {"msg_1"}, *const two[] = {"msg_2"};
    int64_t a = ADD_RUNNING(.client = "acme");
    OK(ledger_commit(db, CHANGE(a, 1, AT("cmp_1"), .refs = one, .nrefs = 1), &e));
    OK(ledger_commit(
        db, CHANGE(a, 1, AT("cmp_1"), .now_ms = now + 9, .refs = two, .nrefs = 1), &e));
    struct buf b;
    buf_init(&b, 1000);
    OK(ledger_refs(db, "front", "cmp_1", 0, see_ref, &b, &e));
    OK(ledger_refs(db, "front", "cmp_1", now + 1, see_ref, &b, &e));
    OK(ledger_refs(db, "front", "cmp_2", 0, see_ref, &b, &e));
    OK(ledger_refs(db, "other", "cmp_1", 0, see_ref, &b, &e));
    assert_string_equal(buf_str(&b), "msg_1 msg_2 msg_2 ");
    buf_free(&b);
}

static void the_loop_guard(void **state)
{
    (void)state;
    int64_t id = ADD_RUNNING(.client = "acme");
    struct journal_entry intent;
    for (int i = 0; i < 3; i++) {
        intent = step(i, "POST", 0, 0, 1, NULL);
        OK(ledger_commit(db,
                         CHANGE(id, 1, .now_ms = now + i, .reply_to = "cnv_1",
                                .replies_max = 3, .steps = &intent, .nsteps = 1),
                         &e));
    }
    /* the last one was refused and is sent once more */
    OK(ledger_commit(db,
                     CHANGE(id, 1, .now_ms = now + 2, .reply_to = "cnv_1",
                            .replies_max = 3, .steps = &intent, .nsteps = 1),
                     &e));
    intent = step(3, "POST", 0, 0, 1, NULL);
    FAILS(ledger_commit(db,
                        CHANGE(id, 1, .now_ms = now + 3, .reply_to = "cnv_1",
                               .replies_max = 3, .steps = &intent, .nsteps = 1),
                        &e),
          ERR_FORBIDDEN, "cannot reply to cnv_1: it got 3 automatic replies in the last");
    assert_int_equal(number("SELECT count(*) FROM step"), 3);
    assert_int_equal(number("SELECT count(*) FROM reply"), 3);
    OK(ledger_commit(db, CHANGE(id, 1, .reply_to = "cnv_2", .replies_max = 3), &e));
    int64_t other = ADD_RUNNING(.client = "other");
    OK(ledger_commit(db, CHANGE(other, 1, .reply_to = "cnv_1", .replies_max = 3), &e));
    /* replies that were stored while the clock was years ahead do not count now */
    OK(ledger_commit(db,
                     CHANGE(id, 1, .now_ms = now - 35040 * (int64_t)HOUR,
                            .reply_to = "cnv_1", .replies_max = 1, .steps = &intent,
                            .nsteps = 1),
                     &e));
    OK(db_exec(db, "DELETE FROM reply WHERE seq = 3", &e));
    /* the first one is an hour old */
    intent = step(4, "POST", 0, 0, 1, NULL);
    OK(ledger_commit(db,
                     CHANGE(id, 1, .now_ms = now + HOUR, .reply_to = "cnv_1",
                            .replies_max = 3, .steps = &intent, .nsteps = 1),
                     &e));
    FAILS(ledger_commit(
              db,
              CHANGE(id, 1, .now_ms = now + HOUR, .reply_to = "cnv_1", .replies_max = 3),
              &e),
          ERR_FORBIDDEN, "cnv_1");
}

static void reactions_to_what_no_person_did(void **state)
{
    (void)state;
    int64_t a = ADD_RUNNING(.client = "acme"), b = ADD_RUNNING(.client = "acme");
    int64_t c = ADD_RUNNING(.client = "acme"), other = ADD_RUNNING(.client = "other");
    struct journal_entry intent = step(0, "POST", 0, 0, 1, NULL);
#define REACT(run_id, at, to)                                                            \
    ledger_commit(db,                                                                    \
                  CHANGE(run_id, 1, .now_ms = (at), .reacts_to = (to),                   \
                         .reactions_max = 2, .steps = &intent, .nsteps = 1),             \
                  &e)
    OK(REACT(a, now, "cnv_1"));
    OK(REACT(a, now + 1, "cnv_1")); /* a run counts once */
    OK(REACT(b, now + 2, "cnv_1"));
    FAILS(
        REACT(c, now + 3, "cnv_1"), ERR_FORBIDDEN,
        "may be answering itself: in the last hour it has written for 2 events of cnv_1 "
        "that no person caused");
    OK(REACT(a, now + 3, "cnv_1")); /* those that have begun go on */
    OK(REACT(c, now + 4, "cnv_2"));
    OK(REACT(other, now + 4, "cnv_1"));
    /* they are no replies */
    OK(ledger_commit(
        db, CHANGE(c, 1, .now_ms = now + 5, .reply_to = "cnv_1", .replies_max = 1), &e));
    OK(REACT(c, now + 5 + HOUR, "cnv_1"));
#undef REACT
}

static void values_of_the_client(void **state)
{
    (void)state;
    char *value;
    int64_t id = ADD_RUNNING(.client = "acme");
    OK(ledger_value(db, "acme", "k", &value, &e));
    assert_null(value);
    OK(ledger_commit(db, CHANGE(id, 1, .key = "k", .value = "{\"a\":1}"), &e));
    OK(ledger_commit(db, CHANGE(id, 1, .key = "k", .value = "2"), &e));
    OK(ledger_value(db, "other", "k", &value, &e));
    assert_null(value);
    OK(ledger_value(db, "acme", "k", &value, &e));
    assert_string_equal(value, "2");
    free(value);
    OK(ledger_commit(db, CHANGE(id, 1, .key = "k"), &e));
    OK(ledger_value(db, "acme", "k", &value, &e));
    assert_null(value);
}

static int see_end(void *arg, const struct ledger_run *run)
{
    const enum ledger_state *state = arg;
    assert_int_equal(run->state, *state);
    assert_null(run->owner);
    assert_string_equal(run->kind, "limit");
    assert_string_equal(run->reason, "why");
    assert_string_equal(run->result, "[1]");
    assert_int_equal(run->failures, 2);
    assert_int_equal(run->looks, 3);
    assert_int_equal(run->first_failure_ms, 4);
    assert_int_equal(run->due_ms, now + 5);
    assert_int_equal(run->ended_ms, ledger_is_over(*state) ? now : 0);
    return 0;
}

static void what_an_attempt_ends_with(void **state)
{
    (void)state;
    for (int s = 0; s < LEDGER_STATES; s++) {
        if (s == LEDGER_RUNNING)
            continue;
        enum ledger_state wanted = (enum ledger_state)s;
        int64_t id = ADD_RUNNING(.client = "acme");
        struct journal_entry kept = step(0, "now", 1, 0, 0, "1");
        OK(ledger_commit(db,
                         CHANGE(id, 1, .steps = &kept, .nsteps = 1, .state = s,
                                .due_ms = now + 5, .failures = 2, .looks = 3,
                                .first_failure_ms = 4, .kind = "limit", .reason = "why",
                                .result = "[1]", .wait_seq = 1, .wait_trigger = "t",
                                .wait_match = "{}"),
                         &e));
        OK(ledger_read(db, id, see_end, &wanted, &e));
        assert_steps(
            id, ledger_is_over(wanted) && wanted != LEDGER_DEAD ? "" : "0:http/now!=1 ");
    }
}

static void cron_slots(void **state)
{
    (void)state;
    int64_t slot;
    OK(ledger_slot(db, "acme", "digest", &slot, &e));
    assert_int_equal(slot, 0);
    assert_int_equal(ledger_slot_put(db, "acme", "digest", 0, 100, NULL), 1);
    assert_int_equal(ledger_slot_put(db, "acme", "digest", 0, 100, NULL), 0);
    assert_int_equal(ledger_slot_put(db, "acme", "digest", 99, 101, NULL), 0);
    assert_int_equal(ledger_slot_put(db, "acme", "other", 0, 50, NULL), 1);
    assert_int_equal(ledger_slot_put(db, "acme", "digest", 100, 50, NULL), 1);
    assert_int_equal(ledger_slot_put(db, "acme", "digest", 50, 101, NULL), 1);
    OK(ledger_slot(db, "acme", "digest", &slot, &e));
    assert_int_equal(slot, 101);
}

/* ---- all or nothing ---- */

static int commit_many(struct db *on, void *arg, struct err *e)
{
    const int64_t *i = arg;
    char value[32];
    struct journal_entry steps[50];
    const struct ledger_note note = {"step", "x"};
    snprintf(value, sizeof value, "%lld", (long long)*i);
    for (int s = 0; s < 50; s++)
        steps[s] = step(s, "now", 1, 0, 0, value);
    return ledger_commit(on,
                         CHANGE(1, 1, .drop = 0, .steps = steps, .nsteps = 50,
                                .notes = &note, .nnotes = 1, .key = "k", .value = value),
                         e);
}

/* kill -9 at any point of a commit: afterwards the steps, the history and the value are
 * those of one and the same change. */
static void a_commit_is_all_or_nothing(void **state)
{
    (void)state;
    ADD_RUNNING(.client = "acme");
    store_close(store);
    int64_t last = 0;
    for (int round = 0; round < 10; round++) {
        int ready[2];
        char byte;
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0) {
            struct store *mine = store_open(dir, NULL);
            for (int64_t i = last + 1; mine; i++) {
                if (db_transaction(store_db(mine), commit_many, &i, NULL) != 0)
                    break;
                if (write(ready[1], "x", 1) != 1)
                    break;
            }
            _exit(1);
        }
        close(ready[1]);
        for (int i = 0; i <= round; i++)
            assert_int_equal(read(ready[0], &byte, 1), 1);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        close(ready[0]);
        store = store_open(dir, NULL);
        db = store_db(store);
        int64_t is = number("SELECT value FROM value");
        assert_true(is >= last + round + 1);
        assert_int_equal(number("SELECT count(*) FROM step"), 50);
        assert_int_equal(number("SELECT count(DISTINCT result) FROM step"), 1);
        assert_int_equal(number("SELECT CAST(CAST(result AS TEXT) AS INT) FROM step"),
                         is);
        assert_int_equal(number("SELECT count(*) FROM history"), is);
        last = is;
        store_close(store);
    }
    store = store_open(dir, NULL);
    db = store_db(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(names_of_states),
        TEST(a_row_as_it_was_added),
        TEST(a_run_that_starts_at_once),
        TEST(filters),
        TEST(steps_and_their_delta),
        TEST(a_changed_step_needs_no_drop),
        TEST(the_epoch_guards_every_write),
        TEST(code_is_stored_once),
        TEST(a_run_that_began_outside_of_the_store),
        TEST(history_in_order),
        TEST(an_effect_belongs_to_one_run),
        TEST(an_answer_and_what_others_claimed),
        TEST(a_clients_store_has_a_limit),
        TEST(totals_of_an_older_store),
        TEST(writes_to_the_same_place),
        TEST(refs_since),
        TEST(the_loop_guard),
        TEST(reactions_to_what_no_person_did),
        TEST(values_of_the_client),
        TEST(what_an_attempt_ends_with),
        TEST(cron_slots),
        TEST(a_commit_is_all_or_nothing),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
