/* audience: which clients a delivery is for that names a company: those whose connection
 * to the app is that company's. */
#ifndef FOYER_AUDIENCE_H
#define FOYER_AUDIENCE_H

#include "base/err.h"
#include "store/store.h"

struct audience;

struct audience *audience_new(struct store *store); /* borrowed */
void audience_free(struct audience *a);
/* Calls FN with each client's name, in byte order. The list is read anew every two
 * seconds, and when COMPANY is not in it. */
int audience_each(struct audience *a, const char *app, const char *company,
                  void (*fn)(void *arg, const char *client), void *arg, struct err *e);

#endif
