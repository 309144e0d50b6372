/* probe: lists the connected companies for `foyer doctor` and asks each API whose token
 * it has (lua/std/tools/identity.lua), 16 at a time. */
#ifndef FOYER_PROBE_H
#define FOYER_PROBE_H

#include <jansson.h>

#include "work/session.h"
#include "store/store.h"

struct probe_connection { /* one company's connection; all texts are owned */
    struct probe_connection *next;
    char *app, *id, *company;
    char *last_error;       /* of the last refresh, or NULL */
    char *made_with;        /* the mark of the grant's app, or NULL */
    char *client, *clients; /* the first client that uses it; all: "acme, beta" */
    int oauth;              /* 0: a static token */
    int reconnect;          /* 1: its grant is gone; the API is not asked */
    int64_t expires_ms, refreshed_ms;
    json_t *answer; /* {status, date, id, name}, or NULL with ERR */
    struct err err;
    int64_t answered_ms;
    struct asking *asking; /* probe.c's, while the API is asked */
};

/* Returns all connections, by their first client's name. NULL when there is none, or with
 * E. */
struct probe_connection *probe_list(struct store *store, struct err *e);
/* Asks each API and waits for the answers, then reads the rows again, for a request may
 * have refreshed a token. A signal ends it early: the rest have neither answer nor error.
 */
void probe_ask(struct probe_connection *connections, struct session *s,
               struct store *store);
void probe_free(struct probe_connection *connections);

#endif
