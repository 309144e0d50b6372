#include "app/keeper.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/testhook.h"
#include "core/answer.h"
#include "core/connection.h"
#include "core/reply.h"
#include "vm/packed.h"
#include "vm/pins.h"

enum {
    AGAIN_MS = 1000,
    KNOWN_MAX = 1024,
    REPLIES_PER_HOUR = 3,
    RECEIPT_MS = 10 * 60 * 1000,
    REF_MAX = 200
};

struct keeper {
    struct workspace *w;
    struct loop *loop;
    struct writer *writer;
    struct presence *presence;
    struct loop_timer *again;
    struct job *jobs;
    int stuck; /* jobs that wait for the timer */
    /* sets of pins whose code is in the store */
    unsigned char known[KNOWN_MAX][CRYPTO_SHA256_SIZE];
    int nknown;
};

struct note {
    char *what, *text;
};

struct kept {
    struct keeper *k;
    int64_t run, epoch;
    char *client;
    struct run_keeper hooks;
    int npins; /* of them are stored */
    struct note *notes;
    size_t nnotes;
    char *app;           /* that the last intent went to, NULL: to none */
    struct unsent write; /* the last intent, or run 0 */
    int must_appear;     /* it is no idempotent write */
    int may_guard, is_writing, did_begin, did_write, is_lost, is_guarded;
};

/* What the writer's thread gets: all of it is the job's own. */
struct job {
    struct job *next, **prev;
    struct keeper *keeper; /* NULL: it has gone */
    struct kept *kept;     /* NULL: its attempt has gone */
    struct journal *journal;
    const struct pins *pins;
    int npins;
    int kind; /* enum run_commit_kind, or -1: an attempt's end */
    int must, is_stuck, found_refs;
    struct ledger_change change;
    struct journal_entry *steps;
    size_t step_cap;
    void **blocks; /* to be freed with it */
    size_t nblocks, block_cap;
    run_committed *done;
    void *arg;
};

static void submit(struct job *job);

/* ---- keepers ---- */

static void on_again(void *arg)
{
    struct keeper *k = arg;
    for (struct job *job = k->jobs; job; job = job->next)
        if (job->is_stuck) {
            job->is_stuck = 0;
            k->stuck--;
            submit(job);
        }
}

struct keeper *keeper_new(struct workspace *w, struct loop *loop, struct writer *writer,
                          struct presence *p)
{
    struct keeper *k = xcalloc(1, sizeof *k);
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
    for (size_t i = 0; i < job->nblocks; i++)
        free(job->blocks[i]);
    free(job->blocks);
    free(job->steps);
    free(job);
}

void keeper_free(struct keeper *k)
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
    free(k);
}

int keeper_is_stuck(const struct keeper *k)
{
    return k->stuck > 0;
}

/* ---- one attempt's ---- */

static void commit(void *arg, struct run *run, const struct run_commit *what,
                   run_committed *done, void *done_arg, void **pending);

/* Whoever finds this process dead knows that the last write has not left. */
static void has_not_left(const struct kept *x)
{
    if (x->k->presence && x->write.run)
        presence_unsent(x->k->presence, &x->write);
}

static void has_left(const struct kept *x)
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

struct kept *keeper_begin(struct keeper *k, const struct keeping *what)
{
    struct kept *x = xcalloc(1, sizeof *x);
    x->k = k;
    x->run = what->run;
    x->epoch = what->epoch;
    x->client = xstrdup(what->client);
    x->may_guard = what->guarded;
    x->hooks = (struct run_keeper){x, commit, withdraw, leaving, refused};
    return x;
}

void kept_free(struct kept *x)
{
    if (!x)
        return;
    has_left(x); /* or never will */
    for (struct job *job = x->k->jobs; job; job = job->next)
        if (job->kept == x) {
            job->kept = NULL;
            withdraw(NULL, job);
        }
    for (size_t i = 0; i < x->nnotes; i++) {
        free(x->notes[i].what);
        free(x->notes[i].text);
    }
    free(x->notes);
    free(x->app);
    free(x->client);
    free(x);
}

const struct run_keeper *kept_keeper(const struct kept *x)
{
    return &x->hooks;
}

void kept_has_pins(struct kept *x, int n)
{
    x->npins = n;
}

void kept_has_written(struct kept *x)
{
    x->did_begin = x->did_write = 1;
}

void kept_note(struct kept *x, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    x->notes = xrealloc(x->notes, (x->nnotes + 1) * sizeof *x->notes);
    x->notes[x->nnotes++] = (struct note){xstrdup(what), xvasprintf(fmt, ap)};
    va_end(ap);
}

int kept_is_writing(const struct kept *x)
{
    int writes = x->is_writing;
    for (const struct job *job = x->k->jobs; job; job = job->next)
        writes |= job->kept == x && job->done && job->kind == COMMIT_INTENT;
    return writes;
}

