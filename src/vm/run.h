/* run: one attempt. A fresh state, one coroutine, at most one operation that it waits
 * for.
 *
 * A completion puts the run on the ready list; the loop resumes it, in the one lua_resume
 * of foyer. An attempt ends by returning, by an error, by a limit, or by giving up: a
 * yield that is never resumed, which no pcall can catch. Then its state is closed,
 * nothing else. */
#ifndef FOYER_RUN_H
#define FOYER_RUN_H

#include <jansson.h>
#include <lua.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/window.h"
#include "core/connection.h"
#include "core/journal.h"
#include "io/httpc.h"
#include "io/loop.h"
#include "vm/vm.h"

struct runs; /* a process's attempts */
struct run;
struct mock;
struct pins; /* vm/pins.h */

/* What a request to a connection's API asks before it leaves: a token that holds, and a
 * permit from the company's budget. */
struct run_ask { /* borrowed for the call */
    const struct connection *connection;
    const char *method, *url;
    enum window_lane lane;
    int64_t wait_ms; /* how long it may wait in line; 0: not at all */
    int patient;     /* 1: a 429 is waited for as well */
    int64_t version; /* of the token that the answer is to */
};
typedef void run_admitted(void *arg, const struct err *refused); /* NULL: go */

/* What runs ask of the workspace: callbacks handed down by src/app. What they return is
 * borrowed and lives as long as the runs. */
struct run_host {
    void *arg;
    /* client.lua over ids.lua, checked; NULL with E when there is no such client */
    const json_t *(*client)(void *arg, const char *client, struct err *e);
    /* foyer.lua, checked */
    const json_t *(*workspace)(void *arg, struct err *e);
    /* lua/<app>/connector.lua */
    const json_t *(*connector)(void *arg, const char *app, struct err *e);
    /* COMPANY NULL: the one that CLIENT is connected to; else that one. */
    const struct connection *(*connection)(void *arg, const char *client, const char *app,
                                           const char *company, struct err *e);
    /* Appends the secret's value. */
    int (*secret)(void *arg, const char *name, struct buf *out, struct err *e);
    /* Leave to send. 0: granted; 1: pending, DONE is called later from the loop unless
     * *PENDING is withdrawn; -1: refused. The token to send is in the connection then.
     * NULL: always granted. */
    void *access; /* the argument of these three */
    int (*admit)(void *access, const struct run_ask *ask, run_admitted *done,
                 void *done_arg, void **pending, struct err *e);
    void (*withdraw)(void *access, void *pending);
    /* Told of each answer, for the budget's sake. 1: this 401 or 429 may be asked again
     * through admit; else 0. */
    int (*answered)(void *access, const struct run_ask *ask,
                    const struct httpc_answer *answer);
    /* ctx.store of CLIENT: a new block, NULL in *VALUE when KEY has none. The second is
     * for runs without a keeper; value NULL removes. */
    int (*load_value)(void *arg, const char *client, const char *key, char **value,
                      struct err *e);
    int (*save_value)(void *arg, const char *client, const char *key, const char *value,
                      struct err *e);
    /* Each client's name, in byte order. */
    void (*each_client)(void *arg, void (*fn)(void *arg, const char *client),
                        void *fn_arg);
};

/* Who keeps a run's journal: callbacks handed down by src/app. A run without one lives in
 * memory. */
enum run_commit_kind {
    COMMIT_INTENT,     /* a write leaves when this is on the disk */
    COMMIT_OUTCOME,    /* its answer */
    COMMIT_VALUE,      /* ctx.store.set */
    COMMIT_CHECKPOINT, /* a page's end */
};
struct run_commit { /* borrowed until DONE */
    enum run_commit_kind kind;
    const char *text; /* for the history: "POST /conversations/cnv_1/messages 202" */
    /* INTENT: of a connection's request; else NULL */
    const char *app, *company, *method, *path;
    const char *key, *value; /* VALUE: value NULL removes */
};
typedef void run_committed(void *arg,
                           const struct err *e); /* kind ERR_NONE: it is kept */
