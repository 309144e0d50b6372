#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/exchanged.h"
#include "core/journal.h"

static struct limits limits;
static struct journal *j;

static int setup(void **state)
{
    (void)state;
    limits = limits_default;
    j = journal_new(&limits, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    journal_free(j);
    return 0;
}

static struct journal_step step; /* the last one begun */
static struct err e;

static int begin(const char *kind, const char *name, const char *input, int intent)
{
    return journal_begin(j, kind, name, input, strlen(input), intent, &step, &e);
}

static int end(int seq, const char *result)
{
    return journal_end(j, seq, result, strlen(result), &e);
}

static int enter(const char *name, const char *input)
{
    return journal_enter(j, name, input, strlen(input), &step, &e);
}

static int leave(int seq, const char *result)
{
    return journal_leave(j, seq, result[0] == '!', result, strlen(result), &e);
}

/* A step that must be new, done at once. */
static void does(const char *kind, const char *name, const char *input,
                 const char *result)
{
    assert_int_equal(begin(kind, name, input, 0), JOURNAL_NEW);
    assert_null(step.result);
    assert_int_equal(end(step.seq, result), 0);
}

static void was(const char *kind, const char *name, const char *input, const char *result)
{
    assert_int_equal(begin(kind, name, input, 0), JOURNAL_RECORDED);
    assert_int_equal(step.len, strlen(result));
    assert_memory_equal(step.result, result, step.len);
}

static void assert_says(enum err_kind kind, const char *part)
{
    assert_int_equal(e.kind, kind);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" lacks \"%s\"", e.text, part);
}

static void test_a_replay_gets_what_was_recorded(void **state)
{
    (void)state;
    assert_false(journal_is_replaying(j));
    does("now", "", "", "1700000000");
    does("http", "GET /me", "{}", "");
    assert_int_equal(step.seq, 1);

    journal_rewind(j);
    assert_true(journal_is_replaying(j));
    was("now", "", "", "1700000000");
    assert_true(journal_is_replaying(j));
    was("http", "GET /me", "{}", "");
    assert_int_equal(step.seq, 1);
    assert_false(journal_is_replaying(j));
    does("http", "GET /new", "{}", "x");
    assert_int_equal(step.seq, 2);
    assert_int_equal(journal_finish(j, &e), 0);
}

static void test_results_are_bytes(void **state)
{
    (void)state;
    assert_int_equal(begin("http", "GET /", "", 0), JOURNAL_NEW);
    assert_int_equal(journal_end(j, step.seq, "a\0b", 3, &e), 0);
    journal_rewind(j);
    assert_int_equal(begin("http", "GET /", "", 0), JOURNAL_RECORDED);
    assert_int_equal(step.len, 3);
    assert_memory_equal(step.result, "a\0b", 3);
}

static void test_a_replay_that_differs_is_a_conflict(void **state)
{
    (void)state;
    does("http", "GET /me", "{}", "x");
    does("sleep", "2d", "", "");
    journal_rewind(j);
    assert_int_equal(begin("http", "GET /you", "{}", 0), -1);
    assert_says(ERR_CONFLICT, "step 0 was http \"GET /me\"");
    assert_says(ERR_CONFLICT, "now asks for http \"GET /you\"");
    assert_int_equal(begin("now", "", "{}", 0), -1);
    assert_says(ERR_CONFLICT, "now asks for now \"\"");
    assert_int_equal(begin("http", "GET /me", "{\"a\":1}", 0), -1);
    assert_says(ERR_CONFLICT, "with another input");
    assert_int_equal(begin("http", "GET /me", "{}", 1), -1);
    assert_says(ERR_CONFLICT, "step 0");
    assert_int_equal(enter("front/list", "{}"), -1);
    assert_says(ERR_CONFLICT, "now asks for call \"front/list\"");
    was("http", "GET /me", "{}", "x");
    /* The script ends earlier than the recorded run got. */
    assert_int_equal(journal_finish(j, &e), -1);
    assert_says(ERR_CONFLICT, "step 1 was sleep \"2d\", and the script now ends the run");
}

