#include "ops/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "core/limits.h"
#include "vm/pins.h"
#include "work/stored_run.h"

struct replay {
    struct session *session;
    struct db *db;
    int new_code;
    replay_fn *fn;
    void *arg;
    int64_t *ids;
    size_t nids;
    /* of the attempt */
    int ended, has_diverged;
    struct err why;
};

static int add_id(void *arg, const struct ledger_run *run)
{
    struct replay *r = arg;
    array_grow(r->ids, r->nids);
    r->ids[r->nids++] = run->id;
    return 0;
}

/* Lists the runs first: a query stays open while its rows are read. */
static int list_runs(struct replay *r, struct err *e)
{
    int states[LEDGER_STATES];
    size_t n = 0;
    for (int state = 0; state < LEDGER_STATES; state++)
        if (!ledger_is_over((enum ledger_state)state))
            states[n++] = state;
    const struct ledger_filter filter = {
        .states = states, .nstates = n, .limit = INT32_MAX};
    return ledger_each(r->db, &filter, add_id, r, e);
}

static void on_done(void *arg, const struct run_result *result)
{
    struct replay *r = arg;
    r->ended = 1;
    r->has_diverged = journal_has_diverged(result->journal);
    r->why = result->err;
    loop_stop(session_loop(r->session));
}

static int attempt(struct replay *r, struct stored_run *stored, struct pins *pins,
                   struct err *e)
{
    const struct ledger_run *row = &stored->row;
    char *label = xasprintf("recipe %s", row->recipe);
    struct run_spec spec = {.id = row->seed ? row->seed : "replay",
                            .client = row->client,
                            .label = label,
                            .entry = "run",
                            .args = row->args,
                            .args_len = strlen(row->args),
                            .files = 1,
                            .is_replay = 1,
                            .keep = 1,
                            .journal = stored->journal,
                            .pins = pins};
    stored->journal = NULL;
    r->ended = 0;
    struct run *run = run_start(session_runs(r->session), &spec, on_done, r);
    free(label);
    while (!r->ended && !session_interrupted(r->session))
        loop_run(session_loop(r->session));
    if (r->ended)
        return 0;
    run_kill(run);
    return err_set(e, ERR_INTERNAL, "interrupted");
}

/* A run that cannot be read, or whose code is gone, is told of as well. */
static int replay(struct replay *r, int64_t id, struct err *e)
{
    struct stored_run *stored = stored_run_read(r->db, id, &limits_default, e);
    struct pins *pins = NULL;
    if (!stored)
        return -1;
    struct err why = stored->err;
    if (why.kind == ERR_NONE && !r->new_code &&
        stored_run_read_files(r->db, stored, &why) == 0)
        pins = stored_run_pins(stored, workspace_overlay(session_workspace(r->session)),
                               &why);
    int rc = 0;
    if (why.kind != ERR_NONE) {
        r->fn(r->arg, &stored->row, why.text);
    } else if (stored->row.attempts > 0) { /* else it has recorded nothing */
        rc = attempt(r, stored, pins, e);
        pins = NULL;
        if (rc == 0 && r->has_diverged)
            r->fn(r->arg, &stored->row, r->why.text);
    }
    pins_free(pins);
    stored_run_free(stored);
    return rc;
}

int replay_all(struct session *s, struct db *db, int new_code, replay_fn *fn, void *arg,
               int *n, struct err *e)
{
    struct replay r = {
        .session = s, .db = db, .new_code = new_code, .fn = fn, .arg = arg};
    int rc = list_runs(&r, e);
    for (size_t i = r.nids; rc == 0 && i-- > 0;) /* the oldest first */
        rc = replay(&r, r.ids[i], e);
    *n = (int)r.nids;
    free(r.ids);
    return rc;
}
