#include "work/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/confirm.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "base/when.h"
#include "store/inbox.h"
#include "core/intent.h"
#include "core/settings.h"
#include "base/stats.h"
#include "vm/pins.h"

enum {
    WAIT_MS = 60 * 1000,          /* in line for the company's budget */
    HAND_WAIT_MS = 5 * 60 * 1000, /* cron comes by only so often */
    HELD_MS = 60 * 1000,          /* a connection is looked at again */
    STORE_MS = 1000
};

/* ---- what the store knows of it ---- */

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
    a->has_pins = row->pins != NULL;
    if (row->pins)
        memcpy(a->pins_hash, row->pins, sizeof a->pins_hash);
    a->end.id = row->activation; /* until it is loaded */
    return 1;
}

/* lua/std/recipe.lua's args, with the event as its trigger made it. */
static int on_activation(void *arg, const struct activation *activation)
{
    struct attempt *a = arg;
    const char *rest = a->args + 1; /* an object without its brace */
    char *args = xasprintf("{\"event\":%s,\"fired\":true%s%s", activation->event,
                           *rest == '}' ? "" : ",", rest);
    free(a->args);
    a->args = args;
    return 1;
}

struct loading {
    struct attempt *a;
    struct journal *journal;
    struct err *e;
    int failed;
};

const char *attempt_moved_to(const struct attempt *a, const char *app,
                             const char *company)
{
    const struct connection *now =
        company
            ? connections_get(session_connections(a->env->session), a->client, app, NULL)
            : NULL;
    return now && !str_eq(now->company, company) ? now->company : NULL;
}

void attempt_follow(struct attempt *a, const char *app, const char *company)
{
    if (!attempt_moved_to(a, app, company) ||
        !connections_company(session_connections(a->env->session), app, company, NULL))
        return;
    free(a->app);
    free(a->company);
    a->app = xstrdup(app);
    a->company = xstrdup(company);
}

/* A replay asks for what was sent as it was asked then. */
static void follow_step(struct attempt *a, const struct journal_entry *step)
{
    struct intent sent;
    intent_read(&sent, step->input, step->input_len);
    if (sent.company)
        attempt_follow(a, sent.app, sent.company);
    intent_fini(&sent);
}

static int on_step(void *arg, const struct journal_entry *step)
{
    struct loading *l = arg;
    /* of a walk's scope that is open: on the pages before its checkpoint */
    if ((step->is_intent || step->is_done) && (step->is_scope || step->is_done))
        run_log_has_written(l->a->kept);
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
    if (ledger_steps(a->env->db, a->id, on_step, &l, e) == 0 && !l.failed)
        return l.journal;
    journal_free(l.journal);
    return NULL;
}

static int code_text(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE], char **text,
                     size_t *len, struct err *e)
{
    const struct attempt *a = arg;
    return ledger_code(a->env->db, hash, text, len, e);
}

static struct pins *load_pins(struct attempt *a, struct err *e)
{
    struct pins *pins = pins_new(workspace_overlay(a->env->workspace));
    char *list = NULL;
    if (a->has_pins && (ledger_pins(a->env->db, a->pins_hash, &list, e) != 0 ||
                        pins_load(pins, list, code_text, a, e) != 0)) {
        pins_free(pins);
        pins = NULL;
    }
    free(list);
    return pins;
}

