/* journal: the recorded steps of one run, so that a replay does not repeat them.
 *
 * A step is a sequence number, a kind, a name and the SHA-256 of its canonical input,
 * with the bytes of its result. A final failure is a result too. A scope is a step that
 * contains steps; its result replaces them when it ends. Everything is in memory: the
 * caller loads what the store has before the first step, and stores what journal_delta
 * returns. This file knows neither Lua nor the store.
 *
 * A run is one coroutine: at most one plain step is open at a time, inside of the open
 * scopes. */
#ifndef FOYER_JOURNAL_H
#define FOYER_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/limits.h"
#include "base/crypto.h"

struct journal;
struct exchanged; /* core/exchanged.h */

enum { JOURNAL_SMALL = 4096 };
#define JOURNAL_AGAIN "again"

/* One recorded step. The code that fills it in owns its texts and bytes. */
struct journal_entry {
    int seq;
    const char *kind, *name;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    /* is_intent of an ended scope: a write inside of it was accepted (its result begins
     * with "2", as an HTTP status does) */
    int is_done, is_scope, is_intent;
    int is_dry;        /* a write that was not sent; then it is no intent */
    int64_t at_ms;     /* when a request was sent; of an intent 0: not sent */
    int took_ms;       /* until its answer was there; 0: not known */
    const char *input; /* of an intent, and of the open scope of an action: to confirm a
                          write; else NULL */
    size_t input_len;
    /* NULL while it is open; of an open scope: its checkpoint; JOURNAL_AGAIN of an open
     * intent that is sent again: an earlier answer to it was lost */
    const char *result;
    size_t len;
};

enum journal_answer {
    JOURNAL_NEW,      /* run it, then end the step */
    JOURNAL_RECORDED, /* it ran before: use its result; do not end it */
    JOURNAL_PENDING   /* an intent that was sent and has no result, so that it may have
                         happened: end the step when that is known */
};

struct journal_step {
    int seq;            /* from 0 */
    const char *result; /* of a RECORDED step, and of a scope with a checkpoint: borrowed
                           until the next call; else NULL */
    size_t len;
    int is_dry;   /* 1: the recorded step is a write that was not sent */
    int is_again; /* 1: a NEW request that may have been done before: its answer was lost
                   */
};

/* KEEP 1 is for a run whose steps are stored: ended steps are kept for its replay. KEEP 0
 * is for a run with only one attempt, in this process: ended steps are dropped and there
 * is no rewind, so that a waiting run stays small. LIMITS is borrowed and holds in both
 * cases. */
struct journal *journal_new(const struct limits *limits, int keep);
void journal_free(struct journal *j); /* NULL is fine */

/* Asks for the next step. INPUT is canonical bytes. INTENT is 1 for a write, which can
 * have an effect outside of foyer. Returns a journal_answer, or -1. ERR_CONFLICT: the
 * replay asks for another step than the recorded one; the sentence names both. ERR_LIMIT:
 * more than limits->steps. */
int journal_begin(struct journal *j, const char *kind, const char *name,
                  const void *input, size_t len, int intent, struct journal_step *step,
                  struct err *e);
/* Ends the open step with its result. ERR_LIMIT when the result is larger than
 * limits->step_bytes, or all results of the journal than limits->record_bytes; the step
 * then stays open. A result of at most JOURNAL_SMALL bytes, such as an error instead of a
 * result, always fits the second limit. */
int journal_end(struct journal *j, int seq, const void *result, size_t len,
                struct err *e);
/* Forgets the open step, which certainly did not happen. */
void journal_cancel(struct journal *j, int seq);
/* Records of the request SEQ, which just ended, when it was sent and how long it took. */
void journal_took(struct journal *j, int seq, int64_t at_ms, int64_t took_ms);
/* Forgets the open request SEQ, which was refused with RESULT, but not that it was sent:
 * see journal_exchanged. */
void journal_refused(struct journal *j, int seq, int64_t at_ms, int64_t took_ms,
                     const void *result, size_t len);
/* Records WHAT ("GET /me"), a read that belongs to the request SEQ and is no step itself:
 * see journal_exchanged. */
void journal_aside(struct journal *j, int seq, const char *what, int64_t at_ms,
                   int64_t took_ms, const void *result, size_t len);
/* Records that the open intent SEQ is about to be sent, at AT_MS (Unix). It is uncertain
 * until it ends. WHAT describes it, for the code that must find out whether it happened.
 */
