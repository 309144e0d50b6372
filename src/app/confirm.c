#include "app/confirm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "base/when.h"
#include "core/answer.h"

enum {
    AGAIN_MS = 1000,
    CLAIMED_MS = 10 * 60 * 1000 /* before the write: clocks differ */
};

struct confirm {
    struct attempt *a;
    int seq; /* the intent's */
    int64_t sent_ms;
    char *what; /* "POST /conversations/cnv_1/messages" */
    json_t *request;
    struct journal_entry scope; /* its texts are owned; seq -1: none */
    int has_failed, can_confirm, is_idempotent;
    struct err err;
};

struct confirm *confirm_new(struct attempt *a, const struct journal_entry *intent,
                            const struct journal_entry *scope)
{
    struct confirm *c = xcalloc(1, sizeof *c);
    c->a = a;
    c->seq = intent->seq;
    c->sent_ms = intent->at_ms;
    c->what = xstrdup(intent->name);
    c->request = jsontree_read(intent->input, intent->input_len, NULL);
    c->scope = *scope;
    if (scope->seq < 0) {
        c->scope = (struct journal_entry){.seq = -1};
        return c;
    }
    c->scope.kind = xstrdup(scope->kind);
    c->scope.name = xstrdup(scope->name);
    c->scope.input = scope->input ? xmemdup0(scope->input, scope->input_len) : NULL;
    c->scope.result = NULL;
    return c;
}

void confirm_free(struct confirm *c)
{
    if (!c)
        return;
    json_decref(c->request);
    free(c->what);
    free((void *)c->scope.kind);
    free((void *)c->scope.name);
    free((void *)c->scope.input);
    free(c);
}

/* ---- ends ---- */

/* The intent is forgotten: a replay sends it again. DUE_MS 0: at once. */
static void send_again(struct confirm *c, int64_t due_ms, const char *why)
{
    struct attempt *a = c->a;
    a->looks = 0;
    struct ledger_change change = attempt_change(a, LEDGER_QUEUED);
    change.drop = c->seq;
    change.due_ms = due_ms;
    kept_note(a->kept, "resend", "%s: %s", c->what, why);
    err_set(&a->end.err, ERR_UNCERTAIN, "%s", why);
    attempt_end(a, &change);
}

static void park(struct confirm *c, const char *why)
{
    struct attempt *a = c->a;
    struct ledger_change change = attempt_change(a, LEDGER_PARKED);
    struct err *e = &a->end.err;
    err_set(
        e, ERR_UNCERTAIN,
        "nobody knows whether %s was done (%s); look for it, then: foyer runs resolve "
        "%lld --happened, or --not-happened to send it again",
        c->what, why, (long long)a->id);
    change.kind = err_kind_name(e->kind);
    change.reason = e->text;
    kept_note(a->kept, "parked", "%s", e->text);
    attempt_alert(a, "parked", e->text);
    attempt_end(a, &change);
}

/* Nobody can tell: what the settings say. Not for ever, when each repeat is as uncertain.
 */
static void settle(struct confirm *c, const char *why)
{
    struct attempt *a = c->a;
    if (!a->policy.resend || a->failures.count + 1 >= a->policy.attempts) {
        park(c, why);
        return;
    }
    a->failures.count++;
    if (!a->failures.first_ms)
        a->failures.first_ms = clock_wall_ms();
    send_again(c, 0, "nobody can tell, and uncertain = \"resend\"");
}

static void look_at(struct confirm *c, int64_t due_ms, const char *why)
{
    struct attempt *a = c->a;
    struct ledger_change change = attempt_change(a, LEDGER_CONFIRMING);
    char in[64];
    when_format_duration((double)(due_ms - clock_wall_ms()) / 1000, in);
    change.due_ms = due_ms;
    change.kind = err_kind_name(ERR_UNCERTAIN);
    change.reason = why;
    err_set(&a->end.err, ERR_UNCERTAIN, "%s", why);
    kept_note(a->kept, "confirming", "%s: foyer looks for it in %s: %s", c->what, in,
              why);
    attempt_end(a, &change);
}

