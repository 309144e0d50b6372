/* delivery_result: what the triggers of all clients returned for one delivery, and the
 * one transaction that stores it: activations, the runs that they wake and start, and the
 * delivery's end. It runs nothing and decides no policy.
 *
 * The delivery's note is a JSON object with a member for each client: the triggers that
 * did not fire, with the reason ({"acme": {"front/x": "why"}}); under "error" a failure
 * of the client as a whole; under "recipe NAME" an error in a recipe. The member "" (not
 * a client's name) is about the delivery itself: {"why", "failures", "first_failure_ms"}.
 */
#ifndef FOYER_DELIVERY_RESULT_H
#define FOYER_DELIVERY_RESULT_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "store/inbox.h"
#include "work/stored_run.h"

enum { DELIVERY_RESULT_KEY_SIZE = 33 };

struct delivery_result {
    int64_t delivery;
    const char *owner;           /* of the runs that start; borrowed */
    const struct limits *limits; /* of them; borrowed */
    const json_t *releases;      /* client -> the release it runs; borrowed; NULL: none */
    int64_t now_ms;
    char
        key[DELIVERY_RESULT_KEY_SIZE]; /* for triggers without a `key`: the body's hash */
    enum delivery_state state;
    int64_t due_ms;
    json_t *clients; /* name -> what lua/std/deliver.lua returned */
    json_t *note;    /* as described; delivery_result_write adds to it */
    json_t *room;    /* name -> how many of the client's runs may start at once; the
                        owner must start them then */
    /* counted by delivery_result_write; runs: without the started ones */
    int activations, runs, woken;
    struct delivery_result_run { /* one that was started, under epoch 1 */
        const char *client;      /* borrowed from CLIENTS */
        struct stored_run *run;  /* owned, until it is started */
    } * started;
    int nstarted;
};

void delivery_result_init(struct delivery_result *o, int64_t delivery, const char *owner,
                          const void *body, size_t len);
void delivery_result_fini(struct delivery_result *o);
/* Adds RESULT, which CLIENT's triggers returned; takes it over. */
void delivery_result_add(struct delivery_result *o, const char *client, json_t *result);
/* Notes that CLIENT's triggers could not run, or not all of them: WHY. */
void delivery_result_fail(struct delivery_result *o, const char *client, const char *why);
/* Notes WHY about the delivery itself, and the failures; FIRST_MS 0: there are none. */
void delivery_result_set_why(struct delivery_result *o, const char *why, int failures,
                             int64_t first_ms);
/* Returns the failures in a row, from a delivery's NOTE (may be NULL), and the time of
 * the first one; 0 and *FIRST_MS 0 when there were none. */
int delivery_result_failures(const char *note, int64_t *first_ms);

/* The policy of a run, as store/ledger.h takes it, from RECIPE's members `retry` and
 * `uncertain`. A new string. */
char *delivery_result_policy(const json_t *recipe);

/* Calls FN for each run that will be added for CLIENT, unless the activation's key is
 * taken. */
void delivery_result_each_run(const struct delivery_result *o,
                              void (*fn)(void *arg, const char *client), void *arg);
/* Stores one of CLIENT's firings, an element of `fired`, with EVENT (JSON), inside a
 * transaction: the activation, unless its key is taken, and the runs that it wakes and
 * starts. Counts them. O->delivery 0: no delivery led to it. */
int delivery_result_fire(struct delivery_result *o, struct db *db, const char *client,
                         const json_t *firing, const char *event, struct err *e);
/* Stores it, inside a transaction; may be repeated after that failed. */
int delivery_result_write(struct db *db, struct delivery_result *o, struct err *e);

#endif
