#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "vm/files.h"
#include "vm/pins.h"
#include "vmtest.h"

/* Runs that are kept, attempt by attempt: what is committed before a request leaves and
 * after its answer, what a replay repeats, and with which code. The store is a list of
 * steps in memory; what the real one does with them is test_ledger's. */

static struct vmtest t;

enum { STEPS = 40, COMMITS = 40 };

static struct {
    struct {
        int there;
        struct journal_entry is;
    } steps[STEPS];
    char *pins;
    json_t *codes; /* hex -> text */
    char *commits[COMMITS];
    int ncommits;
    enum run_commit_kind refuse; /* a commit of that kind ... */
    enum err_kind refuse_as;     /* ... fails so; ERR_NONE: none does */
    int requests[COMMITS];       /* that the server had got by then */
    /* how the last attempt ended */
    int64_t until_ms;
    int wait_seq;
    char *wait_match;
} store;

static void forget_step(int seq)
{
    struct journal_entry *is = &store.steps[seq].is;
    if (!store.steps[seq].there)
        return;
    free((char *)is->kind);
    free((char *)is->name);
    free((char *)is->input);
    free((char *)is->result);
    store.steps[seq].there = 0;
}

static void keep_step(void *arg, const struct journal_entry *entry)
{
    (void)arg;
    assert_in_range(entry->seq, 0, STEPS - 1);
    forget_step(entry->seq);
    store.steps[entry->seq].there = 1;
    struct journal_entry *is = &store.steps[entry->seq].is;
    *is = *entry;
    is->kind = xstrdup(entry->kind);
    is->name = xstrdup(entry->name);
    is->input = entry->input ? xmemdup0(entry->input, entry->input_len) : NULL;
    is->result = entry->result ? xmemdup0(entry->result, entry->len) : NULL;
}

static void ignore_step(void *arg, const struct journal_entry *entry)
{
    (void)arg, (void)entry;
}

static void keep_code(void *arg, const unsigned char *hash, const char *text, size_t len)
{
    (void)arg;
    char hex[2 * CRYPTO_SHA256_SIZE + 1];
    str_hex(hash, CRYPTO_SHA256_SIZE, hex);
    json_object_set_new(store.codes, hex, json_stringn(text, len));
}

static void save(struct journal *journal, const struct pins *pins)
{
    int drop;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    journal_delta(journal, &drop, ignore_step, NULL);
    for (int i = drop; drop >= 0 && i < STEPS; i++)
        forget_step(i);
    journal_delta(journal, &drop, keep_step, NULL);
    journal_saved(journal);
    free(store.pins);
    store.pins = pins_list(pins, hash);
    pins_each(pins, keep_code, NULL);
}

struct answer { /* to a commit, given from the loop */
    struct err e;
    run_committed *done;
    void *arg;
};

static void answer(void *arg)
{
    struct answer a = *(struct answer *)arg;
    free(arg);
    a.done(a.arg, &a.e);
}

static void commit(void *arg, struct run *run, const struct run_commit *what,
                   run_committed *done, void *done_arg, void **pending)
{
    (void)arg;
    static const char *const kinds[] = {"intent", "outcome", "value", "checkpoint"};
    struct answer *a = xcalloc(1, sizeof *a);
    *a = (struct answer){.done = done, .arg = done_arg};
    assert_in_range(store.ncommits, 0, COMMITS - 1);
    store.requests[store.ncommits] = vmtest_requests(0);
    store.commits[store.ncommits++] = xasprintf("%s %s", kinds[what->kind], what->text);
    if (store.refuse_as != ERR_NONE && what->kind == store.refuse) {
        err_set(&a->e, store.refuse_as, "cannot keep it: the test says so");
    } else {
        save(run_journal(run), run_spec(run)->pins);
        if (what->kind == RUN_COMMIT_VALUE)
            vmtest_save_value(&t, "acme", what->key, what->value, NULL);
    }
    *pending = a;
    loop_defer(t.loop, answer, a);
}

static void withdraw(void *arg, void *pending)
{
    (void)arg, (void)pending;
    abort(); /* no test kills an attempt in between */
}

