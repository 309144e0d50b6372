#include "work/runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "work/alert.h"
#include "work/crash_mark.h"
#include "work/committer.h"
#include "work/receipts.h"
#include "work/reclaim.h"
#include "base/loopguard.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/limits.h"
#include "base/stats.h"

enum { TICK_MS = 2000, HELD_TICKS = 30, STORE_MS = 1000 };

struct runner_slot { /* one attempt */
    LIST_ENTRY(runner_slot) entry;
    struct runner *r;
    struct attempt *attempt; /* NULL: the place is kept for a run of CLIENT */
    char *client;
    attempt_done *done;
    void *arg;
};

struct runner {
    struct attempt_env env;
    struct writer *writer;
    struct presence *presence; /* NULL: runs are started only, none is claimed */
    struct reclaim *reclaim;
    struct receipts *receipts;
    struct alert *alert;
    LIST_HEAD(, runner_slot) slots;
    int nslots;
    struct claim *claiming; /* NULL: none is under way */
    struct poll *polling;   /* NULL: none is under way */
    int wanted;             /* one more poll after it */
    int woken;              /* a poll is deferred */
    int has_begun, has_polled, stopping, was_idle;
    int has_handlers; /* crash_mark_start was called */
    char *after;      /* the client that had the last turn */
    int64_t next_due_ms;
    struct loop_timer *due, *tick;
    int ticks;
    void (*on_idle)(void *arg);
    void *idle_arg;
    attempt_done *on_end;
    void *end_arg;
    int64_t (*delivery_of)(const char *label);
};

struct claimed {
    int64_t id, release;
    struct stored_run *run; /* NULL: another process was first */
};

struct claim {        /* a job of the writer, which owns it until DONE */
    struct runner *r; /* NULL: runner_free was called */
    char owner[PRESENCE_ID_SIZE];
    char *after;
    struct { /* the clients' attempts in flight, when the claim was submitted */
        char *client;
        int n;
    } * busy;
    int nbusy, limit;
    const struct limits *limits;
    const struct workspace *workspace; /* for its releases, which do not change */
    struct claimed *found;             /* at most LIMIT */
    int nfound;
    int64_t next_due_ms;
};

struct poll {         /* a job of the writer, which owns it until DONE */
    struct runner *r; /* NULL: runner_free was called */
    int64_t next_due_ms;
};

/* ---- idle ---- */

int runner_is_idle(const struct runner *r)
{
    return r->nslots == 0 && receipts_is_idle(r->receipts) &&
           !alert_is_sending(r->alert) && !r->claiming && !r->polling && !r->woken &&
           !r->wanted && (r->has_polled || r->stopping) &&
           (r->stopping || !reclaim_is_watching(r->reclaim));
}

static void check_idle(void *arg)
{
    struct runner *r = arg;
    int idle = runner_is_idle(r);
    if (idle && !r->was_idle && r->on_idle)
        r->on_idle(r->idle_arg);
    r->was_idle = idle;
}

/* ---- attempts ---- */

/* Records a run with much memory, for the process that reclaims our runs if we are
 * killed. */
static void note_size(struct runner *r, int64_t id, size_t bytes)
{
    struct presence *p = committer_presence(r->env.committer);
    if (p && id)
        presence_memory(p, id, bytes > limits_default.grown_bytes ? (int64_t)bytes : 0);
}

static void slot_free(struct runner_slot *slot)
{
    LIST_REMOVE(slot, entry);
    slot->r->nslots--;
    note_size(slot->r, slot->attempt ? slot->attempt->id : 0, 0);
    attempt_free(slot->attempt);
    free(slot->client);
    free(slot);
}

static void count(enum ledger_state state)
{
    static const struct {
        enum ledger_state state;
        enum stats_counter counter;
    } ends[] = {{LEDGER_DONE, STAT_RUN_DONE},
                {LEDGER_SKIPPED, STAT_RUN_SKIPPED},
                {LEDGER_PARKED, STAT_RUN_PARKED},
                {LEDGER_DEAD, STAT_RUN_DEAD},
                {LEDGER_CANCELLED, STAT_RUN_CANCELLED}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i].state == state)
            stats_add(ends[i].counter, 1);
}

