#include "work/committer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/owned_change.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "base/testhook.h"
#include "core/connection.h"
#include "core/made.h"
#include "core/reply.h"
#include "vm/packed.h"
#include "vm/pins.h"

enum {
    AGAIN_MS = 1000,
    KNOWN_MAX = 1024,
    REPLIES_PER_HOUR = 3,
    RECEIPT_MS = 10 * 60 * 1000
};

struct committer {
    struct workspace *w;
    struct loop *loop;
    struct writer *writer;
    struct presence *presence;
    struct loop_timer *again;
    struct job *jobs;
    int stuck;    /* jobs that wait for the timer */
    int has_said; /* ... which the log says once, until one can be stored */
    /* sets of pins whose code is in the store */
    unsigned char (*known)[CRYPTO_SHA256_SIZE]; /* at most KNOWN_MAX */
    int nknown, known_cap;
};

struct note {
    char *what, *text;
};

struct run_log {
    struct committer *k;
    int64_t run, epoch; /* run 0: it is not in the store yet */
    struct owned_change
        *row;           /* of one that was not in the store when it began, or NULL */
    struct job *adding; /* it will be with this one, and others wait for that */
    void (*on_added)(void *arg, int64_t id);
    void *added_arg;
    char *client;
    struct run_committer hooks;
    int npins; /* of them are stored */
    struct note *notes;
    size_t nnotes;
    char *app, *company; /* that the last intent went to; NULL: to none */
    struct unsent write; /* the last intent, or run 0 */
    int creates;         /* it is a POST, and no idempotent write */
    int may_guard, is_writing, did_begin, did_write, got_on, is_lost, is_guarded;
};

/* What the writer's thread gets: all of it is the job's own. */
struct job {
    struct job *next, **prev;
    struct committer *keeper; /* NULL: it has gone */
    struct run_log *kept;     /* NULL: its attempt has gone */
    struct journal *journal;
    const struct pins *pins;
    int npins;
    int kind;                /* enum run_commit_kind, or -1: an attempt's end */
    int must;                /* it is tried until it is stored */
    int must_last;           /* it is on the disk before DONE is called */
    int is_stuck;            /* it waits for the timer */
    int waits;               /* for the job that adds the run */
    const char *owner, *why; /* why: it cannot be submitted */
    struct owned_change parcel;
    run_committed *done;
    void *arg;
};

static void submit(struct job *job);

/* ---- keepers ---- */

static void on_again(void *arg)
{
    struct committer *k = arg;
    for (struct job *job = k->jobs; job; job = job->next)
        if (job->is_stuck) {
            job->is_stuck = 0;
            k->stuck--;
            submit(job);
        }
}

struct committer *committer_new(struct workspace *w, struct loop *loop,
                                struct writer *writer, struct presence *p)
{
    struct committer *k = xcalloc(1, sizeof *k);
    k->w = w;
    k->loop = loop;
    k->writer = writer;
    k->presence = p;
    k->again = loop_timer_new(loop, on_again, k);
    return k;
}

static void job_free(struct job *job)
{
    if (job->keeper) {
        *job->prev = job->next;
        if (job->next)
            job->next->prev = job->prev;
    }
    owned_change_fini(&job->parcel);
    free(job);
}

void committer_free(struct committer *k)
{
    if (!k)
        return;
    struct job *job = k->jobs, *next;
    for (; job; job = next) {
        next = job->next;
        int waits = job->is_stuck;
        job->keeper = NULL;
        job->kept = NULL;
        if (waits)
            job_free(job);
    }
    loop_timer_free(k->again);
    free(k->known);
    free(k);
}

int committer_is_stuck(const struct committer *k)
{
    return k->stuck > 0;
}

struct presence *committer_presence(const struct committer *k)
{
    return k->presence;
}

/* ---- one attempt's ---- */

static void commit(void *arg, struct run *run, const struct run_commit *what,
                   run_committed *done, void *done_arg, void **pending);

/* Whoever finds this process dead knows that the last write has not left. */
static void has_not_left(const struct run_log *x)
{
    if (x->k->presence && x->write.run)
        presence_unsent(x->k->presence, &x->write);
}

static void has_left(const struct run_log *x)
{
    if (x->k->presence)
        presence_sent(x->k->presence, x->run);
}

