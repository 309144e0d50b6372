#include "ops/control.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/rehearsal.h"
#include "store/incident.h"
#include "store/claims.h"
#include "store/inbox.h"
#include "store/store.h"
#include "vm/pins.h"

/* ---- which runs ---- */

struct selecting {
    struct report *report;
    const struct selection *which;
    enum control_verb verb;
    json_t *rows;
};

/* 1 when a filter, without ids, selects a run in STATE for the verb. A dead run is
 * cancelled only when the filter names states. */
static int is_meant(const struct selecting *s, const char *state)
{
    static const char *const retried[] = {"parked", "dead", "held", "retrying"};
    static const char *const over[] = {"done", "skipped", "cancelled"};
    if (s->verb == CONTROL_RETRY) {
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

static int add_run(void *arg, const struct ledger_run *run)
{
    struct selecting *s = arg;
    const char *state = report_run_state(run);
    if (s->which->nids || is_meant(s, state))
        json_array_append_new(
            s->rows, json_pack("{s:I, s:s, s:s, s:s, s:s}", "id", (json_int_t)run->id,
                               "client", run->client, "recipe", run->recipe, "state",
                               state, "word", report_run_word(s->report, run)));
    return 0;
}

/* ---- which of the scripts that a run began with have changed since ---- */

static int on_pins(void *arg, const struct ledger_run *run)
{
    *(char **)arg = run->pins ? xmemdup0(run->pins, CRYPTO_SHA256_SIZE) : NULL;
    return 1;
}

static void add_path(void *arg, const char *path)
{
    json_array_append_new(arg, json_string(path));
}

/* Sets `changed` of the run's ROW, when there are such: a retry goes on with the scripts
 * and templates that the run began with. */
static void note_changed_code(struct report *r, json_t *row)
{
    char *hash = NULL, *list = NULL;
    json_t *paths = json_array();
    if (ledger_read(report_db(r), json_int(row, "id"), on_pins, &hash, NULL) == 0 &&
        hash && ledger_pins(report_db(r), (unsigned char *)hash, &list, NULL) == 0)
        pins_each_changed(workspace_overlay(report_workspace(r)), list, add_path, paths);
    if (json_array_size(paths))
        json_object_set(row, "changed", paths);
    json_decref(paths);
    free(list);
    free(hash);
}

json_t *control_select_runs(struct report *r, const struct selection *which,
                            const struct control *control, struct err *e)
{
    struct selecting s = {r, which, control->verb, json_array()};
    size_t i;
    json_t *row;
    if (selection_runs(which, r, add_run, &s, e) != 0) {
        json_decref(s.rows);
        return NULL;
    }
    json_array_foreach(s.rows, i, row)
    {
        if (control->verb == CONTROL_RETRY && !control->new_code)
            note_changed_code(r, row);
    }
    return s.rows;
}

/* ---- which deliveries ---- */

static int add_delivery(void *arg, const struct delivery *d)
{
    struct selecting *s = arg;
    if (!s->which->nids && (d->state == DELIVERY_WAITING || d->state == DELIVERY_CHANNEL))
        return 0;
    json_t *row = report_delivery_row(s->report, d);
    if (json_array_size(json_object_get(row, "clients")) == 0)
        report_set_text(row, "hint", "no client is connected to its company yet");
    json_array_append_new(s->rows, row);
    return 0;
}

json_t *control_select_deliveries(struct report *r, const struct selection *which,
                                  struct err *e)
{
    struct selecting s = {r, which, CONTROL_REPLAY, json_array()};
    if (selection_deliveries(which, r, add_delivery, &s, e) == 0)
        return s.rows;
    json_decref(s.rows);
    return NULL;
}

/* ---- changing them ---- */

static void note_failure(json_t *row, enum err_kind *failed, const struct err *e)
{
    report_set_text(row, "error", e->text);
    if (*failed == ERR_NONE)
        *failed = e->kind;
}

struct applying {
    const struct control *control;
    json_t *rows;
    enum err_kind *failed;
    int64_t now_ms;
    struct claims *claims; /* for CONTROL_REPLAY */
    int64_t id;            /* of the row that apply_one changes */
    const json_t *row;     /* that row */
};

/* A worker that has the delivery would end it right after. */
static int replay(struct db *db, const struct applying *a, struct err *e)
{
    if (claims_is_taken(a->claims, a->id))
        return err_set(e, ERR_CONFLICT,
                       "cannot replay the delivery %lld: a worker is handling it",
                       (long long)a->id);
    return inbox_replay(db, a->id, e);
}

/* The last run of a recipe that failed ends with this what alerts say of the recipe. */
static int cancel(struct db *db, const struct applying *a, struct err *e)
{
    const char *client = json_text_or(a->row, "client", "");
    if (ledger_cancel(db, a->id, a->control->reason, a->now_ms, e) != 0)
        return -1;
    if (!str_eq(json_text(a->row, "state"), "dead"))
        return 0;
    return incident_settle(db, client, json_text_or(a->row, "recipe", ""), a->now_ms, e);
}

static int apply_one(struct db *db, void *arg, struct err *e)
{
    const struct applying *a = arg;
    const struct control *control = a->control;
    switch (control->verb) {
    case CONTROL_RETRY:
        return ledger_retry(db, a->id, control->new_code, a->now_ms, e);
    case CONTROL_RESOLVE:
        return ledger_resolve(db, a->id, control->happened, control->result, a->now_ms,
                              e);
    case CONTROL_REPLAY:
        return replay(db, a, e);
    default:
        return cancel(db, a, e);
    }
}

static const char *state_after(enum control_verb verb, const json_t *row)
{
    static const char *const states[] = {[CONTROL_RETRY] = "queued",
                                         [CONTROL_RESOLVE] = "queued",
                                         [CONTROL_CANCEL] = "cancelled",
                                         [CONTROL_REPLAY] = "waiting"};
    const char *state = json_text_or(row, "state", "");
    int is_uncertain = str_eq(state, "parked") || str_eq(state, "confirming");
    return verb == CONTROL_RESOLVE && !is_uncertain ? state : states[verb];
}

/* Changes each row in a savepoint of its own: one that may not be changed leaves the
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
        a->id = json_int(row, "id");
        a->row = row;
        json_object_del(row, "error");
        if (store_transaction(db, apply_one, a, &why) == 0) {
            report_set_text(row, "now", state_after(a->control->verb, row));
        } else if (why.kind == ERR_STORE || why.kind == ERR_UNAVAILABLE) {
            *e = why;
            return -1;
        } else {
            note_failure(row, a->failed, &why);
        }
    }
    return 0;
}

int control_apply(struct report *r, const struct control *control, json_t *rows,
                  enum err_kind *failed, struct err *e)
{
    struct applying a = {control, rows, failed, clock_wall_ms(), NULL, 0, NULL};
    *failed = ERR_NONE;
    if (json_array_size(rows) == 0)
        return 0;
    if (control->verb == CONTROL_REPLAY &&
        !(a.claims = claims_open(workspace_dir(report_workspace(r)), NULL, e)))
        return -1;
    int rc = store_transaction(report_db(r), apply_all, &a, e);
    claims_close(a.claims);
    return rc;
}

void control_rehearse(struct report *r, struct session *s, int new_code, json_t *rows,
                      enum err_kind *failed)
{
    size_t i;
    json_t *row;
    *failed = ERR_NONE;
    json_array_foreach(rows, i, row)
    {
        struct err why = {0};
        json_t *answer =
            rehearsal_run(s, report_db(r), json_int(row, "id"), new_code, &why);
        if (answer)
            json_object_update(row, answer);
        else
            note_failure(row, failed, &why);
        json_decref(answer);
        if (session_interrupted(s))
            break;
    }
}
