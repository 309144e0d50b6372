#include "work/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/confirm.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "base/when.h"
#include "core/intent.h"
#include "core/settings.h"
#include "base/stats.h"
#include "vm/pins.h"

enum {
    WAIT_MS = 60 * 1000,          /* in line for the company's budget */
    HAND_WAIT_MS = 5 * 60 * 1000, /* the same by hand: `foyer cron` runs this often */
    STORE_MS = 1000
};

/* ---- loading ---- */

/* A run's set of pins only grows, and each is stored with the step that used it. */
static int on_pins(void *arg, const struct ledger_run *row)
{
    struct attempt *a = arg;
    free(a->pins);
    a->pins = row->pins ? (void *)xmemdup0(row->pins, CRYPTO_SHA256_SIZE) : NULL;
    return 1;
}

static int on_row(void *arg, const struct ledger_run *row)
{
    struct attempt *a = arg;
    a->client = xstrdup_null(row->client);
    a->recipe = xstrdup_null(row->recipe);
    a->origin = xstrdup_null(row->origin);
    a->seed = xstrdup_null(row->seed);
    a->policy_text = xstrdup_null(row->policy);
    a->args = xstrdup(row->args ? row->args : "{}");
    a->number = row->attempts;
    a->failures = (struct policy_failures){row->failures, row->first_failure_ms};
    a->looks = row->looks;
    a->was_held = str_eq(row->kind, err_kind_name(ERR_AUTH));
    a->is_line = str_eq(row->origin, "each");
    on_pins(a, row);
    a->end.id = row->activation; /* until load() has read it */
    return 1;
}

int attempt_add_event(void *arg, const struct activation *activation)
{
    char **text = arg;
    json_t *args = jsontree_reads(*text, NULL);
    if (!args)
        args = json_object();
    json_object_set_new(args, "event", jsontree_reads(activation->event, NULL));
    json_object_set_new(args, "fired", json_true());
    free(*text);
    *text = json_dumps(args, JSON_COMPACT);
    json_decref(args);
    return 1;
}

/* A replay sends to the company that the recorded request was sent to. */
static void follow_step(struct attempt *a, const struct journal_entry *step)
{
    struct intent sent;
    intent_read(&sent, step->input, step->input_len);
    if (sent.company)
        attempt_follow(a, sent.app, sent.company);
    intent_fini(&sent);
}

struct loading {
    struct attempt *a;
    struct journal *journal;
    struct err *e;
    int failed;
};

static int on_step(void *arg, const struct journal_entry *step)
{
    struct loading *l = arg;
    /* an open scope of a walk stands for the pages before its checkpoint */
    if ((step->is_intent || step->is_done) && (step->is_scope || step->is_done))
        run_log_has_written(l->a->log);
    if (step->is_intent && !step->is_scope)
        follow_step(l->a, step);
    l->failed = journal_load(l->journal, step, l->e) != 0;
    return l->failed;
}

static struct journal *load_journal(struct attempt *a, struct err *e)
{
    struct loading l = {a, journal_new(workspace_limits(a->env->workspace), 1), e, 0};
    if (!a->id)
        return l.journal;
    if (ledger_steps(a->env->db, a->id, on_step, &l, e) == 0 && !l.failed &&
        (a->number == 1 ||
         ledger_record(a->env->db, a->id, journal_record(l.journal), e) == 0))
        return l.journal;
    journal_free(l.journal);
    return NULL;
}

static void read_policy(struct attempt *a)
{
    struct workspace *w = a->env->workspace;
    const json_t *client = workspace_client(w, a->client, NULL);
    const json_t *settings = workspace_settings(w, NULL);
    const json_t *looks = json_object_get(client, "confirm");
    json_t *own = jsontree_reads(a->policy_text, NULL);
    a->policy = policy_default;
    a->policy.resend = str_eq(settings_uncertain(settings, client, a->recipe), "resend");
    policy_read(&a->policy, own);
    policy_read_looks(&a->policy, looks ? looks : json_object_get(settings, "confirm"));
    json_decref(own);
}

