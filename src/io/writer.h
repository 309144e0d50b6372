/* writer: the store's writing thread. It commits for many at once: while one commit
 * waits for the disk, the jobs of the next queue up, so grouping adds no wait of its own.
 * A command with a single thing to do has one without the thread. It knows SQLite only
 * through io/db, and nothing of what its jobs do.
 *
 * The functions are for the loop's thread. Its thread takes no signals; a process that
 * forks without exec does so before it opens a writer. */
#ifndef FOYER_WRITER_H
#define FOYER_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/db.h"
#include "io/loop.h"

struct writer;

/* Opens PATH (db_open) on the new thread; the file's migrations are done before. */
struct writer *writer_open(const char *path, struct loop *loop, struct err *e);
/* The same without a thread and a handle of its own: jobs are done on the loop's thread,
 * in its next turn, which waits for the disk. DB is borrowed. */
struct writer *writer_open_here(struct db *db, struct loop *loop);
/* Finishes what was submitted and what their DONEs submit, then ends the thread. Not from
 * inside a DONE. NULL is fine. */
void writer_close(struct writer *w);

/* On the writer's thread, if it has one, inside a transaction that it shares with others;
 * touches only ARG and DB, by db_change, db_query and db_transaction (a savepoint there).
 * A job that answers -1 is undone alone and ends with its error. Called once. */
typedef int writer_fn(struct db *db, void *arg, struct err *e);
/* On the loop's thread, in the order of submission. E->kind is ERR_NONE when ARG's job is
 * committed; else it is undone, by its own error or by the commit's. May submit. */
typedef void writer_done(void *arg, const struct err *e);
enum writer_how {
    /* Committed means on the disk, with all that was committed before. Without it the
     * machine's power may take it away again, but no end of a process. A durable job
     * that changes nothing waits for no disk. */
    WRITER_DURABLE = 1,
    /* FN answers -1 only before its first change (a statement that fails undoes itself),
     * so it needs no savepoint, which costs a third of the throughput where jobs are one
     * INSERT. If it fails later all the same, what was to be committed with it is undone
     * too, as ERR_UNAVAILABLE. */
    WRITER_CHECKS_FIRST = 2
};
/* HOW is 0 or an OR of writer_how. DONE may be NULL. The queue has no limit: who takes
 * work from outside looks at writer_queued. */
void writer_submit(struct writer *w, int how, writer_fn *fn, writer_done *done,
                   void *arg);
/* Jobs submitted whose DONE has not been called. */
size_t writer_queued(const struct writer *w);

struct writer_stats {
    uint64_t commits;          /* that succeeded */
    uint64_t durable_commits;  /* of these, that waited for the disk */
    uint64_t failures;         /* transactions of which nothing was committed */
    uint64_t jobs;             /* committed */
    int64_t last_us, total_us; /* of the commits, from asking for the lock to the end */
};
void writer_stats(struct writer *w, struct writer_stats *out);
/* FN hears of each job that the store did not take, after its DONE and on the loop's
 * thread: the file is locked, full, gone or broken. What a job itself refuses is not
 * told. */
void writer_on_refused(struct writer *w, void (*fn)(void *arg, const struct err *e),
                       void *arg);
/* FN hears of each commit, on the writer's thread: how long it took, and how many jobs it
 * held. Before the first writer_submit. */
void writer_watch(struct writer *w, void (*fn)(int64_t us, uint64_t jobs));

#endif
