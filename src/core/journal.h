/* journal: the steps of one run, so that its replay repeats none of them (design 6).
 *
 * A step is (sequence, kind, name, SHA-256 of its canonical input) with the bytes of its
 * result, a failure that is final being a result too. A scope is a step with steps
 * inside; when it is left, its result replaces them. All of this is in memory, and this
 * interface is the seam where the durable journal goes: it will commit what is held at
 * each intent, sleep, wait and end, behind these same calls. It knows neither Lua nor the
 * store.
 *
 * One run, one coroutine: at most one plain step is open at a time, inside the scopes. */
#ifndef FOYER_JOURNAL_H
#define FOYER_JOURNAL_H

#include <stddef.h>

#include "base/err.h"
#include "core/limits.h"

struct journal;

enum journal_answer {
    JOURNAL_NEW,      /* do it, then end the step */
    JOURNAL_RECORDED, /* done before: here is its result; do not end it */
    JOURNAL_PENDING   /* an intent without outcome: it may have happened; end the step
                         once that is known */
};

struct journal_step {
    int seq;            /* from 0 */
    const char *result; /* RECORDED: lent until the next call; else NULL */
    size_t len;
};

/* KEEP 0 is for a run whose only attempt is this process: limits hold, but nothing ended
 * is kept and there is no rewind, so that a waiting run stays small. LIMITS is borrowed.
 */
struct journal *journal_new(const struct limits *limits, int keep);
void journal_free(struct journal *j); /* NULL is fine */

/* Asks for the next step. INPUT is canonical bytes. INTENT is 1 for a write: what can
 * have an effect in the world. Answers a journal_answer, or -1: ERR_CONFLICT when a
 * replay asks for something else than what is recorded (expected and asked step are
 * named), ERR_LIMIT past limits->steps. */
int journal_begin(struct journal *j, const char *kind, const char *name,
                  const void *input, size_t len, int intent, struct journal_step *step,
                  struct err *e);
/* The open step's result. ERR_LIMIT past limits->step_bytes: the step stays open. */
int journal_end(struct journal *j, int seq, const void *result, size_t len,
                struct err *e);
/* The open step certainly did not happen: forgets it. */
void journal_cancel(struct journal *j, int seq);

/* Enters a scope: NEW means run its body (whose own steps may be recorded), RECORDED that
 * its result is here and its body must not run. */
int journal_enter(struct journal *j, const char *name, const void *input, size_t len,
                  struct journal_step *step, struct err *e);
/* Leaves the innermost scope; fails also when the body asked for fewer steps than are
 * recorded (ERR_CONFLICT). */
int journal_leave(struct journal *j, int seq, const void *result, size_t len,
                  struct err *e);
/* Leaves the scope SEQ that an error has left behind open, and what is open inside of it,
 * with RESULT for each scope; a step inside that never ended is forgotten. Nothing when
 * SEQ is not open. */
void journal_unwind(struct journal *j, int seq, const void *result, size_t len);
/* The run has ended: ERR_CONFLICT when recorded steps were not asked for. */
int journal_finish(struct journal *j, struct err *e);

/* Starts a replay from the first step. Open steps are forgotten, but not open intents and
 * open scopes. */
void journal_rewind(struct journal *j);
/* 1 while recorded steps remain: log is mute then. */
int journal_is_replaying(const struct journal *j);
/* Steps so far, a finished scope counting as one; scopes open now. */
int journal_steps(const struct journal *j);
int journal_depth(const struct journal *j);

#endif
