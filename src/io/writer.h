/* writer: the store's writing thread, with group commit: while one commit waits for the
 * disk, the jobs of the next one queue up, so that grouping adds no wait. A command with
 * a single job uses a writer without a thread. Uses SQLite through io/db only and knows
 * nothing of its jobs.
 *
 * The functions are for the loop's thread. The writer's thread takes no signals. A
 * process that forks without exec must do so before it opens a writer. */
#ifndef FOYER_WRITER_H
#define FOYER_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/db.h"
#include "io/loop.h"

struct writer;

/* Opens PATH (db_open) on a new thread. The file must be migrated. NULL: a thread for
 * jobs of writer_read that have a file of their own; their DB is NULL. */
struct writer *writer_open(const char *path, struct loop *loop, struct err *e);
/* Makes a writer without a thread and a handle of its own. Jobs run in the loop's next
 * turn, on its thread, which waits for the disk. DB is borrowed, and may be NULL as PATH.
 */
struct writer *writer_open_here(struct db *db, struct loop *loop);
/* Runs all submitted jobs, and those that their DONEs submit, then ends the thread. Not
 * from inside of a DONE. NULL is fine. */
void writer_close(struct writer *w);

/* A job. Runs once, on the writer's thread if it has one, in a transaction that other
 * jobs share. Uses only ARG and DB, by db_change, db_select and db_transaction (a
 * savepoint there). Returns -1 to be undone alone, with its error. */
typedef int writer_fn(struct db *db, void *arg, struct err *e);
/* Runs on the loop's thread, in the order of submission. E->kind is ERR_NONE when the job
 * is committed. Else it was undone, with its own error or the commit's. May submit jobs.
 */
typedef void writer_done(void *arg, const struct err *e);
enum writer_how {
    /* Waits for the disk: then this commit and all earlier ones are on it. Without it, a
       power cut may undo the commit, but the end of a process may not. A durable job that
       changes nothing does not wait. */
    WRITER_DURABLE = 1,
    /* The job returns -1 only before its first change (a failing statement undoes
       itself). It then needs no savepoint, which costs a third of the throughput for jobs
       of one INSERT. If it fails later anyway, all jobs of the transaction are undone,
       with ERR_UNAVAILABLE. */
    WRITER_CHECKS_FIRST = 2
};
/* Submits a job. HOW is 0 or an OR of writer_how. DONE may be NULL. The queue has no
 * limit: code that accepts work from outside checks writer_queued. */
void writer_submit(struct writer *w, int how, writer_fn *fn, writer_done *done,
                   void *arg);
/* Submits a job that only reads. It sees what the jobs before it have written, and gets
 * their error when that cannot be committed. Where no job of its group writes there is no
 * transaction: no lock is taken, and nothing waits for the disk. */
void writer_read(struct writer *w, writer_fn *fn, writer_done *done, void *arg);
/* Submits a job of two parts. LOOK only reads, as a job of writer_read does. FN follows
 * in a transaction when LOOK returned 1, and is left out when it returned 0. */
void writer_look(struct writer *w, writer_fn *look, writer_fn *fn, writer_done *done,
                 void *arg);
/* Returns the number of jobs whose DONE has not been called. */
size_t writer_queued(const struct writer *w);

/* Calls FN, on the loop's thread and after its DONE, for each job that the store did not
 * take: the file is locked, full, gone or broken. Not for a job that failed by itself. */
void writer_on_refused(struct writer *w, void (*fn)(void *arg, const struct err *e),
                       void *arg);
/* Calls FN on the writer's thread for each commit, with its duration and its number of
 * jobs. Before the first writer_submit. */
void writer_watch(struct writer *w, void (*fn)(int64_t us, uint64_t jobs));

#endif
