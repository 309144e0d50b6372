/* run: one attempt of a run: a fresh Lua state, one coroutine, and at most one operation
 * that it waits for. All of it belongs to the loop's thread.
 *
 * When the operation completes, the run goes on the ready list, and the loop resumes it:
 * the only lua_resume of foyer. An attempt ends when its entry returns, by an error, by a
 * limit, or because it is given up: a yield that is never resumed, which no pcall can
 * catch. Then its state is closed. */
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

/* One request to a connection's API, which needs a valid token and a permit from the
 * company's budget before it is sent. */
struct run_ask { /* borrowed for the call */
    const struct connection *connection;
    const char *client; /* whose connection it is; NULL: the company's, of any client */
    const char *method, *url;
    enum window_lane lane;
    int64_t wait_ms; /* how long it may wait for a permit; 0: not at all */
    int patient;     /* 1: it waits after a 429 of the API as well */
    int64_t version; /* of the token that an answer belongs to */
};
/* REFUSED NULL: send it, if NOW is the connection that was asked for. Else the client is
 * connected to NOW, and the request's address must be found out again. */
typedef void run_admitted(void *arg, const struct connection *now,
                          const struct err *refused);

/* VALUE, borrowed, is NULL when there is none. */
typedef void run_loaded(void *arg, const char *value, const struct err *e);

/* What runs read of the workspace: callbacks, because the engine knows no workspace. Each
 * pointer that one returns is borrowed and lives as long as the runs. */
struct run_host {
    void *arg;
    /* client.lua over ids.lua, checked; NULL with E when there is no such client */
    const json_t *(*client)(void *arg, const char *client, struct err *e);
    /* foyer.lua, checked */
    const json_t *(*workspace)(void *arg, const char *client, struct err *e);
    /* lua/<app>/connector.lua */
    const json_t *(*connector)(void *arg, const char *app, struct err *e);
    /* COMPANY NULL: the one that CLIENT is connected to; else that one. As the process
       knows it; what the store has is asked by admit. */
    const struct connection *(*connection)(void *arg, const char *client, const char *app,
                                           const char *company, struct err *e);
    /* Appends the secret's value to OUT. */
    int (*secret)(void *arg, const char *name, struct buf *out, struct err *e);
    /* Asks to send. DONE is called later from the loop, unless *PENDING is withdrawn; by
     * then the connection has the token to send. NULL: always granted. */
    void *access; /* the argument of these five */
    void (*admit)(void *access, const struct run_ask *ask, run_admitted *done,
                  void *done_arg, void **pending);
    void (*withdraw)(void *access, void *pending);
    /* Reads each answer for what it says of the token and the budget, and each failure to
     * get one. 1: the request of this 401 or 429 may be sent again, through admit; else
     * 0. */
    int (*answered)(void *access, const struct run_ask *ask,
                    const struct httpc_answer *answer);
    /* Reads KEY of CLIENT's ctx.store. DONE is called later from the loop, unless
     * *PENDING is withdrawn. */
    void (*load_value)(void *access, const char *client, const char *key,
                       run_loaded *done, void *done_arg, void **pending);
    void (*withdraw_value)(void *access, void *pending);
    /* Sets KEY, or removes it with VALUE NULL. Runs with a committer save by a commit
     * instead. */
    int (*save_value)(void *arg, const char *client, const char *key, const char *value,
                      struct err *e);
    /* Calls FN with each client's name, in byte order. */
    void (*each_client)(void *arg, void (*fn)(void *arg, const char *client),
                        void *fn_arg);
};

/* How a run stores its steps: callbacks, because the engine knows no store. A run without
 * a committer lives in memory alone. */