static void on_ended(void *arg, const struct attempt_result *end)
{
    struct runner_slot *slot = arg;
    struct runner *r = slot->r;
    count(end->state);
    log_context(end->id, slot->attempt ? slot->attempt->client : NULL);
    if (slot->done)
        slot->done(slot->arg, end);
    if (r->on_end)
        r->on_end(r->end_arg, end);
    log_context(0, NULL);
    slot_free(slot);
    if (r->has_begun && !r->stopping)
        runner_wake(r); /* there is room, and a run of the same order key may go on */
    check_idle(r);
}

static struct runner_slot *add_slot(struct runner *r, attempt_done *done, void *arg)
{
    struct runner_slot *slot = xcalloc(1, sizeof *slot);
    slot->r = r;
    LIST_INSERT_HEAD(&r->slots, slot, entry);
    r->nslots++;
    r->was_idle = 0;
    slot->done = done;
    slot->arg = arg;
    return slot;
}

void runner_start_claimed(struct runner *r, struct stored_run *run, attempt_done *done,
                          void *arg)
{
    struct runner_slot *slot = add_slot(r, done, arg);
    slot->attempt = attempt_start(&r->env, run, on_ended, slot);
    if (r->stopping)
        attempt_release(slot->attempt);
}

static const char *client_of(const struct runner_slot *slot)
{
    return slot->attempt ? slot->attempt->client : slot->client;
}

struct runner_slot *runner_reserve(struct runner *r, const char *client)
{
    const struct runner_slot *other;
    int room = limits_default.runs - r->nslots, busy = 0;
    if (r->claiming) /* it may fill these places */
        room -= r->claiming->limit;
    LIST_FOREACH(other, &r->slots, entry)
    {
        busy += str_eq(client_of(other), client);
    }
    if (r->stopping || committer_is_stuck(r->env.committer) || room <= 0 ||
        busy >= limits_default.client_runs)
        return NULL;
    struct runner_slot *slot = add_slot(r, NULL, NULL);
    slot->client = xstrdup(client);
    return slot;
}

void runner_start_reserved(struct runner_slot *slot, struct stored_run *run)
{
    struct runner *r = slot->r;
    slot->attempt = attempt_start(&r->env, run, on_ended, slot);
    if (r->stopping)
        attempt_release(slot->attempt);
}

void runner_unreserve(struct runner_slot *slot)
{
    struct runner *r = slot->r;
    slot_free(slot);
    check_idle(r);
}

void runner_start_new(struct runner *r, const struct ledger_run *row, attempt_done *done,
                      void *arg)
{
    struct runner_slot *slot = add_slot(r, done, arg);
    slot->attempt = attempt_start_new(&r->env, row, on_ended, slot);
    if (r->stopping)
        attempt_release(slot->attempt);
}

void runner_each(const struct runner *r, void (*fn)(void *arg, int64_t id))
{
    const struct runner_slot *slot;
    LIST_FOREACH(slot, &r->slots, entry)
    {
        if (slot->arg)
            fn(slot->arg, slot->attempt->id);
    }
}

/* ---- held runs ---- */

struct clients {
    char **names;
    size_t n;
};

static int add_client(void *arg, const char *client)
{
    struct clients *held = arg;
    array_grow(held->names, held->n);
    held->names[held->n++] = xstrdup(client);
    return 0;
}

/* On the writer's thread. */
static int find_held(struct db *db, void *arg, struct err *e)
{
    const struct clients *held = arg;
    return ledger_releasable(db, add_client, arg, e) == 0 ? held->n > 0 : -1;
}

static int release(struct db *db, void *arg, struct err *e)
{
    const struct clients *held = arg;
    int released;
    for (size_t i = 0; i < held->n; i++)
        if (ledger_release(db, held->names[i], clock_wall_ms(), &released, e) != 0)
            return -1;
    return 0;
}

static void on_released(void *arg, const struct err *e)
{
    struct clients *held = arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "cannot release held runs: %s", e->text);
    for (size_t i = 0; i < held->n; i++)
        free(held->names[i]);
    free(held->names);
    free(held);
}

/* Queues the held runs of each client whose connections are all usable again. */
static void release_held(struct runner *r)
{
    writer_look(r->writer, find_held, release, on_released,
                xcalloc(1, sizeof(struct clients)));
}

