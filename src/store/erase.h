/* erase: takes a person, or a client, out of the store.
 *
 * It reads and changes the rows of all tables, and removes what was theirs from the
 * pages, the log and the free pages of the store's files. For a command of its own, on
 * one thread; other processes may work with the store meanwhile: what they hold of an
 * erased run or delivery is refused when they commit it. Errors as in io/db.h. What a
 * callback gets is borrowed until it returns. */
#ifndef FOYER_ERASE_H
#define FOYER_ERASE_H

#include <stddef.h>
#include <stdint.h>

#include "store/ledger.h"
#include "store/live.h"
#include "store/store.h"
#include "base/err.h"

/* ---- a person ---- */

enum erase_what {
    ERASE_CONVERSATIONS, /* whose rows are erased; counted, not stored as such */
    ERASE_DELIVERIES,
    ERASE_BODIES,
    ERASE_ACTIVATIONS,
    ERASE_RUNS,
    ERASE_STEPS,     /* of these runs, with the lines of their history */
    ERASE_EXCHANGES, /* what they sent and got */
    ERASE_VALUES,    /* of ctx.store */
    ERASE_RECEIPTS,
    ERASE_REPLIES,
    ERASE_SENTENCES, /* errors and reasons elsewhere that name the person */
    ERASE_KINDS
};
const char *erase_name(enum erase_what what); /* "deliveries", ... */

struct erase; /* what was found */

/* Finds what CLIENT has of the person with ADDRESS: each delivery, activation, run and
 * value that contains it, however it is escaped, and all that belongs to the same
 * conversations. Changes nothing. One at a time: free it before the next one. NULL with
 * E.
 */
struct erase *erase_find(struct store *s, const char *client, const char *address,
                         struct err *e);
void erase_free(struct erase *x); /* NULL is fine */
void erase_counts(const struct erase *x, int64_t counts[ERASE_KINDS]);

struct erase_open { /* a run that is not over */
    int64_t run;
    const char *recipe;
    enum ledger_state state;
    const char *write;  /* its last write that was sent and has no outcome; NULL: none */
    int64_t written_ms; /* when that was sent */
    const char *owner;  /* of a client's run: the presence that has claimed it, or NULL */
};
typedef int erase_open_fn(void *arg, const struct erase_open *open);
/* Calls FN for each run that was found and is not over. */
int erase_each_open(struct erase *x, erase_open_fn *fn, void *arg, struct err *e);

enum erase_end {
    ERASE_DONE,
    ERASE_BUSY, /* a run of it is being worked on, or triggers are asked: try again soon
                 */
    ERASE_OPEN  /* runs of it are not over, and CANCEL is 0 */
};
/* Erases what was found, and what came since, in one transaction; with CANCEL 1 it first
 * cancels the runs that are not over, with 2 it also ends deliveries that still wait for
 * their triggers. Rows of deliveries, activations and runs stay
 * without any text, so that counts and the keys of what has fired hold. Returns an enum
 * erase_end, or -1 with E; unless it is ERASE_DONE nothing was changed. */
int erase_apply(struct erase *x, const char *workspace_dir, int cancel, int64_t now_ms,
                struct err *e);
/* Looks through all tables of the store, of all clients, and calls FN for each that still
 * has the address, with the number of its rows. */
typedef void erase_left_fn(void *arg, const char *table, int64_t rows);
int erase_each_left(struct store *s, const char *address, erase_left_fn *fn, void *arg,
                    struct err *e);

/* ---- a client ---- */

struct erase_table {
    const char *name;
    const char *where; /* SQL: the rows of the client ?1; NULL: none is a client's */
    const char *why;   /* what becomes of the table otherwise; for people who read this */
};
/* All tables of the store, in the order in which a client's rows go; ends with a NULL
 * name. A new table gets its line here. */
extern const struct erase_table erase_tables[];

/* Counts CLIENT's rows in all tables. */
int erase_client_rows(struct store *s, const char *client, int64_t *rows, struct err *e);
/* Calls FN with each of these rows as one line of JSON, {"table": ..., "row": {...}},
 * unpacked; without sealed values. FN returns non-zero to end the walk. */
typedef int erase_row_fn(void *arg, const char *line);
int erase_client_export(struct store *s, const char *client, erase_row_fn *fn, void *arg,
                        struct err *e);
/* Pauses the client, so that no run of it starts. *ADDED is 0 when it was paused. */
int erase_client_pause(struct store *s, const char *client, int64_t now_ms, int *added,
                       struct err *e);
int erase_client_unpause(struct store *s, const char *client, struct err *e);
/* Calls FN for each run of CLIENT that is not over. */
int erase_client_each_open(struct store *s, const char *client, erase_open_fn *fn,
                           void *arg, struct err *e);
/* Removes every row of CLIENT, in one transaction: its runs that are not over are
 * cancelled, grants that no other client uses go, its scripts are taken out of the
 * releases. Calls FN with the number of rows of each table from which some went. Returns
 * ERASE_DONE, ERASE_BUSY (a run is being worked on, and nothing was changed), or -1 with
 * E. */
int erase_client(struct store *s, const char *workspace_dir, const char *client,
                 int64_t now_ms, erase_left_fn *fn, void *arg, struct err *e);

/* ---- what was deleted ---- */

/* Removes from state/live.db what contains ADDRESS, what is of CLIENT's secrets (both may
 * be NULL), and the budgets of companies that are not connected any more; and writes both
 * files anew, so that nothing that was deleted is in them, in their logs or in free
 * pages.
 */
int erase_scrub(struct store *s, struct live *live, const char *address,
                const char *client, struct err *e);
/* Overwrites with dots each line of the files below state/log that contains ADDRESS or
 * names CLIENT (one of them is NULL), and, unless S is NULL, each line of a run that was
 * forgotten: what its script wrote may name the person without the address. With LOOK 1
 * it only counts. *LINES counts them. The files keep their size, so that a process that
 * writes to one goes on. */
int erase_log_lines(const char *workspace_dir, struct store *s, const char *address,
                    const char *client, int look, int *lines, struct err *e);
/* Calls FN with the path of each copy of the store that an upgrade left below state/. */
int erase_each_copy(const char *workspace_dir, int (*fn)(void *arg, const char *path),
                    void *arg);

#endif
