/* attempt: one attempt of a claimed run, from its rows in the store to the commit of the
 * state it is left in. A run with a write of unknown fate is not run but looked after
 * (work/confirm.h). */
#ifndef FOYER_ATTEMPT_H
#define FOYER_ATTEMPT_H

#include <stdint.h>

#include "work/alert.h"
#include "work/committer.h"
#include "work/runner.h"
#include "core/policy.h"

struct attempt_env { /* borrowed; one for all */
    struct session *session;
    struct workspace *workspace;
    struct committer *keeper;
    struct alert *alert; /* NULL: nobody is told */
    struct db *db;       /* of the loop's thread, for reading */
    int by_hand;         /* see runner_be_by_hand */
    int stopping;        /* 1: what is cut short is released */
};

struct attempt { /* for work/attempt.c and work/confirm.c; others see its first members */
    struct attempt_env *env;
    int64_t id, epoch; /* id 0: it is not in the store yet */
    char *client, *recipe;
    struct run *run; /* NULL: none is going on */
    /* ---- */
    struct run_log *kept;
    char *origin, *seed, *label, *policy_text, *args;
    size_t args_len;
    int number; /* this attempt's, from 1 */
    struct policy policy;
    struct policy_failures failures;
    int looks;
    int was_held; /* when it was last looked at */
    unsigned char pins_hash[CRYPTO_SHA256_SIZE];
    int has_pins;
    struct err err;      /* what it has failed with, until that is decided */
    char *app, *company; /* its requests of APP go to COMPANY; NULL: see run_spec */
    struct confirm *confirm;
    struct loop_timer *later;
    struct runner_end end;
    char *result;
    runner_done *done;
    void *arg;
};

/* DONE is called once, from the loop, when the state is stored; the attempt is its, to be
 * freed. CLIENT may be NULL until it is loaded. */
struct attempt *attempt_start(struct attempt_env *env, int64_t id, int64_t epoch,
                              runner_done *done, void *arg);
/* The same for a run that is not in the store: ROW, copied, says all but the seed. What
 * it has to keep first adds it: a write, ctx.store, an end. */
struct attempt *attempt_start_new(struct attempt_env *env, const struct ledger_run *row,
                                  runner_done *done, void *arg);
/* Lets go of the run, unless a write of it may be under way: it is queued again as though
 * this attempt had not been. DONE is called as ever. */
void attempt_release(struct attempt *a);
/* Without a word to anybody. */
void attempt_free(struct attempt *a);

/* ---- for work/confirm.c ---- */

/* A change that leaves the run as it is but for STATE. */
struct ledger_change attempt_change(const struct attempt *a, enum ledger_state state);
/* Commits CHANGE and ends the attempt. */
void attempt_end(struct attempt *a, const struct ledger_change *change);
/* For who commits by itself: the commit that ended it came to E. */
void attempt_ended(struct attempt *a, const struct err *e);
/* The end by a failure that is not of an uncertain write. */
void attempt_fail(struct attempt *a, const struct err *e);
/* Starts one of lua/std/tools for the run, with its code; the caller keeps a->run. */
void attempt_tool(struct attempt *a, const char *entry, const json_t *args,
                  run_done *done, void *arg);
/* The company that the client is connected to by now, when that is another one than
 * COMPANY, to which the run has sent something; else NULL. */
const char *attempt_moved_to(const struct attempt *a, const char *app,
                             const char *company);
/* Then what the run asks for from now on goes to COMPANY all the same: it may be looked
 * at, but nothing new is written there. */
void attempt_follow(struct attempt *a, const char *app, const char *company);
void attempt_alert(struct attempt *a, const char *what, const char *sentence);

#endif