/* ---- claims ---- */

static void claim_free(struct claim *c)
{
    for (int i = 0; i < c->nfound; i++)
        stored_run_free(c->found[i].run);
    for (int i = 0; i < c->nbusy; i++)
        free(c->busy[i].client);
    free(c->found);
    free(c->busy);
    free(c->after);
    free(c);
}

static int in_flight(void *arg, const char *client)
{
    const struct claim *c = arg;
    for (int i = 0; i < c->nbusy; i++)
        if (strcmp(c->busy[i].client, client) == 0)
            return c->busy[i].n;
    return 0;
}

static int on_candidate(void *arg, const struct ledger_run *run)
{
    struct claim *c = arg;
    c->found[c->nfound++] =
        (struct claimed){run->id, workspace_release(c->workspace, run->client), NULL};
    return c->nfound == c->limit;
}

/* On the writer's thread. */
static int claim_runs(struct db *db, void *arg, struct err *e)
{
    struct claim *c = arg;
    int64_t now = clock_wall_ms();
    struct ledger_turns turns = {.now_ms = now,
                                 .after = c->after,
                                 .limit = c->limit,
                                 .client_limit = limits_default.client_runs,
                                 .in_flight = in_flight,
                                 .arg = c};
    if (c->limit > 0 && ledger_due(db, &turns, on_candidate, c, e) != 0)
        return -1;
    for (int i = 0; i < c->nfound; i++) {
        struct claimed *found = &c->found[i];
        int64_t epoch;
        int got = ledger_claim(db, found->id, c->owner, found->release, now, &epoch, e);
        if (got == 1)
            found->run = stored_run_read(db, found->id, c->limits, e);
        if (got < 0 || (got == 1 && !found->run))
            return -1;
    }
    return ledger_next_due(db, &c->next_due_ms, e);
}

static void set_due(struct runner *r)
{
    int64_t ms = r->next_due_ms - clock_wall_ms();
    if (r->woken) /* the timer is set for the next poll */
        return;
    /* a due run that cannot start waits for an attempt to end, or for the tick */
    if (r->next_due_ms == INT64_MAX || ms <= 0)
        loop_timer_clear(r->due);
    else
        loop_timer_set(r->due, ms < TICK_MS * 30 ? ms : TICK_MS * 30);
}

/* What was added after a poll or a claim began may not be in it. */
static void poll_again(struct runner *r)
{
    if (r->wanted && !r->stopping)
        runner_wake(r);
    r->wanted = 0;
}

static void on_claimed(void *arg, const struct err *e)
{
    struct claim *c = arg;
    struct runner *r = c->r;
    if (!r) {
        claim_free(c);
        return;
    }
    r->claiming = NULL;
    r->has_polled = 1;
    if (e->kind != ERR_NONE) {
        log_line(LOG_WARN, "cannot look for due runs: %s", e->text);
        loop_timer_set(r->due, STORE_MS);
    } else {
        r->next_due_ms = c->next_due_ms;
        set_due(r);
        for (int i = 0; i < c->nfound; i++)
            if (c->found[i].run) {
                free(r->after);
                r->after = xstrdup(c->found[i].run->row.client);
                runner_start_claimed(r, c->found[i].run, NULL, NULL);
                c->found[i].run = NULL;
            }
    }
    claim_free(c);
    poll_again(r);
    check_idle(r);
}

static void add_busy(struct claim *c, const char *client)
{
    for (int i = 0; i < c->nbusy; i++)
        if (strcmp(c->busy[i].client, client) == 0) {
            c->busy[i].n++;
            return;
        }
    c->busy[c->nbusy].client = xstrdup(client);
    c->busy[c->nbusy++].n = 1;
}

