/* presence: that a process lives, held by a kernel lock and not by time.
 *
 * It owns state/owners/: one file per living process, named by the presence's id, under
 * an OFD write lock (fcntl(2)). The kernel drops the lock with the last descriptor, also
 * after kill -9, so that whoever sees the id in a claim can ask whether its holder is
 * alive. Ids are never used twice. It knows nothing of what is claimed.
 *
 * The file also says what the process was doing when a script ended it, and which writes
 * had not left when it died, and which of its runs held much memory. Such a file stays
 * until its claims are freed; a file without a record accuses no script. */
#ifndef FOYER_PRESENCE_H
#define FOYER_PRESENCE_H

#include <stdint.h>

#include "base/err.h"
#include "store/growing.h"
#include "store/unsent.h"

enum { PRESENCE_ID_SIZE = 32, PRESENCE_KIND_SIZE = 16, PRESENCE_CAUSE_SIZE = 128 };

struct presence;

/* Made by who needs a claim, when it needs one: it costs three system calls and a file.
 * Removes what dead processes left, a few files at a time. A child made by fork without
 * exec shares the lock: such a child keeps the presence alive. */
struct presence *presence_open(const char *workspace_dir, struct err *e);
/* "4711-9f86d081884c7d65"; lives as long as P. */
const char *presence_id(const struct presence *p);
/* Removes the file and drops the lock: its claims are free from now on. NULL is fine. */
void presence_close(struct presence *p);

/* 1: the process with ID lives; 0: it does not, and what it left is removed unless it
 * names a cause or writes; -1: cannot tell (ERR_STORE). A missing file or a malformed ID
 * is a dead one. */
int presence_is_alive(const char *workspace_dir, const char *id, struct err *e);

/* ---- whose fault it was ---- */

/* This process is at KIND ("run", "delivery") ID now; KIND NULL: at nothing. Two stores
 * into memory that outlives the process. */
void presence_mark(struct presence *p, const char *kind, int64_t id);
/* It is about to die of CAUSE; heard only while something is marked, and once.
 * Async-signal-safe. */
void presence_cause(struct presence *p, const char *cause);

struct presence_end {
    char kind[PRESENCE_KIND_SIZE];
    int64_t id;
    char cause[PRESENCE_CAUSE_SIZE];
};
/* 1: the dead process ID named a cause; 0: it did not, and nobody is to blame. */
int presence_end_of(const char *workspace_dir, const char *id, struct presence_end *out);

/* RUN holds BYTES of memory now, which is much; 0: it does not. A store into memory. */
void presence_holds(struct presence *p, int64_t run, int64_t bytes);
/* 1: the run that held most when the process ID died, since the machine's last start.
 * Only after presence_is_alive has said that it is dead. */
int presence_most_of(const char *workspace_dir, const char *id, struct growing *out);

/* ---- what had not left ---- */

/* The intent of WRITE is about to be stored, and nothing of it leaves before
 * presence_sent: a few stores into memory, as presence_mark. */
void presence_unsent(struct presence *p, const struct unsent *write);
/* What RUN writes may leave from the next instruction on, or will not leave any more. */
void presence_sent(struct presence *p, int64_t run);
/* What the dead process ID had surely not sent: how many of OUT. Only after
 * presence_is_alive has said that it is dead. */
int presence_unsent_of(const char *workspace_dir, const char *id,
                       struct unsent out[UNSENT_MAX]);

/* All of that has been dealt with, and is stored. */
void presence_forget(const char *workspace_dir, const char *id);

#endif
