/* ledger: the runs of a workspace and their journals, in state/foyer.db.
 *
 * It owns the tables run, step, history, code, pins, wait, value, effect, receipt, reply,
 * crash, pause and schedule. Functions take a database handle: the writer's inside a
 * transaction (io/writer.h), or any handle for what only reads. Claims are held by living
 * processes (store/presence.h); each carries an epoch, and what a run writes is refused
 * with ERR_CONFLICT when its epoch is no longer the row's. It runs nothing and decides no
 * policy. Times are Unix milliseconds; what a callback gets is borrowed until it returns.
 * core/ledger_*.c are its parts.
 */
#ifndef FOYER_LEDGER_H
#define FOYER_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/intent.h"
#include "core/journal.h"
#include "store/unsent.h"
#include "base/crypto.h"

struct db; /* store_db */

enum ledger_state {
    LEDGER_QUEUED,  /* due at due_ms; with failures > 0 it is retrying */
    LEDGER_RUNNING, /* claimed by a living process */
    LEDGER_SLEEPING,
    LEDGER_WAITING,    /* ctx.wait_for, until due_ms */
    LEDGER_CONFIRMING, /* a write is uncertain: the next look is at due_ms */
    LEDGER_HELD,       /* its connection must be connected again */
    LEDGER_PARKED,     /* a person decides */
    LEDGER_DONE,
    LEDGER_SKIPPED,
    LEDGER_DEAD,
    LEDGER_CANCELLED,
    LEDGER_STATES
};
const char *ledger_state_name(enum ledger_state state); /* "queued", ... */
int ledger_state_find(const char *name);                /* -1: no such state */
int ledger_is_over(enum ledger_state state); /* done, skipped, dead, cancelled */
/* Over, and nobody can take it up again, as a person can a dead one. */
int ledger_is_final(enum ledger_state state);

struct ledger_run { /* texts may be NULL where that says nothing */
    int64_t id;
    const char *client, *recipe;
    const char *origin; /* "activation", "cron", "hand" */
    int64_t activation; /* 0: none */
    int64_t slot_ms;    /* of cron */
    const char *conversation;
    const char *args; /* JSON: what the entry "run" of lua/std/main.lua takes, without
                         the activation's event */
    const char *seed;
    const char *place;  /* runs of one place go one after the other */
    const char *policy; /* JSON: {"attempts", "give_up" (seconds), "uncertain"} */
    enum ledger_state state;
    int64_t due_ms, held_ms;
    int attempts; /* begun so far */
    int failures; /* retryable ones in a row */
    int64_t first_failure_ms;
    int looks, crashes;
    const char *owner;
    int64_t epoch;
    int64_t created_ms, began_ms, ended_ms;
    int64_t since; /* a wait sees only later activations: its own one; without one the
                      newest when it began; then the last that ended a wait of its.
                      To ledger_add 0 is the newest now, -1 none */
    const char *kind, *reason, *result;
    const unsigned char *pins; /* a CRYPTO_SHA256_SIZE hash, or NULL */
    const char *undelivered;
};

/* Adds a run: QUEUED at due_ms, or RUNNING for OWNER with epoch 1 when OWNER is not NULL.
 * Of RUN, client to policy, due_ms, created_ms and since are looked at; seed NULL: made
 * from the id. */
int ledger_add(struct db *db, const struct ledger_run *run, const char *owner,
               int64_t *id, struct err *e);
struct ledger_change;
/* Adds a run whose first attempt has begun outside of the store, at created_ms and after
 * the activation `since`, with the first that it has to keep: ledger_add for OWNER and
 * ledger_commit in one. CHANGE gets its run and its epoch. OWNER may be NULL when CHANGE
 * ends the attempt. */
int ledger_add_with(struct db *db, const struct ledger_run *run, const char *owner,
                    struct ledger_change *change, struct err *e);
typedef int ledger_run_fn(void *arg, const struct ledger_run *run); /* non-zero stops */
int ledger_read(struct db *db, int64_t id, ledger_run_fn *fn, void *arg,
                struct err *e); /* ERR_NOT_FOUND */

