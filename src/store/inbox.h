/* inbox: what came in, in state/foyer.db: deliveries, rejections, and the activations
 * that deliveries led to.
 *
 * It owns the tables delivery, delivery_body, rejection, seen and activation. Functions
 * take a database handle: the writer's inside a transaction (io/writer.h), or any handle
 * for what only reads. It decodes no body and runs nothing. Errors as in io/db.h; times
 * are Unix milliseconds. What a callback gets is borrowed until it returns. */
#ifndef FOYER_INBOX_H
#define FOYER_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

enum delivery_state {
    DELIVERY_WAITING,  /* for a worker; claimed when it has an owner */
    DELIVERY_DONE,     /* looked at; what fired is in activation */
    DELIVERY_UNROUTED, /* no client's connection has its company */
    DELIVERY_STALE,    /* rightly signed, too old: answered with 401 */
    DELIVERY_DEAD,     /* its triggers crashed or failed too often; see note */
    DELIVERY_CHANNEL,  /* an app channel's request that was answered on the spot */
    DELIVERY_STATES
};
const char *delivery_state_name(enum delivery_state state); /* "waiting", ... */
int delivery_state_find(const char *name);                  /* -1: no such state */

struct delivery { /* NULL where a text is unknown */
    int64_t id, at_ms;
    const char *app, *client, *trigger; /* of the route; client NULL: by company */
    const char *scheme, *company;
    const char *type, *event, *conversation; /* as the body names them */
    enum delivery_state state;
    int64_t due_ms;
    int attempts, crashes;
    const char *owner;
    const char *note;
};

/* Stores one, with its body; ID comes back. */
int inbox_add(struct db *db, const struct delivery *d, const void *body, size_t len,
              int64_t *id, struct err *e);
/* Copies the delivery's body: a new block in *BODY. */
int inbox_body(struct db *db, int64_t id, char **body, size_t *len, struct err *e);

typedef int delivery_fn(void *arg, const struct delivery *d); /* non-zero stops */
/* The waiting ones that are due and not claimed, oldest first, at most LIMIT. */
int inbox_due(struct db *db, int64_t now_ms, int limit, delivery_fn *fn, void *arg,
              struct err *e);
/* 1: claimed for OWNER (a presence's id), ATTEMPTS counted up; 0: no longer there to
 * claim. */
int inbox_claim(struct db *db, int64_t id, const char *owner, struct err *e);
/* Ends an attempt that OWNER holds, ERR_CONFLICT when it does not. WAITING: again at
 * DUE_MS. NOTE may be NULL. */
int inbox_end(struct db *db, int64_t id, const char *owner, enum delivery_state state,
              int64_t due_ms, const char *note, struct err *e);
/* Frees what OWNER, a dead process, held. CRASHED (0: none): the delivery whose script
 * ended the process: its crashes count up, and at CRASHES_MAX it is dead with NOTE. */
int inbox_reclaim(struct db *db, const char *owner, int64_t crashed, int crashes_max,
                  const char *note, struct err *e);
/* Lets it be looked at again, as new: `foyer events replay`, and unrouted ones whose
 * client has come. Activation keys see to it that nothing fires twice. */
int inbox_replay(struct db *db, int64_t id, struct err *e);
/* Each owner of a claim, once. */
int inbox_owners(struct db *db, int (*fn)(void *arg, const char *owner), void *arg,
                 struct err *e);

struct inbox_filter {   /* NULL, 0, -1: any */
    const char *client; /* its route's, or one of ITS companies (app, id pairs) */
    const char *const *companies;
    size_t ncompanies;
    const char *conversation, *event;
    int state;
    int64_t since_ms, until_ms;
    int64_t id;
    int limit; /* newest first when > 0 */
};
int inbox_each(struct db *db, const struct inbox_filter *filter, delivery_fn *fn,
               void *arg, struct err *e);
/* How many are in each state; DONE is reckoned from the ids, and too high by those that
 * inbox_prune removed above one that waits. */
int inbox_count(struct db *db, int64_t counts[DELIVERY_STATES], struct err *e);
/* When the waiting one came that is due first, 0: none waits. */
int inbox_oldest(struct db *db, int64_t *at_ms, struct err *e);

/* ---- rejections: requests that were refused; no body is kept ---- */

struct rejection {
    int64_t at_ms; /* of the last one */
    const char *route, *client, *app, *scheme, *sentence;
    int status;
    int64_t times;
};
/* Counts R's times (0 counts as 1) up in the row of the last hour with the same route,
 * status and sentence, else adds one; keeps the newest thousand. */
int inbox_reject(struct db *db, const struct rejection *r, struct err *e);
int inbox_rejections(struct db *db, const char *client, const char *app, int limit,
                     int (*fn)(void *arg, const struct rejection *r), void *arg,
                     struct err *e);

/* ---- activations ---- */

struct activation {
    int64_t id, at_ms;
    const char *client, *trigger, *key;
    int64_t delivery; /* 0: none */
    const char *conversation;
    const char *note;  /* JSON: {"not_on": [recipes that listen and are not switched on]}
                        */
    const char *event; /* JSON, as recipes see it */
};
/* 1: new, ID comes back. 0: this client's trigger has fired for this key before (within
 * 400 days). */
int inbox_activate(struct db *db, const struct activation *a, int64_t *id, struct err *e);
typedef int activation_fn(void *arg, const struct activation *a);
int inbox_activation(struct db *db, int64_t id, activation_fn *fn, void *arg,
                     struct err *e); /* ERR_NOT_FOUND */
/* Those of CLIENT's TRIGGER (NULL: any) after activation SINCE, oldest first; event
 * included. */
int inbox_activations(struct db *db, const char *client, const char *trigger,
                      int64_t since, int limit, activation_fn *fn, void *arg,
                      struct err *e);
int inbox_activations_of(struct db *db, int64_t delivery, activation_fn *fn, void *arg,
                         struct err *e);
/* The newest activation's id, 0: none yet. */
int inbox_last_activation(struct db *db, int64_t *id, struct err *e);

/* Removes, in one step of at most LIMIT rows, ended deliveries (and activations whose
 * runs are gone) from before BEFORE_MS, and keys from before KEYS_BEFORE_MS. *REMOVED is
 * less than LIMIT when nothing is left. Ranges of ids: cheap whatever is stored. */
int inbox_prune(struct db *db, int64_t before_ms, int64_t keys_before_ms, int limit,
                int *removed, struct err *e);

#endif
