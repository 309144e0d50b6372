/* ledger: the runs of a workspace and their journals, in state/foyer.db.
 *
 * It owns the tables run, entry, exchange, sent, code, pins, wait, value, value_total,
 * effect, receipt, reply, crash, pause and schedule; the files ledger*.c implement it. A
 * function that writes takes the writer's handle inside a transaction (io/writer.h); one
 * that only reads takes any handle. The ledger runs nothing and decides no policy.
 *
 * A living process (store/presence.h) claims a run before it works on it. Each claim has
 * a number, the run's epoch, which works as a fencing token: what a run writes is refused
 * with ERR_CONFLICT when its epoch is no longer the row's.
 *
 * Times are Unix milliseconds. What a callback gets is borrowed until it returns; one
 * that returns non-zero ends the walk. Errors as in io/db.h. */
#ifndef FOYER_LEDGER_H
#define FOYER_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/err.h"
#include "core/exchanged.h"
#include "core/intent.h"
#include "core/journal.h"
#include "store/unsent.h"

struct db; /* store_db */

enum ledger_state {                  /* stored: a state never changes its number */
                    LEDGER_QUEUED,   /* due at due_ms; with failures > 0 it is retrying */
                    LEDGER_RUNNING,  /* claimed by a living process */
                    LEDGER_SLEEPING, /* until due_ms */
                    LEDGER_WAITING,  /* ctx.wait_for, until due_ms */
                    LEDGER_CONFIRMING, /* a write is uncertain: it is searched for at
                                          due_ms */
                    LEDGER_HELD,       /* its connection must be connected again */
                    LEDGER_PARKED,     /* a person must decide */
                    LEDGER_DONE,
                    LEDGER_SKIPPED,
                    LEDGER_DEAD,
                    LEDGER_CANCELLED,
                    LEDGER_STATES
};
const char *ledger_state_name(enum ledger_state state); /* "queued", ... */
int ledger_state_find(const char *name);                /* -1: no such state */
/* 1: done, skipped, dead or cancelled. */
int ledger_is_over(enum ledger_state state);
/* 1: over, and nothing can start it again; a person can retry a dead run. */
int ledger_is_final(enum ledger_state state);

enum { LEDGER_LINE_SIZE = 16 };

struct ledger_line { /* a line of a file that `foyer call --each` goes through */
    unsigned char file[LEDGER_LINE_SIZE]; /* of the call and of the file's content */
    unsigned char hash[LEDGER_LINE_SIZE]; /* of the call and of the line's text */
    int64_t n;                            /* its number, from 1 */
    int64_t instead; /* the run that was the line's so far and has failed; 0: none */
};

struct ledger_run { /* NULL: a text that is not set */
    int64_t id;
    const char *client, *recipe;
    const char *origin; /* "activation", "cron", "hand", "each" (a line of a file) */
    int64_t activation; /* 0: none */
    int64_t slot_ms;    /* of cron */
    const char *conversation;
    const char *args; /* JSON: what the entry "run" of lua/std/main.lua takes, without
                         the activation's event */
    const char *seed;
    const char *order_key; /* runs of one key start one after the other */
    const char *policy;    /* JSON: {"attempts", "give_up" (seconds), "uncertain"} */
    enum ledger_state state;
    int64_t due_ms;
    int64_t order_since_ms; /* its turn in the order began then; 0: it has not */
    int attempts;           /* begun so far */
    int failures;           /* retryable ones in a row */
    int64_t first_failure_ms;
    int looks; /* searches for its uncertain write */
    int crashes;
    const char *owner; /* the id of the presence that claimed it */
    int64_t epoch;
    int64_t created_ms, began_ms, ended_ms;
    /* A wait sees only activations with a higher id. At first the run's own activation,
     * or without one the newest when the run began; then the one that ended its last
     * wait. For ledger_add 0 means the newest now, -1 none. */
    int64_t since;
    int64_t release; /* which its client ran when it began; 0: none */
    const char *kind, *reason, *result;
    const unsigned char *pins;      /* CRYPTO_SHA256_SIZE bytes, or NULL */
    int dry;                        /* 1: a write of it was not sent; then none is */
    const char *undelivered;        /* why the customer did not get its message */
    const struct ledger_line *line; /* for ledger_add; NULL: it is no line's run */
};