/* ---- who is next ---- */

enum {
    LEDGER_PLACE_MS = 15 * 60 * 1000
}; /* so long a run between attempts is waited for
    */

struct ledger_turns {
    int64_t now_ms;
    const char *after;       /* the client that had the last turn; NULL: none */
    int limit, client_limit; /* free places in all; how many one client may have */
    /* how many CLIENT has in flight here already */
    int (*in_flight)(void *arg, const char *client);
    void *arg;
};
/* The due runs that may start now: not paused, their place free, clients taking turns
 * from AFTER on, within a client the longest due one first. Each is a candidate for
 * ledger_claim. A backlog of one recipe of a client costs the others nothing. */
int ledger_due(struct db *db, const struct ledger_turns *turns, ledger_run_fn *fn,
               void *arg, struct err *e);
/* When the next one that is not paused is due, INT64_MAX: none. A place that another run
 * holds may make it earlier than that run's turn: a time in the past comes back then, and
 * is not to be waited for in a loop. */
int ledger_next_due(struct db *db, int64_t *due_ms, struct err *e);
/* 1: claimed: RUNNING for OWNER, attempts and epoch counted up, *EPOCH set; 0: somebody
 * else was first, or it is not due any more, or is paused, or its place is taken. A
 * claimed run that was WAITING had its wait run out: its step has ended with null. */
int ledger_claim(struct db *db, int64_t id, const char *owner, int64_t now_ms,
                 int64_t *epoch, struct err *e);
/* Each owner of a claim, once. */
int ledger_owners(struct db *db, int (*fn)(void *arg, const char *owner), void *arg,
                  struct err *e);

struct ledger_crash {  /* what a dead process was doing, when a script ended it */
    int64_t run;       /* 0: none; one that OWNER does not hold is not looked at */
    const char *kind;  /* when the run is dead by it: "limit"; NULL: "internal" */
    const char *cause; /* "watchdog: a pattern that never ends", "signal 11" */
    int run_max;       /* so many crashes a run may have: one more, and it is dead */
    int recipe_max;    /* so many of (client, recipe) within WITHIN_MS suspend it */
    int64_t within_ms;
    int suspends; /* 1: a run that dies of it suspends its (client, recipe) at once */
};
struct ledger_reclaimed {
    int freed;     /* runs that were queued again */
    int died;      /* 1: the crashed one is dead now */
    int suspended; /* 1: its (client, recipe) is suspended now */
};
/* Before ledger_reclaim, in the same transaction: of OWNER's runs the open intents that
 * WRITES names had not left, so that they are no longer uncertain. *TAKEN counts them. */
int ledger_unsend(struct db *db, const char *owner, const struct unsent *writes, int n,
                  int64_t now_ms, int *taken, struct err *e);
/* Frees what OWNER, a dead process, held: its runs are due at once, in their old order,
 * without a failure counted; CRASH may be NULL. */
int ledger_reclaim(struct db *db, const char *owner, const struct ledger_crash *crash,
                   int64_t now_ms, struct ledger_reclaimed *out, struct err *e);

/* ---- what a run writes ---- */

/* One step as it is stored; a copy of a journal's. */
struct ledger_step {
    struct journal_entry entry;
};

struct ledger_code { /* a source that a run used */
    unsigned char hash[CRYPTO_SHA256_SIZE];
    const char *text;
    size_t len;
};

