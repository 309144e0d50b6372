/* heartbeat: tells a process that goes on from one that stands still.
 *
 * A kernel lock lives on in a process that is stopped (SIGSTOP, Ctrl-Z, a frozen cgroup).
 * So each process writes the time into its record, from a thread of its own: neither a
 * busy script nor a long commit keeps that thread from it. Another process judges it by
 * the age of the last beat, on the machine's CLOCK_MONOTONIC, which stands still while
 * the machine is suspended. When a hypervisor or a cgroup stops all processes at once,
 * that clock runs on, and all beats are old when they wake: so a judge must also have
 * seen the same beat several times while it ran itself.
 *
 * store/presence.h owns the record, and decides what a process that stands still
 * loses. */
#ifndef FOYER_HEARTBEAT_H
#define FOYER_HEARTBEAT_H

#include <stdint.h>

struct heartbeat {      /* in memory that other processes map; all zero: never beat */
    int64_t at_us;      /* CLOCK_MONOTONIC */
    uint32_t is_fenced; /* 1, for ever: another process has taken its claims over */
    uint32_t unused;
};

/* Returns how old the beat of a process may be: 30 s, or what FOYER_TEST_FROZEN says in
 * milliseconds. */
int64_t heartbeat_limit_us(void);
/* Returns after how long a write's claim is checked again: 5 s, a sixth of the limit. */
int64_t heartbeat_late_us(void);

void heartbeat_beat(struct heartbeat *h, int64_t now_us);

struct heartbeat_thread;
/* Beats until heartbeat_stop, on a thread that takes no signals. Returns NULL when there
 * is no thread; then H has no beat, and no process judges it. */
struct heartbeat_thread *heartbeat_start(struct heartbeat *h);
void heartbeat_stop(struct heartbeat_thread *t); /* NULL is fine */

/* What one judge has seen of other processes. All zero: nothing. */
enum { HEARTBEAT_SEEN = 64, HEARTBEAT_ID_SIZE = 32 };
struct heartbeat_watch {
    struct heartbeat_seen {
        char id[HEARTBEAT_ID_SIZE];
        int64_t at_us;      /* its last beat */
        int64_t judged_us;  /* when it was last judged */
        int64_t watched_us; /* how long the judge ran since it first saw this beat */
        int has_changed;    /* 1: the judge has seen another beat of it before */
    } seen[HEARTBEAT_SEEN];
};

enum heartbeat_verdict { HEARTBEAT_FINE, HEARTBEAT_SUSPECT, HEARTBEAT_STILL };
/* Judges the process ID by its beat AT_US. SUSPECT: judge it again soon. Time between two
 * calls counts for at most 3 s of the judge's own running time. */
enum heartbeat_verdict heartbeat_judge(struct heartbeat_watch *w, const char *id,
                                       int64_t at_us, int64_t now_us);

#endif
