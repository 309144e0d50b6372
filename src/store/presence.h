/* presence: proves by a kernel lock and a heartbeat that a process is alive.
 *
 * It owns state/owners/: one file for each living process, named by the presence's id,
 * under an OFD write lock (fcntl(2)). The kernel drops the lock with the last descriptor,
 * also after kill -9, so that a process that reads the id in a claim can ask whether the
 * claim's owner is alive. Ids are never used twice. It knows nothing of what is claimed.
 *
 * A process that is stopped keeps its lock. Once its beat is 30 s old (store/heartbeat.h)
 * another process may fence it: from then on it counts as dead for ever, also when it
 * goes on, and sends no write any more. Then it should end.
 *
 * The file also records what the process was doing when a script ended it, which writes
 * were not sent when it died (store/unsent.h), and which of its runs used much memory
 * (store/growing.h). A file with such a record stays until the claims are freed. A file
 * without a record accuses no script. */
#ifndef FOYER_PRESENCE_H
#define FOYER_PRESENCE_H

#include <stdint.h>

#include "base/err.h"
#include "store/growing.h"
#include "store/heartbeat.h"
#include "store/unsent.h"

enum { PRESENCE_ID_SIZE = 32, PRESENCE_KIND_SIZE = 16, PRESENCE_CAUSE_SIZE = 128 };

struct presence;

/* Creates and locks the file: three system calls. Open it when the first claim is needed.
 * Also removes files of dead processes, a few at a time. A child made by fork without
 * exec shares the lock and keeps the presence alive. */
struct presence *presence_open(const char *workspace_dir, struct err *e);
/* Starts its heartbeat. Call it before the first claim, and not before a fork. Without
 * room on the disk, or without a thread, P has none: only its lock says that it is
 * alive. */
void presence_start(struct presence *p);
/* Returns "4711-9f86d081884c7d65"; valid as long as P. */
const char *presence_id(const struct presence *p);
/* Removes the file and drops the lock: P's claims are free from now on. NULL is fine. */
void presence_close(struct presence *p);

enum presence_life {
    PRESENCE_DEAD,
    PRESENCE_ALIVE,
    PRESENCE_SUSPECT, /* alive, unless it still stands still in a few seconds */
    PRESENCE_FROZEN /* it stands still, or was fenced: its claims may be taken over after
                       presence_fence */
};
/* Judges the process with ID, with what WATCH has seen of it (NULL: only its lock and its
 * fence count). Returns an enum presence_life, or -1 when it is unknown (ERR_STORE).
 * Removes a dead process's file unless it has a record. A missing file or a malformed ID
 * is of a dead process. */
int presence_judge(const char *workspace_dir, const char *id,
                   struct heartbeat_watch *watch, int64_t now_us, struct err *e);

/* ---- a process that stands still ---- */

struct presence_taken {               /* of a fenced process */
    struct unsent writes[UNSENT_MAX]; /* it has not sent these, and never will */
    int nwrites;
    int64_t leaving[UNSENT_MAX]; /* runs whose writes may leave at any time: nothing of
                                    them may be freed before it goes on or dies */
    int nleaving;
};
/* Fences the process ID: it counts as dead from now on, and sends no write of which it
 * has not begun the first byte. Returns 1 and fills OUT; 0 when it has no usable record,
 * so that it keeps its claims; -1 with E. Repeat it before each commit that frees
 * something of it. */
int presence_fence(const char *workspace_dir, const char *id, struct presence_taken *out,
                   struct err *e);
/* Calls FN with the id of each process that has or had a file, until it returns non-zero.
 */
void presence_each(const char *workspace_dir, int (*fn)(void *arg, const char *id),
                   void *arg);
/* Sends SIGNAL to the process ID, once it is sure that this is it: its pid is of this
 * machine's view, and it has the file open. Returns 1, or 0 when it is not sure. */
int presence_signal(const char *workspace_dir, const char *id, int signal);
/* Returns 1 when another process has fenced P. */
int presence_is_fenced(const struct presence *p);

/* ---- which script ended the process ---- */

/* Records that this process works on KIND ("run", "delivery") ID now; KIND NULL: on
 * nothing. A few stores into memory that outlives the process. */
void presence_mark(struct presence *p, const char *kind, int64_t id);
/* Records that the process is about to die of CAUSE. Only the first cause counts, and
 * only while something is marked. Async-signal-safe. */
void presence_cause(struct presence *p, const char *cause);

struct presence_end {
    char kind[PRESENCE_KIND_SIZE];
    int64_t id;
    char cause[PRESENCE_CAUSE_SIZE];
};
/* Returns 1 and fills OUT when the dead process ID recorded a cause; else 0. */
int presence_end_of(const char *workspace_dir, const char *id, struct presence_end *out);

/* Records that RUN uses BYTES of memory now, which is much; 0: no longer much. A store
 * into memory that outlives the process. */
void presence_memory(struct presence *p, int64_t run, int64_t bytes);
/* Returns 1 and fills OUT with the run that used most memory when the process ID died;
 * else 0, also when the machine was restarted since. Call it only after presence_judge
 * has returned PRESENCE_DEAD. */
int presence_memory_of(const char *workspace_dir, const char *id, struct growing *out);

/* ---- which writes were not sent ---- */

/* Records that WRITE, whose intent is about to be stored, is not sent before
 * presence_sent. A few stores into memory, as presence_mark. */
void presence_unsent(struct presence *p, const struct unsent *write);
/* Asks right before the first byte of RUN's write, recorded or not. Returns 1: it leaves,
 * and presence_left follows once the kernel has the whole request. Returns 0: P is
 * fenced, and the write is not sent. */
int presence_leave(struct presence *p, int64_t run);
void presence_left(struct presence *p, int64_t run);
/* Ends that record: the write of RUN was sent, or never will be. */
void presence_sent(struct presence *p, int64_t run);
/* Fills OUT with the writes that the dead process ID had surely not sent and returns
 * their number. Call it only after presence_judge has returned PRESENCE_DEAD. */
int presence_unsent_of(const char *workspace_dir, const char *id,
                       struct unsent out[UNSENT_MAX]);

/* Removes the file of the dead process ID, once what it records is dealt with and stored.
 */
void presence_forget(const char *workspace_dir, const char *id);

#endif
