#include "work/crash_mark.h"

#include <signal.h>

#include "vm/cpu.h"

enum { STACK_BYTES = 64 * 1024 };

static const struct {
    int signo;
    const char *cause;
} fatal[] = {{SIGSEGV, "signal 11 (memory that is not its own)"},
             {SIGBUS, "signal 7 (bus error)"},
             {SIGFPE, "signal 8 (arithmetic)"},
             {SIGILL, "signal 4 (illegal instruction)"},
             {SIGABRT, "signal 6 (abort)"}};

enum { SIGNALS = sizeof fatal / sizeof fatal[0] };

static struct presence *present;
static struct sigaction before[SIGNALS];
static cpu_hang_fn *hang_before;
static int installed;

/* Async-signal-safe: stores the cause, then raises the signal for the earlier handler. */
static void on_fatal(int signo)
{
    for (int i = 0; i < SIGNALS; i++) {
        if (fatal[i].signo != signo)
            continue;
        if (present)
            presence_cause(present, fatal[i].cause);
        sigaction(signo, &before[i], NULL);
    }
    raise(signo);
}

static void on_hang(const char *label)
{
    if (present)
        presence_cause(present, "the watchdog: it hangs where it cannot be stopped");
    if (hang_before)
        hang_before(label);
}

/* The handlers get their own stack: the script's may have overflowed. */
static void install(void)
{
    static char stack[STACK_BYTES];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    stack_t is;
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (sigaltstack(NULL, &is) == 0 && (is.ss_flags & SS_DISABLE))
        sigaltstack(&alternative, NULL);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(fatal[i].signo, &action, &before[i]);
    hang_before = cpu_on_hang(on_hang);
    installed = 1;
}

void crash_mark_start(struct presence *p)
{
    present = p;
    if (!installed)
        install();
}

void crash_mark_stop(void)
{
    present = NULL;
}