struct ledger_change {
    int64_t run, epoch;
    int64_t now_ms;
    /* the journal's delta: stored steps with seq >= drop are gone (-1: none), then these
     */
    int drop;
    const struct journal_entry *steps;
    size_t nsteps;
    /* what trace tells: appended */
    const struct ledger_note {
        const char *what, *text;
    } * notes;
    size_t nnotes;
    /* the code used so far; NULL when it did not grow. The list names each source by its
     * hash in lower-case hex: one that no list names is removed in time */
    const unsigned char *pins;
    const char *pins_list;
    const struct ledger_code *codes;
    size_t ncodes;
    /* ids, at most MADE_MAX, of what a step made in COMPANY of APP: claimed for the run.
     * ERR_UNCERTAIN for the whole change when they were looked for and another run has
     * one of them, or when another run's look took one since the last of STEPS was sent
     */
    const char *app, *company;
    const char *const *refs;
    size_t nrefs;
    /* with refs that were found by looking: what was SOUGHT. While another run's write to
     * the same place is under way, or was sent since LOOKED_MS, they may be that one's:
     * ERR_UNCERTAIN. NULL: the refs are of an answer */
    const struct intent *sought;
    int64_t looked_ms;
    /* an automatic reply that is about to leave into CONVERSATION; more than
     * replies_max of them in the last hour is ERR_FORBIDDEN, and nothing is changed */
    const char *reply_to;
    int replies_max;
    /* one key of ctx.store: value NULL removes it */
    const char *key, *value;
    size_t values_max; /* bytes that the client may have there; 0: no limit */
    /* a message of APP that must appear until then */
    const char *receipt;
    int64_t receipt_due_ms;
    /* the attempt's end; -1: it goes on. RUNNING is no end. */
    int state; /* enum ledger_state */
    int64_t due_ms;
    int failures, looks;
    int64_t first_failure_ms;
    const char *kind, *reason, *result;
    /* with WAITING: the open step, and what it is for */
    int wait_seq;
    const char *wait_trigger, *wait_match;
};
/* Writes all of it or nothing: the caller's transaction. An ended run's steps are
 * removed, but not those of a parked or dead one. With WAITING an activation that matches
 * already, with an id past the run's `since`, ends the wait at once: the run is QUEUED
 * instead. What the delivery of the run's own activation fired is the same event, and
 * ends no wait, here and in ledger_wake. */
int ledger_commit(struct db *db, const struct ledger_change *change, struct err *e);

/* ---- reading a run back ---- */

typedef int ledger_step_fn(void *arg, const struct journal_entry *step);
int ledger_steps(struct db *db, int64_t run, ledger_step_fn *fn, void *arg,
                 struct err *e); /* in order of seq */
/* The list of a set of pins, and a source, as new blocks. ERR_NOT_FOUND. */
int ledger_pins(struct db *db, const unsigned char *hash, char **list, struct err *e);
int ledger_code(struct db *db, const unsigned char *hash, char **text, size_t *len,
                struct err *e);

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
    int undelivered; /* 1: only such */
    int limit;       /* newest first */
};
int ledger_each(struct db *db, const struct ledger_filter *filter, ledger_run_fn *fn,
                void *arg, struct err *e);
int ledger_count(struct db *db, int64_t counts[LEDGER_STATES], struct err *e);
/* Only of the states that are not over: cheap however many runs have ended. */
int ledger_count_open(struct db *db, int64_t counts[LEDGER_STATES], struct err *e);

/* ---- waits ---- */

/* 1 when EVENT (JSON) has what MATCH (JSON: dotted path -> scalar) names. */
int ledger_matches(const char *match, const char *event);
/* An activation was added: runs that wait for it are QUEUED, their step ended with the
 * event. *WOKEN counts them. */
int ledger_wake(struct db *db, const char *client, const char *trigger,
                int64_t activation, const char *event, int64_t now_ms, int *woken,
                struct err *e);
/* A run whose wait ran out: its step ends with null. ledger_claim does it. */
int ledger_end_wait(struct db *db, int64_t run, int64_t now_ms, struct err *e);
/* The triggers that CLIENT's runs wait for. */
int ledger_waited_for(struct db *db, const char *client,
                      int (*fn)(void *arg, const char *trigger), void *arg,
                      struct err *e);

/* ---- a person's doings: each is ERR_CONFLICT, with a sentence, when the run's state
 * does not allow it ---- */

/* A parked, dead, held or retrying run: QUEUED now, failures forgotten. NEW_CODE 1: with
 * today's files (its pins are forgotten). */