static const struct run_committer keeper = {.commit = commit, .withdraw = withdraw};

static int code_of(void *arg, const unsigned char *hash, char **text, size_t *len,
                   struct err *e)
{
    (void)arg;
    char hex[2 * CRYPTO_SHA256_SIZE + 1];
    str_hex(hash, CRYPTO_SHA256_SIZE, hex);
    const json_t *found = json_object_get(store.codes, hex);
    if (!found)
        return err_set(e, ERR_NOT_FOUND, "no code %s", hex);
    *len = json_string_length(found);
    *text = xmemdup0(json_string_value(found), *len);
    return 0;
}

static void prepare(struct vmtest *v, struct run_spec *spec, struct overlay *overlay)
{
    struct err e;
    spec->committer = &keeper;
    spec->journal = journal_new(&v->limits, 1);
    for (int i = 0; i < STEPS; i++)
        if (store.steps[i].there)
            assert_int_equal(journal_load(spec->journal, &store.steps[i].is, &e), 0);
    spec->pins = pins_new(overlay);
    if (store.pins && pins_load(spec->pins, store.pins, code_of, NULL, &e) != 0)
        fail_msg("%s", e.text);
}

static void ending(struct vmtest *v, const struct run_result *result)
{
    (void)v;
    save(result->journal, result->pins);
    store.until_ms = result->until_ms;
    store.wait_seq = result->wait_seq;
    free(store.wait_match);
    store.wait_match = result->wait_match ? xstrdup(result->wait_match) : NULL;
}

static void forget_run(void)
{
    for (int i = 0; i < STEPS; i++)
        forget_step(i);
    free(store.pins);
    store.pins = NULL;
}

static void forget_commits(void)
{
    for (int i = 0; i < store.ncommits; i++)
        free(store.commits[i]);
    store.ncommits = 0;
}

static int setup(void **state)
{
    (void)state;
    vmtest_init(&t, 1);
    t.limits.resume_cpu_ms = t.limits.attempt_cpu_ms = 15000;
    t.prepare = prepare;
    t.ending = ending;
    store.codes = json_object();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    forget_commits();
    for (int i = 0; i < STEPS; i++)
        forget_step(i);
    json_decref(store.codes);
    free(store.pins);
    free(store.wait_match);
    memset(&store, 0, sizeof store);
    vmtest_fini(&t);
    return 0;
}

static void write_text(const char *name, const char *text)
{
    vmtest_write(&t, name, text, strlen(text));
}

/* One attempt of the run; its commits are counted anew. */
static void attempt(const char *body)
{
    forget_commits();
    vmtest_probe(&t, body);
}

static void assert_done(const char *json)
{
    if (t.outcome != RUN_DONE)
        fail_msg("not done: %s", t.err.text);
    assert_string_equal(t.json, json);
}

static void test_a_write_is_two_commits_and_a_replay_sends_nothing(void **state)
{
    (void)state;
    attempt("local a = ctx.now() ctx.http.post(\"/empty\", {n = 1}, {connection = "
            "\"front\"}) "
            "return a == ctx.now()");
    if (t.outcome != RUN_DONE)
        fail_msg("%s", t.err.text);
    assert_int_equal(store.ncommits, 2);
    assert_string_equal(store.commits[0], "intent POST /empty");
    assert_int_equal(store.requests[0], 0); /* it is on the disk before it leaves */
    assert_string_equal(store.commits[1], "outcome POST /empty 204");
    assert_int_equal(store.requests[1], 1);
    char *first = xstrdup(t.json);
    attempt("local a = ctx.now() ctx.http.post(\"/empty\", {n = 1}, {connection = "
            "\"front\"}) "
            "return a == ctx.now()");
    assert_done(first);
    free(first);
    assert_int_equal(store.ncommits, 0);
    assert_int_equal(vmtest_requests(0), 1);
}

static void test_reads_are_recorded_and_cost_no_commit(void **state)
{
    (void)state;
    static const char body[] =
        "local n = 0 for i = 1, 3 do "
        "n = n + #ctx.http.page(\"/list\", {connection = \"front\"}).results end "
        "return n";
    attempt(body);
    assert_done("{\"result\":6}");
    assert_int_equal(store.ncommits, 0);
    attempt(body);
    assert_done("{\"result\":6}");
    assert_int_equal(vmtest_requests(0), 3);
}

