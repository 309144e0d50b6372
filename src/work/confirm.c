#include "work/confirm.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "base/when.h"
#include "core/intent.h"
#include "core/limits.h"
#include "core/made.h"
#include "core/packed.h"

enum {
    AGAIN_MS = 1000,
    OTHER_MS = 2000, /* until the next search, while another run's write is open */
    CLAIMED_MS = 60 * 60 * 1000 /* refs from so long before the write: clocks differ */
};

/* What other runs have sent: a job of the writer, which owns it until DONE. */
struct others {
    struct confirm *confirm; /* NULL: confirm_free was called */
    int64_t run, since_ms;
    struct intent sent;
    char *app, *company; /* as of confirm, owned */
    json_t *claimed, *list;
    int under_way;
};

struct confirm {
    struct attempt *a;
    struct journal_entry intent; /* its texts are owned */
    struct intent sent;          /* the intent, parsed */
    struct journal_entry scope;  /* its texts are owned; seq -1: none */
    char *app, *company;         /* it was sent to; NULL: to no connection */
    int can_confirm, is_idempotent;
    struct others *reading; /* a job of the writer; NULL: none */
    char *silent; /* why the action does not answer for this write; NULL: it does */
    int64_t looked_ms;
    int looks;      /* before the result that was found was submitted */
    struct err err; /* of the attempt that sent it; ERR_NONE: an earlier attempt did */
};

static struct journal_entry copy_entry(const struct journal_entry *from)
{
    struct journal_entry copy = *from;
    copy.kind = xstrdup(from->kind);
    copy.name = xstrdup(from->name);
    copy.input = from->input ? xmemdup0(from->input, from->input_len) : NULL;
    copy.result = NULL;
    return copy;
}

static void free_entry(struct journal_entry *entry)
{
    free((void *)entry->kind);
    free((void *)entry->name);
    free((void *)entry->input);
}

static int is_in_action(const struct confirm *c)
{
    return c->scope.seq >= 0 && journal_is_action(c->scope.name);
}

/* For an intent of an older foyer, which did not record the connection: takes the app of
 * the action around it and the company that the client is connected to. */
static void guess_connection(struct confirm *c)
{
    const char *slash = is_in_action(c) ? strchr(c->scope.name, '/') : NULL;
    const struct connection *now;
    if (!slash || !c->sent.path || c->sent.path[0] != '/')
        return;
    c->app = xmemdup0(c->scope.name, (size_t)(slash - c->scope.name));
    now = connections_get(session_connections(c->a->env->session), c->a->client, c->app,
                          NULL);
    c->company = now ? xstrdup(now->company) : NULL;
}

struct confirm *confirm_new(struct attempt *a, const struct journal_entry *intent,
                            const struct journal_entry *scope)
{
    struct confirm *c = xcalloc(1, sizeof *c);
    c->a = a;
    c->intent = copy_entry(intent);
    intent_read(&c->sent, c->intent.input, c->intent.input_len);
    c->scope = (struct journal_entry){.seq = -1};
    if (scope->seq >= 0)
        c->scope = copy_entry(scope);
    c->app = xstrdup_null(c->sent.app);
    c->company = xstrdup_null(c->sent.company);
    if (!c->app)
        guess_connection(c);
    c->sent.app = c->app;
    c->sent.company = c->company;
    return c;
}

void confirm_free(struct confirm *c)
{
    if (!c)
        return;
    if (c->reading)
        c->reading->confirm = NULL;
    intent_fini(&c->sent);
    free_entry(&c->intent);
    free_entry(&c->scope);
    free(c->app);
    free(c->company);
    free(c->silent);
    free(c);
}

/* ---- ends ---- */

static void park(struct confirm *c, const char *why)
{
    struct attempt *a = c->a;
    struct ledger_change change = attempt_change(a, LEDGER_PARKED);
    struct err *e = &a->end.err;
    err_set(e, ERR_UNCERTAIN,
            "foyer cannot tell whether %s was done (%s); look for it, then: foyer runs "
            "resolve %lld --sent, or --not-sent to send it again",
            c->intent.name, why, (long long)a->id);
    change.kind = err_kind_name(e->kind);
    change.reason = e->text;
    run_log_note(a->log, "parked", "%s", e->text);
    attempt_end(a, NULL, NULL, &change);
}

/* Drops the intent, or marks it, so that the replay sends it again, but never to another
 * company than the first time. DUE_MS 0: at once. */