static void look_again(struct confirm *c, const char *why)
{
    struct attempt *a = c->a;
    a->looks++;
    int64_t due = policy_look(&a->policy, a->looks, c->sent_ms, clock_wall_ms());
    if (due < 0)
        settle(c, why);
    else
        look_at(c, due, why);
}

/* ---- found ---- */

static void on_found(void *arg, const struct err *e)
{
    struct confirm *c = arg;
    if (e->kind == ERR_CONFLICT && !kept_is_lost(c->a->kept)) {
        look_again(c, "what was found is another run's");
        return;
    }
    attempt_ended(c->a, e);
}

static void found(struct confirm *c, const json_t *output)
{
    struct attempt *a = c->a;
    const json_t *connector = NULL;
    const char *slash = strchr(c->scope.name, '/');
    char *app = slash ? xmemdup0(c->scope.name, (size_t)(slash - c->scope.name)) : NULL;
    if (app)
        connector = workspace_connector(a->env->workspace, app, NULL);
    const char *field = json_string_value(json_at(connector, "receipt.field"));
    const char *receipt =
        field ? json_string_value(json_object_get(output, field)) : NULL;
    const char *id = json_string_value(json_object_get(output, "id")), *refs[2];
    json_t *result = json_pack("{s:O}", "result", output);
    char *text = json_dumps(result, JSON_COMPACT | JSON_SORT_KEYS);
    a->looks = 0;
    a->failures = (struct policy_failures){0};
    struct ledger_change change = attempt_change(a, LEDGER_QUEUED);
    struct journal_entry scope = c->scope;
    scope.is_done = 1;
    scope.input = NULL;
    scope.input_len = 0;
    scope.result = text;
    scope.len = strlen(text);
    change.drop = scope.seq;
    change.steps = &scope;
    change.nsteps = 1;
    change.refs = refs;
    if (receipt && *receipt)
        refs[change.nrefs++] = receipt;
    if (id && *id)
        refs[change.nrefs++] = id;
    change.receipt_app = app;
    change.receipt = receipt;
    kept_note(a->kept, "found", "%s was done%s%s", c->what, id ? ": " : "", id ? id : "");
    err_set(&a->end.err, ERR_UNCERTAIN,
            "%s got no answer, but it was looked for and was done; the run is not over",
            c->what);
    a->end.state = LEDGER_QUEUED;
    a->end.due_ms = change.due_ms;
    kept_commit(a->kept, NULL, NULL, &change, on_found, c);
    free(text);
    free(app);
    json_decref(result);
}

/* ---- looking ---- */

/* A look that could not be taken is none. */
static void could_not_look(struct confirm *c, const struct err *e)
{
    struct attempt *a = c->a;
    struct err why;
    int64_t due;
    if (e->kind == ERR_AUTH) {
        attempt_fail(a, e);
    } else if (!err_kind_is_retryable(e->kind) && e->kind != ERR_STORE &&
               e->kind != ERR_SETTINGS) {
        look_again(c, e->text);
    } else if (policy_retry(&a->policy, e, clock_wall_ms(), attempt_random(a),
                            &a->failures, &due, &why)) {
        look_at(c, due, e->text);
    } else {
        park(c, why.text);
    }
}

static void on_looked(void *arg, const struct run_result *result)
{
    struct confirm *c = arg;
    c->a->run = NULL;
    if (result->outcome != RUN_DONE) {
        could_not_look(c, &result->err);
        return;
    }
    c->a->failures = (struct policy_failures){0};
    json_t *tree = jsontree_read(result->json, result->len, NULL);
    const json_t *said = json_object_get(tree, "result");
    const json_t *output = json_object_get(said, "found");
    const char *why = json_string_value(json_object_get(said, "unknown"));
    if (json_is_object(output))
        found(c, output);
    else if (json_is_true(json_object_get(said, "absent")))
        send_again(c, 0, "it surely was not done");
    else
        look_again(c, why ? why : "it was not found, which proves nothing");
    json_decref(tree);
}

