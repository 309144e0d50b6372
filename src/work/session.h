/* session: a process's loop, HTTP client, connections, VM and attempts over one
 * workspace, for the commands that run Lua. SIGINT and SIGTERM end it, after the answer
 * to a write in flight. One in a process. */
#ifndef FOYER_SESSION_H
#define FOYER_SESSION_H

#include <jansson.h>

#include "auth/connections.h"
#include "auth/tokens.h"
#include "workspace/workspace.h"
#include "vm/run.h"

struct access; /* work/access.h */
struct session;

struct session *session_open(struct workspace *w, struct err *e);
/* The same without the settings of the network: for `foyer check`, which opens no
 * connection. */
struct session *session_open_offline(struct workspace *w, struct err *e);
/* For a process whose loop waits for no file: permits and connections are asked for on a
 * thread of their own. Right after session_open. */
int session_use_thread(struct session *s, struct err *e);
void session_close(struct session *s);
struct workspace *session_workspace(struct session *s);
struct runs *session_runs(struct session *s);
struct loop *session_loop(struct session *s);
struct httpc *session_httpc(struct session *s);
struct connections *session_connections(struct session *s);
struct tokens *session_tokens(struct session *s);
struct access *session_access(struct session *s);

struct session_call {
    const char *client;        /* NULL: none */
    const char *app, *company; /* as of run_spec */
    const char *label;
    const char *entry;
    const json_t *args;
    const char *id; /* NULL: a fresh one; FOYER_TEST_RUN_ID, a hook for tests, fixes it */
    int files;
    enum window_lane lane;
    int64_t wait_ms; /* how long its requests may wait for the company's budget */
    int patient;     /* 1: also through a 429 of the API itself */
    int dry;         /* 1: no write is sent; also without it where the client is dry */
    run_emit *emit;  /* may be NULL; see vm/run.h */
    void *emit_arg;
    const struct run_sink *sink; /* may be NULL; see vm/run.h */
};

/* Returns what a run shows that did not send its writes, a new reference: VALUE where it
 * has none, else {dry_run: the first one, writes: all when there are more, and of result,
 * would_skip, would_fail, would_wait_until one}. A write is {method, to, body}. VALUE
 * (NULL: none) is the result of a run that is done. */
json_t *session_dry_result(const struct run_result *result, json_t *value);
/* Starts one attempt, of which nothing is stored. DONE and the result as of run_start. */
struct run *session_start(struct session *s, const struct session_call *call,
                          run_done *done, void *arg);
/* Runs one attempt to its end and returns its result as a tree (a new reference), or NULL
 * with E. Its member "result" is of session_dry_result. */
json_t *session_run(struct session *s, const struct session_call *call, struct err *e);
/* What SIGINT and SIGTERM do: no new write is sent, and the loop stops when the writes
 * under way are answered, at the latest after 30 s. QUIET 1: prints nothing about the
 * wait. */
void session_interrupt(struct session *s, int quiet);
/* 1 after a signal. */
int session_interrupted(const struct session *s);

#endif