static void send_again(struct confirm *c, int64_t due_ms, const char *why)
{
    struct attempt *a = c->a;
    const char *company = attempt_moved_to(a, c->app, c->company);
    if (company) {
        struct err e;
        err_set(&e, ERR_UNCERTAIN,
                "%s, but it was sent to %s and %s is connected to %s now", why,
                c->company, a->client, company);
        park(c, e.text);
        return;
    }
    a->looks = 0;
    struct ledger_change change = attempt_change(a, LEDGER_QUEUED);
    struct journal_entry again = c->intent;
    again.at_ms = 0;
    again.result = JOURNAL_AGAIN;
    again.len = strlen(JOURNAL_AGAIN);
    change.drop = c->intent.seq;
    if (str_eq(c->sent.method, "DELETE")) { /* a 404 may mean that it was done */
        change.steps = &again;
        change.nsteps = 1;
    }
    change.due_ms = due_ms;
    run_log_note(a->log, "resend", "%s: %s", c->intent.name, why);
    err_set(&a->end.err, ERR_UNCERTAIN, "%s", why);
    attempt_end(a, NULL, NULL, &change);
}

/* Counts a repeat. Returns 0 when the policy's attempts are used up: the answer to each
 * repeat may be lost as well. */
static int may_repeat(struct attempt *a)
{
    if (a->failures.count + 1 >= a->policy.attempts)
        return 0;
    a->failures.count++;
    if (!a->failures.first_ms)
        a->failures.first_ms = clock_wall_ms();
    return 1;
}

/* Applies the `uncertain` setting: no search can decide. */
static void settle(struct confirm *c, const char *why)
{
    if (c->a->policy.resend && may_repeat(c->a))
        send_again(c, 0, "foyer cannot tell, and uncertain = \"resend\"");
    else
        park(c, why);
}

static void absent(struct confirm *c)
{
    if (may_repeat(c->a))
        send_again(c, 0, "it surely was not done");
    else
        park(c, "each of its requests was lost, and the last one surely was not done");
}

static void search_at(struct confirm *c, int64_t due_ms, const char *why)
{
    struct attempt *a = c->a;
    struct ledger_change change = attempt_change(a, LEDGER_CONFIRMING);
    char in[64];
    when_format_duration((double)(due_ms - clock_wall_ms()) / 1000, in);
    change.due_ms = due_ms;
    change.kind = err_kind_name(ERR_UNCERTAIN);
    change.reason = why;
    err_set(&a->end.err, ERR_UNCERTAIN, "%s", why);
    run_log_note(a->log, "confirming", "%s: foyer looks for it in %s: %s", c->intent.name,
                 in, why);
    attempt_end(a, NULL, NULL, &change);
}

static void search_again(struct confirm *c, const char *why)
{
    struct attempt *a = c->a;
    a->looks++;
    int64_t now = clock_wall_ms();
    int64_t due = policy_look(&a->policy, a->looks, c->intent.at_ms, now);
    if (due < 0)
        settle(c, why);
    else
        search_at(c, due > now ? due : now + OTHER_MS, why);
}

/* ---- found ---- */

static void on_found(void *arg, const struct err *e)
{
    struct confirm *c = arg;
    if (e->kind == ERR_UNCERTAIN) {
        c->a->looks = c->looks;
        search_again(c, "what was found may be another run's");
        return;
    }
    attempt_ended(c->a, e);
}

/* The lost answer, as the outcome of the intent. */
static void pack(const json_t *answer, struct buf *out)
{
    const json_t *status = json_object_get(answer, "status");
    struct err full;
    buf_init(out, limits_default.step_bytes);
    if (packed_found(out, (int)json_integer_value(status),
                     json_object_get(answer, "headers"),
                     json_object_get(answer, "body")) == 0)
        return;
    err_set(&full, ERR_LIMIT,
            "cannot keep the answer that was found: it is larger than %zu bytes",
            limits_default.step_bytes);
    packed_error(out, &full);
}