/* The recipe's own `retry`, for a run that was added without a policy. */
static void on_policy(void *arg, const struct run_result *result)
{
    struct attempt *a = arg;
    a->run = NULL;
    if (result->outcome == RUN_DONE) {
        json_t *tree = jsontree_read(result->json, result->len, NULL);
        policy_read(&a->policy, json_object_get(tree, "retry"));
        json_decref(tree);
    }
    struct err e = a->err;
    attempt_fail(a, &e, NULL, NULL);
}

/* After a signal nothing new is begun; a script is stopped at its next write. */
static int is_stopping(const struct attempt_env *env)
{
    return env->stopping || session_interrupted(env->session);
}

static void release_with(struct attempt *a, struct journal *journal,
                         const struct pins *pins)
{
    /* a person who interrupts a run before it has written anything does not want it */
    int gives_up = a->env->by_hand && !a->is_line && !run_log_facts(a->log)->did_begin &&
                   !a->confirm;
    struct ledger_change change =
        attempt_change(a, gives_up ? LEDGER_CANCELLED : LEDGER_QUEUED);
    if (a->is_line && !a->id && !run_log_facts(a->log)->did_begin) {
        attempt_undone(a); /* the next command begins the line */
        return;
    }
    if (gives_up)
        change.reason = "interrupted";
    run_log_note(a->log, gives_up ? "cancelled" : "released", "%s",
                 gives_up ? "interrupted by hand" : "the process that had it ends");
    if (gives_up)
        err_set(&a->end.err, ERR_UNAVAILABLE,
                "interrupted before it wrote anything: it is given up");
    else if (a->id)
        err_set(&a->end.err, ERR_UNAVAILABLE, "cannot finish run %lld now: foyer ends",
                (long long)a->id);
    else
        err_set(&a->end.err, ERR_UNAVAILABLE, "cannot finish this run now: foyer ends");
    attempt_end(a, journal, pins, &change);
}

/* The attempt's steps are stored: decides about the run. */
static void on_stored(void *arg, const struct err *e)
{
    struct attempt *a = arg;
    if (e->kind != ERR_NONE) {
        attempt_ended(a, e);
        return;
    }
    if (is_stopping(a->env)) {
        release_with(a, NULL, NULL);
        return;
    }
    ledger_read(a->env->db, a->id, on_pins, a, NULL);
    if (a->confirm) {
        confirm_after(a->confirm, &a->err);
        return;
    }
    json_t *args = json_pack("{s:s}", "recipe", a->recipe);
    attempt_tool(a, "policy", args, on_policy, a);
    json_decref(args);
}

/* Stores the attempt's steps before the failure is decided about. */
static void store_first(struct attempt *a, const struct run_result *result)
{
    struct ledger_change none = {.drop = -1, .state = -1};
    a->err = result->err;
    run_log_commit(a->log, result->journal, result->pins, &none, on_stored, a);
}

static int has_no_policy(const struct attempt *a)
{
    return !a->policy_text || str_eq(a->policy_text, "") || str_eq(a->policy_text, "{}");
}

/* ---- the script's end ---- */

/* Keeps the member "result" of what the entry returned, as JSON, unless it is too long.
 */