enum run_commit_kind {
    RUN_COMMIT_INTENT,     /* a write is sent once this is stored */
    RUN_COMMIT_OUTCOME,    /* its answer */
    RUN_COMMIT_VALUE,      /* ctx.store.set */
    RUN_COMMIT_CHECKPOINT, /* the end of a page of ctx.each */
};
struct run_commit { /* borrowed until DONE is called */
    enum run_commit_kind kind;
    const char *text; /* for the history: "POST /conversations/cnv_1/messages 202" */
    /* INTENT: of a connection's request; else NULL */
    const char *app, *company, *method, *path;
    const char *key, *value; /* VALUE: value NULL removes the key */
};
typedef void run_committed(void *arg, const struct err *e); /* ERR_NONE: it is stored */
enum run_send {
    RUN_SEND,
    RUN_SEND_LATE, /* it must be asked for again: its intent is too old */
    RUN_SEND_LOST  /* never: another process has the run */
};

struct run_committer {
    void *arg;
    /* Stores what the journal holds more than at the last commit. DONE is called once,
     * from the loop, unless *PENDING is withdrawn; a commit that is withdrawn may be
     * stored all the same. ERR_CONFLICT: another process has taken the run, and this one
     * must do nothing more. ERR_FORBIDDEN: the loop guard stops this write.
     * ERR_UNCERTAIN: the outcome is not stored, because another run has claimed what the
     * write made. */
    void (*commit)(void *arg, struct run *run, const struct run_commit *commit,
                   run_committed *done, void *done_arg, void **pending);
    void (*withdraw)(void *arg, void *pending);
    /* Both are about the write of the last intent, may be NULL, and only use memory that
     * this process shares with the one that may take the run over. sending: from now on
     * the write may arrive, unless it returns something else than RUN_SEND; IS_LARGE 1:
     * the kernel does not take the whole request at once. refused: the API answered that
     * it was not done; the outcome that says so is still to be committed. */
    enum run_send (*sending)(void *arg, int is_large);
    void (*refused)(void *arg);
};

/* Gets what std.emit hands out while a run goes on: WHAT says what it is, JSON is
 * canonical; both are borrowed. */
typedef void run_emit(void *arg, const char *what, const char *json, size_t len);

/* Where the body of an answer goes instead of into memory: for downloads. */
struct run_sink {
    void *arg;
    /* As on_piece of io/httpc.h; -1 with E. IS_FILE 1: the action says that its answer is
     * a file, whatever its type. */
    int (*piece)(void *arg, const struct httpc_piece *piece, int is_file, struct err *e);
};

struct run_spec {       /* all copied */
    const char *id;     /* unique for each run; seeds math.random */
    const char *client; /* NULL: none */
    const char *label;  /* "recipe digest": for messages; the client is added */
    /* Requests of APP go to COMPANY, even when the client is connected to another one by
     * now. NULL: to the company that the client is connected to. */
    const char *app, *company;
    const char *entry; /* an entry of lua/std/main.lua */
    const char *args;  /* JSON */
    size_t args_len;
    int files;     /* 1: `file` inputs may be read from disk (the command line) */
    int dry;       /* 1: no write is sent: its answer is invented */
    int is_replay; /* 1: nothing is sent: a request that the journal lacks fails */
    /* static, for a dry run that has really written: its next write parks it with this
     * sentence; NULL: any other run */
    const char *dry_parks;
    struct mock *mock; /* of `foyer mock`; NULL: any other run */
    enum window_lane lane;
    int64_t wait_ms; /* how long a request may wait for the company's budget */
    int patient;     /* 1: also after a 429 of the API itself */
    run_emit *emit;  /* NULL: nothing is handed out */
    void *emit_arg;
    const struct run_sink
        *sink; /* of its reads; NULL: none. Borrowed for the run's life */
    int keep;  /* 1: the journal keeps its steps, for a replay in this process */
    /* run_start takes these two, also when it fails */
    struct journal *journal; /* NULL: a new one */
    struct pins *pins;       /* NULL: none are noted */
    /* NULL: the run lives in memory. Borrowed for the run's life */
    const struct run_committer *committer;
};

