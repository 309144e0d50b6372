/* committer: commits what attempts do, through the store's writer, when it must be on the
 * disk before the attempt goes on (struct run_committer), and with it the code that the
 * run has used and the lines of its history.
 *
 * An intent that cannot be stored fails: nothing has left yet. An outcome that cannot be
 * is kept and tried again every second, and meanwhile no intent is stored, so that no
 * write leaves. It decides nothing of what becomes of a run. */
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
struct run_log; /* one attempt's side of it */

/* All borrowed. P says which writes have not left; NULL: W's, opened when a run must be
 * claimed. */
struct committer *committer_new(struct workspace *w, struct loop *loop,
                                struct writer *writer, struct presence *p);
/* What is submitted is committed all the same; nobody is called for it. After each kept's
 * end. NULL is fine. */
void committer_free(struct committer *k);
/* 1: something waits to be stored and cannot be; claim nothing more. */
int committer_is_stuck(const struct committer *k);
/* NULL: it has not been needed yet. */
struct presence *committer_presence(const struct committer *k);

struct run_log_spec { /* copied */
    int64_t run, epoch;
    const char *client;
    int guarded; /* 1: the loop guard counts its replies */
    /* A run that is not in the store, or NULL: what is first committed adds it, and
     * ON_ADDED hears its id. */
    const struct ledger_run *new_run;
    void (*on_added)(void *arg, int64_t id);
    void *arg;
};
struct run_log *committer_begin(struct committer *k, const struct run_log_spec *what);
void run_log_free(struct run_log *x); /* NULL is fine */
/* For run_spec; lives as long as X. */
const struct run_committer *run_log_committer(const struct run_log *x);

/* Loaded with the run: N pins are stored; an earlier attempt may have written. */
void run_log_has_pins(struct run_log *x, int n);
void run_log_has_written(struct run_log *x);
/* A line of the history, which goes with the next commit. */
void run_log_note(struct run_log *x, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Commits what JOURNAL and PINS (either may be NULL) have that the store lacks, the
 * notes, and END, copied, whose state may be -1; its run, epoch, now, notes and pins are
 * filled in here, and its steps too when JOURNAL is there. It is tried until it is
 * stored: E is ERR_NONE, ERR_CONFLICT when the claim is lost or, with END's own refs,
 * ERR_UNCERTAIN when what was found may be another run's. Of a run that is not in the
 * store it is tried once, as nothing is lost with it. DONE is called from the loop. */
void run_log_commit(struct run_log *x, const struct journal *journal,
                    const struct pins *pins, const struct ledger_change *end,
                    run_committed *done, void *arg);

/* 1: an intent is stored or about to be, and its outcome is not: the write may be under
 * way. */
int run_log_is_writing(const struct run_log *x);
/* 1: a write was accepted in this attempt, or may have been in one before; or one was
 * begun, whatever came of it. */
int run_log_did_write(const struct run_log *x);
int run_log_did_begin(const struct run_log *x);
/* 1: in this attempt a write was accepted or a walk came to a next page: what failed
 * before is behind it. */
int run_log_got_on(const struct run_log *x);
/* 1: the claim is another's now; 1: the loop guard refused a reply. */
int run_log_is_lost(const struct run_log *x);
int run_log_is_guarded(const struct run_log *x);

#endif
