#include "work/lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/presence.h"

enum {
    TURN = 200,        /* lines that are looked up before the loop has its turn */
    RESTING_MAX = 256, /* lines between two attempts; no more are begun meanwhile */
    LOOK_MS = 500,     /* until a run that another process has is looked at again */
    ROW_MAX = 16       /* passing failures one after the other, after which it stops */
};

struct one { /* a line under way */
    TAILQ_ENTRY(one) entry;
    struct lines *l;
    struct ledger_line line;
    int64_t run;
    struct stored_run *claimed; /* until its attempt begins */
    int64_t due_us;             /* of a resting one; monotonic */
    int is_active;              /* 1: it is being claimed or tried */
    int retries;                /* 1: its run is queued again when it is claimed */
};

struct lines {
    struct lines_config is;
    int64_t release; /* which the client runs */
    struct db *db;
    TAILQ_HEAD(, one) all;
    int nactive, nresting;
    int has_end;  /* the file's end was read */
    int stopping; /* no more lines are begun */
    int in_a_row; /* passing failures */
    struct err why;
    struct loop_timer *more, *rest;
};

/* ---- ends ---- */

/* 1 when the cause lies outside of the line: it may be gone when the line is tried again.
 */
static int is_passing(enum err_kind kind)
{
    return err_kind_is_retryable(kind) || kind == ERR_AUTH || kind == ERR_SETTINGS ||
           kind == ERR_STORE;
}

static void one_free(struct one *one)
{
    TAILQ_REMOVE(&one->l->all, one, entry);
    stored_run_free(one->claimed);
    free(one);
}

/* Notes what a failure says of the lines that follow. */
static void judge(struct lines *l, const struct lines_end *end)
{
    if (end->before)
        return;
    enum err_kind kind = end->err.kind;
    l->in_a_row = kind != ERR_NONE && is_passing(kind) ? l->in_a_row + 1 : 0;
    if (l->why.kind != ERR_NONE || kind == ERR_NONE)
        return;
    if (kind == ERR_AUTH || kind == ERR_SETTINGS || kind == ERR_STORE ||
        l->in_a_row >= ROW_MAX) {
        l->why = end->err;
        l->stopping = 1;
    }
}

static void tell(struct lines *l, const struct lines_end *end)
{
    judge(l, end);
    l->is.ended(l->is.arg, end);
}

/* ---- the run of a line, as the store has it ---- */

struct stored {
    int is_there;
    enum ledger_state state;
    int64_t due_ms;
    struct err err;
    json_t *result; /* owned */
};

static int on_stored(void *arg, const struct ledger_run *run)
{
    struct stored *s = arg;
    s->is_there = 1;
    s->state = run->state;
    s->due_ms = run->due_ms;
    s->result = run->result ? jsontree_reads(run->result, NULL) : NULL;
    if (run->state != LEDGER_DONE && run->state != LEDGER_SKIPPED) {
        enum err_kind kind = run->kind ? err_kind_find(run->kind) : ERR_NONE;
        err_set(&s->err, kind ? kind : ERR_CONFLICT, "%s",
                run->reason ? run->reason : ledger_state_name(run->state));
    } else if (run->reason) {
        snprintf(s->err.text, sizeof s->err.text, "%s", run->reason);
    }
    return 1;
}

static int read_stored(struct lines *l, int64_t run, struct stored *s, struct err *e)
{
    *s = (struct stored){.err = {.retry_after_ms = -1}};
    if (ledger_read(l->db, run, on_stored, s, e) == 0)
        return 0;
    return e->kind == ERR_NOT_FOUND ? 0 : -1;
}

static void tell_stored(struct lines *l, int64_t n, int64_t run, const struct stored *s,
                        int before)
{
    struct lines_end end = {.n = n,
                            .run = run,
                            .state = s->state,
                            .err = s->err,
                            .result = s->result,
                            .before = before};
    tell(l, &end);
}

/* ---- attempts ---- */

static void start_more(struct lines *l);
static void look(struct one *one);

static void set_rest(struct lines *l)
{
    int64_t next = INT64_MAX, now = clock_mono_us();
    const struct one *one;
    TAILQ_FOREACH(one, &l->all, entry)
    {
        if (!one->is_active && one->due_us < next)
            next = one->due_us;
    }
    if (next == INT64_MAX)
        loop_timer_clear(l->rest);
    else
        loop_timer_set(l->rest, next > now ? (next - now) / 1000 + 1 : 0);
}

static void set_due(struct one *one, int64_t in_ms)
{
    one->due_us = clock_mono_us() + (in_ms > 0 ? 1000 * in_ms : 0);
}

static void rest(struct one *one, int64_t in_ms)
{
    struct lines *l = one->l;
    if (one->is_active) {
        one->is_active = 0;
        l->nactive--;
        l->is.waiting(l->is.arg, ++l->nresting);
    }
    set_due(one, in_ms);
    set_rest(l);
}