struct run_committer {
    void *arg;
    /* Commits the journal's delta; DONE is called once, from the loop, unless *PENDING is
     * withdrawn: what was handed over may be committed all the same. ERR_CONFLICT: the
     * claim is lost, nothing may be done any more. ERR_FORBIDDEN: the loop guard.
     * ERR_UNCERTAIN: the outcome is not kept, as another run has taken it for its own. */
    void (*commit)(void *arg, struct run *run, const struct run_commit *what,
                   run_committed *done, void *done_arg, void **pending);
    void (*withdraw)(void *arg, void *pending);
    /* The write of the last intent leaves now: after this it may have arrived; and: it
     * was refused, as though it had not left, which is still to be committed. Only stores
     * into memory. */
    void (*leaving)(void *arg);
    void (*refused)(void *arg);
};

struct run_spec {       /* all copied */
    const char *id;     /* seeds math.random; unique for each run */
    const char *client; /* NULL: none */
    const char *label;  /* "recipe digest": for messages; the client is added */
    /* requests of APP go to COMPANY, whatever the client is connected to by now; NULL:
     * the client's own connections serve */
    const char *app, *company;
    const char *entry; /* an entry of lua/std/main.lua */
    const char *args;  /* JSON */
    size_t args_len;
    int files; /* 1: `file` inputs may be read from disk (the command line) */
    int dry;   /* 1: the first write ends the attempt, its request being the result */
    struct mock *mock; /* for `foyer mock` alone */
    enum window_lane lane;
    int64_t wait_ms; /* how long a request may wait in line for the company's budget */
    int patient;     /* 1: also through a 429 of the API itself */
    int keep;        /* 1: the journal keeps its steps, for a replay in this process */
    /* of a run that is kept: owned by the run from run_start on, whatever comes of it */
    struct journal *journal;            /* NULL: a new one */
    struct pins *pins;                  /* NULL: none are noted */
    const struct run_committer *keeper; /* borrowed for the run's life */
};

enum run_outcome {
    RUN_DONE,
    RUN_SKIPPED,
    RUN_FAILED,   /* ERR_UNCERTAIN: see journal_uncertain */
    RUN_SLEEPING, /* until until_ms */
    RUN_WAITING,  /* for an activation, until until_ms */
    RUN_PARKED    /* a person decides; err says why */
};

struct run_result { /* valid until the callback returns */
    enum run_outcome outcome;
    struct err err;   /* of a failed or parked one; the reason of a skipped one */
    const char *json; /* of a done one: canonical JSON */
    size_t len;
    int64_t until_ms;
    int wait_seq;                          /* of a waiting one: its step, and what for: */
    const char *wait_trigger, *wait_match; /* the match as JSON */
    struct journal *journal;               /* the run's */
    struct pins *pins;
    int is_interrupted; /* a write was refused after runs_stop_writes */
};

typedef void run_done(void *arg, const struct run_result *result);

/* Prepares a new state: sets its globals, and the std table by parts_set_std. It may
 * raise, and may ask run_of(L). */
typedef void runs_open_fn(lua_State *L);
struct runs *runs_new(struct vm *vm, struct loop *loop, struct httpc *httpc,
                      const struct run_host *host, runs_open_fn *open);
/* Kills what is left, without callbacks. */
void runs_free(struct runs *runs);
/* DONE is called once, from the loop, never from within. */
struct run *run_start(struct runs *runs, const struct run_spec *spec, run_done *done,
                      void *arg);
/* Cancels what it waits for and closes it; its callback is not called. */
void run_kill(struct run *run);
int runs_live(const struct runs *runs);
/* Told before each resume (BEGINS 1) and after it: who is to blame when the process dies
 * in between. The label as in run_spec. */
void runs_on_resume(struct runs *runs,
                    void (*fn)(void *arg, const struct run *run, int begins), void *arg);
/* What its state and its journal take, in bytes. */
size_t run_memory(const struct run *run);
/* A write that left and has no answer yet, in words ("client acme, recipe x: POST /…"),
 * or NULL; of a run that is kept, from when its intent is to be stored until its outcome
 * is. Borrowed until the next loop turn. */
