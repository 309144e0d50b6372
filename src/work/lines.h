/* lines: does one action call for each line of a file, as a run of the store for each.
 *
 * A line has one run, whatever happens: the store finds it by the file and the line's
 * number. So a second start of the same command goes on where the first one ended: what
 * is done is not repeated, an uncertain write is looked for, and a failure is told, or
 * tried again with `retry`. What it keeps in memory does not grow with the file. For the
 * loop's thread. */
#ifndef FOYER_LINES_H
#define FOYER_LINES_H

#include <jansson.h>
#include <stdint.h>

#include "store/ledger.h"
#include "work/runner.h"
#include "work/session.h"
#include "io/writer.h"

struct lines_item {                       /* one line that can be called with */
    int64_t n;                            /* from 1, and higher than the one before */
    unsigned char hash[LEDGER_LINE_SIZE]; /* of the call and of the line's text */
    const char *args; /* of the entry "run"; borrowed until the next call */
};

struct lines_end { /* what became of a line; valid until the callback returns */
    int64_t n;
    int64_t run; /* 0: the store has none */
    enum ledger_state state;
    struct err err; /* unless it is done */
    const json_t *result;
    int before; /* 1: an earlier command did it */
};

struct lines_config {
    struct session *session;
    struct runner *runner; /* by hand, with a presence; it claims nothing itself */
    struct writer *writer;
    struct presence *presence;
    const char *client;
    const char *recipe; /* what the store calls the runs: the action's name */
    const unsigned char
        *file;     /* LEDGER_LINE_SIZE bytes: of the call and of the content */
    int jobs;      /* at the same time */
    int retry;     /* 1: failures of an earlier command are tried again */
    int skip_done; /* 1: a line that another file had, and that was done, is done */
    /* Reads the next line: 1; 0: there is none; -1 with E: nothing more can be read. */
    int (*next)(void *arg, struct lines_item *item, struct err *e);
    void (*ended)(void *arg, const struct lines_end *end);
    /* Called when N lines wait from now on: an uncertain write is looked for, a failure
     * is tried again, or another process has the line. */
    void (*waiting)(void *arg, int n);
    void *arg;
};

struct lines;
struct lines *lines_new(const struct lines_config *config);
/* Runs the loop until each line has ended, the session is interrupted, or going on is of
 * no use: the connection is refused, the store cannot be written, or too many lines
 * failed one after the other. Then E says why, and it returns -1. The caller then stops
 * the runner and closes the writer, during which lines may still end. */
int lines_run(struct lines *l, struct err *e);
/* Begins no more lines; lines_run returns when those under way have ended. */
void lines_stop(struct lines *l);
void lines_free(struct lines *l); /* NULL is fine */

#endif
