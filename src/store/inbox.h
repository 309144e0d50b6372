/* inbox: what came in, in state/foyer.db: deliveries, refused requests (rejections), and
 * the activations that deliveries led to.
 *
 * It owns the tables delivery, delivery_body, rejection, seen and activation. A function
 * that writes takes the writer's handle inside a transaction (io/writer.h); one that only
 * reads takes any handle. Bodies and events are stored compressed. It parses no body and
 * runs nothing. Errors as in io/db.h. Times are Unix milliseconds. What a callback gets
 * is borrowed until it returns; one that returns non-zero ends the walk. */
#ifndef FOYER_INBOX_H
#define FOYER_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db; /* store_db */

enum delivery_state {                    /* stored: a state never changes its number */
                      DELIVERY_WAITING,  /* for a worker; claimed when it has an owner */
                      DELIVERY_DONE,     /* handled; what fired is in activation */
                      DELIVERY_UNROUTED, /* no client's connection has its company */
                      DELIVERY_STALE, /* rightly signed, but too old: answered with 401 */
                      DELIVERY_DEAD, /* its triggers crashed or failed too often; see note
                                      */
                      DELIVERY_CHANNEL, /* an app channel's request, answered at once */
                      DELIVERY_STATES
};
const char *delivery_state_name(enum delivery_state state); /* "waiting", ... */
int delivery_state_find(const char *name);                  /* -1: no such state */

struct delivery { /* NULL: an unknown text */
    int64_t id, at_ms;
    const char *app, *client, *trigger; /* of the route; client NULL: by company */
    const char *scheme, *company;
    const char *type, *event, *conversation; /* as the body names them */
    enum delivery_state state;
    int64_t due_ms;
    int attempts, crashes;
    const char *note; /* JSON: why it did not fire, or why it is dead */
};

/* Stores D with its body; *ID becomes its id, or 0 when this delivery was erased once
 * (store/forgotten.h): then nothing is stored. */
int inbox_add(struct db *db, const struct delivery *d, const void *body, size_t len,
              int64_t *id, struct err *e);
/* Copies the delivery's body to *BODY, a new block. ERR_NOT_FOUND. */
int inbox_body(struct db *db, int64_t id, char **body, size_t *len, struct err *e);

typedef int delivery_fn(void *arg, const struct delivery *d);
/* Calls FN for the waiting deliveries that are due, also those that a process has claimed
 * (store/claims.h), oldest first, until it returns non-zero. */
int inbox_due(struct db *db, int64_t now_ms, delivery_fn *fn, void *arg, struct err *e);
/* Ends an attempt, which is counted, and leaves the delivery in STATE; one that is
 * DELIVERY_WAITING is tried again at DUE_MS. NOTE may be NULL. ERR_CONFLICT when the
 * delivery does not wait any more: another process has ended it. */
int inbox_end(struct db *db, int64_t id, enum delivery_state state, int64_t due_ms,
              const char *note, struct err *e);
/* Counts a crash of the process that asked the delivery's triggers; at CRASHES_MAX
 * crashes the delivery is dead, with NOTE. */
int inbox_crashed(struct db *db, int64_t id, int crashes_max, const char *note,
                  struct err *e);
/* Makes a delivery waiting again, as though it were new: for `foyer events replay`, and
 * for an unrouted one whose client is connected now. Nothing fires twice, because
 * activation keys are remembered. The caller sees to it that no worker has it. */
int inbox_replay(struct db *db, int64_t id, struct err *e);
struct inbox_filter {   /* NULL, 0, -1: any */
    const char *client; /* of its route, or by one of COMPANIES (pairs of app and id) */
    const char *const *companies;
    size_t ncompanies;
    const char *conversation, *event;
    int state;
    int64_t since_ms, until_ms;
    int64_t id;
    int limit; /* newest first when > 0, else oldest first */
};
int inbox_each(struct db *db, const struct inbox_filter *filter, delivery_fn *fn,
               void *arg, struct err *e);
