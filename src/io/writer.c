#include "io/writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/testhook.h"

/* limits what a crash undoes, and how long the first job waits for the last one */
enum { BATCH_MAX = 1024 };

struct job {
    STAILQ_ENTRY(job) entry;
    writer_fn *look; /* NULL: it writes, or has looked and found that it must */
    writer_fn *fn;   /* NULL: it only reads */
    writer_done *done;
    void *arg;
    struct err *err; /* NULL: none; few jobs need its kilobyte */
    int how, is_refused;
    int is_over; /* it needed no transaction */
};

STAILQ_HEAD(queue, job);

struct writer {
    struct loop_wake *wake;  /* with a thread */
    struct loop_timer *turn; /* without a thread */
    pthread_t thread;
    /* for the loop's thread only */
    size_t nqueued;
    struct queue spare; /* to use again */
    /* shared, under LOCK */
    pthread_mutex_t lock;
    pthread_cond_t has_work, has_done;
    struct queue work, done;
    int is_idle, is_closing;
    /* shared while it opens; then for the writer's thread, if it has one */
    char *path;
    struct db *db; /* borrowed without a thread */
    void (*watch)(int64_t us, uint64_t jobs);
    void (*refused)(void *arg, const struct err *e);
    void *refused_arg;
    int is_open, has_failed, batch_max;
    struct err open_err;
};

/* Moves up to MAX jobs to the end of OUT. */
static void queue_take(struct queue *q, struct queue *out, int max)
{
    struct job *job;
    for (int n = 0; n < max && (job = STAILQ_FIRST(q)); n++) {
        STAILQ_REMOVE_HEAD(q, entry);
        STAILQ_INSERT_TAIL(out, job, entry);
    }
}

static void job_fail(struct job *job, const struct err *e)
{
    job->err = xmalloc(sizeof(*job->err));
    *job->err = *e;
    if (e->kind == ERR_NONE) /* a failed job must not count as committed */
        err_set(job->err, ERR_INTERNAL, "cannot write: a job failed without an error");
}

/* Returns 1 when the job has something to write, 0 when it has ended. */
static int run_look(struct db *db, struct job *job, struct err *e)
{
    int rc = job->look(db, job->arg, e);
    job->look = NULL;
    if (rc < 0) {
        job_fail(job, e);
        job->is_refused = e->kind == ERR_UNAVAILABLE || e->kind == ERR_STORE;
    }
    return rc > 0 && job->fn;
}

/* Lets the jobs look without a transaction, unless one of them writes in any case.
 * Returns how many jobs need one. */
static int look_first(struct db *db, struct queue *batch)
{
    struct err e;
    struct job *job;
    int n = 0, writes = 0;
    STAILQ_FOREACH(job, batch, entry)
    {
        n++;
        writes |= !job->look;
    }
    if (writes)
        return n;
    STAILQ_FOREACH(job, batch, entry)
    {
        err_clear(&e);
        job->is_over = !run_look(db, job, &e);
        n -= job->is_over;
    }
    return n;
}

static int rolled_back(struct err *e)
{
    return err_set(e, ERR_STORE, "cannot write: it was rolled back");
}

/* Runs a job. Returns -1 when the whole transaction must end, with E for the jobs that
 * have no error of their own. ALONE: it is the only job. */
static int run_job(struct db *db, struct job *job, int alone, struct err *e)
{
    if (job->look && !run_look(db, job, e))
        return db_in_transaction(db) ? 0 : rolled_back(e);
    int64_t changes = db_changes(db);
    int is_plain = alone || (job->how & WRITER_CHECKS_FIRST);
    int rc =
        is_plain ? job->fn(db, job->arg, e) : db_transaction(db, job->fn, job->arg, e);
    if (rc != 0) {
        job_fail(job, e);
        job->is_refused = e->kind == ERR_UNAVAILABLE || !db_in_transaction(db);
    }
    if (rc != 0 && alone)
        return -1;
    if (!db_in_transaction(db)) /* the disk is full or broken: everything is undone */
        return rc != 0 ? -1 : rolled_back(e);
    if (rc != 0 && is_plain && db_changes(db) != changes) {
        err_set(e, ERR_UNAVAILABLE,
                "cannot write now: undone with another write that "
                "failed: %s",
                job->err->text);
        return -1;
    }
    return 0;
}

