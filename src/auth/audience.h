/* audience: the clients that are connected to a company. A delivery that names a company
 * is for all of them. Connections are cached for two seconds. */
#ifndef FOYER_AUDIENCE_H
#define FOYER_AUDIENCE_H

#include "base/err.h"
#include "store/store.h"

struct audience;

struct audience *audience_new(struct store *store); /* borrowed */
void audience_free(struct audience *a);             /* NULL is fine */
/* Calls FN with each client's name, in byte order. Reads the store again when the cache
 * is old, and when COMPANY is not in it. */
int audience_each(struct audience *a, const char *app, const char *company,
                  void (*fn)(void *arg, const char *client), void *arg, struct err *e);
/* Returns the names of the clients other than CLIENT that are connected to COMPANY, as a
 * new text "acme, bolt"; NULL when there is none, or the store cannot be read. It reads
 * the store. */
char *audience_others(struct store *store, const char *app, const char *company,
                      const char *client);

#endif