static void claim_due(struct runner *r)
{
    const struct runner_slot *slot;
    int room = limits_default.runs - r->nslots;
    r->woken = 0;
    if (r->stopping || committer_is_stuck(r->env.committer) || room <= 0) {
        check_idle(r);
        return;
    }
    if (r->claiming) {
        r->wanted = 1;
        return;
    }
    struct claim *c = xcalloc(1, sizeof *c);
    c->r = r;
    memcpy(c->owner, presence_id(r->presence), strlen(presence_id(r->presence)));
    c->after = xstrdup_null(r->after);
    c->limit = room;
    c->limits = workspace_limits(r->env.workspace);
    c->workspace = r->env.workspace;
    c->found = xcalloc((size_t)room, sizeof *c->found);
    c->busy = xcalloc((size_t)r->nslots + 1, sizeof *c->busy);
    LIST_FOREACH(slot, &r->slots, entry)
    {
        if (client_of(slot))
            add_busy(c, client_of(slot));
    }
    r->claiming = c;
    writer_submit(r->writer, 0, claim_runs, on_claimed, c);
}

/* On the writer's thread. */
static int read_due(struct db *db, void *arg, struct err *e)
{
    struct poll *poll = arg;
    return ledger_next_due(db, &poll->next_due_ms, e);
}

static void on_polled(void *arg, const struct err *e);

/* Reads without the lock that a claim takes, and without keeping places for what it may
 * find: most polls find nothing. */
static void poll_due(void *arg)
{
    struct runner *r = arg;
    r->woken = 0;
    if (r->claiming || r->polling) {
        r->wanted = 1;
    } else if (!r->stopping) {
        r->polling = xcalloc(1, sizeof *r->polling);
        r->polling->r = r;
        writer_read(r->writer, read_due, on_polled, r->polling);
    }
}

static void on_polled(void *arg, const struct err *e)
{
    struct poll *poll = arg;
    struct runner *r = poll->r;
    int64_t next_due_ms = poll->next_due_ms;
    free(poll);
    if (!r)
        return;
    r->polling = NULL;
    if (e->kind == ERR_NONE && next_due_ms > clock_wall_ms() && !r->claiming) {
        r->next_due_ms = next_due_ms;
        r->has_polled = 1;
        set_due(r);
        poll_again(r);
    } else { /* what cannot be read cannot be claimed either, which is logged */
        claim_due(r);
    }
    check_idle(r);
}

static void look_around(struct runner *r)
{
    struct err ignored; /* it is asked again */
    struct store *store = workspace_store(r->env.workspace, &ignored);
    loopguard_lift("every two seconds: the claims of dead processes, receipts that are "
                   "due, whether a copy was promoted");
    int was_copy = store && store_is_copy(store);
    if (was_copy && store_look_home(store, &ignored) == 0 && !store_is_copy(store))
        log_line(LOG_INFO, "this store is the original now: writes are sent");
    reclaim_poll(r->reclaim);
    receipts_poll(r->receipts);
    loopguard_restore();
}

void runner_wake(struct runner *r)
{
    if (r->stopping)
        return;
    if (!r->has_begun) {
        r->has_begun = 1;
        look_around(r);
        release_held(r);
        loop_timer_set(r->tick, TICK_MS);
    }
    if (r->woken)
        return;
    r->woken = 1;
    r->was_idle = 0;
    loop_timer_set(r->due, 0);
}

void runner_wake_now(struct runner *r)
{
    if (!r->has_begun || r->woken || r->stopping) {
        runner_wake(r);
        return;
    }
    r->was_idle = 0;
    claim_due(r);
}

/* ---- the tick ---- */

/* Finds what other processes have added, and the claims of dead ones. */
static void on_tick(void *arg)
{
    struct runner *r = arg;
    if (r->stopping)
        return;
    loop_timer_set(r->tick, TICK_MS);
    look_around(r);
    if (++r->ticks % HELD_TICKS == 0)
        release_held(r);
    runner_wake(r);
}

static void on_freed(void *arg)
{
    struct runner *r = arg;
    if (r->has_begun) /* else it only frees what dead processes had */
        runner_wake(r);
}

void runner_reclaim(struct runner *r)
{
    reclaim_poll(r->reclaim);
}

/* ---- the blame for a crash ---- */

/* KIND NULL: no script is running. */
static void blame(struct runner *r, const char *kind, int64_t id)
{
    struct presence *p = committer_presence(r->env.committer);
    if (!p || (kind && !id)) /* this process has no claims, or none for this attempt */
        return;
    if (!r->has_handlers) {
        r->has_handlers = 1;
        crash_mark_start(p);
    }
    presence_mark(p, kind, id);
}