static void test_a_call_that_ends_because_it_differs(void **state)
{
    (void)state;
    assert_int_equal(enter("front/list", "in"), JOURNAL_NEW);
    does("http", "GET /1", "{}", "one");
    journal_rewind(j);
    assert_int_equal(enter("front/list", "in"), JOURNAL_NEW);
    assert_int_equal(journal_is_next(j, "{}", 2), 1);
    assert_int_equal(journal_is_next(j, "[]", 2), 0);
    assert_int_equal(begin("http", "GET /1", "[]", 0), -1);
    assert_int_equal(leave(0, "!no"), -1);
    assert_says(ERR_CONFLICT, "with another input");
}

static void test_a_scope_replaces_its_steps(void **state)
{
    (void)state;
    does("now", "", "", "1");
    assert_int_equal(enter("front/list", "in"), JOURNAL_NEW);
    int outer = step.seq;
    does("http", "GET /1", "", "one");
    assert_int_equal(enter("front/get", "deeper"), JOURNAL_NEW);
    int inner = step.seq;
    does("http", "GET /2", "", "two");
    assert_int_equal(leave(inner, "inner"), 0);
    assert_int_equal(leave(outer, "outer"), 0);
    does("http", "GET /3", "", "three");
    assert_int_equal(step.seq, 2);

    journal_rewind(j);
    was("now", "", "", "1");
    assert_int_equal(enter("front/list", "in"), JOURNAL_RECORDED);
    assert_memory_equal(step.result, "outer", 5);
    was("http", "GET /3", "", "three");
    assert_false(journal_is_replaying(j));
}

static void test_a_replay_goes_on_inside_an_open_scope(void **state)
{
    (void)state;
    assert_int_equal(enter("front/list", "in"), JOURNAL_NEW);
    does("http", "GET /1", "", "one");
    assert_int_equal(begin("http", "GET /2", "", 0), JOURNAL_NEW);
    /* The attempt ends here: the read was never answered. */
    journal_rewind(j);
    assert_int_equal(enter("front/list", "in"), JOURNAL_NEW);
    int scope = step.seq;
    assert_true(journal_is_replaying(j));
    was("http", "GET /1", "", "one");
    assert_false(journal_is_replaying(j));
    does("http", "GET /2", "", "two");
    assert_int_equal(leave(scope, "all"), 0);
    journal_rewind(j);
    assert_int_equal(enter("front/list", "in"), JOURNAL_RECORDED);
    assert_int_equal(journal_finish(j, &e), 0);
}

static void test_a_scope_that_asks_for_less_is_a_conflict(void **state)
{
    (void)state;
    assert_int_equal(enter("front/list", "in"), JOURNAL_NEW);
    does("http", "GET /1", "", "one");
    journal_rewind(j);
    assert_int_equal(enter("front/list", "in"), JOURNAL_NEW);
    assert_int_equal(leave(step.seq, "empty"), -1);
    assert_says(ERR_CONFLICT, "step 1 was http \"GET /1\", and the script now ends the");
}

static void test_an_intent_survives_without_outcome(void **state)
{
    (void)state;
    does("now", "", "", "1");
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_NEW);
    int seq = step.seq;
    journal_sent(j, seq, 1700000000000, "{}", 2);
    for (int i = 0; i < 2; i++) {
        journal_rewind(j);
        was("now", "", "", "1");
        assert_true(journal_is_replaying(j));
        assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_PENDING);
        assert_int_equal(step.seq, seq);
        assert_null(step.result);
    }
    /* It was looked for and found. */
    assert_int_equal(end(seq, "found"), 0);
    journal_rewind(j);
    was("now", "", "", "1");
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_RECORDED);
    assert_memory_equal(step.result, "found", 5);
}

static void test_what_did_not_happen_is_forgotten(void **state)
{
    (void)state;
    does("now", "", "", "1");
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_NEW);
    journal_cancel(j, step.seq);
    journal_rewind(j);
    was("now", "", "", "1");
    assert_false(journal_is_replaying(j));
    /* before it leaves, and once it was refused, it is no more than a wish */
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_NEW);
    journal_rewind(j);
    was("now", "", "", "1");
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_NEW);
    journal_sent(j, step.seq, 1700000000000, "{}", 2);
    journal_unsent(j, step.seq);
    journal_rewind(j);
    was("now", "", "", "1");
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_NEW);
    journal_sent(j, step.seq, 1700000000000, "{}", 2);
    journal_rewind(j);
    was("now", "", "", "1");
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_PENDING);
    journal_cancel(j, step.seq);
    assert_int_equal(begin("http", "POST /reply", "hi", 1), JOURNAL_NEW);
    journal_cancel(j, 0); /* not the open one: nothing */
    assert_int_equal(end(1, "sent"), 0);
}