/* The sets of pins of a run only grow, and each is stored with the step that used it. */
static int on_pins(void *arg, const struct ledger_run *row)
{
    struct attempt *a = arg;
    a->has_pins = row->pins != NULL;
    if (row->pins)
        memcpy(a->pins_hash, row->pins, sizeof a->pins_hash);
    return 1;
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

/* ---- its end ---- */

struct ledger_change attempt_change(const struct attempt *a, enum ledger_state state)
{
    return (struct ledger_change){.drop = -1,
                                  .state = (int)state,
                                  /* at once: by whatever clock */
                                  .due_ms = state == LEDGER_QUEUED ? 0 : clock_wall_ms(),
                                  .failures = a->failures.count,
                                  .first_failure_ms = a->failures.first_ms,
                                  .looks = a->looks};
}

static void finish(struct attempt *a)
{
    runner_done *done = a->done;
    a->done = NULL;
    a->end.id = a->id;
    a->end.client = a->client;
    a->end.recipe = a->recipe;
    done(a->arg, &a->end); /* frees A */
}

void attempt_ended(struct attempt *a, const struct err *e)
{
    if (e->kind != ERR_NONE && !a->id && ledger_is_over(a->end.state)) {
        log_line(LOG_WARN, "this run is not recorded: %s", e->text);
    } else if (e->kind != ERR_NONE) { /* the claim is lost, or it could never be stored */
        a->end.state = LEDGER_RUNNING;
        a->end.err = *e;
        if (a->id)
            log_line(LOG_WARN, "run %lld: %s", (long long)a->id, e->text);
    }
    finish(a);
}

static void on_ended(void *arg, const struct err *e)
{
    attempt_ended(arg, e);
}

static void commit_end(struct attempt *a, const struct journal *journal,
                       const struct pins *pins, const struct ledger_change *change)
{
    a->end.state = (enum ledger_state)change->state;
    a->end.due_ms = change->due_ms;
    run_log_commit(a->kept, journal, pins, change, on_ended, a);
}

void attempt_end(struct attempt *a, const struct ledger_change *change)
{
    commit_end(a, NULL, NULL, change);
}

static void lost(void *arg)
{
    struct attempt *a = arg;
    err_set(&a->end.err, ERR_CONFLICT,
            "cannot go on with run %lld: another process has it now", (long long)a->id);
    a->end.state = LEDGER_RUNNING;
    finish(a);
}

void attempt_alert(struct attempt *a, const char *what, const char *sentence)
{
    if (!a->env->alert)
        return;
    char *text = xasprintf("run %lld %s: %s", (long long)a->id, what, sentence);
    alert_send(a->env->alert, a->client, a->recipe, what, text);
    free(text);
}

static void note_wait(struct attempt *a, const char *what, int64_t due_ms,
                      const struct err *e)
{
    char in[64];
    when_format_duration((double)(due_ms - clock_wall_ms()) / 1000, in);
    run_log_note(a->kept, what, "in %s: %s", in, e->text);
}

/* Divergence on replay: the code or the world is another one, and what a script would do
 * now is not what was begun. */
static int is_divergence(const struct err *e)
{
    return e->kind == ERR_CONFLICT && strstr(e->text, "cannot replay this run");
}

/* Settings are mended, and the store too; with a person at hand who is told, it is theirs
 * to try again. */
static int passes(const struct attempt *a, const struct err *e)
{
    if (err_kind_is_retryable(e->kind) || e->kind == ERR_STORE)
        return 1;
    return e->kind == ERR_SETTINGS && !a->env->by_hand;
}

static void decide(struct attempt *a, const struct err *e, struct ledger_change *change,
                   struct err *why)
{
    int64_t due;
    *why = *e;
    if (run_log_is_guarded(a->kept) || is_divergence(e)) {
        *change = attempt_change(a, LEDGER_PARKED);
    } else if (e->kind == ERR_AUTH &&
               (!a->env->by_hand || a->confirm || run_log_did_write(a->kept))) {
        *change = attempt_change(a, LEDGER_HELD);
        change->due_ms += HELD_MS;
    } else if (!passes(a, e)) {
        *change = attempt_change(a, LEDGER_DEAD);
    } else if (policy_retry(&a->policy, e, clock_wall_ms(), crypto_random_number(),
                            &a->failures, &due, why)) {
        *change = attempt_change(a, LEDGER_QUEUED);
        change->due_ms = due;
        note_wait(a, "retry", due, e);
    } else {
        *change = attempt_change(a, LEDGER_DEAD);
    }
    change->kind = err_kind_name(why->kind);
    change->reason = why->text;
}

static void fail_with(struct attempt *a, const struct err *e,
                      const struct journal *journal, const struct pins *pins)
{
    struct ledger_change change;
    struct err why;
    decide(a, e, &change, &why);
    a->end.err = why;
    const char *state = ledger_state_name((enum ledger_state)change.state);
    if (change.state != LEDGER_QUEUED && !(change.state == LEDGER_HELD && a->was_held))
        run_log_note(a->kept, state, "%s", why.text);
    if (change.state == LEDGER_PARKED || change.state == LEDGER_DEAD)
        attempt_alert(a, state, why.text);
    else if (change.state == LEDGER_HELD && !a->was_held)
        attempt_alert(a, "held", why.text);
    commit_end(a, journal, pins, &change);
}

void attempt_fail(struct attempt *a, const struct err *e)
{
    fail_with(a, e, NULL, NULL);
}

/* ---- tools ---- */

void attempt_tool(struct attempt *a, const char *entry, const json_t *args,
                  run_done *done, void *arg)
{
    struct err e;
    char *text = json_dumps(args, JSON_COMPACT);
    struct run_spec spec = {.id = a->seed,
                            .client = a->client,
                            .label = a->label,
                            .entry = entry,
                            .args = text,
                            .args_len = strlen(text),
                            .app = a->app,
                            .company = a->company,
                            .lane = LANE_ACTIVATION,
                            .wait_ms = WAIT_MS,
                            .pins = load_pins(a, &e)};
    a->run = run_start(session_runs(a->env->session), &spec, done, arg);
    free(text);
}

/* The recipe's own `retry`, for a run that came without a policy. */
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
    attempt_fail(a, &e);
}