static void leaving(void *arg)
{
    has_left(arg);
    testhook_stop("leaving");
}

static void refused(void *arg)
{
    has_not_left(arg);
    testhook_stop("refused");
}

static void withdraw(void *arg, void *pending)
{
    struct job *job = pending;
    (void)arg;
    job->done = NULL;
    job->journal = NULL;
    job->pins = NULL;
}

struct run_log *committer_begin(struct committer *k, const struct run_log_spec *what)
{
    struct run_log *x = xcalloc(1, sizeof *x);
    x->k = k;
    x->run = what->run;
    x->epoch = what->epoch;
    x->client = xstrdup(what->client);
    x->may_guard = what->guarded;
    if (what->new_run) {
        x->row = xmalloc(sizeof *x->row);
        owned_change_init(x->row, 0);
        owned_change_add_run(x->row, what->new_run);
    }
    x->on_added = what->on_added;
    x->added_arg = what->arg;
    x->hooks = (struct run_committer){x, commit, withdraw, leaving, refused};
    return x;
}

void run_log_free(struct run_log *x)
{
    if (!x)
        return;
    has_left(x); /* or never will */
    for (struct job *job = x->k->jobs, *next; job; job = next) {
        next = job->next;
        if (job->kept != x)
            continue;
        job->kept = NULL;
        withdraw(NULL, job);
        if (job->waits)
            job_free(job);
    }
    for (size_t i = 0; i < x->nnotes; i++) {
        free(x->notes[i].what);
        free(x->notes[i].text);
    }
    if (x->row)
        owned_change_fini(x->row);
    free(x->row);
    free(x->notes);
    free(x->app);
    free(x->company);
    free(x->client);
    free(x);
}

const struct run_committer *run_log_committer(const struct run_log *x)
{
    return &x->hooks;
}

void run_log_has_pins(struct run_log *x, int n)
{
    x->npins = n;
}

void run_log_has_written(struct run_log *x)
{
    x->did_begin = x->did_write = 1;
}

void run_log_note(struct run_log *x, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    x->notes = xrealloc(x->notes, (x->nnotes + 1) * sizeof *x->notes);
    x->notes[x->nnotes++] = (struct note){xstrdup(what), xvasprintf(fmt, ap)};
    va_end(ap);
}

int run_log_is_writing(const struct run_log *x)
{
    int writes = x->is_writing;
    for (const struct job *job = x->k->jobs; job; job = job->next)
        writes |= job->kept == x && job->done && job->kind == RUN_COMMIT_INTENT;
    return writes;
}

int run_log_did_write(const struct run_log *x)
{
    return x->did_write;
}

int run_log_got_on(const struct run_log *x)
{
    return x->got_on;
}

int run_log_did_begin(const struct run_log *x)
{
    return x->did_begin;
}

int run_log_is_lost(const struct run_log *x)
{
    return x->is_lost;
}

int run_log_is_guarded(const struct run_log *x)
{
    return x->is_guarded;
}

/* ---- jobs ---- */

static int is_known(const struct committer *k, const unsigned char *hash)
{
    for (int i = 0; i < k->nknown; i++)
        if (memcmp(k->known[i], hash, CRYPTO_SHA256_SIZE) == 0)
            return 1;
    return 0;
}

/* The code goes along once for each set of it that this process has not stored yet. */
static void add_pins(struct job *job, const struct pins *pins)
{
    struct run_log *x = job->kept;
    if (!pins || pins_count(pins) <= x->npins)
        return;
    unsigned char *hash = owned_change_keep(&job->parcel, xmalloc(CRYPTO_SHA256_SIZE));
    job->parcel.change.pins_list = owned_change_keep(&job->parcel, pins_list(pins, hash));
    job->parcel.change.pins = hash;
    job->npins = pins_count(pins);
    job->pins = pins;
    if (!is_known(x->k, hash))
        owned_change_add_codes(&job->parcel, pins);
}

static void add_notes(struct job *job)
{
    struct run_log *x = job->kept;
    if (!x->nnotes)
        return;
    struct ledger_note *notes =
        owned_change_keep(&job->parcel, xcalloc(x->nnotes, sizeof *notes));
    for (size_t i = 0; i < x->nnotes; i++)
        notes[i] =
            (struct ledger_note){owned_change_keep(&job->parcel, x->notes[i].what),
                                 owned_change_keep(&job->parcel, x->notes[i].text)};
    job->parcel.change.notes = notes;
    job->parcel.change.nnotes = x->nnotes;
    x->nnotes = 0;
}