/* Adds a run: QUEUED at due_ms, or with OWNER RUNNING under epoch 1. Of RUN it takes the
 * members from client to policy, due_ms, created_ms, since and line. seed NULL: made from
 * the id. ERR_CONFLICT: the line has another run than `instead` by now. */
int ledger_add(struct db *db, const struct ledger_run *run, const char *owner,
               int64_t *id, struct err *e);
/* Adds a run of an activation as RUNNING for OWNER under epoch 1, when nothing keeps it
 * from starting at once: a pause, another run of its order, or a run of the client that
 * is due longer. Returns 1; or 0, and nothing is added. */
int ledger_add_started(struct db *db, const struct ledger_run *run, const char *owner,
                       int64_t *id, struct err *e);
struct ledger_change;
/* Adds a run whose first attempt began outside of the store, at created_ms and after the
 * activation `since`, and writes CHANGE, its first one: ledger_add for OWNER and
 * ledger_commit in one. Sets CHANGE's run and epoch. OWNER may be NULL when CHANGE ends
 * the attempt. */
int ledger_add_with(struct db *db, const struct ledger_run *run, const char *owner,
                    struct ledger_change *change, struct err *e);
typedef int ledger_run_fn(void *arg, const struct ledger_run *run);
int ledger_read(struct db *db, int64_t id, ledger_run_fn *fn, void *arg,
                struct err *e); /* ERR_NOT_FOUND */

/* ---- the lines of a file ---- */

/* Reads the run of line N of FILE; 0: it has none. */
int ledger_line_run(struct db *db, const unsigned char *file, int64_t n, int64_t *run,
                    struct err *e);
/* Reads the newest run, but a dead or cancelled one, that did the same line in another
 * file than FILE; 0: there is none. */
int ledger_line_twin(struct db *db, const unsigned char *file, const unsigned char *hash,
                     int64_t *run, struct err *e);

/* ---- which run is next ---- */

enum {
    LEDGER_ORDER_WAIT_MS = 15 * 60 * 1000
}; /* a run between attempts blocks its order key no longer than this */

struct ledger_turns {
    int64_t now_ms;
    const char *after;       /* the client whose turn was last; NULL: none */
    int limit, client_limit; /* how many runs to start; how many one client may have */
    /* returns how many of CLIENT's runs this process is working on */
    int (*in_flight)(void *arg, const char *client);
    void *arg;
};
/* Calls FN for the due runs that may start now: not paused, and first in their order.
 * Clients take turns from AFTER on; within a client the run that is due longest comes
 * first. Each is a candidate for ledger_claim. A backlog of one recipe of a client does
 * not slow the others down. */
int ledger_due(struct db *db, const struct ledger_turns *turns, ledger_run_fn *fn,
               void *arg, struct err *e);
/* Reads when the next run that is not paused is due; INT64_MAX: none. A run that another
 * one of its order key blocks counts too, so the time may be in the past although nothing
 * can start: do not poll until it. */
int ledger_next_due(struct db *db, int64_t *due_ms, struct err *e);
/* Claims a run: it becomes RUNNING for OWNER, attempts and epoch count up, *EPOCH is set.
 * RELEASE is what its client runs in OWNER (0: none), and the run's unless it has sources
 * already.
 * Returns 1; or 0 when another process was first, or the run is not due any more, is
 * paused, or is not first in its order. When the run was WAITING its wait has timed out:
 * the step ends with null. */
int ledger_claim(struct db *db, int64_t id, const char *owner, int64_t release,
                 int64_t now_ms, int64_t *epoch, struct err *e);
/* Calls FN with each owner of a claim, once. */
int ledger_owners(struct db *db, int (*fn)(void *arg, const char *owner), void *arg,
                  struct err *e);

struct ledger_crash {  /* a script ended its process */
    int64_t run;       /* 0: none; ignored when OWNER does not have its claim */
    const char *kind;  /* err kind of the run if this makes it dead; NULL: "internal" */
    const char *cause; /* "watchdog: a pattern that never ends", "signal 11" */
    int run_max;       /* a run with more crashes than this is dead */
    int recipe_max;    /* so many of (client, recipe) within WITHIN_MS suspend it */
    int64_t within_ms;
    int suspends; /* 1: a run that is dead by it suspends its (client, recipe) at once */
};
struct ledger_reclaimed {
    int freed;     /* runs that were queued again */
    int died;      /* 1: the crashed run is dead now */
    int suspended; /* 1: its (client, recipe) is suspended now */
};
/* Marks the open intents of OWNER's runs that WRITES names as not sent, so that they are
 * no longer uncertain. *TAKEN counts them. Call it before ledger_reclaim, in the same
 * transaction. */
