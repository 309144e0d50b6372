#include "work/committer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "work/departure.h"
#include "work/owned_change.h"
#include "base/array.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "base/testhook.h"
#include "core/made.h"
#include "core/reply.h"
#include "core/packed.h"
#include "vm/pins.h"

enum {
    AGAIN_MS = 1000,
    KNOWN_MAX = 1024,
    REPLIES_PER_HOUR = 3,
    REACTIONS_PER_HOUR = 10, /* runs of a recipe in one conversation */
    RECEIPT_MS = 10 * 60 * 1000
};

struct committer {
    struct workspace *w;
    struct loop *loop;
    struct writer *writer;
    struct presence *presence;
    struct loop_timer *again;
    TAILQ_HEAD(, commit_job) jobs; /* repeated in order */
    struct departures *departures;
    int stuck;    /* jobs that wait for the timer */
    int has_said; /* 1: the log reports it, until a job is stored */
    /* sets of pins whose code is in the store */
    unsigned char (*known)[CRYPTO_SHA256_SIZE]; /* at most KNOWN_MAX */
    int nknown;
};

struct run_log {
    struct committer *k;
    int64_t run, epoch;        /* run 0: it is not in the store yet */
    struct owned_change *row;  /* NULL: the run was in the store when it began */
    struct commit_job *adding; /* the job that adds the run; the others wait for it */
    void (*on_added)(void *arg, int64_t id);
    void *added_arg;
    char *client;
    struct run_committer hooks;
    int npins;                 /* stored */
    struct ledger_note *notes; /* their texts are owned */
    size_t nnotes;
    char *app, *company; /* of the last intent; NULL: it goes to no connection */
    struct unsent write; /* the last intent, or run 0 */
    struct departure departure;
    int creates;     /* it is a POST, and not an idempotent write */
    char *reacts_to; /* see run_log_reacts; NULL: a person caused the event */
    int may_guard, is_writing;
    struct run_log_facts facts;
};

/* For the writer's thread: all of it belongs to the job. */
struct commit_job {
    TAILQ_ENTRY(commit_job) entry;
    struct committer *committer; /* NULL: committer_free was called */
    struct run_log *log;         /* NULL: run_log_free was called */
    struct journal *journal;
    const struct pins *pins;
    int npins;
    int kind;                /* enum run_commit_kind, or -1: an attempt's end */
    int must;                /* it is repeated until it is stored */
    int must_last;           /* it is on the disk before DONE is called */
    int is_stuck;            /* it waits for the timer */
    int waits;               /* for the job that adds the run */
    const char *owner, *why; /* why: it cannot be submitted */
    struct owned_change own;
    run_committed *done;
    void *arg;
};

static void submit(struct commit_job *job);

/* ---- the committer ---- */