/* What a POST has made, by the ids in its answer: no other run may take these for its
 * own, and a message must appear. PUT and PATCH answer with what was there before. */
static void add_made(struct job *job, const struct journal_entry *entry)
{
    struct run_log *x = job->kept;
    struct packed_answer answer;
    if (!entry->is_intent || !entry->is_done ||
        packed_read(entry->result, entry->len, &answer, NULL) != 0 ||
        answer.status < 200 || answer.status >= 300)
        return;
    x->did_write = x->got_on = 1;
    if (!x->app || !x->creates)
        return;
    struct made made;
    json_t *body = jsontree_read(answer.body, answer.len, NULL);
    made_read(&made, workspace_connector(job->keeper->w, x->app, NULL), body, NULL);
    owned_change_add_made(&job->parcel, x->app, x->company, &made);
    job->parcel.change.receipt_due_ms = job->parcel.change.now_ms + RECEIPT_MS;
    json_decref(body);
}

static struct job *job_new(struct run_log *x, int kind, const struct journal *journal,
                           const struct pins *pins, run_committed *done, void *arg)
{
    struct committer *k = x->k;
    struct job *job = xcalloc(1, sizeof *job);
    struct job **last = &k->jobs; /* they are repeated in order */
    while (*last)
        last = &(*last)->next;
    job->prev = last;
    *last = job;
    job->keeper = k;
    job->kept = x;
    job->kind = kind;
    job->must_last = kind >= 0 && kind != RUN_COMMIT_CHECKPOINT;
    job->done = done;
    job->arg = arg;
    owned_change_init(&job->parcel, clock_wall_ms());
    if (journal)
        journal_delta(journal, &job->parcel.change.drop, owned_change_add_step,
                      &job->parcel);
    for (size_t i = 0; kind == RUN_COMMIT_OUTCOME && i < job->parcel.change.nsteps; i++)
        add_made(job, &job->parcel.steps[i]);
    add_pins(job, pins);
    add_notes(job);
    return job;
}

/* On the writer's thread. */
static int write_job(struct db *db, void *arg, struct err *e)
{
    struct job *job = arg;
    struct ledger_change *change = &job->parcel.change;
    if (change->pins && !change->ncodes) { /* it was stored once; is it still? */
        char *list = NULL;
        if (ledger_pins(db, change->pins, &list, e) != 0)
            return -1;
        free(list);
    }
    if (job->parcel.new_run)
        return ledger_add_with(db, job->parcel.new_run, job->owner, change, e);
    return ledger_commit(db, change, e);
}

static void end(struct job *job, const struct err *e)
{
    run_committed *done = job->done;
    void *arg = job->arg;
    struct err copy = *e;
    struct run_log *x = job->kept;
    if (x && x->adding == job) {
        x->adding = NULL;
        for (struct job *other = job->next; other; other = other->next)
            if (other->kept == x && other->waits) {
                other->waits = 0;
                submit(other);
            }
    }
    job_free(job);
    if (done)
        done(arg, &copy);
}

/* The open intent is the last step of what is committed. One that adds its run is held
 * when that has its id. */
static void hold(const struct job *job)
{
    struct run_log *x = job->kept;
    const struct ledger_change *change = &job->parcel.change;
    const struct journal_entry *last =
        change->nsteps ? &change->steps[change->nsteps - 1] : NULL;
    x->write = (struct unsent){0};
    if (!last || !last->is_intent || last->is_done)
        return;
    x->write = (struct unsent){
        .run = x->run, .epoch = x->epoch, .seq = last->seq, .at_ms = last->at_ms};
    has_not_left(x);
}