static void activate(struct one *one)
{
    struct lines *l = one->l;
    one->is_active = 1;
    l->nactive++;
    l->is.waiting(l->is.arg, --l->nresting);
}

static void leave(struct one *one)
{
    struct lines *l = one->l;
    if (one->is_active)
        l->nactive--;
    else
        l->is.waiting(l->is.arg, --l->nresting);
    one_free(one);
    start_more(l);
}

static int is_between(enum ledger_state state)
{
    return state == LEDGER_QUEUED || state == LEDGER_SLEEPING ||
           state == LEDGER_WAITING || state == LEDGER_CONFIRMING;
}

/* Another process has begun the line, or has taken its run over. */
static void lose(struct one *one, const struct attempt_result *end)
{
    struct lines *l = one->l;
    struct err e;
    if (!one->run && ledger_line_run(l->db, l->is.file, one->line.n, &one->run, &e) != 0)
        one->run = 0;
    if (one->run && end->err.kind == ERR_CONFLICT) {
        rest(one, LOOK_MS);
        start_more(l);
        return;
    }
    struct lines_end told = {
        .n = one->line.n, .run = one->run, .state = end->state, .err = end->err};
    tell(l, &told);
    leave(one);
}

static void on_attempt(void *arg, const struct attempt_result *end)
{
    struct one *one = arg;
    struct lines *l = one->l;
    if (end->id)
        one->run = end->id;
    if (end->state == LEDGER_RUNNING) {
        lose(one, end);
        return;
    }
    if (is_between(end->state)) {
        if (!one->run || session_interrupted(l->is.session))
            leave(one); /* it is left for the next command */
        else
            rest(one, end->due_ms - clock_wall_ms());
        start_more(l);
        return;
    }
    json_t *tree = end->json ? jsontree_read(end->json, end->len, NULL) : NULL;
    struct lines_end told = {.n = one->line.n,
                             .run = one->run,
                             .state = end->state,
                             .err = end->err,
                             .result = json_object_get(tree, "result")};
    if (end->state == LEDGER_DONE || end->state == LEDGER_SKIPPED)
        told.err.kind = ERR_NONE;
    tell(l, &told);
    json_decref(tree);
    leave(one);
}

/* On the writer's thread. */
static int claim(struct db *db, void *arg, struct err *e)
{
    struct one *one = arg;
    int64_t now = clock_wall_ms(), epoch;
    if (one->retries && ledger_retry(db, one->run, 1, now, e) != 0)
        return -1;
    int got = ledger_claim(db, one->run, presence_id(one->l->is.presence),
                           one->l->release, now, &epoch, e);
    if (got != 1)
        return got;
    one->claimed = stored_run_read(db, one->run, &limits_default, e);
    return one->claimed ? 0 : -1;
}

static void on_claimed(void *arg, const struct err *e)
{
    struct one *one = arg;
    struct lines *l = one->l;
    struct stored_run *claimed = one->claimed;
    one->claimed = NULL;
    one->retries = 0;
    if (claimed && e->kind == ERR_NONE) {
        runner_start_claimed(l->is.runner, claimed, on_attempt, one);
    } else {
        stored_run_free(claimed);
        rest(one, LOOK_MS);
    }
}

static void submit_claim(struct one *one)
{
    writer_submit(one->l->is.writer, 0, claim, on_claimed, one);
}

/* Looks what became of the run of a resting line, and claims it when it is due. */
static void look(struct one *one)
{
    struct lines *l = one->l;
    struct stored s;
    struct err e;
    int64_t now = clock_wall_ms();
    if (read_stored(l, one->run, &s, &e) != 0 ||
        (s.is_there && s.state == LEDGER_RUNNING)) {
        runner_reclaim(l->is.runner); /* its process may be dead */
        set_due(one, LOOK_MS);
    } else if (one->retries || (s.is_there && is_between(s.state) && s.due_ms <= now)) {
        if (l->nactive < l->is.jobs) {
            activate(one);
            submit_claim(one);
        } else {
            set_due(one, LOOK_MS);
        }
    } else if (s.is_there && is_between(s.state)) {
        set_due(one, s.due_ms - now);
    } else {
        tell_stored(l, one->line.n, one->run, &s, 0);
        leave(one);
    }
    json_decref(s.result);
}

static void on_rest(void *arg)
{
    struct lines *l = arg;
    int64_t now = clock_mono_us();
    struct one *one = TAILQ_FIRST(&l->all), *next;
    if (session_interrupted(l->is.session))
        return;
    for (; one; one = next) {
        next = TAILQ_NEXT(one, entry);
        if (!one->is_active && one->due_us <= now)
            look(one);
    }
    set_rest(l);
    start_more(l);
}

/* ---- the beginning of a line ---- */

static struct one *add_one(struct lines *l, const struct lines_item *item, int64_t run)
{
    struct one *one = xcalloc(1, sizeof *one);
    one->l = l;
    one->run = run;
    one->line.n = item->n;
    memcpy(one->line.file, l->is.file, LEDGER_LINE_SIZE);
    memcpy(one->line.hash, item->hash, LEDGER_LINE_SIZE);
    one->is_active = 1;
    TAILQ_INSERT_TAIL(&l->all, one, entry);
    l->nactive++;
    return one;
}