/* Counts the deliveries in each state. DONE follows from the ids: it is too high by the
 * rows that inbox_prune removed after one that still waits. */
int inbox_count(struct db *db, int64_t counts[DELIVERY_STATES], struct err *e);
/* Reads when the waiting delivery came that is due first; 0: none waits. */
int inbox_oldest(struct db *db, int64_t *at_ms, struct err *e);

/* ---- rejections: requests that were refused; their bodies are not stored ---- */

struct rejection {
    int64_t at_ms; /* of the last one */
    const char *route, *client, *app, *scheme, *sentence;
    int status;
    int64_t times;
};
/* Adds R's times (0 counts as 1) to the row of the last hour with the same route, status
 * and sentence, or adds a row. Keeps the newest thousand rows. */
int inbox_reject(struct db *db, const struct rejection *r, struct err *e);
/* Calls FN for the rejections of CLIENT and APP (NULL: any), newest first. */
int inbox_rejections(struct db *db, const char *client, const char *app, int limit,
                     int (*fn)(void *arg, const struct rejection *r), void *arg,
                     struct err *e);

/* ---- activations ---- */

struct activation {
    int64_t id, at_ms;
    const char *client, *trigger, *key;
    int64_t delivery; /* 0: none */
    const char *conversation;
    const char *note;  /* JSON: {"not_on": [recipes that listen and are switched off]} */
    const char *event; /* JSON, as recipes see it */
};
/* Stores A and sets *ID: returns 1. Returns 0 when this client's trigger has fired for
 * this key within 400 days. */
int inbox_activate(struct db *db, const struct activation *a, int64_t *id, struct err *e);
typedef int activation_fn(void *arg, const struct activation *a);
int inbox_activation(struct db *db, int64_t id, activation_fn *fn, void *arg,
                     struct err *e); /* ERR_NOT_FOUND */
/* Calls FN for the activations of CLIENT's TRIGGER (NULL: any) with an id above SINCE,
 * oldest first. */
int inbox_activations(struct db *db, const char *client, const char *trigger,
                      int64_t since, int limit, activation_fn *fn, void *arg,
                      struct err *e);
int inbox_activations_of(struct db *db, int64_t delivery, activation_fn *fn, void *arg,
                         struct err *e);
/* Reads the newest activation's id, 0: none yet. */
int inbox_last_activation(struct db *db, int64_t *id, struct err *e);

/* Returns 1 when CLIENT's TRIGGER has fired for KEY, and the key is still remembered. */
int inbox_has_fired(struct db *db, const char *client, const char *trigger,
                    const char *key, struct err *e);
/* Calls FN, oldest first, for the deliveries of APP with an event's id which COMPANY may
 * have sent: by its id, or through a client's own address. Only those with an id above
 * *LAST that came from FROM_MS on; *LAST becomes the newest id of all. */
int inbox_heard(struct db *db, const char *app, const char *company, int64_t from_ms,
                int64_t *last, delivery_fn *fn, void *arg, struct err *e);

/* Changes the scheme of the delivery ID from FROM to TO. *CHANGED becomes 1, or 0 when it
 * is another one. */
int inbox_rename_scheme(struct db *db, int64_t id, const char *from, const char *to,
                        int *changed, struct err *e);

/* Removes the body of the delivery ID. The event of an activation of it stays while its
 * runs are not over, and becomes empty otherwise. */
int inbox_remove_body(struct db *db, int64_t id, struct err *e);

struct inbox_kept { /* what is from before these times is removed */
    int64_t deliveries_ms, bodies_ms, keys_ms, rejections_ms;
};
/* Removes at most LIMIT rows: ended deliveries, and activations without a run; bodies of
 * ended deliveries, and the events of activations whose runs are all over for good; keys
 * of activations; rejections. *REMOVED is less than LIMIT when nothing is left to remove.
 * It walks ranges of ids, so that its cost does not grow with the tables. */
int inbox_prune(struct db *db, const struct inbox_kept *since, int limit, int *removed,
                struct err *e);

#endif