const char *runs_writing(const struct runs *runs);
/* From now on no write leaves: an attempt that wants one is given up. */
void runs_stop_writes(struct runs *runs);
/* 1 when no write may leave any more: the caller sends none, and the result says that the
 * run was interrupted. */
int run_refuses_writes(struct run *run);

/* ---- for src/vm/api_*.c ---- */

enum effect { EFFECT_READ, EFFECT_IDEMPOTENT, EFFECT_WRITE };

struct scope {          /* one script in the chain of ctx.call */
    char kind[16];      /* "recipe", "action", "trigger", "tool" */
    char name[140];     /* "front/list-inboxes", "digest" */
    char app[65];       /* of lua/<app>/, "" elsewhere */
    enum effect effect; /* never more than the enclosing scope's */
    int seq;            /* the journal's */
    int bulk;           /* 1: its reads are bulk; also in the scopes within */
    int catches;        /* 1: retryable failures are raised; also in the scopes within */
};

struct run *run_of(lua_State *L);
const char *run_id(const struct run *run);
/* What its reads count as where it is now. */
enum window_lane run_lane(const struct run *run);
int64_t run_wait_ms(const struct run *run);
int run_is_patient(const struct run *run);
struct mock *run_mock(const struct run *run); /* NULL: an ordinary run */
struct vm *run_vm(const struct run *run);
const struct run_host *run_host(const struct run *run);
struct httpc *run_httpc(const struct run *run);
struct journal *run_journal(struct run *run);
struct pins *run_pins(struct run *run); /* NULL: none are noted */
const struct run_committer *
run_committer(const struct run *run); /* NULL: lives in memory */
/* 1 where a retryable failure is the script's to handle: {catch = true}. */
int run_is_catching(const struct run *run);
const char *run_client(const struct run *run); /* NULL: none */
/* The company that requests of APP must go to; NULL: the client's own. */
const char *run_company(const struct run *run, const char *app);
const char *run_label(const struct run *run);
/* The innermost scope, or NULL. */
struct scope *run_scope(struct run *run);
/* Opens one; ERR_LIMIT past the call depth. */
struct scope *run_push_scope(struct run *run, struct err *e);
/* How many are open; back to DEPTH of them. */
int run_depth(const struct run *run);
void run_pop_scopes(struct run *run, int depth);

/* Waiting: RUN waits for an operation that CANCEL(arg) ends, then the function that
 * called lua_yieldk is continued after run_ready. */
void run_wait(struct run *run, void (*cancel)(void *arg), void *arg);
void run_ready(struct run *run);
/* WHAT ("POST /…", copied) has left and is unanswered; NULL: it is answered. */
void run_set_writing(struct run *run, const char *what);
/* A write was accepted; a run that fails later names it. */
void run_add_written(struct run *run, const char *what);
int run_is_dry(const struct run *run);
/* Ends the attempt, done, with what is in run_result_buf; never returns. */
int run_end(lua_State *L);
/* Ends the attempt; never returns. */
int run_give_up(lua_State *L, const struct err *e);
int run_park_here(lua_State *L, const struct err *e);
/* Of a replay that has not asked for all that is recorded: ERR_CONFLICT instead. */
int run_skip(lua_State *L, const char *reason);
/* Each ends the attempt until then; see RUN_SLEEPING and RUN_WAITING. */
int run_sleep(lua_State *L, int64_t until_ms);
int run_wait_for(lua_State *L, int seq, const char *trigger, const char *match,
                 int64_t until_ms);
/* The same outside of Lua, for a run that waits: instead of run_ready. */
void run_fail(struct run *run, const struct err *e);
void run_park(struct run *run, const struct err *e);
/* The run's result bytes, to be filled before the entry returns. */
struct buf *run_result_buf(struct run *run);

/* Emptied and wiped: for one secret's value at a time. */
struct buf *run_secret_buf(struct run *run);

/* A file's bytes, owned by the run; its id, or -1. */
int run_add_file(struct run *run, const char *path, const char **name, struct err *e);
const char *run_file(const struct run *run, int id, size_t *len);

#endif
