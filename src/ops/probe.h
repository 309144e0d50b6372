/* probe: which companies are connected, and whether their APIs answer: asked whose token
 * it is, as any request would (lua/std/tools/identity.lua), some at a time. For `foyer
 * doctor`. */
#ifndef FOYER_PROBE_H
#define FOYER_PROBE_H

#include <jansson.h>

#include "work/session.h"
#include "store/store.h"

struct probe_connection { /* one company's connection, and who uses it; all owned */
    struct probe_connection *next;
    char *app, *id, *company;
    char *last_error;       /* of its last refresh, or NULL */
    char *made_with;        /* the mark of its grant's app, or NULL */
    char *client, *clients; /* the first; all: "acme, beta" */
    int oauth;              /* 0: a static token */
    int reconnect;          /* 1: its grant is gone; it is not asked */
    int64_t expires_ms, refreshed_ms;
    json_t *answer; /* {status, date, id, name}, or NULL with ERR */
    struct err err;
    int64_t answered_ms;
};

/* All connections, by their first client's name; NULL when there is none, or with E. */
struct probe_connection *probe_list(struct store *store, struct err *e);
/* Asks each and waits for the answers; then what the store says of it is as new as they
 * are. A signal ends it, with neither answer nor error in the rest. */
void probe_ask(struct probe_connection *ties, struct session *s, struct store *store);
void probe_free(struct probe_connection *ties);

#endif
