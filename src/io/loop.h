/* loop: the process's one event loop (libevent), on the thread that made it.
 * Nothing above src/io includes event2/. */
#ifndef FOYER_LOOP_H
#define FOYER_LOOP_H

#include <stdint.h>

#include "base/err.h"

struct event_base;
struct loop;
struct loop_timer;
typedef void loop_fn(void *arg);

struct loop *loop_new(struct err *e);
void loop_free(struct loop *loop);
/* Runs until loop_stop, or until nothing is left that could call back. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Runs FN once after the callbacks of this turn: the place to resume a run from. */
void loop_defer(struct loop *loop, loop_fn *fn, void *arg);

/* One-shot timers. loop_timer_set replaces an earlier deadline. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *t, int64_t delay_ms);
void loop_timer_clear(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* FN runs on the loop when SIGNO arrives; it replaces an earlier FN and does not keep
 * loop_run going. */
int loop_on_signal(struct loop *loop, int signo, loop_fn *fn, void *arg, struct err *e);

/* For the other files of src/io. */
struct event_base *loop_base(struct loop *loop);

/* The library's version, at run time. */
const char *loop_version(void);

#endif
