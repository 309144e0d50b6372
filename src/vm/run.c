#include "vm/run.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "base/crypto.h"
#include "vm/conv.h"
#include "vm/cpu.h"
#include "vm/fail.h"
#include "vm/files.h"
#include "vm/handles.h"
#include "vm/parts.h"
#include "vm/pins.h"

enum run_state { STATE_NEW, STATE_READY, STATE_RUNNING, STATE_WAITING, STATE_OVER };

enum { RESULT_MAX = 64 * 1024 * 1024 };

struct run {
    struct runs *runs;
    struct run *prev, *next; /* all live */
    struct run *ready_next;
    enum run_state state;
    char *id, *client, *label;
    char *app, *company; /* see run_spec; may be NULL */
    int files_allowed, dry;
    struct mock *mock;
    enum window_lane lane;
    int64_t wait_ms;
    int patient;
    char *writing; /* NULL: no write is unanswered */
    char *wrote;   /* the first write that was accepted, or NULL */
    int nwrote;
    run_done *done;
    void *done_arg;

    struct vm_state memory;
    lua_State *L, *co; /* co is anchored in L's registry */
    struct cpu_meter cpu;
    struct journal *journal;
    struct pins *pins;                  /* NULL: none are noted */
    const struct run_committer *keeper; /* NULL: it lives in memory */
    struct scope *scopes;               /* grown as needed, to the call depth */
    int depth;

    void (*cancel)(void *arg); /* of what it waits for */
    void *cancel_arg;

    enum run_outcome outcome;
    int given_up, is_interrupted;
    int64_t until_ms; /* of a sleeping or waiting one */
    int wait_seq;
    char *wait_trigger, *wait_match;
    struct err *err; /* NULL: none yet; not inside, a kilobyte for each that waits */
    struct buf result, secret;
    struct files files;
};

struct runs {
    struct vm *vm;
    struct loop *loop;
    struct httpc *httpc;
    struct run_host host;
    runs_open_fn *open;
    struct run *live; /* newest first */
    int nlive;
    struct run *ready, **ready_tail;
    int draining, writes_stopped;
    void (*on_resume)(void *arg, const struct run *run, int begins);
    void *on_resume_arg;
};

struct runs *runs_new(struct vm *vm, struct loop *loop, struct httpc *httpc,
                      const struct run_host *host, runs_open_fn *open)
{
    struct runs *runs = xcalloc(1, sizeof *runs);
    runs->vm = vm;
    runs->loop = loop;
    runs->httpc = httpc;
    runs->host = *host;
    runs->open = open;
    runs->ready_tail = &runs->ready;
    return runs;
}

/* ---- the end of an attempt ---- */

static void unready(struct run *run)
{
    struct runs *runs = run->runs;
    for (struct run **p = &runs->ready; *p; p = &(*p)->ready_next) {
        if (*p != run)
            continue;
        *p = run->ready_next;
        if (!*p)
            runs->ready_tail = p;
        return;
    }
}

/* Before the state goes, which owns what is waited for. */
static void stop_waiting(struct run *run)
{
    void (*stop)(void *arg) = run->cancel;
    run->cancel = NULL;
    if (stop)
        stop(run->cancel_arg);
}

static struct err *err_of(struct run *run)
{
    if (!run->err)
        run->err = xcalloc(1, sizeof *run->err);
    return run->err;
}

/* Lifts the memory limit first: a finalizer that met it would fail, and leak what it
 * frees. */
static void close_state(struct run *run)
{
    run->memory.max = SIZE_MAX / 2;
    if (run->L)
        lua_close(run->L);
    run->L = NULL;
}