static void take_result(struct attempt *a, const struct run_result *result,
                        struct ledger_change *change)
{
    a->end.json = a->result = xmemdup0(result->json, result->len);
    a->end.len = result->len;
    json_t *tree = jsontree_read(result->json, result->len, NULL);
    a->value =
        json_dumps(json_object_get(tree, "result"), JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(tree);
    size_t len = a->value ? strlen(a->value) : 0;
    if (len <= limits_default.result_bytes)
        change->result = a->value;
    else
        run_log_note(a->log, "result", "not kept: it has %zu bytes, and %zu are kept",
                     len, limits_default.result_bytes);
}

static void note_code(struct attempt *a, const struct pins *pins)
{
    char hex[65], *name = xasprintf("recipes/%s.lua", a->recipe);
    enum overlay_layer layer;
    if (a->number == 1 && pins && pins_describe(pins, name, &layer, hex))
        run_log_note(a->log, "code", "%s%s%s%s %.8s",
                     layer == OVERLAY_CLIENT ? "clients/" : "",
                     layer == OVERLAY_CLIENT ? a->client : "",
                     layer == OVERLAY_CLIENT    ? "/"
                     : layer == OVERLAY_BUILTIN ? "built-in:"
                                                : "",
                     name, hex);
    free(name);
}

static void end_well(struct attempt *a, const struct run_result *result)
{
    a->failures = (struct policy_failures){0};
    struct ledger_change change = attempt_change(a, attempt_state(result->outcome));
    const char *state = ledger_state_name(attempt_state(result->outcome));
    int64_t in = (result->until_ms - clock_wall_ms()) / 1000;
    char span[64];
    switch (result->outcome) {
    case RUN_DONE:
        take_result(a, result, &change);
        run_log_note(a->log, "done", "in attempt %d", a->number);
        break;
    case RUN_SKIPPED:
    case RUN_PARKED:
        a->end.err = result->err;
        change.kind =
            result->outcome == RUN_PARKED ? err_kind_name(result->err.kind) : NULL;
        change.reason = result->err.text;
        run_log_note(a->log, state, "%s", result->err.text);
        if (result->outcome == RUN_PARKED)
            attempt_alert(a, state, result->err.text);
        break;
    default:
        when_format_duration((double)in, span);
        change.due_ms = result->until_ms;
        change.wait_seq = result->wait_seq;
        change.wait_trigger = result->wait_trigger;
        change.wait_match = result->wait_match;
        run_log_note(a->log, state, "%s%s%s for %s at most",
                     result->wait_trigger ? "for " : "",
                     result->wait_trigger ? result->wait_trigger : "",
                     result->wait_match ? " (its event as asked for)" : "", span);
    }
    attempt_end(a, result->journal, result->pins, &change);
}

static void on_done(void *arg, const struct run_result *result)
{
    struct attempt *a = arg;
    const struct err *e = &result->err;
    struct journal_entry intent, scope;
    a->run = NULL;
    a->has_diverged = journal_has_diverged(result->journal);
    note_code(a, result->pins);
    if (run_log_facts(a->log)->got_on) /* only failures in a row count */
        a->failures = (struct policy_failures){0};
    if (run_log_facts(a->log)->is_lost) {
        attempt_lost(a);
    } else if (result->outcome != RUN_FAILED) {
        end_well(a, result);
    } else if (journal_uncertain(result->journal, &intent, &scope)) {
        a->confirm = confirm_new(a, &intent, &scope);
        store_first(a, result);
    } else if (is_stopping(a->env) && result->is_interrupted) {
        release_with(a, result->journal, result->pins);
    } else if (attempt_may_pass(a, e) && has_no_policy(a) &&
               !run_log_facts(a->log)->is_guarded) {
        store_first(a, result);
    } else {
        attempt_fail(a, e, result->journal, result->pins);
    }
}

/* ---- the beginning ---- */

static void on_added(void *arg, int64_t id)
{
    struct attempt *a = arg;
    a->id = id;
}

/* ROW: of a run that is not in the store, else NULL. */
static int load(struct attempt *a, const struct ledger_run *row, struct journal **journal,
                struct pins **pins, struct err *e)
{
    if (row)
        on_row(a, row);
    else if (ledger_read(a->env->db, a->id, on_row, a, e) != 0)
        return -1;
    int64_t activation = a->end.id;
    a->end.id = a->id;
    struct run_log_spec spec = {.run = a->id,
                                .epoch = a->epoch,
                                .client = a->client,
                                .guarded = str_eq(a->origin, "activation"),
                                .new_run = row,
                                .on_added = on_added,
                                .arg = a};
    a->log = committer_begin(a->env->committer, &spec);
    read_policy(a);
    a->label = xasprintf("recipe %s", a->recipe);
    run_log_note(a->log, "attempt", "%d", a->number);
    if (activation &&
        inbox_activation(a->env->db, activation, attempt_add_event, &a->args, e) != 0)
        return -1;
    *journal = load_journal(a, e);
    *pins = *journal ? attempt_pins(a->env->workspace, a->env->db, a->pins, e) : NULL;
    if (!*pins) {
        journal_free(*journal);
        return -1;
    }
    run_log_has_pins(a->log, pins_count(*pins));
    return 0;
}

static void on_no_row(void *arg)
{
    struct attempt *a = arg;
    struct err e = a->err;
    attempt_ended(a, &e);
}

static void begin(struct attempt *a, const struct ledger_run *row)
{
    struct journal *journal = NULL;
    struct pins *pins = NULL;
    struct journal_entry intent, scope;
    struct err e;
    if (load(a, row, &journal, &pins, &e) != 0) {
        if (a->log) {
            attempt_fail(a, &e, NULL, NULL);
            return;
        }
        a->err = e; /* DONE comes from the loop */
        a->later = loop_timer_new(session_loop(a->env->session), on_no_row, a);
        loop_timer_set(a->later, STORE_MS);
        return;
    }
    if (journal_uncertain(journal, &intent, &scope)) {
        a->confirm = confirm_new(a, &intent, &scope);
        journal_free(journal);
        pins_free(pins);
        confirm_after(a->confirm, NULL);
        return;
    }
    int by_hand = a->env->by_hand;
    enum window_lane lane = a->is_line ? WINDOW_LANE_BULK : WINDOW_LANE_ACTIVATION;
    struct run_spec spec = {.id = a->seed,
                            .client = a->client,
                            .label = a->label,
                            .app = a->app,
                            .company = a->company,
                            .entry = "run",
                            .args = a->args,
                            .args_len = strlen(a->args),
                            .files = by_hand,
                            .lane = lane,
                            .wait_ms = by_hand ? HAND_WAIT_MS : WAIT_MS,
                            .patient = by_hand,
                            .emit = a->env->emit,
                            .emit_arg = a->env->emit_arg,
                            .keep = 1,
                            .journal = journal,
                            .pins = pins,
                            .committer = run_log_committer(a->log)};
    stats_add(STAT_ATTEMPTS, 1);
    stats_add(STAT_REPLAYS, (uint64_t)journal_is_replaying(journal));
    a->run = run_start(session_runs(a->env->session), &spec, on_done, a);
    free(a->args);
    a->args = NULL;
}

static struct attempt *new_attempt(struct attempt_env *env, int64_t id, int64_t epoch,
                                   attempt_done *done, void *arg)
{
    struct attempt *a = xcalloc(1, sizeof *a);
    *a = (struct attempt){.env = env, .id = id, .epoch = epoch, .done = done, .arg = arg};
    a->end.err.retry_after_ms = -1;
    return a;
}

struct attempt *attempt_start(struct attempt_env *env, int64_t id, int64_t epoch,
                              attempt_done *done, void *arg)
{
    struct attempt *a = new_attempt(env, id, epoch, done, arg);
    begin(a, NULL);
    return a;
}

struct attempt *attempt_start_new(struct attempt_env *env, const struct ledger_run *row,
                                  attempt_done *done, void *arg)
{
    struct attempt *a = new_attempt(env, 0, 1, done, arg);
    struct ledger_run first = *row;
    unsigned char random[16];
    char seed[2 * sizeof random + 1];
    if (!row->seed) {
        crypto_random(random, sizeof random);
        str_hex(random, sizeof random, seed);
        first.seed = seed;
    }
    first.attempts = 1;
    /* an activation that it will wait for may come before the run is in the store */
    if (inbox_last_activation(env->db, &first.since, NULL) == 0 && first.since == 0)
        first.since = -1;
    begin(a, &first);
    return a;
}

void attempt_release(struct attempt *a)
{
    if (!a->run || run_log_is_writing(a->log))
        return;
    run_kill(a->run);
    a->run = NULL;
    release_with(a, NULL, NULL);
}

void attempt_free(struct attempt *a)
{
    if (!a)
        return;
    if (a->run)
        run_kill(a->run);
    loop_timer_free(a->later);
    run_log_free(a->log);
    confirm_free(a->confirm);
    free(a->client);
    free(a->recipe);
    free(a->origin);
    free(a->seed);
    free(a->app);
    free(a->company);
    free(a->label);
    free(a->policy_text);
    free(a->pins);
    free(a->args);
    free(a->result);
    free(a->value);
    free(a);
}
