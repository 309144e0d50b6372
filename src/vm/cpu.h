/* cpu: stops a script that runs too long.
 *
 * One timer for the process counts the CPU time of the thread that called cpu_start, in
 * ticks of 10 ms, and sends a signal at each. At a limit the handler sets a count hook of
 * 1. The hook yields, and the run is not resumed; where no yield is possible, the hook
 * raises errors until one is. Code that no hook reaches, such as a pattern that
 * backtracks, ends the process at the watchdog's limit, after a line that names the
 * script. */
#ifndef FOYER_CPU_H
#define FOYER_CPU_H

#include <lua.h>
#include <stddef.h>

#include "base/err.h"
#include "core/limits.h"

enum cpu_verdict { CPU_FINE, CPU_RESUME_LIMIT, CPU_ATTEMPT_LIMIT };

struct cpu_meter {             /* one attempt's; zeroed at its start */
    volatile int ticks;        /* in all */
    volatile int resume_ticks; /* since the last cpu_enter */
    volatile int grace_ticks;  /* spent inside cpu_grace: not counted, up to 2 s in all */
    volatile int verdict;      /* enum cpu_verdict */
};

/* Starts the timer for this thread, once in a process. */
int cpu_start(struct err *e);
/* Brackets one lua_resume of L. LABEL ("client acme, recipe digest") must live until
 * cpu_leave; LIMITS too. */
void cpu_enter(struct cpu_meter *meter, lua_State *L, const struct limits *limits,
               const char *label);
void cpu_leave(void);
/* Sets FN(label), which the watchdog calls before it ends the process: in a signal
 * handler, so it may only write(). NULL: none. Returns the function that was set before.
 */
typedef void cpu_hang_fn(const char *label);
cpu_hang_fn *cpu_on_hang(cpu_hang_fn *fn);
/* Ends the coroutine L, which is not resumed again: by a yield, or, where none is
 * possible (within string.gsub or a __tostring), by errors until one is. Never returns.
 */
int cpu_stop(lua_State *L);
/* Brackets the codec's work on a large answer (ON 1, then 0), which is not the script's
 * time. */
void cpu_grace(int on);

/* Writes where CO was stopped: ", near FILE:LINE", the innermost line in a script or the
 * one before it (Lua steps back when a hook yields); "" when it is not known. */
void cpu_place(lua_State *co, char *out, size_t size);

#endif