static void run_free(struct run *run)
{
    struct runs *runs = run->runs;
    stop_waiting(run);
    unready(run);
    close_state(run);
    if (run->prev)
        run->prev->next = run->next;
    else
        runs->live = run->next;
    if (run->next)
        run->next->prev = run->prev;
    runs->nlive--;
    journal_free(run->journal);
    pins_free(run->pins);
    free(run->wait_trigger);
    free(run->wait_match);
    files_fini(&run->files);
    free(run->scopes);
    buf_free(&run->result);
    run_secret_buf(run);
    buf_free(&run->secret);
    free(run->id);
    free(run->client);
    free(run->label);
    free(run->app);
    free(run->company);
    free(run->writing);
    free(run->wrote);
    free(run->err);
    free(run);
}

static void add_written(const struct run *run, struct err *e)
{
    size_t len = strlen(e->text);
    char more[40] = "";
    if (run->nwrote > 1)
        snprintf(more, sizeof more, " and %d more", run->nwrote - 1);
    snprintf(e->text + len, sizeof e->text - len, "; done before that: %.200s%s",
             run->wrote, more);
}

static void finish(struct run *run)
{
    run->state = STATE_OVER;
    struct run_result result = {.outcome = run->outcome,
                                .until_ms = run->until_ms,
                                .wait_seq = run->wait_seq,
                                .wait_trigger = run->wait_trigger,
                                .wait_match = run->wait_match,
                                .journal = run->journal,
                                .pins = run->pins,
                                .is_interrupted = run->is_interrupted};
    if (run->err)
        result.err = *run->err;
    /* its reader must not repeat what was done; a run that is kept goes on after it */
    if (run->outcome == RUN_FAILED && run->wrote && !run->keeper)
        add_written(run, &result.err);
    if (run->outcome == RUN_DONE) {
        result.json = run->result.len ? run->result.data : "null";
        result.len = run->result.len ? run->result.len : 4;
    }
    run_done *done = run->done;
    void *arg = run->done_arg;
    stop_waiting(run); /* a limit may strike on the way into a wait */
    /* the state goes first: what a callback starts next finds its memory free */
    close_state(run);
    done(arg, &result);
    run_free(run);
}

void run_kill(struct run *run)
{
    run_free(run);
}

void runs_free(struct runs *runs)
{
    if (!runs)
        return;
    while (runs->live)
        run_free(runs->live);
    free(runs);
}

int runs_live(const struct runs *runs)
{
    return runs->nlive;
}

const char *runs_writing(const struct runs *runs)
{
    for (const struct run *run = runs->live; run; run = run->next)
        if (run->writing)
            return run->writing;
    return NULL;
}

size_t run_memory(const struct run *run)
{
    return run->memory.used + journal_bytes(run->journal);
}

void runs_on_resume(struct runs *runs,
                    void (*fn)(void *arg, const struct run *run, int begins), void *arg)
{
    runs->on_resume = fn;
    runs->on_resume_arg = arg;
}

void runs_stop_writes(struct runs *runs)
{
    runs->writes_stopped = 1;
}

/* ---- the one resume ---- */

/* The error is at the top of FROM. */
static void set_failed(struct run *run, lua_State *from, int rc)
{
    run->outcome = RUN_FAILED;
    const struct limits *limits = vm_limits(run->runs->vm);
    if (rc == LUA_ERRMEM) {
        err_set(err_of(run), ERR_LIMIT,
                "cannot go on: the script needs more than %zu MiB of memory",
                limits->vm_bytes >> 20);
        return;
    }
    lua_State *L = run->L;
    if (from != L) {
        lua_settop(L, 0);
        lua_xmove(from, L, 1);
    }
    fail_read_top(L, err_of(run));
}

static void set_stopped(struct run *run)
{
    const struct limits *limits = vm_limits(run->runs->vm);
    const struct scope *scope = run_scope(run);
    char place[LUA_IDSIZE + 32];
    cpu_place(run->co, place, sizeof place);
    const char *kind = scope ? scope->kind : "the",
               *name = scope ? scope->name : "script";
    run->outcome = RUN_FAILED;
    if (run->cpu.verdict == CPU_RESUME_LIMIT)
        err_set(err_of(run), ERR_LIMIT,
                "cannot go on: %s %s ran %lld ms without waiting for anything%s (an "
                "endless loop?)",
                kind, name, (long long)limits->resume_cpu_ms, place);
    else
        err_set(err_of(run), ERR_LIMIT,
                "cannot go on: %s %s used %lld ms of CPU time in all%s", kind, name,
                (long long)limits->attempt_cpu_ms, place);
}

