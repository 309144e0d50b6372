/* clients: which clients there are, and how each of them is. Prints nothing.
 *
 * How a client is connected to an app, `connected`: "yes"; "token" (an API token, which
 * never expires); "reconnect" (the grant is gone); "former app" (by an app that the
 * settings do not name for it any more: it goes on, until a consent by the new one);
 * "link" (one was made and is valid until `link_until_at`); "link expired"; "link failed"
 * (it was followed, and no connection came of it); "no". */
#ifndef FOYER_CLIENTS_H
#define FOYER_CLIENTS_H

#include <jansson.h>

#include "base/err.h"
#include "ops/report.h"
#include "workspace/workspace.h"

/* Both return new arrays of rows by name, or NULL with E. NAMES, a list, chooses the
 * clients; NULL: all. */

/* {client, name?, connected, company?, id?, shared_with? (the other clients that are
 * connected to the company, [] when there is none), apps: [{app, connected, company,
 * id}], events, fired, replies (ever counted), last_event_at?, last_reply_at?, needs_you
 * (runs), held (runs), groups, mode ("live", "dry", "dry copy"), release (the live one,
 * 0: none; missing: there are no releases), differs? (whether what is on the disk is
 * another), error?: why its settings cannot be read}. */
json_t *clients_list(struct workspace *w, const json_t *names, struct err *e);
/* {client, app, connected, company?, id?, shared_with?, link_until_at?}, of connections
 * to APP. */
json_t *clients_links(struct workspace *w, const json_t *names, const char *app,
                      struct err *e);

#endif
