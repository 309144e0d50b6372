#include "vm/run.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

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
    LIST_ENTRY(run) live;
    TAILQ_ENTRY(run) ready;
    int is_ready; /* 1: it is in runs->ready */
    enum run_state state;
    struct run_spec spec; /* owns its strings; without entry and args */
    char *writing;        /* NULL: no write is unanswered */
    char *wrote;          /* the first write that was accepted, or NULL */
    int nwrote;           /* how many were accepted */
    json_t *rendered;     /* names of templates; NULL: none */
    int is_rendered_old;  /* 1: a write was made of them */
    run_done *done;
    void *done_arg;

    struct vm_state memory;
    lua_State *L, *co; /* co is anchored in L's registry */
    struct cpu_meter cpu;
    struct run_scope *scopes; /* grown as needed, to the call depth */
    int depth;

    void (*cancel)(void *arg); /* ends what it waits for; NULL: it waits for nothing */
    void *cancel_arg;

    enum run_outcome outcome;
    int given_up;       /* 1: outcome is final, and the coroutine is not resumed */
    int is_interrupted; /* 1: it asked for a write after runs_stop_writes */
    int64_t until_ms;   /* see run_result */
    int wait_seq;
    char *wait_trigger, *wait_match;
    struct err *err; /* NULL: none yet. A pointer, because an err takes a kilobyte */
    struct buf result, secret;
    struct files files;
    struct run_dry *dry; /* NULL: nothing yet */
};

struct runs {
    struct vm *vm;
    struct loop *loop;
    struct httpc *httpc;
    struct run_host host;
    runs_open_fn *open;
    LIST_HEAD(, run) live; /* newest first */
    TAILQ_HEAD(, run) ready;
    int draining; /* 1: drain is deferred to the loop */
    int writes_stopped;
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
    LIST_INIT(&runs->live);
    TAILQ_INIT(&runs->ready);
    return runs;
}

/* ---- the end of an attempt ---- */

/* Cancels what RUN waits for, before the state that owns it is closed. */
static void stop_waiting(struct run *run)
{
    void (*stop)(void *arg) = run->cancel;
    run->cancel = NULL;
    if (stop)
        stop(run->cancel_arg);
}

static void unready(struct run *run)
{
    if (run->is_ready)
        TAILQ_REMOVE(&run->runs->ready, run, ready);
    run->is_ready = 0;
}

static struct err *err_of(struct run *run)
{
    if (!run->err)
        run->err = xcalloc(1, sizeof *run->err);
    return run->err;
}

/* Lifts the memory limit first: a finalizer that ran into it would leak what it frees. */
static void close_state(struct run *run)
{
    run->memory.max = SIZE_MAX / 2;
    if (run->L)
        lua_close(run->L);
    run->L = NULL;
}

void run_kill(struct run *run)
{
    stop_waiting(run);
    unready(run);
    close_state(run);
    LIST_REMOVE(run, live);
    journal_free(run->spec.journal);
    pins_free(run->spec.pins);
    free(run->wait_trigger);
    free(run->wait_match);
    files_fini(&run->files);
    run_pop_scopes(run, 0);
    free(run->scopes);
    if (run->dry) {
        json_decref(run->dry->writes);
        json_decref(run->dry->made);
        json_decref(run->dry->values);
    }
    free(run->dry);
    buf_free(&run->result);
    run_secret_buf(run);
    buf_free(&run->secret);
    free((char *)run->spec.id);
    free((char *)run->spec.client);
    free((char *)run->spec.label);
    free((char *)run->spec.app);
    free((char *)run->spec.company);
    free(run->writing);
    free(run->wrote);
    json_decref(run->rendered);
    free(run->err);
    free(run);
}

/* Adds the writes that were done before a failure to its text: a person who reads only
 * that the run failed would start it again, and do them twice. */
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
                                .journal = run->spec.journal,
                                .pins = run->spec.pins,
                                .run = run,
                                .is_interrupted = run->is_interrupted};
    if (run->dry && json_array_size(run->dry->writes))
        result.dry_writes = run->dry->writes;
    if (run->err)
        result.err = *run->err;
    /* a run with a committer is retried after what it wrote */
    if (run->outcome == RUN_FAILED && run->wrote && !run->spec.committer)
        add_written(run, &result.err);
    if (run->outcome == RUN_DONE) {
        result.json = run->result.len ? run->result.data : "null";
        result.len = run->result.len ? run->result.len : 4;
    }
    run_done *done = run->done;
    void *arg = run->done_arg;
    stop_waiting(run); /* a limit may end it between run_wait and the yield */
    close_state(run);  /* before DONE: what it starts next finds the memory free */
    done(arg, &result);
    run_kill(run);
}