static void resume(struct run *run, int nargs)
{
    int nresults = 0;
    run->state = STATE_RUNNING;
    run->cancel = NULL;
    struct runs *runs = run->runs;
    if (runs->on_resume)
        runs->on_resume(runs->on_resume_arg, run, 1);
    cpu_enter(&run->cpu, run->co, vm_limits(runs->vm), run->label);
    int rc = lua_resume(run->co, NULL, nargs, &nresults);
    cpu_leave();
    if (runs->on_resume)
        runs->on_resume(runs->on_resume_arg, run, 0);
    if (run->given_up) {
        finish(run);
    } else if (run->cpu.verdict != CPU_FINE) {
        set_stopped(run);
        finish(run);
    } else if (rc == LUA_YIELD) {
        lua_pop(run->co, nresults);
        if (run->state == STATE_RUNNING)
            run->state = STATE_WAITING;
    } else {
        if (rc != LUA_OK)
            set_failed(run, run->co, rc);
        finish(run);
    }
}

static void drain(void *arg)
{
    struct runs *runs = arg;
    runs->draining = 0;
    /* only those that were ready when the turn began: others get their turn in the loop
     */
    struct run *batch = runs->ready;
    int n = 0;
    for (struct run *run = batch; run; run = run->ready_next)
        n++;
    while (n-- > 0 && runs->ready) {
        struct run *run = runs->ready;
        runs->ready = run->ready_next;
        if (!runs->ready)
            runs->ready_tail = &runs->ready;
        run->ready_next = NULL;
        if (run->given_up)
            finish(run);
        else
            resume(run, run->state == STATE_NEW ? 2 : 0);
    }
    if (runs->ready && !runs->draining) {
        runs->draining = 1;
        loop_defer(runs->loop, drain, runs);
    }
}

static void enqueue(struct run *run)
{
    struct runs *runs = run->runs;
    *runs->ready_tail = run;
    runs->ready_tail = &run->ready_next;
    if (!runs->draining) {
        runs->draining = 1;
        loop_defer(runs->loop, drain, runs);
    }
}

void run_wait(struct run *run, void (*cancel)(void *arg), void *arg)
{
    run->cancel = cancel;
    run->cancel_arg = arg;
}

void run_ready(struct run *run)
{
    run->cancel = NULL;
    run->state = STATE_READY;
    enqueue(run);
}

static void end_outside(struct run *run, enum run_outcome outcome, const struct err *e)
{
    run->outcome = outcome;
    *err_of(run) = *e;
    run->given_up = 1;
    run_ready(run);
}

void run_fail(struct run *run, const struct err *e)
{
    end_outside(run, RUN_FAILED, e);
}

void run_park(struct run *run, const struct err *e)
{
    end_outside(run, RUN_PARKED, e);
}

/* The first end counts: below a gsub callback the script can catch the error that stands
 * in for the yield, and goes on for the few instructions until the hook. */
static int end_with(lua_State *L, enum run_outcome outcome, const struct err *e)
{
    struct run *run = run_of(L);
    if (!run->given_up) {
        run->outcome = outcome;
        *err_of(run) = *e;
        run->given_up = 1;
    }
    return cpu_stop(L);
}

int run_give_up(lua_State *L, const struct err *e)
{
    return end_with(L, RUN_FAILED, e);
}

int run_park_here(lua_State *L, const struct err *e)
{
    return end_with(L, RUN_PARKED, e);
}

