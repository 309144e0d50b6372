/* connections: the clients' connections, opened, as this process uses them. Clients of
 * one company share one, and so its token and its refresh.
 *
 * The store is looked at each time, for a server lives for weeks: a client that was
 * disconnected or connected to another company meanwhile must send nothing to the old
 * one. What is in use stays as it is until connections_free. */
#ifndef FOYER_CONNECTIONS_H
#define FOYER_CONNECTIONS_H

#include "base/err.h"
#include "core/connection.h"

struct workspace;
struct connections;

struct connections *connections_new(struct workspace *w);
void connections_free(struct connections *links); /* NULL is fine */
/* CLIENT's connection to APP as it is stored now, borrowed; its token may be due.
 * ERR_AUTH when it has none, ERR_SETTINGS when client.lua names another company. */
struct connection *connections_get(struct connections *links, const char *client,
                                   const char *app, struct err *e);
/* The connection to COMPANY, whichever client uses it, to look there for what was sent
 * before a client was connected to another one. ERR_AUTH when no client uses it. */
struct connection *connections_company(struct connections *links, const char *app,
                                       const char *company, struct err *e);

#endif
