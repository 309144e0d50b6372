/* attempt_end: one attempt's state, and the ways to end it: by a change of the run's
 * state that is committed, by a failure that the run's policy decides about, or because
 * another process has claimed the run.
 *
 * work/attempt.c runs the script and work/confirm.c finds out about a write of unknown
 * fate; both end the attempt here. For the loop's thread. */
#ifndef FOYER_ATTEMPT_END_H
#define FOYER_ATTEMPT_END_H

#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"
#include "store/ledger.h"
#include "work/alert.h"
#include "work/committer.h"
#include "work/session.h"

struct attempt_env { /* borrowed; one for all attempts of a process */
    struct session *session;
    struct workspace *workspace;
    struct committer *committer;
    struct alert *alert; /* NULL: no alerts are sent */
    struct writer *writer;
    int by_hand;    /* see runner_be_by_hand */
    run_emit *emit; /* of each run, or NULL; see vm/run.h */
    void *emit_arg;
    int stopping; /* 1: an attempt that is cut short is released */
};

struct attempt_result { /* how an attempt ended; valid until the callback returns */
    int64_t id;
    const char *client, *recipe;
    enum ledger_state state; /* as it is stored now; RUNNING: not known, see err */
    int64_t due_ms;          /* of a queued, sleeping, waiting or confirming run */
    struct err err;   /* ERR_NONE of a done run; the reason of a skipped one; RUNNING: the
                         claim was lost, or the store cannot be written */
    const char *json; /* of a done run: the entry's result; of one that did not send its
                         writes: session_dry_result, in the member "result"; else NULL */
    size_t len;
};
typedef void attempt_done(void *arg, const struct attempt_result *result);

struct attempt { /* only ID, CLIENT and RUN are read elsewhere */
    struct attempt_env *env;
    int64_t id, epoch; /* id 0: the run is not in the store yet */
    char *client, *recipe;
    struct run *run; /* NULL: no script is running */
    /* ---- */
    struct run_log *log;
    char *origin, *seed, *label, *policy_text, *args;
    int number; /* this attempt's, from 1 */
    struct policy policy;
    struct policy_failures failures;
    int looks;
    int was_held;        /* when the last attempt ended */
    int is_dry;          /* its writes are not sent */
    const char *dry_why; /* static; NULL: it was dry before */
    int has_sent;        /* an earlier attempt has, or may have */
    int is_line;         /* of a file: `foyer call --each` */
    struct pins *pins;   /* the code that a tool uses for it; NULL: today's */
    int has_diverged;    /* the script asked for other steps than are recorded */
    struct err err;      /* the failure, while what to do about it is being found out */
    char *app, *company; /* its requests of APP go to COMPANY; NULL: see run_spec */
    struct stored_run *stored;    /* until the script runs */
    struct attempt_load *loading; /* a job of the writer that reads more of it */
    struct confirm *confirm;
    struct attempt_result end;
    char *result, *value; /* what END.json points to; its member "result" */
    attempt_done *done;
    void *arg;
};

/* The state that an attempt with OUTCOME leaves a run in. RUN_FAILED: LEDGER_DEAD, as of
 * a run that is not retried. */
enum ledger_state attempt_state(enum run_outcome outcome);
/* A change that keeps all of the run but its STATE. */
struct ledger_change attempt_change(const struct attempt *a, enum ledger_state state);
/* Commits CHANGE, and what JOURNAL and PINS (either may be NULL) have that the store
 * lacks, and ends the attempt. */
void attempt_end(struct attempt *a, struct journal *journal, const struct pins *pins,
                 const struct ledger_change *change);
/* Ends the attempt after a commit of the caller's own, whose result is E. */
void attempt_ended(struct attempt *a, const struct err *e);
/* Ends the attempt by a failure that is not about an uncertain write: the run is retried,
 * held, parked or dead. JOURNAL and PINS as for attempt_end. */
void attempt_fail(struct attempt *a, const struct err *e, struct journal *journal,
                  const struct pins *pins);
/* Ends the attempt without a commit: another process has claimed the run. */
void attempt_lost(struct attempt *a);
/* 1 after a signal: nothing new is begun, and a script is stopped at its next write. */
int attempt_is_stopping(const struct attempt *a);
/* Ends the attempt as though it had not been: the run is queued again, or given up when a
 * person interrupts it before it wrote. JOURNAL and PINS as for attempt_end. */
void attempt_put_back(struct attempt *a, struct journal *journal,
                      const struct pins *pins);
/* 1 when a later attempt may succeed where this one failed with E. */
int attempt_may_pass(const struct attempt *a, const struct err *e);

/* Starts a tool of lua/std/tools for the run, with the run's code. The caller resets
 * a->run in DONE. */
void attempt_tool(struct attempt *a, const char *entry, const json_t *args,
                  run_done *done, void *arg);
/* The company that the client is connected to now, when it is another one than COMPANY,
 * to which the run has sent something; else NULL. */
const char *attempt_moved_to(const struct attempt *a, const char *app,
                             const char *company);
/* In that case, makes the run's requests go to COMPANY from now on: what was sent can be
 * read there, but nothing new is written there. */
void attempt_follow(struct attempt *a, const char *app, const char *company);
/* Notes for work/alert.h what came of the attempt: the run is done, or "run ID STATE: E".
 */
void attempt_sign(struct attempt *a, enum ledger_state state, const struct err *e);

#endif