int kept_did_write(const struct kept *x)
{
    return x->did_write;
}

int kept_did_begin(const struct kept *x)
{
    return x->did_begin;
}

int kept_is_lost(const struct kept *x)
{
    return x->is_lost;
}

int kept_is_guarded(const struct kept *x)
{
    return x->is_guarded;
}

/* ---- jobs ---- */

static void *keep(struct job *job, void *block)
{
    if (job->nblocks == job->block_cap) {
        job->block_cap = job->block_cap ? 2 * job->block_cap : 16;
        job->blocks = xrealloc(job->blocks, job->block_cap * sizeof *job->blocks);
    }
    job->blocks[job->nblocks++] = block;
    return block;
}

static const char *keep_text(struct job *job, const char *s)
{
    return s ? keep(job, xstrdup(s)) : NULL;
}

static const char *keep_bytes(struct job *job, const char *data, size_t len)
{
    return data ? keep(job, xmemdup0(data, len)) : NULL;
}

static void add_step(void *arg, const struct journal_entry *entry)
{
    struct job *job = arg;
    if (job->change.nsteps == job->step_cap) {
        job->step_cap = job->step_cap ? 2 * job->step_cap : 8;
        job->steps = xrealloc(job->steps, job->step_cap * sizeof *job->steps);
    }
    struct journal_entry *copy = &job->steps[job->change.nsteps++];
    *copy = *entry;
    copy->kind = keep_text(job, entry->kind);
    copy->name = keep_text(job, entry->name);
    copy->input = keep_bytes(job, entry->input, entry->input_len);
    copy->result = keep_bytes(job, entry->result, entry->len);
    job->change.steps = job->steps;
}

struct codes {
    struct job *job;
    struct ledger_code *list;
    size_t n;
};

static void add_code(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                     const char *text, size_t len)
{
    struct codes *codes = arg;
    codes->list = xrealloc(codes->list, (codes->n + 1) * sizeof *codes->list);
    struct ledger_code *code = &codes->list[codes->n++];
    memcpy(code->hash, hash, sizeof code->hash);
    code->text = keep_bytes(codes->job, text, len);
    code->len = len;
}

static void add_codes(struct job *job, const struct pins *pins)
{
    struct codes codes = {.job = job};
    pins_each(pins, add_code, &codes);
    if (codes.list)
        keep(job, codes.list);
    job->change.codes = codes.list;
    job->change.ncodes = codes.n;
}

static int is_known(const struct keeper *k, const unsigned char *hash)
{
    for (int i = 0; i < k->nknown; i++)
        if (memcmp(k->known[i], hash, CRYPTO_SHA256_SIZE) == 0)
            return 1;
    return 0;
}

/* The code goes along once for each set of it that this process has not stored yet. */
static void add_pins(struct job *job, const struct pins *pins)
{
    struct kept *x = job->kept;
    if (!pins || pins_count(pins) <= x->npins)
        return;
    unsigned char *hash = keep(job, xmalloc(CRYPTO_SHA256_SIZE));
    job->change.pins_list = keep(job, pins_list(pins, hash));
    job->change.pins = hash;
    job->npins = pins_count(pins);
    job->pins = pins;
    if (!is_known(x->k, hash))
        add_codes(job, pins);
}

static void add_notes(struct job *job)
{
    struct kept *x = job->kept;
    if (!x->nnotes)
        return;
    struct ledger_note *notes = keep(job, xcalloc(x->nnotes, sizeof *notes));
    for (size_t i = 0; i < x->nnotes; i++)
        notes[i] = (struct ledger_note){keep(job, x->notes[i].what),
                                        keep(job, x->notes[i].text)};
    job->change.notes = notes;
    job->change.nnotes = x->nnotes;
    x->nnotes = 0;
}

/* What a write has made, by the ids in its answer: no other run may take these for its
 * own, and a message must appear. */
static void add_made(struct job *job, const struct journal_entry *entry)
{
    struct kept *x = job->kept;
    struct packed_answer answer;
    if (!entry->is_intent || !entry->is_done ||
        packed_read(entry->result, entry->len, &answer, NULL) != 0 ||
        answer.status < 200 || answer.status >= 300)
        return;
    x->did_write = 1;
    if (!x->app || !x->must_appear)
        return;
    json_t *body = json_loadb(answer.body, answer.len, 0, NULL);
    const char *field = json_string_value(
        json_at(workspace_connector(job->keeper->w, x->app, NULL), "receipt.field"));
    const char *receipt = field ? json_string_value(json_object_get(body, field)) : NULL;
    const char *ids[] = {receipt, json_string_value(json_object_get(body, "id"))};
    const char **refs = keep(job, xcalloc(2, sizeof *refs));
    job->change.nrefs = 0;
    for (int i = 0; i < 2; i++)
        if (ids[i] && *ids[i] && strlen(ids[i]) <= REF_MAX)
            refs[job->change.nrefs++] = keep_text(job, ids[i]);
    job->change.refs = refs;
    job->found_refs = job->change.nrefs > 0;
    if (receipt && *receipt && strlen(receipt) <= REF_MAX) {
        job->change.receipt_app = keep_text(job, x->app);
        job->change.receipt = keep_text(job, receipt);
        job->change.receipt_due_ms = job->change.now_ms + RECEIPT_MS;
    }
    json_decref(body);
}

