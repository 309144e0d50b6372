#include "work/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/confirm.h"
#include "work/mode.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "base/when.h"
#include "core/settings.h"
#include "store/inbox.h"
#include "store/store.h"
#include "base/stats.h"
#include "vm/pins.h"

enum {
    WAIT_MS = 60 * 1000,         /* in line for the company's budget */
    HAND_WAIT_MS = 5 * 60 * 1000 /* the same by hand: `foyer cron` runs this often */
};

/* ---- what an attempt begins with ---- */

static void take_row(struct attempt *a, const struct ledger_run *row)
{
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
}

/* A run that was dry stays dry to its end: what it made does not exist. */
static void read_mode(struct attempt *a, int was_dry)
{
    a->is_dry =
        was_dry || work_mode(a->env->workspace, a->client, &a->dry_why) != MODE_LIVE;
}

static void read_policy(struct attempt *a)
{
    struct workspace *w = a->env->workspace;
    const json_t *client = workspace_client(w, a->client, NULL);
    const json_t *settings = workspace_settings_for(w, a->client, NULL);
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

/* The attempt's steps are stored: decides about the run. */
static void on_stored(void *arg, const struct err *e)
{
    struct attempt *a = arg;
    if (e->kind != ERR_NONE) {
        attempt_ended(a, e);
        return;
    }
    if (attempt_is_stopping(a)) {
        attempt_put_back(a, NULL, NULL);
        return;
    }
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
    pins_free(a->pins);
    a->pins = pins_copy(result->pins);
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

/* Notes what the run would have sent, and shows that as its result. */
static void take_dry(struct attempt *a, const struct run_result *result)
{
    size_t i;
    json_t *write;
    if (!result->dry_writes)
        return;
    json_array_foreach((json_t *)result->dry_writes, i, write)
    {
        run_log_note(a->log, "dry", "%s %s is not sent: %s", json_text(write, "method"),
                     json_text(write, "to"),
                     a->dry_why ? a->dry_why : "the run was dry when it began");
    }
    json_t *tree = result->outcome == RUN_DONE
                       ? jsontree_read(result->json, result->len, NULL)
                       : NULL;
    json_t *shown = json_pack(
        "{s:o}", "result", session_dry_result(result, json_object_get(tree, "result")));
    free(a->result);
    a->end.json = a->result = json_dumps(shown, JSON_COMPACT | JSON_ENCODE_ANY);
    a->end.len = a->result ? strlen(a->result) : 0;
    json_decref(shown);
    json_decref(tree);
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
        take_dry(a, result);
        run_log_note(a->log, "done", "in attempt %d", a->number);
        attempt_sign(a, LEDGER_DONE, &result->err);
        break;
    case RUN_SKIPPED:
    case RUN_PARKED:
        a->end.err = result->err;
        change.kind =
            result->outcome == RUN_PARKED ? err_kind_name(result->err.kind) : NULL;
        change.reason = result->err.text;
        run_log_note(a->log, state, "%s", result->err.text);
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
    if (result->outcome != RUN_DONE)
        take_dry(a, result);
    if (run_log_facts(a->log)->got_on) /* only failures in a row count */
        a->failures = (struct policy_failures){0};
    if (run_log_facts(a->log)->is_lost) {
        attempt_lost(a);
    } else if (result->outcome != RUN_FAILED) {
        end_well(a, result);
    } else if (journal_uncertain(result->journal, &intent, &scope)) {
        a->confirm = confirm_new(a, &intent, &scope);
        store_first(a, result);
    } else if (attempt_is_stopping(a) && result->is_interrupted) {
        attempt_put_back(a, result->journal, result->pins);
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
static void open_log(struct attempt *a, const struct ledger_run *row)
{
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
}

/* Runs the script, or finds out first what became of a write. Takes over both. */
static void begin(struct attempt *a, struct journal *journal, struct pins *pins)
{
    struct journal_entry intent, scope;
    run_log_has_pins(a->log, pins_count(pins));
    if (journal_uncertain(journal, &intent, &scope)) {
        a->confirm = confirm_new(a, &intent, &scope);
        a->pins = pins;
        journal_free(journal);
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
                            .dry = a->is_dry,
                            .dry_parks = a->has_sent ? a->dry_why : NULL,
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

/* ---- a run that the store has ---- */

struct attempt_load {  /* a job of the writer, which owns it until DONE */
    struct attempt *a; /* NULL: attempt_free was called */
    struct stored_run *stored;
};

/* On the writer's thread. */
static int read_files(struct db *db, void *arg, struct err *e)
{
    struct attempt_load *l = arg;
    return stored_run_read_files(db, l->stored, e);
}

static void begin_stored(struct attempt *a);

static void on_files(void *arg, const struct err *e)
{
    struct attempt_load *l = arg;
    struct attempt *a = l->a;
    if (!a) {
        stored_run_free(l->stored);
        free(l);
        return;
    }
    a->stored = l->stored;
    a->loading = NULL;
    free(l);
    if (attempt_is_stopping(a))
        attempt_put_back(a, NULL, NULL);
    else if (e->kind != ERR_NONE)
        attempt_fail(a, e, NULL, NULL);
    else
        begin_stored(a);
}

static void load_files(struct attempt *a)
{
    struct attempt_load *l = xcalloc(1, sizeof *l);
    l->a = a;
    l->stored = a->stored;
    a->stored = NULL;
    a->loading = l;
    writer_read(a->env->writer, read_files, on_files, l);
}

static void begin_stored(struct attempt *a)
{
    struct stored_run *stored = a->stored;
    struct err e;
    struct pins *pins = stored_run_pins(stored, workspace_overlay(a->env->workspace), &e);
    if (!pins && !stored->has_all_code) {
        load_files(a);
        return;
    }
    struct journal *journal = stored->journal;
    stored->journal = NULL;
    stored_run_free(stored);
    a->stored = NULL;
    if (pins) {
        begin(a, journal, pins);
        return;
    }
    journal_free(journal);
    attempt_fail(a, &e, NULL, NULL);
}

static struct attempt *new_attempt(struct attempt_env *env, int64_t id, int64_t epoch,
                                   attempt_done *done, void *arg)
{
    struct attempt *a = xcalloc(1, sizeof *a);
    *a = (struct attempt){.env = env, .id = id, .epoch = epoch, .done = done, .arg = arg};
    a->end.err.retry_after_ms = -1;
    return a;
}

struct attempt *attempt_start(struct attempt_env *env, struct stored_run *run,
                              attempt_done *done, void *arg)
{
    struct attempt *a = new_attempt(env, run->row.id, run->row.epoch, done, arg);
    a->stored = run;
    take_row(a, &run->row);
    read_mode(a, run->row.dry);
    a->has_sent = run->has_sent;
    open_log(a, NULL);
    if (run->has_written)
        run_log_has_written(a->log);
    if (run->reacts_to)
        run_log_reacts(a->log, run->reacts_to);
    /* a replay sends to the company that the recorded request was sent to */
    for (size_t i = 0; i < run->nplaces; i++)
        attempt_follow(a, run->places[i].app, run->places[i].company);
    if (run->err.kind != ERR_NONE)
        attempt_fail(a, &run->err, NULL, NULL);
    else
        begin_stored(a);
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
    first.release = workspace_release(env->workspace, row->client);
    /* an activation that it will wait for may come before the run is in the store */
    struct store *store = workspace_store(env->workspace, NULL);
    if (store && inbox_last_activation(store_db(store), &first.since, NULL) == 0 &&
        first.since == 0)
        first.since = -1;
    take_row(a, &first);
    read_mode(a, 0);
    open_log(a, &first);
    begin(a, journal_new(workspace_limits(env->workspace), 1),
          pins_new(workspace_overlay(env->workspace)));
    return a;
}

void attempt_release(struct attempt *a)
{
    if (!a->run || run_log_is_writing(a->log))
        return;
    run_kill(a->run);
    a->run = NULL;
    attempt_put_back(a, NULL, NULL);
}

void attempt_free(struct attempt *a)
{
    if (!a)
        return;
    if (a->run)
        run_kill(a->run);
    if (a->loading)
        a->loading->a = NULL;
    stored_run_free(a->stored);
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
    pins_free(a->pins);
    free(a->args);
    free(a->result);
    free(a->value);
    free(a);
}
