#include "work/attempt_end.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/str.h"
#include "base/when.h"
#include "core/words.h"
#include "vm/pins.h"
#include "workspace/workspace.h"

enum {
    WAIT_MS = 60 * 1000, /* a tool's request, for the company's budget */
    HELD_MS = 60 * 1000  /* until a held run's connection is checked again */
};

/* ---- ends ---- */

enum ledger_state attempt_state(enum run_outcome outcome)
{
    static const enum ledger_state states[] = {
        [RUN_DONE] = LEDGER_DONE,       [RUN_SKIPPED] = LEDGER_SKIPPED,
        [RUN_FAILED] = LEDGER_DEAD,     [RUN_SLEEPING] = LEDGER_SLEEPING,
        [RUN_WAITING] = LEDGER_WAITING, [RUN_PARKED] = LEDGER_PARKED};
    return states[outcome];
}

struct ledger_change attempt_change(const struct attempt *a, enum ledger_state state)
{
    return (struct ledger_change){.drop = -1,
                                  .state = (int)state,
                                  /* 0: due at once by any clock */
                                  .due_ms = state == LEDGER_QUEUED ? 0 : clock_wall_ms(),
                                  .failures = a->failures.count,
                                  .first_failure_ms = a->failures.first_ms,
                                  .looks = a->looks};
}

static void finish(struct attempt *a)
{
    attempt_done *done = a->done;
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
        if (a->id && a->log &&
            run_log_facts(a->log)->is_lost) /* this process stood still */
            log_line(LOG_INFO, "run %lld: another process has it now", (long long)a->id);
        else if (a->id)
            log_line(LOG_WARN, "run %lld: %s", (long long)a->id, e->text);
    }
    finish(a);
}

static void on_ended(void *arg, const struct err *e)
{
    attempt_ended(arg, e);
}

void attempt_end(struct attempt *a, struct journal *journal, const struct pins *pins,
                 const struct ledger_change *change)
{
    a->end.state = (enum ledger_state)change->state;
    a->end.due_ms = change->due_ms;
    run_log_commit(a->log, journal, pins, change, on_ended, a);
}

void attempt_lost(struct attempt *a)
{
    err_set(&a->end.err, ERR_CONFLICT,
            "cannot go on with run %lld: another process has it now", (long long)a->id);
    a->end.state = LEDGER_RUNNING;
    finish(a);
}

/* Ends the attempt, which wrote nothing, as though it had not been: QUEUED, without an
 * id. */
static void undo(struct attempt *a)
{
    err_set(&a->end.err, ERR_UNAVAILABLE, "interrupted before it wrote anything");
    a->end.state = LEDGER_QUEUED;
    finish(a);
}

void attempt_sign(struct attempt *a, enum ledger_state state, const struct err *e)
{
    struct alert *alert = a->env->alert;
    if (!alert)
        return;
    if (state == LEDGER_DONE) {
        alert_good_recipe(alert, a->client, a->recipe);
        return;
    }
    char *text = xasprintf("run %lld %s: %s", (long long)a->id,
                           words_of(ledger_state_name(state)), e->text);
    if (state == LEDGER_HELD)
        alert_bad(alert, INCIDENT_RECONNECT, a->client, a->client, text);
    else if (state == LEDGER_DEAD)
        alert_bad_recipe(
            alert, err_kind_is_retryable(e->kind) ? INCIDENT_GIVEN_UP : INCIDENT_RECIPE,
            a->client, a->recipe, text);
    free(text);
}

/* After a signal nothing new is begun; a script is stopped at its next write. */
int attempt_is_stopping(const struct attempt *a)
{
    return a->env->stopping || session_interrupted(a->env->session);
}

