/* cpu: stops what runs too long, from a signal, at no cost while nothing does.
 *
 * One timer counts this thread's CPU time in ticks of 10 ms; nothing is armed or
 * disarmed per resume. At a deadline the handler sets a count hook of 1, which yields
 * (the run is never resumed), or raises again and again where no yield is possible until
 * one is (design rule 7). What no hook reaches, such as a pattern that backtracks, ends
 * the process at the watchdog's limit, after a line that names the culprit. */
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

/* Starts the timer for this thread; idempotent. Without it nothing is stopped. */
int cpu_start(struct err *e);
/* Brackets one lua_resume of L. LABEL ("client acme, recipe digest") must live until
 * cpu_leave; LIMITS too. */
void cpu_enter(struct cpu_meter *meter, lua_State *L, const struct limits *limits,
               const char *label);
void cpu_leave(void);
/* FN(label) is called before the watchdog ends the process, in a signal handler: it may
 * only write(). NULL: none. Answers what was called before. */
typedef void cpu_hang_fn(const char *label);
cpu_hang_fn *cpu_on_hang(cpu_hang_fn *fn);
/* Ends what runs in L, which will not be resumed: by a yield, or where none is possible
 * (below string.gsub, a __tostring) by errors until one is. Never returns. */
int cpu_stop(lua_State *L);
/* Brackets the C codec's work on a large answer, which a script cannot help. */
void cpu_grace(int on);

/* Where CO was stopped: ", near FILE:LINE", its innermost line in a script, or the line
 * before (Lua steps back when a hook yields); "" where that is not known. */
void cpu_place(lua_State *co, char *out, size_t size);

#endif