int run_skip(lua_State *L, const char *reason)
{
    struct err e;
    if (journal_finish(run_of(L)->journal, &e) != 0)
        return end_with(L, RUN_FAILED, &e);
    err_set(&e, ERR_NONE, "%s", reason);
    return end_with(L, RUN_SKIPPED, &e);
}

int run_end(lua_State *L)
{
    struct err e = {0};
    return end_with(L, RUN_DONE, &e);
}

int run_sleep(lua_State *L, int64_t until_ms)
{
    struct err e = {0};
    run_of(L)->until_ms = until_ms;
    return end_with(L, RUN_SLEEPING, &e);
}

int run_wait_for(lua_State *L, int seq, const char *trigger, const char *match,
                 int64_t until_ms)
{
    struct run *run = run_of(L);
    struct err e = {0};
    if (!run->given_up) {
        run->wait_seq = seq;
        free(run->wait_trigger);
        free(run->wait_match);
        run->wait_trigger = xstrdup(trigger);
        run->wait_match = xstrdup(match);
        run->until_ms = until_ms;
    }
    return end_with(L, RUN_WAITING, &e);
}

/* ---- the start ---- */

struct boot {
    struct run *run;
    const char *entry, *args;
    size_t args_len;
};

static int boot(lua_State *L)
{
    struct boot *boot = lua_touserdata(L, 1);
    struct run *run = boot->run;
    handles_open(L);
    run->runs->open(L);
    run->co = lua_newthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, run);
    parts_push(L, "main");
    lua_pushstring(L, boot->entry);
    struct err e;
    /* plain: what a person or a delivery hands in names no secrets */
    if (conv_decode(L, boot->args, boot->args_len, CONV_PLAIN, &e) != 0)
        fail_raise(L, &e);
    lua_xmove(L, run->co, 3);
    return 0;
}

static void start_state(struct run *run, const struct run_spec *spec)
{
    struct vm *vm = run->runs->vm;
    struct boot args = {run, spec->entry, spec->args ? spec->args : "null",
                        spec->args ? spec->args_len : 4};
    run->L = vm_new_state(vm, &run->memory, vm_limits(vm)->vm_bytes, run);
    run->memory.pins = run->pins;
    if (!run->L) {
        err_set(err_of(run), ERR_LIMIT, "cannot start the script: no memory");
        run->outcome = RUN_FAILED;
        run->given_up = 1;
        return;
    }
    lua_pushcfunction(run->L, boot);
    lua_pushlightuserdata(run->L, &args);
    int rc = lua_pcall(run->L, 1, 0, 0);
    if (rc == LUA_OK)
        return;
    run->given_up = 1;
    set_failed(run, run->L, rc);
}

struct run *run_start(struct runs *runs, const struct run_spec *spec, run_done *done,
                      void *arg)
{
    struct run *run = xcalloc(1, sizeof *run);
    run->runs = runs;
    run->next = runs->live;
    if (runs->live)
        runs->live->prev = run;
    runs->live = run;
    runs->nlive++;
    run->id = xstrdup(spec->id);
    run->client = xstrdup_null(spec->client);
    run->label = spec->client ? xasprintf("client %s, %s", spec->client, spec->label)
                              : xstrdup(spec->label);
    run->app = xstrdup_null(spec->app);
    run->company = xstrdup_null(spec->company);
    run->files_allowed = spec->files;
    run->dry = spec->dry;
    run->mock = spec->mock;
    run->lane = spec->lane;
    run->wait_ms = spec->wait_ms;
    run->patient = spec->patient;
    run->done = done;
    run->done_arg = arg;
    run->pins = spec->pins;
    run->keeper = spec->keeper;
    run->journal =
        spec->journal ? spec->journal : journal_new(vm_limits(runs->vm), spec->keep);
    journal_rewind(run->journal);
    buf_init(&run->result, RESULT_MAX);
    buf_init(&run->secret, 64 * 1024);
    struct err e;
    if (cpu_start(&e) != 0) {
        *err_of(run) = e;
        run->outcome = RUN_FAILED;
        run->given_up = 1;
    } else {
        start_state(run, spec);
    }
    enqueue(run);
    return run;
}