int ledger_retry(struct db *db, int64_t run, int new_code, int64_t now_ms, struct err *e);
/* An uncertain write of a parked or confirming run: HAPPENED 1: it was answered 200 with
 * the body RESULT (JSON; NULL: {}); 0: it did not, and will be sent again. The run is
 * QUEUED, and goes on behind it or with it. */
int ledger_resolve(struct db *db, int64_t run, int happened, const char *result,
                   int64_t now_ms, struct err *e);
int ledger_cancel(struct db *db, int64_t run, const char *why, int64_t now_ms,
                  struct err *e);
/* Each client that has HELD runs. */
int ledger_held(struct db *db, int (*fn)(void *arg, const char *client), void *arg,
                struct err *e);
/* HELD runs of these clients are QUEUED: their connection is back. */
int ledger_release(struct db *db, const char *client, int64_t now_ms, int *released,
                   struct err *e);

struct ledger_pause {
    const char *client, *recipe; /* "": all */
    int64_t at_ms;
    const char *by; /* "hand", "crash" */
    const char *reason;
};
int ledger_pause(struct db *db, const struct ledger_pause *pause, struct err *e);
/* *LIFTED counts; "" lifts only the pause of all, and for a client all of its. */
int ledger_resume(struct db *db, const char *client, const char *recipe, int *lifted,
                  struct err *e);
int ledger_pauses(struct db *db, int (*fn)(void *arg, const struct ledger_pause *pause),
                  void *arg, struct err *e);

/* ---- the rest ---- */

/* ctx.store: a new block, NULL in *VALUE when there is none. */
int ledger_value(struct db *db, const char *client, const char *key, char **value,
                 struct err *e);
/* Sets KEY, or removes it with VALUE NULL, in a transaction or the caller's. ERR_LIMIT,
 * and nothing is changed, when the client would have more than MAX bytes of keys and
 * values (0: no limit), and more than before. */
int ledger_value_put(struct db *db, const char *client, const char *key,
                     const char *value, size_t max, int64_t now_ms, struct err *e);
/* Ids that steps have claimed in COMPANY of APP since SINCE_MS, of any client. */
int ledger_refs(struct db *db, const char *app, const char *company, int64_t since_ms,
                int (*fn)(void *arg, const char *ref), void *arg, struct err *e);
struct ledger_write { /* one that left and has no outcome yet */
    int64_t run, at_ms;
    int is_under_way; /* 1: its process may still get the answer; 0: it is uncertain */
    const struct intent *is;
};
/* Those of other runs than RUN, to the same place as SOUGHT. */
int ledger_others(struct db *db, int64_t run, const struct intent *sought,
                  int (*fn)(void *arg, const struct ledger_write *write), void *arg,
                  struct err *e);
struct ledger_receipt {
    const char *client, *app, *ref;
    int64_t run;
};
int ledger_receipts(struct db *db, int64_t now_ms, int limit,
                    int (*fn)(void *arg, const struct ledger_receipt *r), void *arg,
                    struct err *e);
/* The message appeared (WHY NULL), or the customer did not get it: the run says so. Also
 * when no receipt is due any more, by REF. *RUN is 0 when nobody knows REF. */
int ledger_delivered(struct db *db, const char *client, const char *app, const char *ref,
                     const char *why, int64_t now_ms, int64_t *run, struct err *e);
/* The receipt is looked at again at DUE_MS. */
int ledger_receipt_again(struct db *db, const struct ledger_receipt *r, int64_t due_ms,
                         struct err *e);
/* The last slot of cron that was dealt with, 0: none yet. put replaces LAST_MS (0: none)
 * by SLOT_MS: 1; or 0 when another process was first. */
int ledger_slot(struct db *db, const char *client, const char *recipe, int64_t *slot_ms,
                struct err *e);
int ledger_slot_put(struct db *db, const char *client, const char *recipe,
                    int64_t last_ms, int64_t slot_ms, struct err *e);
/* As inbox_prune: ended runs from before BEFORE_MS with all that is theirs, code and pins
 * that no run has, counts that no longer matter. */
int ledger_prune(struct db *db, int64_t before_ms, int64_t now_ms, int limit,
                 int *removed, struct err *e);

#endif