enum run_outcome {
    RUN_DONE,
    RUN_SKIPPED,
    RUN_FAILED,   /* ERR_UNCERTAIN: see journal_uncertain */
    RUN_SLEEPING, /* until until_ms */
    RUN_WAITING,  /* for an activation, until until_ms */
    RUN_PARKED    /* until a person decides; err says why */
};

struct run_result { /* valid until the callback returns */
    enum run_outcome outcome;
    struct err err;   /* FAILED, PARKED; SKIPPED: its text is the reason */
    const char *json; /* DONE: canonical JSON */
    size_t len;
    int64_t until_ms; /* wall clock */
    /* WAITING: the step, and the activation that ends it; the match is JSON */
    int wait_seq;
    const char *wait_trigger, *wait_match;
    struct journal *journal; /* the run's */
    struct pins *pins;
    const struct run *run; /* for run_file */
    /* of a dry run: [{method, to, body}], the writes that were not sent, each once in the
     * run's life; NULL: none */
    const json_t *dry_writes;
    int is_interrupted; /* a write was refused after runs_stop_writes */
};

typedef void run_done(void *arg, const struct run_result *result);

/* Prepares a new state: sets its globals, and the std table by parts_set_std. It may
 * raise, and may call run_of. */
typedef void runs_open_fn(lua_State *L);
struct runs *runs_new(struct vm *vm, struct loop *loop, struct httpc *httpc,
                      const struct run_host *host, runs_open_fn *open);
/* Kills the runs that are left, without callbacks. */
void runs_free(struct runs *runs);
/* Starts an attempt. DONE is called once, from the loop, never from within run_start. */
struct run *run_start(struct runs *runs, const struct run_spec *spec, run_done *done,
                      void *arg);
/* Cancels what RUN waits for and frees it, without its callback. */
void run_kill(struct run *run);
/* Calls FN before each resume (BEGINS 1) and after it (0), so that the run can be named
 * after a crash in between. */
void runs_on_resume(struct runs *runs,
                    void (*fn)(void *arg, const struct run *run, int begins), void *arg);
/* The bytes of its state and its journal. */
size_t run_memory(const struct run *run);
/* Describes a write that was sent and has no answer yet ("client acme, recipe x: POST
 * /…"), or NULL. With a committer, from the commit of its intent until its outcome is
 * stored. Borrowed until the next loop turn. */
const char *runs_writing(const struct runs *runs);
/* From now on no write is sent: an attempt that asks for one is given up. */
void runs_stop_writes(struct runs *runs);
/* Ends that: what stopped them is over, and the process goes on with something else. */
void runs_allow_writes(struct runs *runs);
/* 1 after runs_stop_writes: the caller sends no write, and the result says that the run
 * was interrupted. */
int run_refuses_writes(struct run *run);

/* ---- for the bindings in src/api ---- */

enum run_effect { RUN_EFFECT_READ, RUN_EFFECT_IDEMPOTENT, RUN_EFFECT_WRITE };

struct run_scope {          /* one script in the chain of ctx.call */
    char kind[16];          /* "recipe", "action", "trigger", "tool" */
    char name[140];         /* "front/list-inboxes", "digest" */
    char app[65];           /* of lua/<app>/, "" elsewhere */
    enum run_effect effect; /* never more than the enclosing scope's */
    int seq;                /* the journal's */
    /* the scopes within inherit both */
    int bulk;    /* 1: its reads let replies and activations go first */
    int catches; /* 1: retryable failures are raised instead of ending the attempt */
    char *dry;   /* owned; what the answer to a write looks like, JSON; NULL: not said */
};