static struct job *job_new(struct kept *x, int kind, const struct journal *journal,
                           const struct pins *pins, run_committed *done, void *arg)
{
    struct keeper *k = x->k;
    struct job *job = xcalloc(1, sizeof *job);
    struct job **last = &k->jobs; /* they are repeated in order */
    while (*last)
        last = &(*last)->next;
    job->prev = last;
    *last = job;
    job->keeper = k;
    job->kept = x;
    job->kind = kind;
    job->done = done;
    job->arg = arg;
    job->change = (struct ledger_change){.run = x->run,
                                         .epoch = x->epoch,
                                         .now_ms = clock_wall_ms(),
                                         .drop = -1,
                                         .state = -1};
    if (journal)
        journal_delta(journal, &job->change.drop, add_step, job);
    for (size_t i = 0; kind == COMMIT_OUTCOME && i < job->change.nsteps; i++)
        add_made(job, &job->steps[i]);
    add_pins(job, pins);
    add_notes(job);
    return job;
}

/* On the writer's thread. */
static int write_job(struct db *db, void *arg, struct err *e)
{
    struct job *job = arg;
    struct ledger_change *change = &job->change;
    if (change->pins && !change->ncodes) { /* it was stored once; is it still? */
        char *list = NULL;
        if (ledger_pins(db, change->pins, &list, e) != 0)
            return -1;
        free(list);
    }
    return ledger_commit(db, change, e);
}

static void end(struct job *job, const struct err *e)
{
    run_committed *done = job->done;
    void *arg = job->arg;
    struct err copy = *e;
    job_free(job);
    if (done)
        done(arg, &copy);
}

static void stored(struct job *job)
{
    struct keeper *k = job->keeper;
    struct kept *x = job->kept;
    if (job->change.pins && !is_known(k, job->change.pins)) {
        if (k->nknown == KNOWN_MAX)
            k->nknown = 0;
        memcpy(k->known[k->nknown++], job->change.pins, CRYPTO_SHA256_SIZE);
    }
    if (x && job->npins > x->npins)
        x->npins = job->npins;
    if (x && job->kind == COMMIT_OUTCOME)
        x->is_writing = 0;
    if (x && job->kind == COMMIT_INTENT)
        x->is_writing = job->done != NULL;
    if (job->journal)
        journal_saved(job->journal);
    if (job->kind == COMMIT_INTENT) {
        testhook_stop("intent kept");
        testhook_pause("intent kept");
    }
    if (job->kind == COMMIT_OUTCOME)
        testhook_stop("outcome kept");
}

/* 1: it is submitted once more, as it may pass then. */
static int mend(struct job *job, const struct err *e)
{
    struct keeper *k = job->keeper;
    if (e->kind == ERR_CONFLICT && job->found_refs) {
        /* another run has claimed what is ours: by a confirm that took it for its own; or
         * the claim on this run is lost, which the next answer says again */
        log_line(LOG_ERROR,
                 "run %lld: %s; if another run has taken this message for its own, its "
                 "reply may be missing",
                 (long long)job->change.run, e->text);
        job->found_refs = 0;
        job->change.nrefs = 0;
        submit(job);
        return 1;
    }
    if (e->kind == ERR_NOT_FOUND && job->change.pins && !job->change.ncodes) {
        k->nknown = 0;
        if (job->pins)
            add_codes(job, job->pins);
        if (!job->change.ncodes)
            job->change.pins = NULL;
        submit(job);
        return 1;
    }
    if (job->must && (e->kind == ERR_STORE || e->kind == ERR_UNAVAILABLE)) {
        if (k->stuck++ == 0) {
            log_line(LOG_ERROR, "nothing is written until this can be stored: %s",
                     e->text);
            loop_timer_set(k->again, AGAIN_MS);
        }
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
    struct kept *x = job->kept;
    if (e->kind == ERR_CONFLICT && x && !job->change.nrefs)
        x->is_lost = 1;
    if (e->kind == ERR_FORBIDDEN && x && job->change.reply_to)
        x->is_guarded = 1;
    if (e->kind == ERR_STORE && !job->must) /* nothing has happened: later, then */
        said.kind = ERR_UNAVAILABLE;
    end(job, &said);
}

static void submit(struct job *job)
{
    /* an end changes nothing that could not be found out again */
    int durable = job->kind >= 0 && job->kind != COMMIT_CHECKPOINT;
    writer_submit(job->keeper->writer, durable, write_job, on_written, job);
}

/* ---- what runs ask ---- */

static void on_refused(void *arg)
{
    struct job *job = arg;
    struct err e;
    err_set(&e, ERR_UNAVAILABLE,
            "cannot send anything now: the store cannot be written, and what was done "
            "before must be kept first");
    if (!job->keeper)
        job_free(job);
    else
        end(job, &e);
}

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
    job->change.reply_to = keep(job, conversation);
    job->change.replies_max =
        json_is_integer(most) ? (int)json_integer_value(most) : REPLIES_PER_HOUR;
}