static void test_what_cannot_be_recorded_is_not_sent(void **state)
{
    (void)state;
    static const char body[] =
        "pcall(ctx.http.post, \"/empty\", {}, {connection = \"front\"}) "
        "return 1";
    store.refuse = RUN_COMMIT_INTENT;
    store.refuse_as = ERR_UNAVAILABLE;
    attempt(body);
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_UNAVAILABLE);
    assert_int_equal(vmtest_requests(0), 0);
    /* the loop guard parks */
    store.refuse_as = ERR_FORBIDDEN;
    attempt(body);
    assert_int_equal(t.outcome, RUN_PARKED);
    assert_int_equal(vmtest_requests(0), 0);
    store.refuse_as = ERR_NONE;
    attempt(body);
    assert_done("{\"result\":1}");
    assert_int_equal(vmtest_requests(0), 1);
}

static void test_a_write_without_an_answer_stays_uncertain(void **state)
{
    (void)state;
    struct journal_entry intent, scope;
    struct err e;
    attempt("pcall(ctx.http.post, \"/500\", {n = 1}, {connection = \"front\"})");
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_UNCERTAIN);
    struct journal *journal = journal_new(&t.limits, 1);
    for (int i = 0; i < STEPS; i++)
        if (store.steps[i].there)
            journal_load(journal, &store.steps[i].is, &e);
    assert_int_equal(journal_uncertain(journal, &intent, &scope), 1);
    assert_in_range(intent.at_ms, clock_wall_ms() - 60000, clock_wall_ms());
    assert_non_null(memmem(intent.input, intent.input_len, "\"body\":{\"n\":1}",
                           strlen("\"body\":{\"n\":1}")));
    assert_string_equal(scope.name, "probe");
    journal_free(journal);
    /* and is not sent again by itself */
    attempt("pcall(ctx.http.post, \"/500\", {n = 1}, {connection = \"front\"})");
    assert_int_equal(t.err.kind, ERR_UNCERTAIN);
    assert_int_equal(vmtest_requests(0), 1);
}

static void test_a_refused_write_is_sent_again(void **state)
{
    (void)state;
    attempt("ctx.http.post(\"/429\", {}, {connection = \"front\"})");
    assert_int_equal(t.err.kind, ERR_RATE_LIMITED);
    assert_int_equal(t.err.retry_after_ms, 7000);
    attempt("ctx.http.post(\"/429\", {}, {connection = \"front\"})");
    assert_int_equal(t.err.kind, ERR_RATE_LIMITED);
    assert_int_equal(vmtest_requests(0), 2);
}

static void test_an_unreadable_answer_is_asked_for_again(void **state)
{
    (void)state;
    attempt("ctx.http.get(\"/bad-json\", {connection = \"front\"})");
    assert_int_equal(t.err.kind, ERR_UNAVAILABLE);
    attempt("ctx.http.get(\"/bad-json\", {connection = \"front\"})");
    assert_int_equal(vmtest_requests(0), 2);
    forget_run();
    attempt("ctx.http.post(\"/bad-json\", {}, {connection = \"front\"})");
    assert_int_equal(t.err.kind, ERR_UNCERTAIN);
    attempt("ctx.http.post(\"/bad-json\", {}, {connection = \"front\"})");
    assert_int_equal(t.err.kind, ERR_UNCERTAIN);
    assert_int_equal(vmtest_requests(0), 3);
}

static void test_another_script_is_a_conflict(void **state)
{
    (void)state;
    attempt("ctx.http.get(\"/list\", {connection = \"front\"}) ctx.sleep(60)");
    assert_int_equal(t.outcome, RUN_SLEEPING);
    free(store.pins); /* as `foyer runs retry --new-code` */
    store.pins = NULL;
    attempt("ctx.http.get(\"/page\", {connection = \"front\"}) ctx.sleep(60)");
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_CONFLICT);
    assert_non_null(strstr(t.err.text, "GET /list"));
}