static void found(struct confirm *c, const json_t *answer, const json_t *ids)
{
    struct attempt *a = c->a;
    struct made made;
    struct buf packed;
    const json_t *connector =
        c->app ? workspace_connector(a->env->workspace, c->app, NULL) : NULL;
    made_read(&made, connector, json_object_get(answer, "body"), ids);
    c->looks = a->looks;
    a->looks = 0;
    a->failures = (struct policy_failures){0};
    struct ledger_change change = attempt_change(a, LEDGER_QUEUED);
    struct journal_entry outcome = c->intent;
    pack(answer, &packed);
    outcome.is_done = 1;
    outcome.result = packed.data;
    outcome.len = packed.len;
    change.drop = outcome.seq;
    change.steps = &outcome;
    change.nsteps = 1;
    if (c->company && str_eq(c->sent.method, "POST")) { /* it made an object */
        change.app = c->app;
        change.company = c->company;
        change.refs = made.ids;
        change.nrefs = made.n;
        change.receipt = made.receipt;
        change.sought = &c->sent;
        change.looked_ms = c->looked_ms;
    }
    run_log_note(a->log, "found", "%s was done%s%s", c->intent.name, made.n ? ": " : "",
                 made.n ? made.ids[made.n - 1] : "");
    err_set(&a->end.err, ERR_UNCERTAIN,
            "%s got no answer, but it was looked for and was done; the run is not over",
            c->intent.name);
    a->end.state = LEDGER_QUEUED;
    a->end.due_ms = change.due_ms;
    run_log_commit(a->log, NULL, NULL, &change, on_found, c);
    buf_free(&packed);
}

/* ---- searching ---- */

/* A search that failed does not count as one. */
static void search_failed(struct confirm *c, const struct err *e)
{
    struct attempt *a = c->a;
    struct err why;
    int64_t due;
    if (e->kind == ERR_AUTH) {
        attempt_fail(a, e, NULL, NULL);
    } else if (!err_kind_is_retryable(e->kind) && e->kind != ERR_STORE &&
               e->kind != ERR_SETTINGS) {
        search_again(c, e->text);
    } else if (policy_retry(&a->policy, e, clock_wall_ms(), crypto_random_number(),
                            &a->failures, &due, &why)) {
        search_at(c, due, e->text);
    } else {
        park(c, why.text);
    }
}

static void on_searched(void *arg, const struct run_result *result)
{
    struct confirm *c = arg;
    c->a->run = NULL;
    if (result->outcome != RUN_DONE) {
        search_failed(c, &result->err);
        return;
    }
    json_t *tree = jsontree_read(result->json, result->len, NULL);
    const json_t *said = json_object_get(tree, "result");
    const json_t *answer = json_object_get(said, "found");
    const char *why = json_text(said, "unknown");
    if (json_is_object(answer))
        found(c, answer, json_object_get(said, "ids"));
    else if (json_is_true(json_object_get(said, "absent")))
        absent(c);
    else
        search_again(c, why ? why : "it was not found, which proves nothing");
    json_decref(tree);
}

static int add_claimed(void *arg, const char *ref)
{
    json_object_set_new(arg, ref, json_true());
    return 0;
}

static int add_other(void *arg, const struct ledger_write *write)
{
    struct others *others = arg;
    others->under_way |= write->is_under_way;
    json_array_append_new(others->list,
                          json_pack("{s:f, s:o}", "at", (double)write->at_ms / 1000,
                                    "request", intent_request(write->is)));
    return 0;
}

/* On the writer's thread. */
static int read_others(struct db *db, void *arg, struct err *e)
{
    struct others *o = arg;
    if (!o->company)
        return 0;
    return ledger_refs(db, o->app, o->company, o->since_ms, add_claimed, o->claimed, e) !=
                       0 ||
                   ledger_others(db, o->run, &o->sent, add_other, o, e) != 0
               ? -1
               : 0;
}

/* Starts the action's `confirm`. */
static void look(struct confirm *c, const struct others *others)
{
    struct attempt *a = c->a;
    json_t *intent = json_pack(
        "{s:f, s:o, s:O, s:O}", "at", (double)c->intent.at_ms / 1000, "request",
        intent_request(&c->sent), "claimed", others->claimed, "others", others->list);
    json_t *args = json_object();
    json_object_set_new(args, "action", json_string(c->scope.name));
    json_object_set_new(args, "input",
                        jsontree_read(c->scope.input, c->scope.input_len, NULL));
    json_object_set_new(args, "intent", intent);
    run_log_note(a->log, "look", "%d: for %s", a->looks + 1, c->intent.name);
    attempt_tool(a, "confirm", args, on_searched, c);
    json_decref(args);
}