void journal_sent(struct journal *j, int seq, int64_t at_ms, const void *what,
                  size_t len);
/* Records that the open intent SEQ is not sent, at AT_MS (Unix): journal_end follows,
 * with an invented answer. WHAT as above. */
void journal_dry(struct journal *j, int seq, int64_t at_ms, const void *what, size_t len);
/* Returns 1 when a write of the run was not sent, in this attempt or before. */
int journal_has_dry(const struct journal *j);
/* Records that it was refused, so that it may be sent again. */
void journal_unsent(struct journal *j, int seq);
/* Reopens the step SEQ, which ended with a result that is of no use. A replay runs it
 * again; an intent is uncertain from now on. Does nothing when SEQ is not the last step.
 */
void journal_reopen(struct journal *j, int seq);

/* Enters a scope. NEW: run its body, whose steps may be recorded. RECORDED: its result is
 * here, do not run its body. */
int journal_enter(struct journal *j, const char *name, const void *input, size_t len,
                  struct journal_step *step, struct err *e);
/* Ends the innermost scope. ERR_CONFLICT when the body asked for fewer steps than are
 * recorded. FAILED 1: RESULT is a failure. Then the store keeps the scope open, with its
 * steps, until another step begins: if the failure ends the run, a retry continues after
 * those steps. */
int journal_leave(struct journal *j, int seq, int failed, const void *result, size_t len,
                  struct err *e);
/* Ends the scope SEQ, which an error has left open, and the scopes that are open inside
 * of it, each with RESULT. Forgets an inner step that has not ended. Does nothing when
 * SEQ is not open. */
void journal_unwind(struct journal *j, int seq, const void *result, size_t len);
/* Checks, at the end of the run, that all recorded steps were asked for. ERR_CONFLICT if
 * not. */
int journal_finish(struct journal *j, struct err *e);

/* ---- the store's side; with KEEP ---- */

/* Appends a recorded step, in order of seq, before the first step is asked for. */
int journal_load(struct journal *j, const struct journal_entry *entry, struct err *e);
/* Returns 1 when the store must be brought up to date: stored steps with seq >= *DROP are
 * gone (-1: none), then FN is called for each step that is new or changed. Its arguments
 * are borrowed until the journal's next call. */
int journal_delta(const struct journal *j, int *drop,
                  void (*fn)(void *arg, const struct journal_entry *entry), void *arg);
/* Records that the delta is stored. */
void journal_saved(struct journal *j);
/* The record of requests (core/exchanged.h) outlives their steps, which a scope's result
 * replaces. Calls FN with each item of a request whose step is gone and that is not
 * stored yet, with ALL 0 only those of writes; journal_saved forgets them. Of a crash in
 * between a replay makes those of writes again, as their steps are stored. */
void journal_exchanged(struct journal *j, int all,
                       void (*fn)(void *arg, const char *item, int is_write), void *arg);
/* Returns what is recorded so far, with what earlier attempts recorded. */
struct exchanged *journal_record(struct journal *j);
/* Gives the open scope SEQ a checkpoint, RESULT, and drops its inner steps. A replay
 * enters the scope with it (JOURNAL_NEW, step->result set) and continues from there. */
int journal_checkpoint(struct journal *j, int seq, const void *result, size_t len,
                       struct err *e);
/* Returns 1 when NAME is an action's scope, not that of a recipe or of a walk (ctx.each).
 */
int journal_is_action(const char *name);
/* Finds the intent that has no result, and the innermost action or recipe around it (seq
 * -1: none), whose walks are part of it. Returns 1, or 0 when there is no such intent. */
int journal_uncertain(const struct journal *j, struct journal_entry *intent,
                      struct journal_entry *scope);

/* Starts a replay from the first step. Forgets open steps, but keeps intents that were
 * sent and open scopes. */
void journal_rewind(struct journal *j);
/* Returns 1 while recorded steps remain. The run then writes no log lines. */
int journal_is_replaying(const struct journal *j);
/* Returns 1 when the next recorded step has the input INPUT; 0 also when there is none.
 */
int journal_is_next(const struct journal *j, const void *input, size_t len);
/* journal_has_diverged returns 1 after a replay asked for another step than the recorded
 * one: the code or the data has changed since the run began. */
int journal_has_diverged(const struct journal *j);
void journal_set_diverged(struct journal *j);
/* Returns the bytes of its results and inputs. */
size_t journal_bytes(const struct journal *j);

#endif
