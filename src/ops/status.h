/* status: one page about a workspace: what runs, what needs a person, what is about to go
 * wrong. It reads roll-ups and partial indexes, so that its cost does not grow with the
 * runs and deliveries that are over. Prints nothing. */
#ifndef FOYER_STATUS_H
#define FOYER_STATUS_H

#include <jansson.h>

#include "ops/choice.h"
#include "workspace/workspace.h"
#include "base/err.h"

/* Returns a new tree, about CLIENTS alone where some are asked for:
 *   problems     [{what, message, command?}], the worst first; `what` is of status_code
 *                `outage` and `trouble` are incidents of ops/alerts.h
 *   processes    of store/running.h
 *   release      {id, at, by, note?, revision?, others: {client: id}, differs: [paths on
 *                the disk that are not what runs]}; null while the files run
 *   unreadable   why these files cannot be read
 *   refused      {at, by, text}, of the last deploy; not there when it went well
 *   mode         "live" or "dry"; `mode_why` a sentence; `dry` the names of dry clients
 *   connections  {ok: number, reconnect: [client]}
 *   runs         {needs_you, needs_reconnect, paused, waiting, running}
 *   pauses       of ops/pauses.h
 *   queue        {deliveries, oldest_at?}: those that no worker has dealt with
 *   disk         {free_bytes, store_bytes, bytes_a_day, full_at?}
 *   clients      [{client, last_event_at?, last_reply_at?, needs_you, held, release?,
 *                mode}], by name
 * NULL with E when the store cannot be read. W should be on its releases. */
json_t *status_read(struct workspace *w, const struct choice *clients, struct err *e);

/* Returns the exit code for the worst of the problems; 0: there is none. */
int status_code(const json_t *tree);

#endif
