#include "work/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/access.h"
#include "api/api.h"
#include "work/host.h"
#include "work/mode.h"
#include "workspace/workspace_http.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/crypto.h"

enum { WRITE_WAIT_MS = 30 * 1000, WRITE_POLL_MS = 20 };

struct session {
    struct workspace *workspace;
    struct loop *loop;
    struct httpc *httpc;
    struct connections *connections;
    struct access *access;
    struct vm *vm;
    struct runs *runs;
    struct loop_timer *timer;
    int64_t waited_ms;
    int interrupted;
    int answered; /* the write has its answer: its run may end by itself */
};

/* A write, or a refresh: the new token may be the only valid one. */
static int is_waited_for(const struct session *s)
{
    return runs_writing(s->runs) || tokens_are_asked(access_tokens(s->access));
}

static void tell_interrupted(const char *what, const char *write)
{
    char *text = printable_copy(write, strlen(write), 0);
    fprintf(stderr, "foyer: interrupted; %s: %s\n", what, text);
    free(text);
}

/* Stops the loop after a signal, once the writes under way are answered. */
static void on_poll(void *arg)
{
    struct session *s = arg;
    int waits = is_waited_for(s);
    if (waits && s->waited_ms < WRITE_WAIT_MS) {
        s->waited_ms += WRITE_POLL_MS;
        s->answered = 1;
        loop_timer_set(s->timer, WRITE_POLL_MS);
        return;
    }
    if (!waits && s->answered) {
        s->answered = 0;
        loop_timer_set(s->timer, WRITE_POLL_MS);
        return;
    }
    const char *writing = runs_writing(s->runs);
    if (writing)
        tell_interrupted("foyer cannot tell whether it was done", writing);
    loop_stop(s->loop);
}

void session_interrupt(struct session *s, int quiet)
{
    if (s->interrupted)
        return;
    s->interrupted = 1;
    log_progress(NULL);
    runs_stop_writes(s->runs);
    const char *writing = runs_writing(s->runs);
    if (!quiet && writing)
        tell_interrupted("waiting for the answer to", writing);
    else if (!quiet && is_waited_for(s))
        fprintf(stderr, "foyer: interrupted; waiting for the token endpoint\n");
    else if (!quiet)
        fprintf(stderr, "foyer: interrupted\n");
    on_poll(s);
}

static void on_interrupt(void *arg)
{
    session_interrupt(arg, 0);
}

static struct session *open_with(struct workspace *w, const json_t *settings,
                                 struct err *e)
{
    struct session *s = xcalloc(1, sizeof *s);
    s->workspace = w;
    s->loop = loop_new(e);
    if (s->loop)
        s->httpc = workspace_http_new(settings, s->loop, e);
    if (s->httpc) {
        s->connections = connections_new(w);
        s->access = access_new(s->connections, s->loop, s->httpc);
        struct run_host host = host_of(s->connections);
        access_host(s->access, &host);
        s->vm = vm_new(&limits_default, workspace_overlay(w));
        s->runs = runs_new(s->vm, s->loop, s->httpc, &host, api_open);
        s->timer = loop_timer_new(s->loop, on_poll, s);
    }
    if (!s->httpc || loop_on_signal(s->loop, SIGINT, on_interrupt, s, e) != 0 ||
        loop_on_signal(s->loop, SIGTERM, on_interrupt, s, e) != 0) {
        session_close(s);
        return NULL;
    }
    return s;
}

struct session *session_open(struct workspace *w, struct err *e)
{
    const json_t *settings = workspace_settings(w, e);
    return settings ? open_with(w, settings, e) : NULL;
}

int session_use_thread(struct session *s, struct err *e)
{
    return access_use_thread(s->access, e);
}

struct session *session_open_offline(struct workspace *w, struct err *e)
{
    return open_with(w, NULL, e);
}

void session_close(struct session *s)
{
    if (!s)
        return;
    runs_free(s->runs);
    vm_free(s->vm);
    access_free(s->access);
    connections_free(s->connections);
    httpc_free(s->httpc);
    loop_timer_free(s->timer);
    loop_free(s->loop);
    free(s);
}

struct workspace *session_workspace(struct session *s)
{
    return s->workspace;
}