static void test_a_replay_that_skips_what_was_done_is_a_conflict(void **state)
{
    (void)state;
    attempt("ctx.http.post(\"/empty\", {}, {connection = \"front\"}) ctx.sleep(60)");
    assert_int_equal(t.outcome, RUN_SLEEPING);
    free(store.pins); /* as `foyer runs retry --new-code` */
    store.pins = NULL;
    attempt("ctx.skip(\"not for us\")");
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_CONFLICT);
    assert_non_null(strstr(t.err.text, "POST /empty"));
    forget_run();
    attempt("ctx.http.get(\"/list\", {connection = \"front\"}) ctx.skip(\"now\")");
    assert_int_equal(t.outcome, RUN_SKIPPED);
}

static void test_a_replay_uses_the_code_of_the_first_attempt(void **state)
{
    (void)state;
    write_text("templates/hi.md", "first {{client.name}}");
    attempt("ctx.sleep(60) return ctx.template(\"hi\")");
    assert_int_equal(t.outcome, RUN_SLEEPING);
    assert_in_range(store.until_ms, clock_wall_ms() + 1000, clock_wall_ms() + 60000);
    /* woken too early it sleeps on; the recipe on disk is another one by now */
    attempt("return \"second\"");
    assert_int_equal(t.outcome, RUN_SLEEPING);
    char past[32];
    snprintf(past, sizeof past, "%lld", (long long)clock_wall_ms() - 1000);
    for (int i = 0; i < STEPS; i++)
        if (store.steps[i].there && strcmp(store.steps[i].is.kind, "sleep") == 0) {
            free((char *)store.steps[i].is.result);
            store.steps[i].is.result = xstrdup(past);
            store.steps[i].is.len = strlen(past);
        }
    json_object_set_new(t.client, "name", json_string("Renamed"));
    attempt("return \"third\"");
    assert_done(
        "{\"result\":\"first Acme\"}"); /* settings too: the first attempt saw them */
}

static void test_a_wait_ends_with_its_event_or_without(void **state)
{
    (void)state;
    write_text(
        "lua/front/connector.lua",
        "return { name = \"F\", api = { base = \"http://x\", hosts = { \"x\" } } }");
    write_text("lua/front/triggers/t.lua",
               "return { summary = \"t\", on = { \"inbound\" }, key = function() end }");
    static const char body[] =
        "local e = ctx.wait_for(\"front/t\", {[\"payload.id\"] = \"cnv_1\"}, \"2d\") "
        "return e and e.payload.id or \"none\"";
    attempt(body);
    if (t.outcome != RUN_WAITING)
        fail_msg("%s", t.err.text);
    assert_string_equal(store.wait_match, "{\"payload.id\":\"cnv_1\"}");
    assert_in_range(store.until_ms, clock_wall_ms() + 100000000,
                    clock_wall_ms() + 172800000);
    static const char *const results[][2] = {
        {"{\"payload\":{\"id\":\"cnv_1\"}}", "{\"result\":\"cnv_1\"}"},
        {"null", "{\"result\":\"none\"}"}};
    for (int i = 0; i < 2; i++) {
        struct journal_entry *is = &store.steps[store.wait_seq].is;
        assert_string_equal(is->kind, "wait");
        free((char *)is->result);
        is->result = xstrdup(results[i][0]);
        is->len = strlen(results[i][0]);
        is->is_done = 1;
        attempt(body);
        assert_done(results[i][1]);
        for (int k = 0; k < store.wait_seq; k++)
            if (store.steps[k].there && store.steps[k].is.is_scope)
                store.steps[k].is.is_done = 0;
        attempt(body); /* the scope has its result */
        if (i == 0) {
            for (int k = 0; k < STEPS; k++)
                forget_step(k);
            attempt(body);
            assert_int_equal(t.outcome, RUN_WAITING);
        }
    }
}