static void on_again(void *arg)
{
    struct committer *k = arg;
    struct commit_job *job;
    TAILQ_FOREACH(job, &k->jobs, entry)
    {
        if (!job->is_stuck)
            continue;
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
    k->departures = departures_new(loop);
    TAILQ_INIT(&k->jobs);
    return k;
}

static void job_free(struct commit_job *job)
{
    if (job->committer)
        TAILQ_REMOVE(&job->committer->jobs, job, entry);
    owned_change_fini(&job->own);
    free(job);
}

void committer_free(struct committer *k)
{
    if (!k)
        return;
    struct commit_job *job = TAILQ_FIRST(&k->jobs), *next;
    for (; job; job = next) {
        next = TAILQ_NEXT(job, entry);
        job->committer = NULL;
        job->log = NULL;
        if (job->is_stuck)
            job_free(job);
    }
    loop_timer_free(k->again);
    departures_free(k->departures);
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

/* ---- run logs ---- */

/* Records in the presence that the pending write was not sent, for the process that
 * reclaims our runs after a crash. */
static void mark_unsent(const struct run_log *x)
{
    if (x->k->presence && x->write.run)
        presence_unsent(x->k->presence, &x->write);
}

static void mark_sent(const struct run_log *x)
{
    if (x->k->presence)
        presence_sent(x->k->presence, x->run);
}

static enum run_send on_sending(void *arg, int is_large)
{
    struct run_log *x = arg;
    x->departure.run = x->run;
    enum run_send send =
        departure_ask(x->k->departures, &x->departure, x->k->presence, is_large);
    x->facts.is_lost |= send == RUN_SEND_LOST;
    return send;
}

static void on_unsent(void *arg)
{
    mark_unsent(arg);
    testhook_stop("refused");
}

static void withdraw(void *arg, void *pending)
{
    struct commit_job *job = pending;
    (void)arg;
    job->done = NULL;
    job->journal = NULL;
    job->pins = NULL;
}

void run_log_free(struct run_log *x)
{
    if (!x)
        return;
    departure_end(&x->departure);
    mark_sent(x);
    for (struct commit_job *job = TAILQ_FIRST(&x->k->jobs), *next; job; job = next) {
        next = TAILQ_NEXT(job, entry);
        if (job->log != x)
            continue;
        job->log = NULL;
        withdraw(NULL, job);
        if (job->waits)
            job_free(job);
    }
    for (size_t i = 0; i < x->nnotes; i++)
        free((char *)x->notes[i].text);
    if (x->row)
        owned_change_fini(x->row);
    free(x->row);
    free(x->notes);
    free(x->app);
    free(x->company);
    free(x->reacts_to);
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
    x->facts.did_begin = x->facts.did_write = 1;
}

void run_log_note(struct run_log *x, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    array_grow(x->notes, x->nnotes);
    x->notes[x->nnotes++] = (struct ledger_note){what, xvasprintf(fmt, ap)};
    va_end(ap);
}

int run_log_is_writing(const struct run_log *x)
{
    int writes = x->is_writing;
    const struct commit_job *job;
    TAILQ_FOREACH(job, &x->k->jobs, entry)
    {
        writes |= job->log == x && job->done && job->kind == RUN_COMMIT_INTENT;
    }
    return writes;
}

const struct run_log_facts *run_log_facts(const struct run_log *x)
{
    return &x->facts;
}

/* ---- jobs ---- */

static int is_known(const struct committer *k, const unsigned char *hash)
{
    for (int i = 0; i < k->nknown; i++)
        if (memcmp(k->known[i], hash, CRYPTO_SHA256_SIZE) == 0)
            return 1;
    return 0;
}

/* Adds the set of pins; its code too, when this process has not stored that yet. */
static void add_pins(struct commit_job *job, const struct pins *pins)
{
    struct run_log *x = job->log;
    if (!pins || pins_count(pins) <= x->npins)
        return;
    unsigned char *hash = owned_change_keep(&job->own, xmalloc(CRYPTO_SHA256_SIZE));
    job->own.change.pins_list = owned_change_keep(&job->own, pins_list(pins, hash));
    job->own.change.pins = hash;
    job->npins = pins_count(pins);
    job->pins = pins;
    if (!is_known(x->k, hash))
        owned_change_add_codes(&job->own, pins);
}

static void add_notes(struct commit_job *job)
{
    struct run_log *x = job->log;
    for (size_t i = 0; i < x->nnotes; i++)
        owned_change_keep(&job->own, (char *)x->notes[i].text);
    job->own.change.notes = owned_change_keep(&job->own, x->notes);
    job->own.change.nnotes = x->nnotes;
    x->notes = NULL;
    x->nnotes = 0;
}

/* Records the objects that a POST has made, by the ids in its answer: no other run may
 * claim them as its own, and a message gets a delivery receipt. The answers to PUT and
 * PATCH name objects that existed before. */
static void add_made(struct commit_job *job, const struct journal_entry *entry)
{
    struct run_log *x = job->log;
    struct packed_answer answer;
    if (!entry->is_intent || !entry->is_done ||
        packed_read(entry->result, entry->len, &answer, NULL) != 0 ||
        answer.status < 200 || answer.status >= 300)
        return;
    x->facts.did_write = x->facts.got_on = 1;
    if (!x->app || !x->creates)
        return;
    struct made made;
    json_t *body = jsontree_read(answer.body, answer.len, NULL);
    made_read(&made, workspace_connector(job->committer->w, x->app, NULL), body, NULL);
    owned_change_add_made(&job->own, x->app, x->company, &made);
    job->own.change.receipt_due_ms = job->own.change.now_ms + RECEIPT_MS;
    json_decref(body);
}

/* The items of reads are stored when the attempt ends: to make them again is cheaper than
 * to write them with each write. */
static void add_journal(struct commit_job *job, struct journal *journal)
{
    struct ledger_change *change = &job->own.change;
    journal_delta(journal, &change->drop, owned_change_add_step, &job->own);
    journal_exchanged(journal, job->kind < 0, owned_change_add_item, &job->own);
    change->dry = journal_has_dry(journal);
    change->more = journal_record(journal)->more;
    change->more_bytes = journal_record(journal)->more_bytes;
}

static struct commit_job *job_new(struct run_log *x, int kind, struct journal *journal,
                                  const struct pins *pins, run_committed *done, void *arg)
{
    struct committer *k = x->k;
    struct commit_job *job = xcalloc(1, sizeof *job);
    TAILQ_INSERT_TAIL(&k->jobs, job, entry);
    job->committer = k;
    job->log = x;
    job->kind = kind;
    job->must_last = kind >= 0 && kind != RUN_COMMIT_CHECKPOINT;
    job->done = done;
    job->arg = arg;
    owned_change_init(&job->own, clock_wall_ms());
    if (journal)
        add_journal(job, journal);
    for (size_t i = 0; kind == RUN_COMMIT_OUTCOME && i < job->own.change.nsteps; i++)
        add_made(job, &job->own.steps[i]);
    add_pins(job, pins);
    add_notes(job);
    return job;
}

/* On the writer's thread. */
static int write_job(struct db *db, void *arg, struct err *e)
{
    struct commit_job *job = arg;
    struct ledger_change *change = &job->own.change;
    if (change->pins && !change->ncodes) { /* retention may have removed the code */
        char *list = NULL;
        if (ledger_pins(db, change->pins, &list, e) != 0)
            return -1;
        free(list);
    }
    if (job->own.new_run)
        return ledger_add_with(db, job->own.new_run, job->owner, change, e);
    return ledger_commit(db, change, e);
}

static void end(struct commit_job *job, const struct err *e)
{
    run_committed *done = job->done;
    void *arg = job->arg;
    struct err copy = *e;
    struct run_log *x = job->log;
    if (x && x->adding == job) {
        x->adding = NULL;
        struct commit_job *other = job;
        while ((other = TAILQ_NEXT(other, entry)))
            if (other->log == x && other->waits) {
                other->waits = 0;
                submit(other);
            }
    }
    job_free(job);
    if (done)
        done(arg, &copy);
}

/* Marks the write as not sent: the open intent is the last step of the commit. When the
 * commit adds the run, this is done after the commit, as the run's id is needed. */
static void remember_write(const struct commit_job *job)
{
    struct run_log *x = job->log;
    const struct ledger_change *change = &job->own.change;
    const struct journal_entry *last =
        change->nsteps ? &change->steps[change->nsteps - 1] : NULL;
    x->write = (struct unsent){0};
    if (!last || !last->is_intent || last->is_done)
        return;
    x->write = (struct unsent){
        .run = x->run, .epoch = x->epoch, .seq = last->seq, .at_ms = last->at_ms};
    mark_unsent(x);
}

static void stored(struct commit_job *job)
{
    struct committer *k = job->committer;
    k->has_said = 0;
    struct run_log *x = job->log;
    if (x && job->own.new_run) {
        x->run = job->own.change.run;
        x->epoch = job->own.change.epoch;
        if (job->kind == RUN_COMMIT_INTENT && job->done)
            remember_write(job);
        if (x->on_added)
            x->on_added(x->added_arg, x->run);
    }
    if (job->own.change.pins && !is_known(k, job->own.change.pins)) {
        if (k->nknown == KNOWN_MAX)
            k->nknown = 0;
        array_grow(k->known, k->nknown);
        memcpy(k->known[k->nknown++], job->own.change.pins, CRYPTO_SHA256_SIZE);
    }
    if (x && job->npins > x->npins)
        x->npins = job->npins;
    if (x && job->kind == RUN_COMMIT_CHECKPOINT)
        x->facts.got_on = 1;
    if (x && job->kind == RUN_COMMIT_OUTCOME)
        x->is_writing = 0;
    if (x && job->kind == RUN_COMMIT_INTENT)
        x->is_writing = job->done != NULL;
    if (job->journal)
        journal_saved(job->journal);
    if (x && job->kind == RUN_COMMIT_INTENT)
        x->departure.stored_us = clock_mono_us();
    if (job->kind == RUN_COMMIT_INTENT) {
        testhook_stop("intent kept");
        testhook_pause("intent kept");
    }
    if (job->kind == RUN_COMMIT_OUTCOME)
        testhook_stop("outcome kept");
}

/* Returns 1 when the job is submitted again, now or by the timer. */
static int repeat(struct commit_job *job, const struct err *e)
{
    struct committer *k = job->committer;
    if (e->kind == ERR_NOT_FOUND && job->own.change.pins && !job->own.change.ncodes) {
        k->nknown = 0;
        if (job->pins)
            owned_change_add_codes(&job->own, job->pins);
        if (!job->own.change.ncodes)
            job->own.change.pins = NULL;
        submit(job);
        return 1;
    }
    if (job->must && !job->own.new_run &&
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
    struct commit_job *job = arg;
    struct err said = *e;
    if (!job->committer) {
        job_free(job);
        return;
    }
    if (e->kind == ERR_NONE) {
        stored(job);
        end(job, e);
        return;
    }
    if (repeat(job, e))
        return;
    struct run_log *x = job->log;
    if (e->kind == ERR_CONFLICT && x)
        x->facts.is_lost = 1;
    if (e->kind == ERR_UNCERTAIN && x) /* the intent stays open, for work/confirm.c */
        x->is_writing = 0;
    if (e->kind == ERR_FORBIDDEN && x &&
        (job->own.change.reply_to || job->own.change.reacts_to))
        x->facts.is_guarded = 1;
    if (e->kind == ERR_STORE && !job->must) /* nothing was sent: it can be retried */
        said.kind = ERR_UNAVAILABLE;
    end(job, &said);
}

static void on_refused(void *arg)
{
    struct commit_job *job = arg;
    struct err e;
    err_set(&e, ERR_UNAVAILABLE, "%s", job->why);
    if (!job->committer)
        job_free(job);
    else
        end(job, &e);
}

static void refuse(struct commit_job *job, const char *why)
{
    job->why = why;
    loop_defer(job->committer->loop, on_refused, job);
}

/* 0: the run is in the store, or this job adds it; 1: the job waits for the one that
 * does; -1: it is refused. */
static int prepare(struct commit_job *job)
{
    struct run_log *x = job->log;
    struct committer *k = job->committer;
    struct err e;
    if (!x || job->own.new_run)
        return 0;
    job->own.change.run = x->run;
    job->own.change.epoch = x->epoch;
    if (x->run)
        return 0;
    if (x->adding) {
        job->waits = 1;
        return 1;
    }
    if (job->own.change.state < 0 && !k->presence &&
        !(k->presence = workspace_presence(k->w, &e))) {
        refuse(job, owned_change_text(&job->own, e.text));
        return -1;
    }
    owned_change_add_run(&job->own, x->row->new_run);
    job->owner = job->own.change.state < 0
                     ? owned_change_text(&job->own, presence_id(k->presence))
                     : NULL;
    x->adding = job;
    return 0;
}

static void submit(struct commit_job *job)
{
    if (prepare(job) != 0)
        return;
    writer_submit(job->committer->writer, job->must_last, write_job, on_written, job);
}

/* ---- commits ---- */

/* Lets the store count a request that the connector defines as a reply; an automatic one
 * for the loop guard too. */
static void set_reply(struct commit_job *job, const struct run_commit *what)
{
    struct workspace *w = job->committer->w;
    if (!what->app || !what->method || !what->path)
        return;
    char *conversation =
        reply_to(workspace_connector(w, what->app, NULL), what->method, what->path);
    job->own.change.is_reply = conversation != NULL;
    if (!conversation || !job->log->may_guard) {
        free(conversation);
        return;
    }
    const json_t *most =
        json_object_get(workspace_client(w, job->log->client, NULL), "replies_per_hour");
    job->own.change.reply_to = owned_change_keep(&job->own, conversation);
    job->own.change.replies_max =
        json_is_integer(most) ? (int)json_integer_value(most) : REPLIES_PER_HOUR;
}

/* Lets the store count a write to the app in a run whose event no person caused. */
static void set_reaction(struct commit_job *job, const struct run_commit *what)
{
    if (!what->app || !job->log->reacts_to)
        return;
    job->own.change.reacts_to = owned_change_text(&job->own, job->log->reacts_to);
    job->own.change.reactions_max = REACTIONS_PER_HOUR;
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
        x->facts.did_begin = 1;
        free(x->app);
        free(x->company);
        x->app = xstrdup_null(what->app);
        x->company = xstrdup_null(what->company);
    }
    if (what->kind != RUN_COMMIT_CHECKPOINT && what->text)
        run_log_note(x, note_words[what->kind], "%s", what->text);
    struct commit_job *job =
        job_new(x, what->kind, run_journal(run), run_spec(run)->pins, done, done_arg);
    job->journal = run_journal(run);
    job->must = what->kind == RUN_COMMIT_OUTCOME;
    job->own.change.key = owned_change_text(&job->own, what->key);
    job->own.change.value = owned_change_text(&job->own, what->value);
    job->own.change.values_max = workspace_limits(x->k->w)->store_bytes;
    *pending = job;
    if (what->kind == RUN_COMMIT_INTENT) {
        set_reply(job, what);
        set_reaction(job, what);
        if (x->run)
            remember_write(job);
    }
    if (what->kind == RUN_COMMIT_OUTCOME) {
        if (x->k->presence)
            presence_left(x->k->presence, x->run);
        testhook_stop("outcome known");
        testhook_pause("outcome known");
    }
    if (x->k->stuck && !job->must)
        refuse(job, "cannot send anything now: the store cannot be written, and what was "
                    "done before must be kept first");
    else
        submit(job);
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
    x->hooks = (struct run_committer){x, commit, withdraw, on_sending, on_unsent};
    return x;
}

void run_log_reacts(struct run_log *x, const char *conversation)
{
    free(x->reacts_to);
    x->reacts_to = xstrdup(conversation);
}

void run_log_commit(struct run_log *x, struct journal *journal, const struct pins *pins,
                    const struct ledger_change *change, run_committed *done, void *arg)
{
    /* a run that ends for good is never replayed: it needs no pins */
    int is_final =
        change->state >= 0 && ledger_is_final((enum ledger_state)change->state);
    struct commit_job *job =
        job_new(x, -1, journal, is_final && !x->run ? NULL : pins, done, arg);
    struct ledger_change *own = &job->own.change;
    job->must = 1;
    /* a replay repeats an end that a power cut takes away; but of a run that was started
     * by hand, the terminal reports that it goes on by itself */
    if (is_final && pins && !own->pins_list && !x->run) {
        unsigned char hash[CRYPTO_SHA256_SIZE];
        own->pins_list = owned_change_keep(&job->own, pins_list(pins, hash));
    }
    job->must_last =
        x->row && change->state >= 0 && !ledger_is_over((enum ledger_state)change->state);
    /* PINS is freed before a repeat could need the code */
    if (pins && own->pins && !own->ncodes && !is_final)
        owned_change_add_codes(&job->own, pins);
    job->pins = NULL;
    if (!journal) {
        own->drop = change->drop;
        for (size_t i = 0; i < change->nsteps; i++)
            owned_change_add_step(&job->own, &change->steps[i]);
    }
    owned_change_add_end(&job->own, change);
    own->receipt_due_ms = own->now_ms + RECEIPT_MS;
    submit(job);
}
