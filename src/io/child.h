/* child: another foyer process, started from the running program's own file, watched by
 * the loop. It knows no command's meaning; whoever starts one decides what its end means.
 * A child hears of our end by the end of file on a socket that it was given: a death
 * signal (PR_SET_PDEATHSIG) would come with the end of a thread. */
#ifndef FOYER_CHILD_H
#define FOYER_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "io/loop.h"

struct child;

enum { CHILD_KEEP_MAX = 4, CHILD_WORDS_SIZE = 128 };

struct child_spec {
    const char *const *argv;  /* argv[0] is the program's name; NULL ends it */
    int keep[CHILD_KEEP_MAX]; /* descriptors that it inherits under their numbers, behind
                                 standard error; all others are closed on exec */
    int nkeep;
    int output; /* its standard output and error; -1: our standard error, and no output */
    int nice;   /* added to our own niceness */
};

/* STATUS as by waitpid; runs on the loop when the process is gone, after which CHILD only
 * waits for child_free. */
typedef void child_ended(void *arg, struct child *c, int status);

struct child *child_start(struct loop *loop, const struct child_spec *spec,
                          child_ended *ended, void *arg, struct err *e);
pid_t child_pid(const struct child *c);
void child_signal(struct child *c, int signo); /* nothing when it is gone */
/* One that still lives is killed. NULL is fine. */
void child_free(struct child *c);

/* "ended (exit 78)", "was killed by signal 9". */
void child_say(int status, char out[CHILD_WORDS_SIZE]);

#endif
