/* child: another foyer process, started from the running program's own file and watched
 * by the loop. The caller decides what its end means.
 *
 * A child notices the end of this process by the end of file on a socket that it
 * inherits. A death signal (PR_SET_PDEATHSIG) would come at the end of a thread already.
 */
#ifndef FOYER_CHILD_H
#define FOYER_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "io/loop.h"

struct child;

enum { CHILD_KEEP_MAX = 4, CHILD_WORDS_SIZE = 128 };

struct child_spec {
    const char *const *argv;  /* argv[0] is the program's name; ends with NULL */
    int keep[CHILD_KEEP_MAX]; /* descriptors that it inherits under their numbers, above
                                 standard error; all others are closed on exec */
    int nkeep;
    int output; /* its standard output and error; -1: no output, and our standard error */
    int nice;   /* added to the niceness of this process */
};

/* Runs on the loop when the process has ended, with STATUS as in waitpid. After that,
 * CHILD is only freed by child_free. */
typedef void child_ended(void *arg, struct child *c, int status);

struct child *child_start(struct loop *loop, const struct child_spec *spec,
                          child_ended *ended, void *arg, struct err *e);
pid_t child_pid(const struct child *c);
void child_signal(struct child *c, int signo); /* does nothing after its end */
/* Kills the process if it still runs. NULL is fine. */
void child_free(struct child *c);

/* Writes "ended (exit 78)" or "was killed by signal 9". */
void child_say(int status, char out[CHILD_WORDS_SIZE]);

#endif
