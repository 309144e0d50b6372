/* incident: what alerts are about, one row a cause, in state/foyer.db; and the timers
 * that the processes of a workspace share.
 *
 * It owns the tables incident and timer. A cause is a kind and a key. A row begins with
 * the first sign of trouble, is open once an alert is due, and is removed a day after it
 * was closed. Its text may quote an API's answer. Functions that write take a handle
 * inside a transaction. Times are Unix milliseconds, 0: never. Errors as in io/db.h. */
#ifndef FOYER_INCIDENT_H
#define FOYER_INCIDENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

/* The kinds; behind each: what its key is. */
#define INCIDENT_APP         "app"         /* the app: several companies fail */
#define INCIDENT_COMPANY     "company"     /* app/company */
#define INCIDENT_RECIPE      "recipe"      /* client/recipe */
#define INCIDENT_GIVEN_UP    "given-up"    /* the same: its requests failed too often */
#define INCIDENT_UNDELIVERED "undelivered" /* the client */
#define INCIDENT_PERSON      "person"      /* the client: runs that a person decides */
#define INCIDENT_RECONNECT   "reconnect"   /* the client */
#define INCIDENT_SILENCE     "silence"     /* the client: no events come */
#define INCIDENT_NAMES       "names"  /* the client: what its settings name is gone */
#define INCIDENT_DEPLOY      "deploy" /* "": the last deploy was refused */

enum incident_state {                 /* stored */
                      INCIDENT_SIGNS, /* signs of trouble, no alert yet */
                      INCIDENT_OPEN,
                      INCIDENT_CLOSED
};

enum { /* stored: what an alert has said of it; a set */
       INCIDENT_SAID_OPEN = 1,
       INCIDENT_SAID_CLOSED = 2,
       INCIDENT_COVERED = 4 /* another incident speaks for it */
};

struct incident { /* its texts are owned: incident_fini */
    char *kind, *key;
    char *client; /* "": the agency's own */
    enum incident_state state;
    int64_t first_ms, last_ms; /* signs of trouble since it was last well */
    int64_t good_ms;           /* the last sign that it is well */
    int64_t opened_ms, closed_ms;
    int said;
    int64_t said_ms; /* when an alert last spoke of it */
    int64_t signs;   /* of trouble, since first_ms */
    int64_t n;       /* how many: companies, runs, names; by its kind */
    int64_t urgent;  /* how many customers wait for it */
    char *text;      /* a sentence about the last sign */
};

void incident_fini(struct incident *i);

/* Reads all rows, by kind and key. The caller ends each with incident_fini and frees
 * *LIST. */
int incident_list(struct db *db, struct incident **list, size_t *n, struct err *e);
/* Adds the row, or replaces the one of that kind and key. */
int incident_put(struct db *db, const struct incident *i, struct err *e);
/* Sets `said`: what an alert has said of it. */
int incident_unsay(struct db *db, const char *kind, const char *key, int said,
                   struct err *e);
int incident_remove(struct db *db, const char *kind, const char *key, struct err *e);

struct incident_sign {
    const char *kind, *key, *client; /* CLIENT may be "" */
    const char *sentence;            /* NULL: the old one stays */
    int64_t first_ms, last_ms, n;    /* when the N signs of trouble came */
    int is_new;                      /* 1: it was well before first_ms */
    int is_retold; /* 1: another sentence than before is told as though it were new */
};
/* Notes signs of trouble: adds the row, or changes it. A row that was closed begins anew,
 * but within an hour it is the same incident. */
int incident_bad(struct db *db, const struct incident_sign *sign, struct err *e);
/* Notes, in a row that is there, that KEY was well at AT_MS. */
int incident_good(struct db *db, const char *kind, const char *key, int64_t at_ms,
                  struct err *e);

/* Ends what is told of the recipe when no run of it is dead since the incident began: a
 * person has cancelled the last one. */
int incident_settle(struct db *db, const char *client, const char *recipe, int64_t now_ms,
                    struct err *e);

/* Sets *ANY to 1 when there is a row that is not closed, else to 0. */
int incident_any(struct db *db, int64_t *any, struct err *e);

/* Sets *IS_DUE to 1, and starts the timer NAME anew, when it has not fired for EVERY_MS,
 * or last fired in the future. One process at a time gets 1. */
int incident_timer(struct db *db, const char *name, int64_t now_ms, int64_t every_ms,
                   int *is_due, struct err *e);

/* ---- what the store has of trouble ---- */

struct incident_open { /* of one client; borrowed */
    const char *client;
    int64_t parked, held;
    int64_t
        waiting; /* parked ones of customers who wrote, to whom no run replied since */
    int64_t reconnect;           /* connections that must be connected again */
    int64_t connected;           /* connections */
    int64_t run;                 /* the newest parked one; 0: none */
    const char *recipe, *reason; /* its; NULL: none */
};
/* Calls FN for each client with runs that are parked or held, or with a connection.
 * RECEIVED is a JSON list of the types of events by which a customer writes. */
int incident_open_runs(struct db *db, const char *received,
                       int (*fn)(void *arg, const struct incident_open *o), void *arg,
                       struct err *e);
/* Calls FN with each client that had events since SINCE_MS, and the last hour (Unix
 * hours, UTC) with one. */
int incident_last_events(struct db *db, int64_t since_ms,
                         int (*fn)(void *arg, const char *client, int64_t hour),
                         void *arg, struct err *e);
/* Sets *N to the events that CLIENT had in HOUR. */
int incident_events(struct db *db, const char *client, int64_t hour, int64_t *n,
                    struct err *e);

#endif