/* After a signal nothing more is begun; a script that comes to its next write is stopped
 * there. */
static int is_stopping(const struct attempt_env *env)
{
    return env->stopping || session_interrupted(env->session);
}

static void release_with(struct attempt *a, const struct journal *journal,
                         const struct pins *pins)
{
    /* who interrupts a run by hand before it has done anything does not want it */
    int gives_up = a->env->by_hand && !run_log_did_begin(a->kept) && !a->confirm;
    struct ledger_change change =
        attempt_change(a, gives_up ? LEDGER_CANCELLED : LEDGER_QUEUED);
    if (gives_up)
        change.reason = "interrupted";
    run_log_note(a->kept, gives_up ? "cancelled" : "released", "%s",
                 gives_up ? "interrupted by hand" : "the process that had it ends");
    if (gives_up)
        err_set(&a->end.err, ERR_UNAVAILABLE,
                "interrupted before it wrote anything: it is given up");
    else if (a->id)
        err_set(&a->end.err, ERR_UNAVAILABLE, "cannot finish run %lld now: foyer ends",
                (long long)a->id);
    else
        err_set(&a->end.err, ERR_UNAVAILABLE, "cannot finish this run now: foyer ends");
    commit_end(a, journal, pins, &change);
}

/* What the attempt did is stored: it may be asked now what is to become of it. */
static void on_kept(void *arg, const struct err *e)
{
    struct attempt *a = arg;
    struct err why;
    if (e->kind != ERR_NONE) {
        attempt_ended(a, e);
        return;
    }
    if (is_stopping(a->env)) {
        release_with(a, NULL, NULL);
        return;
    }
    ledger_read(a->env->db, a->id, on_pins, a, &why);
    if (a->confirm) {
        confirm_after(a->confirm, &a->err);
        return;
    }
    json_t *args = json_pack("{s:s}", "recipe", a->recipe);
    attempt_tool(a, "policy", args, on_policy, a);
    json_decref(args);
}

static void keep_first(struct attempt *a, const struct run_result *result)
{
    struct ledger_change none = {.drop = -1, .state = -1};
    a->err = result->err;
    run_log_commit(a->kept, result->journal, result->pins, &none, on_kept, a);
}

static int has_no_policy(const struct attempt *a)
{
    return !a->policy_text || str_eq(a->policy_text, "") || str_eq(a->policy_text, "{}");
}

/* ---- what the script came to ---- */

