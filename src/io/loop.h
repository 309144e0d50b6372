/* loop: the process's one event loop (libevent), on the thread that made it.
 * Nothing above src/io includes event2/. */
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
/* Runs until loop_stop, or until nothing is left that could call back: a timer that is
 * set, a socket, a loop_fd, a held loop_wake; neither a signal nor a wake that nobody
 * holds. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Runs FN once after the callbacks of this turn: the place to resume a run from. */
void loop_defer(struct loop *loop, loop_fn *fn, void *arg);

/* One-shot timers. loop_timer_set replaces an earlier deadline. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *t, int64_t delay_ms);
void loop_timer_clear(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Runs FN on the loop's thread at the word of another thread. */
struct loop_wake *loop_wake_new(struct loop *loop, loop_fn *fn, void *arg, struct err *e);
/* Any thread, never blocks. Any number of sends before FN runs are one; a send while FN
 * runs runs it once more. What the sender wrote before is seen by FN. */
void loop_wake_send(struct loop_wake *w);
/* The loop's thread only. From loop_wake_hold(w, 1) to loop_wake_hold(w, 0), which do not
 * nest, loop_run goes on: its owner waits for a send. */
void loop_wake_hold(struct loop_wake *w, int held);
/* Only when no thread can send any more; NULL is fine. */
void loop_wake_free(struct loop_wake *w);

/* FN runs each turn in which FD has something to read, its end included. FD stays the
 * caller's, who closes it after loop_fd_free, which FN may call. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, loop_fn *fn, void *arg);
void loop_fd_free(struct loop_fd *f);

/* FN runs on the loop when SIGNO arrives; it replaces an earlier FN and does not keep
 * loop_run going. */
int loop_on_signal(struct loop *loop, int signo, loop_fn *fn, void *arg, struct err *e);

/* For the other files of src/io. */
struct event_base *loop_base(struct loop *loop);

/* The library's version, at run time. */
const char *loop_version(void);

#endif