static void test_values_are_kept_with_their_step(void **state)
{
    (void)state;
    static const char body[] = "local n = (ctx.store.get(\"n\") or 0) + 1 "
                               "ctx.store.set(\"n\", n) ctx.sleep(60) return n";
    attempt(body);
    assert_int_equal(t.outcome, RUN_SLEEPING);
    assert_int_equal(store.ncommits, 1);
    assert_string_equal(store.commits[0], "value n");
    attempt(body);
    assert_int_equal(store.ncommits, 0);
    assert_string_equal(json_string_value(json_object_get(t.values, "n")), "1");
    /* one that was not kept is set by the replay */
    for (int i = 0; i < STEPS; i++)
        forget_step(i);
    store.refuse = RUN_COMMIT_VALUE;
    store.refuse_as = ERR_UNAVAILABLE;
    attempt(body);
    assert_int_equal(t.err.kind, ERR_UNAVAILABLE);
    store.refuse_as = ERR_NONE;
    attempt(body);
    assert_int_equal(t.outcome, RUN_SLEEPING);
    assert_string_equal(json_string_value(json_object_get(t.values, "n")), "2");
}

static void test_catch_makes_a_retryable_failure_a_value(void **state)
{
    (void)state;
    write_text(
        "lua/front/connector.lua",
        "return { name = \"F\", api = { base = \"http://x\", hosts = { \"x\" } } }");
    write_text("lua/front/actions/slow.lua",
               "return { summary = \"s\", effect = \"write\", run = function(ctx, input) "
               "return ctx.http.post(\"/429\", {}) end }");
    static const char body[] =
        "local ok, err = ctx.call(\"front/slow\", {}, { catch = true }) "
        "return tostring(ok) .. err.kind .. tostring(err.retryable) .. err.retry_after";
    attempt(body);
    assert_done("{\"result\":\"nilrate_limitedtrue7.0\"}");
    attempt(body);
    assert_done("{\"result\":\"nilrate_limitedtrue7.0\"}");
    assert_int_equal(vmtest_requests(0), 1);
    forget_run();
    attempt("return pcall(ctx.call, \"front/slow\", {})");
    assert_int_equal(t.outcome, RUN_FAILED);
}

static void test_a_walk_goes_on_at_its_page(void **state)
{
    (void)state;
    write_text(
        "lua/front/connector.lua",
        "return { name = \"F\", api = { base = \"http://x\", hosts = { \"x\" } } }");
    write_text(
        "lua/front/actions/pages.lua",
        "return { summary = \"p\", effect = \"read\", input = { next = { \"integer\" } "
        "}, "
        "run = function(ctx, input) local n = input.next or 1 "
        "ctx.http.get(\"/list\", { query = { n = n } }) "
        "return { results = { { id = n } }, next = n < 5 and n + 1 or nil } end }");
    /* the fourth page's item meets trouble the first time */
    static const char body[] =
        "return ctx.each(\"front/pages\", {}, { sum = 0 }, function(item, state) "
        "if item.id == 4 then ctx.http.post(\"/429\", {}, {connection = \"front\"}) end "
        "state.sum = state.sum + item.id end).sum";
    attempt(body);
    assert_int_equal(t.err.kind, ERR_RATE_LIMITED);
    assert_int_equal(vmtest_requests(0), 5);
    int checkpoints = 0;
    for (int i = 0; i < store.ncommits; i++)
        checkpoints += strncmp(store.commits[i], "checkpoint", 10) == 0;
    assert_int_equal(checkpoints, 3);
    vmtest_forget();
    attempt(body);
    assert_int_equal(t.err.kind, ERR_RATE_LIMITED);
    assert_true(vmtest_got(0, "/429"));
    assert_false(
        vmtest_got(0, "/list")); /* the fourth page is recorded, the others passed */
    assert_int_equal(vmtest_requests(0), 1);
}

/* Ids that a walk has met are part of its checkpoint: what moves to a later page is not
 * met again, also when the walk was interrupted in between. */