struct runs *session_runs(struct session *s)
{
    return s->runs;
}

struct httpc *session_httpc(struct session *s)
{
    return s->httpc;
}

struct connections *session_connections(struct session *s)
{
    return s->connections;
}

struct access *session_access(struct session *s)
{
    return s->access;
}

struct tokens *session_tokens(struct session *s)
{
    return access_tokens(s->access);
}

struct loop *session_loop(struct session *s)
{
    return s->loop;
}

int session_interrupted(const struct session *s)
{
    return s->interrupted;
}

static int is_dry(struct session *s, const char *client)
{
    const char *why;
    return client && work_mode(s->workspace, client, &why) != MODE_LIVE;
}

struct run *session_start(struct session *s, const struct session_call *call,
                          run_done *done, void *arg)
{
    char fresh[33];
    const char *id = call->id ? call->id : getenv("FOYER_TEST_RUN_ID");
    if (!id || !*id) {
        unsigned char bytes[16];
        crypto_random(bytes, sizeof bytes);
        str_hex(bytes, sizeof bytes, fresh);
        id = fresh;
    }
    char *args = json_dumps(call->args, JSON_COMPACT | JSON_ENCODE_ANY);
    struct run_spec spec = {.id = id,
                            .client = call->client,
                            .app = call->app,
                            .company = call->company,
                            .label = call->label,
                            .entry = call->entry,
                            .args = args,
                            .args_len = args ? strlen(args) : 0,
                            .files = call->files,
                            .lane = call->lane,
                            .wait_ms = call->wait_ms,
                            .patient = call->patient,
                            .dry = call->dry || is_dry(s, call->client),
                            .emit = call->emit,
                            .emit_arg = call->emit_arg,
                            .sink = call->sink};
    struct run *run = run_start(s->runs, &spec, done, arg);
    free(args);
    return run;
}

json_t *session_dry_result(const struct run_result *result, json_t *value)
{
    const json_t *writes = result->dry_writes;
    if (!writes)
        return json_incref(value);
    json_t *shown = json_object();
    json_object_set(shown, "dry_run", json_array_get(writes, 0));
    if (json_array_size(writes) > 1)
        json_object_set(shown, "writes", (json_t *)writes);
    switch (result->outcome) {
    case RUN_DONE:
        if (value && !json_is_null(value))
            json_object_set(shown, "result", value);
        break;
    case RUN_SKIPPED:
        json_object_set_new(shown, "would_skip", json_string(result->err.text));
        break;
    case RUN_SLEEPING:
    case RUN_WAITING:
        json_object_set_new(shown, "would_wait_until",
                            json_real((double)result->until_ms / 1000));
        break;
    default:
        json_object_set_new(shown, "would_fail", json_string(result->err.text));
    }
    return shown;
}

struct one {
    struct session *s;
    enum run_outcome outcome;
    struct err err;
    json_t *result;
    int ended;
};

static void on_done(void *arg, const struct run_result *result)
{
    struct one *one = arg;
    one->ended = 1;
    one->outcome = result->outcome;
    one->err = result->err;
    if (result->outcome == RUN_DONE)
        one->result = jsontree_read(result->json, result->len, NULL);
    if (result->dry_writes) { /* what it would have sent is shown however it ends */
        json_t *value = json_object_get(one->result, "result");
        json_t *tree = json_pack("{s:o}", "result", session_dry_result(result, value));
        json_decref(one->result);
        one->result = tree;
        one->outcome = RUN_DONE;
    }
    loop_stop(one->s->loop);
}

json_t *session_run(struct session *s, const struct session_call *call, struct err *e)
{
    struct one one = {.s = s};
    session_start(s, call, on_done, &one);
    while (!one.ended && !s->interrupted)
        loop_run(s->loop);
    const char *writing = runs_writing(s->runs);
    if (!one.ended && writing)
        err_set(e, ERR_UNCERTAIN,
                "interrupted; foyer cannot tell whether it was done: %s", writing);
    else if (!one.ended)
        err_set(e, ERR_INTERNAL, "interrupted");
    else if (one.outcome != RUN_DONE)
        *e = one.err;
    else if (!one.result)
        err_set(e, ERR_INTERNAL, "cannot read the result");
    return one.result;
}