static void test_only_the_innermost_can_end(void **state)
{
    (void)state;
    assert_int_equal(end(0, ""), -1);
    assert_says(ERR_INTERNAL, "not the open one");
    assert_int_equal(enter("a", ""), JOURNAL_NEW);
    int a = step.seq;
    assert_int_equal(end(a, ""), -1); /* a scope is left, not ended */
    assert_int_equal(begin("now", "", "", 0), JOURNAL_NEW);
    int now = step.seq;
    assert_int_equal(begin("now", "", "", 0), -1);
    assert_says(ERR_INTERNAL, "still open");
    assert_int_equal(leave(a, ""), -1);
    assert_says(ERR_INTERNAL, "not the open one");
    assert_int_equal(end(now, ""), 0);
    assert_int_equal(end(now, ""), -1);
    assert_int_equal(leave(a, ""), 0);
}

static void test_the_number_of_steps_is_limited(void **state)
{
    (void)state;
    limits.steps = 3;
    for (int i = 0; i < 10; i++) { /* scopes that were left count as one */
        if (i > 0)
            journal_rewind(j);
        assert_int_not_equal(enter("a", ""), -1);
        if (i == 0) {
            int scope = step.seq;
            does("now", "", "", "");
            does("now", "", "", "");
            assert_int_equal(begin("now", "", "", 0), -1);
            assert_says(ERR_LIMIT, "a run may take 3");
            assert_int_equal(leave(scope, ""), 0);
        }
    }
    does("now", "", "", "");
    does("now", "", "", "");
    assert_int_equal(enter("b", ""), -1);
    assert_says(ERR_LIMIT, "a run may take 3");
}

static void test_the_size_of_a_result_is_limited(void **state)
{
    (void)state;
    limits.step_bytes = 4;
    assert_int_equal(begin("http", "GET /big", "", 0), JOURNAL_NEW);
    assert_int_equal(end(step.seq, "12345"), -1);
    assert_says(ERR_LIMIT, "GET /big");
    assert_says(ERR_LIMIT, "5 bytes");
    assert_int_equal(end(step.seq, "1234"), 0);
    assert_int_equal(enter("a", ""), JOURNAL_NEW);
    assert_int_equal(leave(step.seq, "12345"), -1);
    assert_says(ERR_LIMIT, "call \"a\"");
    assert_int_equal(leave(step.seq, "1234"), 0);
}

static void test_without_keep_nothing_stays_but_limits_hold(void **state)
{
    (void)state;
    journal_free(j);
    j = journal_new(&limits, 0);
    limits.steps = 4;
    limits.step_bytes = 4;
    does("now", "", "", "1");
    assert_int_equal(enter("a", ""), JOURNAL_NEW);
    int scope = step.seq;
    assert_int_equal(scope, 1);
    does("http", "GET /1", "", "one");
    assert_int_equal(begin("http", "GET /1", "", 0), JOURNAL_NEW);
    assert_int_equal(end(step.seq, "12345"), -1);
    assert_says(ERR_LIMIT, "5 bytes");
    assert_int_equal(end(step.seq, "1"), 0);
    assert_int_equal(begin("http", "GET /1", "", 0), -1);
    assert_says(ERR_LIMIT, "a run may take 4");
    assert_int_equal(leave(scope, "x"), 0);
    assert_false(journal_is_replaying(j));
    assert_int_equal(journal_finish(j, &e), 0);
}

/* ---- a store of ten steps, as the ledger keeps it ---- */

struct run_log {
    int there;
    struct journal_entry is;
    char kind[16], name[64], input[64], result[64];
} kept[10];