/* Runs one transaction, for N of the jobs. Returns -1 when nothing of it is committed. */
static int commit_batch(struct writer *w, struct queue *batch, int n, int durable,
                        struct err *e)
{
    if (db_set_durable(w->db, durable, e) != 0 || db_begin(w->db, e) != 0)
        return -1;
    struct job *job;
    STAILQ_FOREACH(job, batch, entry)
    {
        err_clear(e);
        if (!job->is_over && run_job(w->db, job, n == 1, e) != 0) {
            db_end(w->db, 0, NULL);
            return -1;
        }
    }
    err_clear(e);
    testhook_pause("committing");
    return db_end(w->db, 1, e);
}

static void run_batch(struct writer *w, struct queue *batch)
{
    int durable = 0;
    struct job *job;
    STAILQ_FOREACH(job, batch, entry)
    {
        durable |= (job->how & WRITER_DURABLE) != 0;
    }
    struct err e = {0};
    int64_t start = clock_mono_us();
    int n = look_first(w->db, batch);
    int rc = n ? commit_batch(w, batch, n, durable, &e) : 0;
    int64_t us = clock_mono_us() - start;
    uint64_t committed = 0;
    STAILQ_FOREACH(job, batch, entry)
    {
        if (rc != 0 && !job->err && !job->is_over) {
            job_fail(job, &e);
            job->is_refused = 1;
        }
        committed += !job->err && !job->is_over;
    }
    if (n && rc == 0 && w->watch)
        w->watch(us, committed);
    pthread_mutex_lock(&w->lock);
    STAILQ_CONCAT(&w->done, batch);
    pthread_cond_signal(&w->has_done);
    pthread_mutex_unlock(&w->lock);
    if (w->wake)
        loop_wake_send(w->wake);
}