/* {"result":VALUE} -> VALUE; one that is too long is not kept. */
static void take_result(struct attempt *a, const struct run_result *result,
                        struct ledger_change *change)
{
    static const char head[] = "{\"result\":";
    a->result = xmemdup0(result->json, result->len);
    a->end.json = a->result;
    a->end.len = result->len;
    size_t n = sizeof head - 1;
    if (result->len < n + 2 || memcmp(a->result, head, n) != 0)
        return;
    if (result->len - n - 1 > limits_default.result_bytes) {
        run_log_note(a->kept, "result", "not kept: it has %zu bytes, and %zu are kept",
                     result->len - n - 1, limits_default.result_bytes);
        return;
    }
    a->result[result->len - 1] = '\0'; /* until it is copied */
    change->result = a->result + n;
}

static void note_code(struct attempt *a, const struct pins *pins)
{
    char hex[65], *name = xasprintf("recipes/%s.lua", a->recipe);
    enum overlay_layer layer;
    if (a->number == 1 && pins && pins_describe(pins, name, &layer, hex))
        run_log_note(a->kept, "code", "%s%s%s%s %.8s",
                     layer == LAYER_CLIENT ? "clients/" : "",
                     layer == LAYER_CLIENT ? a->client : "",
                     layer == LAYER_CLIENT    ? "/"
                     : layer == LAYER_BUILTIN ? "built-in:"
                                              : "",
                     name, hex);
    free(name);
}

static void end_well(struct attempt *a, const struct run_result *result)
{
    static const enum ledger_state states[] = {[RUN_DONE] = LEDGER_DONE,
                                               [RUN_SKIPPED] = LEDGER_SKIPPED,
                                               [RUN_SLEEPING] = LEDGER_SLEEPING,
                                               [RUN_WAITING] = LEDGER_WAITING,
                                               [RUN_PARKED] = LEDGER_PARKED};
    a->failures = (struct policy_failures){0};
    struct ledger_change change = attempt_change(a, states[result->outcome]);
    const char *state = ledger_state_name(states[result->outcome]);
    int64_t in = (result->until_ms - clock_wall_ms()) / 1000;
    char span[64];
    switch (result->outcome) {
    case RUN_DONE:
        take_result(a, result, &change);
        run_log_note(a->kept, "done", "in attempt %d", a->number);
        break;
    case RUN_SKIPPED:
    case RUN_PARKED:
        a->end.err = result->err;
        change.kind =
            result->outcome == RUN_PARKED ? err_kind_name(result->err.kind) : NULL;
        change.reason = result->err.text;
        run_log_note(a->kept, state, "%s", result->err.text);
        if (result->outcome == RUN_PARKED)
            attempt_alert(a, state, result->err.text);
        break;
    default:
        when_format_duration((double)in, span);
        change.due_ms = result->until_ms;
        change.wait_seq = result->wait_seq;
        change.wait_trigger = result->wait_trigger;
        change.wait_match = result->wait_match;
        run_log_note(a->kept, state, "%s%s%s for %s at most",
                     result->wait_trigger ? "for " : "",
                     result->wait_trigger ? result->wait_trigger : "",
                     result->wait_match ? " (its event as asked for)" : "", span);
    }
    commit_end(a, result->journal, result->pins, &change);
    if (a->result)
        a->result[a->end.len - 1] = '}';
}

static void on_done(void *arg, const struct run_result *result)
{
    struct attempt *a = arg;
    const struct err *e = &result->err;
    struct journal_entry intent, scope;
    a->run = NULL;
    note_code(a, result->pins);
    if (run_log_got_on(a->kept)) /* failures in a row count */
        a->failures = (struct policy_failures){0};
    if (run_log_is_lost(a->kept)) {
        lost(a);
    } else if (result->outcome != RUN_FAILED) {
        end_well(a, result);
    } else if (journal_uncertain(result->journal, &intent, &scope)) {
        a->confirm = confirm_new(a, &intent, &scope);
        keep_first(a, result);
    } else if (is_stopping(a->env) && e->kind == ERR_INTERNAL) {
        release_with(a, result->journal, result->pins);
    } else if (passes(a, e) && has_no_policy(a) && !run_log_is_guarded(a->kept)) {
        keep_first(a, result);
    } else {
        fail_with(a, e, result->journal, result->pins);
    }
}