static void keep(void *arg, const struct journal_entry *entry)
{
    (void)arg;
    struct run_log *k = &kept[entry->seq];
    *k = (struct run_log){.there = 1, .is = *entry};
    snprintf(k->kind, sizeof k->kind, "%s", entry->kind);
    snprintf(k->name, sizeof k->name, "%s", entry->name);
    k->is.kind = k->kind;
    k->is.name = k->name;
    if (entry->input)
        k->is.input = memcpy(k->input, entry->input, entry->input_len);
    if (entry->result)
        k->is.result = memcpy(k->result, entry->result, entry->len);
}

static int saves; /* deltas that were not empty */

static void save(void)
{
    int drop;
    /* steps that are gone go first */
    journal_delta(j, &drop, keep, NULL);
    for (int i = drop; drop >= 0 && i < 10; i++)
        kept[i].there = 0;
    saves += journal_delta(j, &drop, keep, NULL);
    journal_saved(j);
    assert_int_equal(journal_delta(j, &drop, keep, NULL), 0);
    assert_int_equal(drop, -1);
}

/* The process died. */
static void load(void)
{
    journal_free(j);
    j = journal_new(&limits_default, 1);
    for (int i = 0; i < 10; i++)
        if (kept[i].there)
            assert_int_equal(journal_load(j, &kept[i].is, &e), 0);
    journal_rewind(j);
}

static void test_what_is_stored_is_replayed(void **state)
{
    (void)state;
    struct journal_entry intent, scope;
    memset(kept, 0, sizeof kept);
    saves = 0;
    does("now", "", "", "1");
    assert_int_equal(enter("front/reply", "{\"id\":1}"), JOURNAL_NEW);
    does("http", "GET /1", "", "one");
    assert_int_equal(begin("http", "POST /1", "hi", 1), JOURNAL_NEW);
    journal_sent(j, step.seq, 1700000000000, "{\"method\":\"POST\"}", 17);
    save();
    load();
    assert_int_equal(journal_uncertain(j, &intent, &scope), 1);
    assert_int_equal(intent.seq, 3);
    assert_int_equal(intent.at_ms, 1700000000000);
    assert_memory_equal(intent.input, "{\"method\":\"POST\"}", 17);
    assert_int_equal(scope.seq, 1);
    assert_string_equal(scope.name, "front/reply");
    assert_memory_equal(scope.input, "{\"id\":1}", 8);
    was("now", "", "", "1");
    assert_int_equal(enter("front/reply", "{\"id\":1}"), JOURNAL_NEW);
    assert_null(step.result);
    was("http", "GET /1", "", "one");
    assert_int_equal(begin("http", "POST /1", "hi", 1), JOURNAL_PENDING);
    assert_int_equal(end(3, "202"), 0);
    assert_int_equal(leave(1, "done"), 0);
    save();
    assert_int_equal(saves, 2);
    assert_false(kept[2].there || kept[3].there);
    load();
    assert_int_equal(journal_uncertain(j, &intent, &scope), 0);
    was("now", "", "", "1");
    assert_int_equal(enter("front/reply", "{\"id\":1}"), JOURNAL_RECORDED);
    assert_memory_equal(step.result, "done", 4);
    assert_false(journal_is_replaying(j));
    /* nothing new: nothing to store */
    save();
    assert_int_equal(saves, 2);
    /* a step where the scope's own were */
    does("now", "", "", "2");
    save();
    load();
    was("now", "", "", "1");
    assert_int_equal(enter("front/reply", "{\"id\":1}"), JOURNAL_RECORDED);
    was("now", "", "", "2");
}

static void test_a_walk_remembers_that_a_page_wrote(void **state)
{
    (void)state;
    memset(kept, 0, sizeof kept);
    assert_int_equal(enter("each front/list", "q"), JOURNAL_NEW);
    assert_int_equal(begin("http", "POST /1", "hi", 1), JOURNAL_NEW);
    assert_int_equal(journal_end(j, step.seq, "201\n\n", 5, &e), 0);
    assert_int_equal(journal_checkpoint(j, 0, "page 1", 6, &e), 0);
    save();
    load();
    assert_true(kept[0].is.is_intent);
    assert_int_equal(enter("each front/list", "q"), JOURNAL_NEW);
    assert_memory_equal(step.result, "page 1", 6);
    does("http", "page 2", "", "items");
    assert_int_equal(journal_leave(j, 0, 1, "{\"error\":1}", 11, &e), 0);
    does("now", "", "", "1"); /* the script goes on */
    save();
    assert_true(kept[0].is.is_done);
    assert_true(kept[0].is.is_intent);
}