static void *run_thread(void *arg)
{
    struct writer *w = arg;
    pthread_mutex_lock(&w->lock);
    w->db = w->path ? db_open(w->path, &w->open_err) : NULL;
    /* A savepoint copies each page that its job changes: in memory, not to a file. */
    if (w->db && db_exec(w->db, "PRAGMA temp_store=MEMORY", &w->open_err) != 0) {
        db_close(w->db);
        w->db = NULL;
    }
    w->is_open = 1;
    w->has_failed = w->path && !w->db;
    pthread_cond_signal(&w->has_done);
    while (!w->has_failed) {
        struct queue batch = STAILQ_HEAD_INITIALIZER(batch);
        queue_take(&w->work, &batch, w->batch_max);
        if (STAILQ_EMPTY(&batch) && w->is_closing)
            break;
        if (STAILQ_EMPTY(&batch)) {
            w->is_idle = 1;
            pthread_cond_wait(&w->has_work, &w->lock);
            w->is_idle = 0;
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        run_batch(w, &batch);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    db_close(w->db);
    return NULL;
}

/* Calls DONE for finished jobs. A job's node is free before that. */
static void complete(void *arg)
{
    struct writer *w = arg;
    static const struct err none;
    struct queue done = STAILQ_HEAD_INITIALIZER(done);
    pthread_mutex_lock(&w->lock);
    STAILQ_CONCAT(&done, &w->done);
    pthread_mutex_unlock(&w->lock);
    struct job *job;
    while ((job = STAILQ_FIRST(&done))) {
        struct job now = *job;
        STAILQ_REMOVE_HEAD(&done, entry);
        STAILQ_INSERT_HEAD(&w->spare, job, entry);
        if (--w->nqueued == 0 && w->wake)
            loop_wake_hold(w->wake, 0);
        if (now.done)
            now.done(now.arg, now.err ? now.err : &none);
        if (now.is_refused && w->refused)
            w->refused(w->refused_arg, now.err);
        free(now.err);
    }
}

static void free_writer(struct writer *w)
{
    struct job *job;
    while ((job = STAILQ_FIRST(&w->spare))) {
        STAILQ_REMOVE_HEAD(&w->spare, entry);
        free(job);
    }
    loop_wake_free(w->wake);
    loop_timer_free(w->turn);
    pthread_cond_destroy(&w->has_work);
    pthread_cond_destroy(&w->has_done);
    pthread_mutex_destroy(&w->lock);
    free(w->path);
    free(w);
}

static int start_thread(struct writer *w, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&w->thread, NULL, run_thread, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return err_set(e, ERR_INTERNAL, "cannot start the store's writing thread: %s",
                       strerror(rc));
    pthread_mutex_lock(&w->lock);
    while (!w->is_open)
        pthread_cond_wait(&w->has_done, &w->lock);
    int has_failed = w->has_failed;
    pthread_mutex_unlock(&w->lock);
    if (!has_failed)
        return 0;
    pthread_join(w->thread, NULL);
    if (e)
        *e = w->open_err;
    return -1;
}

static struct writer *new_writer(void)
{
    struct writer *w = xcalloc(1, sizeof(*w));
    STAILQ_INIT(&w->work);
    STAILQ_INIT(&w->done);
    STAILQ_INIT(&w->spare);
    w->batch_max = testhook_batch(BATCH_MAX);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_work, NULL);
    pthread_cond_init(&w->has_done, NULL);
    return w;
}

/* The handle's other writes wait for the disk again. */
static void on_turn(void *arg)
{
    struct writer *w = arg;
    while (!STAILQ_EMPTY(&w->work)) {
        struct queue batch = STAILQ_HEAD_INITIALIZER(batch);
        queue_take(&w->work, &batch, w->batch_max);
        run_batch(w, &batch);
    }
    struct err e;
    if (w->db && db_set_durable(w->db, 1, &e) != 0)
        log_line(LOG_ERROR, "the next writes may not wait for the disk: %s", e.text);
    complete(w);
}

struct writer *writer_open_here(struct db *db, struct loop *loop)
{
    struct writer *w = new_writer();
    w->db = db;
    w->turn = loop_timer_new(loop, on_turn, w);
    return w;
}

struct writer *writer_open(const char *path, struct loop *loop, struct err *e)
{
    struct writer *w = new_writer();
    w->path = xstrdup_null(path);
    w->wake = loop_wake_new(loop, complete, w, e);
    if (!w->wake || start_thread(w, e) != 0) {
        free_writer(w);
        return NULL;
    }
    return w;
}

static void add(struct writer *w, const struct job *what)
{
    struct job *job = STAILQ_FIRST(&w->spare);
    if (job)
        STAILQ_REMOVE_HEAD(&w->spare, entry);
    else
        job = xmalloc(sizeof(*job));
    *job = *what;
    if (w->turn) {
        w->nqueued++;
        STAILQ_INSERT_TAIL(&w->work, job, entry);
        loop_timer_set(w->turn, 0);
        return;
    }
    if (w->nqueued++ == 0)
        loop_wake_hold(w->wake, 1);
    pthread_mutex_lock(&w->lock);
    STAILQ_INSERT_TAIL(&w->work, job, entry);
    int must_signal = w->is_idle;
    w->is_idle = 0;
    pthread_mutex_unlock(&w->lock);
    if (must_signal)
        pthread_cond_signal(&w->has_work);
}

void writer_submit(struct writer *w, int how, writer_fn *fn, writer_done *done, void *arg)
{
    add(w, &(struct job){.fn = fn, .done = done, .arg = arg, .how = how});
}

void writer_read(struct writer *w, writer_fn *fn, writer_done *done, void *arg)
{
    add(w, &(struct job){.look = fn, .done = done, .arg = arg});
}

void writer_look(struct writer *w, writer_fn *look, writer_fn *fn, writer_done *done,
                 void *arg)
{
    add(w, &(struct job){.look = look, .fn = fn, .done = done, .arg = arg});
}

void writer_close(struct writer *w)
{
    if (!w)
        return;
    while (w->turn && w->nqueued > 0)
        on_turn(w);
    if (w->turn) {
        free_writer(w);
        return;
    }
    while (w->nqueued > 0) {
        pthread_mutex_lock(&w->lock);
        while (STAILQ_EMPTY(&w->done))
            pthread_cond_wait(&w->has_done, &w->lock);
        pthread_mutex_unlock(&w->lock);
        complete(w);
    }
    pthread_mutex_lock(&w->lock);
    w->is_closing = 1;
    pthread_cond_signal(&w->has_work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    free_writer(w);
}

size_t writer_queued(const struct writer *w)
{
    return w->nqueued;
}

void writer_watch(struct writer *w, void (*fn)(int64_t us, uint64_t jobs))
{
    w->watch = fn;
}

void writer_on_refused(struct writer *w, void (*fn)(void *arg, const struct err *e),
                       void *arg)
{
    w->refused = fn;
    w->refused_arg = arg;
}
