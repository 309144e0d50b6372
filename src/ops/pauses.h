/* pauses: which runs are paused by hand or suspended after crashes, and changing that. A
 * pause is for a client, a recipe, one recipe of one client, or for all runs. Prints
 * nothing. */
#ifndef FOYER_PAUSES_H
#define FOYER_PAUSES_H

#include <jansson.h>

#include "ops/choice.h"
#include "store/store.h"
#include "base/err.h"

/* Returns a new array of {client, recipe, by, paused_at, runs_waiting, reason}; client
 * and recipe are "(all)" where the pause names none, paused_at is in Unix seconds,
 * runs_waiting counts the runs that are due now. NULL with E. */
json_t *pauses_list(struct store *s, struct err *e);
/* Pauses each of CLIENTS by hand, or when none was asked for, all runs. RECIPE may be
 * NULL: all; REASON may be NULL. */
int pauses_add(struct store *s, const struct choice *clients, const char *recipe,
               const char *reason, struct err *e);
/* Lifts the pauses of exactly each of CLIENTS and RECIPE (NULL, or none asked for: not
 * named), for a client alone all pauses of that client, or with ALL every pause. *LIFTED
 * counts them. */
int pauses_lift(struct store *s, const struct choice *clients, const char *recipe,
                int all, int *lifted, struct err *e);
/* Returns a new array of {client, recipe}, each "" for all: the pauses that still hold
 * runs of CLIENTS and RECIPE (NULL: any). NULL with E. */
json_t *pauses_over(struct store *s, const struct choice *clients, const char *recipe,
                    struct err *e);

#endif