static int add_claimed(void *arg, const char *ref)
{
    json_object_set_new(arg, ref, json_true());
    return 0;
}

static void look(struct confirm *c)
{
    struct attempt *a = c->a;
    struct err e;
    json_t *claimed = json_object(), *intent = json_object(), *args = json_object();
    if (ledger_refs(a->env->db, a->client, c->sent_ms - CLAIMED_MS, add_claimed, claimed,
                    &e) != 0) {
        json_decref(claimed);
        json_decref(intent);
        json_decref(args);
        could_not_look(c, &e);
        return;
    }
    json_object_set_new(intent, "at", json_real((double)c->sent_ms / 1000));
    json_object_set(intent, "request", c->request);
    json_object_set_new(intent, "claimed", claimed);
    json_object_set_new(args, "action", json_string(c->scope.name));
    json_object_set_new(args, "input",
                        jsontree_read(c->scope.input, c->scope.input_len, NULL));
    json_object_set_new(args, "intent", intent);
    kept_note(a->kept, "look", "%d: for %s", a->looks + 1, c->what);
    attempt_tool(a, "confirm", args, on_looked, c);
    json_decref(args);
}

/* ---- what kind of write it was ---- */

static int is_in_action(const struct confirm *c)
{
    return c->scope.seq >= 0 && journal_is_action(c->scope.name);
}

static void repeat(struct confirm *c)
{
    struct attempt *a = c->a;
    int64_t due = clock_wall_ms() + AGAIN_MS;
    struct err why;
    if (c->has_failed && !policy_retry(&a->policy, &c->err, clock_wall_ms(),
                                       attempt_random(a), &a->failures, &due, &why)) {
        attempt_fail(a, &why);
        return;
    }
    send_again(c, due, "doing it twice changes nothing");
}

static void go_on(struct confirm *c)
{
    struct attempt *a = c->a;
    int64_t now = clock_wall_ms();
    if (c->is_idempotent) {
        repeat(c);
        return;
    }
    if (!c->can_confirm) {
        settle(c, !is_in_action(c)
                      ? "a request of the recipe itself, which nothing can look for"
                      : "its action has no confirm");
        return;
    }
    /* who retries a parked run by hand wants it looked for once more */
    if (a->looks >= a->policy.nlooks)
        a->looks = a->policy.nlooks - 1;
    int64_t due = policy_look(&a->policy, a->looks, c->sent_ms, now);
    if (due > now)
        look_at(c, due, c->has_failed ? c->err.text : "foyer ended before its answer");
    else
        look(c);
}

static void on_policy(void *arg, const struct run_result *result)
{
    struct confirm *c = arg;
    struct attempt *a = c->a;
    a->run = NULL;
    if (result->outcome != RUN_DONE) { /* whether it may be sent again is not known */
        could_not_look(c, &result->err);
        return;
    }
    json_t *tree = jsontree_read(result->json, result->len, NULL);
    const char *effect = json_string_value(json_object_get(tree, "effect"));
    c->is_idempotent = str_eq(effect, "idempotent");
    c->can_confirm = json_is_true(json_object_get(tree, "confirm"));
    if (!a->policy_text || str_eq(a->policy_text, "{}"))
        policy_read(&a->policy, json_object_get(tree, "retry"));
    json_decref(tree);
    go_on(c);
}

void confirm_after(struct confirm *c, const struct err *failed)
{
    struct attempt *a = c->a;
    if (failed) {
        c->has_failed = 1;
        c->err = *failed;
    }
    json_t *args = json_pack("{s:s}", "recipe", a->recipe);
    if (is_in_action(c))
        json_object_set_new(args, "action", json_string(c->scope.name));
    attempt_tool(a, "policy", args, on_policy, c);
    json_decref(args);
}
