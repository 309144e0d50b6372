#include "ops/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "core/limits.h"
#include "store/store.h"
#include "work/stored_run.h"

enum { WAIT_MS = 60 * 1000 }; /* a request waits so long for the company's budget */

struct rehearsal {
    struct session *session;
    struct stored_run *stored;
    int64_t run;
    int new_code, is_loaded, ended;
    json_t *answer;
};

/* ---- what is stored ---- */

static int load(struct db *db, struct rehearsal *r, struct err *e)
{
    r->stored = stored_run_read(db, r->run, &limits_default, e);
    if (!r->stored)
        return -1;
    if (r->stored->err.kind == ERR_NONE)
        return stored_run_read_files(db, r->stored, e);
    *e = r->stored->err;
    return -1;
}

/* Loads the run as a retry would leave it, and fails so that the retry is undone. */
static int load_retried(struct db *db, void *arg, struct err *e)
{
    struct rehearsal *r = arg;
    r->is_loaded = ledger_retry(db, r->run, r->new_code, clock_wall_ms(), e) == 0 &&
                   load(db, r, e) == 0;
    return r->is_loaded ? err_set(e, ERR_INTERNAL, "this was a rehearsal") : -1;
}

/* ---- the attempt ---- */

static void set_writes(struct rehearsal *r, const json_t *writes)
{
    if (!writes)
        return;
    json_object_set(r->answer, "would_send", json_array_get(writes, 0));
    if (json_array_size(writes) > 1)
        json_object_set(r->answer, "writes", (json_t *)writes);
}

static void set_done(struct rehearsal *r, const struct run_result *result)
{
    json_t *tree = jsontree_read(result->json, result->len, NULL);
    json_t *value = json_object_get(tree, "result");
    json_object_set(r->answer, "would_end", value ? value : json_null());
    json_decref(tree);
}

static void on_done(void *arg, const struct run_result *result)
{
    struct rehearsal *r = arg;
    set_writes(r, result->dry_writes);
    switch (result->outcome) {
    case RUN_DONE:
        set_done(r, result);
        break;
    case RUN_SLEEPING:
    case RUN_WAITING:
        json_object_set_new(r->answer, "would_wait_until",
                            json_real((double)result->until_ms / 1000));
        break;
    case RUN_SKIPPED:
        json_object_set_new(r->answer, "would_skip", json_string(result->err.text));
        break;
    default:
        json_object_set_new(r->answer, "would_fail", json_string(result->err.text));
    }
    r->ended = 1;
    loop_stop(session_loop(r->session));
}

static int attempt(struct rehearsal *r, struct err *e)
{
    const struct ledger_run *row = &r->stored->row;
    struct pins *pins =
        stored_run_pins(r->stored, workspace_overlay(session_workspace(r->session)), e);
    if (!pins)
        return -1;
    char *label = xasprintf("recipe %s", row->recipe);
    struct run_spec spec = {.id = row->seed ? row->seed : "rehearsal",
                            .client = row->client,
                            .label = label,
                            .entry = "run",
                            .args = row->args,
                            .args_len = strlen(row->args),
                            .files = 1,
                            .dry = 1,
                            .lane = WINDOW_LANE_BULK,
                            .wait_ms = WAIT_MS,
                            .patient = 1,
                            .keep = 1,
                            .journal = r->stored->journal,
                            .pins = pins};
    r->stored->journal = NULL;
    struct run *run = run_start(session_runs(r->session), &spec, on_done, r);
    free(label);
    while (!r->ended && !session_interrupted(r->session))
        loop_run(session_loop(r->session));
    if (r->ended)
        return 0;
    run_kill(run);
    return err_set(e, ERR_INTERNAL, "interrupted");
}

json_t *rehearsal_run(struct session *s, struct db *db, int64_t run, int new_code,
                      struct err *e)
{
    struct rehearsal r = {
        .session = s, .run = run, .new_code = new_code, .answer = json_object()};
    struct journal_entry intent, scope;
    store_transaction(db, load_retried, &r, e);
    int rc = r.is_loaded ? 0 : -1;
    if (r.is_loaded)
        err_clear(e);
    if (rc == 0 && journal_uncertain(r.stored->journal, &intent, &scope)) {
        json_t *what = jsontree_read(intent.input, intent.input_len, NULL);
        json_object_set_new(r.answer, "would_look_for",
                            what ? what : json_string(intent.name));
    } else if (rc == 0) {
        rc = attempt(&r, e);
    }
    stored_run_free(r.stored);
    if (rc != 0) {
        json_decref(r.answer);
        return NULL;
    }
    return r.answer;
}

/* ---- a run that is not in the store ---- */

json_t *rehearsal_recipe(struct session *s, const char *client, const char *recipe,
                         const char *conversation, struct err *e)
{
    struct rehearsal r = {.session = s, .answer = json_object()};
    char *label = xasprintf("recipe %s", recipe);
    json_t *args =
        json_pack("{s:s, s:s}", "recipe", recipe, "conversation", conversation);
    struct session_call call = {.client = client,
                                .label = label,
                                .entry = "run",
                                .args = args,
                                .files = 1,
                                .lane = WINDOW_LANE_BULK,
                                .wait_ms = WAIT_MS,
                                .patient = 1,
                                .dry = 1};
    session_start(s, &call, on_done, &r);
    while (!r.ended && !session_interrupted(s))
        loop_run(session_loop(s));
    json_decref(args);
    free(label);
    if (r.ended)
        return r.answer;
    json_decref(r.answer);
    err_set(e, ERR_INTERNAL, "interrupted");
    return NULL;
}