int ledger_unsend(struct db *db, const char *owner, const struct unsent *writes, int n,
                  int64_t now_ms, int *taken, struct err *e);
/* Frees the claims of OWNER, a dead process, except those of the KEPT runs: its runs are
 * due at once, in their old order, and no failure is counted. CRASH may be NULL. */
int ledger_reclaim(struct db *db, const char *owner, const int64_t *kept, int nkept,
                   const struct ledger_crash *crash, int64_t now_ms,
                   struct ledger_reclaimed *out, struct err *e);

/* ---- what a run writes ---- */

struct ledger_code { /* a source that a run used */
    unsigned char hash[CRYPTO_SHA256_SIZE];
    const char *text;
    size_t len;
};

struct ledger_change {
    int64_t run, epoch;
    int64_t now_ms;
    /* the journal's delta: remove stored steps with seq >= drop (-1: none), then add
     * these */
    int drop;
    const struct journal_entry *steps;
    size_t nsteps;
    /* the record of requests (core/exchanged.h) whose steps are gone */
    const struct ledger_item {
        const char *text;
        int is_write;
    } * items;
    size_t nitems;
    int64_t more, more_bytes; /* what was left out altogether, so far */
    /* lines for the run's history */
    const struct ledger_note {
        const char *what, *text;
    } * notes;
    size_t nnotes;
    /* The code used so far; NULL when it did not grow. pins_list names each source by its
     * hash in lower-case hex. A source that no list names is removed in time. */
    const unsigned char *pins;
    const char *pins_list; /* also without PINS: of a run that ends, for its record */
    const struct ledger_code *codes;
    size_t ncodes;
    /* Ids, at most MADE_MAX, of what a step made in COMPANY of APP: the run claims them.
     * The whole change fails with ERR_UNCERTAIN when they were found by a search and
     * another run has claimed one, or when another run's search found one since the last
     * of STEPS was sent. */
    const char *app, *company;
    const char *const *refs;
    size_t nrefs;
    /* What was searched for, when refs were found by a search; NULL: an answer named
     * them. Fails with ERR_UNCERTAIN when another run's write to the same place is under
     * way or was sent since LOOKED_MS: the refs may be what that write made. */
    const struct intent *sought;
    int64_t looked_ms;
    /* 1: the last of STEPS, which is about to be sent, is a reply; rollup.h counts it
     * when it is accepted */
    int is_reply;
    int dry; /* 1: a write was not sent, as the run is dry */
    /* An automatic reply that is about to be sent into CONVERSATION. More than
     * replies_max of them in the last hour is ERR_FORBIDDEN, and nothing is written. */
    const char *reply_to;
    int replies_max;
    /* The conversation of the event that an automatic actor caused, to which this write
     * reacts; NULL: none. With REACTIONS_MAX other runs of the recipe that reacted there
     * in the last hour it is ERR_FORBIDDEN, and nothing is written. */
    const char *reacts_to;
    int reactions_max;
    /* one key of ctx.store; value NULL removes it */
    const char *key, *value;
    size_t values_max; /* bytes that the client may have there; 0: no limit */
    /* a message of APP that must appear by then */
    const char *receipt;
    int64_t receipt_due_ms;
    /* the state in which the attempt ends; -1: it goes on. Never RUNNING. */
    int state; /* enum ledger_state */
    int64_t due_ms;
    int failures, looks;
    int64_t first_failure_ms;
    const char *kind, *reason, *result;
    /* with WAITING: the open step, the trigger it waits for, and the match */
    int wait_seq;
    const char *wait_trigger, *wait_match;
};
/* Writes all of CHANGE or, in the caller's transaction, nothing. Removes the steps of a
 * run that ends, except of a parked or dead one, and keeps what it sent and got.
 *
 * The outcome of one write is also taken from an older claim than the run's, which stored
 * the intent, while none is recorded: then the run is QUEUED, under a new epoch.
 *
 * With WAITING, when a matching activation with an id above the run's `since` is stored
 * already, the wait ends at once and the run is QUEUED. Activations of the delivery that
 * also fired the run's own activation are the same event, and end no wait, here and in
 * ledger_wake. */