/* ---- its beginning ---- */

static void on_added(void *arg, int64_t id)
{
    struct attempt *a = arg;
    a->id = id;
}

/* ROW: of one that is not in the store, else NULL. */
static int load(struct attempt *a, const struct ledger_run *row, struct journal **journal,
                struct pins **pins, struct err *e)
{
    if (row)
        on_row(a, row);
    else if (ledger_read(a->env->db, a->id, on_row, a, e) != 0)
        return -1;
    int64_t activation = a->end.id;
    a->end.id = a->id;
    struct run_log_spec keeping = {.run = a->id,
                                   .epoch = a->epoch,
                                   .client = a->client,
                                   .guarded = str_eq(a->origin, "activation"),
                                   .new_run = row,
                                   .on_added = on_added,
                                   .arg = a};
    a->kept = committer_begin(a->env->keeper, &keeping);
    read_policy(a);
    a->label = xasprintf("recipe %s", a->recipe);
    run_log_note(a->kept, "attempt", "%d", a->number);
    if (activation && inbox_activation(a->env->db, activation, on_activation, a, e) != 0)
        return -1;
    a->args_len = strlen(a->args);
    *journal = load_journal(a, e);
    *pins = *journal ? load_pins(a, e) : NULL;
    if (!*pins) {
        journal_free(*journal);
        return -1;
    }
    run_log_has_pins(a->kept, pins_count(*pins));
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
        if (a->kept) {
            attempt_fail(a, &e);
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
    struct run_spec spec = {.id = a->seed,
                            .client = a->client,
                            .label = a->label,
                            .app = a->app,
                            .company = a->company,
                            .entry = "run",
                            .args = a->args,
                            .args_len = a->args_len,
                            .files = by_hand,
                            .lane = LANE_ACTIVATION,
                            .wait_ms = by_hand ? HAND_WAIT_MS : WAIT_MS,
                            .patient = by_hand,
                            .keep = 1,
                            .journal = journal,
                            .pins = pins,
                            .keeper = run_log_committer(a->kept)};
    stats_add(STAT_ATTEMPTS, 1);
    stats_add(STAT_REPLAYS, (uint64_t)journal_is_replaying(journal));
    a->run = run_start(session_runs(a->env->session), &spec, on_done, a);
    free(a->args);
    a->args = NULL;
}

static struct attempt *new_attempt(struct attempt_env *env, int64_t id, int64_t epoch,
                                   runner_done *done, void *arg)
{
    struct attempt *a = xcalloc(1, sizeof *a);
    *a = (struct attempt){.env = env, .id = id, .epoch = epoch, .done = done, .arg = arg};
    a->end.err.retry_after_ms = -1;
    return a;
}

struct attempt *attempt_start(struct attempt_env *env, int64_t id, int64_t epoch,
                              runner_done *done, void *arg)
{
    struct attempt *a = new_attempt(env, id, epoch, done, arg);
    begin(a, NULL);
    return a;
}

struct attempt *attempt_start_new(struct attempt_env *env, const struct ledger_run *row,
                                  runner_done *done, void *arg)
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
    /* what it waits for later may come while it is not in the store */
    struct err e;
    if (inbox_last_activation(env->db, &first.since, &e) == 0 && first.since == 0)
        first.since = -1;
    begin(a, &first);
    return a;
}

void attempt_release(struct attempt *a)
{
    if (!a->run || run_log_is_writing(a->kept))
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
    if (a->later)
        loop_timer_free(a->later);
    run_log_free(a->kept);
    confirm_free(a->confirm);
    free(a->client);
    free(a->recipe);
    free(a->origin);
    free(a->seed);
    free(a->app);
    free(a->company);
    free(a->label);
    free(a->policy_text);
    free(a->args);
    free(a->result);
    free(a);
}