static void test_a_walk_remembers_what_it_met(void **state)
{
    (void)state;
    write_text(
        "lua/front/connector.lua",
        "return { name = \"F\", api = { base = \"http://x\", hosts = { \"x\" } } }");
    write_text("lua/front/actions/pages.lua",
               "return { summary = \"p\", effect = \"read\", input = { next = { "
               "\"integer\" } }, run = function(ctx, input) local n = input.next or 1 "
               "return { results = { { id = n % 3 }, { id = \"s\" .. n % 3 }, {}, { id = "
               "json.null } }, next = n < 5 and n + 1 or nil } end }");
    static const char body[] =
        "return ctx.each(\"front/pages\", {}, { ids = {}, none = 0 }, "
        "function(item, state) "
        "if item.id == 0 then ctx.sleep(0) end "
        "if not item.id or item.id == json.null then state.none = state.none + 1 "
        "else state.ids[#state.ids + 1] = item.id end end, { unique = \"id\" })";
    attempt(body);
    assert_int_equal(t.outcome, RUN_SLEEPING);
    attempt(body);
    assert_done("{\"result\":{\"ids\":[1,\"s1\",2,\"s2\",0,\"s0\"],\"none\":10}}");
}

static void test_a_walk_that_met_too_much_is_parked(void **state)
{
    (void)state;
    write_text(
        "lua/front/connector.lua",
        "return { name = \"F\", api = { base = \"http://x\", hosts = { \"x\" } } }");
    write_text("lua/front/actions/pages.lua",
               "return { summary = \"p\", effect = \"read\", input = { next = { "
               "\"integer\" } }, run = function(ctx, input) local n = input.next or 1 "
               "return { results = { { id = n }, { id = n } }, next = n + 1 } end }");
    static const char body[] =
        "local ok, err = pcall(ctx.each, \"front/pages\", {}, {}, function(item) "
        "ctx.store.set(\"n\", item.id) end, { unique = \"id\" }) return err";
    t.limits.each_unique = 3;
    attempt(body);
    assert_int_equal(t.outcome, RUN_PARKED);
    assert_int_equal(t.err.kind, ERR_LIMIT);
    assert_non_null(strstr(
        t.err.text, "has met 4 different ids, and `unique` remembers 3; cancel the run"));
    assert_string_equal(json_string_value(json_object_get(t.values, "n")), "3");
    /* a run in memory has no person to wait for */
    t.prepare = NULL;
    t.ending = NULL;
    vmtest_probe(&t, body);
    assert_int_equal(t.outcome, RUN_DONE);
    assert_non_null(strstr(t.json, "`unique` remembers 3"));
}

/* What a run reads stays in its journal until its scope is over. */
static void test_recorded_results_have_a_limit(void **state)
{
    (void)state;
    size_t big = vmtest_big;
    vmtest_big = 100 * 1024;
    t.limits.record_bytes = 250 * 1024;
    write_text(
        "lua/front/connector.lua",
        "return { name = \"F\", api = { base = \"http://x\", hosts = { \"x\" } } }");
    write_text("lua/front/actions/big.lua",
               "return { summary = \"b\", effect = \"read\", run = function(ctx, input) "
               "return { n = #ctx.http.get(\"/big\") } end }");
    static const char body[] =
        "local get = function() return ctx.http.get(\"/big\", { connection = \"front\" "
        "}) "
        "end local n = 0 for i = 1, 5 do n = n + ctx.call(\"front/big\").n end "
        "n = n + #get() + #get() local ok, err = pcall(get) "
        "if not ctx.store.get(\"again\") then ctx.store.set(\"again\", 1) ctx.sleep(0) "
        "end "
        "return { n, ok, err.kind, err.message }";
    for (int i = 0; i < 2; i++) { /* and a replay hears the same */
        attempt(body);
        assert_int_equal(t.outcome, i ? RUN_DONE : RUN_SLEEPING);
    }
    assert_non_null(strstr(t.json, "[716800,false,\"limit\","));
    assert_non_null(strstr(t.json, "would take 0.3 MiB, and a run may keep 0.2441 MiB "
                                   "(limits.record_mib in foyer.lua)"));
    vmtest_big = big;
}

static void test_a_full_store_is_the_scripts_to_hear(void **state)
{
    (void)state;
    static const char body[] =
        "local ok, err = pcall(ctx.store.set, \"n\", 1) ctx.sleep(0) "
        "return { ok, err.kind, err.message }";
    store.refuse = RUN_COMMIT_VALUE;
    store.refuse_as = ERR_LIMIT;
    attempt(body);
    assert_int_equal(t.outcome, RUN_SLEEPING);
    store.refuse_as = ERR_NONE; /* there is room now, but what was heard was heard */
    attempt(body);
    assert_int_equal(t.outcome, RUN_DONE);
    assert_non_null(strstr(t.json, "[false,\"limit\","));
    assert_null(json_object_get(t.values, "n"));
}