static void test_a_checkpoint_is_where_a_replay_goes_on(void **state)
{
    (void)state;
    memset(kept, 0, sizeof kept);
    assert_int_equal(enter("each", "q"), JOURNAL_NEW);
    for (int page = 1; page <= 3; page++) {
        char text[24];
        snprintf(text, sizeof text, "page %d", page);
        does("http", text, "", "items");
        assert_int_equal(journal_checkpoint(j, 0, text, strlen(text), &e), 0);
        save();
    }
    does("http", "page 4", "", "items");
    assert_int_equal(step.seq, 1);
    save();
    load();
    assert_int_equal(enter("each", "q"), JOURNAL_NEW);
    assert_memory_equal(step.result, "page 3", 6);
    was("http", "page 4", "", "items");
    assert_int_equal(leave(0, "all"), 0);
    save();
    load();
    assert_int_equal(enter("each", "q"), JOURNAL_RECORDED);
    assert_memory_equal(step.result, "all", 3);
    assert_false(kept[1].there);
}

static void test_a_failure_that_ends_the_run_keeps_what_was_done(void **state)
{
    (void)state;
    memset(kept, 0, sizeof kept);
    assert_int_equal(enter("recipe", "x"), JOURNAL_NEW);
    assert_int_equal(enter("front/reply", "y"), JOURNAL_NEW);
    assert_int_equal(begin("http", "POST /1", "hi", 1), JOURNAL_NEW);
    journal_sent(j, step.seq, 1700000000000, "{}", 2);
    assert_int_equal(end(2, "202"), 0);
    does("http", "GET /1", "", "404");
    assert_int_equal(leave(1, "!refused"), 0);
    /* the recipe caught it and goes on: now it is a result like any other */
    does("now", "", "", "1");
    save();
    assert_true(kept[1].is.is_done);
    assert_memory_equal(kept[1].result, "!refused", 8);
    assert_false(kept[3].there);
    assert_int_equal(enter("front/again", "z"), JOURNAL_NEW);
    assert_int_equal(begin("http", "POST /2", "hi", 1), JOURNAL_NEW);
    journal_sent(j, step.seq, 1700000000000, "{}", 2);
    assert_int_equal(end(4, "202"), 0);
    does("http", "GET /2", "", "404");
    assert_int_equal(leave(3, "!refused"), 0);
    assert_int_equal(leave(0, "!refused"), 0);
    save();
    /* here it was the end: all is there but the failure, once that is forgotten */
    kept[5].there = 0;
    load();
    assert_int_equal(enter("recipe", "x"), JOURNAL_NEW);
    assert_int_equal(enter("front/reply", "y"), JOURNAL_RECORDED);
    was("now", "", "", "1");
    assert_int_equal(enter("front/again", "z"), JOURNAL_NEW);
    assert_int_equal(begin("http", "POST /2", "hi", 1), JOURNAL_RECORDED);
    does("http", "GET /2", "", "200");
    assert_int_equal(leave(3, "done"), 0);
    assert_int_equal(leave(0, "done"), 0);
}

static void test_a_dry_write_is_no_intent(void **state)
{
    (void)state;
    struct journal_entry intent, scope;
    begin("http", "POST /x", "body", 1);
    assert_false(journal_has_dry(j));
    journal_dry(j, 0, 7, "{}", 2);
    end(0, "200\n\n{}");
    assert_true(journal_has_dry(j));
    assert_false(journal_uncertain(j, &intent, &scope));
    save();
    assert_true(kept[0].is.is_dry && !kept[0].is.is_intent && kept[0].is.at_ms == 7);
    load();
    assert_true(journal_has_dry(j));
    /* a live replay gets the invented answer, too: it is not sent */
    assert_int_equal(begin("http", "POST /x", "body", 1), JOURNAL_RECORDED);
    assert_true(step.is_dry);
    load();
    assert_int_equal(begin("http", "POST /x", "other", 1), -1);
}

