/* committer: commits what attempts do through the store's writer, before the attempt goes
 * on (struct run_committer), together with the code that the run has used and the lines
 * of its history.
 *
 * An intent that cannot be stored fails: nothing was sent yet. An outcome that cannot be
 * stored is kept in memory and repeated every second; meanwhile no intent is stored, so
 * that nothing is sent. It does not decide the run's state. For the loop's thread. */
#ifndef FOYER_COMMITTER_H
#define FOYER_COMMITTER_H

#include <stdint.h>

#include "workspace/workspace.h"
#include "base/err.h"
#include "store/ledger.h"
#include "store/presence.h"
#include "io/loop.h"
#include "io/writer.h"
#include "vm/run.h"

struct committer;
struct run_log; /* one attempt's record */

/* All are borrowed. P records which writes were not sent; NULL: W's presence, opened when
 * a run must be claimed. */
struct committer *committer_new(struct workspace *w, struct loop *loop,
                                struct writer *writer, struct presence *p);
/* What is submitted is still committed, without callbacks. Called after run_log_free of
 * each log. NULL is fine. */
void committer_free(struct committer *k);
/* 1: an outcome cannot be stored; claim no more runs. */
int committer_is_stuck(const struct committer *k);
/* NULL: none was needed yet. */
struct presence *committer_presence(const struct committer *k);

struct run_log_spec { /* copied */
    int64_t run, epoch;
    const char *client;
    int guarded; /* 1: the loop guard counts its replies */
    /* A run that is not in the store, or NULL: the first commit adds it, and ON_ADDED
     * gets its id. */
    const struct ledger_run *new_run;
    void (*on_added)(void *arg, int64_t id);
    void *arg;
};
struct run_log *committer_begin(struct committer *k, const struct run_log_spec *what);
void run_log_free(struct run_log *x); /* NULL is fine */
/* For run_spec; lives as long as X. */
const struct run_committer *run_log_committer(const struct run_log *x);

/* The run's event is of CONVERSATION, and no person caused it: the loop guard counts such
 * runs of the recipe that write. */
void run_log_reacts(struct run_log *x, const char *conversation);
/* Known from the store: N pins are stored; an earlier attempt may have written. */
void run_log_has_pins(struct run_log *x, int n);
void run_log_has_written(struct run_log *x);
/* Adds a line to the history; the next commit stores it. WHAT is static. */
void run_log_note(struct run_log *x, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Commits the notes, what JOURNAL and PINS (either may be NULL) have that the store
 * lacks, and END, copied, whose state may be -1. END's run, epoch, now, notes and pins
 * are filled in here, and its steps too when JOURNAL is given.
 *
 * Retries until the commit succeeds (ERR_NONE) or can no longer succeed: ERR_CONFLICT
 * when the claim is lost, ERR_UNCERTAIN when a ref of END belongs to another run. A run
 * that is not in the store is tried once: nothing is lost with it. DONE is called from
 * the loop. */
void run_log_commit(struct run_log *x, struct journal *journal, const struct pins *pins,
                    const struct ledger_change *end, run_committed *done, void *arg);

/* 1: a write may be under way: its intent is stored or submitted, its outcome is not
 * stored. */
int run_log_is_writing(const struct run_log *x);
struct run_log_facts {
    int did_begin; /* a write was begun, accepted or not; or may have been earlier */
    int did_write; /* one was accepted in this attempt, or may have been in an earlier one
                    */
    int got_on;  /* in this attempt a write was accepted or a walk reached its next page:
                    earlier failures no longer count */
    int is_lost; /* another process has the claim now */
    int is_guarded; /* the loop guard refused a reply */
};
const struct run_log_facts *
run_log_facts(const struct run_log *x); /* lives as long as X */

#endif