void attempt_put_back(struct attempt *a, struct journal *journal, const struct pins *pins)
{
    /* a person who interrupts a run before it has written anything does not want it */
    int gives_up = a->env->by_hand && !a->is_line && !run_log_facts(a->log)->did_begin &&
                   !a->confirm;
    struct ledger_change change =
        attempt_change(a, gives_up ? LEDGER_CANCELLED : LEDGER_QUEUED);
    if (a->is_line && !a->id && !run_log_facts(a->log)->did_begin) {
        undo(a); /* the next command begins the line */
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

/* ---- failures ---- */

/* Settings can be repaired while the run waits. By hand, the person at the terminal reads
 * the error and tries again. */
int attempt_may_pass(const struct attempt *a, const struct err *e)
{
    if (err_kind_is_retryable(e->kind) || e->kind == ERR_STORE)
        return 1;
    return e->kind == ERR_SETTINGS && !a->env->by_hand;
}

static void note_retry(struct attempt *a, int64_t due_ms, const struct err *e)
{
    char in[64];
    when_format_duration((double)(due_ms - clock_wall_ms()) / 1000, in);
    run_log_note(a->log, "retry", "in %s: %s", in, e->text);
}

static void decide(struct attempt *a, const struct err *e, struct ledger_change *change,
                   struct err *why)
{
    int64_t due;
    *why = *e;
    if (run_log_facts(a->log)->is_guarded ||
        (a->has_diverged && e->kind == ERR_CONFLICT)) {
        *change = attempt_change(a, LEDGER_PARKED);
    } else if (e->kind == ERR_AUTH &&
               (!a->env->by_hand || a->confirm || run_log_facts(a->log)->did_write)) {
        *change = attempt_change(a, LEDGER_HELD);
        change->due_ms += HELD_MS;
    } else if (attempt_may_pass(a, e) &&
               policy_retry(&a->policy, e, clock_wall_ms(), crypto_random_number(),
                            &a->failures, &due, why)) {
        *change = attempt_change(a, LEDGER_QUEUED);
        change->due_ms = due;
        note_retry(a, due, e);
    } else {
        *change = attempt_change(a, LEDGER_DEAD);
    }
    change->kind = err_kind_name(why->kind);
    change->reason = why->text;
}

void attempt_fail(struct attempt *a, const struct err *e, struct journal *journal,
                  const struct pins *pins)
{
    struct ledger_change change;
    struct err why;
    decide(a, e, &change, &why);
    a->end.err = why;
    const char *state = ledger_state_name((enum ledger_state)change.state);
    int is_news =
        change.state != LEDGER_QUEUED && !(change.state == LEDGER_HELD && a->was_held);
    if (is_news) {
        run_log_note(a->log, state, "%s", why.text);
        attempt_sign(a, (enum ledger_state)change.state, &why);
    }
    attempt_end(a, journal, pins, &change);
}

/* ---- the run's code ---- */

void attempt_tool(struct attempt *a, const char *entry, const json_t *args,
                  run_done *done, void *arg)
{
    char *text = json_dumps(args, JSON_COMPACT);
    struct run_spec spec = {.id = a->seed,
                            .client = a->client,
                            .label = a->label,
                            .entry = entry,
                            .args = text,
                            .args_len = strlen(text),
                            .app = a->app,
                            .company = a->company,
                            .lane = WINDOW_LANE_ACTIVATION,
                            .wait_ms = WAIT_MS,
                            .pins = a->pins
                                        ? pins_copy(a->pins)
                                        : pins_new(workspace_overlay(a->env->workspace))};
    a->run = run_start(session_runs(a->env->session), &spec, done, arg);
    free(text);
}

/* ---- a client that was connected to another company ---- */

const char *attempt_moved_to(const struct attempt *a, const char *app,
                             const char *company)
{
    struct connections *all = session_connections(a->env->session);
    const struct connection *now =
        company ? connections_get(all, a->client, app, NULL) : NULL;
    return now && !str_eq(now->company, company) ? now->company : NULL;
}

void attempt_follow(struct attempt *a, const char *app, const char *company)
{
    struct connections *all = session_connections(a->env->session);
    if (!attempt_moved_to(a, app, company) ||
        !connections_company(all, app, company, NULL))
        return;
    free(a->app);
    free(a->company);
    a->app = xstrdup(app);
    a->company = xstrdup(company);
}