int ledger_commit(struct db *db, const struct ledger_change *change, struct err *e);

/* ---- reading a run back ---- */

/* Calls FN for the run's steps by seq. */
typedef int ledger_step_fn(void *arg, const struct journal_entry *step);
int ledger_steps(struct db *db, int64_t run, ledger_step_fn *fn, void *arg,
                 struct err *e);
/* Copies the list of a set of pins, or a source, to a new block. ERR_NOT_FOUND. */
int ledger_pins(struct db *db, const unsigned char *hash, char **list, struct err *e);
int ledger_code(struct db *db, const unsigned char *hash, char **text, size_t *len,
                struct err *e);

/* Copies what the run sent and got so far to a new text: {items: [of core/exchanged.h],
 * templates: [{file, layer (0: the client's, 1: the workspace's, 2: built in), hash}],
 * more: {requests, bytes}, left out}; of a run whose bodies are gone, what
 * exchanged_strip has left. NULL when there is nothing, or it was removed. */
int ledger_exchanges(struct db *db, int64_t run, char **text, struct err *e);
/* Reads how much is recorded of a run that is not over. */
int ledger_record(struct db *db, int64_t run, struct exchanged *record, struct err *e);

struct ledger_event { /* one line of a run's history */
    int64_t at_ms;
    const char *what, *text;
};
int ledger_history(struct db *db, int64_t run,
                   int (*fn)(void *arg, const struct ledger_event *event), void *arg,
                   struct err *e);

struct ledger_filter { /* NULL, 0, -1: any */
    const char *client, *recipe, *conversation;
    const int *states;
    size_t nstates;
    int64_t since_ms;
    int64_t activation;
    int64_t release;
    int undelivered; /* 1: these, and with states those in one of them as well */
    int limit;
};
/* Calls FN for the runs, newest first. */
int ledger_each(struct db *db, const struct ledger_filter *filter, ledger_run_fn *fn,
                void *arg, struct err *e);
/* Counts the runs of each state that is not over, at a cost that does not grow with the
 * ended ones; the counts of the other states are 0. */
int ledger_count_open(struct db *db, int64_t counts[LEDGER_STATES], struct err *e);

/* Counts the runs whose customer did not get the message, at the same cost. */
int ledger_count_undelivered(struct db *db, int64_t *n, struct err *e);

/* ---- waits ---- */

/* Wakes the runs that wait for this new activation: they are QUEUED, and their step ends
 * with EVENT (JSON). *WOKEN counts them. */
int ledger_wake(struct db *db, const char *client, const char *trigger,
                int64_t activation, const char *event, int64_t now_ms, int *woken,
                struct err *e);
/* Calls FN with each trigger that CLIENT's runs wait for. */
int ledger_waited_for(struct db *db, const char *client,
                      int (*fn)(void *arg, const char *trigger), void *arg,
                      struct err *e);

/* ---- by a person; each fails with ERR_CONFLICT and a sentence when the run's state does
 * not allow it ---- */

/* Queues a parked, dead, held or retrying run now, with no failures counted. NEW_CODE 1:
 * with today's files instead of those that it began with. */
int ledger_retry(struct db *db, int64_t run, int new_code, int64_t now_ms, struct err *e);
/* Decides about the uncertain write of a parked or confirming run, and queues the run.
 * HAPPENED 1: the write was answered with 200 and the body RESULT (JSON; NULL: {}), and
 * the run goes on after it. HAPPENED 0: the write was not done and is sent again. In
 * another state, HAPPENED 1: the customer has what was undelivered by now. */
int ledger_resolve(struct db *db, int64_t run, int happened, const char *result,
                   int64_t now_ms, struct err *e);
int ledger_cancel(struct db *db, int64_t run, const char *why, int64_t now_ms,
                  struct err *e);
/* Calls FN with each client that has HELD runs and whose connections, at least one, are
 * all usable. */
int ledger_releasable(struct db *db, int (*fn)(void *arg, const char *client), void *arg,
                      struct err *e);
/* Queues CLIENT's HELD runs, whose connection is back. *RELEASED counts them. */
int ledger_release(struct db *db, const char *client, int64_t now_ms, int *released,
                   struct err *e);