/* What the command line gave is there for a replay in another process. */
static void test_a_given_file_stays_as_it_was(void **state)
{
    (void)state;
    struct err e;
    write_text("list.csv", "a,b\n1,2\n");
    char *path = path_join(t.dir, "list.csv");
    struct files files = {0};
    const char *name, *data;
    size_t len;
    struct overlay *overlay = overlay_new(t.dir);
    struct pins *pins = pins_new(overlay);
    assert_int_equal(files_add(&files, path, pins, 0, 1000, &name, &e), -1);
    assert_int_equal(e.kind, ERR_FORBIDDEN);
    assert_int_equal(files_add(&files, path, pins, 1, 1000, &name, &e), 0);
    assert_string_equal(name, "list.csv");
    unsigned char hash[CRYPTO_SHA256_SIZE];
    char *list = pins_list(pins, hash);
    pins_each(pins, keep_code, NULL);
    pins_free(pins);
    files_fini(&files);
    write_text("list.csv", "changed");
    pins = pins_new(overlay);
    assert_int_equal(pins_load(pins, list, code_of, NULL, &e), 0);
    assert_int_equal(files_add(&files, path, pins, 0, 1000, &name, &e), 0);
    data = files_get(&files, pins, 0, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(data, "a,b\n1,2\n", 8);
    /* the file of an answer has the same id in each attempt */
    int id = files_add_answer(&files, 7, "\0\1", 2, pins, 100, &e);
    assert_true(id > 0);
    assert_int_equal(files_add_answer(&files, 7, "\0\1", 2, pins, 100, &e), id);
    assert_int_equal(files_add_answer(&files, 8, "123", 3, pins, 4, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    files_fini(&files);
    files = (struct files){0};
    assert_memory_equal(files_get(&files, pins, id, &len), "\0\1", 2);
    assert_int_equal(len, 2);
    assert_null(files_get(&files, NULL, id, &len));
    id = files_add_answer(&files, 7, "x", 1, NULL, 100, &e);
    assert_memory_equal(files_get(&files, NULL, id, &len), "x", 1);
    files_fini(&files);
    pins_free(pins);
    overlay_free(overlay);
    free(list);
    free(path);
}

static void test_in_memory_nothing_waits(void **state)
{
    (void)state;
    t.prepare = NULL;
    t.ending = NULL;
    vmtest_probe(&t, "ctx.sleep(\"2h\")");
    assert_int_equal(t.err.kind, ERR_SCRIPT);
    assert_non_null(strstr(t.err.text, "only a recipe's run is kept"));
    vmtest_probe(&t, "ctx.store.set(\"a\", {1, 2}) return ctx.store.get(\"a\")[2]");
    assert_done("{\"result\":2}");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_write_is_two_commits_and_a_replay_sends_nothing),
        T(test_reads_are_recorded_and_cost_no_commit),
        T(test_what_cannot_be_recorded_is_not_sent),
        T(test_a_write_without_an_answer_stays_uncertain),
        T(test_a_refused_write_is_sent_again),
        T(test_an_unreadable_answer_is_asked_for_again),
        T(test_another_script_is_a_conflict),
        T(test_a_replay_that_skips_what_was_done_is_a_conflict),
        T(test_a_replay_uses_the_code_of_the_first_attempt),
        T(test_a_wait_ends_with_its_event_or_without),
        T(test_values_are_kept_with_their_step),
        T(test_catch_makes_a_retryable_failure_a_value),
        T(test_a_walk_goes_on_at_its_page),
        T(test_a_walk_remembers_what_it_met),
        T(test_a_walk_that_met_too_much_is_parked),
        T(test_recorded_results_have_a_limit),
        T(test_a_full_store_is_the_scripts_to_hear),
        T(test_a_given_file_stays_as_it_was),
        T(test_in_memory_nothing_waits),
    };
    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