static void test_steps_are_loaded_in_order(void **state)
{
    (void)state;
    struct journal_entry entry = {.seq = 2, .kind = "now", .name = "now"};
    assert_int_equal(journal_load(j, &entry, &e), 0);
    assert_int_equal(journal_load(j, &entry, &e), -1);
    assert_says(ERR_INTERNAL, "out of order");
}

struct items {
    char text[4096];
    int n, writes;
};

static void on_item(void *arg, const char *item, int is_write)
{
    struct items *items = arg;
    items->n++;
    items->writes += is_write;
    snprintf(items->text + strlen(items->text), sizeof items->text - strlen(items->text),
             "%s\n", item);
}

static struct items exchanged(int all)
{
    struct items items = {.n = 0};
    journal_exchanged(j, all, on_item, &items);
    return items;
}

static void test_requests_outlive_their_steps(void **state)
{
    static const char sent[] = "{\"body\":{\"a\":1},\"method\":\"POST\",\"path\":\"/x\"}";
    (void)state;
    assert_int_equal(enter("front/act", ""), JOURNAL_NEW);
    int scope = step.seq;
    does("http", "GET /me", "", "200\nx: y\n\n{\"id\":1}");
    journal_took(j, step.seq, 1000, 7);
    does("now", "", "", "1700000000");
    assert_int_equal(begin("http", "POST /x", "", 1), JOURNAL_NEW);
    journal_sent(j, step.seq, 2000, sent, sizeof sent - 1);
    assert_int_equal(end(step.seq, "202\n\nok"), 0);
    assert_int_equal(exchanged(1).n, 0); /* their steps are still there */
    assert_int_equal(leave(scope, "{}"), 0);
    struct items items = exchanged(0);
    assert_int_equal(items.n, 1);
    assert_string_equal(items.text,
                        "{\"at\":2000,\"method\":\"POST\",\"path\":\"/x\","
                        "\"body\":{\"a\":1},\"status\":202,\"answer\":\"ok\"}\n");
    journal_saved(j);
    items = exchanged(1); /* the write is stored, the read is not */
    assert_string_equal(items.text,
                        "{\"at\":1000,\"ms\":7,\"method\":\"GET\",\"path\":\"/me\","
                        "\"status\":200,\"answer\":\"{\\\"id\\\":1}\"}\n");
    journal_saved(j);
    assert_int_equal(exchanged(1).n, 0);
}

static void test_a_refused_request_is_recorded(void **state)
{
    (void)state;
    assert_int_equal(begin("http", "GET /me", "", 0), JOURNAL_NEW);
    journal_refused(j, step.seq, 1000, 3, "error unavailable -1 503", 24);
    assert_string_equal(exchanged(1).text,
                        "{\"at\":1000,\"ms\":3,\"method\":\"GET\",\"path\":\"/me\","
                        "\"error\":\"503\"}\n");
    does("http", "GET /me", "", "200\n\n{}"); /* the step itself is forgotten */
}

static void test_a_large_body_is_left_out_of_the_record(void **state)
{
    static char large[EXCHANGED_BODY_MAX + 6 + 1];
    (void)state;
    memset(large, 'a', sizeof large - 1);
    memcpy(large, "200\n\n", 5);
    assert_int_equal(enter("front/act", ""), JOURNAL_NEW);
    int scope = step.seq;
    does("http", "GET /1", "", large);
    large[sizeof large - 2] = '\0'; /* one byte less: it fits, twice */
    does("http", "GET /2", "", large);
    does("http", "GET /3", "", large);
    does("http", "GET /4", "", large);
    does("http", "GET /5", "", "200\n\n\xff");
    assert_int_equal(leave(scope, "{}"), 0);
    struct exchanged *record = journal_record(j);
    assert_int_equal(record->n, 5);
    assert_in_range(record->read_bytes, EXCHANGED_BODY_MAX, EXCHANGED_RUN_MAX);
    char *text = exchanged_item(record, &(struct journal_entry){.kind = "http",
                                                                .name = "GET /6",
                                                                .is_done = 1,
                                                                .result = "200\n\n\xff",
                                                                .len = 6});
    assert_string_equal(text, "{\"method\":\"GET\",\"path\":\"/6\",\"status\":200,"
                              "\"left_out\":{\"answer\":1}}");
    free(text);
    record->n = EXCHANGED_ITEMS_MAX;
    assert_null(exchanged_item(record, &(struct journal_entry){.kind = "http",
                                                               .name = "GET /7",
                                                               .is_done = 1,
                                                               .result = "200\n\n{}",
                                                               .len = 7}));
    assert_int_equal(record->more, 1);
    assert_int_equal(record->more_bytes, 7);
}