struct ledger_pause {
    const char *client, *recipe; /* "": all */
    int64_t at_ms;
    const char *by; /* "hand", "crash" */
    const char *reason;
};
int ledger_pause(struct db *db, const struct ledger_pause *pause, struct err *e);
/* Lifts one pause: CLIENT and RECIPE both "" are the pause of everything. A client with
 * RECIPE "" lifts all pauses of this client. *LIFTED counts. */
int ledger_resume(struct db *db, const char *client, const char *recipe, int *lifted,
                  struct err *e);
int ledger_pauses(struct db *db, int (*fn)(void *arg, const struct ledger_pause *pause),
                  void *arg, struct err *e);

/* ---- ctx.store, made ids, receipts, cron, retention ---- */

/* Copies a value of ctx.store to a new block; *VALUE is NULL when there is none. */
int ledger_value(struct db *db, const char *client, const char *key, char **value,
                 struct err *e);
/* Sets KEY, or removes it with VALUE NULL, in a transaction or the caller's. Fails with
 * ERR_LIMIT and writes nothing when the client would have more than MAX bytes of keys and
 * values (0: no limit), and more than before. */
int ledger_value_put(struct db *db, const char *client, const char *key,
                     const char *value, size_t max, int64_t now_ms, struct err *e);
/* Calls FN with the ids that steps of any client have claimed in COMPANY of APP since
 * SINCE_MS. */
int ledger_refs(struct db *db, const char *app, const char *company, int64_t since_ms,
                int (*fn)(void *arg, const char *ref), void *arg, struct err *e);
struct ledger_write { /* one that was sent and has no outcome yet */
    int64_t run, at_ms;
    int is_under_way; /* 1: its process may still get the answer; 0: it is uncertain */
    const struct intent *is;
};
/* Calls FN for such writes of other runs than RUN to the same place as SOUGHT. */
int ledger_others(struct db *db, int64_t run, const struct intent *sought,
                  int (*fn)(void *arg, const struct ledger_write *write), void *arg,
                  struct err *e);
struct ledger_receipt { /* a message that an API accepted and that must appear */
    const char *client, *app, *ref;
    int64_t run;
    const char
        *company; /* it was sent to; NULL: one that no client is connected to now */
};
/* Calls FN for at most LIMIT receipts that are due. */
int ledger_receipts(struct db *db, int64_t now_ms, int limit,
                    int (*fn)(void *arg, const struct ledger_receipt *r), void *arg,
                    struct err *e);
/* Sets *RUN to the run that made REF in COMPANY, 0: none. */
int ledger_maker(struct db *db, const char *app, const char *company, const char *ref,
                 int64_t *run, struct err *e);
/* Records in the run that its message appeared (WHY NULL), or why the customer did not
 * get it, and removes the receipt. Also finds a run by REF whose receipt is gone. *RUN is
 * 0 when no run made REF. */
int ledger_delivered(struct db *db, const char *client, const char *app, const char *ref,
                     const char *why, int64_t now_ms, int64_t *run, struct err *e);
/* Makes the receipt due again at DUE_MS. */
int ledger_receipt_again(struct db *db, const struct ledger_receipt *r, int64_t due_ms,
                         struct err *e);
/* Reads the last slot of cron that was handled; 0: none yet. */
int ledger_slot(struct db *db, const char *client, const char *recipe, int64_t *slot_ms,
                struct err *e);
/* Replaces LAST_MS (0: none) by SLOT_MS. Returns 1, or 0 when another process was first.
 */
int ledger_slot_put(struct db *db, const char *client, const char *recipe,
                    int64_t last_ms, int64_t slot_ms, struct err *e);
/* Removes at most LIMIT rows: runs that ended before BEFORE_MS with all that belongs to
 * them, what runs sent and got that ended before EXCHANGES_MS, old ids, replies and
 * crashes that no longer count, and pins and code of no run. *REMOVED is less than LIMIT
 * when nothing is left to remove. */
int ledger_prune(struct db *db, int64_t before_ms, int64_t exchanges_ms, int64_t now_ms,
                 int limit, int *removed, struct err *e);

/* Removes the pins that no run needs, and the sources that neither pins nor a release
 * name. */
int ledger_prune_code(struct db *db, struct err *e);

#endif
