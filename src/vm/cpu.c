#include "vm/cpu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>

#include "base/log.h"

enum { TICK_MS = 10, GRACE_TICKS = 200 };

/* Read by the signal handler, in the thread that writes it. */
static struct {
    volatile sig_atomic_t active, grace;
    struct cpu_meter *meter;
    lua_State *L;
    const char *label;
    int resume_max, attempt_max, watchdog_max; /* ticks */
    cpu_hang_fn *on_hang;
} now;

static void on_deadline(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    if (lua_isyieldable(L)) {
        lua_yield(L, 0);
        return;
    }
    luaL_error(L, "the attempt is over");
}

int cpu_stop(lua_State *L)
{
    if (lua_isyieldable(L))
        return lua_yield(L, 0);
    lua_sethook(L, on_deadline, LUA_MASKCOUNT, 1);
    return luaL_error(L, "the attempt is over");
}

/* Async-signal-safe calls only: the signal may have come within malloc. */
static void end_process(void)
{
    log_from_signal("watchdog: ", now.label,
                    " hangs where it cannot be stopped (a pattern?); ending");
    if (now.on_hang)
        now.on_hang(now.label);
    _exit(70);
}

static void on_tick(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    if (!now.active)
        return;
    struct cpu_meter *meter = now.meter;
    /* a busy machine delivers several ticks as one signal: timer_getoverrun(2) */
    int ticks = 1 + (info->si_code == SI_TIMER ? info->si_overrun : 0);
    if (now.grace && meter->grace_ticks < GRACE_TICKS) {
        meter->grace_ticks += ticks;
        return;
    }
    meter->ticks += ticks;
    meter->resume_ticks += ticks;
    if (meter->resume_ticks >= now.watchdog_max)
        end_process();
    if (meter->verdict == CPU_FINE && meter->resume_ticks > now.resume_max)
        meter->verdict = CPU_RESUME_LIMIT;
    else if (meter->verdict == CPU_FINE && meter->ticks > now.attempt_max)
        meter->verdict = CPU_ATTEMPT_LIMIT;
    if (meter->verdict != CPU_FINE)
        lua_sethook(now.L, on_deadline, LUA_MASKCOUNT, 1);
}

int cpu_start(struct err *e)
{
    static int started;
    if (started)
        return 0;
    struct sigaction action = {.sa_sigaction = on_tick,
                               .sa_flags = SA_RESTART | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = SIGRTMIN + 1};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid); /* glibc 2.36 has no public name */
    struct itimerspec every = {{0, TICK_MS * 1000000}, {0, TICK_MS * 1000000}};
    timer_t timer;
    if (sigaction(SIGRTMIN + 1, &action, NULL) != 0 ||
        timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0 ||
        timer_settime(timer, 0, &every, NULL) != 0)
        return err_set(e, ERR_INTERNAL, "cannot start the CPU timer: %s",
                       strerror(errno));
    started = 1;
    return 0;
}

void cpu_enter(struct cpu_meter *meter, lua_State *L, const struct limits *limits,
               const char *label)
{
    meter->resume_ticks = 0;
    now.meter = meter;
    now.L = L;
    now.label = label;
    now.resume_max = (int)(limits->resume_cpu_ms / TICK_MS);
    now.attempt_max = (int)(limits->attempt_cpu_ms / TICK_MS);
    now.watchdog_max = (int)(limits->watchdog_ms / TICK_MS);
    now.grace = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    now.active = 1;
}

cpu_hang_fn *cpu_on_hang(cpu_hang_fn *fn)
{
    cpu_hang_fn *before = now.on_hang;
    now.on_hang = fn;
    return before;
}

void cpu_grace(int on)
{
    now.grace = on;
}

void cpu_leave(void)
{
    now.active = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void cpu_place(lua_State *co, char *out, size_t size)
{
    lua_Debug ar;
    *out = '\0';
    for (int level = 0; lua_getstack(co, level, &ar); level++) {
        lua_getinfo(co, "Sl", &ar);
        if (ar.currentline <= 0 || strstr(ar.source, "lua/std/"))
            continue;
        snprintf(out, size, ", near %s:%d", ar.short_src, ar.currentline);
        return;
    }
}