/* The open intent is the last step of what is committed. */
static void hold(const struct job *job)
{
    struct kept *x = job->kept;
    const struct ledger_change *change = &job->change;
    const struct journal_entry *last =
        change->nsteps ? &change->steps[change->nsteps - 1] : NULL;
    x->write = (struct unsent){0};
    if (!last || !last->is_intent || last->is_done)
        return;
    x->write = (struct unsent){.run = change->run,
                               .epoch = change->epoch,
                               .seq = last->seq,
                               .at_ms = last->at_ms};
    has_not_left(x);
}

static const char *const note_words[] = {[COMMIT_INTENT] = "intent",
                                         [COMMIT_OUTCOME] = "outcome",
                                         [COMMIT_VALUE] = "store",
                                         [COMMIT_CHECKPOINT] = "checkpoint"};

static void commit(void *arg, struct run *run, const struct run_commit *what,
                   run_committed *done, void *done_arg, void **pending)
{
    struct kept *x = arg;
    if (what->kind == COMMIT_INTENT) {
        const struct scope *scope = run_scope(run);
        x->must_appear = !scope || scope->effect == EFFECT_WRITE;
        x->did_begin = 1;
        free(x->app);
        x->app = what->app ? xstrdup(what->app) : NULL;
    }
    if (what->kind != COMMIT_CHECKPOINT && what->text)
        kept_note(x, note_words[what->kind], "%s", what->text);
    struct job *job =
        job_new(x, what->kind, run_journal(run), run_pins(run), done, done_arg);
    job->journal = run_journal(run);
    job->must = what->kind == COMMIT_OUTCOME;
    job->change.key = keep_text(job, what->key);
    job->change.value = keep_text(job, what->value);
    *pending = job;
    if (what->kind == COMMIT_INTENT) {
        set_guard(job, what);
        hold(job);
    }
    if (what->kind == COMMIT_OUTCOME)
        testhook_stop("outcome known");
    if (x->k->stuck && !job->must)
        loop_defer(x->k->loop, on_refused, job);
    else
        submit(job);
}

void kept_commit(struct kept *x, const struct journal *journal, const struct pins *pins,
                 const struct ledger_change *change, run_committed *done, void *arg)
{
    struct job *job = job_new(x, -1, journal, pins, done, arg);
    struct ledger_change *own = &job->change;
    job->must = 1;
    if (pins && own->pins && !own->ncodes && !ledger_is_over(change->state))
        add_codes(job, pins); /* they are gone when it turns out that they are missing */
    job->pins = NULL;
    if (!journal) {
        own->drop = change->drop;
        for (size_t i = 0; i < change->nsteps; i++)
            add_step(job, &change->steps[i]);
    }
    if (change->nrefs) {
        const char **refs = keep(job, xcalloc(change->nrefs, sizeof *refs));
        for (size_t i = 0; i < change->nrefs; i++)
            refs[i] = keep_text(job, change->refs[i]);
        own->refs = refs;
        own->nrefs = change->nrefs;
        job->found_refs = 0;
    }
    own->state = change->state;
    own->due_ms = change->due_ms;
    own->failures = change->failures;
    own->looks = change->looks;
    own->first_failure_ms = change->first_failure_ms;
    own->kind = keep_text(job, change->kind);
    own->reason = keep_text(job, change->reason);
    own->result = keep_text(job, change->result);
    own->wait_seq = change->wait_seq;
    own->wait_trigger = keep_text(job, change->wait_trigger);
    own->wait_match = keep_text(job, change->wait_match);
    if (change->receipt) {
        own->receipt_app = keep_text(job, change->receipt_app);
        own->receipt = keep_text(job, change->receipt);
        own->receipt_due_ms = own->now_ms + RECEIPT_MS;
    }
    submit(job);
}
