/* delivery_result: what the triggers made of one delivery, for all of its clients, and
 * the one transaction that stores it: activations, the runs that they wake and start, and
 * the delivery's end. It runs nothing and decides no policy.
 *
 * The delivery's note is a JSON object. It tells for each client which trigger did not
 * fire and why ({"acme": {"front/x": "why"}}), under "error" what failed for the client
 * as a whole and under "recipe NAME" what is wrong with a recipe. Its member "" (no
 * client is called that) is of the delivery itself: {"why", "failures",
 * "first_failure_ms"}. */
#ifndef FOYER_DELIVERY_RESULT_H
#define FOYER_DELIVERY_RESULT_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "store/inbox.h"

enum { DELIVERY_RESULT_KEY_SIZE = 33 };

struct delivery_result {
    int64_t delivery;
    const char *owner; /* whose claim it is; borrowed */
    int64_t now_ms;
    char key[DELIVERY_RESULT_KEY_SIZE]; /* stands in for that of triggers without a `key`
                                         */
    enum delivery_state state;
    int64_t due_ms;
    json_t *clients; /* name -> what lua/std/deliver.lua returned */
    json_t *note;    /* as described; delivery_result_write adds to it */
    /* what delivery_result_write did */
    int activations, runs, woken;
};

void delivery_result_init(struct delivery_result *o, int64_t delivery, const char *owner,
                          const void *body, size_t len);
void delivery_result_fini(struct delivery_result *o);
/* CLIENT's triggers gave RESULT, which is taken over. */
void delivery_result_add(struct delivery_result *o, const char *client, json_t *result);
/* CLIENT's triggers could not be asked, or not all: WHY. */
void delivery_result_fail(struct delivery_result *o, const char *client, const char *why);
/* What the note says of the delivery itself; FIRST_MS 0: no more than WHY. */
void delivery_result_set_why(struct delivery_result *o, const char *why, int failures,
                             int64_t first_ms);
/* Failures in a row as NOTE (of a delivery, may be NULL) has them: 0 and *FIRST_MS 0 when
 * there were none. */
int delivery_result_failures(const char *note, int64_t *first_ms);

/* The policy of a run as store/ledger.h wants it, a new string: of RECIPE's members
 * `retry` and `uncertain`, which say what the recipe and the client's entry say. */
char *delivery_result_policy(const json_t *recipe);

/* 1 when recipes listen to what fired: it will add runs, unless keys say otherwise. */
int delivery_result_starts(const struct delivery_result *o);
/* Inside a transaction. May be repeated after that failed. */
int delivery_result_write(struct db *db, struct delivery_result *o, struct err *e);

#endif
