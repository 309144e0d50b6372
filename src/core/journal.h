/* journal: the steps of one run, so that its replay repeats none of them (design 6).
 *
 * A step is (sequence, kind, name, SHA-256 of its canonical input) with the bytes of its
 * result, a failure that is final being a result too. A scope is a step with steps
 * inside; when it is left, its result replaces them. All of this is in memory; what the
 * store lacks is handed out as a delta, and what it has is loaded before the first step.
 * The module knows neither Lua nor the store.
 *
 * One run, one coroutine: at most one plain step is open at a time, inside the scopes. */
#ifndef FOYER_JOURNAL_H
#define FOYER_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/limits.h"
#include "base/crypto.h"

struct journal;

enum { JOURNAL_SMALL = 4096 };

/* One step as it is recorded. Texts and bytes belong to whoever filled it in. */
struct journal_entry {
    int seq;
    const char *kind, *name;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    /* is_intent of an ended scope: a write inside was accepted (its result begins with
     * "2", as an HTTP status does) */
    int is_done, is_scope, is_intent;
    int64_t at_ms;     /* of an intent: when it left; 0: nothing has left */
    const char *input; /* of an open scope or intent, for confirming it; else NULL */
    size_t input_len;
    const char *result; /* NULL while it is open; of an open scope: its checkpoint */
    size_t len;
};

enum journal_answer {
    JOURNAL_NEW,      /* do it, then end the step */
    JOURNAL_RECORDED, /* done before: here is its result; do not end it */
    JOURNAL_PENDING   /* an intent that left, without outcome: it may have happened; end
                         the step once that is known */
};

struct journal_step {
    int seq;            /* from 0 */
    const char *result; /* RECORDED, and of a scope with a checkpoint: lent until the next
                           call; else NULL */
    size_t len;
};

/* KEEP 1 is for a run whose steps are stored: ended ones are kept for its replay. KEEP 0
 * is for a run whose only attempt is this process: limits hold, but nothing ended
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
/* The open step's result. ERR_LIMIT past limits->step_bytes, or when all that the journal
 * keeps would take more than limits->record_bytes: the step stays open. A result of at
 * most JOURNAL_SMALL bytes is kept all the same, such as an error in place of one. */
int journal_end(struct journal *j, int seq, const void *result, size_t len,
                struct err *e);
/* The open step certainly did not happen: forgets it. */
void journal_cancel(struct journal *j, int seq);
/* The open intent SEQ is about to leave, at AT_MS (Unix): from now on it is uncertain
 * until it ends. WHAT describes it for whoever has to find out. */
void journal_sent(struct journal *j, int seq, int64_t at_ms, const void *what,
                  size_t len);
/* It was refused, and may be sent again. */
void journal_unsent(struct journal *j, int seq);
/* The last step, SEQ, which has ended, ended with nothing that serves: a replay does it
 * anew, but for an intent, which is uncertain from now on. Nothing when it is not the
 * last. */
void journal_reopen(struct journal *j, int seq);

/* Enters a scope: NEW means run its body (whose own steps may be recorded), RECORDED that
 * its result is here and its body must not run. */
int journal_enter(struct journal *j, const char *name, const void *input, size_t len,
                  struct journal_step *step, struct err *e);
/* Leaves the innermost scope; fails also when the body asked for fewer steps than are
 * recorded (ERR_CONFLICT). FAILED 1: RESULT is a failure. Until another step is begun,
 * the store has the scope as open, with what was done inside: when the failure ends the
 * run, who tries it again goes on from there. */
int journal_leave(struct journal *j, int seq, int failed, const void *result, size_t len,
                  struct err *e);
/* Leaves the scope SEQ that an error has left behind open, and what is open inside of it,
 * with RESULT for each scope; a step inside that never ended is forgotten. Nothing when
 * SEQ is not open. */
void journal_unwind(struct journal *j, int seq, const void *result, size_t len);
/* The run has ended: ERR_CONFLICT when recorded steps were not asked for. */
int journal_finish(struct journal *j, struct err *e);

/* ---- the store's side; with KEEP ---- */

/* Appends a recorded step, in order of seq, before the first one is asked for. */
int journal_load(struct journal *j, const struct journal_entry *entry, struct err *e);
/* What the store lacks: stored steps with seq >= *DROP are gone (-1: none), then FN for
 * each step that is new or changed. 1 when there is any of it. Borrowed until the
 * journal's next call. */
int journal_delta(const struct journal *j, int *drop,
                  void (*fn)(void *arg, const struct journal_entry *entry), void *arg);
/* The delta is stored. */
void journal_saved(struct journal *j);
/* The open scope SEQ keeps RESULT, and its inner steps have served: a replay enters it
 * with RESULT (JOURNAL_NEW, step->result set) and goes on from there. */
int journal_checkpoint(struct journal *j, int seq, const void *result, size_t len,
                       struct err *e);
/* A scope of that name is an action's: neither a recipe's nor a walk's (ctx.each). */
int journal_is_action(const char *name);
/* The intent that is recorded without an outcome, and the innermost action or recipe
 * around it (seq -1: none), whose walks count as its own: 1, or 0 when there is no such
 * intent. */
int journal_uncertain(const struct journal *j, struct journal_entry *intent,
                      struct journal_entry *scope);

/* Starts a replay from the first step. Open steps are forgotten, but not intents that
 * left and open scopes. */
void journal_rewind(struct journal *j);
/* 1 while recorded steps remain: log is mute then. */
int journal_is_replaying(const struct journal *j);
/* 1 after a replay asked for something else than is recorded: the code or the world has
 * changed, and what the script would do now is not what was begun. */
int journal_has_diverged(const struct journal *j);
void journal_set_diverged(struct journal *j);
/* Steps so far, a finished scope counting as one; scopes open now. */
int journal_steps(const struct journal *j);
int journal_depth(const struct journal *j);
/* What its results and inputs take, in bytes. */
size_t journal_bytes(const struct journal *j);

#endif