struct run *run_of(lua_State *L);
/* What run_start got, without entry and args. The label has the client in it. */
const struct run_spec *run_spec(const struct run *run);
/* The lane of its reads: WINDOW_LANE_BULK in a scope that asks for it. */
enum window_lane run_lane(const struct run *run);
struct vm *run_vm(const struct run *run);
const struct run_host *run_host(const struct run *run);
struct httpc *run_httpc(const struct run *run);
struct journal *run_journal(struct run *run);
const struct run_committer *
run_committer(const struct run *run); /* NULL: lives in memory */
/* 1 in a scope of ctx.call with {catch = true}, where scripts handle retryable failures.
 */
int run_is_catching(const struct run *run);
const char *run_client(const struct run *run); /* NULL: none */
/* The company that requests of APP must go to; NULL: that of the client's connection. */
const char *run_company(const struct run *run, const char *app);
/* The innermost scope, or NULL. */
struct run_scope *run_scope(struct run *run);
/* Opens a scope. NULL with ERR_LIMIT past the call depth. */
struct run_scope *run_push_scope(struct run *run, struct err *e);
/* The number of open scopes. */
int run_depth(const struct run *run);
/* Closes scopes until DEPTH are open. */
void run_pop_scopes(struct run *run, int depth);

/* Notes the operation that RUN waits for, just before lua_yieldk: CANCEL(arg) ends it.
 * run_ready resumes the coroutine, in the continuation given to lua_yieldk. */
void run_wait(struct run *run, void (*cancel)(void *arg), void *arg);
void run_ready(struct run *run);
/* Notes that the write WHAT ("POST /…", copied) is sent and unanswered; NULL: that it is
 * answered. */
void run_set_writing(struct run *run, const char *what);
/* Notes that the API accepted the write WHAT (copied): a run in memory that fails later
 * names it in its error. */
void run_add_written(struct run *run, const char *what);
/* What a dry run remembers, in this attempt, of what it did not do. */
struct run_dry {
    json_t *writes; /* [{method, to, body}] */
    json_t *made;   /* id -> the invented object */
    json_t *values; /* key -> a value of ctx.store, or null */
};
struct run_dry *run_dry(struct run *run);

/* The next six end the attempt and never return; their type is for `return run_end(L)`.
 * run_end: RUN_DONE, with the bytes in run_result_buf. */
int run_end(lua_State *L);
int run_give_up(lua_State *L, const struct err *e); /* RUN_FAILED */
int run_park_here(lua_State *L, const struct err *e);
/* RUN_SKIPPED; ERR_CONFLICT in a replay that has not reached all recorded steps. */
int run_skip(lua_State *L, const char *reason);
int run_sleep(lua_State *L, int64_t until_ms);
int run_wait_for(lua_State *L, int seq, const char *trigger, const char *match,
                 int64_t until_ms);
/* End an attempt that waits, from outside of Lua: instead of run_ready. */
void run_fail(struct run *run, const struct err *e);
void run_park(struct run *run, const struct err *e);
/* The result, canonical JSON: filled before the entry returns. */
struct buf *run_result_buf(struct run *run);

/* Notes that the template NAME ("hello.md", copied) was rendered. */
void run_rendered(struct run *run, const char *name);
/* Returns the names of the templates that were rendered since the write before, or when
 * there are none those that it was made of: the write that the run asks for now is made
 * of them. A new list; NULL: none. */
json_t *run_take_rendered(struct run *run);

/* Returns the run's buffer for one secret's value, wiped and emptied. */
struct buf *run_secret_buf(struct run *run);

/* Adds the file at PATH to the run, which owns its bytes. Its id, or -1. *NAME is
 * borrowed from the run. */
int run_add_file(struct run *run, const char *path, const char **name, struct err *e);
/* Makes a file of the answer of step SEQ, a copy. Its id, which each attempt of the run
 * has again; -1 with ERR_LIMIT. */
int run_add_answer(struct run *run, int seq, const char *data, size_t len, struct err *e);
/* The bytes of file ID, until the run ends, of a file that a handle stands for; NULL when
 * there is none. */
const char *run_file(const struct run *run, int id, size_t *len);

#endif
