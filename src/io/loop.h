/* loop: the event loop (libevent) of the process, on the thread that created it. Only
 * src/io includes event2/. */
#ifndef FOYER_LOOP_H
#define FOYER_LOOP_H

#include <stdint.h>

#include "base/err.h"

struct event_base;
struct loop;
struct loop_timer;
struct loop_wake;
struct loop_fd;
typedef void loop_fn(void *arg);

struct loop *loop_new(struct err *e);
void loop_free(struct loop *loop);
/* Runs until loop_stop, or until nothing can call back any more: no timer that is set, no
 * socket, no loop_fd, no loop_wake that is kept alive. Signals do not keep it running. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Runs FN once, after the callbacks of this turn. Runs of scripts are resumed here. */
void loop_defer(struct loop *loop, loop_fn *fn, void *arg);

/* One-shot timers. loop_timer_set replaces an earlier deadline. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *t, int64_t delay_ms);
void loop_timer_clear(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Runs FN on the loop's thread when another thread calls loop_wake_send. */
struct loop_wake *loop_wake_new(struct loop *loop, loop_fn *fn, void *arg, struct err *e);
/* From any thread; never blocks. Sends before FN runs count as one; a send while FN runs
 * makes it run once more. FN sees everything that the sender wrote before. */
void loop_wake_send(struct loop_wake *w);
/* On the loop's thread only. HELD 1 keeps loop_run running while the owner waits for a
 * send, HELD 0 ends that. Calls do not nest. */
void loop_wake_hold(struct loop_wake *w, int held);
/* Frees W when no thread can send any more. NULL is fine. */
void loop_wake_free(struct loop_wake *w);

/* Runs FN in each turn in which FD can be read, its end of file included. The caller
 * closes FD after loop_fd_free, which FN may call. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, loop_fn *fn, void *arg);
void loop_fd_free(struct loop_fd *f);

/* Runs FN on the loop when SIGNO arrives. Replaces an earlier FN. Does not keep loop_run
 * running. */
int loop_on_signal(struct loop *loop, int signo, loop_fn *fn, void *arg, struct err *e);

/* For the other files of src/io. loop_must aborts with the log line "WHAT failed" when OK
 * is 0: memory is used up, or foyer has a mistake. */
struct event_base *loop_base(struct loop *loop);
void loop_must(int ok, const char *what);

/* Returns the version of the libevent that this process uses. */
const char *loop_version(void);

#endif