static void stored(struct job *job)
{
    struct committer *k = job->keeper;
    k->has_said = 0;
    struct run_log *x = job->kept;
    if (x && job->parcel.new_run) {
        x->run = job->parcel.change.run;
        x->epoch = job->parcel.change.epoch;
        if (job->kind == RUN_COMMIT_INTENT && job->done)
            hold(job);
        if (x->on_added)
            x->on_added(x->added_arg, x->run);
    }
    if (job->parcel.change.pins && !is_known(k, job->parcel.change.pins)) {
        if (k->nknown == KNOWN_MAX)
            k->nknown = 0;
        if (k->nknown == k->known_cap) {
            k->known_cap = k->known_cap ? 2 * k->known_cap : 16;
            k->known = xrealloc(k->known, (size_t)k->known_cap * sizeof *k->known);
        }
        memcpy(k->known[k->nknown++], job->parcel.change.pins, CRYPTO_SHA256_SIZE);
    }
    if (x && job->npins > x->npins)
        x->npins = job->npins;
    if (x && job->kind == RUN_COMMIT_CHECKPOINT)
        x->got_on = 1;
    if (x && job->kind == RUN_COMMIT_OUTCOME)
        x->is_writing = 0;
    if (x && job->kind == RUN_COMMIT_INTENT)
        x->is_writing = job->done != NULL;
    if (job->journal)
        journal_saved(job->journal);
    if (job->kind == RUN_COMMIT_INTENT) {
        testhook_stop("intent kept");
        testhook_pause("intent kept");
    }
    if (job->kind == RUN_COMMIT_OUTCOME)
        testhook_stop("outcome kept");
}

/* 1: it is submitted once more, as it may pass then. */
static int mend(struct job *job, const struct err *e)
{
    struct committer *k = job->keeper;
    if (e->kind == ERR_NOT_FOUND && job->parcel.change.pins &&
        !job->parcel.change.ncodes) {
        k->nknown = 0;
        if (job->pins)
            owned_change_add_codes(&job->parcel, job->pins);
        if (!job->parcel.change.ncodes)
            job->parcel.change.pins = NULL;
        submit(job);
        return 1;
    }
    if (job->must && !job->parcel.new_run &&
        (e->kind == ERR_STORE || e->kind == ERR_UNAVAILABLE)) {
        if (!k->has_said)
            log_line(LOG_ERROR, "nothing is written until this can be stored: %s",
                     e->text);
        k->has_said = 1;
        if (k->stuck++ == 0)
            loop_timer_set(k->again, AGAIN_MS);
        job->is_stuck = 1;
        return 1;
    }
    return 0;
}

static void on_written(void *arg, const struct err *e)
{
    struct job *job = arg;
    struct err said = *e;
    if (!job->keeper) { /* whoever asked has gone */
        job_free(job);
        return;
    }
    if (e->kind == ERR_NONE) {
        stored(job);
        end(job, e);
        return;
    }
    if (mend(job, e))
        return;
    struct run_log *x = job->kept;
    if (e->kind == ERR_CONFLICT && x)
        x->is_lost = 1;
    if (e->kind == ERR_UNCERTAIN && x) /* its intent stays open, and is looked for */
        x->is_writing = 0;
    if (e->kind == ERR_FORBIDDEN && x && job->parcel.change.reply_to)
        x->is_guarded = 1;
    if (e->kind == ERR_STORE && !job->must) /* nothing has happened: later, then */
        said.kind = ERR_UNAVAILABLE;
    end(job, &said);
}

static void on_refused(void *arg)
{
    struct job *job = arg;
    struct err e;
    err_set(&e, ERR_UNAVAILABLE, "%s", job->why);
    if (!job->keeper)
        job_free(job);
    else
        end(job, &e);
}

static void refuse(struct job *job, const char *why)
{
    job->why = why;
    loop_defer(job->keeper->loop, on_refused, job);
}

/* 0: the run is in the store, or will be with this job; 1: it waits; -1: refused. */
static int prepare(struct job *job)
{
    struct run_log *x = job->kept;
    struct committer *k = job->keeper;
    struct err e;
    if (!x || job->parcel.new_run)
        return 0;
    job->parcel.change.run = x->run;
    job->parcel.change.epoch = x->epoch;
    if (x->run)
        return 0;
    if (x->adding) {
        job->waits = 1;
        return 1;
    }
    if (job->parcel.change.state < 0 && !k->presence &&
        !(k->presence = workspace_presence(k->w, &e))) {
        refuse(job, owned_change_text(&job->parcel, e.text));
        return -1;
    }
    owned_change_add_run(&job->parcel, x->row->new_run);
    job->owner = job->parcel.change.state < 0
                     ? owned_change_text(&job->parcel, presence_id(k->presence))
                     : NULL;
    x->adding = job;
    return 0;
}