static void on_others(void *arg, const struct err *e)
{
    struct others *o = arg;
    struct confirm *c = o->confirm;
    if (c) {
        c->reading = NULL;
        if (attempt_is_stopping(c->a))
            attempt_put_back(c->a, NULL, NULL);
        else if (e->kind != ERR_NONE)
            search_failed(c, e);
        else if (o->under_way) /* the search may find the object that the other run makes
                                */
            search_at(c, c->looked_ms + OTHER_MS, "another run sends to the same place");
        else
            look(c, o);
    }
    intent_fini(&o->sent);
    free(o->app);
    free(o->company);
    json_decref(o->claimed);
    json_decref(o->list);
    free(o);
}

static void search(struct confirm *c)
{
    struct others *o = xcalloc(1, sizeof *o);
    c->looked_ms = clock_wall_ms();
    *o = (struct others){.confirm = c,
                         .run = c->a->id,
                         .since_ms = c->intent.at_ms - CLAIMED_MS,
                         .claimed = json_object(),
                         .list = json_array()};
    intent_read(&o->sent, c->intent.input, c->intent.input_len);
    o->sent.app = o->app = xstrdup_null(c->app);
    o->sent.company = o->company = xstrdup_null(c->company);
    c->reading = o;
    writer_read(c->a->env->writer, read_others, on_others, o);
}

/* ---- the kind of write ---- */

static void repeat(struct confirm *c)
{
    struct attempt *a = c->a;
    int64_t due = clock_wall_ms() + AGAIN_MS;
    struct err why;
    if (c->err.kind != ERR_NONE &&
        !policy_retry(&a->policy, &c->err, clock_wall_ms(), crypto_random_number(),
                      &a->failures, &due, &why)) {
        attempt_fail(a, &why, NULL, NULL);
        return;
    }
    send_again(c, due, "doing it twice changes nothing");
}

/* Returns 0, and parks the run, when the client was connected to another company since
 * and the old connection is gone. */
static int can_search(struct confirm *c)
{
    struct err e;
    if (!attempt_moved_to(c->a, c->app, c->company) || c->a->company)
        return 1;
    err_set(&e, ERR_UNCERTAIN,
            "it was sent to %s, to which no client is connected any more", c->company);
    park(c, e.text);
    return 0;
}

static void go_on(struct confirm *c)
{
    struct attempt *a = c->a;
    int64_t now = clock_wall_ms();
    if (!is_in_action(c)) {
        settle(c, "a request of the recipe itself, which nothing can look for");
        return;
    }
    if (c->silent) {
        settle(c, c->silent);
        return;
    }
    if (c->is_idempotent) {
        repeat(c);
        return;
    }
    if (!c->can_confirm) {
        settle(c, "its action has no confirm");
        return;
    }
    if (!can_search(c))
        return;
    /* a parked run that a person retries gets one more search */
    if (a->looks >= a->policy.nlooks)
        a->looks = a->policy.nlooks - 1;
    int64_t due = policy_look(&a->policy, a->looks, c->intent.at_ms, now);
    if (due > now)
        search_at(c, due,
                  c->err.kind != ERR_NONE ? c->err.text
                                          : "foyer ended before its answer");
    else
        search(c);
}

static void on_policy(void *arg, const struct run_result *result)
{
    struct confirm *c = arg;
    struct attempt *a = c->a;
    a->run = NULL;
    if (result->outcome != RUN_DONE) { /* the kind of write is not known */
        search_failed(c, &result->err);
        return;
    }
    json_t *tree = jsontree_read(result->json, result->len, NULL);
    const char *effect = json_text(tree, "effect");
    c->is_idempotent = str_eq(effect, "idempotent");
    c->can_confirm = json_is_true(json_object_get(tree, "confirm"));
    c->silent = xstrdup_null(json_text(tree, "silent"));
    if (!a->policy_text || str_eq(a->policy_text, "{}"))
        policy_read(&a->policy, json_object_get(tree, "retry"));
    json_decref(tree);
    go_on(c);
}

void confirm_after(struct confirm *c, const struct err *failed)
{
    struct attempt *a = c->a;
    if (failed)
        c->err = *failed;
    json_t *args = json_pack("{s:s}", "recipe", a->recipe);
    if (is_in_action(c)) {
        json_object_set_new(args, "action", json_string(c->scope.name));
        json_object_set_new(args, "request", intent_request(&c->sent));
        json_object_set_new(args, "app", c->app ? json_string(c->app) : NULL);
    }
    if (c->company)
        attempt_follow(a, c->app, c->company);
    attempt_tool(a, "policy", args, on_policy, c);
    json_decref(args);
}