void runs_free(struct runs *runs)
{
    if (!runs)
        return;
    while (!LIST_EMPTY(&runs->live))
        run_kill(LIST_FIRST(&runs->live));
    free(runs);
}

const char *runs_writing(const struct runs *runs)
{
    const struct run *run;
    LIST_FOREACH(run, &runs->live, live)
    {
        if (run->writing)
            return run->writing;
    }
    return NULL;
}

size_t run_memory(const struct run *run)
{
    return run->memory.used + journal_bytes(run->spec.journal);
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

void runs_allow_writes(struct runs *runs)
{
    runs->writes_stopped = 0;
}

/* ---- the one resume ---- */

/* Takes the error that is on top of FROM's stack. */
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
    const struct run_scope *scope = run_scope(run);
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
    cpu_enter(&run->cpu, run->co, vm_limits(runs->vm), run->spec.label);
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

static void drain(void *arg);

static void defer_drain(struct runs *runs)
{
    if (!runs->draining)
        loop_defer(runs->loop, drain, runs);
    runs->draining = 1;
}

static void drain(void *arg)
{
    struct runs *runs = arg;
    runs->draining = 0;
    /* Only the runs that are ready now: the loop calls its other callbacks before those
     * that become ready meanwhile. */
    int n = 0;
    struct run *run;
    TAILQ_FOREACH(run, &runs->ready, ready)
    {
        n++;
    }
    while (n-- > 0 && (run = TAILQ_FIRST(&runs->ready))) {
        unready(run);
        if (run->given_up)
            finish(run);
        else
            resume(run, run->state == STATE_NEW ? 2 : 0);
    }
    if (!TAILQ_EMPTY(&runs->ready))
        defer_drain(runs);
}

static void enqueue(struct run *run)
{
    TAILQ_INSERT_TAIL(&run->runs->ready, run, ready);
    run->is_ready = 1;
    defer_drain(run->runs);
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

static void set_outcome(struct run *run, enum run_outcome outcome, const struct err *e)
{
    run->outcome = outcome;
    *err_of(run) = *e;
    run->given_up = 1;
}

void run_fail(struct run *run, const struct err *e)
{
    set_outcome(run, RUN_FAILED, e);
    run_ready(run);
}

void run_park(struct run *run, const struct err *e)
{
    set_outcome(run, RUN_PARKED, e);
    run_ready(run);
}

/* Ends the attempt. Only the first end counts: within a callback of gsub, where nothing
 * can yield, cpu_stop raises an error instead, which the script may catch, and then asks
 * for another end before the hook stops it. */
static int end_with(lua_State *L, enum run_outcome outcome, const struct err *e)
{
    struct run *run = run_of(L);
    if (!run->given_up)
        set_outcome(run, outcome, e);
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
    if (journal_finish(run_of(L)->spec.journal, &e) != 0)
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
    /* plain, because the arguments come from outside and must not name secrets */
    conv_push(L, boot->args, boot->args_len, CONV_PLAIN);
    lua_xmove(L, run->co, 3);
    return 0;
}

static void start_state(struct run *run, const struct run_spec *spec)
{
    struct err e;
    struct vm *vm = run->runs->vm;
    struct boot args = {run, spec->entry, spec->args ? spec->args : "null",
                        spec->args ? spec->args_len : 4};
    run->L = vm_new_state(vm, &run->memory, vm_limits(vm)->vm_bytes, run);
    run->memory.pins = run->spec.pins;
    if (!run->L) {
        err_set(&e, ERR_LIMIT, "cannot start the script: no memory");
        set_outcome(run, RUN_FAILED, &e);
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
    LIST_INSERT_HEAD(&runs->live, run, live);
    run->spec = *spec;
    run->spec.entry = run->spec.args = NULL;
    run->spec.id = xstrdup(spec->id);
    run->spec.client = xstrdup_null(spec->client);
    run->spec.label = spec->client ? xasprintf("client %s, %s", spec->client, spec->label)
                                   : xstrdup(spec->label);
    run->spec.app = xstrdup_null(spec->app);
    run->spec.company = xstrdup_null(spec->company);
    run->done = done;
    run->done_arg = arg;
    if (!spec->journal)
        run->spec.journal = journal_new(vm_limits(runs->vm), spec->keep);
    journal_rewind(run->spec.journal);
    buf_init(&run->result, RESULT_MAX);
    buf_init(&run->secret, 64 * 1024);
    struct err e;
    if (cpu_start(&e) != 0)
        set_outcome(run, RUN_FAILED, &e);
    else
        start_state(run, spec);
    enqueue(run);
    return run;
}

/* ---- for the bindings ---- */

struct run *run_of(lua_State *L)
{
    return vm_state_of(L)->owner;
}

const struct run_spec *run_spec(const struct run *run)
{
    return &run->spec;
}

enum window_lane run_lane(const struct run *run)
{
    int bulk = run->depth > 0 && run->scopes[run->depth - 1].bulk;
    return bulk ? WINDOW_LANE_BULK : run->spec.lane;
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
    return run->spec.journal;
}

const struct run_committer *run_committer(const struct run *run)
{
    return run->spec.committer;
}

int run_is_catching(const struct run *run)
{
    return run->depth > 0 && run->scopes[run->depth - 1].catches;
}

const char *run_client(const struct run *run)
{
    return run->spec.client;
}

const char *run_company(const struct run *run, const char *app)
{
    return run->spec.app && str_eq(run->spec.app, app) ? run->spec.company : NULL;
}

struct run_scope *run_scope(struct run *run)
{
    return run->depth ? &run->scopes[run->depth - 1] : NULL;
}

struct run_scope *run_push_scope(struct run *run, struct err *e)
{
    int max = vm_limits(run->runs->vm)->call_depth;
    if (run->depth >= max) {
        err_set(e, ERR_LIMIT, "cannot call deeper than %d scripts: does one call itself?",
                max);
        return NULL;
    }
    run->scopes = xrealloc(run->scopes, (size_t)(run->depth + 1) * sizeof *run->scopes);
    struct run_scope *scope = &run->scopes[run->depth++];
    *scope = (struct run_scope){.seq = -1};
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
    while (run->depth > depth)
        free(run->scopes[--run->depth].dry);
}

struct run_dry *run_dry(struct run *run)
{
    if (!run->dry) {
        run->dry = xcalloc(1, sizeof *run->dry);
        *run->dry = (struct run_dry){json_array(), json_object(), json_object()};
    }
    return run->dry;
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
    run->writing = what ? xasprintf("%s: %s", run->spec.label, what) : NULL;
}

void run_rendered(struct run *run, const char *name)
{
    enum { NAMES_MAX = 20 };
    size_t i;
    json_t *known;
    if (!run->rendered)
        run->rendered = json_array();
    if (run->is_rendered_old)
        json_array_clear(run->rendered);
    run->is_rendered_old = 0;
    json_array_foreach(run->rendered, i, known)
    {
        if (str_eq(json_string_value(known), name))
            return;
    }
    if (json_array_size(run->rendered) < NAMES_MAX)
        json_array_append_new(run->rendered, json_string(name));
}

json_t *run_take_rendered(struct run *run)
{
    run->is_rendered_old = 1;
    return json_array_size(run->rendered) ? json_copy(run->rendered) : NULL;
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
    /* Within a script's scope the path may come from an API's answer, which must not
     * choose a file to read, such as the key. */
    int outside = run->depth == 0;
    return files_add(&run->files, path, outside ? run->spec.pins : NULL,
                     run->spec.files && outside, vm_limits(run->runs->vm)->file_bytes,
                     name, e);
}

int run_add_answer(struct run *run, int seq, const char *data, size_t len, struct err *e)
{
    return files_add_answer(&run->files, seq, data, len, run->spec.pins,
                            vm_limits(run->runs->vm)->record_bytes, e);
}

const char *run_file(const struct run *run, int id, size_t *len)
{
    return files_get(&run->files, run->spec.pins, id, len);
}
