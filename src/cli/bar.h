/* bar: shows how far long work is. On a terminal it is one line of standard error, which
 * the log, other output and the end of the work remove; elsewhere a sentence every ten
 * seconds. */
#ifndef FOYER_BAR_H
#define FOYER_BAR_H

#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

struct bar_facts {
    const char *what; /* what the work goes through: a file's name */
    const char *unit; /* what is counted, in the plural: "lines" */
    int64_t done;
    int64_t total; /* 0: not known */
    int64_t failed;
    int64_t waiting; /* of the others: nothing can be done for them now */
    double rate;     /* a second; < 0: not known yet */
};
/* Writes the line for a terminal of WIDTH columns: at most WIDTH - 1 columns, and never
 * more than SIZE - 1 bytes. */
void bar_format(char *out, size_t size, int width, const struct bar_facts *facts);

struct bar;
/* WHAT and UNIT are borrowed. */
struct bar *bar_new(struct loop *loop, const char *what, const char *unit, int64_t total);
/* DONE so far, of them BEFORE without any work, which tells nothing of the rate. */
void bar_set(struct bar *b, int64_t done, int64_t before, int64_t failed);
void bar_wait(struct bar *b, int64_t waiting);
void bar_total(struct bar *b, int64_t total); /* it is known by now, or another one */
/* Removes the line, so that something else can be printed on the terminal. */
void bar_hide(struct bar *b);
void bar_free(struct bar *b); /* removes it; NULL is fine */

/* Writes NUMBER with a comma between its thousands. Returns OUT. */
char *bar_number(char out[32], int64_t number);
/* Writes a span of time for people: "45 s", "3 min 20 s", "2 h 5 min". Returns OUT. */
char *bar_span(char out[32], double seconds);

#endif