/* The store's entry of an intent whose answer was lost, and which is sent again. */
static void load_again(void)
{
    struct journal_entry entry = {.seq = 0,
                                  .kind = "http",
                                  .name = "DELETE /x",
                                  .is_intent = 1,
                                  .result = JOURNAL_AGAIN,
                                  .len = 5};
    crypto_sha256("hi", 2, entry.hash);
    assert_int_equal(journal_load(j, &entry, &e), 0);
}

static void test_an_intent_is_sent_again(void **state)
{
    (void)state;
    struct journal_entry intent, scope;
    load_again();
    assert_int_equal(journal_uncertain(j, &intent, &scope), 0);
    for (int i = 0; i < 2; i++) { /* refused once: it stays what it was */
        journal_rewind(j);
        assert_int_equal(begin("http", "DELETE /x", "hi", 1), JOURNAL_NEW);
        assert_int_equal(step.is_again, 1);
        journal_sent(j, step.seq, 2000, "what", 4);
        assert_int_equal(journal_uncertain(j, &intent, &scope), 1);
        assert_int_equal(intent.at_ms, 2000);
        journal_unsent(j, step.seq);
        assert_int_equal(journal_uncertain(j, &intent, &scope), 0);
        journal_cancel(j, step.seq);
    }
    assert_int_equal(begin("http", "DELETE /x", "hi", 1), JOURNAL_NEW);
    assert_int_equal(step.is_again, 1);
    assert_int_equal(end(step.seq, "204"), 0);
    assert_int_equal(begin("http", "DELETE /x", "hi", 1), JOURNAL_NEW);
    assert_int_equal(step.is_again, 0);
}

static void test_an_intent_need_not_be_sent_again(void **state)
{
    (void)state;
    load_again();
    assert_int_equal(begin("http", "DELETE /y", "hi", 1), JOURNAL_NEW);
    assert_int_equal(step.is_again, 0);
    assert_int_equal(end(step.seq, "204"), 0);
    assert_int_equal(journal_has_diverged(j), 0);
    assert_int_equal(journal_finish(j, &e), 0);
}

static void test_a_run_ends_without_sending_again(void **state)
{
    (void)state;
    load_again();
    assert_int_equal(journal_finish(j, &e), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_replay_gets_what_was_recorded),
        T(test_results_are_bytes),
        T(test_an_intent_is_sent_again),
        T(test_an_intent_need_not_be_sent_again),
        T(test_a_run_ends_without_sending_again),
        T(test_a_replay_that_differs_is_a_conflict),
        T(test_a_call_that_ends_because_it_differs),
        T(test_a_scope_replaces_its_steps),
        T(test_a_replay_goes_on_inside_an_open_scope),
        T(test_a_scope_that_asks_for_less_is_a_conflict),
        T(test_an_intent_survives_without_outcome),
        T(test_what_did_not_happen_is_forgotten),
        T(test_only_the_innermost_can_end),
        T(test_the_number_of_steps_is_limited),
        T(test_the_size_of_a_result_is_limited),
        T(test_what_is_stored_is_replayed),
        T(test_a_dry_write_is_no_intent),
        T(test_a_checkpoint_is_where_a_replay_goes_on),
        T(test_a_walk_remembers_that_a_page_wrote),
        T(test_a_failure_that_ends_the_run_keeps_what_was_done),
        T(test_requests_outlive_their_steps),
        T(test_a_refused_request_is_recorded),
        T(test_a_large_body_is_left_out_of_the_record),
        T(test_steps_are_loaded_in_order),
        T(test_without_keep_nothing_stays_but_limits_hold),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