static void start_new(struct lines *l, const struct lines_item *item, int64_t instead)
{
    struct one *one = add_one(l, item, 0);
    one->line.instead = instead;
    struct ledger_run run = {.client = l->is.client,
                             .recipe = l->is.recipe,
                             .origin = "each",
                             .args = item->args,
                             .policy = "{\"attempts\":5}",
                             .created_ms = clock_wall_ms(),
                             .line = &one->line};
    run.due_ms = run.created_ms;
    runner_start_new(l->is.runner, &run, on_attempt, one);
}

/* Goes on with the RUN that an earlier command, or another process, has begun. */
static void go_on(struct lines *l, const struct lines_item *item, int64_t run,
                  int retries)
{
    struct one *one = add_one(l, item, run);
    one->retries = retries;
    rest(one, 0);
}

static int begin_stored(struct lines *l, const struct lines_item *item, int64_t run,
                        struct err *e)
{
    struct stored s;
    if (read_stored(l, run, &s, e) != 0)
        return -1;
    int failed = s.state == LEDGER_DEAD || s.state == LEDGER_CANCELLED;
    if (!s.is_there || (failed && l->is.retry && !is_passing(s.err.kind)))
        start_new(l, item, run);
    else if (s.state == LEDGER_HELD ||
             (s.state == LEDGER_DEAD && is_passing(s.err.kind)) ||
             (s.state == LEDGER_PARKED && l->is.retry))
        go_on(l, item, run, 1);
    else if (is_between(s.state) || s.state == LEDGER_RUNNING)
        go_on(l, item, run, 0);
    else
        tell_stored(l, item->n, run, &s, 1);
    json_decref(s.result);
    return 0;
}

static int begin_line(struct lines *l, const struct lines_item *item, struct err *e)
{
    int64_t run, twin = 0;
    struct stored s;
    if (ledger_line_run(l->db, l->is.file, item->n, &run, e) != 0)
        return -1;
    if (run)
        return begin_stored(l, item, run, e);
    if (l->is.skip_done && ledger_line_twin(l->db, l->is.file, item->hash, &twin, e) != 0)
        return -1;
    if (!twin) {
        start_new(l, item, 0);
        return 0;
    }
    if (read_stored(l, twin, &s, e) != 0)
        return -1;
    tell_stored(l, item->n, twin, &s, 1);
    json_decref(s.result);
    return 0;
}

static int can_begin(const struct lines *l)
{
    return !l->stopping && !l->has_end && l->nactive < l->is.jobs &&
           l->nresting < RESTING_MAX && !session_interrupted(l->is.session);
}

static void on_more(void *arg)
{
    struct lines *l = arg;
    struct lines_item item;
    struct err e;
    for (int i = 0; can_begin(l); i++) {
        if (i == TURN) {
            loop_timer_set(l->more, 0);
            return;
        }
        int got = l->is.next(l->is.arg, &item, &e);
        if (got > 0)
            got = begin_line(l, &item, &e) == 0 ? 1 : -1;
        if (got < 0) {
            l->why = e;
            l->stopping = 1;
        }
        l->has_end |= got == 0;
    }
    if (l->nactive + (l->stopping ? 0 : l->nresting) == 0)
        loop_stop(session_loop(l->is.session));
}

/* Not at once: a line that ends may be inside of a walk. */
static void start_more(struct lines *l)
{
    loop_timer_set(l->more, 0);
}

/* ---- all lines ---- */

struct lines *lines_new(const struct lines_config *config)
{
    struct lines *l = xcalloc(1, sizeof *l);
    struct loop *loop = session_loop(config->session);
    l->is = *config;
    l->release = workspace_release(session_workspace(config->session), config->client);
    l->db = store_db(workspace_store(session_workspace(config->session), NULL));
    TAILQ_INIT(&l->all);
    l->more = loop_timer_new(loop, on_more, l);
    l->rest = loop_timer_new(loop, on_rest, l);
    return l;
}

int lines_run(struct lines *l, struct err *e)
{
    struct session *s = l->is.session;
    runner_reclaim(l->is.runner);
    start_more(l);
    do
        loop_run(session_loop(s));
    while (!session_interrupted(s) &&
           (l->nactive || (!l->stopping && (!l->has_end || l->nresting))));
    l->stopping = 1;
    loop_timer_clear(l->more);
    loop_timer_clear(l->rest);
    if (l->why.kind == ERR_NONE)
        return 0;
    *e = l->why;
    return -1;
}

void lines_stop(struct lines *l)
{
    l->stopping = 1;
    start_more(l);
}

void lines_free(struct lines *l)
{
    if (!l)
        return;
    while (!TAILQ_EMPTY(&l->all))
        one_free(TAILQ_FIRST(&l->all));
    loop_timer_free(l->more);
    loop_timer_free(l->rest);
    free(l);
}