static void on_resume(void *arg, const struct run *run, int begins)
{
    struct runner *r = arg;
    const struct runner_slot *slot = LIST_FIRST(&r->slots);
    while (slot && (!slot->attempt || slot->attempt->run != run))
        slot = LIST_NEXT(slot, entry);
    int64_t id = slot ? slot->attempt->id : 0;
    if (!begins) {
        blame(r, NULL, 0);
        note_size(r, id, run_memory(run));
        log_context(0, NULL);
        return;
    }
    log_context(id, run_client(run));
    if (slot) {
        blame(r, "run", id);
        return;
    }
    /* "client acme, delivery 12" */
    const char *label = run_client(run) ? strstr(run_spec(run)->label, ", ") : NULL;
    label = label ? label + 2 : run_spec(run)->label;
    blame(r, "delivery", r->delivery_of ? r->delivery_of(label) : 0);
}

void runner_share_claims(struct runner *r, struct claims *claims)
{
    reclaim_share_claims(r->reclaim, claims);
}

void runner_blame_deliveries(struct runner *r, int64_t (*delivery_of)(const char *label))
{
    r->delivery_of = delivery_of;
}

/* ---- the runner ---- */

struct runner *runner_new(struct session *s, struct writer *writer, struct presence *p,
                          struct err *e)
{
    struct workspace *w = session_workspace(s);
    struct loop *loop = session_loop(s);
    struct store *store = workspace_store(w, e);
    if (!store)
        return NULL;
    struct runner *r = xcalloc(1, sizeof *r);
    r->writer = writer;
    r->presence = p;
    r->env = (struct attempt_env){.session = s, .workspace = w, .writer = writer};
    r->env.committer = committer_new(w, loop, writer, p);
    r->alert = alert_new(w, session_httpc(s), writer, check_idle, r);
    r->env.alert = r->alert;
    r->reclaim = reclaim_new(w, store_db(store), writer, p, r->env.alert, on_freed, r);
    r->receipts = receipts_new(s, store_db(store), writer, r->env.alert, check_idle, r);
    r->due = loop_timer_new(loop, poll_due, r);
    r->tick = loop_timer_new(loop, on_tick, r);
    r->next_due_ms = INT64_MAX;
    runs_on_resume(session_runs(s), on_resume, r);
    return r;
}

void runner_be_by_hand(struct runner *r)
{
    r->env.by_hand = 1;
    r->env.alert = NULL; /* the person at the terminal reads the errors */
}

void runner_on_emit(struct runner *r, run_emit *fn, void *arg)
{
    r->env.emit = fn;
    r->env.emit_arg = arg;
}

void runner_on_idle(struct runner *r, void (*fn)(void *arg), void *arg)
{
    r->on_idle = fn;
    r->idle_arg = arg;
}

void runner_on_end(struct runner *r, attempt_done *fn, void *arg)
{
    r->on_end = fn;
    r->end_arg = arg;
}

struct alert *runner_alert(struct runner *r)
{
    return r->alert;
}

struct receipts *runner_receipts(struct runner *r)
{
    return r->receipts;
}

void runner_stop(struct runner *r)
{
    struct runner_slot *slot;
    if (r->stopping)
        return;
    r->stopping = r->env.stopping = 1;
    r->woken = r->wanted = 0;
    loop_timer_clear(r->due);
    loop_timer_clear(r->tick);
    runs_stop_writes(session_runs(r->env.session));
    receipts_stop(r->receipts);
    LIST_FOREACH(slot, &r->slots, entry)
    {
        if (slot->attempt)
            attempt_release(slot->attempt);
    }
    check_idle(r);
}

void runner_free(struct runner *r)
{
    if (!r)
        return;
    if (r->claiming)
        r->claiming->r = NULL;
    if (r->polling)
        r->polling->r = NULL;
    crash_mark_stop();
    runs_on_resume(session_runs(r->env.session), NULL, NULL);
    while (!LIST_EMPTY(&r->slots))
        slot_free(LIST_FIRST(&r->slots));
    reclaim_free(r->reclaim);
    receipts_free(r->receipts);
    committer_free(r->env.committer);
    alert_free(r->alert);
    loop_timer_free(r->due);
    loop_timer_free(r->tick);
    free(r->after);
    free(r);
}
