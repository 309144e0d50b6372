/* checklist: what is done, and what is left to do, until a client that came runs. Prints
 * nothing. */
#ifndef FOYER_CHECKLIST_H
#define FOYER_CHECKLIST_H

#include <jansson.h>

#include "base/err.h"
#include "ops/report.h"

/* Returns {client, app, steps: [{step, done, optional (1: nothing is missing without
 * it), text, todo?, help?: [line]}], left}. `todo` is a command or an edit; `help` says
 * what to click in the app; `left` counts the steps that are neither done nor optional.
 * NULL with E, also when there is no such client. */
json_t *checklist_of(struct report *r, const char *client, const char *app,
                     struct err *e);

#endif
