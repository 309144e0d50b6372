/* maker: the run that made a message, of whichever client of the company. */
#ifndef FOYER_MAKER_H
#define FOYER_MAKER_H

#include <jansson.h>

#include "ops/report.h"

/* Returns {client, recipe, run}, a new tree, of the run that made the message UID in
 * COMPANY of APP. NULL when no run that is kept made it, when COMPANY or UID is NULL, or
 * when the store cannot be read. */
json_t *maker_find(struct report *r, const char *app, const char *company,
                   const char *uid);

#endif