static void submit(struct job *job)
{
    if (prepare(job) != 0)
        return;
    writer_submit(job->keeper->writer, job->must_last, write_job, on_written, job);
}

/* ---- what runs ask ---- */

/* A request that the connector calls a reply, for a run that the loop guard watches. */
static void set_guard(struct job *job, const struct run_commit *what)
{
    struct workspace *w = job->keeper->w;
    if (!job->kept->may_guard || !what->app || !what->method || !what->path)
        return;
    char *conversation =
        reply_to(workspace_connector(w, what->app, NULL), what->method, what->path);
    if (!conversation)
        return;
    const json_t *most =
        json_object_get(workspace_client(w, job->kept->client, NULL), "replies_per_hour");
    job->parcel.change.reply_to = owned_change_keep(&job->parcel, conversation);
    job->parcel.change.replies_max =
        json_is_integer(most) ? (int)json_integer_value(most) : REPLIES_PER_HOUR;
}

static const char *const note_words[] = {[RUN_COMMIT_INTENT] = "intent",
                                         [RUN_COMMIT_OUTCOME] = "outcome",
                                         [RUN_COMMIT_VALUE] = "store",
                                         [RUN_COMMIT_CHECKPOINT] = "checkpoint"};

static void commit(void *arg, struct run *run, const struct run_commit *what,
                   run_committed *done, void *done_arg, void **pending)
{
    struct run_log *x = arg;
    if (what->kind == RUN_COMMIT_INTENT) {
        const struct run_scope *scope = run_scope(run);
        x->creates =
            (!scope || scope->effect == RUN_EFFECT_WRITE) && str_eq(what->method, "POST");
        x->did_begin = 1;
        free(x->app);
        free(x->company);
        x->app = xstrdup_null(what->app);
        x->company = xstrdup_null(what->company);
    }
    if (what->kind != RUN_COMMIT_CHECKPOINT && what->text)
        run_log_note(x, note_words[what->kind], "%s", what->text);
    struct job *job =
        job_new(x, what->kind, run_journal(run), run_pins(run), done, done_arg);
    job->journal = run_journal(run);
    job->must = what->kind == RUN_COMMIT_OUTCOME;
    job->parcel.change.key = owned_change_text(&job->parcel, what->key);
    job->parcel.change.value = owned_change_text(&job->parcel, what->value);
    job->parcel.change.values_max = workspace_limits(x->k->w)->store_bytes;
    *pending = job;
    if (what->kind == RUN_COMMIT_INTENT) {
        set_guard(job, what);
        if (x->run)
            hold(job);
    }
    if (what->kind == RUN_COMMIT_OUTCOME)
        testhook_stop("outcome known");
    if (x->k->stuck && !job->must)
        refuse(job, "cannot send anything now: the store cannot be written, and what was "
                    "done before must be kept first");
    else
        submit(job);
}

void run_log_commit(struct run_log *x, const struct journal *journal,
                    const struct pins *pins, const struct ledger_change *change,
                    run_committed *done, void *arg)
{
    /* who cannot be taken up again is never replayed: no pins */
    int is_final =
        change->state >= 0 && ledger_is_final((enum ledger_state)change->state);
    struct job *job =
        job_new(x, -1, journal, is_final && !x->run ? NULL : pins, done, arg);
    struct ledger_change *own = &job->parcel.change;
    job->must = 1;
    /* an end changes nothing that could not be found out again; but who began this run by
     * hand is told that it goes on by itself */
    job->must_last =
        x->row && change->state >= 0 && !ledger_is_over((enum ledger_state)change->state);
    /* PINS is gone when it turns out that their codes are missing */
    if (pins && own->pins && !own->ncodes && !is_final)
        owned_change_add_codes(&job->parcel, pins);
    job->pins = NULL;
    if (!journal) {
        own->drop = change->drop;
        for (size_t i = 0; i < change->nsteps; i++)
            owned_change_add_step(&job->parcel, &change->steps[i]);
    }
    owned_change_add_end(&job->parcel, change);
    own->receipt_due_ms = own->now_ms + RECEIPT_MS;
    submit(job);
}
