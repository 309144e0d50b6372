#include "ops/run_control.h"

#include "base/clock.h"
#include "base/str.h"
#include "ops/code_change.h"
#include "ops/rehearsal.h"
#include "store/ledger.h"
#include "store/store.h"

static int64_t id_of(const json_t *row)
{
    return json_integer_value(json_object_get(row, "id"));
}

/* ---- which runs ---- */

struct selecting {
    const struct selection *which;
    enum run_control_verb verb;
    json_t *rows;
};

/* 1 when a filter, without ids, selects a run in STATE for the verb. A dead run is
 * cancelled only when the filter names states. */
static int is_meant(const struct selecting *s, const char *state)
{
    static const char *const retried[] = {"parked", "dead", "held", "retrying"};
    static const char *const over[] = {"done", "skipped", "cancelled"};
    if (s->verb == RUN_CONTROL_RETRY) {
        for (size_t i = 0; i < sizeof retried / sizeof *retried; i++)
            if (str_eq(state, retried[i]))
                return 1;
        return 0;
    }
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        if (str_eq(state, over[i]))
            return 0;
    return !str_eq(state, "dead") || s->which->nstates;
}

static int add_row(void *arg, const struct ledger_run *run)
{
    struct selecting *s = arg;
    const char *state = report_run_state(run);
    if (s->which->nids || is_meant(s, state))
        json_array_append_new(s->rows,
                              json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)run->id,
                                        "client", run->client, "recipe", run->recipe,
                                        "state", state));
    return 0;
}

/* A retry goes on with the scripts that the run began with. */
static void note_changed_code(struct report *r, json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_t *paths = code_changes(report_workspace(r), report_db(r), id_of(row), NULL);
        if (json_array_size(paths))
            json_object_set(row, "changed", paths);
        json_decref(paths);
    }
}

json_t *run_control_select(struct report *r, const struct selection *which,
                           const struct run_control *control, struct err *e)
{
    struct selecting s = {which, control->verb, json_array()};
    if (selection_runs(which, r, add_row, &s, e) != 0) {
        json_decref(s.rows);
        return NULL;
    }
    if (control->verb == RUN_CONTROL_RETRY && !control->new_code)
        note_changed_code(r, s.rows);
    return s.rows;
}

/* ---- changing them ---- */

static void note_failure(json_t *row, enum err_kind *failed, const struct err *e)
{
    report_set_text(row, "error", e->text);
    if (*failed == ERR_NONE)
        *failed = e->kind;
}

struct applying {
    const struct run_control *control;
    json_t *rows;
    enum err_kind *failed;
    int64_t now_ms;
    int64_t id; /* of the run that apply_one changes */
};

static int apply_one(struct db *db, void *arg, struct err *e)
{
    const struct applying *a = arg;
    const struct run_control *control = a->control;
    switch (control->verb) {
    case RUN_CONTROL_RETRY:
        return ledger_retry(db, a->id, control->new_code, a->now_ms, e);
    case RUN_CONTROL_RESOLVE:
        return ledger_resolve(db, a->id, control->happened, control->result, a->now_ms,
                              e);
    default:
        return ledger_cancel(db, a->id, control->reason, a->now_ms, e);
    }
}

/* Changes each run in a savepoint of its own: one that may not be changed leaves the
 * others alone. */
static int apply_all(struct db *db, void *arg, struct err *e)
{
    struct applying *a = arg;
    size_t i;
    json_t *row;
    *a->failed = ERR_NONE;
    json_array_foreach(a->rows, i, row)
    {
        struct err why = {0};
        a->id = id_of(row);
        json_object_del(row, "error");
        if (store_transaction(db, apply_one, a, &why) == 0) {
            report_set_text(row, "now",
                            a->control->verb == RUN_CONTROL_CANCEL ? "cancelled"
                                                                   : "queued");
        } else if (why.kind == ERR_STORE || why.kind == ERR_UNAVAILABLE) {
            *e = why;
            return -1;
        } else {
            note_failure(row, a->failed, &why);
        }
    }
    return 0;
}

int run_control_apply(struct report *r, const struct run_control *control, json_t *rows,
                      enum err_kind *failed, struct err *e)
{
    struct applying a = {control, rows, failed, clock_wall_ms(), 0};
    *failed = ERR_NONE;
    if (json_array_size(rows) == 0)
        return 0;
    return store_transaction(report_db(r), apply_all, &a, e);
}

void run_control_rehearse(struct report *r, struct session *s, int new_code, json_t *rows,
                          enum err_kind *failed)
{
    size_t i;
    json_t *row;
    *failed = ERR_NONE;
    json_array_foreach(rows, i, row)
    {
        struct err why = {0};
        json_t *answer = rehearsal_run(s, report_db(r), id_of(row), new_code, &why);
        if (answer)
            json_object_update(row, answer);
        else
            note_failure(row, failed, &why);
        json_decref(answer);
        if (session_interrupted(s))
            break;
    }
}
