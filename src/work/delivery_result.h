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

enum { OUTCOME_KEY_SIZE = 33 };

struct outcome {
    int64_t delivery;
    const char *owner; /* whose claim it is; borrowed */
    int64_t now_ms;
    char key[OUTCOME_KEY_SIZE]; /* stands in for that of triggers without a `key` */
    enum delivery_state state;
    int64_t due_ms;
    json_t *clients; /* name -> what lua/std/deliver.lua returned */
    json_t *note;    /* as described; outcome_write adds to it */
    /* what outcome_write did */
    int activations, runs, woken;
};

void outcome_init(struct outcome *o, int64_t delivery, const char *owner,
                  const void *body, size_t len);
void outcome_fini(struct outcome *o);
/* CLIENT's triggers gave RESULT, which is taken over. */
void outcome_add(struct outcome *o, const char *client, json_t *result);
/* CLIENT's triggers could not be asked, or not all: WHY. */
void outcome_fail(struct outcome *o, const char *client, const char *why);
/* What the note says of the delivery itself; FIRST_MS 0: no more than WHY. */
void outcome_set_why(struct outcome *o, const char *why, int failures, int64_t first_ms);
/* Failures in a row as NOTE (of a delivery, may be NULL) has them: 0 and *FIRST_MS 0 when
 * there were none. */
int outcome_failures(const char *note, int64_t *first_ms);

/* The policy of a run as store/ledger.h wants it, a new string: of RECIPE's members
 * `retry` and `uncertain`, which say what the recipe and the client's entry say. */
char *outcome_policy(const json_t *recipe);

/* 1 when recipes listen to what fired: it will add runs, unless keys say otherwise. */
int outcome_starts(const struct outcome *o);
/* Inside a transaction. May be repeated after that failed. */
int outcome_write(struct db *db, struct outcome *o, struct err *e);

#endif