/* ---- what the bindings see ---- */

struct run *run_of(lua_State *L)
{
    return vm_state_of(L)->owner;
}

const char *run_id(const struct run *run)
{
    return run->id;
}

enum window_lane run_lane(const struct run *run)
{
    int bulk = run->depth > 0 && run->scopes[run->depth - 1].bulk;
    return bulk ? LANE_BULK : run->lane;
}

int64_t run_wait_ms(const struct run *run)
{
    return run->wait_ms;
}

int run_is_patient(const struct run *run)
{
    return run->patient;
}

struct mock *run_mock(const struct run *run)
{
    return run->mock;
}

struct vm *run_vm(const struct run *run)
{
    return run->runs->vm;
}

const struct run_host *run_host(const struct run *run)
{
    return &run->runs->host;
}

struct httpc *run_httpc(const struct run *run)
{
    return run->runs->httpc;
}

struct journal *run_journal(struct run *run)
{
    return run->journal;
}

struct pins *run_pins(struct run *run)
{
    return run->pins;
}

const struct run_committer *run_committer(const struct run *run)
{
    return run->keeper;
}

int run_is_catching(const struct run *run)
{
    return run->depth > 0 && run->scopes[run->depth - 1].catches;
}

const char *run_client(const struct run *run)
{
    return run->client;
}

const char *run_company(const struct run *run, const char *app)
{
    return run->app && str_eq(run->app, app) ? run->company : NULL;
}

const char *run_label(const struct run *run)
{
    return run->label;
}

struct scope *run_scope(struct run *run)
{
    return run->depth ? &run->scopes[run->depth - 1] : NULL;
}

struct scope *run_push_scope(struct run *run, struct err *e)
{
    int max = vm_limits(run->runs->vm)->call_depth;
    if (run->depth >= max) {
        err_set(e, ERR_LIMIT, "cannot call deeper than %d scripts: does one call itself?",
                max);
        return NULL;
    }
    run->scopes = xrealloc(run->scopes, (size_t)(run->depth + 1) * sizeof *run->scopes);
    struct scope *scope = &run->scopes[run->depth++];
    *scope = (struct scope){.seq = -1};
    scope->bulk = run->depth > 1 && scope[-1].bulk;
    scope->catches = run->depth > 1 && scope[-1].catches;
    return scope;
}

int run_depth(const struct run *run)
{
    return run->depth;
}

void run_pop_scopes(struct run *run, int depth)
{
    if (run->depth > depth)
        run->depth = depth;
}

int run_refuses_writes(struct run *run)
{
    return run->is_interrupted |= run->runs->writes_stopped;
}

void run_add_written(struct run *run, const char *what)
{
    if (run->nwrote++ == 0)
        run->wrote = xstrdup(what);
}

void run_set_writing(struct run *run, const char *what)
{
    free(run->writing);
    run->writing = what ? xasprintf("%s: %s", run->label, what) : NULL;
}

int run_is_dry(const struct run *run)
{
    return run->dry;
}

struct buf *run_result_buf(struct run *run)
{
    return &run->result;
}

struct buf *run_secret_buf(struct run *run)
{
    if (run->secret.data)
        crypto_wipe(run->secret.data, run->secret.cap);
    buf_reset(&run->secret);
    return &run->secret;
}

int run_add_file(struct run *run, const char *path, const char **name, struct err *e)
{
    /* Within a script's scope the path may be what an API answered: the key, say. */
    int outside = run->depth == 0;
    return files_add(&run->files, path, outside ? run->pins : NULL,
                     run->files_allowed && outside, vm_limits(run->runs->vm)->file_bytes,
                     name, e);
}

const char *run_file(const struct run *run, int id, size_t *len)
{
    return files_get(&run->files, id, len);
}
